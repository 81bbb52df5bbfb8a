"""Every few minutes: do words burst that no topic stands for? They become a trend of their own.

1. The words of the contacts that came since the last look are read and given to the watch over
   words (trends/emerging.py), whose memory lies in the bucket. Where it is lost, it begins anew,
   and says nothing for the first days.
2. A burst whose contacts lie in a cell that is a trend already only adds its words to that trend.
3. Any other one is a trend of kind "emerging": one item that is updated while it lasts, that ends,
   and that a person can dismiss; what was dismissed is ordinary from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.errors import NotFound, StaleVersion
from chalicelib.observability import logger
from chalicelib.ports import Clock, Ids, Objects
from chalicelib.store.counts import NewWords, hour_name
from chalicelib.trends import showing, wordkeeping
from chalicelib.trends.bursts import Burst, Text
from chalicelib.trends.distribution import lower_bound, upper_bound
from chalicelib.trends.emerging import LONGEST, NAMED_BY, Emerging
from chalicelib.trends.models import Method, Trend, TrendHour, TrendKind, TrendState
from chalicelib.trends.series import hour_of, moment_of
from chalicelib.trends.state import StateNotUnderstood
from chalicelib.trends.wordkeeping import KeptWords

if TYPE_CHECKING:
    from chalicelib.store.counts import CountStore
    from chalicelib.store.trends import TrendStore

KEY = "trends/words.json.gz"
EXAMPLES = 10
ASKED = 100  # newest cases of a burst, of which is asked where they are counted
_EXPLAINED = 0.6
_DISPERSION, _BAND = 1.3, 0.005


@dataclass(frozen=True)
class Noticing:
    counts: CountStore
    trends: TrendStore
    objects: Objects
    clock: Clock
    ids: Ids

    def notice(self, now: datetime) -> int:
        """Look once; returns how many emerging trends are active."""
        kept = self._load()
        came = self._read(kept, now)
        same_hour = kept.looked_at is not None and hour_of(kept.looked_at) == hour_of(now)
        if same_hour and not came and not kept.engine.open:
            return 0
        for words in came:
            kept.engine.add(_text(words))
        kept.engine.judge(_hours(now))
        kept.looked_at = now
        active = self._tell(kept.engine, now)
        self.objects.put(KEY, wordkeeping.pack(kept), "application/gzip")
        return active

    def _load(self) -> KeptWords:
        try:
            return wordkeeping.unpack(self.objects.get(KEY))
        except NotFound:
            return KeptWords(Emerging())
        except StateNotUnderstood as error:
            logger().warning("memory of words begins anew", extra={"reason": str(error)})
            return KeptWords(Emerging())

    def _read(self, kept: KeptWords, now: datetime) -> list[NewWords]:
        """What came since the last look, oldest first."""
        running = hour_of(now)
        since = hour_of(kept.looked_at) - 1 if kept.looked_at else running - LONGEST
        hours = range(max(since, running - LONGEST), running + 1)
        found = [w for hour in hours for w in self.counts.words_of(hour_name(moment_of(hour)))]
        new = [words for words in found if words.case_id not in kept.engine.known]
        return sorted(new, key=lambda words: (words.at, words.case_id))

    def _tell(self, engine: Emerging, now: datetime) -> int:
        """Bring the trends in line with the bursts; the number of active ones."""
        active = 0
        for burst in list(engine.open):
            if not burst.name:
                burst.name = self._begin(burst, engine, now)
                active += bool(burst.name)
            elif self._go_on(burst, engine, now):
                active += 1
        for burst in engine.over:
            if burst.name and burst.end is not None:
                self._end(burst, now)
        return active

    def _begin(self, burst: Burst, engine: Emerging, now: datetime) -> str:
        """The id of its trend: a new one, or that which its contacts are counted in already."""
        known = self._explained_by(burst)
        if known is not None:
            if not known.terms:
                self._save(known, now, terms=burst.terms[:NAMED_BY])
            return ""
        trend = Trend(
            id=self.ids.new(),
            series=f"words={burst.terms[0]}",
            kind=TrendKind.EMERGING,
            started_at=_moment(burst.start),
            detected_at=now,
            last_seen_at=now,
            window_hours=burst.window,
            expected=burst.expected,
            seen=burst.seen,
            p=burst.p,
            lift=burst.seen / max(burst.expected, 0.01),
            method=Method.WORDS,
            created_at=now,
            updated_at=now,
        )
        self.trends.add(trend.model_copy(update=self._fields(burst, engine, now)))
        return trend.id

    def _go_on(self, burst: Burst, engine: Emerging, now: datetime) -> bool:
        """Update its trend; False where a person dismissed it."""
        trend = self.trends.get(burst.name)
        if trend.state is TrendState.DISMISSED:
            burst.noise = True
            return False
        grew = burst.customers != trend.customers or len(burst.cases) != trend.cases
        if grew or trend.state is TrendState.ENDED:
            again = {"state": TrendState.ACTIVE, "ended_at": None, "calm_since": None}
            fields = self._fields(burst, engine, now)
            self._save(trend, now, last_seen_at=now, **again, **fields)
        return True

    def _end(self, burst: Burst, now: datetime) -> None:
        trend = self.trends.get(burst.name)
        if trend.ended_at is None:
            dismissed = trend.state is TrendState.DISMISSED
            state = trend.state if dismissed else TrendState.ENDED
            self._save(trend, now, state=state, ended_at=now, calm_since=_moment(burst.last))

    def _explained_by(self, burst: Burst) -> Trend | None:
        """The active trend that most of its contacts are counted in."""
        active = [t for t in self.trends.active() if t.kind is TrendKind.COUNTED]
        if not active:
            return None
        counted = self.counts.facts(burst.cases[-ASKED:])
        for trend in active:
            inside = sum(trend.series in one.cells for one in counted)
            if counted and inside >= _EXPLAINED * len(counted):
                return trend
        return None

    def _fields(self, burst: Burst, engine: Emerging, now: datetime) -> dict[str, Any]:
        """What is shown of a burst as it is now."""
        counted = self.counts.facts(burst.cases[-ASKED:])
        affected = {one.customer_id: one.cells for one in counted}
        named = burst.terms[:NAMED_BY]
        return {
            "title": "New words: " + ", ".join(f"“{term}”" for term in named),
            "terms": named,
            "confidence": round(1.0 - min(1.0, burst.p * max(len(engine.past), 1)), 4),
            "customers": burst.customers,
            "cases": len(burst.cases),
            "lifts": showing.lifts(list(affected.values()), lambda _: None),
            "example_case_ids": burst.cases[:EXAMPLES],
            "hours": _plot(burst, engine, now),
        }

    def _save(self, trend: Trend, now: datetime, **fields: Any) -> None:
        fields |= {"updated_at": now, "version": trend.version + 1}
        try:
            self.trends.save(trend.model_copy(update=fields))
        except StaleVersion:
            return  # a person changed it: the next look, in minutes, goes on


def _plot(burst: Burst, engine: Emerging, now: datetime) -> list[TrendHour]:
    """The last 48 hours of its contacts."""
    cases = set(burst.cases)
    theirs = [text for text in engine.texts.values() if text.id in cases]
    usual = max(burst.expected / burst.window, 1e-6)
    upper = upper_bound(usual, _DISPERSION, _BAND)
    lower = lower_bound(usual, _DISPERSION, _BAND)
    hours = []
    for hour in range(hour_of(now) - LONGEST + 1, hour_of(now) + 1):
        those: Sequence[Text] = [text for text in theirs if int(text.at) == hour]
        shown = TrendHour(
            hour=moment_of(hour),
            expected=round(usual, 4),
            lower=lower,
            upper=upper,
            cases=len(those),
            customers=len({text.customer for text in those}),
        )
        hours.append(shown)
    return hours


def _text(words: NewWords) -> Text:
    return Text.of(words.case_id, _hours(words.at), words.customer_id, words.words.split())


def _hours(moment: datetime) -> float:
    return moment.timestamp() / 3600


def _moment(hours: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
