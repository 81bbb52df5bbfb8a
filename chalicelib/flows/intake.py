"""The one road for every channel: an inbound message becomes part of exactly one case.

1. Look up in one read: was it seen, who is it from, which cases does it name?
2. Read those cases and the customer in a second one.
3. Decide by pure rules where it belongs (cases/rules.py).
4. Put its files into the bucket under keys that follow from the message, so a repeat overwrites.
5. Write claim, customer, case, message and what is still to be done about it in one transaction.

A lost race starts over; a message that was seen before gets the same answer again. Where cases were
merged, whatever names the one lands in the other. Whose record it goes on: flows/senders.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.access.rules import Signer, reply_token
from chalicelib.base import Model
from chalicelib.cases import rules
from chalicelib.cases.models import Case, CaseStatus, Message, MessageKind, Participant
from chalicelib.channels.models import Channel, Disposition, InboundMessage
from chalicelib.channels.settings import ChannelSettings
from chalicelib.customers import rules as customer_rules
from chalicelib.customers import trust
from chalicelib.customers.models import Customer
from chalicelib.errors import Contended
from chalicelib.flows import senders
from chalicelib.flows.facts import facts
from chalicelib.flows.senders import Sender
from chalicelib.flows.timeline import event, inbound_entry, store_files
from chalicelib.ports import Clock, Ids, Objects
from chalicelib.store.quarantine import Quarantined
from chalicelib.store.reactions import Reaction, look_again
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.noticed import NoticeAnswers
    from chalicelib.flows.promising import Promising
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.ledger import Known, Ledger
    from chalicelib.store.quarantine import QuarantineStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

ATTEMPTS = 6  # lost races in a row before the event is given back
SENDER_DOUBT = "x-sender-doubt"  # the header in which the mail door says why it mistrusts a sender
GRACE = timedelta(minutes=2)  # how long a reaction may take before the sweep asks after it


class Forward(Model):
    """That one of us, known to be them, sent a message on, and what they wrote above it."""

    agent: str
    comment: str = ""


class Receipt(Model):
    """What became of an inbound message: case, duplicate, automatic or bounce."""

    fate: str
    case_id: str = ""
    reference: str = ""
    message_id: str = ""
    opened: bool = False
    link_version: int = 1


@dataclass(frozen=True)
class Scene:
    """All that a decision needs, read before it."""

    inbound: InboundMessage
    now: datetime
    known: Known
    customer: Customer | None
    hints: rules.Hints
    settings: ChannelSettings
    forward: Forward | None = None

    @property
    def agent(self) -> str:
        """One of us who sent it on, and vouches for its sender."""
        return self.forward.agent if self.forward else ""

    @property
    def claim(self) -> senders.Claimed:
        return senders.claimed(self.inbound, self.customer, self.hints.token, self.agent)


@dataclass(frozen=True)
class Intake:
    table: Table
    cases: CaseStore
    customers: CustomerStore
    ledger: Ledger
    reactions: ReactionStore
    quarantine: QuarantineStore
    settings: SettingsStore
    promising: Promising
    noticed: NoticeAnswers
    objects: Callable[[], Objects]
    signer: Callable[[], Signer]
    clock: Clock
    ids: Ids
    support_address: str

    def accept(self, inbound: InboundMessage, forward: Forward | None = None) -> Receipt:
        """Take a message in, once; raises Contended after too many lost races.

        `forward` says that one of us sent it on for the sender.
        """
        for _ in range(ATTEMPTS):
            try:
                return self._accept(inbound, forward)
            except (WriteRefused, Contended):
                continue  # somebody wrote what we had read: look again
        raise Contended(f"a message on {inbound.channel} lost {ATTEMPTS} races")

    def _accept(self, inbound: InboundMessage, forward: Forward | None) -> Receipt:
        scene = self._look(inbound, forward)
        if scene.known.claim:
            return self._seen_before(scene)
        thread = rules.thread(
            inbound,
            scene.hints,
            rules.Windows(scene.settings.reopen, scene.settings.conversation),
            scene.claim.linked.id if scene.claim.linked else "",
        )
        if thread.case is None and inbound.disposition != Disposition.MESSAGE:
            return self._record_automatic(scene)
        if thread.case:
            return self._join(scene, thread, thread.case)
        return self._open(scene, thread)

    # --- reading -------------------------------------------------------------------------

    def look(self, inbound: InboundMessage) -> Scene:
        """What is known about a message that is not taken in yet, and whether it ever was."""
        return self._look(inbound, None)

    def _look(self, inbound: InboundMessage, forward: Forward | None) -> Scene:
        token = inbound.case_token or self._token(inbound)
        quoted = rules.references_in(inbound.subject) if inbound.channel == Channel.EMAIL else []
        mids = [*inbound.references[-rules.MAX_REFERENCES :]]
        own_id = [inbound.message_id] if inbound.message_id else []
        references = [token, *quoted] if token else quoted
        known = self.ledger.look_up(inbound, references, [*mids, *own_id])
        customer, cases = self._read(inbound, known, known.customer_id)
        # Its own id leads somewhere only where a program writes the same one again and again.
        ids = [*reversed(mids), *own_id]
        replied = [known.by_message_id[m] for m in ids if m in known.by_message_id]
        hints = rules.Hints(
            token=cases.get(known.by_reference.get(token, "")) if token else None,
            replied=next((cases[i] for i in replied if i in cases), None),
            quoted=tuple(
                cases[known.by_reference[r]]
                for r in quoted
                if known.by_reference.get(r, "") in cases
            ),
            conversation=cases.get(customer.open_case) if customer else None,
        )
        settings = self.settings.read("channels", ChannelSettings)
        return Scene(inbound, self.clock(), known, customer, hints, settings, forward)

    def _read(
        self, inbound: InboundMessage, known: Known, customer_id: str
    ) -> tuple[Customer | None, dict[str, Case]]:
        ids = {*known.by_reference.values(), *known.by_message_id.values()}
        customer = self.customers.get(customer_id) if customer_id else None
        if customer and customer.open_case and inbound.channel in (Channel.SMS, Channel.SOCIAL):
            ids.add(customer.open_case)
        found = self.cases.settled(ids) if ids and not known.claim else {}
        # One whose customer was erased is no conversation any more.
        return customer, {name: case for name, case in found.items() if not case.erased_at}

    def _token(self, inbound: InboundMessage) -> str:
        if inbound.channel != Channel.EMAIL:
            return ""
        for address in (*inbound.recipients, *inbound.cc):
            if "+" in address.address:
                reference = reply_token(self.signer(), address.address)
                if reference:
                    return reference
        return ""

    # --- the four outcomes ---------------------------------------------------------------

    def _seen_before(self, scene: Scene) -> Receipt:
        claim = scene.known.claim or {}
        if scene.inbound.raw_key and not scene.known.mail:
            fate = self.ledger.mail(
                scene.inbound.raw_key, "duplicate", scene.now, case_id=claim.get("case_id", "")
            )
            self.table.commit(fate)
        case_id = claim.get("case_id", "")
        case = self.cases.get(case_id) if case_id else None
        return Receipt(
            fate="duplicate",
            case_id=case_id,
            reference=case.reference if case else "",
            message_id=claim.get("message_id", ""),
            link_version=case.link_version if case else 1,
        )

    def _record_automatic(self, scene: Scene) -> Receipt:
        """Mail by a machine that belongs to no case: kept and shown, never answered."""
        inbound = scene.inbound
        entry = Quarantined(
            id=self.ids.new(),
            channel=inbound.channel,
            disposition="automatic",
            reason=inbound.reason or "written by a machine",
            sender=inbound.sender.address,
            subject=inbound.subject[:500],
            text=inbound.text[:2000],
            headers=inbound.headers,
            verdicts=inbound.verdicts,
            raw_key=inbound.raw_key,
            created_at=scene.now,
        )
        self.table.commit(
            self.ledger.claim(inbound, "", entry.id, scene.now),
            *self._fate(scene, str(inbound.disposition), quarantine_id=entry.id),
            self.quarantine.add(entry),
        )
        return Receipt(fate=str(inbound.disposition), message_id=entry.id)

    def _open(self, scene: Scene, thread: rules.Thread) -> Receipt:
        sender = senders.opening(scene.claim, self.ids, scene.now)
        assert sender.customer is not None
        case = self._new_case(scene, thread, sender, sender.customer)
        answered = self.noticed.behind(scene.inbound, scene.customer)
        if answered:
            case = self.noticed.of(answered, case)
        message = self._entry(scene, case, sender)
        kinds = ["triage", "acknowledge"] if self._deserves_answer(scene) else ["triage"]
        kinds += _for_bot(scene, None)
        self.table.commit(
            *self._proof(scene, case, message),
            *self.cases.new(case),
            self.cases.new_message(message),
            *self._comment(scene, case),
            *sender.save(self.customers, case.id, scene.now),
            *self._react(scene, case, message, kinds),
            *(self.noticed.heard(answered, scene.inbound, scene.customer) if answered else []),
        )
        return _receipt("case", case, message, opened=True)

    def _new_case(
        self, scene: Scene, thread: rules.Thread, sender: Sender, customer: Customer
    ) -> Case:
        inbound = scene.inbound
        created = inbound.received_at
        case = Case(
            id=self.ids.new(),
            reference=self.ids.reference(),
            subject=inbound.subject[:500] or rules.preview(inbound.text)[:80],
            channel=inbound.channel,
            customer_id=customer.id,
            likely_match=sender.likely,
            reasons=self._reasons(scene, thread),
            reply_channel=_reply_channel(inbound),
            reply_to=_reply_to(inbound),
            recipient=inbound.recipients[0].address if inbound.recipients else "",
            related=tuple(case.id for case in thread.related),
            spam=inbound.verdicts.spam == "FAIL",
            fields=inbound.fields,
            last_message_at=created,
            created_at=created,
            updated_at=scene.now,
        )
        case = self.promising.begun(case, customer)
        people = rules.with_participants(case, self._people(scene, asks=True))
        return self._with_message(people, scene)

    def _reasons(self, scene: Scene, thread: rules.Thread) -> dict[str, str]:
        """Why the case is there, and what the mail door has to say of its sender."""
        reasons = {"case": thread.reason}
        if scene.agent:
            reasons["case"] = f"forwarded by {scene.agent}"
        if doubt := scene.inbound.headers.get(SENDER_DOUBT):
            reasons["sender"] = doubt
        return reasons

    def _join(self, scene: Scene, thread: rules.Thread, before: Case) -> Receipt:
        human = scene.inbound.disposition == Disposition.MESSAGE
        sender = senders.joining(scene.claim, before, self.ids, scene.now, self.customers.final)
        case = self._heard(before, scene) if human else before
        if human and (thread.reopen or before.status in (CaseStatus.PENDING, CaseStatus.RESOLVED)):
            case = rules.move(case, CaseStatus.OPEN, scene.now)
        if human:
            case = rules.awake(case)
        answered = self.noticed.behind(scene.inbound, scene.customer, joins=True) if human else None
        if human:
            case = self.promising.heard(before, case, scene.now)
        if answered and case.campaign_id is None:
            case = self.noticed.of(answered, case)
        case = rules.touch(case, scene.now)
        message = self._entry(scene, case, sender)
        writes = [
            *self._proof(scene, case, message),
            self.cases.change(case),
            self.cases.new_message(message),
            *self._comment(scene, case),
            *self._react(
                scene,
                case,
                message,
                [
                    *(["triage"] if human and not case.topic.label else []),
                    *(["relate"] if case.problem_id != before.problem_id else []),
                    *_for_bot(scene, before),
                ],
            ),
            *facts(self.cases, self.reactions, case, message, scene.now),
        ]
        if human and (case.topic.label or thread.reopen):
            why = "reopened" if thread.reopen else "message"
            look = look_again(f"CASE#{case.id}", message.id, why, self.cases.message_sk(message))
            writes.append(self.reactions.new(look, scene.now + GRACE))
        if changes := rules.differences(before, case, ("status",)):
            note = event(case, self.ids.new(), scene.now, thread.reason, changes)
            writes.append(self.cases.new_message(note))
            writes += self.promising.outcome(before, case, scene.now)
        if human:
            writes += sender.save(self.customers, case.id, scene.now)
        if answered:
            writes += self.noticed.heard(answered, scene.inbound, scene.customer)
        self.table.commit(*writes)
        return _receipt("case" if human else str(scene.inbound.disposition), case, message)

    def _heard(self, case: Case, scene: Scene) -> Case:
        """The case with one more message. Its customer is answered where they wrote last; somebody
        else who writes into it is copied in, and a forged address changes nothing."""
        linked = scene.claim.linked
        asks = rules.asks(case, scene.inbound, linked.id if linked else "")
        if not trust.forged(scene.inbound):
            case = rules.with_participants(case, self._people(scene, asks))
        heard = self._with_message(case, scene)
        if not asks:
            return heard
        to = _reply_to(scene.inbound) or case.reply_to
        there = {"reply_channel": _reply_channel(scene.inbound), "reply_to": to}
        return heard.model_copy(update={**there, "alternative_channel": None})

    # --- parts of a transaction ----------------------------------------------------------

    def _with_message(self, case: Case, scene: Scene) -> Case:
        inbound = scene.inbound
        return case.model_copy(
            update={
                "message_ids": rules.with_id(case.message_ids, inbound.message_id),
                "last_message": rules.preview(inbound.text),
                "last_direction": "inbound",
                "last_message_at": max(case.last_message_at, inbound.received_at),
                "message_count": case.message_count + 1,
            }
        )

    def _people(self, scene: Scene, asks: bool) -> list[Participant]:
        ours = {self.support_address.lower(), *(a.lower() for a in scene.settings.addresses)}
        return senders.people(scene.inbound, ours, asks)

    def _entry(self, scene: Scene, case: Case, sender: Sender) -> Message:
        stored = store_files(self.objects, scene.inbound)
        entry = inbound_entry(scene.inbound, case, sender.author(), stored, scene.now)
        return entry.model_copy(update={"forwarded_by": scene.agent})

    def _comment(self, scene: Scene, case: Case) -> list[Write]:
        """What one of us wrote above a mail that they forwarded stays inside."""
        if scene.forward is None or not scene.forward.comment:
            return []
        text, by = scene.forward.comment, scene.forward.agent
        note = event(case, self.ids.new(), scene.now, text[:100_000], {}, by)
        return [self.cases.new_message(note.model_copy(update={"kind": MessageKind.NOTE}))]

    def _proof(self, scene: Scene, case: Case, message: Message) -> list[Write]:
        writes = [
            self.ledger.claim(scene.inbound, case.id, message.id, scene.now),
            *self._fate(scene, "case", case_id=case.id),
        ]
        own = scene.inbound.message_id
        if own and own not in scene.known.by_message_id:
            sk = self.cases.message_sk(message)
            writes.append(self.ledger.message_id(own, case.id, sk))
        return writes

    def _fate(self, scene: Scene, fate: str, **ids: str) -> list[Write]:
        raw = scene.inbound.raw_key
        return [self.ledger.mail(raw, fate, scene.now, **ids)] if raw else []

    def _react(self, scene: Scene, case: Case, message: Message, kinds: list[str]) -> list[Write]:
        sk = self.cases.message_sk(message)
        owner = f"CASE#{case.id}"
        return [
            self.reactions.new(
                Reaction(owner=owner, kind=kind, id=message.id, data={"message": sk}),
                scene.now + GRACE,
            )
            for kind in kinds
        ]

    def _deserves_answer(self, scene: Scene) -> bool:
        inbound = scene.inbound
        return (
            scene.settings.acknowledge
            and inbound.disposition == Disposition.MESSAGE
            and not inbound.released
            and inbound.verdicts.spam != "FAIL"
            and bool(_reply_to(inbound))
            and _reply_channel(inbound) in (Channel.EMAIL, Channel.SMS)
        )


def _for_bot(scene: Scene, before: Case | None) -> list[str]:
    """The bot answers in a chat until a person has (flows/botting.py)."""
    chat = scene.inbound.channel == Channel.CHAT and scene.settings.chat.bot
    asked = scene.inbound.disposition == Disposition.MESSAGE and bool(scene.inbound.text.strip())
    return ["answer"] if chat and asked and not (before and before.first_reply_at) else []


def _reply_channel(inbound: InboundMessage) -> Channel:
    return customer_rules.reached_on(inbound.channel, inbound.sender.address)


def _reply_to(inbound: InboundMessage) -> str:
    """Reply-To where the mail has one (RFC 5322 3.6.2), else the sender."""
    if inbound.reply_to and inbound.reply_to[0].address:
        return inbound.reply_to[0].address
    return inbound.sender.address


def _receipt(fate: str, case: Case, message: Message, opened: bool = False) -> Receipt:
    return Receipt(
        fate=fate,
        case_id=case.id,
        reference=case.reference,
        message_id=message.id,
        opened=opened,
        link_version=case.link_version,
    )
