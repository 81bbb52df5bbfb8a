"""Customers who wrote about a problem hear in their own case what is known, and when it is over.

Each case gets each text once: what it was told lies in its link, and changes in the same
transaction as the message. The message goes the ordinary way out (flows/sending.py), is written by
the system, and says that it is automatic. It stops no clock: nobody has answered yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.cases.models import Author, AuthorType, Case, CaseStatus, Message
from chalicelib.channels import compose
from chalicelib.channels.settings import ChannelSettings
from chalicelib.customers.rules import opted_out
from chalicelib.errors import Conflict, Invalid
from chalicelib.flows.answers import pick
from chalicelib.flows.replying import WRITABLE
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids
from chalicelib.problems import rules
from chalicelib.problems.models import Link, LinkState, Problem, ProblemSettings, ProblemState
from chalicelib.store import keys
from chalicelib.store.table import Write

if TYPE_CHECKING:
    from chalicelib.flows.outlets import Outlets
    from chalicelib.flows.replying import Replying
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.settings import SettingsStore

KNOWN = {
    "en": "We know of this trouble and are working on it.\n\n{{text}}\n\n"
    "We will write again when it is over. This message was sent automatically.",
    "de": "Diese Störung ist uns bekannt, wir arbeiten daran.\n\n{{text}}\n\n"
    "Wir melden uns, sobald sie behoben ist. Diese Nachricht wurde automatisch versandt.",
    "fr": "Nous connaissons ce problème et y travaillons.\n\n{{text}}\n\n"
    "Nous vous écrirons dès qu'il sera résolu. Ce message a été envoyé automatiquement.",
    "es": "Conocemos este problema y trabajamos en él.\n\n{{text}}\n\n"
    "Le escribiremos cuando esté resuelto. Este mensaje se ha enviado automáticamente.",
}
OVER = {
    "en": "The trouble that you wrote to us about ({{text}}) is over. If it is not for you, simply "
    "answer.\n\nThis message was sent automatically.",
    "de": "Die Störung, wegen der Sie uns geschrieben haben ({{text}}), ist behoben. Falls nicht, "
    "antworten Sie einfach.\n\nDiese Nachricht wurde automatisch versandt.",
    "fr": "Le problème que vous nous aviez signalé ({{text}}) est résolu. Sinon, répondez "
    "simplement.\n\nCe message a été envoyé automatiquement.",
    "es": "El problema del que nos escribió ({{text}}) está resuelto. Si no es así, responda a "
    "este mensaje.\n\nEste mensaje se ha enviado automáticamente.",
}
SOLVED = frozenset({CaseStatus.RESOLVED, CaseStatus.CLOSED})


@dataclass(frozen=True)
class Informing:
    cases: CaseStore
    customers: CustomerStore
    problems: ProblemStore
    settings: SettingsStore
    replying: Replying
    outlets: Outlets
    clock: Clock
    ids: Ids

    def due(self, problem: Problem, link: Link) -> dict[str, Any]:
        """What the link says after the case was told what it has to be told; {} for nothing."""
        settings = self.settings.read("problems", ProblemSettings)
        if link.state != LinkState.LINKED:
            return {}
        if problem.state in rules.TELLS and settings.tell_known and problem.workaround.strip():
            new = link.told_version < problem.text_version
            return {"told_version": problem.text_version} if new else {}
        if problem.state in (ProblemState.VERIFIED, ProblemState.CLOSED) and settings.tell_resolved:
            new = link.closed_round < problem.round
            return {"closed_round": problem.round} if new else {}
        return {}

    def tell(self, problem_id: str, case_id: str) -> list[Write]:
        """Writes that tell one case what is new; none where it knows. They are refused as "link"
        where somebody else told it meanwhile."""
        problem = self.problems.get(problem_id)
        link = self.problems.link(problem_id, case_id)
        due = self.due(problem, link) if link else {}
        if link is None or not due:
            return []
        case = self.cases.final(case_id)
        over = "closed_round" in due
        if case.status in SOLVED and not over:
            return []
        now = self.clock()
        told = link.model_copy(
            update={**due, "told_at": now, "updated_at": now, "version": link.version + 1}
        )
        try:
            message = self._message(case, problem, over, now)
        except (Conflict, Invalid) as refused:
            note = event(case, self.ids.new(), now, f"not told of the problem: {refused}", {})
            return [self.problems.write_link(told), self.cases.new_message(note)]
        return [
            self.problems.write_link(told),
            self.problems.count_told(problem_id, link.hour),
            self.cases.new_message(message),
            *self.replying.to_send(message),
        ]

    def _message(self, case: Case, problem: Problem, over: bool, now: datetime) -> Message:
        """Raises Conflict or Invalid where nothing can be sent."""
        customer = self.customers.final(case.customer_id)
        channel, to = case.reply_channel, case.reply_to
        if not to:
            raise Conflict("no address is known")
        if to in customer.suppressed or opted_out(customer, channel):
            raise Conflict(f"they get nothing by {channel} any more")
        if channel not in WRITABLE:
            to = self.outlets.address(case, channel)
        words = problem.public.title.strip() or problem.title if over else problem.workaround
        text = compose.fill(pick(OVER if over else KNOWN, case.language), {"text": words.strip()})
        self.outlets.check(case, channel, text, 0)
        company = self.settings.read("channels", ChannelSettings).company
        author = Author(type=AuthorType.SYSTEM, name=company)
        message = self.replying.message(case, channel, to, text, author, now)
        number = problem.round if over else problem.text_version
        name = keys.digest(f"problem {problem.id} {case.id} {over} {number}")[:26]
        return message.model_copy(update={"id": name, "automatic": True})
