"""What a person decides about a trend: that it is noise, or which problem it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from chalicelib.base import Model
from chalicelib.errors import StaleVersion
from chalicelib.ports import Clock
from chalicelib.store import items
from chalicelib.trends.models import Trend, TrendState

if TYPE_CHECKING:
    from chalicelib.store.cursors import Cursors
    from chalicelib.store.trends import TrendStore


class TrendPatch(Model):
    """Fields left out stay. `state` "active" takes a dismissal back."""

    state: Literal["dismissed", "active"] | None = None
    reason: str | None = Field(default=None, max_length=500)
    problem_id: str | None = Field(default=None, max_length=64)


class TrendPart(Model):
    """A page of trends, and where the next one begins."""

    trends: tuple[Trend, ...]
    cursor: str | None


@dataclass(frozen=True)
class TrendService:
    trends: TrendStore
    cursors: Cursors
    clock: Clock

    def find(self, states: list[TrendState], limit: int, cursor: str | None) -> TrendPart:
        """A page of trends in those states, newest first; raises Malformed."""
        scope = f"trends {','.join(states)}"
        merged = self.trends.listing(states, limit, self.cursors.read(scope, cursor))
        found = tuple(items.model(Trend, stored) for stored in merged.items)
        return TrendPart(trends=found, cursor=self.cursors.write(scope, merged.positions))

    def patch(self, trend_id: str, version: int, given: TrendPatch) -> Trend:
        """The trend after a person's word; raises NotFound, StaleVersion with the newest state."""
        trend = self.trends.get(trend_id)
        if trend.version != version:
            newest = trend.model_dump(mode="json")
            raise StaleVersion(f"it is at version {trend.version} by now", current=newest)
        fields = _decided(trend, given)
        if not fields:
            return trend
        fields |= {"version": trend.version + 1, "updated_at": self.clock()}
        changed = trend.model_copy(update=fields)
        self.trends.save(changed)
        return changed


def _decided(trend: Trend, given: TrendPatch) -> dict[str, Any]:
    """What is different after the patch."""
    fields: dict[str, Any] = {}
    if given.state == "dismissed":
        fields |= {"state": TrendState.DISMISSED, "dismissed_reason": given.reason or ""}
    elif given.state == "active" and trend.state == TrendState.DISMISSED:
        over = TrendState.ENDED if trend.ended_at else TrendState.ACTIVE
        fields |= {"state": over, "dismissed_reason": None}
    if "problem_id" in given.model_fields_set:
        fields["problem_id"] = given.problem_id or None
    return {name: value for name, value in fields.items() if getattr(trend, name) != value}
