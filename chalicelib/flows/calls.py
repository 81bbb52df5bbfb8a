"""Who is calling, for an Amazon Connect contact flow: flat text values, and never an error.

The flow plays them, routes by them, and hands `last_reference` back with the call's end (POST
/v1/inbound/voice). "Invoke AWS Lambda functions" of the Amazon Connect Administrator Guide: the
answer is an object of plain keys and text values of at most 32 KB, within eight seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.cases.models import Case, Priority
from chalicelib.cases.rules import UNSOLVED
from chalicelib.channels.models import Channel
from chalicelib.customers.rules import identity_of, phone
from chalicelib.errors import Invalid
from chalicelib.store import items

if TYPE_CHECKING:
    from chalicelib.store.customers import CustomerStore

UNKNOWN = {
    "known": "no",
    "name": "",
    "open_cases": "0",
    "last_reference": "",
    "last_status": "",
    "language": "",
    "priority": "",
}
ERROR = {**UNKNOWN, "known": "error"}
RANK = (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT)
MOST = 50  # of a caller's newest cases that are looked at


@dataclass(frozen=True)
class Calls:
    customers: CustomerStore

    def answer(self, event: Mapping[str, Any]) -> dict[str, str]:
        """What a contact flow may know of its caller: three reads, one behind the other."""
        number = caller(event)
        identity = identity_of(Channel.VOICE, number)
        owner = self.customers.owner(identity.channel, identity.value) if identity else None
        if owner is None:
            return UNKNOWN
        customer = self.customers.final(owner)
        found = self.customers.cases(customer.id, MOST)
        cases = [items.model(Case, stored) for stored in found.items]
        shown = [case for case in cases if not case.spam and not case.merged_into]
        waiting = [case for case in shown if case.status in UNSOLVED]
        last = next(iter(waiting or shown), None)
        return {
            "known": "yes",
            "name": customer.name,
            "open_cases": str(len(waiting)),
            "last_reference": last.reference if last else "",
            "last_status": str(last.status) if last else "",
            "language": customer.language or (last.language if last else None) or "",
            "priority": str(max((c.priority for c in waiting), key=RANK.index, default="")),
        }


def caller(event: Mapping[str, Any]) -> str:
    """The caller's number in E.164, "" where it is withheld or no call."""
    endpoint = event["Details"]["ContactData"].get("CustomerEndpoint") or {}
    if endpoint.get("Type") != "TELEPHONE_NUMBER":
        return ""
    try:
        return phone(str(endpoint.get("Address") or ""))
    except Invalid:
        return ""
