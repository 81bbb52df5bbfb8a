"""Which team the cases of a topic were given to by people: what learned teams are made of.

Read from the history entry of the correction, so that the same entry, however often it is read,
leaves the same (routing/learned.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.cases.models import AuthorType, Case, Message
from chalicelib.errors import Contended
from chalicelib.flows.learning import EVENT
from chalicelib.routing.learned import with_correction
from chalicelib.routing.models import Correction
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import WriteRefused
from chalicelib.understanding.models import TopicsSettings

if TYPE_CHECKING:
    from chalicelib.store.agents import AgentStore
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.settings import SettingsStore

ATTEMPTS = 8


@dataclass(frozen=True)
class TeamLearning:
    cases: CaseStore
    agents: AgentStore
    settings: SettingsStore

    def learn(self, reaction: Reaction) -> None:
        """Keep to which team a person gave the case; nothing where the entry says no such thing."""
        if EVENT not in reaction.data:
            return
        case = self.cases.get(reaction.case_id)
        entry = self.cases.message(case.id, reaction.data[EVENT])
        _, team = entry.changes.get("team", ("", ""))
        topic = _topic(case, entry)
        if entry.author.type is not AuthorType.AGENT or not team or not topic:
            return
        configured = self.settings.read("topics", TopicsSettings).teams.get(topic, "")
        fresh = Correction(
            case_id=case.id,
            team=team,
            configured=configured,
            by=entry.author.id,
            at=entry.created_at,
        )
        self._keep(topic, fresh)

    def _keep(self, topic: str, fresh: Correction) -> None:
        for _ in range(ATTEMPTS):
            known, version = self.agents.corrections(topic)
            kept = with_correction(known, fresh)
            if kept == known:
                return
            try:
                self.agents.keep_corrections(topic, kept, version)
            except WriteRefused:
                continue  # another correction of the topic at the same moment
            return
        raise Contended(f"corrections of topic {topic} lost {ATTEMPTS} races")


def _topic(case: Case, entry: Message) -> str:
    """The case's topic as it was after the correction."""
    return entry.changes.get("topic", ["", ""])[1] or case.topic.label or ""
