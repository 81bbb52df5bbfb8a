"""Words that burst: found soon, told once, ended; what comes again as ever is none."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.trends.bursts import Burst, Text
from chalicelib.trends.emerging import Emerging
from chalicelib.trends.wording import telling, terms
from chalicelib.trends.wordkeeping import KeptWords, pack, unpack
from chalicelib.understanding.telling_words import FUNCTION_WORDS
from infra.benchmarks.trend_texts import inbox, judged, ours

START = 490_992.0
WORDS = [f"word{n}x" for n in range(400)]


def test_new_trouble_is_found_in_few_contacts_and_named_by_its_words() -> None:
    engine = watched(days=10)
    for number in range(6):
        say(engine, f"t{number}", 240.1 + number / 10, "terminal shows e403 when paying")
    (burst,) = engine.judge(START + 240.75)
    assert burst.seen == 6
    assert burst.expected < 0.5
    assert {"terminal", "e403"} <= set(" ".join(burst.terms[:5]).split())
    assert burst.cases == [f"t{number}" for number in range(6)]


def test_it_is_told_once_and_ends_and_begins_again_as_the_same() -> None:
    engine = watched(days=10)
    begun: list[Burst] = []
    for number in range(30):
        say(engine, f"t{number}", 240 + number / 10, "terminal shows e403 when paying")
        begun += engine.judge(START + 240 + number / 10)
    (burst,) = begun
    assert burst.customers == 30
    assert engine.open == [burst]
    ordinary(engine, 243, 280)
    assert burst.end is not None
    assert START + 255 <= burst.end <= START + 260
    for number in range(30):
        say(engine, f"u{number}", 280 + number / 10, "terminal shows e403 when paying")
        assert engine.judge(START + 280 + number / 10) == []
    assert engine.open == [burst]


def test_one_customer_who_writes_twenty_times_is_no_burst() -> None:
    engine = watched(days=10)
    for number in range(20):
        say(engine, f"t{number}", 240 + number / 20, "terminal shows e403", customer="one")
    assert engine.judge(START + 241) == []


def test_a_template_that_comes_every_morning_is_none() -> None:
    engine = Emerging()
    begun = []
    for day in range(14):
        begun += ordinary(engine, day * 24, day * 24 + 8)
        for number in range(15 + day % 4):
            say(engine, f"r{day}-{number}", day * 24 + 8 + number / 100, "nightly robot report")
        begun += ordinary(engine, day * 24 + 8.5, day * 24 + 24)
    assert begun == []


def test_first_days_say_nothing() -> None:
    engine = watched(days=3)
    for number in range(20):
        say(engine, f"t{number}", 72 + number / 20, "terminal shows e403")
    assert engine.judge(START + 73) == []


def test_a_text_that_is_told_twice_counts_once() -> None:
    engine = watched(days=10)
    for number in range(4):
        for _ in range(3):
            say(engine, f"t{number}", 240.1, "terminal shows e403")
    assert engine.judge(START + 241) == []


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 10_000), st.integers(250, 330))
def test_kept_and_taken_up_again_it_goes_on_as_if_nothing_had_happened(seed: int, at: int) -> None:
    texts = trouble(seed)
    told: list[list[float]] = []
    for parted in (False, True):
        engine, alarms = Emerging(), list[float]()
        for text in texts:
            if parted and text.at - START > at:
                engine, parted = unpack(pack(KeptWords(engine))).engine, False
            engine.add(text)
            alarms += [burst.alarm for burst in engine.judge(text.at)]
        told.append(alarms)
    assert told[0] == told[1]
    assert told[0]


def test_later_texts_change_no_earlier_burst() -> None:
    texts = trouble(7)
    alarms = []
    for length in (len(texts), len(texts) - 40):
        engine = Emerging()
        found = []
        for text in texts[:length]:
            engine.add(text)
            found += [(b.alarm, b.start) for b in engine.judge(text.at)]
        alarms.append([one for one in found if one[0] <= texts[len(texts) - 41].at])
    assert alarms[0] == alarms[1]


def test_what_is_remembered_is_bounded() -> None:
    engine = watched(days=12, engine=Emerging(most_past=300))
    assert len(engine.past) < 300 + 24 * 8 * 15  # a day's new ones are sorted out at midnight
    assert len(engine.texts) <= 48 * 8


def test_injected_troubles_are_found_with_few_false_alarms() -> None:
    boxes = [inbox(seed, weeks=6) for seed in (11, 12)]
    result = judged(boxes, [ours(box) for box in boxes])
    assert result.found >= 0.9
    assert result.named >= 0.9
    assert result.false_a_month <= 0.5
    assert result.delay <= 8


def test_words_are_folded_without_empty_ones_and_long_numbers_in_many_scripts() -> None:
    told = telling("The ORDER 12345678 ist nicht angekommen: error E-403, 支払い", FUNCTION_WORDS)
    assert {"order", "angekommen", "error"} <= set(told)
    assert not {"the", "ist", "nicht", "12345678"} & set(told)
    assert "支払" in told
    assert list(terms(["a1", "b2", "b2"])) == ["a1", "b2", "b2", "a1 b2"]


def watched(days: int, engine: Emerging | None = None) -> Emerging:
    engine = engine or Emerging()
    assert ordinary(engine, 0, days * 24) == []
    return engine


def ordinary(engine: Emerging, begin: float, end: float) -> list[Burst]:
    """Eight texts an hour about nothing in particular; the bursts in them."""
    random = Random(begin)
    found = []
    at = begin
    while at < end:
        text = " ".join(random.choices(WORDS, k=8))
        say(engine, f"o{at:.4f}", at, text)
        at += 0.125
        if at % 1 == 0:
            found += engine.judge(START + at)
    return found


def trouble(seed: int) -> list[Text]:
    random = Random(seed)
    found = []
    for number in range(13 * 24 * 4):
        words = random.choices(WORDS, k=6)
        found.append(text_of(f"o{number}", number / 4, " ".join(words)))
    for number in range(25):
        at = 240 + random.random() * 12
        found.append(text_of(f"t{number}", at, "terminal e403 " + random.choice(WORDS)))
    return sorted(found, key=lambda text: text.at)


def say(engine: Emerging, name: str, at: float, text: str, customer: str = "") -> None:
    engine.add(text_of(name, at, text, customer))


def text_of(name: str, at: float, text: str, customer: str = "") -> Text:
    return Text.of(name, START + at, customer, telling(text, FUNCTION_WORDS))
