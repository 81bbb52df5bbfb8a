"""A received mail, from the notice in the queue to its fate.

1. The notice names the raw mail in the bucket: SES has stored it before anybody was told.
2. Parsing never raises; a virus, or what nobody could read, goes to quarantine with its reason.
3. Bounces and complaints settle the message that they are about.
4. What is from one of us goes its own way (flows/staff.py); all else is taken in like any contact.
A mail whose intake keeps failing ends in quarantine too; the rest of the queue goes on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.cases.models import DeliveryEvent, DeliveryStatus
from chalicelib.channels.mail import MailNotice, parse_mail, parse_notice, remembered
from chalicelib.channels.models import Disposition, InboundMessage
from chalicelib.channels.settings import ChannelSettings
from chalicelib.customers.trust import ENVELOPE_SENDER
from chalicelib.errors import NotFound, Unprocessable
from chalicelib.flows.intake import Receipt
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
        replayed = _replay(body)
        notice = replayed or parse_notice(body)
        try:
            raw = self.objects.get(notice.key)
        except NotFound as error:
            raise Unprocessable("the mail that the notice names is not in the bucket") from error
        if replayed:
            notice = remembered(notice, raw)
        try:
            return self._take_in(raw, notice)
        except BUGS as bug:
            if receipts < LAST_TRY:
                raise
            reason = f"taking it in failed {receipts} times: {type(bug).__name__}"
            return self._quarantine(notice.key, None, reason)

    def _take_in(self, raw: bytes, notice: MailNotice) -> Receipt:
        settings = self.settings.read("channels", ChannelSettings)
        own = frozenset({self.support_address.lower(), *(a.lower() for a in settings.addresses)})
        inbound = parse_mail(
            raw,
            received_at=notice.received_at or self.clock(),
            raw_key=notice.key,
            envelope=notice.envelope,
            own_addresses=own,
        )
        if inbound.disposition == Disposition.QUARANTINE:
            return self._quarantine(notice.key, inbound, inbound.reason)
        if inbound.disposition == Disposition.BOUNCE and self._settle(inbound):
            fate = self.ledger.mail(notice.key, "bounce", self.clock())
            self.table.commit(fate)
            return Receipt(fate="bounce")
        if notice.source is not None:
            known = {**inbound.headers, ENVELOPE_SENDER: notice.source}
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

    def _quarantine(self, key: str, inbound: InboundMessage | None, reason: str) -> Receipt:
        now = self.clock()
        entry = Quarantined(
            id=key.rpartition("/")[2],
            channel="email",
            reason=reason,
            sender=inbound.sender.address if inbound else "",
            subject=inbound.subject[:500] if inbound else "",
            text=inbound.text[:2000] if inbound else "",
            headers=inbound.headers if inbound else {},
            raw_key=key,
            created_at=now,
        )
        self.table.commit(
            self.quarantine.add(entry),
            self.ledger.mail(key, "quarantine", now, quarantine_id=entry.id),
        )
        return Receipt(fate="quarantine", message_id=entry.id)


def _replay(body: str) -> MailNotice | None:
    """A mail that a person or the sweep puts on the queue again: {"replay": its key}."""
    if not body.lstrip().startswith('{"replay"'):
        return None
    content = json.loads(body)
    key = str(content["replay"])
    return MailNotice(bucket="", key=key, ses_message_id=key.rpartition("/")[2])
