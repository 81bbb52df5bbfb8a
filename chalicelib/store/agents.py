"""How agents stand: their open cases, kept with the cases themselves (store/cases.py), and whether
they are away. And what people corrected, by topic, from which teams are learned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from chalicelib.base import iso
from chalicelib.cases.models import Case
from chalicelib.routing.models import AgentState, Candidate, Correction
from chalicelib.store import items, keys
from chalicelib.store.codec import Item
from chalicelib.store.table import Page, Table, Tally, put

COUNT = "n_"  # before a channel's name: open cases that came by it
PAGE = 100


class AgentStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, email: str) -> AgentState:
        return self.some([email])[email]

    def some(self, emails: Iterable[str]) -> dict[str, AgentState]:
        """Each of them, as they stand now; one BatchGetItem a hundred."""
        wanted = {email: keys.agent(email) for email in emails}
        found = self._table.batch_get(list(wanted.values()))
        return {email: _state(email, found.get(key, {})) for email, key in wanted.items()}

    def takes(self, one: Candidate, turn: int) -> Tally:
        """A condition beside the case that they get: they stand as it was read.

        Refused as "load" where they got another case, or went away, meanwhile.
        """
        email, version = one.profile.email, one.state.version
        condition, values = _unchanged(version)
        return Tally("load", keys.agent(email), {}, {"turn": turn}, condition, values)

    def set_away(self, email: str, away: bool, until: datetime | None, note: str) -> AgentState:
        """The agent's own word on whether they are there."""
        change = {"away": away, "away_until": iso(until) if until else "", "note": note}
        self._table.commit(Tally("agent", keys.agent(email), {}, change))
        return self.get(email)

    def correct(self, state: AgentState, counted: dict[str, int]) -> None:
        """Put the numbers right; refused as "load" where they changed since they were read."""
        channels = {*state.cases, *counted}
        more = {f"{COUNT}{c}": counted.get(c, 0) - state.cases.get(c, 0) for c in channels}
        condition, values = _unchanged(state.version)
        self._table.commit(
            Tally("load", keys.agent(state.email), more, {}, condition, values),
        )

    def waiting(self, team: str, page: int, most: int) -> Iterator[Case]:
        """Cases of a team that nobody has, the most urgent and oldest first, read as needed."""
        partition = keys.waiting(team, 0, "")["gsi5pk"]
        found = self._table.query_all(partition, index="gsi5", limit=page)
        return (items.model(Case, stored) for stored in islice(found, most))

    def cases_of(self, email: str, start: Item | None) -> Page:
        """A page of all cases that were ever assigned to them and still are, as stored."""
        return self._table.query(f"ASSIGNEE#{email}", index="gsi5", limit=PAGE, start=start)

    # --- what people corrected -----------------------------------------------------------

    def corrections(self, topic: str) -> tuple[tuple[Correction, ...], int]:
        """(the newest corrections of a topic, newest first; their version, 0 for none)."""
        stored = self._table.get(keys.corrected(topic))
        if stored is None:
            return (), 0
        found = tuple(Correction.model_validate(one) for one in stored["corrections"])
        return found, int(stored["version"])

    def keep_corrections(self, topic: str, kept: Sequence[Correction], read: int) -> None:
        """Raises WriteRefused after a lost race."""
        pk, sk = keys.corrected(topic)
        item: dict[str, Any] = {
            "pk": pk,
            "sk": sk,
            "type": "corrected",
            "topic": topic,
            "corrections": [one.model_dump(mode="json") for one in kept],
            "version": read + 1,
        }
        condition = "version = :read" if read else "attribute_not_exists(pk)"
        self._table.commit(put("corrected", item, condition, **({"read": read} if read else {})))


def _unchanged(version: int) -> tuple[str, dict[str, Any]]:
    if version:
        return "version = :seen", {"seen": version}
    return "attribute_not_exists(version)", {}


def _state(email: str, stored: Item) -> AgentState:
    counted = {
        name.removeprefix(COUNT): int(number)
        for name, number in stored.items()
        if name.startswith(COUNT) and number
    }
    return AgentState(
        email=email,
        cases=counted,
        turn=int(stored.get("turn", 0)),
        away=bool(stored.get("away", False)),
        away_until=stored.get("away_until") or None,
        note=str(stored.get("note", "")),
        version=int(stored.get("version", 0)),
    )
