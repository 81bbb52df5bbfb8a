"""The index and the search over it."""

from __future__ import annotations

import pytest

from chalicelib.knowledge.index import (
    CHAMPIONS,
    DIMENSIONS,
    Entry,
    Index,
    OtherFormat,
    Sentences,
    Writer,
)
from chalicelib.knowledge.search import ask, by_words, correct, search, within
from chalicelib.knowledge.stemming import stem, terms

TEXTS = {
    "refund": "How do I get a refund for a cancelled order?",
    "card": "My card has not arrived yet",
    "login": "I forgot my password and cannot log in",
    "parcel": "The parcel is delayed, where is the delivery?",
}


def entry(key: str, text: str, stamp: int = 1, language: str = "en") -> Entry:
    return Entry(key, stamp, terms(text, language), None, language)


@pytest.fixture
def index() -> Index:
    writer = Writer()
    writer.add(entry(key, text) for key, text in TEXTS.items())
    return Index(writer.finish({}))


def best(index: Index, text: str, **options: object) -> str:
    found = search(index, ask(index, text, "en", None, **options), 5)  # type: ignore[arg-type]
    return found[0].key if found else ""


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", "refund refunds refunded refunding"),
        ("en", "delivery deliveries"),
        ("en", "cancel cancelled cancelling cancels"),
        ("de", "rechnung rechnungen"),
        ("fr", "remboursement remboursements"),
        ("es", "pedido pedidos"),
        ("it", "ordine ordini"),
        ("pt", "conta contas"),
        ("nl", "rekening rekeningen"),
    ],
)
def test_forms_of_a_word_have_one_stem(language: str, forms: str) -> None:
    assert len({stem(form, language) for form in forms.split()}) == 1


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("refunding orders", "refund"),
        ("my parcel dealyed", "parcel"),  # two letters exchanged
        ("forgot pasword", "login"),
        ("zebra", ""),
    ],
)
def test_a_question_finds_the_text_by_forms_and_through_typos(
    index: Index, question: str, key: str
) -> None:
    assert best(index, question) == key


def test_synonyms_are_found_and_take_the_place_of_words_that_nobody_wrote(index: Index) -> None:
    synonyms = [[terms("money back", "en"), terms("refund", "en")]]
    assert best(index, "I want my money back") == ""
    assert best(index, "I want my money back", synonyms=synonyms) == "refund"


def test_what_is_replaced_or_removed_is_found_no_more(index: Index) -> None:
    writer = Writer(index)
    writer.add([entry("card", "The invoice is wrong", stamp=2)])
    writer.remove("login")
    after = Index(writer.finish({}))
    assert (best(after, "card arrived"), best(after, "password")) == ("", "")
    assert best(after, "invoices") == "card"
    assert (writer.stamp("card"), writer.stamp("login"), after.size) == (2, None, 3)


def test_numbers_are_given_anew_when_much_was_removed(index: Index) -> None:
    writer = Writer(index)
    for key in ("card", "login", "parcel"):
        writer.remove(key)
    after = Index(writer.finish({}))
    assert (after.keys, best(after, "refund")) == (["refund"], "refund")
    assert after.number("password") < 0


def test_a_word_of_everybody_keeps_only_its_strongest_documents() -> None:
    writer = Writer()
    writer.add(Entry(str(n), 1, ["same", *["other"] * (n % 7)]) for n in range(CHAMPIONS + 500))
    index = Index(writer.finish({}))
    number = index.number("same")
    assert len(index.postings(number)[0]) == CHAMPIONS
    assert index.found[number] == CHAMPIONS + 500
    kept = {int(index.keys[document]) % 7 for document in index.postings(number)[0]}
    assert 0 in kept  # short texts say it more strongly


def test_a_vector_finds_what_shares_no_word() -> None:
    one, other = [0.0] * 64, [0.0] * 64
    one[0], other[1] = 1.0, 1.0
    writer = Writer()
    writer.add([Entry("near", 1, ["a"], one), Entry("far", 1, ["b"], other)])
    index = Index(writer.finish({}))
    (found,) = search(index, ask(index, "unheard", "en", one), 5)
    assert (found.key, found.matched) == ("near", ())
    assert found.meaning == pytest.approx(1.0)


def test_plain_bm25_prefers_the_rarer_word(index: Index) -> None:
    assert by_words(index, ask(index, "my password", "en", None), 1) == ["login"]


def test_a_long_word_may_have_two_mistakes(index: Index) -> None:
    writer = Writer(index)
    writer.add([entry("sub", "subscription")])
    after = Index(writer.finish({}))
    assert correct(after, stem("subscrptin", "en")) == stem("subscription", "en")
    assert correct(after, "xyz") == ""


def test_edit_distance_is_bounded() -> None:
    assert within("kitten", "sitting", 3)
    assert not within("kitten", "sitting", 2)


def unit(at: int, width: int) -> tuple[float, ...]:
    return tuple(float(number == at) for number in range(width))


def test_a_meaning_by_the_same_model_counts_before_the_tables_vector() -> None:
    writer = Writer(None, Sentences("model", 80))
    for number, key in enumerate(("one", "two")):
        vector, meaning = unit(number, DIMENSIONS), unit(1 - number, 80)
        writer.add([Entry(key, 1, terms(TEXTS["card"], "en"), vector, "en", meaning)])
    index = Index(Writer(Index(writer.finish({}))).finish({}))  # also when it is built upon
    assert index.sentences == Sentences("model", 80)
    lean = ask(index, "zebra", "en", unit(0, DIMENSIONS))
    deep = ask(index, "zebra", "en", unit(0, DIMENSIONS), (), unit(0, 80))
    assert [search(index, question, 1)[0].key for question in (lean, deep)] == ["one", "two"]


def test_an_index_of_another_format_is_refused_by_name() -> None:
    data = Writer().finish({}).replace(b'"format": 2', b'"format": 1')
    with pytest.raises(OtherFormat, match="format 1"):
        Index(data)
