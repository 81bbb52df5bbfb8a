"""The secret link of a case: withdrawn when it fell into wrong hands, and sent anew.

A link names the version of the case's links (access/rules.py). Raising it withdraws every link that
was given out before, wherever it is. A new one goes to the case's customer alone, never to those
who are copied in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.access.rules import Signer, mailed_token
from chalicelib.cases import rules
from chalicelib.cases.models import Case, Message
from chalicelib.channels import compose
from chalicelib.channels.models import Channel
from chalicelib.errors import Contended, StaleVersion
from chalicelib.flows.answers import pick
from chalicelib.flows.replying import ReplyInput
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids

if TYPE_CHECKING:
    from chalicelib.flows.replying import Replying
    from chalicelib.store.cases import CaseStore

ATTEMPTS = 5
NEW_LINK = {
    "en": "Here you can follow {{reference}} and add to it: {{link}}\n\n"
    "Links that you got before may no longer work.",
    "de": "Hier können Sie {{reference}} verfolgen und ergänzen: {{link}}\n\n"
    "Frühere Links gelten womöglich nicht mehr.",
    "fr": "Suivez {{reference}} et complétez-la ici : {{link}}\n\n"
    "Les liens reçus auparavant peuvent ne plus fonctionner.",
    "es": "Aquí puede seguir {{reference}} y añadir algo: {{link}}\n\n"
    "Es posible que los enlaces anteriores ya no funcionen.",
}


@dataclass(frozen=True)
class Links:
    cases: CaseStore
    replying: Replying
    signer: Callable[[], Signer]
    public_url: Callable[[], str]
    clock: Clock
    ids: Ids

    def revoke(self, case_id: str, by: str) -> Case:
        """Withdraw every link of a case, at its newest state; raises NotFound, Contended."""
        for _ in range(ATTEMPTS):
            try:
                return self._revoke(self.cases.get(case_id), by)
            except StaleVersion:
                continue  # it does not matter what else changed
        raise Contended("withdrawing a link lost its races")

    def send(self, case_id: str, by: str, key: str = "") -> Message:
        """Send the customer a new link as the agent's message; the same key sends once.

        Raises NotFound, Conflict where nothing can be sent to them, Contended.
        """
        for _ in range(ATTEMPTS):
            try:
                return self._send(self.cases.final(case_id), by, key)
            except StaleVersion:
                continue
        raise Contended("sending a link lost its races")

    def _revoke(self, case: Case, by: str) -> Case:
        raised = case.model_copy(update={"link_version": case.link_version + 1})
        after = rules.touch(raised, self.clock())
        note = event(after, self.ids.new(), after.updated_at, "links withdrawn", {}, by)
        self.cases.save(after, self.cases.new_message(note))
        return after

    def _send(self, case: Case, by: str, key: str) -> Message:
        channel = Channel.SMS if case.reply_channel == Channel.SMS else Channel.EMAIL
        token = mailed_token(self.signer(), case.reference, case.link_version, case.reply_to)
        fields = {"reference": case.reference, "link": f"{self.public_url()}/c/{token}"}
        text = compose.fill(pick(NEW_LINK, case.language), fields)
        return self.replying.reply(case.id, ReplyInput(text=text, channel=channel, cc=()), by, key)
