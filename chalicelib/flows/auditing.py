"""Who did what that others must be able to see later: the audit list.

1. A fact of our own table has its entry in the same transaction (`entry`).
2. What happens elsewhere (the user pool) has one before and one behind it (`begin`, `end`): a death
   in between leaves the first, which says that it may have happened.
3. Entries name people by their login and things by their id; no secret, no text of a customer.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from chalicelib.access.models import Act, ActState, AuditEntry, AuditSettings, Trace
from chalicelib.base import Instant, Model
from chalicelib.errors import Invalid, TooMany
from chalicelib.ports import Clock, Ids, Objects
from chalicelib.store.keys import digest
from chalicelib.store.table import Write

if TYPE_CHECKING:
    from chalicelib.store.audit import AuditStore
    from chalicelib.store.cursors import Cursors
    from chalicelib.store.rates import RateStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

FAILED_OF_ONE = 10  # failed sign-ins an hour that are kept under one address
FAILED_OF_ALL = 300  # and in all
LOOKS_LIKE_A_LOGIN = re.compile(r"[^@\s<>]{1,64}@[^@\s<>]{1,189}")
LONGEST = timedelta(days=3_650)
MOST_EXPORTED = 20_000
LINK_SECONDS = 300
COLUMNS = ("at", "who", "what", "whom", "outcome", "where", "request_id", "act_id", "details")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a cell would run in a spreadsheet


class AuditFilter(Model):
    """Which entries. `who` is whoever did it, or whom it was done to; `until` is included. Without
    `since` it is as long as entries are kept."""

    who: str = Field(default="", max_length=254)
    what: Act | None = None
    since: Instant | None = None
    until: Instant | None = None


class AuditPart(Model):
    """A page of the list, newest first, and where the next one begins."""

    entries: tuple[AuditEntry, ...]
    cursor: str | None


class ExportInput(AuditFilter):
    """The entries to write into a file, newest first."""

    format: Literal["csv", "jsonl"] = "csv"


class Exported(Model):
    """A file that was made: its link works for five minutes. Where it is not `complete`, the next
    file goes on with `until`."""

    url: str
    entries: int
    complete: bool
    until: Instant | None = None


@dataclass(frozen=True)
class Auditing:
    table: Table
    audit: AuditStore
    rates: RateStore
    settings: SettingsStore
    cursors: Cursors
    objects: Callable[[], Objects]
    clock: Clock
    ids: Ids

    # --- what happens --------------------------------------------------------------------

    def entry(
        self, by: Trace, what: Act, whom: str = "", details: dict[str, str] | None = None
    ) -> Write:
        """An entry as a part of the transaction of its fact."""
        return self._new(by, what, whom, ActState.DONE, details or {}, "")[1]

    def record(
        self, by: Trace, what: Act, whom: str = "", details: dict[str, str] | None = None
    ) -> None:
        """Something that has happened, or is about to and changes nothing."""
        self.table.commit(self.entry(by, what, whom, details))

    def begin(
        self, by: Trace, what: Act, whom: str = "", details: dict[str, str] | None = None
    ) -> AuditEntry:
        """Something that is about to happen elsewhere."""
        entry, write = self._new(by, what, whom, ActState.BEGUN, details or {}, "")
        self.table.commit(write)
        return entry

    def end(self, begun: AuditEntry, error: str = "") -> None:
        """It has happened, or was refused with that error."""
        by = Trace(who=begun.who, where=begun.where, request_id=begun.request_id)
        outcome = ActState.FAILED if error else ActState.DONE
        details = {**begun.details, **({"error": error} if error else {})}
        write = self._new(by, begun.what, begun.whom, outcome, details, begun.act_id)[1]
        self.table.commit(write)

    def refused(self, by: Trace) -> None:
        """A sign-in that failed, as far as there were not too many of them in this hour.

        What was typed is kept only where it can be a login: people type passwords there too.
        """
        now = self.clock()
        name = by.who.lower() if LOOKS_LIKE_A_LOGIN.fullmatch(by.who) else ""
        try:
            self.rates.count("failed sign-ins", digest(name), FAILED_OF_ONE, now)
            self.rates.count("failed sign-ins", "all", FAILED_OF_ALL, now)
        except TooMany:
            return
        self.record(by.model_copy(update={"who": name}), Act.SIGN_IN_FAILED)

    def _new(
        self,
        by: Trace,
        what: Act,
        whom: str,
        outcome: ActState,
        details: dict[str, str],
        act_id: str,
    ) -> tuple[AuditEntry, Write]:
        now, identifier = self.clock(), self.ids.new()
        entry = AuditEntry(
            id=identifier,
            act_id=act_id or identifier,
            at=now,
            who=by.who.lower(),
            what=what,
            whom=whom[:320],
            outcome=outcome,
            where=by.where,
            request_id=by.request_id[:100],
            details={name: text[:1_000] for name, text in details.items()},
        )
        days = self.settings.read("audit", AuditSettings).keep_days
        return entry, self.audit.new(entry, now + timedelta(days=days))

    # --- who looks -----------------------------------------------------------------------

    def find(self, wanted: AuditFilter, limit: int, cursor: str | None) -> AuditPart:
        """A page of the list; raises Malformed, Invalid."""
        scope = f"audit {wanted.model_dump_json(exclude_none=True)}"
        before = self.cursors.read(scope, cursor)
        since, until = self._between(wanted, before)
        place = before["place"] if before else None
        page = self.audit.page(since, until, self.clock(), limit, place, _keep(wanted))
        onward = {"place": page.after, "until": until.isoformat()} if page.after else None
        return AuditPart(entries=tuple(page.entries), cursor=self.cursors.write(scope, onward))

    def export(self, given: ExportInput, by: Trace) -> Exported:
        """A file of the entries, which is itself in the list."""
        wanted = AuditFilter.model_validate(given.model_dump(exclude={"format"}))
        shown = wanted.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        begun = self.begin(by, Act.AUDIT_EXPORTED, "", {"format": given.format, **shown})
        found, complete = self._all(wanted)
        text = _csv(found) if given.format == "csv" else _lines(found)
        kind = "text/csv" if given.format == "csv" else "application/x-ndjson"
        key = f"exports/audit/{begun.id}.{given.format}"
        self.objects().put(key, text.encode(), kind)
        self.end(begun)
        name = f"audit-{begun.at:%Y-%m-%d}.{given.format}"
        url = self.objects().signed_url(key, name, LINK_SECONDS, kind)
        until = found[-1].at if found and not complete else None
        return Exported(url=url, entries=len(found), complete=complete, until=until)

    def _all(self, wanted: AuditFilter) -> tuple[list[AuditEntry], bool]:
        since, until = self._between(wanted, None)
        found: list[AuditEntry] = []
        place = None
        while len(found) < MOST_EXPORTED:
            left = MOST_EXPORTED - len(found)
            page = self.audit.page(since, until, self.clock(), left, place, _keep(wanted))
            found += page.entries
            place = page.after
            if place is None:
                return found, True
        return found, False

    def _between(
        self, wanted: AuditFilter, before: dict[str, str] | None
    ) -> tuple[datetime, datetime]:
        """What a page lies between; later pages end where the first one did."""
        now = self.clock()
        until = wanted.until or now
        if before:
            until = datetime.fromisoformat(before["until"])
        kept = timedelta(days=self.settings.read("audit", AuditSettings).keep_days)
        since = wanted.since or until - kept
        if since > until:
            raise Invalid.field("since", "is after `until`")
        return max(since, until - LONGEST), until


def told(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[Act, dict[str, str]]:
    """What the list says of a changed document: which of its fields, never what is in them. Of
    teams also who came and went, since that is who sees what."""
    changed = sorted(field for field in {*before, *after} if before.get(field) != after.get(field))
    details = {"changed": ", ".join(changed)} if changed else {}
    if name == "approvals":
        return Act.APPROVALS_CHANGED, details
    moved = _members(before, after) if name == "teams" else {}
    return (Act.TEAMS_CHANGED, details | moved) if moved else (Act.SETTINGS_CHANGED, details)


def _members(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """By team: who came (+), who went (-), and whether it is restricted by now."""
    teams = [{team["name"]: team for team in side.get("teams", ())} for side in (before, after)]
    found: dict[str, str] = {}
    for name in sorted({*teams[0], *teams[1]}):
        old, new = (side.get(name) or {} for side in teams)
        was, now = ({m.lower() for m in side.get("members", ())} for side in (old, new))
        words = [f"+{one}" for one in sorted(now - was)] + [f"-{one}" for one in sorted(was - now)]
        if old.get("restricted", False) != new.get("restricted", False):
            words.append("restricted" if new.get("restricted") else "not restricted")
        if words:
            found[f"team {name}"] = " ".join(words)
    return found


def _keep(wanted: AuditFilter) -> Callable[[AuditEntry], bool]:
    who = wanted.who.strip().lower()

    def keep(entry: AuditEntry) -> bool:
        named = not who or who in (entry.who, entry.whom.lower())
        return named and (wanted.what is None or entry.what == wanted.what)

    return keep


def _csv(entries: Iterable[AuditEntry]) -> str:
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(COLUMNS)
    for entry in entries:
        shown = entry.model_dump(mode="json")
        shown["details"] = json.dumps(shown["details"], ensure_ascii=False) if entry.details else ""
        rows.writerow([_cell(str(shown[name])) for name in COLUMNS])
    return written.getvalue()


def _cell(text: str) -> str:
    """What somebody typed at the door runs in nobody's spreadsheet."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _lines(entries: Iterable[AuditEntry]) -> str:
    return "".join(f"{entry.model_dump_json()}\n" for entry in entries)
