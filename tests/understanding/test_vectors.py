from __future__ import annotations

import pytest

from chalicelib.understanding.vectors import VectorTable, shipped_table
from chalicelib.understanding.wordpiece import pieces, tokens


def likeness(one: str, other: str) -> float:
    table = shipped_table()
    a, b = table.embed(one, "en"), table.embed(other, "en")
    assert a is not None
    assert b is not None
    return sum(x * y for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("my package is late", "the parcel has not been delivered", "I forgot my password"),
        ("I was billed twice", "there is a double charge", "the oven does not get hot"),
        ("give me my money back", "I want a refund", "how do I change my address"),
    ],
)
def test_the_same_matter_in_other_words_is_nearer(text: str, near: str, far: str) -> None:
    assert likeness(text, near) > likeness(text, far) + 0.15


def test_what_the_table_does_not_know_has_no_vector() -> None:
    table = shipped_table()
    assert table.embed("Mein Paket ist nicht da", "de") is None
    assert table.embed("", "en") is None
    assert table.embed("包裹", "und") is None


def test_a_table_survives_being_written() -> None:
    table = shipped_table()
    again = VectorTable.from_bytes(table.to_bytes())
    assert again.version == table.version
    assert again.embed("my parcel", "en") == table.embed("my parcel", "en")


def test_words_are_cut_into_the_longest_known_pieces() -> None:
    vocabulary = {"un": 0, "##pay": 1, "##paid": 2, "##able": 3, "pay": 4}
    assert pieces("unpayable", vocabulary) == (0, 1, 3)
    assert pieces("unpaid", vocabulary) == (0, 2)
    assert pieces("unsaid", vocabulary) == ()
    assert tokens("Où est-ce? Ça!") == ["ou", "est", "-", "ce", "?", "ca", "!"]
