"""Messages on their way out, as the channel wants them. Pure: model in, bytes out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from chalicelib.base import Model

UNSAFE = re.compile(r"[\x00-\x1f\x7f]+")


class File(Model):
    """An attachment with its content."""

    name: str
    type: str
    content: bytes


class Outgoing(Model):
    """All that a mail needs; addresses are bare, names apart."""

    message_id: str  # without angle brackets
    sender: str
    sender_name: str
    reply_to: str
    to: str
    cc: tuple[str, ...] = ()
    subject: str
    text: str
    references: tuple[str, ...] = ()
    reference: str  # of the case
    automatic: bool = False
    at: datetime
    files: tuple[File, ...] = ()


def compose(mail: Outgoing) -> bytes:
    """The mail as raw MIME (RFC 5322). Automatic mail says that it is one (RFC 3834)."""
    message = EmailMessage(policy=SMTP.clone(max_line_length=78))
    message["From"] = _mailbox(mail.sender_name, mail.sender)
    message["To"] = _mailbox("", mail.to)
    if mail.cc:
        message["Cc"] = [_mailbox("", address) for address in mail.cc]
    message["Reply-To"] = _mailbox(mail.sender_name, mail.reply_to)
    message["Subject"] = _line(mail.subject)
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.message_id}>"
    if mail.references:
        message["In-Reply-To"] = f"<{_id(mail.references[-1])}>"
        message["References"] = " ".join(f"<{_id(ref)}>" for ref in mail.references)
    message["X-CustOps-Case"] = mail.reference
    if mail.automatic:
        message["Auto-Submitted"] = "auto-replied"
        message["X-Auto-Response-Suppress"] = "All"
        message["Precedence"] = "auto_reply"
    message.set_content(mail.text, cte="quoted-printable")
    for file in mail.files:
        main, _, sub = (file.type or "application/octet-stream").partition("/")
        message.add_attachment(
            file.content, maintype=main, subtype=sub or "octet-stream", filename=_line(file.name)
        )
    return message.as_bytes()


def subject(reference: str, text: str) -> str:
    """The subject of an answer: the customer's own words, once marked with the reference."""
    plain = re.sub(
        r"^(?:\s*(?:re|aw|antw|sv|vs|rif|odp)\s*(?:\[\d+\])?:\s*)+", "", text, flags=re.I
    )
    plain = re.sub(r"\s*\[C-[0-9A-Z]{6}\]", "", plain).strip()
    return f"Re: {plain} [{reference}]" if plain else f"[{reference}]"


def domain(address: str) -> str:
    """What stands behind the @."""
    return address.rpartition("@")[2]


def fill(template: str, fields: Mapping[str, str]) -> str:
    """Replace {{name}} by fields; raises KeyError with the name of a field that is missing."""
    return re.sub(r"\{\{\s*([A-Za-z0-9_.]+)\s*\}\}", lambda m: fields[m.group(1)], template)


def fields_of(templates: Sequence[str]) -> set[str]:
    """The names that templates ask for."""
    found = (re.findall(r"\{\{\s*([A-Za-z0-9_.]+)\s*\}\}", text) for text in templates)
    return {name for names in found for name in names}


def _mailbox(name: str, address: str) -> HeaderAddress:
    local, _, host = address.rpartition("@")
    return HeaderAddress(display_name=_line(name), username=local, domain=host)


def _line(text: str) -> str:
    return UNSAFE.sub(" ", text).strip()


def _id(message_id: str) -> str:
    return re.sub(r"[\s<>]", "", message_id)
