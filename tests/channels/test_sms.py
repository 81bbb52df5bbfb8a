"""Text messages: who sent them, keywords, and how many parts a text takes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.channels.parts import Encoding, check_sms, posts, sms_parts
from chalicelib.channels.sms import Keyword, e164, keyword, parse_sms
from chalicelib.errors import Invalid, Unprocessable

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
PAYLOAD = {
    "originationNumber": "+4915112345678",
    "destinationNumber": "+12065550100",
    "messageKeyword": "KEYWORD_1",
    "messageBody": "Where is my order?",
    "inboundMessageId": "cae173d2-66b9-564c-8309-21f858e9fb84",
    "previousPublishedMessageId": "wJalrXUtnFEMI",
}


def test_a_two_way_message_is_read() -> None:
    found = parse_sms(PAYLOAD, NOW)
    assert found.external_id == "sms:cae173d2-66b9-564c-8309-21f858e9fb84"
    assert found.sender.address == "+4915112345678"
    assert [a.address for a in found.recipients] == ["+12065550100"]
    assert found.text == "Where is my order?"
    assert found.references == ("wJalrXUtnFEMI",)


def test_a_message_without_sender_is_refused_with_a_reason() -> None:
    with pytest.raises(Unprocessable, match="no sender"):
        parse_sms({**PAYLOAD, "originationNumber": " "}, NOW)


def test_a_short_code_is_kept_with_a_defect() -> None:
    found = parse_sms({**PAYLOAD, "originationNumber": "AMAZON"}, NOW)
    assert found.sender.address == "AMAZON"
    assert found.defects


def test_without_an_id_the_same_message_has_the_same_identity() -> None:
    bare = {k: v for k, v in PAYLOAD.items() if k != "inboundMessageId"}
    assert parse_sms(bare, NOW).external_id == parse_sms(bare, NOW).external_id
    other = {**bare, "messageBody": "Hello?"}
    assert parse_sms(bare, NOW).external_id != parse_sms(other, NOW).external_id


@pytest.mark.parametrize(
    ("number", "region", "expected"),
    [
        ("+49 151 12345678", None, "+4915112345678"),
        ("4915112345678", None, "+4915112345678"),
        ("0151 12345678", "DE", "+4915112345678"),
        ("(206) 555-0100", "US", "+12065550100"),
    ],
)
def test_numbers_become_e164(number: str, region: str | None, expected: str) -> None:
    assert e164(number, region) == expected


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("STOP", Keyword.STOP),
        (" stop. ", Keyword.STOP),
        ("Arret", Keyword.STOP),
        ("OPT-OUT", Keyword.STOP),
        ("Unsubscribe!", Keyword.STOP),
        ("REMOVE", Keyword.STOP),
        ("TD", Keyword.STOP),
        ("Стоп", Keyword.STOP),
        ("Start", Keyword.START),
        ("UNSTOP", Keyword.START),
        ("Hilfe?", Keyword.HELP),
        ("please don't stop now", None),
        ("help with C-7K2M9Q", None),
        ("", None),
    ],
)
def test_keywords_are_whole_messages(text: str, meaning: Keyword | None) -> None:
    assert keyword(text) is meaning


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", Encoding.GSM7, 0, 1),
        ("a" * 160, Encoding.GSM7, 160, 1),
        ("a" * 161, Encoding.GSM7, 161, 2),
        ("a" * 306, Encoding.GSM7, 306, 2),
        ("a" * 307, Encoding.GSM7, 307, 3),
        ("€" * 80, Encoding.GSM7, 160, 1),
        ("a" * 152 + "€" + "b" * 152, Encoding.GSM7, 306, 3),
        ("ç" * 10, Encoding.UCS2, 10, 1),
        ("я" * 70, Encoding.UCS2, 70, 1),
        ("я" * 71, Encoding.UCS2, 71, 2),
        ("😀" * 35, Encoding.UCS2, 70, 1),
        ("😀" * 67, Encoding.UCS2, 134, 3),
    ],
)
def test_parts_are_counted_as_the_network_does(
    text: str, encoding: Encoding, units: int, parts: int
) -> None:
    found = sms_parts(text)
    assert (found.encoding, found.units, found.parts) == (encoding, units, parts)


def test_a_text_of_too_many_parts_is_refused_in_words_that_help() -> None:
    assert check_sms("a" * 306, 2).parts == 2
    with pytest.raises(Invalid, match=r"takes 3 text messages of UCS-2 because of '…'") as refused:
        check_sms("Wait" + "…" * 131, 2)
    assert refused.value.extra["fields"][0]["field"] == "text"


def test_a_long_post_is_cut_between_words_and_signed_once() -> None:
    words = " ".join(f"word{number}" for number in range(120)) + "."
    made = posts(words, 100, "@ana ", "\n– Eva")
    assert all(len(post) <= 100 and post.startswith("@ana word") for post in made)
    assert [post.endswith("– Eva") for post in made] == [False] * (len(made) - 1) + [True]
    inside = [post.removeprefix("@ana ").removesuffix("\n– Eva") for post in made]
    assert " ".join(inside) == words


@pytest.mark.parametrize("text", ["", "x", "x" * 1000, "a b", "a. " * 300, "\n\n".join("abc" * 99)])
@pytest.mark.parametrize("room", [1, 7, 40])
def test_nothing_of_a_post_is_lost_however_it_is_cut(text: str, room: int) -> None:
    made = posts(text, room, "", " –E")
    joined = "".join("".join(post.split()) for post in made)
    assert joined == "".join(text.split()) + "–E"
    assert all(len(post) <= max(room, 3) for post in made)
