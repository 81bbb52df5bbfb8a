"""What was seen before: claims on contacts, fates of mails, Message-IDs, send ids.

A claim is written in the same transaction as the fact that it proves, so that a contact which
arrives twice, at once or years apart, is one contact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.base import iso
from chalicelib.cases.acknowledging import Acknowledgements
from chalicelib.channels.models import InboundMessage
from chalicelib.customers.rules import identity_of
from chalicelib.store import keys
from chalicelib.store.codec import Item
from chalicelib.store.items import plain
from chalicelib.store.table import Table, Write, put_new, put_version, update
from chalicelib.store.table import put as put_item


@dataclass(frozen=True)
class Known:
    """What the table knows about an inbound message, read in one call."""

    claim: Item | None
    mail: Item | None
    customer_id: str
    by_reference: Mapping[str, str]  # reference -> case id
    by_message_id: Mapping[str, str]  # Message-ID -> case id


class Ledger:
    def __init__(self, table: Table) -> None:
        self._table = table

    def look_up(
        self, inbound: InboundMessage, references: Sequence[str], message_ids: Sequence[str]
    ) -> Known:
        """Everything that may be known about a message before it is placed."""
        claim = keys.claim(inbound.channel, inbound.external_id)
        identity = identity_of(inbound.channel, inbound.sender.address)
        sender = keys.identity(identity.channel, identity.value) if identity else None
        mail = keys.mail(inbound.raw_key)
        refs = {ref: keys.reference(ref) for ref in references}
        mids = {mid: keys.message_id(mid) for mid in message_ids}
        wanted = [claim, *refs.values(), *mids.values()]
        wanted += [mail] if inbound.raw_key else []
        wanted += [sender] if sender else []
        found = self._table.batch_get(wanted)
        return Known(
            claim=found.get(claim),
            mail=found.get(mail) if inbound.raw_key else None,
            customer_id=found.get(sender, {}).get("customer_id", "") if sender else "",
            by_reference={r: found[key]["case_id"] for r, key in refs.items() if key in found},
            by_message_id={m: found[key]["case_id"] for m, key in mids.items() if key in found},
        )

    def claim(self, inbound: InboundMessage, case_id: str, message_id: str, now: datetime) -> Write:
        """Refused as "claim" where the contact was taken in before."""
        pk, sk = keys.claim(inbound.channel, inbound.external_id)
        fate = {"case_id": case_id, "message_id": message_id, "created_at": iso(now)}
        return put_new("claim", {"pk": pk, "sk": sk, "type": "claim", **fate})

    def mail(self, raw_key: str, fate: str, now: datetime, **ids: str) -> Write:
        """What became of a received mail: case, duplicate, automatic, bounce or quarantine."""
        pk, sk = keys.mail(raw_key)
        fields = {"type": "mail", "fate": fate, "created_at": iso(now), **ids}
        return put_item("mail", {"pk": pk, "sk": sk, **fields})

    def mails(self, raw_keys: Sequence[str]) -> dict[str, Item]:
        """The fates of those mails that have one, by raw key."""
        wanted = {keys.mail(raw): raw for raw in raw_keys}
        return {wanted[key]: item for key, item in self._table.batch_get(list(wanted)).items()}

    def attempt(self, raw_key: str, now: datetime) -> int:
        """Count one more try of the sweep at a mail without a fate; returns how many there were."""
        key = (keys.mail(raw_key)[0], "TRIES")
        before = self._table.get(key) or {}
        tries = int(before.get("tries", 0)) + 1
        self._table.commit(
            update("tries", key, "SET tries = :n, updated_at = :t", n=tries, t=iso(now))
        )
        return tries

    def sweep_position(self) -> str:
        """The key behind which the next run of the sweep reads the bucket, "" at the beginning."""
        stored = self._table.get(keys.SWEEP)
        return str(stored["after_key"]) if stored else ""

    def keep_sweep_position(self, after: str) -> None:
        self._table.commit(update("sweep", keys.SWEEP, "SET after_key = :a", a=after))

    def message_id(self, rfc_id: str, case_id: str, sk: str) -> Write:
        """Refused as "message-id" where it is known already."""
        pk, name = keys.message_id(rfc_id)
        return put_new(
            "message-id",
            {"pk": pk, "sk": name, "type": "message-id", "case_id": case_id, "message_sk": sk},
        )

    def known_as(self, rfc_id: str, case_id: str, sk: str) -> Write:
        """Another Message-ID of a message of ours, such as the one that the provider chose."""
        pk, name = keys.message_id(rfc_id)
        return put_item(
            "known-as",
            {"pk": pk, "sk": name, "type": "message-id", "case_id": case_id, "message_sk": sk},
        )

    def message_behind(self, rfc_id: str) -> tuple[str, str] | None:
        """(case id, message sort key) of a Message-ID that we sent or received."""
        stored = self._table.get(keys.message_id(rfc_id))
        return (stored["case_id"], stored["message_sk"]) if stored else None

    def acknowledged(self, address: str) -> Acknowledgements:
        """Which acknowledgements an address was sent lately."""
        stored = self._table.get(keys.acknowledgements(address))
        return Acknowledgements.model_validate(plain(stored)) if stored else Acknowledgements()

    def acknowledge(self, address: str, record: Acknowledgements, expires: datetime) -> Write:
        """Keep the record that is one version on; refused as "acknowledged" after a lost race."""
        pk, sk = keys.acknowledgements(address)
        fields = {"type": "acknowledgements", "expires": int(expires.timestamp())}
        item = {"pk": pk, "sk": sk, **fields, **record.model_dump(mode="json")}
        if record.version == 1:
            return put_new("acknowledged", item)
        return put_version("acknowledged", item, record.version - 1)

    def moved(self, send_id: str, case_id: str, message_sk: str) -> Write:
        """What went out under a send id lies elsewhere now."""
        values = {"c": case_id, "m": message_sk}
        expression = "SET case_id = :c, message_sk = :m"
        return update("send", keys.send(send_id), expression, "attribute_exists(pk)", **values)

    def send_id(self, send_id: str, case_id: str, message_sk: str) -> Write:
        pk, sk = keys.send(send_id)
        fields = {"type": "send", "case_id": case_id, "message_sk": message_sk}
        return put_new("send", {"pk": pk, "sk": sk, **fields})

    def sent_as_any(self, send_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """`sent_as` of many, in one read; those that are none of ours are left out."""
        found = self._table.batch_get([keys.send(send_id) for send_id in send_ids])
        return {
            stored["pk"].removeprefix("SEND#"): (stored["case_id"], stored["message_sk"])
            for stored in found.values()
        }

    def sent_as(self, send_id: str) -> tuple[str, str] | None:
        """(case id, message sort key) of the message that went out under a send id."""
        stored = self._table.get(keys.send(send_id))
        return (stored["case_id"], stored["message_sk"]) if stored else None
