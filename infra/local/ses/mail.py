"""One outgoing mail: made from a request, read for the outbox. Pure.

SES replaces `Message-ID` by <messageId@email.amazonses.com> and sets `Date`; it removes `Bcc` and
its own X-SES headers before a mail leaves. Source: Amazon SES developer guide, "Sending raw email"
and "Header fields".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import formatdate, getaddresses
from html import unescape

CASE_HEADER = "X-CustOps-Case"
CASE_REFERENCE = re.compile(r"\bC-[0-9A-HJKMNP-TV-Z]{6}\b")
MESSAGE_ID_DOMAIN = "email.amazonses.com"  # of us-east-1; other regions have their name in it
REMOVED = ("bcc", "x-ses-configuration-set", "x-ses-message-tags", "x-ses-source-arn")

Header = tuple[str, str]


@dataclass(frozen=True)
class Attached:
    """A file of a mail, as the outbox names it."""

    name: str
    type: str
    bytes: int


@dataclass(frozen=True)
class Mail:
    """A mail as SES understands it, whatever form the request had."""

    sender: str  # the whole From header
    recipients: tuple[str, ...]  # addresses of the envelope
    subject: str
    text: str
    headers: tuple[Header, ...]
    to: tuple[str, ...] = ()  # as shown in the header
    configuration_set: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    bytes: int = 0
    files: tuple[Attached, ...] = ()


def from_raw(data: bytes) -> Mail:
    """A mail from MIME. Recipients are those of To, Cc and Bcc. Raises ValueError."""
    parsed = message_from_bytes(data, policy=policy.default)
    if not isinstance(parsed, EmailMessage) or not parsed.keys():
        raise ValueError("the data has no headers")
    headers = tuple((name, _value(value)) for name, value in parsed.items())
    found = {name.lower(): value for name, value in reversed(headers)}
    boxes = getaddresses([v for n, v in headers if n.lower() in {"to", "cc", "bcc"}])
    return Mail(
        sender=found.get("from", ""),
        recipients=tuple(box for _, box in boxes if box),
        subject=found.get("subject", ""),
        text=_plain_text(parsed),
        headers=headers,
        to=tuple(box for _, box in getaddresses([found.get("to", "")]) if box),
        configuration_set=found.get("x-ses-configuration-set", "").strip(),
        tags=_tags(found.get("x-ses-message-tags", "")),
        bytes=len(data),
        files=tuple(_attached(part) for part in parsed.iter_attachments()),
    )


def composed(
    *,
    sender: str,
    to: Iterable[str],
    cc: Iterable[str],
    bcc: Iterable[str],
    reply_to: Iterable[str],
    subject: str,
    text: str,
    html: str,
    headers: Iterable[Header],
) -> Mail:
    """A mail that SES itself puts together (Simple and Template content)."""
    shown = {"From": [sender], "To": list(to), "Cc": list(cc), "Reply-To": list(reply_to)}
    built = [(name, ", ".join(values)) for name, values in shown.items() if values]
    built += [("Subject", subject), ("MIME-Version", "1.0"), *headers]
    boxes = getaddresses([*shown["To"], *shown["Cc"], *bcc])
    return Mail(
        sender=sender,
        recipients=tuple(box for _, box in boxes if box),
        subject=subject,
        text=text or text_of_html(html),
        headers=tuple(built),
        to=tuple(box for _, box in getaddresses(shown["To"]) if box),
        bytes=len(subject) + len(text.encode()) + len(html.encode()),
    )


def stamped(mail: Mail, message_id: str, at: float) -> Mail:
    """The mail as it leaves SES under `message_id`."""
    gone = {*REMOVED, "message-id", "date"}
    kept = [(name, value) for name, value in mail.headers if name.lower() not in gone]
    own = [("Message-ID", f"<{message_id}@{MESSAGE_ID_DOMAIN}>"), ("Date", formatdate(at))]
    return replace(mail, headers=(*kept, *own))


def case_reference(mail: Mail) -> str | None:
    """The case a mail speaks of: its header first, then its subject, then any header."""
    for name, value in mail.headers:
        if name.lower() == CASE_HEADER.lower() and value.strip():
            return value.strip()
    for value in (mail.subject, *(value for _, value in mail.headers)):
        found = CASE_REFERENCE.search(value)
        if found:
            return found[0]
    return None


def header_dict(mail: Mail) -> dict[str, str]:
    """Headers by name; repeated ones are joined by line breaks."""
    joined: dict[str, str] = {}
    for name, value in mail.headers:
        joined[name] = f"{joined[name]}\n{value}" if name in joined else value
    return joined


def text_of_html(html: str) -> str:
    """A rough text of HTML, for a mail without a plain part."""
    text = re.sub(r"(?is)<(script|style|head)\b.*?</\1>", "", html)
    text = re.sub(r"(?i)<(br|/p|/div|/tr|/li|/h[1-6])\b[^>]*>", "\n", text)
    text = unescape(re.sub(r"<[^>]+>", "", text))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+", " ", text)).strip()


def _value(value: object) -> str:
    return re.sub(r"\r?\n[ \t]*", " ", str(value))


def _attached(part: Message) -> Attached:
    content = part.get_payload(decode=True)
    size = len(content) if isinstance(content, bytes) else 0
    return Attached(part.get_filename() or "", part.get_content_type(), size)


def _plain_text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    payload = part.get_payload(decode=True)
    charset = part.get_content_charset() or "utf-8"
    raw = payload if isinstance(payload, bytes) else b""
    try:
        text = raw.decode(charset, "replace")
    except LookupError:
        text = raw.decode("utf-8", "replace")
    text = text.replace("\r\n", "\n")
    return text_of_html(text) if part.get_content_type() == "text/html" else text


def _tags(value: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in value.split(",") if "=" in pair)
    return {name.strip(): content.strip() for name, _, content in pairs}
