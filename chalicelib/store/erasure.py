"""What lies about a person in the table beside their record and their cases, and how it goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from chalicelib.base import Model
from chalicelib.cases.models import Case, Message
from chalicelib.customers.models import Identity
from chalicelib.store import items, keys
from chalicelib.store.cases import message_key
from chalicelib.store.codec import Item
from chalicelib.store.counts import hour_name
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Key, Page, Table, Write, delete, put

SESSION = "session:"  # before the id of a chat, as an address of its customer
QUESTIONS = ("chat-", "mail-")  # before a case's id: what its bot or its first answer was asked


class Erasing(Model):
    """What is needed until everything is gone, and goes last: their records and addresses."""

    customer_id: str
    parts: tuple[str, ...]
    identities: tuple[Identity, ...]
    since: datetime  # the oldest of the records was made then


class ErasureStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    # --- how far it is -------------------------------------------------------------------

    def begin(self, erasing: Erasing) -> Write:
        key = keys.erasing(erasing.customer_id)
        return put("erasing", items.item(key, "erasing", erasing))

    def under_way(self, customer_id: str) -> Erasing | None:
        stored = self._table.get(keys.erasing(customer_id))
        return items.model(Erasing, stored) if stored else None

    def end(self, customer_id: str) -> Write:
        return delete("erasing", keys.erasing(customer_id))

    # --- of a case -----------------------------------------------------------------------

    def reactions(self, owner: str) -> list[Key]:
        """All that is still to be done about a case or a customer."""
        found = self._table.query_all(owner, prefix=keys.REACT, consistent=True)
        return [(stored["pk"], stored["sk"]) for stored in found]

    def beside_case(self, case: Case) -> list[Write]:
        """What was made of its words."""
        places = [keys.solved(case.id), keys.meaning(case.id)]
        places.append(keys.new_words(hour_name(case.created_at), case.id))
        places += [keys.question(f"{prefix}{case.id}") for prefix in QUESTIONS]
        return [delete(f"beside {number}", place) for number, place in enumerate(places)]

    def leads_to(self, message: Message, provider_message_id: str) -> list[Write]:
        """By what an answer, or a word of the provider, would find the message."""
        named = [keys.message_id(one) for one in (message.message_id, provider_message_id) if one]
        if message.delivery and message.delivery.send_id:
            named.append(keys.send(message.delivery.send_id))
        own = message_key(message)
        return [
            delete(f"lead {number}", place)
            for number, place in enumerate(dict.fromkeys(named))
            if place != own
        ]

    # --- of a person ---------------------------------------------------------------------

    def notices(self, customer_id: str) -> Iterator[Item]:
        """The entries of their timeline about notices."""
        pk = keys.customer(customer_id)[0]
        yield from self._table.query_all(pk, prefix=keys.TOLD, consistent=True)

    def history(self, customer_id: str) -> list[Key]:
        pk = keys.customer(customer_id)[0]
        found = self._table.query_all(pk, prefix=keys.HISTORY, consistent=True)
        return [(stored["pk"], stored["sk"]) for stored in found]

    def elsewhere(self, erasing: Erasing) -> list[Key]:
        """What hangs on their addresses and ids."""
        found = [keys.noticed(part) for part in erasing.parts]
        for identity in erasing.identities:
            found.append(keys.acknowledgements(identity.value))
            if identity.value.startswith(SESSION):
                found.append(keys.chat(identity.value.removeprefix(SESSION)))
        return found

    def lessons(self, month: str, parts: Iterable[str]) -> list[Key]:
        """What the machine was taught by their words in a month."""
        wanted = set(parts)
        return [
            (stored["pk"], stored["sk"])
            for partition in keys.lessons_of_month(month)
            for stored in self._table.query_all(partition, consistent=True)
            if stored.get("customer_id") in wanted
        ]

    def remove(self, places: Iterable[Key]) -> None:
        """Take those items away; what is gone is gone."""
        for place in places:
            self._table.commit(delete("item", place))

    def onward(self, reaction: Reaction) -> Write:
        """Refused as "done" where somebody else went on from there."""
        return delete("done", reaction.key, "attribute_exists(pk)")

    def cases(self, customer_id: str, start: dict[str, str] | None, limit: int) -> Page:
        """A page of their cases by the index, which lags a little behind."""
        return self._table.query(f"CUST#{customer_id}", index="gsi1", limit=limit, start=start)
