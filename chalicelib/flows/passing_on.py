"""Handing a case over: to a team or a colleague, with a note that says what they need to know.

The note, the change and its entry in the history are one transaction, so that nobody gets a case
without the note, or a note without the case. Undoing the entry gives the case back; what was said
in the note was said, and stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from chalicelib.base import Model
from chalicelib.cases import rules
from chalicelib.cases.models import (
    Case,
    CasePatch,
    Direction,
    Message,
    MessageKind,
)
from chalicelib.cases.rules import Change
from chalicelib.customers import rules as customer_rules
from chalicelib.errors import Contended, Invalid, StaleVersion
from chalicelib.flows.casework import for_members
from chalicelib.ports import Clock, Ids
from chalicelib.settings_documents import TeamsSettings
from chalicelib.store import keys
from chalicelib.store.table import Write, WriteRefused, put_new

if TYPE_CHECKING:
    from chalicelib.flows.casework import Casework
    from chalicelib.flows.outlets import Outlets
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

ATTEMPTS = 4
DAY = timedelta(days=1)
BEHIND = timedelta(milliseconds=1)  # an entry of the history stands behind its note


class PassOn(Model):
    """To whom, and what they need to know. With a team alone it is that team's to take: whoever
    had it has it no longer. With an assignee alone the team stays."""

    team: str | None = Field(default=None, min_length=1, max_length=64)
    assignee: str | None = Field(default=None, min_length=1, max_length=254)
    note: str = Field(min_length=1, max_length=20_000)


@dataclass(frozen=True)
class PassingOn:
    table: Table
    cases: CaseStore
    casework: Casework
    outlets: Outlets
    settings: SettingsStore
    clock: Clock
    ids: Ids

    def pass_on(self, case_id: str, given: PassOn, by: str, key: str = "") -> Case:
        """The case in its new hands, awake; the same idempotency key does it once.

        Raises NotFound, Invalid (a team or colleague whom nobody knows, who has it already, or who
        is not of the restricted team that it belongs to),
        Conflict (a part of another case), Contended after lost races.
        """
        wanted = self._wanted(given, by)
        if not given.note.strip():
            raise Invalid.field("note", "says what they need to know")
        for _ in range(ATTEMPTS):
            case = self.cases.get(case_id)
            scope = keys.idempotency(f"hand over {case.id} {by}", key)
            if key and self.table.get(scope):
                return case
            try:
                return self._once(case, wanted, given.note, by, scope if key else None)
            except (StaleVersion, WriteRefused):
                continue  # somebody changed the case, or the same request was faster: look again
        raise Contended(f"handing a case over lost {ATTEMPTS} races")

    def _once(
        self, case: Case, wanted: CasePatch, text: str, by: str, scope: keys.Key | None
    ) -> Case:
        now = self.clock()
        applied = for_members(self.settings, wanted, rules.apply(case, wanted, now, by))
        if not applied.changes:
            name = "assignee" if "assignee" in wanted.model_fields_set else "team"
            raise Invalid.field(name, "has it already")
        after = rules.awake(applied.case)
        changed = Change(
            case=after, changes=rules.differences(case, after, wanted.model_fields_set)
        )
        note = Message(
            id=self.ids.new(),
            case_id=case.id,
            direction=Direction.INTERNAL,
            kind=MessageKind.NOTE,
            channel=case.channel,
            author=self.outlets.author(by),
            text=text,
            created_at=now,
            updated_at=now,
        )
        writes: list[Write] = [self.cases.new_message(note)]
        if scope:
            item = {"pk": scope[0], "sk": scope[1], "type": "idempotency", "case_id": case.id}
            writes.append(put_new("idempotency", {**item, "expires": int((now + DAY).timestamp())}))
        at = now + BEHIND
        stored = self.casework.store(case, changed, "handed over", by, *writes, at=at, words=note)
        return stored.case

    def _wanted(self, given: PassOn, by: str) -> CasePatch:
        """What changes; raises Invalid for whom nobody knows."""
        teams = self.settings.read("teams", TeamsSettings)
        if given.team is None and given.assignee is None:
            raise Invalid.field("team", "name a team or a colleague, or both")
        if given.team is not None and teams.team(given.team) is None:
            raise Invalid.field("team", "there is no such team")
        if given.assignee is None:
            return CasePatch(team=given.team, assignee=None)
        assignee = customer_rules.email(given.assignee, "assignee")
        known = {member.lower() for team in teams.teams for member in team.members} | {by.lower()}
        if assignee.lower() not in known:
            raise Invalid.field("assignee", "is in none of our teams")
        if given.team is None:
            return CasePatch(assignee=assignee)
        return CasePatch(team=given.team, assignee=assignee)
