"""A forwarded mail taken apart: what whoever forwards it says, and what was forwarded. Pure."""

from __future__ import annotations

from chalicelib.base import Model
from chalicelib.channels import quote_lines
from chalicelib.channels.mail import parse_mail
from chalicelib.channels.models import InboundMessage

HEADERS = 24  # lines that the header of a forwarded mail may take


class Forwarded(Model):
    """`comment` is by whoever forwards it; `original` is as if it had come from its sender."""

    comment: str
    original: InboundMessage


def unfold(inbound: InboundMessage) -> Forwarded | None:
    """None where it is no forward, or does not say by whose address the original was sent."""
    sender = inbound.forwarded
    if sender is None or "@" not in sender.address:
        return None
    comment, text = _attached(inbound) or _inline(inbound.text)
    original = inbound.model_copy(
        update={
            "sender": sender,
            "reply_to": (),
            "recipients": (),
            "cc": (),
            "text": text,
            "subject": _subject(inbound.subject),
        }
    )
    return Forwarded(comment=comment, original=original)


def _attached(inbound: InboundMessage) -> tuple[str, str] | None:
    """The parts of a forward by attachment."""
    for file in inbound.attachments:
        if file.type != "message/rfc822" or not file.content:
            continue
        inner = parse_mail(file.content, received_at=inbound.received_at)
        if inner.sender.address != (inbound.forwarded and inbound.forwarded.address):
            continue
        same = inner.text.strip() == inbound.text.strip()
        return "" if same else inbound.text.strip(), inner.text
    return None


def _inline(text: str) -> tuple[str, str]:
    """The parts of a forward in the text: above its separator or header, and below."""
    lines = text.split("\n")
    plain = [quote_lines.plain(line) for line in lines]
    for number, line in enumerate(plain):
        separator = bool(line) and quote_lines.is_forward_separator(line, plain, number)
        header = quote_lines.header_block(plain, number) is not None
        if separator or header:
            rest = _below_header(plain, number + 1 if separator else number)
            return "\n".join(lines[:number]).strip(), "\n".join(lines[rest:]).strip()
    return "", text


def _below_header(plain: list[str], at: int) -> int:
    """The line at which the forwarded text itself begins: behind its header and a blank line."""
    start = quote_lines.first(plain, at)
    if quote_lines.header_block(plain, start) is None:
        return start
    for number in range(start, min(start + HEADERS, len(plain))):
        if not plain[number]:
            return quote_lines.first(plain, number)
    return start


def _subject(subject: str) -> str:
    """Without the mark of a forward."""
    while quote_lines.is_forward_subject(subject):
        subject = subject.replace("：", ":", 1).partition(":")[2].strip()
    return subject
