"""From the tree of parts to what a person reads: text, HTML, attachments.

The walk keeps the order of the parts. Every piece of body is a block with a text side, an HTML
side, or both (multipart/alternative); the text of the mail is made of all blocks.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from chalicelib.channels import htmltext
from chalicelib.channels.htmltext import Line
from chalicelib.channels.mail import attachments, calendar, cms, mime, tnef
from chalicelib.channels.mail.mime import Part
from chalicelib.channels.models import Attachment

MAX_TEXT = 1_000_000  # characters of body that are read; the raw original keeps the rest
ENCRYPTED = "encrypted: its text cannot be read here"
MAX_EMBEDDED = 3  # levels of mail inside mail whose text is looked at


@dataclass(slots=True)
class Block:
    text: str | None = None
    html: str | None = None


@dataclass(slots=True)
class Content:
    """What the parts hold. `embedded` are mails inside, with their attachments among ours."""

    blocks: list[Block] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    embedded: list[Part] = field(default_factory=list)
    status: list[Part] = field(default_factory=list)  # delivery-status, feedback-report
    returned: list[Part] = field(default_factory=list)  # headers or mail that a report gives back
    defects: list[str] = field(default_factory=list)
    report_type: str = ""

    @property
    def html(self) -> str:
        """All HTML in order, with text blocks in between where there is any HTML at all."""
        if not any(b.html for b in self.blocks):
            return ""
        pieces = [b.html or f"<p>{_as_html(b.text or '')}</p>" for b in self.blocks]
        return "\n".join(pieces)

    def lines(self) -> str | list[Line]:
        """The readable text: as text where there is one, else rendered from HTML with marks."""
        if not any(b.text is None for b in self.blocks):
            return "\n\n".join(b.text or "" for b in self.blocks)[:MAX_TEXT]
        lines: list[Line] = []
        for block in self.blocks:
            if lines:
                lines.append(Line(""))
            if block.text is None:
                lines += htmltext.render(block.html or "")
            else:
                lines += [Line(text) for text in block.text[:MAX_TEXT].split("\n")]
        return lines


def read(root: Part, defects: list[str]) -> Content:
    """The content of a mail."""
    content = Content(defects=defects)
    if root.type == "multipart/report":
        content.report_type = root.params.get("report-type", "").lower() or "delivery-status"
    _walk(root, content, root)
    for block in content.blocks:
        _settle(block)
    if not content.blocks:
        _named_text(root, content)
    if len(content.blocks) > 1:
        content.blocks = [b for b in content.blocks if b.html or (b.text or "").strip()]
    return content


def _named_text(part: Part, content: Content) -> None:
    """Without any body, a text that was only given a name is what there is to read."""
    if part.type == "text/plain" and part.disposition != "attachment":
        _plain(part.text([])[:MAX_TEXT], content)
    for child in part.children:
        if not content.blocks:
            _named_text(child, content)


def _as_html(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


def _walk(part: Part, content: Content, root: Part) -> None:
    if part.type == "multipart/alternative" and part.disposition != "attachment":
        _alternative(part, content, root)
    elif part.children:
        _several(part, content, root)
    elif part.type.startswith("multipart/"):
        if part.body.strip():
            _attach(part, content)
    elif _is_body(part, root):
        _body(part, content)
    else:
        _other(part, content, root)


def _several(part: Part, content: Content, root: Part) -> None:
    if part.type == "multipart/encrypted":
        content.defects.append(ENCRYPTED)
    children = part.children
    if part.type == "multipart/related" and (start := part.params.get("start", "").strip("<> ")):
        children = sorted(children, key=lambda c: c.fields.get("content-id").strip("<> ") != start)
    for child in children:
        _walk(child, content, root)


def _alternative(part: Part, content: Content, root: Part) -> None:
    """One block: the first plain text and the last HTML; the rest of each side is attached."""
    outer, block = content.blocks, Block()
    extra: list[Block] = []
    for child in part.children:
        content.blocks = []
        if child.type == "text/x-amp-html" or child.type == "text/watch-html":
            continue
        _walk(child, content, root)
        for found in content.blocks:
            if found.html is not None:
                block.html = found.html if block.html is None else found.html or block.html
            if found.text is not None:
                if block.text is None or not block.text.strip():
                    block.text = found.text
                elif child.type == "text/calendar" or found.text.startswith(calendar.HEADING):
                    extra.append(found)
    content.blocks = outer
    if block.text is not None or block.html is not None:
        content.blocks.append(block)
    content.blocks += extra


def _is_body(part: Part, root: Part) -> bool:
    """Text that is shown, not kept as a file."""
    if part.disposition == "attachment" and part is not root:
        return False
    if part.type in ("text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown"):
        named = bool(part.file_name) and not (part is root and part.disposition != "attachment")
        return not named or (part.disposition == "inline" and _unnamed_text(part))
    return part.type == "text/calendar" or (
        part.type in ("text/x-markdown", "text/flowed", "application/xhtml+xml")
        and not part.file_name
    )


def _unnamed_text(part: Part) -> bool:
    """Some clients name their body part: "text.txt", "Part 1.1.2", "mail.html"."""
    return (
        re.match(
            r"(?i)(?:text|message|body|mail|part|teil|att|noname)[\s\d._-]*(?:\.txt|\.html?)?$",
            part.file_name,
        )
        is not None
    )


def _body(part: Part, content: Content) -> None:
    if part.type == "text/calendar":
        data = part.content(content.defects)
        summary = calendar.readable(part.text(content.defects))
        if summary:
            content.blocks.append(Block(text=summary))
        content.attachments.append(
            attachments.make(part.file_name or "invite.ics", "text/calendar", data)
        )
        return
    text = part.text(content.defects)
    if len(text) > MAX_TEXT and "html" not in part.type:
        content.defects.append("text longer than a million characters: cut, the original keeps it")
    if part.type in ("text/html", "application/xhtml+xml"):
        content.blocks.append(Block(html=text) if "<" in text else Block(text=text))
    elif part.type in ("text/enriched", "text/richtext"):
        content.blocks.append(Block(text=_enriched(text)))
    elif re.match(r"\s*<(?:!doctype html|html)\b", text[:500], re.IGNORECASE):
        content.blocks.append(Block(html=text))
    else:
        if part.params.get("format", "").lower() == "flowed":
            text = unflow(text, part.params.get("delsp", "").lower() == "yes")
        _plain(text, content)


def _plain(text: str, content: Content) -> None:
    """Plain text, with the files and armour that old and careful senders put into it."""
    if "begin " in text and (found := mime.uudecode(text.encode("utf-8"))):
        data = text.encode("utf-8")
        at, kept = 0, bytearray()
        while found and len(content.attachments) < 200:
            name, file, begin, end = found
            content.attachments.append(attachments.make(name, "", file))
            kept += data[at:begin]
            at, found = end, mime.uudecode(data, end)
        text = (kept + data[at:]).decode("utf-8", "replace")
    if "-----BEGIN PGP " in text:
        text = _armour(text, content)
    content.blocks.append(Block(text=text))


_SIGNED, _SEALED = "-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_ARMOUR_HEADER = re.compile(r"\n?(?:[A-Za-z-]{1,40}: [^\n]{0,200}\n)*\n?")


def _armour(text: str, content: Content) -> str:
    """Inline PGP: signed text without its armour; what is encrypted becomes a file."""
    sealed = text.find(_SEALED)
    if sealed >= 0:
        end = _behind(text, "-----END PGP MESSAGE-----", sealed)
        secret = text[sealed:end].encode()
        content.attachments.append(
            attachments.make("encrypted.asc", "application/pgp-encrypted", secret)
        )
        content.defects.append(ENCRYPTED)
        return text[:sealed] + text[end:]
    opened, signature = text.find(_SIGNED), text.rfind(_SIGNATURE)
    if not 0 <= opened < signature:
        return text
    end = _behind(text, "-----END PGP SIGNATURE-----", signature)
    content.attachments.append(
        attachments.make("signature.asc", "application/pgp-signature", text[signature:end].encode())
    )
    start = opened + len(_SIGNED)
    header = _ARMOUR_HEADER.match(text, start)
    inside = text[header.end() if header else start : signature]
    return text[:opened] + re.sub(r"(?m)^- ", "", inside) + text[end:]


def _behind(text: str, mark: str, start: int) -> int:
    found = text.find(mark, start)
    return found + len(mark) if found >= 0 else len(text)


def unflow(text: str, delete_space: bool = False) -> str:
    """RFC 3676: lines that end in a space go on in the next one of the same quote depth."""
    out: list[str] = []
    previous, open_ = -1, False
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        body = line[depth:].removeprefix(" ")
        if open_ and depth == previous and body != "-- ":
            out[-1] += body
        else:
            out.append((">" * depth + " " if depth else "") + body)
        previous, open_ = depth, body.endswith(" ") and body != "-- "
        if open_ and delete_space:
            out[-1] = out[-1][:-1]
    return "\n".join(out)


def _enriched(text: str) -> str:
    """text/enriched (RFC 1896) without its formatting."""
    text = re.sub(r"(?is)<param>.{0,500}?</param>", "", text)
    text = re.sub(r"<[^<>\n]{1,60}>", "", text.replace("<<", "\0")).replace("\0", "<")
    return re.sub(r"\n(\n*)", lambda m: m.group(1) or " ", text).strip()


_TAGS_ASIDE = re.compile(
    r"(?i)(?:html|browser|client|viewer|e-?mail program).{0,80}"
    r"(?:view|support|version|display|enable)|"
    r"this (?:e-?mail|message) (?:is|was sent) in html"
)


def _settle(block: Block) -> None:
    """Drop a text side that says nothing when the HTML side does."""
    if block.text is None or block.html is None:
        return
    text = block.text.strip()
    if (
        not any(c.isalnum() for c in text)
        or (len(text) < 400 and _TAGS_ASIDE.search(text))
        or ("<" in text[:20] and re.match(r"(?i)<(?:!doctype|html|body|div|p|table|meta)\b", text))
    ):
        block.text = None


# --- what is not body ------------------------------------------------------------------------


def _other(part: Part, content: Content, root: Part) -> None:
    kind, name = part.type, part.file_name.lower()
    if kind in (
        "message/delivery-status",
        "message/feedback-report",
        "message/disposition-notification",
    ):
        content.status.append(part)
        if not content.report_type:
            content.report_type = kind.partition("/")[2]
        _attach(part, content)
    elif kind in (
        "message/rfc822",
        "message/global",
        "message/rfc822-headers",
        "text/rfc822-headers",
    ):
        _mail(part, content)
    elif kind in ("application/ms-tnef", "application/vnd.ms-tnef") or name == "winmail.dat":
        _tnef(part, content)
    elif kind in ("application/pkcs7-mime", "application/x-pkcs7-mime") or name == "smime.p7m":
        _smime(part, content, root)
    else:
        if kind == "application/pgp-encrypted" or kind == "message/external-body":
            content.defects.append(f"{kind} cannot be read here")
        _attach(part, content)


def _attach(part: Part, content: Content, name: str = "") -> None:
    data = part.content(content.defects)
    if not data and not part.file_name and not part.declared:
        return
    cid = part.fields.get("content-id")
    inline = part.disposition == "inline" or (part.disposition != "attachment" and bool(cid))
    declared = "text/plain" if part.type == "message/delivery-status" else part.type
    content.attachments.append(
        attachments.make(
            name or part.file_name or _location(part),
            declared,
            data,
            content_id=cid,
            inline=inline and declared.startswith("image/"),
            fallback=_fallback(part, content),
        )
    )


def _location(part: Part) -> str:
    """Content-Location names the file when nothing else does."""
    location = part.fields.text("content-location")
    return location.partition("?")[0].rpartition("/")[2] if len(location) < 300 else ""


def _fallback(part: Part, content: Content) -> str:
    if part.type == "message/delivery-status":
        return "delivery-status"
    main = part.type.partition("/")[0]
    base = "image" if main == "image" else "attachment"
    return f"{base}-{len(content.attachments) + 1}"


def _mail(part: Part, content: Content) -> None:
    """A mail inside the mail: kept as a file, and read where it matters."""
    if part.type.endswith("headers"):
        content.returned.append(mime.parse_embedded(part, []))
        _attach(part, content, part.file_name or "headers.txt")
        return
    inner = mime.parse_embedded(part, [])
    (content.returned if content.report_type else content.embedded).append(inner)
    subject = inner.fields.text("subject")[:80]
    name = part.file_name or f"{subject or 'message'}.eml"
    data = part.content([])
    content.attachments.append(attachments.make(name, "message/rfc822", data))


def _tnef(part: Part, content: Content) -> None:
    data = part.content(content.defects)
    try:
        found = tnef.parse(data)
    except tnef.TnefError as error:
        content.defects.append(f"winmail.dat cannot be read: {error}")
        _attach(part, content, "winmail.dat")
        return
    if not any((b.text or b.html or "").strip() for b in content.blocks):
        if found.html:
            content.blocks.append(Block(text=found.text or None, html=found.html))
        elif found.text:
            content.blocks.append(Block(text=found.text))
    content.attachments += [
        attachments.make(name, kind, file, content_id=cid, inline=bool(cid))
        for name, kind, file, cid in found.files
    ]


def _smime(part: Part, content: Content, root: Part) -> None:
    """Opaquely signed S/MIME holds the mail inside; enveloped S/MIME stays shut."""
    data = part.content(content.defects)
    inner = cms.signed_content(data)
    if inner is None:
        if part.params.get("smime-type", "").lower() != "certs-only":
            content.defects.append(ENCRYPTED)
        _attach(part, content, part.file_name or "smime.p7m")
        return
    _attach(part, content, part.file_name or "smime.p7m")
    if len(content.embedded) < MAX_EMBEDDED and content.blocks == []:
        _walk(mime.parse(inner, content.defects), content, root)
