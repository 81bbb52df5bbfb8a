"""What is newly written, told apart from quotes, signatures and disclaimers: see data/replies-*."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.channels.htmltext import render
from chalicelib.channels.quotes import REPLY_MARKER, split

DATA = Path(__file__).parent / "data"


def pairs() -> Iterator[Any]:
    """Cases of the form `@@@ name | subject`, body, `@@@ new`, what is expected."""
    for file in sorted(DATA.glob("replies-*.txt")):
        for case in re.split(r"(?m)^@@@ (?!new$)", file.read_text(encoding="utf-8"))[1:]:
            head, _, rest = case.partition("\n")
            body, _, expected = rest.partition("\n@@@ new\n")
            name, _, subject = head.rpartition(" | ")
            is_html = file.stem.endswith("html")
            yield pytest.param(is_html, subject, body, expected, id=f"{file.stem[8:]}: {name}")


@pytest.mark.parametrize(("is_html", "subject", "body", "expected"), list(pairs()))
def test_only_what_was_newly_written_is_the_text(
    is_html: bool, subject: str, body: str, expected: str
) -> None:
    found = split(render(body) if is_html else body, subject)
    assert tidy(found.text) == tidy(expected)


def test_nothing_of_any_reply_is_thrown_away() -> None:
    for case in pairs():
        is_html, subject, body, _ = case.values
        shown = "\n".join(line.text for line in render(body)) if is_html else body
        found = split(render(body) if is_html else body, subject)
        assert sorted(words(shown)) == sorted(words(found.text) + words(found.quoted))


def test_the_sender_of_a_forwarded_message_is_told() -> None:
    body = "See below\n\n-----Original Message-----\nVon: Carla <carla@example.org>\n"
    body += "Gesendet: Montag\nAn: ich\nBetreff: Stuhl\n\nKaputt."
    assert split(body, "WG: Stuhl").forwarded == "Carla <carla@example.org>"
    assert split(body, "AW: Stuhl").forwarded == ""


def test_all_below_our_marker_is_old() -> None:
    found = split(f"Yes\n\n{REPLY_MARKER}\n\nNo")
    assert (found.text, found.quoted) == ("Yes", f"{REPLY_MARKER}\n\nNo")


def tidy(text: str) -> str:
    return re.sub(r"\n{2,}", "\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()


def words(text: str) -> list[str]:
    return text.split()
