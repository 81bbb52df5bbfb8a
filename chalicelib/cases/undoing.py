"""Taking one change of a case back. Pure.

The history entry of a change keeps what its fields were, raw. Undoing puts that back, with who or
what had decided it, where nobody has changed those fields since; states go back also where the
table of states has no such step, because it is as if the step had never been.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from chalicelib.cases import rules
from chalicelib.cases.models import Case, Message
from chalicelib.cases.rules import FIELDS, Change
from chalicelib.errors import Conflict, Invalid

UNDO = timedelta(minutes=10)  # how long a change can be taken back
ALONG = {"status": "resolved_at", "team": "routed"}
"""What changes with a field, and goes back with it."""


def before(case: Case, changes: Iterable[str]) -> dict[str, Any]:
    """What an undo of those changes has to restore, for the history entry; None is left out."""
    stored = case.model_dump(mode="json", exclude_none=True)
    names = set(changes)
    plain = {name for name in names if not name.startswith(FIELDS)}
    wanted = plain | {ALONG[name] for name in plain & ALONG.keys()}
    kept = {name: stored[name] for name in sorted(wanted) if name in stored}
    own = {name.removeprefix(FIELDS) for name in names - plain}
    if own:
        kept["fields"] = {name: case.fields[name] for name in own if name in case.fields}
    reasons = {name: case.reasons[name] for name in plain if name in case.reasons}
    return {"was": kept, "reasons": reasons}


def undo(case: Case, entry: Message, now: datetime) -> Change:
    """The case without the change of that history entry.

    Raises Invalid for an entry that keeps nothing to restore, Conflict after ten minutes, where
    somebody changed the same since, or in a case that is a part of another.
    """
    if "was" not in entry.before:
        raise Invalid.field("event", "is no change that could be undone")
    if now - entry.created_at > UNDO:
        raise Conflict("a change can be undone for ten minutes")
    if case.merged_into:
        raise Conflict(f"{case.reference} is a part of another case", merged_into=case.merged_into)
    since = [name for name, (_, to) in entry.changes.items() if rules.shown(case, name) != to]
    if since:
        raise Conflict(f"somebody changed {', '.join(since)} since")
    back = _restored(case, entry, now)
    changes = rules.differences(case, back, [n.split(".")[0] for n in entry.changes])
    return Change(case=rules.touch(back, now), changes=changes)


def _restored(case: Case, entry: Message, now: datetime) -> Case:
    was, names = entry.before["was"], set(entry.changes)
    plain = {name for name in names if not name.startswith(FIELDS)}
    fields: dict[str, Any] = {
        name: was.get(name) for name in plain | {ALONG[n] for n in plain & ALONG.keys()}
    }
    own = {name.removeprefix(FIELDS) for name in names - plain}
    fields["fields"] = rules.with_fields(
        case.fields, {name: was.get("fields", {}).get(name) for name in own}
    )
    reasons = {name: why for name, why in case.reasons.items() if name not in plain}
    fields["reasons"] = reasons | entry.before.get("reasons", {})
    kept = case.model_dump(mode="json", exclude_none=True, exclude=set(fields))
    found = {name: value for name, value in fields.items() if value is not None}
    back = Case.model_validate({**kept, **found})
    over = back.snoozed_until is not None and back.snoozed_until <= now
    return rules.awake(back) if over or back.status not in rules.UNSOLVED else back
