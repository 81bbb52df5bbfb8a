"""A customer is told that their message has arrived: once a case, and never in a circle.

What an address was sent within thirty days lies in one item; cases/acknowledging.py decides by it
whether one more may go. The acknowledgement, that record, and the end of the reaction are one
transaction; a lost race looks again. The link in it is signed for the address that it is mailed
to: whoever uses it has shown that the address is theirs (flows/proving.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import sleep
from typing import TYPE_CHECKING

from chalicelib.access.rules import Signer, mailed_token
from chalicelib.cases import acknowledging as rules
from chalicelib.cases import rules as case_rules
from chalicelib.cases.acknowledging import Acknowledged, Limits
from chalicelib.cases.models import Author, AuthorType, Case, Message
from chalicelib.channels import compose
from chalicelib.channels.models import Channel
from chalicelib.channels.settings import ChannelSettings
from chalicelib.errors import Contended
from chalicelib.flows.answers import ACKNOWLEDGEMENT, ACKNOWLEDGEMENT_SMS, pick
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids
from chalicelib.promises import rules as promise_rules
from chalicelib.promises.alarms import expected
from chalicelib.promises.models import PromiseSettings
from chalicelib.promises.texts import PROMISED, PROMISED_SMS, brief, moment
from chalicelib.store import keys
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused
from chalicelib.understanding.language import identify_language

if TYPE_CHECKING:
    from chalicelib.flows.offering import Offering
    from chalicelib.flows.promising import Promising
    from chalicelib.flows.replying import Replying
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

ATTEMPTS = 5
LOOK_AGAIN = 0.25  # seconds


@dataclass(frozen=True)
class Acknowledging:
    table: Table
    cases: CaseStore
    ledger: Ledger
    reactions: ReactionStore
    settings: SettingsStore
    replying: Replying
    promising: Promising
    customers: CustomerStore
    offering: Offering
    signer: Callable[[], Signer]
    public_url: Callable[[], str]
    clock: Clock
    ids: Ids
    patience: float = 0.0
    pause: Callable[[float], None] = sleep

    def acknowledge(self, reaction: Reaction) -> None:
        """Tell the customer that the case has been opened, or note why not; raises Contended."""
        self._let_triage_go_first(reaction)
        for _ in range(ATTEMPTS):
            try:
                self._acknowledge(reaction)
            except WriteRefused as refused:
                if "done" in refused.names:
                    return  # somebody was faster
            except Contended:
                continue
            else:
                return
        raise Contended(f"an acknowledgement lost {ATTEMPTS} races")

    def _let_triage_go_first(self, reaction: Reaction) -> None:
        """What is promised depends on it. It takes part of a second; a failing one is not awaited,
        and what the customer is told then stays promised."""
        triage = reaction.model_copy(update={"kind": "triage"})
        for _ in range(int(self.patience / LOOK_AGAIN)):
            if not self.reactions.exists(triage):
                return
            self.pause(LOOK_AGAIN)

    def _acknowledge(self, reaction: Reaction) -> None:
        case = self.cases.get(reaction.case_id)
        first = self.cases.message(case.id, reaction.data["message"])
        settings = self.settings.read("channels", ChannelSettings)
        now = self.clock()
        known = self.ledger.acknowledged(case.reply_to)
        fresh = _marks(first, now)
        why_not = rules.withheld(known, fresh, limits_of(settings))
        done = self.reactions.done(reaction)
        if why_not:
            note = event(case, self.ids.new(), now, f"no acknowledgement: {why_not}", {})
            self.table.commit(done, self.cases.new_message(note))
            return
        by = self._promised(case, now)
        message = self._message(case, first, settings, now, by)
        offer = self.offering.offer(case, first) if message.channel == Channel.EMAIL else None
        if offer:
            text = f"{message.text}\n\n— — —\n\n{offer.text}"
            message = message.model_copy(update={"text": text})
        writes: list[Write] = [done, self.cases.new_message(message)]
        writes += self.offering.writes(offer) if offer else []
        writes += self.replying.to_send(message)
        record = rules.counted(known, fresh)
        writes.append(self.ledger.acknowledge(case.reply_to, record, now + timedelta(days=31)))
        if by:
            told = case.model_copy(update={"promises": promise_rules.told(case.promises, by)})
            writes.append(self.cases.change(case_rules.touch(told, now)))
        self.table.commit(*writes)

    def _promised(self, case: Case, now: datetime) -> datetime | None:
        """By when the customer may expect an answer, where they are to be told."""
        settings = self.settings.read("promises", PromiseSettings)
        by = expected(case.promises) if settings.say_in_acknowledgement else None
        return by if by and by > now else None

    def _message(
        self,
        case: Case,
        first: Message,
        settings: ChannelSettings,
        now: datetime,
        by: datetime | None,
    ) -> Message:
        language = case.language or identify_language(f"{first.subject}\n{first.text}").code
        sms = case.reply_channel == Channel.SMS
        template = pick(ACKNOWLEDGEMENT_SMS if sms else ACKNOWLEDGEMENT, language)
        token = mailed_token(self.signer(), case.reference, case.link_version, case.reply_to)
        fields = {
            "company": settings.company,
            "reference": case.reference,
            "link": f"{self.public_url()}/c/{token}",
            "promised": self._words(case, by, language, sms) if by else "",
        }
        author = Author(type=AuthorType.SYSTEM, name=settings.company)
        text = compose.fill(template, fields)
        message = self.replying.message(case, case.reply_channel, case.reply_to, text, author, now)
        name = keys.digest(f"acknowledge {case.id}")[:26]
        return message.model_copy(update={"id": name, "automatic": True})

    def _words(self, case: Case, by: datetime, language: str, sms: bool) -> str:
        customer = self.customers.final(case.customer_id)
        zone = self.promising.zone(case, customer)
        if sms:
            return compose.fill(pick(PROMISED_SMS, language), {"by": brief(by, zone)})
        return compose.fill(pick(PROMISED, language), {"by": moment(by, zone, language)})


def limits_of(settings: ChannelSettings) -> Limits:
    """How many automatic messages one sender gets."""
    return Limits(
        window=timedelta(minutes=settings.acknowledgement_window_minutes),
        per_hour=settings.acknowledgements_per_hour,
        per_day=settings.acknowledgements_per_day,
    )


def _marks(message: Message, now: datetime) -> Acknowledged:
    words = rules.plain(message.subject, message.text)
    similar = rules.without_figures(words)
    return Acknowledged(at=now, same=keys.digest(words)[:12], similar=keys.digest(similar)[:12])
