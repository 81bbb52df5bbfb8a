"""Mails and signed webhooks to agents: gathered for a while, then sent, each once.

1. What is gathered becomes, when it is due, a mail on its way: one transaction takes the one away
   and writes the other, claimed, with its send id. Nothing can come to it any more; what happens
   next begins a new one. What the agent has seen at the desk meanwhile is left out of a mail.
2. A mail goes the way of all mail: sent without any retry by the SDK, marked. What became of one
   whose sender died is told by the provider's event with its tag; only where none comes is it sent
   again. A webhook may simply go again: its `webhook-id` is the same for every try.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.access.rules import Signer, reply_address
from chalicelib.cases import rules as delivery_rules
from chalicelib.cases.models import DeliveryEvent, DeliveryStatus
from chalicelib.channels import compose
from chalicelib.channels.settings import ChannelSettings
from chalicelib.errors import Contended, SendRefused, SendThrottled, SendUnknown
from chalicelib.flows import agent_letters
from chalicelib.flows.agent_letters import Told
from chalicelib.flows.alerting import ALL, errand_of
from chalicelib.notifications.models import EMAIL, Bundle, MailWhen, Notification
from chalicelib.notifications.rules import bundle_behind, send_id
from chalicelib.observability import logger
from chalicelib.ports import Clock, Ids, Mailer, Webhooks
from chalicelib.settings_documents import TeamsSettings, WebhooksSettings
from chalicelib.store import keys
from chalicelib.store.reactions import BUNDLE, Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.store.notifications import NotificationStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

LEASE = timedelta(seconds=90)  # longer than the function may run
SETTLE = timedelta(minutes=15)  # by then the provider's event has come, or there is none
BACK_OFF = timedelta(seconds=60)  # after a failed try, doubled each time
ATTEMPTS = 8  # the last about four hours after the first: later nobody needs it
D = DeliveryStatus


@dataclass(frozen=True)
class Bundling:
    table: Table
    notifications: NotificationStore
    reactions: ReactionStore
    settings: SettingsStore
    mailer: Callable[[], Mailer]
    webhooks: Callable[[], Webhooks]
    signer: Callable[[], Signer]
    public_url: Callable[[], str]
    clock: Clock
    ids: Ids
    support_address: str

    def work(self, reaction: Reaction) -> None:
        """Bring a mail or webhook a step further; safe to call at any time, and again."""
        if not self.reactions.exists(reaction):
            return
        now = self.clock()
        bundle = self.notifications.bundle(reaction.data[BUNDLE])
        if bundle is None:
            self._close(reaction, now)
            return
        delivery = bundle.delivery
        match delivery.status:
            case D.QUEUED:
                self._again(bundle, reaction, now)
            case D.SENDING if delivery.lease_until is None or now >= delivery.lease_until:
                self._doubt(bundle, reaction, "its sender died")
            case D.AMBIGUOUS if delivery.settle_by is None or now >= delivery.settle_by:
                queued = delivery_rules.advance_delivery(delivery, D.QUEUED, now)
                self._again(bundle.model_copy(update={"delivery": queued}), reaction, now)
            case D.SENDING | D.AMBIGUOUS:
                return
            case _:
                self._commit(self.reactions.done(reaction))

    def settle(self, given: DeliveryEvent) -> bool:
        """Apply a provider's event; False where it is about none of these mails."""
        identifier = bundle_behind(given.send_id)
        if identifier is None:
            return False
        for _ in range(6):
            bundle = self.notifications.bundle(identifier)
            if bundle is None:
                return False
            if given.status not in delivery_rules.DELIVERY[bundle.delivery.status]:
                return True  # it says nothing new
            try:
                self.table.commit(*self._heard(bundle, given))
            except (WriteRefused, Contended):
                continue
            return True
        raise Contended("an event about a mail to an agent")

    def _heard(self, bundle: Bundle, given: DeliveryEvent) -> list[Write]:
        bad = given.status in (D.BOUNCED, D.COMPLAINED, D.FAILED)
        reason = given.reason if bad else ""
        moved = self._step(bundle, given.status, provider_id=given.provider_id, reason=reason)
        writes = [self.notifications.dispatch(moved, self.clock())]
        reaction = errand_of(bundle)
        if self.reactions.exists(reaction):
            writes.append(self.reactions.done(reaction))
        if bad:
            logger().warning("a mail to an agent did not arrive", extra={"bundle": bundle.id})
        return writes

    # --- from gathered to sent -----------------------------------------------------------

    def _close(self, reaction: Reaction, now: datetime) -> None:
        """What is due is claimed and goes out; what was seen meanwhile does not."""
        gathered = self.notifications.gathered((reaction.data["pk"], reaction.data["sk"]))
        if gathered is None or gathered.id != reaction.data[BUNDLE]:
            self._commit(self.reactions.done(reaction))
            return
        if now < gathered.due_at:
            return
        unseen = self._unseen(gathered, now)
        if not unseen.entries:
            self._commit(self.notifications.close(gathered), self.reactions.done(reaction))
            return
        claimed = self._claimed(unseen.model_copy(update={"version": 0}), now)
        hold = self.reactions.postpone(reaction, now + LEASE)
        first = self.notifications.dispatch(claimed, now, first=True)
        if self._commit(self.notifications.close(gathered), first, hold):
            self._send(claimed, reaction)

    def _unseen(self, gathered: Bundle, now: datetime) -> Bundle:
        """Without what the agent has looked at since, or has before them at the desk; webhooks are
        told all the same."""
        if gathered.way != EMAIL:
            return gathered
        email = gathered.email
        places = {keys.notification(email, entry.case_id) for entry in gathered.entries}
        known = self.notifications.standing([keys.preferences(email), keys.at_desk(email), *places])
        preferences = known.preferences(email)
        there = (
            gathered.group != ALL
            and preferences.mail_when is MailWhen.AWAY
            and known.at_desk(email, now)
        )
        left = tuple(
            entry
            for entry in gathered.entries
            if not (there and preferences.notify.of(entry.kind).desk)
            and not _seen(known.line(email, entry.case_id), entry.at)
        )
        more = gathered.more if left else 0
        return gathered.model_copy(update={"entries": left, "more": more})

    def _again(self, queued: Bundle, reaction: Reaction, now: datetime) -> None:
        if queued.delivery.attempts >= ATTEMPTS:
            self._fail(queued, reaction, f"given up after {ATTEMPTS} attempts")
            return
        claimed = self._claimed(queued, now)
        hold = self.reactions.postpone(reaction, now + LEASE)
        if self._commit(self.notifications.dispatch(claimed, now), hold):
            self._send(claimed, reaction)

    def _claimed(self, queued: Bundle, now: datetime) -> Bundle:
        return self._step(
            queued,
            D.SENDING,
            send_id=send_id(queued, self.ids.new()),
            attempts=queued.delivery.attempts + 1,
            lease_until=now + LEASE,
            settle_by=None,
        )

    def _send(self, claimed: Bundle, reaction: Reaction) -> None:
        try:
            provider_id = self._out(claimed)
        except SendRefused as refused:
            self._fail(claimed, reaction, refused.reason)
        except SendThrottled as throttled:
            self._later(claimed, reaction, throttled.reason)
        except SendUnknown as unknown:
            self._doubt(claimed, reaction, unknown.reason)
        else:
            sent = self._step(claimed, D.SENT, provider_id=provider_id, reason="")
            self._commit(self._kept(sent), self.reactions.done(reaction))

    # --- on the way ----------------------------------------------------------------------

    def _out(self, bundle: Bundle) -> str:
        """Raises SendRefused, SendThrottled or SendUnknown."""
        told = self._told(bundle)
        if not told:
            raise SendRefused("its cases are no longer there, or not for them")
        desk = f"{self.public_url()}/desk"
        if bundle.way == EMAIL:
            return self._mail(bundle, told, desk)
        hooks = self.settings.read("webhooks", WebhooksSettings).webhooks
        hook = next((one for one in hooks if one.name == bundle.way and one.enabled), None)
        if hook is None or not hook.secret:
            raise SendRefused("this webhook is no longer set up")
        body = json.dumps(agent_letters.event(bundle, told, desk), ensure_ascii=False).encode()
        self.webhooks().deliver(hook.url, hook.secret, bundle.id, body)
        return bundle.id

    def _told(self, bundle: Bundle) -> list[Told]:
        """Its facts by case, those of a case in their order; without the cases that went to a
        restricted team of which the agent is not."""
        known, entries = self.notifications.sources(bundle.entries)
        closed = self.settings.read("teams", TeamsSettings).closed_to(bundle.email)
        cases = {name: case for name, case in known.items() if case.team not in closed}
        order = list(dict.fromkeys(entry.case_id for entry in bundle.entries))
        return [
            Told(entry=one, case=cases[one.case_id], message=entries.get(one.message))
            for one in sorted(bundle.entries, key=lambda one: order.index(one.case_id))
            if one.case_id in cases
        ]

    def _mail(self, bundle: Bundle, told: list[Told], desk: str) -> str:
        language = self.notifications.preferences(bundle.email)[0].language
        letter = agent_letters.letter(bundle, told, desk, language)
        references = {one.case.reference for one in told}
        alone = references.pop() if len(references) == 1 else ""
        answers = reply_address(self.signer(), self.support_address, alone) if alone else ""
        try:
            raw = compose.compose(
                compose.Outgoing(
                    message_id=f"{bundle.id}@{compose.domain(self.support_address)}",
                    sender=self.support_address,
                    sender_name=self.settings.read("channels", ChannelSettings).company,
                    reply_to=answers or self.support_address,
                    to=bundle.email,
                    subject=letter.subject,
                    text=letter.text,
                    reference=alone,
                    automatic=True,
                    at=bundle.created_at,
                )
            )
        except (ValueError, IndexError) as error:
            raise SendRefused(f"no mail can be made of it: {error}") from error
        tags = {"send_id": bundle.delivery.send_id}
        return self.mailer().send(raw, sender=self.support_address, to=[bundle.email], tags=tags)

    # --- what became of it ---------------------------------------------------------------

    def _doubt(self, bundle: Bundle, reaction: Reaction, reason: str) -> None:
        if bundle.way != EMAIL:  # its receiver makes one of two tries
            self._later(bundle, reaction, reason)
            return
        until = self.clock() + SETTLE
        doubtful = self._step(bundle, D.AMBIGUOUS, reason=reason, settle_by=until)
        self._commit(self._kept(doubtful), self.reactions.postpone(reaction, until))

    def _later(self, bundle: Bundle, reaction: Reaction, reason: str) -> None:
        queued = self._step(bundle, D.QUEUED, reason=reason)
        wait = BACK_OFF * 2 ** (bundle.delivery.attempts - 1)
        self._commit(self._kept(queued), self.reactions.postpone(reaction, self.clock() + wait))

    def _fail(self, bundle: Bundle, reaction: Reaction, reason: str) -> None:
        failed = self._step(bundle, D.FAILED, reason=reason)
        logger().warning("an agent was not told", extra={"bundle": bundle.id, "why": reason})
        self._commit(self._kept(failed), self.reactions.done(reaction))

    def _kept(self, bundle: Bundle) -> Write:
        return self.notifications.dispatch(bundle, self.clock())

    def _step(self, bundle: Bundle, to: DeliveryStatus, **changes: object) -> Bundle:
        delivery = delivery_rules.advance_delivery(bundle.delivery, to, self.clock(), **changes)
        return bundle.model_copy(update={"delivery": delivery, "version": bundle.version + 1})

    def _commit(self, *writes: Write) -> bool:
        """False where somebody else was faster: an event, a new fact, the same work elsewhere."""
        try:
            self.table.commit(*writes)
        except WriteRefused:
            return False
        return True


def _seen(line: Notification | None, at: datetime) -> bool:
    return line is not None and line.read_at is not None and line.read_at >= at
