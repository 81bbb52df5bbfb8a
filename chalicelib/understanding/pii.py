"""Personal data in text, replaced by typed placeholders: for logs, exports and training. Pure.

Linear time: every pattern is anchored at a border that a run of its own characters cannot contain,
and bounded in length. Order matters: what is sure (checksums) goes before what is likely (phones).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import ip_address

from chalicelib.base import Model
from chalicelib.ports import Span


class Redacted(Model):
    """`text` with placeholders such as [email]; `found` counts them by kind."""

    text: str
    found: dict[str, int] = {}


def redact(text: str) -> Redacted:
    """E-mail addresses, IBANs (mod 97), payment cards (Luhn), IP addresses and phone numbers in
    `text` replaced by [email], [iban], [card], [ip] and [phone]."""
    found: Counter[str] = Counter()
    text = _EMAIL.sub(lambda match: _take("email", found), text)
    text = _ibans(text, found)
    for kind, pattern, test in (
        ("card", _CARD, _is_card),
        ("ip", _IPV4, _is_ip),
        ("ip", _IPV6, _is_ip),
        ("phone", _PHONE, _is_phone),
    ):
        text = _replace(text, pattern, kind, test, found)
    return Redacted(text=text, found=dict(found))


def blanked(text: str, spans: Sequence[Span]) -> str:
    """`text` with what Comprehend found in it replaced by [name], [address], …; numbers that it
    takes for something (ages, dates, amounts, order numbers) are left, for they tell topics."""
    kept: list[str] = []
    done = 0
    for span in sorted(spans, key=lambda one: one.begin):
        if span.kind not in _BLANKED or span.score < _SURE or span.begin < done:
            continue
        kept += [text[done : span.begin], f"[{span.kind.lower()}]"]
        done = span.end
    return "".join(kept) + text[done:]


_BLANKED = frozenset(
    {
        *("NAME", "ADDRESS", "EMAIL", "PHONE", "USERNAME", "PASSWORD", "PIN", "SSN", "IP_ADDRESS"),
        *("PASSPORT_NUMBER", "DRIVER_ID", "LICENSE_PLATE", "VEHICLE_IDENTIFICATION_NUMBER"),
        *("CREDIT_DEBIT_NUMBER", "CREDIT_DEBIT_CVV", "CREDIT_DEBIT_EXPIRY", "SWIFT_CODE"),
        *("BANK_ACCOUNT_NUMBER", "BANK_ROUTING", "INTERNATIONAL_BANK_ACCOUNT_NUMBER"),
        *("MAC_ADDRESS", "AWS_ACCESS_KEY", "AWS_SECRET_KEY"),
    }
)
"""Entity types of DetectPiiEntities that name a person or open a door."""
_SURE = 0.7
PII_LANGUAGES = ("en", "es")
"""In which Comprehend finds personal data (DetectPiiEntities)."""

# Local part and domain of RFC 5321 in the forms that people write, internationalised ones too.
_EMAIL = re.compile(
    r"(?<![\w.+%'-])(?:mailto:)?[\w.+%'-]{1,64}(?<!['.])@(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,23}"
)
_IBAN_START = re.compile(r"(?<![^\W_])[A-Za-z]{2}[0-9]{2}(?=[ -]?[A-Za-z0-9])")
_CARD = re.compile(r"(?<![\w.-])[0-9](?:[ -]?[0-9]){12,18}(?![\w-]|\.[0-9])")
_IPV4 = re.compile(r"(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w]|\.[0-9])")
_IPV6 = re.compile(
    r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.[0-9]{1,3}){0,3}(?![\w:])"
)
_PHONE = re.compile(
    r"(?<![\w.,/:-])(?:\+|\()?[0-9](?:[ ./()-]{0,2}[0-9]){6,16}(?![\w]|[.,:/-][0-9])"
)
_DATE = re.compile(
    r"[0-9]{4}[-./][0-9]{1,2}[-./][0-9]{1,2}|[0-9]{1,2}[-./][0-9]{1,2}[-./][0-9]{2,4}"
)

# Length by country: SWIFT, IBAN Registry (ISO 13616).
_IBAN_COUNTRIES = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL SD FK",
    19: "MK SI",
    20: "AT BA EE KZ LT LU XK MN",
    21: "CH CR HR LI LV",
    22: "BG BH DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_IBAN_LENGTHS = {
    country: length
    for length, countries in _IBAN_COUNTRIES.items()
    for country in countries.split()
}


def _take(kind: str, found: Counter[str]) -> str:
    found[kind] += 1
    return f"[{kind}]"


def _replace(
    text: str,
    pattern: re.Pattern[str],
    kind: str,
    test: Callable[[str], bool],
    found: Counter[str],
) -> str:
    def placeholder(match: re.Match[str]) -> str:
        return _take(kind, found) if test(match[0]) else match[0]

    return pattern.sub(placeholder, text)


def _ibans(text: str, found: Counter[str]) -> str:
    kept: list[str] = []
    done = 0
    for match in _IBAN_START.finditer(text):
        if match.start() < done:
            continue
        end = _iban_end(text, match.start())
        if end:
            kept += [text[done : match.start()], _take("iban", found)]
            done = end
    return "".join(kept) + text[done:]


def _iban_end(text: str, start: int) -> int:
    """Where the IBAN that begins at `start` ends; 0 when there is none."""
    length = _IBAN_LENGTHS.get(text[start : start + 2].upper(), 0)
    compact = ""
    at = start
    while at < len(text) and len(compact) < length:
        char = text[at]
        if char.isascii() and char.isalnum():
            compact += char.upper()
        elif char not in " -\u00a0" or text[at - 1] in " -\u00a0":
            return 0
        at += 1
    if len(compact) < length or not length or (at < len(text) and text[at].isalnum()):
        return 0
    digits = "".join(str(int(char, 36)) for char in compact[4:] + compact[:4])
    return at if int(digits) % 97 == 1 else 0


def _is_card(candidate: str) -> bool:
    """Luhn's check (ISO/IEC 7812-1), and not one digit repeated."""
    digits = [int(char) for char in candidate if char.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_ip(candidate: str) -> bool:
    try:
        ip_address(candidate)
    except ValueError:
        return False
    return True


def _is_phone(candidate: str) -> bool:
    """7 to 15 digits (E.164) that are written as phone numbers are: with + or 00 or 0 in front, or
    in three or more groups. Dates, amounts and plain order numbers are not."""
    digits = sum(char.isdigit() for char in candidate)
    if not 7 <= digits <= 15 or _DATE.match(candidate):
        return False
    if candidate.startswith(("+", "00", "(")):
        return True
    if candidate.startswith("0"):
        return digits >= 9
    groups = [group for group in re.split(r"[ ./()-]+", candidate) if group]
    return digits >= 9 and len(groups) >= 3 and max(map(len, groups)) <= 5
