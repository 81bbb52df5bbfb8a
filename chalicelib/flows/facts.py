"""An entry of a case's timeline is a fact; whom it concerns is told of it (flows/alerting.py).

What tells them is written with the entry itself. Where nobody could be concerned, as with most new
cases, nothing is written, so an ordinary contact costs nothing more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.cases.models import Case, Message
from chalicelib.notifications.rules import concerns
from chalicelib.store import keys
from chalicelib.store.reactions import tell_agents
from chalicelib.store.table import Write

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.reactions import ReactionStore

GRACE = timedelta(minutes=2)


def facts(
    cases: CaseStore,
    reactions: ReactionStore,
    case: Case,
    entry: Message,
    now: datetime,
    note: Message | None = None,
) -> list[Write]:
    """The writes beside an entry that get agents told of it; `case` is as it is after it.

    `note` is one that is written with an event and has the words to it.
    """
    if not concerns(case, entry):
        return []
    words = cases.message_sk(note) if note else ""
    owner = keys.case(case.id)[0]
    reaction = tell_agents(owner, entry.id, cases.message_sk(entry), words)
    return [reactions.new(reaction, now + GRACE)]
