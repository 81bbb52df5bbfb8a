"""One outbound message goes out once: stored, claimed, tagged, sent, settled.

1. Claim: `queued` becomes `sending`, with a lease and a send id that goes along as a tag.
2. Send, without any retry by the SDK.
3. Mark: `sent` with the provider's id, and the reaction is done, in one transaction.

A death between 2 and 3 leaves `sending` behind. When the lease is over it becomes `ambiguous`: it
may have gone out. The provider's own SEND event carries our tag and settles it (flows/delivery.py);
only when no such event has come by the deadline is it sent again.

Posts need no such doubt: the network keeps the key of each for an hour and makes one of it, so an
unknown outcome is simply tried again. Chat messages are sent by being stored (flows/missed.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.access.rules import Signer, reply_address
from chalicelib.cases import rules
from chalicelib.cases.models import Author, AuthorType, Case, DeliveryStatus, Message
from chalicelib.channels import compose
from chalicelib.channels.models import Channel
from chalicelib.channels.parts import sms_parts
from chalicelib.channels.settings import ChannelSettings
from chalicelib.errors import SendRefused, SendThrottled, SendUnknown
from chalicelib.flows.outlets import in_chat
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids, Mailer, Objects, Sms
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.missed import Missed
    from chalicelib.flows.posting import Posting
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

LEASE = timedelta(seconds=90)  # longer than the function may run
SETTLE = timedelta(minutes=15)  # by then the provider's event has come, or there is none
BACK_OFF = timedelta(seconds=60)  # after a throttled send, doubled each time
ATTEMPTS = 8
AGAIN = timedelta(minutes=1)  # after the unknown outcome of a post: its key makes a repeat harmless
KEY_HOLDS = timedelta(minutes=50)  # networks remember a key for an hour

D = DeliveryStatus


@dataclass(frozen=True)
class Accepted:
    """What a provider made of a message: its id, how it travels, what must be remembered of it."""

    provider_id: str
    parts: int = 0
    encoding: str = ""
    writes: list[Write] = field(default_factory=list)


@dataclass(frozen=True)
class Sending:
    table: Table
    cases: CaseStore
    ledger: Ledger
    reactions: ReactionStore
    settings: SettingsStore
    objects: Callable[[], Objects]
    mailer: Callable[[], Mailer]
    sms: Callable[[], Sms]
    posting: Callable[[], Posting]
    missed: Callable[[], Missed]
    signer: Callable[[], Signer]
    clock: Clock
    ids: Ids
    region: str

    def send(self, reaction: Reaction) -> None:
        """Bring one outbound message a step further; safe to call at any time, and again."""
        message = self.cases.message(reaction.case_id, reaction.data["message"])
        delivery = message.delivery
        now = self.clock()
        if in_chat(message):
            self.missed().look(message, reaction)
        elif delivery is None or delivery.status not in (D.QUEUED, D.SENDING, D.AMBIGUOUS):
            self._finish(reaction)
        elif delivery.status == D.SENDING:
            if delivery.lease_until is None or now >= delivery.lease_until:
                self._doubt(message, reaction, "its sender died", now)
        elif delivery.status == D.AMBIGUOUS:
            if delivery.settle_by is None or now >= delivery.settle_by:
                self._send(self._again(message, now), reaction, now)
        else:
            self._send(message, reaction, now)

    def _send(self, message: Message, reaction: Reaction, now: datetime) -> None:
        assert message.delivery is not None
        if message.delivery.attempts >= ATTEMPTS:
            self._fail(message, reaction, f"given up after {ATTEMPTS} attempts", now)
            return
        if _is_post(message) and message.delivery.attempts and now - message.created_at > KEY_HOLDS:
            self._fail(message, reaction, "nobody knows how much of it was posted", now)
            return
        case = self.cases.get(message.case_id)
        try:
            claimed = self._claim(message, reaction, now)
        except WriteRefused:
            return  # somebody else is at it
        try:
            accepted = self._hand_over(case, claimed)
        except SendRefused as refused:
            self._fail(claimed, reaction, refused.reason, self.clock())
        except SendThrottled as throttled:
            self._later(claimed, reaction, throttled.reason, self.clock())
        except SendUnknown as unknown:
            self._doubt(claimed, reaction, unknown.reason, self.clock())
        else:
            self._sent(claimed, reaction, accepted, self.clock())

    def _hand_over(self, case: Case, message: Message) -> Accepted:
        assert message.delivery is not None
        tags = {"send_id": message.delivery.send_id, "case": case.reference}
        if message.channel == Channel.SMS:
            identifier = self.sms().send(
                sender=message.sender, to=message.to, text=message.text, tags=tags
            )
            counted = sms_parts(message.text)
            return Accepted(identifier, counted.parts, str(counted.encoding))
        if _is_post(message):
            posted = self.posting().post(message)
            known = self.posting().known_as(message, posted)
            return Accepted(posted.ids[-1], len(posted.ids), writes=known)
        return self._mail(case, message, tags)

    def _mail(self, case: Case, message: Message, tags: dict[str, str]) -> Accepted:
        try:
            raw = self._compose(case, message)
        except (
            ValueError,
            IndexError,
        ) as error:  # what email.headerregistry makes of bad addresses
            raise SendRefused(f"no mail can be made of it: {error}") from error
        recipients = [message.to, *message.cc]
        identifier = self.mailer().send(raw, sender=message.sender, to=recipients, tags=tags)
        return Accepted(identifier, writes=self.provider_ids(message, identifier))

    def _compose(self, case: Case, message: Message) -> bytes:
        settings = self.settings.read("channels", ChannelSettings)
        files = tuple(
            compose.File(name=a.name, type=a.type, content=self.objects().get(a.key))
            for a in message.attachments
        )
        return compose.compose(
            compose.Outgoing(
                message_id=message.message_id,
                sender=message.sender,
                sender_name=_sender_name(message.author, settings.company),
                reply_to=reply_address(self.signer(), message.sender, case.reference),
                to=message.to,
                cc=message.cc,
                subject=message.subject,
                text=message.text,
                references=message.references,
                reference=case.reference,
                automatic=message.automatic,
                at=message.created_at,
                files=files,
            )
        )

    # --- states --------------------------------------------------------------------------

    def _claim(self, message: Message, reaction: Reaction, now: datetime) -> Message:
        """Raises WriteRefused where another invocation was faster."""
        assert message.delivery is not None
        claimed = self._step(
            message,
            D.SENDING,
            now,
            send_id=self.ids.new(),
            attempts=message.delivery.attempts + 1,
            lease_until=now + LEASE,
            settle_by=None,
        )
        assert claimed.delivery is not None
        sk = self.cases.message_sk(message)
        self.table.commit(
            self.cases.change_message(claimed),
            self.ledger.send_id(claimed.delivery.send_id, message.case_id, sk),
            self.reactions.postpone(reaction, now + LEASE),
        )
        return claimed

    def _again(self, message: Message, now: datetime) -> Message:
        """An ambiguous message whose event stayed away: as if it had never been claimed."""
        assert message.delivery is not None
        queued = rules.advance_delivery(message.delivery, D.QUEUED, now)
        return message.model_copy(update={"delivery": queued})

    def _sent(
        self, message: Message, reaction: Reaction, accepted: Accepted, now: datetime
    ) -> None:
        sent = self._step(
            message,
            D.SENT,
            now,
            provider_id=accepted.provider_id,
            reason="",
            parts=accepted.parts,
            encoding=accepted.encoding,
        )
        self._settle(sent, reaction, accepted.writes)

    def _fail(self, message: Message, reaction: Reaction, reason: str, now: datetime) -> None:
        failed = self._step(message, D.FAILED, now, reason=reason)
        case = self.cases.get(message.case_id)
        text = f"the message to {message.to} could not be sent: {reason}"
        note = event(case, self.ids.new(), now, text, {"delivery": ["queued", "failed"]})
        self._settle(failed, reaction, [self.cases.new_message(note)])

    def _later(self, message: Message, reaction: Reaction, reason: str, now: datetime) -> None:
        assert message.delivery is not None
        queued = self._step(message, D.QUEUED, now, reason=reason)
        wait = BACK_OFF * 2 ** min(message.delivery.attempts - 1, 6)
        self._hold(queued, reaction, now + wait)

    def _doubt(self, message: Message, reaction: Reaction, reason: str, now: datetime) -> None:
        until = now + (AGAIN if _is_post(message) else SETTLE)
        doubtful = self._step(message, D.AMBIGUOUS, now, reason=reason, settle_by=until)
        self._hold(doubtful, reaction, until)

    def _hold(self, message: Message, reaction: Reaction, until: datetime) -> None:
        try:
            self.table.commit(
                self.cases.change_message(message), self.reactions.postpone(reaction, until)
            )
        except WriteRefused:
            return  # an event of the provider settled it meanwhile

    def _settle(self, message: Message, reaction: Reaction, more: list[Write]) -> None:
        writes = [self.cases.change_message(message), self.reactions.done(reaction), *more]
        try:
            self.table.commit(*writes)
        except WriteRefused as refused:
            if "message" not in refused.names and "done" not in refused.names:
                raise
            # The provider's event overtook us and has written it all.

    def _finish(self, reaction: Reaction) -> None:
        try:
            self.table.commit(self.reactions.done(reaction))
        except WriteRefused:
            return  # already done

    def _step(
        self, message: Message, to: DeliveryStatus, now: datetime, **changes: object
    ) -> Message:
        assert message.delivery is not None
        delivery = rules.advance_delivery(message.delivery, to, now, **changes)
        return message.model_copy(
            update={"delivery": delivery, "version": message.version + 1, "updated_at": now}
        )

    def provider_ids(self, message: Message, provider_id: str) -> list[Write]:
        """The Message-ID that SES gives a mail leads back to the case, as ours does."""
        rfc_id = rules.provider_message_id(message, provider_id, self.region)
        if not rfc_id:
            return []
        return [self.ledger.known_as(rfc_id, message.case_id, self.cases.message_sk(message))]


def _is_post(message: Message) -> bool:
    return message.channel not in (Channel.EMAIL, Channel.SMS) and not in_chat(message)


def _sender_name(author: Author, company: str) -> str:
    if author.type in (AuthorType.AGENT, AuthorType.BOT) and author.name:
        return f"{author.name} ({company})"
    return company
