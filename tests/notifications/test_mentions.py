"""Who is called upon in a note."""

from __future__ import annotations

import pytest

from chalicelib.notifications.mentions import mentioned

KNOWN = {"ann.lee@example.com", "ben@example.com", "ben@example.org", "c-d_e+f@example.com"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@ann.lee, look", ["ann.lee@example.com"]),
        ("(@Ann.Lee)", ["ann.lee@example.com"]),
        ("look @ann.lee.", ["ann.lee@example.com"]),
        ("@ann.lee and @ann.lee again", ["ann.lee@example.com"]),
        ("@ben is two people", []),
        ("@ben@example.org is one", ["ben@example.org"]),
        ("@c-d_e+f", ["c-d_e+f@example.com"]),
        ("write to ann.lee@example.com", []),
        ("x@ann.lee", []),
        ("@ann", []),
        ("@@ann.lee", []),
        ("@ann.leeway", []),
        ("@", []),
        ("zuerst @ben@example.com\ndann @ann.lee", ["ben@example.com", "ann.lee@example.com"]),
    ],
)
def test_a_name_is_found_where_it_is_one(text: str, found: list[str]) -> None:
    assert list(mentioned(text, KNOWN)) == found


def test_a_long_text_of_signs_takes_no_time() -> None:
    assert mentioned("@a." * 30_000 + "@ann.lee" + "@" * 30_000, KNOWN) == ()
