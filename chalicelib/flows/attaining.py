"""How many promises were kept: cases are counted as they change, and the figures are sums.

The reaction that counts a case leads here too (handlers/reactions.py). The case may have changed
further by then: it is counted as it is now, and only if that is something else than before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from chalicelib.base import Model
from chalicelib.errors import Contended, Invalid
from chalicelib.ports import Clock
from chalicelib.promises.attainment import Attained, attained, standing, summed
from chalicelib.store.table import WriteRefused

if TYPE_CHECKING:
    from chalicelib.store.attainment import AttainmentStore
    from chalicelib.store.table import Table

ATTEMPTS = 6
LONGEST = timedelta(days=366)
USUAL = timedelta(days=29)
By = Literal["policy", "team", "topic"]


class Attainment(Model):
    """Of cases that began from `since` to `until` (UTC days, both included)."""

    since: date
    until: date
    by: By
    total: Attained
    items: tuple[Attained, ...]


@dataclass(frozen=True)
class Attaining:
    table: Table
    attainment: AttainmentStore
    clock: Clock

    def note(self, case_id: str) -> None:
        """Count the case as it stands now; raises Contended."""
        for _ in range(ATTEMPTS):
            case, before = self.attainment.case(case_id)
            if case is None:
                return
            after = standing(case)
            if before is not None and after.same(before):
                return
            try:
                self.table.commit(*self.attainment.count(case_id, before, after))
            except (WriteRefused, Contended):
                continue  # the same case was counted meanwhile, or the same day
            return
        raise Contended("counting a case's promises lost its races")

    def figures(self, by: By, since: date | None, until: date | None) -> Attainment:
        """The shares of the last thirty days, or of the days asked for; raises Invalid."""
        until = until or self.clock().date()
        since = since or until - USUAL
        if since > until:
            raise Invalid.field("since", "is after until")
        if until - since > LONGEST:
            raise Invalid.field("since", f"is more than {LONGEST.days} days before until")
        parts: dict[str, list[dict[str, int]]] = {}
        for value, counts in self.attainment.counts(by, since, until):
            parts.setdefault(value, []).append(counts)
        sums = {value: summed(counts) for value, counts in parts.items()}
        rows = {value: counts for value, counts in sums.items() if any(counts.values())}
        return Attainment(
            since=since,
            until=until,
            by=by,
            total=attained("", summed(rows.values())),
            items=tuple(attained(value, rows[value]) for value in sorted(rows)),
        )
