from __future__ import annotations

import time

import pytest

from chalicelib.understanding.pii import redact


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("write to Ana.O'Neil+x@shop.example.co.uk.", "write to [email]."),
        ("<jürgen@bücher.example>, please", "<[email]>, please"),
        ("card 4111 1111 1111 1111, thanks", "card [card], thanks"),
        ("card 4111-1111-1111-1112", "card 4111-1111-1111-1112"),  # Luhn says no
        ("IBAN DE89 3704 0044 0532 0130 00 BELONGS to me", "IBAN [iban] BELONGS to me"),
        ("gb82west12345698765432", "[iban]"),
        ("GB83WEST12345698765432", "GB83WEST12345698765432"),  # mod 97 says no
        ("XX89 3704 0044 0532 0130 00", "XX89 3704 0044 0532 0130 00"),  # no such country
        ("from 192.168.1.77 and 2001:db8::1!", "from [ip] and [ip]!"),
        ("at 10:30:15 on 2026-11-22", "at 10:30:15 on 2026-11-22"),
        ("version 1.2.300.4", "version 1.2.300.4"),
        ("call +49 (0)30 1234-5678 now", "call [phone] now"),
        ("(415) 555-2671 or 415-555-2671", "[phone] or [phone]"),
        ("0171 2345678", "[phone]"),
        ("order 1234567890 of 22.11.2026", "order 1234567890 of 22.11.2026"),
        ("it cost 1,234,567.00 euros", "it cost 1,234,567.00 euros"),
        ("case C-7K2M9Q, ref INV-2026-000123", "case C-7K2M9Q, ref INV-2026-000123"),
        ("", ""),
    ],
)
def test_personal_data_becomes_a_placeholder(text: str, redacted: str) -> None:
    assert redact(text).text == redacted


def test_what_was_found_is_counted() -> None:
    found = redact("a@b.example c@d.example +4930123456789").found
    assert found == {"email": 2, "phone": 1}


@pytest.mark.parametrize("pattern", ["a", "1", "1 ", "a.", "1:", "+", "DE12", "a@", "(1", "1."])
def test_hostile_text_takes_linear_time(pattern: str) -> None:
    text = pattern * (200_000 // len(pattern))
    started = time.process_time()
    redact(text)
    assert time.process_time() - started < 2.0
