"""Delivery reports (RFC 3464), complaints (RFC 5965) and the bounces that follow no standard."""

from __future__ import annotations

import re

from chalicelib.channels.mail.addresses import normalise
from chalicelib.channels.mail.body import Content
from chalicelib.channels.mail.headers import Fields, decode_words
from chalicelib.channels.mail.mime import Part
from chalicelib.channels.models import DeliveryReport

MAX_REPORTS = 500
MAX_DIAGNOSTIC = 1000  # characters

_ID = re.compile(r"<([^<>\s]{1,900})>")
_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,60})[ \t]*:[ \t]*(.*)$")


def read(content: Content, fields: Fields, text: str) -> tuple[DeliveryReport, ...]:
    """What a report says, one entry a recipient; from its prose when it is not structured."""
    original = _original_id(content, text)
    found: list[DeliveryReport] = []
    for part in content.status:
        groups = groups_of(part)
        if part.type == "message/feedback-report":
            found += _complaint(groups, content, original)
        elif part.type == "message/delivery-status":
            found += _statuses(groups, original)
    if not found:
        found = _from_prose(fields, text, original)
    return tuple(found[:MAX_REPORTS])


def prose(content: Content) -> str:
    """What a report says in words, where it put them into its status part."""
    for part in content.status:
        if not any(_FIELD.match(line) for line in part.text([])[:2000].split("\n")):
            return part.text([])[:20_000].strip()
    return ""


def groups_of(part: Part) -> list[dict[str, str]]:
    """The blank-line separated groups of fields in a status part, names in lower case."""
    groups: list[dict[str, str]] = []
    current: dict[str, str] = {}
    last = ""
    for line in part.text([])[:1_000_000].split("\n"):
        if not line.strip():
            if current:
                groups.append(current)
            current, last = {}, ""
        elif line[0] in " \t" and last:
            current[last] = f"{current[last]} {line.strip()}"[:4000]
        elif match := _FIELD.match(line):
            last = match.group(1).lower()
            current.setdefault(last, match.group(2).strip())
    return [*groups, current] if current else groups


def _statuses(groups: list[dict[str, str]], original: str) -> list[DeliveryReport]:
    found = []
    for group in groups:
        recipient = _typed(group.get("original-recipient", "")) or _typed(
            group.get("final-recipient", "")
        )
        if not recipient and "action" not in group:
            continue
        status = re.search(r"\b[245]\.\d{1,3}\.\d{1,3}\b", group.get("status", ""))
        found.append(
            DeliveryReport(
                recipient=recipient,
                action=group.get("action", "").split("(")[0].strip().lower()[:20],
                status=status.group() if status else "",
                diagnostic=_words(group.get("diagnostic-code", "").partition(";")[2]),
                original_message_id=original,
            )
        )
    return found


def _typed(value: str) -> str:
    """ "rfc822; user@example.org" → the address."""
    kind, semicolon, address = value.partition(";")
    return normalise(re.sub(r"\(.*?\)", "", address if semicolon else kind))


def _words(text: str) -> str:
    return " ".join(decode_words(text.encode("utf-8").decode("latin-1"), "utf-8").split())[
        :MAX_DIAGNOSTIC
    ]


def _complaint(
    groups: list[dict[str, str]], content: Content, original: str
) -> list[DeliveryReport]:
    group = {k: v for g in reversed(groups) for k, v in g.items()}
    recipient = normalise(group.get("original-rcpt-to", ""))
    if not recipient and content.returned:
        recipient = normalise(_address_in(content.returned[0].fields.get("to")))
    return [
        DeliveryReport(
            recipient=recipient,
            diagnostic=_words(group.get("user-agent", "")),
            original_message_id=original,
            feedback_type=group.get("feedback-type", "abuse").lower()[:40] or "abuse",
        )
    ]


def _address_in(value: str) -> str:
    match = re.search(r"[\w.+%=-]{1,64}@[\w.-]{1,255}", value)
    return match.group() if match else ""


def _original_id(content: Content, text: str) -> str:
    """The Message-ID of the mail that came back: from its header, or quoted in the prose."""
    for part in content.returned:
        if match := _ID.search(part.fields.get("message-id")):
            return match.group(1)
        if value := part.fields.get("message-id"):
            return value.strip()[:900]
    match = re.search(r"(?im)^[> ]{0,4}message-id:\s{0,80}<([^<>\s]{1,900})>", text)
    return match.group(1) if match else ""


# --- without structure -------------------------------------------------------------------------

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.])([45][0-5]\d)(?=[ -])")
_ADDRESS = re.compile(r"<?([\w.+%=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})>?")
_COPY = re.compile(
    r"(?im)^[-\s>]*(?:below this line is a copy|this is a copy of (?:the|your) message|"
    r"original message|unsent message below|returned message|message header|received: from)"
)


def _from_prose(fields: Fields, text: str, original: str) -> list[DeliveryReport]:
    failed = fields.all("x-failed-recipients")
    stated = [normalise(a) for value in failed for a in value.split(",")]
    copy = _COPY.search(text)
    prose = text[: copy.start() if copy else 20_000][:20_000]
    if not stated:
        own = _address_in(fields.get("from")).lower()
        stated = [a.lower() for a in _ADDRESS.findall(prose)]
        stated = [a for a in dict.fromkeys(stated) if a != own and not _service(a)][:20]
    status = _STATUS.search(prose)
    code = _REPLY_CODE.search(prose)
    value = status.group(1) if status else f"{code.group(1)[0]}.0.0" if code else ""
    delayed = re.search(
        r"(?i)\b(?:delayed|will (?:keep|continue) (?:trying|to (?:try|be retried)))", prose
    )
    action = "delayed" if delayed or value.startswith("4") else "failed"
    return [
        DeliveryReport(
            recipient=address,
            action=action,
            status=value,
            diagnostic=_sentence(prose, address),
            original_message_id=original,
        )
        for address in stated or [""]
    ]


def _service(address: str) -> bool:
    return address.startswith(("postmaster@", "mailer-daemon@", "abuse@", "support@"))


def _sentence(prose: str, address: str) -> str:
    """The few lines behind the address, where servers put their reason."""
    at = prose.find(address) if address else -1
    piece = prose[at + len(address) :] if at >= 0 else prose
    return " ".join(piece.strip("<>: \n").split())[:300]
