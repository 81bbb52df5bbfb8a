"""Contacts from other systems, signed (Standard Webhooks), and mentions on Mastodon.

Both end at flows/intake.py. A call goes into its customer's open conversation like a text message;
a post into the case that it answers. What was taken in once is recognised by its id, so a source
may send as often as it likes, and the poll may go over the same mentions again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from chalicelib.base import Model
from chalicelib.cases.rules import REFERENCE, UNSOLVED
from chalicelib.channels import contacts
from chalicelib.channels.html import sanitise
from chalicelib.channels.htmltext import to_text
from chalicelib.channels.models import Channel, InboundMessage
from chalicelib.channels.networks import InboundSource, MastodonAccount, network_id
from chalicelib.channels.settings import ChannelSettings
from chalicelib.channels.webhooks import verified_id
from chalicelib.customers.rules import identity_of, phone
from chalicelib.errors import Invalid, NotFound, Unauthenticated, Unprocessable
from chalicelib.flows.outlets import SESSION
from chalicelib.ports import Clock, Mentions
from chalicelib.store import keys
from chalicelib.store.quarantine import Quarantined
from chalicelib.store.table import WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.intake import Intake, Receipt
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.networks import NetworkStore
    from chalicelib.store.quarantine import QuarantineStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

PAGES = 10  # of mentions that one run takes in


class ContactTaken(Model):
    """What became of a contact: `fate` is case, or duplicate where it had been taken in before."""

    fate: str
    reference: str = ""
    message_id: str = ""


class Polled(Model):
    """What a look at a network found."""

    mentions: int = 0
    taken: int = 0
    quarantined: int = 0


@dataclass(frozen=True)
class Contacts:
    intake: Intake
    table: Table
    cases: CaseStore
    customers: CustomerStore
    ledger: Ledger
    quarantine: QuarantineStore
    networks: NetworkStore
    settings: SettingsStore
    mastodon: Callable[[str], Mentions | None]
    clock: Clock

    def receive(self, name: str, headers: Mapping[str, str], body: bytes) -> ContactTaken:
        """Take in a signed contact; raises Unauthenticated, Invalid.

        A source that is not set up is refused like a wrong signature: nobody learns which exist.
        """
        settings = self.settings.read("channels", ChannelSettings)
        source = settings.inbound.get(name)
        if source is None:
            raise Unauthenticated("no signature holds")
        webhook_id = verified_id(source.secrets, headers, body, self.clock())
        given = _read(body)
        channel = _channel(name, source)
        inbound = contacts.contact(name, channel, given, webhook_id, self.clock())
        inbound = self._safe(inbound, given.html)
        if channel == Channel.VOICE:
            inbound = self._of_call(inbound, settings)
        receipt = self.intake.accept(inbound)
        self._remember(name, given, inbound, receipt)
        return ContactTaken(
            fate=receipt.fate, reference=receipt.reference, message_id=receipt.message_id
        )

    def _remember(
        self, name: str, given: contacts.ContactInput, inbound: InboundMessage, receipt: Receipt
    ) -> None:
        """The conversation's own id leads to its first case."""
        if not given.conversation_id or not receipt.case_id:
            return
        known = network_id(name, contacts.conversation(given.conversation_id))
        sk = keys.message(receipt.case_id, inbound.received_at, receipt.message_id)[1]
        try:
            self.table.commit(self.ledger.message_id(known, receipt.case_id, sk))
        except WriteRefused:
            return  # it is known since an earlier message

    def poll(self) -> Polled:
        """Take in what was said to us since the last time. Without an account nothing is asked."""
        account = self.settings.read("channels", ChannelSettings).mastodon
        network = self.mastodon(account.instance) if account else None
        if account is None or network is None:
            return Polled()
        name = f"{contacts.MASTODON} {account.host} {account.account}"
        seen = taken = aside = 0
        after = self.networks.position(name)
        for _ in range(PAGES):
            entries = network.mentions(after)
            for entry in entries:
                fate = self._mentioned(entry, account)
                taken += fate == "case"
                aside += fate == "quarantine"
            seen += len(entries)
            if not entries:
                break
            after = str(entries[-1]["id"])
            self.networks.keep(name, after, self.clock())
        return Polled(mentions=seen, taken=taken, quarantined=aside)

    def _mentioned(self, entry: dict[str, Any], account: MastodonAccount) -> str:
        try:
            inbound = contacts.mention(account, entry, self.clock())
        except Unprocessable as error:
            self._aside(entry, error.reason)
            return "quarantine"
        inbound = self._safe(inbound, inbound.html)
        text = contacts.without_address(inbound.text, account)
        return str(self.intake.accept(inbound.model_copy(update={"text": text})).fate)

    def _aside(self, entry: dict[str, Any], reason: str) -> None:
        """A mention that cannot be read stops nobody; a person sees it and why."""
        now = self.clock()
        self.table.commit(
            self.quarantine.add(
                Quarantined(
                    id=f"mention-{str(entry.get('id', ''))[:60]}",
                    channel=Channel.SOCIAL,
                    disposition="quarantine",
                    reason=reason,
                    text=json.dumps(entry)[:2000],
                    created_at=now,
                )
            )
        )

    def _safe(self, inbound: InboundMessage, given: str) -> InboundMessage:
        """With sanitised html, and with a text where there was only html."""
        if not given:
            return inbound
        clean = sanitise(given)
        text = inbound.text or to_text(clean).strip()
        return inbound.model_copy(update={"html": clean, "text": text})

    def _of_call(self, inbound: InboundMessage, settings: ChannelSettings) -> InboundMessage:
        """Named by its number, and in the caller's open conversation where the call named none."""
        try:
            number = phone(inbound.sender.address)
        except Invalid:
            number = ""  # withheld: whoever calls without a number is not the one before
        sender = inbound.sender.model_copy(update={"address": number})
        token = inbound.case_token
        if not REFERENCE.fullmatch(token):
            token = self._conversation(number, inbound, settings)
        return inbound.model_copy(update={"sender": sender, "case_token": token})

    def _conversation(self, number: str, inbound: InboundMessage, settings: ChannelSettings) -> str:
        identity = identity_of(Channel.VOICE, number)  # None for a withheld number
        owner = self.customers.owner(identity.channel, identity.value) if identity else None
        if owner is None:
            return ""
        try:
            talk = self.cases.final(self.customers.final(owner).open_case)
        except NotFound:
            return ""
        recent = inbound.received_at - talk.last_message_at <= settings.conversation
        return talk.reference if recent and talk.status in UNSOLVED else ""


def _read(body: bytes) -> contacts.ContactInput:
    try:
        given = contacts.ContactInput.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise Invalid.field(".".join(map(str, first["loc"])) or "body", first["msg"]) from error
    if not (given.text.strip() or given.html.strip() or given.duration_seconds is not None):
        raise Invalid.field("text", "say something, or how long the call was")
    if given.sender.handle.startswith(SESSION):
        raise Invalid.field("sender.handle", "is not a handle")
    return given


def _channel(name: str, source: InboundSource) -> Channel:
    if source.channel is not None:
        return source.channel
    return Channel(name) if name in set(Channel) else Channel.SOCIAL
