"""All that is held of a person, as one JSON file for them: the right of access.

It goes through the bucket, since a long history is larger than an answer may be, and is gone from
there after a day. Cases of restricted teams are in it only for whoever sees them; `whole` says
whether the one who asked sees all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.access.models import Act, Trace
from chalicelib.base import Instant, Model, iso
from chalicelib.cases.models import Case, Message, StoredAttachment
from chalicelib.flows.timeline import whole
from chalicelib.ports import Clock, Objects
from chalicelib.store import items, keys
from chalicelib.store.erasure import QUESTIONS, SESSION

if TYPE_CHECKING:
    from chalicelib.access.service import Sight
    from chalicelib.customers.models import Customer
    from chalicelib.flows.auditing import Auditing
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.chats import ChatStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.erasure import ErasureStore
    from chalicelib.store.questions import QuestionStore
    from chalicelib.store.table import Table

LINK_SECONDS = 300
FILE_SECONDS = 3_600  # the files that the export links to
OURS_OF_CASE = {"merge", "counted_for", "understood_by"}
OURS_OF_MESSAGE = {"before", "body_key", "raw_key", "attachments", "version"}


class CustomerExport(Model):
    """Where the file is: the link works for five minutes. `whole` is false for one who does not
    see the cases of every team; an admin does."""

    url: str
    expires_at: Instant
    bytes: int
    cases: int
    messages: int
    whole: bool


@dataclass(frozen=True)
class Exporting:
    table: Table
    customers: CustomerStore
    cases: CaseStore
    campaigns: CampaignStore
    chats: ChatStore
    questions: QuestionStore
    erasure: ErasureStore
    auditing: Auditing
    objects: Callable[[], Objects]
    clock: Clock

    def export(self, customer_id: str, sight: Sight, by: Trace) -> CustomerExport:
        """A file of all that is held of a customer; raises NotFound."""
        customer = self.customers.final(customer_id)
        begun = self.auditing.begin(by, Act.CUSTOMER_EXPORTED, customer.id)
        parts = [customer, *self.customers.some(customer.merged_customers).values()]
        cases = [
            self._case(case)
            for part in parts
            for case in self.customers.every_case(part.id)
            if sight.sees(case)
        ]
        content = {
            "made_at": iso(begun.at),
            "whole": sight.whole,
            "records": [part.model_dump(mode="json", exclude_none=True) for part in parts],
            "history": [one for part in parts for one in self._beside(part, keys.HISTORY)],
            "notices": [one for part in parts for one in self._notices(part)],
            "chats": list(self._chats(parts)),
            "cases": cases,
        }
        raw = json.dumps(content, ensure_ascii=False, indent=1).encode()
        key = f"exports/customers/{begun.id}.json"
        self.objects().put(key, raw, "application/json")
        self.auditing.end(begun)
        name = f"customer-{customer.id}.json"
        return CustomerExport(
            url=self.objects().signed_url(key, name, LINK_SECONDS, "application/json"),
            expires_at=self.clock() + timedelta(seconds=LINK_SECONDS),
            bytes=len(raw),
            cases=len(cases),
            messages=sum(len(case["messages"]) for case in cases),
            whole=sight.whole,
        )

    # --- parts ---------------------------------------------------------------------------

    def _case(self, case: Case) -> dict[str, Any]:
        shown = case.model_dump(mode="json", exclude_none=True, exclude=OURS_OF_CASE)
        shown["messages"] = [self._message(one) for one in self.cases.every_message(case.id)]
        asked = [self.questions.find(f"{prefix}{case.id}") for prefix in QUESTIONS]
        shown["questions"] = [q.model_dump(mode="json", exclude={"caller"}) for q in asked if q]
        return shown

    def _message(self, message: Message) -> dict[str, Any]:
        entire = whole(self.objects(), message)
        shown = entire.model_dump(mode="json", exclude_none=True, exclude=OURS_OF_MESSAGE)
        shown["attachments"] = [self._file(file) for file in message.attachments]
        if message.raw_key:
            shown["original_url"] = self._link(message.raw_key, "original.eml.txt", "text/plain")
        return shown

    def _file(self, file: StoredAttachment) -> dict[str, Any]:
        link = self._link(file.key, file.name, "application/octet-stream")
        return {"name": file.name, "type": file.type, "bytes": file.bytes, "url": link}

    def _link(self, key: str, name: str, kind: str) -> str:
        return self.objects().signed_url(key, name, FILE_SECONDS, kind)

    def _beside(self, customer: Customer, prefix: str) -> Iterator[dict[str, Any]]:
        pk = keys.customer(customer.id)[0]
        for stored in self.table.query_all(pk, prefix=prefix):
            yield items.plain(stored)

    def _notices(self, customer: Customer) -> Iterator[dict[str, Any]]:
        """What they were told by campaigns, to which address, and what became of it."""
        for notice in self._beside(customer, keys.TOLD):
            campaign = str(notice["campaign_id"])
            told = self.campaigns.told(campaign, [customer.id]).get(customer.id)
            ledger = told.model_dump(mode="json", exclude_none=True) if told else {}
            yield {**notice, "to": ledger.get("to", ""), "status": ledger.get("status", "")}

    def _chats(self, parts: list[Customer]) -> Iterator[dict[str, Any]]:
        for identity in (one for part in parts for one in part.identities):
            if identity.value.startswith(SESSION):
                session = self.chats.get(identity.value.removeprefix(SESSION))
                if session:
                    yield session.model_dump(mode="json", exclude={"id", "caller"})
