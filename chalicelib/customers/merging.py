"""Two records of one person become one, and two again. Pure.

The record that goes in stays, without its addresses, and says where it went; it keeps all it knew,
so that taking it out again loses nothing. What the other record got by the merge is written down,
and undone as far as nobody has changed it since.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.customers.models import (
    Asset,
    Consent,
    ConsentStatus,
    Customer,
    CustomerMerge,
)
from chalicelib.customers.rules import check_alive, touch
from chalicelib.errors import Conflict, Invalid

FILLED = ("name", "external_id", "language", "time_zone", "tier")
MOST_IDENTITIES = 60  # of one customer: they all move in one transaction
MOST_MERGED = 20


def merge(source: Customer, target: Customer, by: str, now: datetime) -> tuple[Customer, Customer]:
    """Both after the one went into the other; raises Conflict, Invalid."""
    if source.id == target.id:
        raise Invalid.field("into", "is the customer themselves")
    for customer in (source, target):
        if customer.merged_into:
            raise Conflict("one of them is a part of another customer already")
        check_alive(customer)
    if target.provisional:
        raise Conflict("the other one is provisional: merge them the other way round")
    if len(source.identities) + len(target.identities) > MOST_IDENTITIES:
        raise Conflict(f"a customer can have {MOST_IDENTITIES} addresses")
    if len(source.merged_customers) + len(target.merged_customers) >= MOST_MERGED:
        raise Conflict(f"a customer can be made of {MOST_MERGED} records")
    fields = _fields(source, target)
    joined = target.model_copy(update=fields)
    record = CustomerMerge(
        at=now,
        by=by,
        identities=source.identities,
        before=_plain(target, fields),
        after=_plain(joined, fields),
    )
    gone = source.model_copy(update={"merged_into": target.id, "merge": record, "identities": ()})
    whole = joined.model_copy(
        update={
            "identities": (*target.identities, *source.identities),
            "merged_customers": (*target.merged_customers, source.id, *source.merged_customers),
        }
    )
    return touch(gone, now), touch(whole, now)


def unmerge(source: Customer, target: Customer, now: datetime) -> tuple[Customer, Customer]:
    """Both as they were, with what was changed since kept; raises Conflict."""
    record = source.merge
    if record is None or source.merged_into != target.id:
        raise Conflict("they were not merged")
    if target.merged_into:
        raise Conflict("the other one was merged again since: undo that first")
    parts = {source.id, *source.merged_customers}
    moved = {(i.channel, i.value) for i in record.identities}
    present = _plain(target, record.after)
    fields: dict[str, Any] = {
        # The table keeps no null: what is absent was one.
        name: record.before.get(name)
        for name, value in record.after.items()
        if present[name] == value
    }
    restored = Customer.model_validate({**target.model_dump(mode="json"), **fields})
    left = restored.model_copy(
        update={
            "identities": tuple(i for i in target.identities if (i.channel, i.value) not in moved),
            "merged_customers": tuple(c for c in target.merged_customers if c not in parts),
        }
    )
    kept = [i for i in target.identities if (i.channel, i.value) in moved]
    back = source.model_copy(update={"merged_into": "", "merge": None, "identities": tuple(kept)})
    return touch(back, now), touch(left, now)


def _fields(source: Customer, target: Customer) -> dict[str, Any]:
    """What the target gets: blanks are filled, and a no is never lost."""
    fields: dict[str, Any] = {
        name: getattr(source, name)
        for name in FILLED
        if not getattr(target, name) and getattr(source, name)
    }
    if target.quiet_hours is None and source.quiet_hours:
        fields["quiet_hours"] = source.quiet_hours
    # Identifiers sort by time: it is the newer conversation that short messages go on with.
    fields["open_case"] = max(source.open_case, target.open_case)
    fields["attributes"] = {**source.attributes, **target.attributes}
    fields["assets"] = _both(target.assets, source.assets)
    fields["consent"] = _words(source.consent, target.consent)
    fields["marketing"] = _words(source.marketing, target.marketing)
    fields["suppressed"] = {**source.suppressed, **target.suppressed}
    return {name: value for name, value in fields.items() if value != getattr(target, name)}


def _both(mine: tuple[Asset, ...], theirs: tuple[Asset, ...]) -> tuple[Asset, ...]:
    return (*mine, *(asset for asset in theirs if asset not in mine))


def _words(theirs: dict[Any, Consent], mine: dict[Any, Consent]) -> dict[Any, Consent]:
    no = {c: word for c, word in theirs.items() if word.status == ConsentStatus.OPTED_OUT}
    return {**theirs, **mine, **{c: w for c, w in no.items() if not _is_no(mine.get(c))}}


def _is_no(word: Consent | None) -> bool:
    return word is not None and word.status == ConsentStatus.OPTED_OUT


def _plain(customer: Customer, names: Any) -> dict[str, Any]:
    shown = customer.model_dump(mode="json")
    return {name: shown[name] for name in names}
