"""Mails and webhooks about handovers, each once, and the watch over what is overdue.

A mail goes the way of all mail: claimed with a lease and a send id that travels as its tag, sent
without any retry by the SDK, marked. What became of one whose sender died is told by the provider's
event with that tag; only where none comes is it sent again. A webhook needs no such doubt: its
`webhook-id` is the same for every try, and the receiver makes one of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.access.partners import partner_token
from chalicelib.access.rules import Signer
from chalicelib.base import iso
from chalicelib.cases import rules as delivery_rules
from chalicelib.cases.models import DeliveryEvent, DeliveryStatus
from chalicelib.channels import compose
from chalicelib.channels.settings import ChannelSettings
from chalicelib.errors import Contended, NotFound, SendRefused, SendThrottled, SendUnknown
from chalicelib.flows import letters
from chalicelib.flows.handing_over import WITH_DEPARTMENTS
from chalicelib.ports import Clock, Ids, Mailer, Webhooks
from chalicelib.problems.models import Dispatch, Handover, HandoverState, ProblemSettings
from chalicelib.problems.rules import dispatch_behind, send_id
from chalicelib.settings_documents import WebhooksSettings
from chalicelib.store import keys
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.handing_over import HandingOver
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

LEASE = timedelta(seconds=90)  # longer than the function may run
SETTLE = timedelta(minutes=15)  # by then the provider's event has come, or there is none
BACK_OFF = timedelta(seconds=60)  # after a failed try, doubled each time
ATTEMPTS = 10  # the last about seventeen hours after the first
EMAIL = "email"
ENDED = frozenset({HandoverState.RESOLVED, HandoverState.WITHDRAWN})
D = DeliveryStatus


@dataclass(frozen=True)
class Dispatching:
    table: Table
    problems: ProblemStore
    handing_over: HandingOver
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
        """Bring a dispatch or a watch a step further; safe to call at any time, and again."""
        if not self.reactions.exists(reaction):
            return
        problem_id = reaction.owner.removeprefix("PROB#")
        if "watch" in reaction.data:
            self._watch(problem_id, reaction)
            return
        dispatch = self.problems.dispatch(problem_id, reaction.data["dispatch"])
        now = self.clock()
        delivery = dispatch.delivery
        match delivery.status:
            case D.QUEUED:
                self._send(dispatch, reaction, now)
            case D.SENDING if delivery.lease_until is None or now >= delivery.lease_until:
                self._left_behind(dispatch, reaction, now)
            case D.AMBIGUOUS if delivery.settle_by is None or now >= delivery.settle_by:
                queued = delivery_rules.advance_delivery(delivery, D.QUEUED, now)
                self._send(dispatch.model_copy(update={"delivery": queued}), reaction, now)
            case D.SENDING | D.AMBIGUOUS:
                return
            case _:
                self._commit(self.reactions.done(reaction))

    def settle(self, given: DeliveryEvent) -> bool:
        """Apply a provider's event; False where it is about none of these mails."""
        place = dispatch_behind(given.send_id)
        if place is None:
            return False
        for _ in range(6):
            try:
                dispatch = self.problems.dispatch(*place)
            except NotFound:
                return False
            if given.status not in delivery_rules.DELIVERY[dispatch.delivery.status]:
                return True  # it says nothing new
            try:
                self.table.commit(*self._heard(dispatch, given))
            except (WriteRefused, Contended):
                continue
            return True
        raise Contended("an event about a handover")

    def _heard(self, dispatch: Dispatch, given: DeliveryEvent) -> list[Write]:
        bad = given.status in (D.BOUNCED, D.COMPLAINED, D.FAILED)
        moved = self._step(
            dispatch,
            given.status,
            provider_id=given.provider_id,
            reason=given.reason if bad else "",
        )
        writes = [self.problems.write_dispatch(moved)]
        reaction = _errand(dispatch)
        if self.reactions.exists(reaction):
            writes.append(self.reactions.done(reaction))
        if bad:
            words = f"the mail to {dispatch.to} did not arrive"
            handover = self.problems.handover(dispatch.problem_id, dispatch.handover_id)
            writes.append(self.handing_over.entry(handover, "", words, given.reason))
        return writes

    # --- sending -------------------------------------------------------------------------

    def _send(self, dispatch: Dispatch, reaction: Reaction, now: datetime) -> None:
        if dispatch.delivery.attempts >= ATTEMPTS:
            self._fail(dispatch, reaction, f"given up after {ATTEMPTS} attempts")
            return
        handover = self.problems.handover(dispatch.problem_id, dispatch.handover_id)
        claimed = self._step(
            dispatch,
            D.SENDING,
            send_id=send_id(dispatch, self.ids.new()),
            attempts=dispatch.delivery.attempts + 1,
            lease_until=now + LEASE,
            settle_by=None,
        )
        hold = self.reactions.postpone(reaction, now + LEASE)
        if not self._commit(self.problems.write_dispatch(claimed), hold):
            return  # somebody else is at it
        try:
            provider_id = self._out(claimed, handover)
        except SendRefused as refused:
            self._fail(claimed, reaction, refused.reason)
        except SendThrottled as throttled:
            self._later(claimed, reaction, throttled.reason)
        except SendUnknown as unknown:
            self._doubt(claimed, reaction, unknown.reason)
        else:
            sent = self._step(claimed, D.SENT, provider_id=provider_id, reason="")
            self._commit(self.problems.write_dispatch(sent), self.reactions.done(reaction))

    def _out(self, dispatch: Dispatch, handover: Handover) -> str:
        """Raises SendRefused, SendThrottled or SendUnknown."""
        token = partner_token(self.signer(), handover.problem_id, handover.id, dispatch.link_number)
        url = self.public_url()
        if dispatch.way == EMAIL:
            return self._mail(dispatch, handover, f"{url}/p/{token}")
        return self._hook(dispatch, handover, f"{url}/v1/partner/{token}")

    def _mail(self, dispatch: Dispatch, handover: Handover, link: str) -> str:
        company = self.settings.read("channels", ChannelSettings).company
        # Whoever is told that something is overdue does not act in the department's name.
        letter = letters.letter(handover, dispatch, "" if dispatch.kind == "escalation" else link)
        try:
            raw = compose.compose(
                compose.Outgoing(
                    message_id=f"{dispatch.id}@{compose.domain(self.support_address)}",
                    sender=self.support_address,
                    sender_name=company,
                    reply_to=self.support_address,
                    to=dispatch.to,
                    subject=letter.subject,
                    text=letter.text,
                    reference=handover.id,
                    automatic=True,
                    at=dispatch.created_at,
                    files=letter.files,
                )
            )
        except (ValueError, IndexError) as error:
            raise SendRefused(f"no mail can be made of it: {error}") from error
        tags = {"send_id": dispatch.delivery.send_id}
        return self.mailer().send(raw, sender=self.support_address, to=[dispatch.to], tags=tags)

    def _hook(self, dispatch: Dispatch, handover: Handover, link: str) -> str:
        hooks = self.settings.read("webhooks", WebhooksSettings).webhooks
        hook = next((one for one in hooks if one.name == dispatch.way and one.enabled), None)
        if hook is None:
            raise SendRefused("this webhook is no longer set up")
        if not hook.secret:
            raise SendRefused("this webhook has no secret in the settings: it cannot be signed")
        body = {
            "type": f"problem.{dispatch.kind}",
            "timestamp": iso(dispatch.created_at),
            "data": {
                "problem_id": handover.problem_id,
                "handover_id": handover.id,
                "team": handover.team,
                "due_at": iso(handover.due_at),
                "note": handover.note,
                "text": dispatch.text,
                "respond_at": link,
                "evidence": handover.evidence.model_dump(mode="json"),
            },
        }
        raw = json.dumps(body, ensure_ascii=False).encode()
        self.webhooks().deliver(hook.url, hook.secret, dispatch.id, raw)
        return dispatch.id

    def _left_behind(self, dispatch: Dispatch, reaction: Reaction, now: datetime) -> None:
        """Its sender died: a mail may have gone out, a webhook may simply go again."""
        if dispatch.way == EMAIL:
            self._doubt(dispatch, reaction, "its sender died")
            return
        self._send(self._again(dispatch, now), reaction, now)

    def _again(self, dispatch: Dispatch, now: datetime) -> Dispatch:
        queued = delivery_rules.advance_delivery(dispatch.delivery, D.QUEUED, now)
        return dispatch.model_copy(update={"delivery": queued})

    def _doubt(self, dispatch: Dispatch, reaction: Reaction, reason: str) -> None:
        if dispatch.way != EMAIL:
            self._later(dispatch, reaction, reason)
            return
        until = self.clock() + SETTLE
        doubtful = self._step(dispatch, D.AMBIGUOUS, reason=reason, settle_by=until)
        hold = self.reactions.postpone(reaction, until)
        self._commit(self.problems.write_dispatch(doubtful), hold)

    def _later(self, dispatch: Dispatch, reaction: Reaction, reason: str) -> None:
        queued = self._step(dispatch, D.QUEUED, reason=reason)
        wait = BACK_OFF * 2 ** min(dispatch.delivery.attempts - 1, 9)
        hold = self.reactions.postpone(reaction, self.clock() + wait)
        self._commit(self.problems.write_dispatch(queued), hold)

    def _fail(self, dispatch: Dispatch, reaction: Reaction, reason: str) -> None:
        failed = self._step(dispatch, D.FAILED, reason=reason)
        handover = self.problems.handover(dispatch.problem_id, dispatch.handover_id)
        what = f"{dispatch.way} to {dispatch.to} failed"
        said = self.handing_over.entry(handover, "", what, reason)
        self._commit(self.problems.write_dispatch(failed), self.reactions.done(reaction), said)

    def _step(self, dispatch: Dispatch, to: DeliveryStatus, **changes: object) -> Dispatch:
        delivery = delivery_rules.advance_delivery(dispatch.delivery, to, self.clock(), **changes)
        return dispatch.model_copy(update={"delivery": delivery, "version": dispatch.version + 1})

    def _commit(self, *writes: Write) -> bool:
        """False where somebody else was faster: an event, or the same work elsewhere."""
        try:
            self.table.commit(*writes)
        except WriteRefused:
            return False
        return True

    # --- overdue -------------------------------------------------------------------------

    def _watch(self, problem_id: str, reaction: Reaction) -> None:
        """Remind once when it is overdue, and tell the lead once when that does not help."""
        handover = self.problems.handover(problem_id, reaction.data["watch"])
        now = self.clock()
        settings = self.settings.read("problems", ProblemSettings)
        problem = self.problems.get(problem_id)
        if handover.state in ENDED or problem.state not in WITH_DEPARTMENTS:
            self._commit(self.reactions.done(reaction))
            return
        due = max(handover.due_at, handover.promised_date or handover.due_at)
        wait = timedelta(hours=settings.escalate_after_hours)
        if handover.reminded_at is None:
            if now < due:
                self._commit(self.reactions.postpone(reaction, due))
                return
            self._remind(handover, reaction, now + wait)
        elif now >= handover.reminded_at + wait:
            self._escalate(handover, reaction, settings.escalate_to)

    def _remind(self, handover: Handover, reaction: Reaction, again: datetime) -> None:
        after = self._touched(handover, "reminded_at")
        said = self.handing_over.entry(after, "", "overdue: the department was reminded")
        self._commit(
            self.problems.write_handover(after),
            self.reactions.postpone(reaction, again),
            said,
            *self.handing_over.dispatches(after, "reminder"),
        )

    def _escalate(self, handover: Handover, reaction: Reaction, lead: str) -> None:
        after = self._touched(handover, "escalated_at")
        words = f"still overdue: {lead} was told" if lead else NOBODY
        told = self.handing_over.dispatches(after, "escalation", "", lead) if lead else []
        self._commit(
            self.problems.write_handover(after),
            self.reactions.done(reaction),
            self.handing_over.entry(after, "", words),
            *told,
        )

    def _touched(self, handover: Handover, field: str) -> Handover:
        now = self.clock()
        fields = {field: now, "updated_at": now, "version": handover.version + 1}
        return handover.model_copy(update=fields)


NOBODY = "still overdue: nobody to tell is set (escalate_to in the settings `problems`)"


def _errand(dispatch: Dispatch) -> Reaction:
    owner = keys.problem(dispatch.problem_id)[0]
    return Reaction(owner=owner, kind="handover", id=dispatch.id, data={"dispatch": dispatch.id})
