"""Raw mail into one InboundMessage. Never raises: what cannot be understood is a defect.

bytes → parts (`mime`) → text, HTML and files (`body`) → what is new (`quotes`) → who and about
what (`addresses`, `headers`) → what kind of mail it is (`classify`, `reports`).
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from chalicelib.base import to_utc
from chalicelib.channels import html as html_rules
from chalicelib.channels import htmltext, quotes
from chalicelib.channels.mail import addresses, body, charsets, classify, mime, reports
from chalicelib.channels.mail.body import Content
from chalicelib.channels.mail.headers import Fields
from chalicelib.channels.mail.mime import Part
from chalicelib.channels.models import (
    Address,
    Channel,
    DeliveryReport,
    Disposition,
    Envelope,
    InboundMessage,
)
from chalicelib.channels.quotes import Split

MAX_REFERENCES = 50
MAX_SUBJECT = 998  # characters: one line of RFC 5322
MAX_DEFECTS = 30
_FUTURE = timedelta(days=2)

_KEPT_WORDS = (
    "accept-language authentication-results auto-submitted content-language date "
    "delivered-to importance in-reply-to list-id mime-version organization precedence "
    "return-path sender thread-index user-agent x-autoreply x-mailer x-original-to "
    "x-priority x-loop x-auto-response-suppress x-custops-case"
)
_KEPT = tuple(_KEPT_WORDS.split())
_KNOWN_WORDS = (
    "from to cc subject date message-id received return-path mime-version content-type "
    "sender reply-to x-mailer delivered-to"
)
_KNOWN = tuple(_KNOWN_WORDS.split())
_NO_ONE = Address(address="")


def parse_mail(
    raw: bytes,
    *,
    received_at: datetime,
    raw_key: str = "",
    envelope: Envelope | None = None,
    own_addresses: frozenset[str] = frozenset(),
) -> InboundMessage:
    """The mail in `raw` (RFC 5322 with MIME, however broken) as our one inbound model.

    `received_at` is when the receiving service took it; `raw_key` where the original lies;
    `own_addresses` are the addresses of this helpdesk, in lower case.
    """
    envelope = envelope or Envelope()
    try:
        return _parse(raw, received_at, raw_key, envelope, own_addresses)
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as e:
        # A mistake of ours, not of the sender: the mail is set aside and can be replayed.
        return InboundMessage(
            channel=Channel.EMAIL,
            external_id=f"raw:{hashlib.sha256(raw).hexdigest()[:40]}",
            sender=Address(address=(envelope.sender or "").strip("<> ")),
            verdicts=envelope.verdicts,
            disposition=Disposition.QUARANTINE,
            reason=f"it could not be read ({type(e).__name__})",
            defects=(f"parser failed: {type(e).__name__}",),
            raw_key=raw_key,
            received_at=received_at,
        )


def _parse(
    raw: bytes, received_at: datetime, raw_key: str, envelope: Envelope, own: frozenset[str]
) -> InboundMessage:
    defects: list[str] = []
    root = mime.parse(raw, defects)
    fields = root.fields
    content = body.read(root, defects)
    subject = fields.text("subject")[:MAX_SUBJECT]
    split, source_html = _texts(content, subject)
    sender, reply_to = _people(fields, envelope, own, defects)
    disposition, reason = _disposition(
        raw, fields, content, split, sender, reply_to, subject, envelope, own
    )
    message_id = _message_id(fields)
    sent_at = _date(fields, received_at, defects)
    return InboundMessage(
        channel=Channel.EMAIL,
        external_id=_external_id(message_id, sender, split.text, fields, root),
        sender=sender,
        recipients=_recipients(fields, envelope),
        cc=addresses.addresses(fields, "cc"),
        reply_to=reply_to,
        subject=subject,
        text=split.text,
        quoted=split.quoted,
        html=html_rules.sanitise(source_html),
        attachments=tuple(content.attachments),
        message_id=message_id,
        references=_references(fields),
        headers=_headers(fields),
        verdicts=envelope.verdicts,
        disposition=disposition,
        reason=reason,
        defects=tuple(dict.fromkeys(defects))[:MAX_DEFECTS],
        raw_key=raw_key,
        received_at=received_at,
        sent_at=sent_at,
        reports=_reports(disposition, content, fields, split),
        forwarded=_forwarded(content, split, subject),
    )


def _reports(
    disposition: Disposition, content: Content, fields: Fields, split: Split
) -> tuple[DeliveryReport, ...]:
    if disposition is not Disposition.BOUNCE:
        return ()
    return reports.read(content, fields, f"{split.text}\n{split.quoted}")


def _texts(content: Content, subject: str) -> tuple[Split, str]:
    """What is new and what is old in the text, and the HTML before it is sanitised."""
    source_html = content.html
    lines = content.lines()
    if content.report_type:  # of a machine: nothing in it is a quote or a signature
        text = lines if isinstance(lines, str) else "\n".join(line.text for line in lines)
        return Split((text or reports.prose(content)).strip("\n")), source_html
    if isinstance(lines, str):
        lines = charsets.repair(lines)
    split = quotes.split(lines, subject)
    if isinstance(lines, str) and not split.quoted and _marks_quotes(source_html):
        split = _by_markup(lines, source_html, subject) or split
    if not split.text.strip() and not split.quoted.strip() and content.embedded:
        split = _embedded_text(content, split)
    return split, source_html


_QUOTE_MARKUP = re.compile(
    r"(?i)<blockquote|gmail_quote|divRplyFwdMsg|yahoo_quoted|appendonsend|border-top"
)


def _marks_quotes(source_html: str) -> bool:
    return bool(source_html) and _QUOTE_MARKUP.search(source_html) is not None


def _by_markup(lines: str, source_html: str, subject: str) -> Split | None:
    """The text cut where the markup says that the old message begins, if both agree so far."""
    marked = quotes.split(htmltext.render(source_html), subject)
    wanted = "".join(c for c in marked.text if c.isalnum())
    if not marked.quoted or not wanted:
        return None
    seen, rows = "", lines.split("\n")
    for number, row in enumerate(rows):
        seen += "".join(c for c in row if c.isalnum())
        if len(seen) >= len(wanted):
            rest = "\n".join(rows[number + 1 :]).strip("\n")
            same = seen == wanted
            return Split("\n".join(rows[: number + 1]).strip("\n"), rest) if same else None
    return None


def _embedded_text(content: Content, split: Split) -> Split:
    """A forward by attachment without a word: what is forwarded is what there is to read."""
    inner = body.read(content.embedded[0], [])
    lines = inner.lines()
    text = lines if isinstance(lines, str) else "\n".join(line.text for line in lines)
    return Split(charsets.repair(text).strip(), split.quoted)


def _forwarded(content: Content, split: Split, subject: str) -> Address | None:
    if split.forwarded:
        found = addresses.parse(split.forwarded.encode("utf-8").decode("latin-1"), "utf-8")
        name = split.forwarded.partition("[mailto:")[0].strip()
        return found[0] if found else Address(name=addresses.tidy_name(name), address="")
    if len(content.embedded) == 1:
        found_in = addresses.addresses(content.embedded[0].fields, "from")
        return found_in[0] if found_in else None
    return None


# --- who -----------------------------------------------------------------------------------------


def _people(
    fields: Fields, envelope: Envelope, own: frozenset[str], defects: list[str]
) -> tuple[Address, tuple[Address, ...]]:
    """Sender and Reply-To. A missing From is made up for by what else names the sender."""
    reply_to = addresses.addresses(fields, "reply-to")
    found = addresses.addresses(fields, "from")
    if len(found) > 1:
        defects.append("more than one sender: the first is taken")
    if not found:
        defects.append("no sender in From" if fields.has("from") else "no From")
        candidates = (addresses.addresses(fields, "sender"), reply_to)
        found = next((c for c in candidates if c), ()) or _from_envelope(fields, envelope)
    sender = found[0] if found else _NO_ONE
    stranger = next((a for a in reply_to if not classify.is_own(a.address, own)), None)
    if stranger and classify.is_own(sender.address, own):
        # The company's own web form writes as the company and puts the customer into Reply-To.
        defects.append("sender taken from Reply-To: From is one of our own addresses")
        sender = stranger
    return sender, reply_to


def _from_envelope(fields: Fields, envelope: Envelope) -> tuple[Address, ...]:
    source = envelope.sender or fields.get("return-path") or fields.get("x-envelope-from")
    address = addresses.normalise(source)
    return (Address(address=address),) if "@" in address else ()


def _recipients(fields: Fields, envelope: Envelope) -> tuple[Address, ...]:
    listed = addresses.addresses(fields, "to")
    hidden = (Address(address=addresses.normalise(a)) for a in envelope.recipients)
    known = {a.address.lower() for a in addresses.addresses(fields, "cc")}
    extra = [a for a in hidden if a.address and a.address.lower() not in known]
    return addresses.unique([*listed, *extra])


# --- which ---------------------------------------------------------------------------------------

_ANGLE = re.compile(r"<([^<>]{1,998})>")


def _message_id(fields: Fields) -> str:
    value = fields.get("message-id") or fields.get("x-message-id")
    if "(" in value:
        value = re.sub(r"\([^()<>]*+\)", "", value)
    match = _ANGLE.search(value)
    return _clean_id(match.group(1) if match else value)


def _clean_id(value: str) -> str:
    text = "".join(value.split()).strip("<>,;\"'")
    if not text.isascii():
        text = charsets.decode(text.encode("latin-1", "replace"), "utf-8", [])
    return "".join(c for c in text if c.isprintable())[:998]


def _references(fields: Fields) -> tuple[str, ...]:
    """Ids that this mail names as its ancestors, oldest first, In-Reply-To last."""
    found: dict[str, None] = {}
    for name in ("references", "in-reply-to"):
        for value in fields.all(name):
            ids = _ANGLE.findall(value[:200_000])
            if not ids:
                ids = [w for w in value[:20_000].split() if "@" in w]
            for raw_id in ids:
                cleaned = _clean_id(raw_id)
                if cleaned and (name == "references" or cleaned not in found):
                    found.setdefault(cleaned)
    ids = list(found)
    return tuple(ids if len(ids) <= MAX_REFERENCES else [ids[0], *ids[1 - MAX_REFERENCES :]])


_TRACE = re.compile(
    r"^(?:received|return-path|delivered-to|x-.*|dkim-signature|domainkey-signature|arc-.*|"
    r"authentication-results|received-spf|envelope-to|delivery-date|status|lines|content-length)$"
)


def _external_id(message_id: str, sender: Address, text: str, fields: Fields, root: Part) -> str:
    """What is the same when the same mail comes again, by whichever way it came.

    Some senders give all their mails one Message-ID, so that what was written counts as well;
    without one, everything but the traces of transport does.
    """
    if message_id:
        words = "".join(c for c in text[:4000] if c.isalnum())
        basis = f"{message_id}\n{sender.address.lower()}\n{words}".encode()
        return f"mid:{hashlib.sha256(basis).hexdigest()[:40]}"
    kept = "\n".join(f"{n}:{v}" for n, v in fields.items if not _TRACE.match(n))
    digest = hashlib.sha256(kept.encode("utf-8", "replace"))
    digest.update(root.body.replace(b"\r\n", b"\n").strip())
    return f"raw:{digest.hexdigest()[:40]}"


def _headers(fields: Fields) -> dict[str, str]:
    return {name: fields.text(name)[:1000] for name in _KEPT if fields.get(name)}


def _date(fields: Fields, received_at: datetime, defects: list[str]) -> datetime | None:
    value = fields.get("date")
    if not value:
        defects.append("no Date")
        return None
    try:
        moment = to_utc(parsedate_to_datetime(value[:200]))
    except (ValueError, TypeError, IndexError, OverflowError):
        defects.append(f"Date cannot be read: {value[:60]!r}")
        return None
    if moment > to_utc(received_at) + _FUTURE:
        defects.append("Date lies in the future")
        return None
    return moment


def _disposition(
    raw: bytes,
    fields: Fields,
    content: Content,
    split: Split,
    sender: Address,
    reply_to: tuple[Address, ...],
    subject: str,
    envelope: Envelope,
    own: frozenset[str],
) -> classify.Verdict:
    if not raw.strip():
        return Disposition.QUARANTINE, "it is empty"
    if not any(fields.has(name) for name in _KNOWN):
        return Disposition.QUARANTINE, "it has no header of a mail"
    verdict = classify.classify(
        fields, sender, reply_to, subject, envelope, own, content.report_type
    )
    nothing = not (subject or split.text or split.quoted or content.attachments or content.html)
    if verdict[0] is Disposition.MESSAGE and nothing and not sender.address:
        return Disposition.QUARANTINE, "it has neither a sender nor anything to read"
    return verdict
