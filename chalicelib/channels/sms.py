"""Text messages: the two-way payload of AWS End User Messaging, and keywords.

Keywords are those that carriers and AWS act upon ("Keywords" in the user guide of AWS End User
Messaging SMS) and what people write in their own language instead.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Any

import phonenumbers

from chalicelib.channels.models import Address, Channel, InboundMessage
from chalicelib.errors import Unprocessable

MAX_TEXT = 10_000  # characters


class Keyword(StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"


_STOP = (
    "stop stopall stop-all unsubscribe unsub cancel end quit remove optout opt-out opt.out "
    "arret arrêt arreter arrêter td stopp baja alto cancelar parar fin desuscribir abmelden "
    "abbestellen désabonner desabonner ferma annulla cancella afmelden uit wypisz stoppa "
    "avregistrera avmeld lopeta стоп отписаться 退订 td 停止 配信停止 parol revoke"
)
_START = (
    "start unstop subscribe yes optin opt-in opt.in join anmelden inicio inscrire aanmelden "
    "старт 订阅"
)
_HELP = (
    "help info hilfe aide ayuda aiuto ajuda hulp pomoc hjälp hjelp hjælp apua помощь 帮助 ヘルプ"
)
_PHRASES = {
    "opt out": Keyword.STOP,
    "stop all": Keyword.STOP,
    "opt in": Keyword.START,
    "please stop": Keyword.STOP,
    "stop please": Keyword.STOP,
    "stop sms": Keyword.STOP,
    "stop texting me": Keyword.STOP,
    "stop messaging me": Keyword.STOP,
}
_KEYWORDS = {
    **dict.fromkeys(_STOP.split(), Keyword.STOP),
    **dict.fromkeys(_START.split(), Keyword.START),
    **dict.fromkeys(_HELP.split(), Keyword.HELP),
    **_PHRASES,
}


def keyword(text: str) -> Keyword | None:
    """The keyword that `text` is, whatever its case and punctuation; None for any other message.

    Only the whole message counts: "please don't stop" and "I need help with C-7K2M9Q" are not one.
    """
    words = " ".join(text[:100].casefold().split()).strip("\"'`.,!?;:*()[]<>«»„“”‘’-–—。！ \ufe0f")
    return _KEYWORDS.get(words)


def e164(number: str, region: str | None = None) -> str:
    """`number` in E.164 ("+491701234567"); raises Unprocessable when it cannot be one.

    Without a leading + it is taken as international (as carriers deliver it), then as a number of
    `region` (ISO 3166 alpha-2). Alphanumeric senders and short codes are no customers' numbers.
    """
    digits = number.strip()[:40]
    tries = [digits] if digits.startswith("+") else [f"+{digits}"]
    if region and not digits.startswith("+"):
        tries.insert(0, digits)
    for text in tries:
        try:
            parsed = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    raise Unprocessable(f"not a telephone number: {number[:20]!r}")


def parse_sms(payload: dict[str, Any], received_at: datetime) -> InboundMessage:
    """The message in a two-way SNS payload; raises Unprocessable when it is not one.

    A short code or a name as sender is kept as it came, with a defect: it cannot be answered.
    """
    origin, text = payload.get("originationNumber"), payload.get("messageBody")
    if not isinstance(origin, str) or not origin.strip():
        raise Unprocessable("the text message has no sender")
    body = text if isinstance(text, str) else ""
    defects = [] if isinstance(text, str) else ["the text message has no body"]
    destination = payload.get("destinationNumber")
    recipients: tuple[Address, ...] = ()
    if isinstance(destination, str) and destination.strip():
        recipients = (Address(address=_number(destination, [])),)
    sender = _number(origin, defects)
    return InboundMessage(
        channel=Channel.SMS,
        external_id=_identity(payload, sender, body, received_at),
        sender=Address(address=sender),
        recipients=recipients,
        text=_clean(body),
        references=_previous(payload),
        defects=tuple(defects),
        received_at=received_at,
    )


def _number(number: str, defects: list[str]) -> str:
    try:
        return e164(number)
    except Unprocessable as error:
        defects.append(error.reason)
        return number.strip()[:40]


def _clean(text: str) -> str:
    kept = (c for c in text[:MAX_TEXT] if c.isprintable() or c in "\n\t\u200d")
    return "".join(kept).strip()


def _previous(payload: dict[str, Any]) -> tuple[str, ...]:
    found = payload.get("previousPublishedMessageId")
    return (found[:200],) if isinstance(found, str) and found else ()


def _identity(payload: dict[str, Any], sender: str, text: str, received_at: datetime) -> str:
    found = payload.get("inboundMessageId")
    if isinstance(found, str) and found.strip():
        return f"sms:{found.strip()[:200]}"
    basis = f"{sender}\n{received_at.isoformat()}\n{text}".encode("utf-8", "replace")
    return f"sms:{hashlib.sha256(basis).hexdigest()[:40]}"
