"""What telling costs and how long it takes, by a dated table of prices and rates. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.campaigns.models import Cost
from chalicelib.channels.models import Channel

PRICES_OF = "2026-11-22, us-east-1, AWS public price lists"
MAIL_PRICE = 0.0001  # US dollars a mail: Amazon SES, $0.10 per 1,000
SMS_PRICE = 0.0128  # US dollars a part to the US, carrier fee included: the upper end
PRICED = "+1"  # country code that SMS_PRICE is for
MAIL_RATE = 14.0  # mails a second: what SES grants at first outside its sandbox
SMS_RATE = 3.0  # parts a second: a toll-free number
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWICE = frozenset("^{}\\[~]|€\f")  # 3GPP TS 23.038: these take two places


def sms_parts(text: str) -> int:
    """How many messages a text is billed as (160/153 in GSM 7 bit, 70/67 in UCS-2)."""
    if all(letter in GSM or letter in GSM_TWICE for letter in text):
        length = len(text) + sum(letter in GSM_TWICE for letter in text)
        return 1 if length <= 160 else math.ceil(length / 153)
    length = len(text.encode("utf-16-le")) // 2
    return 1 if length <= 70 else math.ceil(length / 67)


@dataclass
class Tally:
    """Adds up what a preview shows."""

    mails: int = 0
    parts: int = 0
    unpriced: int = 0
    by_channel: dict[str, int] = field(default_factory=dict)
    by_language: dict[str, int] = field(default_factory=dict)
    excluded: dict[str, int] = field(default_factory=dict)

    def tell(self, channel: Channel, language: str, parts: int, number: str) -> None:
        """Count one customer who would be told; `parts` of a text message to `number`."""
        _add(self.by_channel, channel)
        _add(self.by_language, language)
        if channel == Channel.SMS:
            self.parts += parts
            self.unpriced += not number.startswith(PRICED)
        else:
            self.mails += 1

    def leave_out(self, reason: str) -> None:
        _add(self.excluded, reason)

    def cost(self) -> Cost:
        """US dollars."""
        email, sms = self.mails * MAIL_PRICE, self.parts * SMS_PRICE
        return Cost(
            email=round(email, 4),
            sms=round(sms, 4),
            total=round(email + sms, 4),
            unpriced=self.unpriced,
            prices_of=PRICES_OF,
        )

    def seconds(self, pace: Mapping[Channel, float] | None = None) -> float:
        """The slower of the two channels at so many a second; they go out side by side."""
        rates = {Channel.EMAIL: MAIL_RATE, Channel.SMS: SMS_RATE, **(pace or {})}
        return round(max(self.mails / rates[Channel.EMAIL], self.parts / rates[Channel.SMS]), 1)


def _add(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
