"""Unanswered questions fall into the groups that a person would make, under telling names."""

from __future__ import annotations

from chalicelib.flows.library import embed
from chalicelib.knowledge import gathering

ASKED = {
    "norway": (
        "Do you deliver to Norway?",
        "Can you ship to Norway",
        "shipping to norway?",
        "Is delivery to Norway possible?",
        "how much is delivery to Norway",
    ),
    "voucher": (
        "My voucher code does not work",
        "voucher code invalid",
        "voucher code not accepted at checkout",
        "where to enter the voucher code",
    ),
    "warranty": (
        "How long is the warranty?",
        "what does the warranty cover",
        "does the warranty cover water damage",
    ),
    "dogs": ("Can dogs enter the shop?",),
    "linux": ("Do you support Linux?",),
}


def read(text: str, language: str = "en") -> gathering.Text:
    return gathering.read(text, language, embed(text, language))


def test_questions_are_grouped_by_what_they_ask_and_named_by_it() -> None:
    listed = [(subject, text) for subject, texts in ASKED.items() for text in texts]
    texts = [read(text) for _, text in listed]
    grouped = gathering.groups(texts)
    assert all(len({listed[n][0] for n in group}) == 1 for group in grouped)
    largest = [{listed[n][0] for n in group}.pop() for group in grouped[:3]]
    assert largest == ["norway", "voucher", "warranty"]
    for subject, name in zip(largest, gathering.names(texts, grouped), strict=False):
        assert subject in name.split()


def test_a_language_without_vectors_is_grouped_by_its_words_and_named_as_written() -> None:
    asked = ("Wie viel Gepäck darf ich mitnehmen?", "Gepäck mitnehmen", "Flug stornieren")
    texts = [read(text, "de") for text in asked]
    grouped = gathering.groups(texts)
    assert sorted(map(sorted, grouped)) == [[0, 1], [2]]
    assert "gepäck" in gathering.names(texts, grouped)[0]


def test_nothing_is_one_group_of_nothing() -> None:
    assert gathering.groups([]) == []
    assert gathering.groups([read("?")]) == [[0]]
