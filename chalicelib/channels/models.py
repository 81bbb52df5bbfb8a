"""What comes in and what goes out, whatever the channel.

Between the stages travels one frozen `InboundMessage`. The functions that make it are pure (bytes
in, model out) and never raise: what cannot be understood is listed in `defects`.
"""

from __future__ import annotations

import builtins
from enum import StrEnum

from pydantic import StrictBool, StrictFloat, StrictInt, StrictStr

from chalicelib.base import Instant, Model

FieldValue = StrictBool | StrictInt | StrictFloat | StrictStr
"""What a field of the web form may hold."""


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    WEB = "web"
    CHAT = "chat"
    SOCIAL = "social"
    VOICE = "voice"


class Disposition(StrEnum):
    """What an inbound message turned out to be."""

    MESSAGE = "message"  # a person wrote to us
    AUTOMATIC = "automatic"  # out of office, list mail, … (RFC 3834): recorded, never answered
    BOUNCE = "bounce"  # delivery report (RFC 3464) or complaint (RFC 5965) about one of ours
    QUARANTINE = "quarantine"  # virus, or not to be understood: a person decides


Source = dict[str, str | int | bool]
"""What is known of where a message was written: of a post its network (`source`), id, handle,
account_id, whether it is public, permalink, reach (followers); of a call its recording and duration
in seconds; of a chat the page and the address that was left there."""


class Address(Model):
    """A mailbox: RFC 5322 name and addr-spec, the latter lower-cased in its domain."""

    name: str = ""
    address: str


class Attachment(Model):
    """A part that is not the body. `content` travels in memory only, never into the table."""

    name: str  # sanitised file name
    type: str  # sniffed media type
    bytes: int
    content: builtins.bytes = b""
    content_id: str = ""  # for inline images: the cid without its angle brackets
    inline: bool = False
    dangerous: bool = False  # executable, script, macro document, …


class Verdicts(Model):
    """What the receiving service found: PASS, FAIL, GRAY, PROCESSING_FAILED or "" (not checked)."""

    spam: str = ""
    virus: str = ""
    spf: str = ""
    dkim: str = ""
    dmarc: str = ""


class Envelope(Model):
    """What SMTP and the receiving service said about a mail, apart from its bytes.

    `sender` is None when nobody told us; "" is the null return path of RFC 5321 4.5.5.
    """

    sender: str | None = None
    recipients: tuple[str, ...] = ()
    verdicts: Verdicts = Verdicts()


class DeliveryReport(Model):
    """One recipient's fate (RFC 3464) or one complaint (RFC 5965) about a mail of ours."""

    recipient: str = ""
    action: str = ""  # failed, delayed, delivered, relayed, expanded; "" in a complaint
    status: str = ""  # RFC 3463, for example 5.1.1
    diagnostic: str = ""
    original_message_id: str = ""  # without angle brackets
    feedback_type: str = ""  # abuse, fraud, not-spam, …: set in complaints only


class InboundMessage(Model):
    """One contact, captured once."""

    channel: Channel
    external_id: str  # what makes a second delivery of the same contact recognisable
    sender: Address  # e-mail address, E.164 number, handle, session id
    recipients: tuple[Address, ...] = ()  # To, and for mail the envelope's recipients
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str = ""
    fields: dict[str, FieldValue] = {}  # what the form's own fields were filled with
    text: str = ""  # what was newly written
    quoted: str = ""  # quotes, signature, disclaimer: folded, not thrown away
    html: str = ""  # sanitised
    attachments: tuple[Attachment, ...] = ()
    message_id: str = ""  # RFC 5322 Message-ID without angle brackets
    references: tuple[str, ...] = ()  # References and In-Reply-To, oldest first, no brackets
    headers: dict[str, str] = {}  # the few that later decisions read, names in lower case
    verdicts: Verdicts = Verdicts()
    disposition: Disposition = Disposition.MESSAGE
    reason: str = ""  # why it is not a plain message, in words
    defects: tuple[str, ...] = ()
    raw_key: str = ""  # where the untouched original lies
    received_at: Instant
    sent_at: Instant | None = None  # the Date header, where it can be read
    reports: tuple[DeliveryReport, ...] = ()  # what a bounce or complaint says
    forwarded: Address | None = None  # who wrote what is forwarded here, where it is a forward
    case_token: str = ""  # a secret link or session that names the case
    released: bool = False  # a person let it in: a message for certain, but not to be answered
    source: Source = {}
