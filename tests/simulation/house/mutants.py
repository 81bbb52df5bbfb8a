"""The application with a mistake in it, one at a time: proof that the scenario would notice.

Each mutant replaces a part of the real application by one that is wrong in a way in which such
systems have been wrong. `MUTANTS` maps its name to what makes an application of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.bootstrap import Application
from chalicelib.cases.models import Case, DeliveryEvent, Message
from chalicelib.channels.models import InboundMessage
from chalicelib.errors import SendThrottled, SendUnknown
from chalicelib.flows.alerting import Alerting
from chalicelib.flows.batches import Batches, Settled
from chalicelib.flows.counting import Counting
from chalicelib.flows.delivery import Settling
from chalicelib.flows.intake import Receipt
from chalicelib.flows.sending import Sending
from chalicelib.flows.sweeping import Sweeping, Swept
from chalicelib.flows.texting import Texting
from chalicelib.ports import Mailer
from chalicelib.routing.models import Candidate
from chalicelib.store.agents import AgentStore
from chalicelib.store.cases import CaseStore
from chalicelib.store.counts import Counted, CountStore
from chalicelib.store.ledger import Known, Ledger
from chalicelib.store.reactions import FACT, Reaction, ReactionStore
from chalicelib.store.table import Table, Tally, Write, check, put
from tests.simulation.house.installation import Make


def fields(flow: Any) -> dict[str, Any]:
    """What a flow was made of, to make another kind of it."""
    return {field.name: getattr(flow, field.name) for field in dataclasses.fields(flow)}


class ForgetfulLedger(Ledger):
    """Neither looks whether a contact was claimed before nor lets its claim be refused."""

    def look_up(
        self, inbound: InboundMessage, references: Sequence[str], message_ids: Sequence[str]
    ) -> Known:
        return dataclasses.replace(super().look_up(inbound, references, message_ids), claim=None)

    def claim(self, inbound: InboundMessage, case_id: str, message_id: str, now: datetime) -> Write:
        given = super().claim(inbound, case_id, message_id, now)
        return Write(given.name, given.kind, {"Item": given.body["Item"]})


class ForgetsWhatItHasSeen(Application):
    @cached_property
    def ledger(self) -> Ledger:
        return ForgetfulLedger(self.table)


class LastWriterWins(CaseStore):
    """Writes a case over whatever somebody else wrote meanwhile."""

    def change(self, case: Case) -> Write:
        return put("case", self._item(case))


class IgnoresVersions(Application):
    @cached_property
    def cases(self) -> CaseStore:
        return LastWriterWins(self.table, self.settings.cases_shards)


class PartsOfTransactions(Table):
    """Writes one after the other what belongs together."""

    def _transaction(self, writes: Sequence[Write], token: str) -> None:
        for write in writes:
            self._single(write)


class WritesInPieces(Application):
    @cached_property
    def table(self) -> Table:
        return PartsOfTransactions(self._clients["dynamodb"], self.settings.table)


class ForgetfulCounts(CountStore):
    """Does not ask whether the case was counted."""

    def mark(self, case_id: str, counted: Counted) -> Write:
        given = super().mark(case_id, counted)
        return Write(given.name, given.kind, {"Item": given.body["Item"]})


class CountsThenForgets(Counting):
    """The reaction is taken away after the count, in a call of its own."""

    def count(self, reaction: Reaction) -> None:
        case = self.cases.get(reaction.case_id)
        if not self.reactions.exists(reaction):
            return
        after = self._wanted(case, None)
        for cell in after.cells:
            mark = (cell, after.hour, after.customer_id)
            known = self.counts.present([mark]).get(mark, set())
            _, step = self.counts.step(mark, known, known | {f"{case.id} {cell}"}, self.clock())
            self.table.commit(step)
        self.table.commit(self.counts.mark(case.id, after))
        self._take_away(reaction)

    def _take_away(self, reaction: Reaction) -> None:
        given = self.reactions.done(reaction)
        self.table.commit(Write(given.name, given.kind, {"Key": given.body["Key"]}))


class CountsEveryDelivery(Application):
    @cached_property
    def counts(self) -> CountStore:
        return ForgetfulCounts(self.table)

    @cached_property
    def counting(self) -> Counting:
        return CountsThenForgets(**fields(super().counting))


class HopefulMailer:
    """Takes an unknown outcome for a refusal: it is sent again."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    def send(self, raw: bytes, *, sender: str, to: Sequence[str], tags: Mapping[str, str]) -> str:
        try:
            return self._mailer.send(raw, sender=sender, to=to, tags=tags)
        except SendUnknown as unknown:
            raise SendThrottled(unknown.reason) from unknown


