"""Texts as a helpdesk gets them, with bursts of a new trouble whose truth is known.

Background texts are drawn from topics with words of their own over common words of Zipf's
frequencies, at a rate with days and weeks; some carry a signature, and templates repeat: a robot's
each morning, a newsletter's answers each week. A burst adds texts about one thing, said with a few
of its own words (new ones or rare ones) in different wordings, over 3 to 48 hours. A few customers
write again and again. `python -m infra.benchmarks.trend_texts [SEED]` measures what is found.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import cos, pi
from random import Random

from infra.emerging import Row, bursts

BEGIN = 490_992.0  # 2026-01-05T00:00Z, a Monday
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeio"
_SYLLABLES = [one + other for one in _CONSONANTS for other in _VOWELS][::2]
_AFTER = 24.0


@dataclass(frozen=True)
class Injected:
    """A trouble that was put in: from `start` to `end`, told with these words, by so many."""

    start: float
    end: float
    words: tuple[str, ...]
    customers: int


@dataclass(frozen=True)
class Inbox:
    texts: list[Row]
    bursts: list[Injected]


@dataclass(frozen=True)
class Score:
    """Share of the troubles found, median hours to the alarm, false ones in 30 days."""

    found: float
    delay: float
    false_a_month: float
    named: float

    def row(self, name: str) -> str:
        return (
            f"{name:<36}{self.found:>7.2f}{self.delay:>9.1f}{self.named:>8.2f}"
            f"{self.false_a_month:>15.2f}"
        )


def inbox(seed: int, weeks: int = 8, a_day: float = 300.0, troubles: int = 12) -> Inbox:
    """Everything from one seed."""
    random = Random(seed)
    common = _vocabulary(random, 1_500)
    weights = [*accumulate(1.0 / (rank + 2.7) for rank in range(len(common)))]
    topics = [random.sample(common[100:], 12) for _ in range(15)]
    texts: list[Row] = []

    def said(topic: Sequence[str]) -> str:
        words = random.choices(common, cum_weights=weights, k=random.randint(6, 30))
        words += random.sample(topic, random.randint(2, 5))
        random.shuffle(words)
        return " ".join(words)

    hours = weeks * 168
    for hour in range(hours):
        for _ in range(_drawn(random, a_day / 24 * _season(hour))):
            text = said(random.choice(topics))
            if random.random() < 0.15:
                text += " sent from my telephone gesendet von unterwegs"
            texts.append(_row(random, hour, text))
        if hour % 24 == 7:
            texts += [_row(random, hour, f"robot report {common[50]} nightly check failed {n}")
                      for n in range(random.randint(10, 20))]  # fmt: skip
        if hour % 168 == 58:
            texts += [_row(random, hour, "newsletter unsubscribe kebab offer " + said(topics[0]))
                      for _ in range(random.randint(20, 30))]  # fmt: skip
        if random.random() < 0.01:  # one who writes again and again
            mad = f"customer {random.random()}"
            text = " ".join(_vocabulary(random, 4)) + " " + said(topics[1])
            texts += [Row(BEGIN + hour + random.random(), text, mad) for _ in range(12)]
    found = [_inject(random, texts, said, topics, common, hours) for _ in range(troubles)]
    texts.sort(key=lambda row: row.at)
    return Inbox(texts, sorted(found, key=lambda one: one.start))


def naive(texts: Sequence[Row], times: float = 5.0, least: int = 10) -> list[tuple[float, str]]:
    """The rule that one writes first: a word today `times` as often as in the mean of the 7 days
    before, and in `least` texts; (hour, word), again after two days at the soonest."""
    days: dict[int, Counter[str]] = {}
    told: dict[str, float] = {}
    found = []
    for row in texts:
        day = int((row.at - BEGIN) // 24)
        today = days.setdefault(day, Counter())
        for word in set(row.text.split()):
            today[word] += 1
            if today[word] < least or day < 14 or row.at - told.get(word, 0.0) < 48:
                continue
            before = sum(days.get(d, Counter())[word] for d in range(day - 7, day)) / 7
            if today[word] >= times * max(before, 1.0):
                told[word] = row.at
                found.append((row.at, word))
    return found


def judged(
    boxes: Sequence[Inbox], alarms: Sequence[Sequence[tuple[float, tuple[str, ...]]]]
) -> Score:
    """How good alarms (hour, terms) are; those from the third week on count."""
    first = BEGIN + 14 * 24
    found, named, total, false, months = 0, 0, 0, 0, 0.0
    delays: list[float] = []
    for box, raised in zip(boxes, alarms, strict=True):
        months += (box.texts[-1].at - first) / 720
        truths = [one for one in box.bursts if one.start >= first]
        total += len(truths)
        for one in truths:
            hits = [a for a in raised if one.start <= a[0] <= one.end + 1 and _about(a[1], one)]
            if hits:
                found += 1
                delays.append(hits[0][0] - one.start)
                named += _about(hits[0][1][:1], one)
        groups: list[float] = []
        for at, terms in raised:
            near = any(o.start <= at <= o.end + _AFTER and _about(terms, o) for o in box.bursts)
            if at >= first and not near and (not groups or at - groups[-1] > 6):
                groups.append(at)  # words that alarm together are one false alarm
        false += len(groups)
    middle = sorted(delays)[len(delays) // 2] if delays else float("nan")
    return Score(found / max(total, 1), middle, false / months, named / max(found, 1))


def ours(box: Inbox) -> list[tuple[float, tuple[str, ...]]]:
    return [(one.burst.alarm, one.terms) for one in bursts(box.texts)]


def _about(terms: Iterable[str], one: Injected) -> bool:
    words = {word for term in terms for word in term.split()}
    return bool(words & set(one.words))


def _inject(
    random: Random,
    texts: list[Row],
    said: object,
    topics: list[list[str]],
    common: list[str],
    hours: int,
) -> Injected:
    start = random.randrange(14 * 24, hours - 60)
    length = random.choice((3, 12, 48))
    customers = random.randint(8, 40)
    rare = random.sample(common[-500:], 2)
    words = tuple(_vocabulary(random, random.choice((1, 2, 3))) + rare)
    topic = random.choice(topics)
    for _ in range(customers):
        own = random.sample(words, max(2, len(words) - 1))
        filler = random.choices(common[:300], k=random.randint(4, 15)) + random.sample(topic, 2)
        random.shuffle(filler)
        at = BEGIN + start + random.random() * length
        text = " ".join([*filler[:3], *own, *filler[3:]])
        texts.append(Row(at, text, f"customer {random.random()}"))
    return Injected(BEGIN + start, BEGIN + start + length, words, customers)


def _row(random: Random, hour: int, text: str) -> Row:
    return Row(BEGIN + hour + random.random(), text, f"customer {random.random()}")


def _vocabulary(random: Random, words: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < words:
        found["".join(random.choices(_SYLLABLES, k=random.randint(2, 4)))] = None
    return list(found)


def _season(hour: int) -> float:
    weekend = 0.5 if hour % 168 >= 120 else 1.2
    return weekend * (1 + 0.8 * cos(2 * pi * (hour % 24 - 14) / 24))


def _drawn(random: Random, mean: float) -> int:
    count, left = 0, random.expovariate(1.0)
    while left < mean:
        count += 1
        left += random.expovariate(1.0)
    return count


def main(seed: int = 2026) -> None:
    """Print the table, and how long 100,000 texts take."""
    boxes = [inbox(seed + i) for i in range(4)]
    print(f"{'':<36}{'found':>7}{'delay h':>9}{'named':>8}{'false a month':>15}")
    print(judged(boxes, [ours(box) for box in boxes]).row("ours"), flush=True)
    for times, least in ((3.0, 8), (5.0, 10), (10.0, 15)):
        alarms = [[(at, (w,)) for at, w in naive(box.texts, times, least)] for box in boxes]
        print(judged(boxes, alarms).row(f"{times:g} times as often, {least} texts"), flush=True)
    large = inbox(seed, weeks=12, a_day=1_200.0)
    begin = time.process_time()
    bursts(large.texts)
    print(f"{len(large.texts):,} texts: {time.process_time() - begin:.1f} s CPU")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
