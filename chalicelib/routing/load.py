"""Whose load a case is a part of, and in which queue it waits. Pure.

Read at every change of a case, so it imports next to nothing.
"""

from __future__ import annotations

from chalicelib.cases.models import Case, CaseStatus

COUNTED = frozenset({CaseStatus.NEW, CaseStatus.OPEN, CaseStatus.PENDING})
"""States of a case that are a part of its agent's load."""
WAITING = frozenset({CaseStatus.NEW, CaseStatus.OPEN})


def counted_for(case: Case) -> str | None:
    """Whose load the case is a part of; None where nobody's."""
    if case.merged_into or case.spam or case.snoozed_until or case.status not in COUNTED:
        return None
    return case.assignee


def waits_for(case: Case) -> str | None:
    """The team in whose queue the case waits for somebody; None where it does not."""
    if case.assignee or case.merged_into or case.spam or case.status not in WAITING:
        return None
    if case.snoozed_until:
        return None
    return case.team
