"""A received mail, from the notice in the queue to its fate.

1. The notice names the raw mail in the bucket: SES has stored it before anybody was told.
2. Parsing never raises; a virus, or what nobody could read, goes to quarantine with its reason.
3. Bounces and complaints settle the message that they are about.
4. What is from one of us goes its own way (flows/staff.py); all else is taken in like any contact.
A mail whose intake keeps failing ends in quarantine too; the rest of the queue goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.cases.models import DeliveryEvent, DeliveryStatus
from chalicelib.channels.mail import MailNotice, parse_mail, parse_notice, remembered
from chalicelib.channels.models import Disposition, InboundMessage, Verdicts
from chalicelib.channels.settings import ChannelSettings
from chalicelib.customers.trust import ENVELOPE_SENDER
from chalicelib.errors import NotFound, Unprocessable
from chalicelib.flows.intake import Receipt
from chalicelib.flows.replay import Order
from chalicelib.flows.senders import ENVELOPE_RECIPIENTS
from chalicelib.ports import Clock, Objects
from chalicelib.store.quarantine import Quarantined

if TYPE_CHECKING:
    from chalicelib.flows.delivery import Settling
    from chalicelib.flows.staff import StaffMail
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.quarantine import QuarantineStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

LAST_TRY = 4  # receipts after which an intake that fails by its own fault goes to quarantine
BUGS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
DELIVERY = {
    "failed": DeliveryStatus.BOUNCED,
    "delivered": DeliveryStatus.DELIVERED,
    "relayed": DeliveryStatus.DELIVERED,
}


@dataclass(frozen=True)
class MailIn:
    staff: StaffMail
    settling: Settling
    table: Table
    ledger: Ledger
    quarantine: QuarantineStore
    settings: SettingsStore
    objects: Objects
    clock: Clock
    support_address: str

    def receive(self, body: str, receipts: int = 1) -> Receipt:
        """Take in the mail that a queue message speaks of.

        Raises Unprocessable where the message is no notice or its mail is not in the bucket, and
        whatever a call on AWS raised: the message then comes again.
        """
        order = _order(body)
        notice = _notice(order) if order else parse_notice(body)
        try:
            raw = self.objects.get(notice.key)
        except NotFound as error:
            raise Unprocessable("the mail that the notice names is not in the bucket") from error
        if order and order.verdicts is None:
            notice = remembered(notice, raw)
        try:
            return self._take_in(raw, notice, release=order is not None and order.release)
        except BUGS as bug:
            if receipts < LAST_TRY:
                raise
            reason = f"taking it in failed {receipts} times: {type(bug).__name__}"
            return self._quarantine(notice, None, reason)

    def _take_in(self, raw: bytes, notice: MailNotice, release: bool) -> Receipt:
        settings = self.settings.read("channels", ChannelSettings)
        own = frozenset({self.support_address.lower(), *(a.lower() for a in settings.addresses)})
        inbound = parse_mail(
            raw,
            received_at=notice.received_at or self.clock(),
            raw_key=notice.key,
            envelope=notice.envelope,
            own_addresses=own,
        )
        if release and inbound.verdicts.virus != "FAIL":
            inbound = _released(inbound)
        if inbound.disposition == Disposition.QUARANTINE:
            return self._quarantine(notice, inbound, inbound.reason)
        if inbound.disposition == Disposition.BOUNCE and self._settle(inbound):
            fate = self.ledger.mail(notice.key, "bounce", self.clock())
            self.table.commit(fate)
            return Receipt(fate="bounce")
        if notice.source is not None:
            known = {
                **inbound.headers,
                ENVELOPE_SENDER: notice.source,
                ENVELOPE_RECIPIENTS: " ".join(notice.recipients).lower(),
            }
            inbound = inbound.model_copy(update={"headers": known})
        return self.staff.take_in(inbound)

    def _settle(self, inbound: InboundMessage) -> bool:
        """Apply what a delivery report or complaint says; False where it is about none of ours."""
        ours = False
        for report in inbound.reports:
            place = self.ledger.message_behind(report.original_message_id)
            complaint = bool(report.feedback_type)
            status = DeliveryStatus.COMPLAINED if complaint else DELIVERY.get(report.action)
            if place is None or status is None:
                ours = ours or place is not None
                continue
            event = DeliveryEvent(
                status=status,
                recipient=report.recipient,
                permanent=complaint or report.status.startswith("5"),
                reason=report.diagnostic or report.status or report.feedback_type,
                at=inbound.received_at,
            )
            ours = self.settling.apply(place, event) or ours
        return ours

    def _quarantine(
        self, notice: MailNotice, inbound: InboundMessage | None, reason: str
    ) -> Receipt:
        now, key = self.clock(), notice.key
        entry = Quarantined(
            id=key.rpartition("/")[2],
            channel="email",
            reason=reason,
            sender=inbound.sender.address if inbound else "",
            subject=inbound.subject[:500] if inbound else "",
            text=inbound.text[:2000] if inbound else "",
            headers=inbound.headers if inbound else {},
            verdicts=notice.verdicts,
            recipients=notice.recipients[:50],
            return_path=notice.source,
            raw_key=key,
            created_at=now,
        )
        self.table.commit(
            self.quarantine.add(entry),
            self.ledger.mail(key, "quarantine", now, quarantine_id=entry.id),
        )
        return Receipt(fate="quarantine", message_id=entry.id)


def _order(body: str) -> Order | None:
    """A mail that a person or the sweep puts on the queue again."""
    return Order.model_validate_json(body) if body.lstrip().startswith('{"replay"') else None


def _notice(order: Order) -> MailNotice:
    """What is still known of how the mail came."""
    return MailNotice(
        bucket="",
        key=order.replay,
        ses_message_id=order.replay.rpartition("/")[2],
        source=order.return_path,
        recipients=order.recipients,
        verdicts=order.verdicts or Verdicts(),
        received_at=order.received_at,
    )


def _released(inbound: InboundMessage) -> InboundMessage:
    """The message as a person says it is.

    What was recorded as automatic holds its claim already, so this takes one of its own.
    """
    recorded = inbound.disposition in (Disposition.AUTOMATIC, Disposition.BOUNCE)
    name = f"released {inbound.external_id}" if recorded else inbound.external_id
    said = {"disposition": Disposition.MESSAGE, "reason": "", "released": True}
    return inbound.model_copy(update={**said, "external_id": name})
