"""New kinds of trouble that no label stands for: words that burst together.

1. A text is a set of terms (words and pairs of neighbours). Those of the last 48 hours are held one
   by one; what is older is a memory of each term: how often, how unevenly over days, the fullest
   hour and day. Both are bounded, and what is not seen again is forgotten.
2. `judge` tests the terms of what came since the last time: distinct customers in the last 1 to 48
   hours against what its own past, scaled to the texts of these hours, lets expect. The tail is
   that of the negative binomial: exact for low counts, wider where the rate is known badly.
3. A term must also exceed the fullest hour and day that it had, so that signatures, templates and
   newsletters that come again are none.
4. Terms that burst in the same texts are one trouble. It is named by its most telling terms and
   updated until it is over; its texts never enter the memory of its terms.
Looks only backwards; the same texts in the same order give the same bursts.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from math import log, sqrt

from chalicelib.trends.bursts import Burst, Past, Text
from chalicelib.trends.distribution import log_upper_tail

WINDOWS = (1, 3, 6, 12, 24, 48)
LONGEST = WINDOWS[-1]
MIN_CUSTOMERS = 5
MOST_TEXTS = 20_000  # of the last 48 hours
NAMED_BY = 5
_LN10 = log(10)
_THRESHOLD = -6.3 * _LN10  # about one false burst in four months at 300 texts a day
_LEAST_LIFT = 3.0
_BEYOND = 1.3  # times the fullest hour or day so far
_WARM_DAYS, _WARM_TEXTS = 5, 150
_KEPT_A_DAY = 0.95
_FORGOTTEN_BELOW, _FORGOTTEN_DAYS = 1.5, 10
_PRIOR = 0.3  # cases that a term without a past is taken to have had
_DISPERSION, _DISPERSION_DAYS = 1.3, 5.0
_SAME = 0.5  # share of the smaller one's texts that two terms of one trouble have in common
_QUIET_HOURS = 12
_REMEMBERED = 50  # bursts that are over


@dataclass(slots=True)
class _Hit:
    term: str
    window: int
    seen: int
    expected: float
    log_p: float
    texts: frozenset[int]


class Emerging:
    """The watch over words. `most_past` bounds how many terms are remembered."""

    def __init__(self, most_past: int = 60_000) -> None:
        self.most_past = most_past
        self.past: dict[str, Past] = {}
        self.texts: dict[int, Text] = {}  # of the last 48 hours, by number, in order of time
        self.known: set[str] = set()
        self.postings: dict[str, list[int]] = {}
        self.open: list[Burst] = []
        self.over: list[Burst] = []
        self.past_texts = 0.0
        self.past_days = 0.0
        self.first: float | None = None
        self.numbered = 0
        self.bursts = 0
        self.floor = 0.0  # cases that a term may have had and be forgotten, for want of room
        self.day: int | None = None
        self.touched: set[str] = set()

    def add(self, text: Text) -> None:
        """A text that came; one that is known already changes nothing."""
        if text.id in self.known:
            return
        if self.first is None:
            self.first = text.at
        number = self.numbered
        self.numbered += 1
        self.texts[number] = text
        self.known.add(text.id)
        for term in text.terms:
            self.postings.setdefault(term, []).append(number)
        self.touched.update(text.terms)
        if len(self.texts) > MOST_TEXTS:
            self._fold(next(iter(self.texts)))

    def judge(self, now: float) -> list[Burst]:
        """Bursts that begin now. Those that go on are in `open`, updated; `over` got their end."""
        self._forget_until(now - LONGEST)
        hits = self._hits(now)
        self.touched.clear()
        begun = []
        for group in _grouped(hits):
            known = self._known(group, now)
            if known is None:
                begun.append(self._begin(group, now))
            elif known.end is None or self._again(known, group):
                self._update(known, group, now)
        self._close(now)
        return begun

    # -- the test

    def _warm(self, now: float) -> bool:
        old = self.first is not None and now - self.first >= _WARM_DAYS * 24
        return old and self.past_texts >= _WARM_TEXTS

    def _hits(self, now: float) -> list[_Hit]:
        if not self._warm(now):
            return []
        numbers = list(self.texts)
        times = [text.at for text in self.texts.values()]
        firsts, totals = [], {}
        for window in WINDOWS:
            at = bisect_left(times, now - window)
            firsts.append((window, numbers[at] if at < len(numbers) else self.numbered))
            totals[window] = len(numbers) - at
        found = []
        for term in self.touched:
            postings = self.postings.get(term, ())
            if len(postings) >= MIN_CUSTOMERS:
                hit = self._test(term, list(postings), firsts, totals)
                if hit is not None:
                    found.append(hit)
        return found

    def _test(
        self,
        term: str,
        postings: list[int],
        firsts: list[tuple[int, int]],
        totals: dict[int, int],
    ) -> _Hit | None:
        past = self.past.get(term)
        cases = (past.cases if past else self.floor) + _PRIOR
        best: _Hit | None = None
        for window, first in firsts:
            begin = bisect_left(postings, first)
            count = len(postings) - begin
            if count < MIN_CUSTOMERS:
                continue
            share = totals[window] / max(self.past_texts, 1.0)
            expected = cases * share
            if count < _LEAST_LIFT * expected or count < self._fullest(past, window):
                continue
            if count - expected < 3.5 * sqrt(expected):
                continue
            texts = postings[begin:]
            seen = len({self.texts[n].customer for n in texts})
            if seen < max(MIN_CUSTOMERS, _LEAST_LIFT * expected, self._fullest(past, window)):
                continue
            spread = self._dispersion(past) * (1.0 + share)
            log_p = log_upper_tail(seen, expected, spread)
            if log_p <= _THRESHOLD and (best is None or log_p < best.log_p):
                best = _Hit(term, window, seen, expected, log_p, frozenset(texts))
        return best

    def _fullest(self, past: Past | None, window: int) -> float:
        """What it had in its past in as many hours, at most."""
        if past is None:
            return self.floor + 1 if self.floor else 0.0
        hour, day = max(past.top_hour, past.in_hour), max(past.top_day, past.in_day)
        return _BEYOND * min(window * hour, max(1.0, window / 24) * day) + 1

    def _dispersion(self, past: Past | None) -> float:
        """Variance / mean of its days, shrunk to the usual one."""
        if past is None or self.past_days < 1 or past.cases <= 0:
            return _DISPERSION
        mean = past.cases / self.past_days
        variance = max(past.squares / self.past_days - mean * mean, 0.0)
        weight = self.past_days * min(1.0, mean)
        ratio = variance / mean
        return max(1.0, (weight * ratio + _DISPERSION_DAYS * _DISPERSION) / (weight + 5.0))

    # -- bursts

    def _known(self, group: list[_Hit], now: float) -> Burst | None:
        """The burst that this group is a part of, also one that is over since less than 48 hours,
        whose texts still lie in the windows."""
        recent = [b for b in self.over if b.end is not None and now - b.end < LONGEST]
        return next((b for b in (*self.open, *reversed(recent)) if self._same(b, group)), None)

    def _again(self, burst: Burst, group: list[_Hit]) -> bool:
        """Whether it goes on after its end: with new texts, not with those that it had."""
        had = set(burst.cases)
        new = {n for hit in group for n in hit.texts if self.texts[n].id not in had}
        if len({self.texts[n].customer for n in new}) < MIN_CUSTOMERS:
            return False
        if not any(_is_much(hit, len(new & hit.texts)) for hit in group):
            return False
        self.over.remove(burst)
        self.open.append(burst)
        burst.end = None
        return True

    def _same(self, burst: Burst, group: list[_Hit]) -> bool:
        if {hit.term for hit in group} & set(burst.terms):
            return True
        cases = set(burst.cases)
        texts = {self.texts[n].id for hit in group for n in hit.texts}
        return len(texts & cases) >= _SAME * min(len(texts), len(cases) or 1)

    def _begin(self, group: list[_Hit], now: float) -> Burst:
        best = min(group, key=lambda hit: hit.log_p)
        self.bursts += 1
        burst = Burst(
            id=self.bursts,
            start=min(self.texts[n].at for n in best.texts),
            alarm=now,
            window=best.window,
            terms=[],
            seen=0,
            expected=best.expected,
            p=1.0,
            last=now,
        )
        self.open.append(burst)
        self._update(burst, group, now)
        return burst

    def _update(self, burst: Burst, group: list[_Hit], now: float) -> None:
        named = _named(group)
        best = named[0]
        p = 10 ** max(best.log_p / _LN10, -300.0)
        if p <= burst.p:
            burst.seen, burst.expected, burst.p = best.seen, best.expected, p
            old = [term for term in burst.terms if term not in {hit.term for hit in named}]
            burst.terms = [*(hit.term for hit in named), *old][: 4 * NAMED_BY]
        texts = sorted({n for hit in group for n in hit.texts})
        known = set(burst.cases)
        burst.cases += [self.texts[n].id for n in texts if self.texts[n].id not in known]
        people = {text.customer for text in self.texts.values() if text.id in known}
        people |= {self.texts[n].customer for n in texts}
        burst.customers = max(burst.customers, len(people))
        burst.last = now

    def _close(self, now: float) -> None:
        """A burst is over when the last half day is as usual."""
        for burst in list(self.open):
            if self._quiet(burst, now):
                burst.end = now
                self.open.remove(burst)
                self.over.append(burst)
        del self.over[:-_REMEMBERED]

    def _quiet(self, burst: Burst, now: float) -> bool:
        first = now - _QUIET_HOURS
        recent = [n for n, text in self.texts.items() if text.at >= first]
        begin = recent[0] if recent else self.numbered
        for term in burst.terms[:NAMED_BY]:
            postings = self.postings.get(term, [])
            seen = len(postings) - bisect_left(postings, begin)
            past = self.past.get(term)
            usual = ((past.cases if past else self.floor) + _PRIOR) * len(recent)
            usual /= max(self.past_texts, 1.0)
            if seen >= 3 and log_upper_tail(seen, usual, self._dispersion(past)) < log(0.01):
                return False
        return True

    # -- memory

    def _forget_until(self, oldest: float) -> None:
        while self.texts:
            number = next(iter(self.texts))
            if self.texts[number].at >= oldest:
                return
            self._fold(number)

    def _fold(self, number: int) -> None:
        """A text becomes part of the past."""
        text = self.texts.pop(number)
        self.known.discard(text.id)
        day, hour = int(text.at // 24), int(text.at)
        if self.day is None:
            self.day = day
        while self.day < day:
            self._midnight(self.day)
            self.day += 1
        apart = [b for b in (*self.open, *self.over[-5:]) if not b.noise and text.id in b.cases]
        bursting = {term for burst in apart for term in burst.terms}
        self.past_texts += 1
        for term in text.terms:
            postings = self.postings[term]
            if len(postings) == 1:
                del self.postings[term]
            else:
                del postings[0]
            if term in bursting:
                continue
            past = self.past.get(term)
            if past is None:
                past = self.past[term] = Past(cases=self.floor)
            past.count(day, hour)

    def _midnight(self, day: int) -> None:
        self.past_texts *= _KEPT_A_DAY
        self.past_days = self.past_days * _KEPT_A_DAY + 1
        gone = []
        for term, past in self.past.items():
            past.settle()
            past.cases *= _KEPT_A_DAY
            past.squares *= _KEPT_A_DAY
            past.top_hour *= 0.99
            past.top_day *= 0.99
            if past.cases < _FORGOTTEN_BELOW and day - past.day > _FORGOTTEN_DAYS:
                gone.append(term)
        for term in gone:
            del self.past[term]
        if len(self.past) > self.most_past:
            kept = sorted(self.past.items(), key=lambda item: (-item[1].cases, -item[1].day))
            self.past = dict(kept[: self.most_past])
            self.floor = kept[self.most_past][1].cases
        else:
            self.floor *= _KEPT_A_DAY


def _grouped(hits: list[_Hit]) -> list[list[_Hit]]:
    """Hits that share most of their texts, directly or by others, are one trouble."""
    order = sorted(hits, key=lambda hit: (hit.log_p, hit.term))
    groups: list[tuple[set[int], list[_Hit]]] = []
    for hit in order:
        for texts, group in groups:
            if len(hit.texts & texts) >= _SAME * min(len(hit.texts), len(texts)):
                group.append(hit)
                break
        else:
            groups.append((set(hit.texts), [hit]))
    return [group for _, group in groups]


def _is_much(hit: _Hit, new: int) -> bool:
    """Whether the new ones of its texts would be a burst by themselves."""
    return log_upper_tail(new, hit.expected, _DISPERSION) <= _THRESHOLD


def _named(group: list[_Hit]) -> list[_Hit]:
    """The most telling terms first, without words that a pair of them says already."""
    order = sorted(group, key=lambda hit: (hit.log_p, -len(hit.term), hit.term))
    pairs = [hit for hit in order if " " in hit.term]
    found = []
    for hit in order:
        said = any(
            hit.term in pair.term.split() and len(pair.texts) >= 0.7 * len(hit.texts)
            for pair in pairs
        )
        if " " in hit.term or not said:
            found.append(hit)
    return found or order