class RepeatsUnknownSends(Application):
    @cached_property
    def mailer(self) -> Mailer:
        return HopefulMailer(super().mailer)  # type: ignore[return-value] # the rest is not used


class LetsTheSdkRepeat(Application):
    @cached_property
    def mailer(self) -> Mailer:
        from chalicelib.gateways.mailer import SesMailer

        # Meant as "one attempt"; botocore reads it as one retry.
        config = Config(retries={"mode": "standard", "max_attempts": 1})
        return SesMailer(boto3.client("sesv2", config=config), self.settings.configuration_set)


class Impatient(Sending):
    """Does not wait for the provider's word on what is in doubt."""

    def _hold(self, message: Message, reaction: Reaction, until: datetime) -> None:
        assert message.delivery is not None
        if message.delivery.status == "ambiguous":
            until = self.clock()
            delivery = message.delivery.model_copy(update={"settle_by": until})
            message = message.model_copy(update={"delivery": delivery})
        super()._hold(message, reaction, until)


class DoesNotWaitForEvents(Application):
    @cached_property
    def sending(self) -> Sending:
        return Impatient(**fields(super().sending))


class DeafSettling(Settling):
    """Does not hear what the providers say."""

    def settle(self, given: DeliveryEvent) -> bool:
        return False


class DeafBatches(Batches):
    """Nor does it where they say it by the batch."""

    def settle(self, given: Iterable[DeliveryEvent]) -> Settled:
        return dict.fromkeys(given, False)


class IgnoresProviders(Application):
    @cached_property
    def settling(self) -> Settling:
        return DeafSettling(**fields(super().settling))

    @cached_property
    def batches(self) -> Batches:
        return DeafBatches(**fields(super().batches))


class Trusting(Sending):
    """Believes that whoever claimed a message will also send it."""

    def send(self, reaction: Reaction) -> None:
        message = self.cases.message(reaction.case_id, reaction.data["message"])
        if message.delivery is None or message.delivery.status != "sending":
            super().send(reaction)


class NeverTakesOver(Application):
    @cached_property
    def sending(self) -> Sending:
        return Trusting(**fields(super().sending))


class Idle(Sweeping):
    """Sweeps nothing."""

    def sweep(self) -> Swept:
        return Swept()


class DoesNotSweep(Application):
    @cached_property
    def sweeping(self) -> Sweeping:
        return Idle(**fields(super().sweeping))


class Deaf(Texting):
    """Says that a text message was taken in when it was not."""

    def receive(self, payload: Mapping[str, Any]) -> Receipt:
        try:
            return super().receive(payload)
        except (ClientError, BotoCoreError):
            return Receipt(fate="case")


class SwallowsErrors(Application):
    @cached_property
    def texting(self) -> Texting:
        return Deaf(**fields(super().texting))


class HastyAgents(AgentStore):
    """Gives a case to an agent as they were, not as they are."""

    def takes(self, one: Candidate, turn: int) -> Tally:
        return dataclasses.replace(super().takes(one, turn), condition="", values={})


class GivesTooMuch(Application):
    @cached_property
    def agents(self) -> AgentStore:
        return HastyAgents(self.table)


class Twice(ReactionStore):
    """Writes what comes of a fact, and only then that it came of it."""

    def done(self, reaction: Reaction) -> Write:
        if FACT not in reaction.data:
            return super().done(reaction)
        return check("fact", reaction.key, "attribute_exists(pk)")


class LateTelling(Alerting):
    def work(self, reaction: Reaction) -> None:
        fact = self.notifications.fact(reaction)
        if fact is not None:
            self._part(fact, reaction)
            self.table.commit(ReactionStore(self.table).done(reaction))


class TellsAgentsTwice(Application):
    @cached_property
    def alerting(self) -> Alerting:
        parts = fields(super().alerting) | {"reactions": Twice(self.table)}
        return LateTelling(**parts)


MUTANTS: dict[str, Callable[..., Application]] = {
    "forgets what it has seen": ForgetsWhatItHasSeen,
    "ignores versions": IgnoresVersions,
    "writes in pieces": WritesInPieces,
    "counts every delivery": CountsEveryDelivery,
    "repeats unknown sends": RepeatsUnknownSends,
    "lets the SDK repeat a send": LetsTheSdkRepeat,
    "does not wait for events": DoesNotWaitForEvents,
    "ignores the providers": IgnoresProviders,
    "never takes over a claim": NeverTakesOver,
    "does not sweep": DoesNotSweep,
    "swallows errors": SwallowsErrors,
    "gives an agent too much": GivesTooMuch,
    "tells agents twice": TellsAgentsTwice,
}


def mutant(name: str) -> Make:
    return MUTANTS[name]
