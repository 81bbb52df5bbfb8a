"""What agents have not seen, how they want to be told, and mails and webhooks to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.base import Model, from_iso, iso
from chalicelib.cases.models import Case, Message
from chalicelib.errors import StaleVersion
from chalicelib.notifications.models import Bell, Bundle, Entry, Notification, Preferences
from chalicelib.store import items, keys
from chalicelib.store.codec import Item
from chalicelib.store.reactions import FACT, Reaction
from chalicelib.store.table import (
    Key,
    Page,
    Table,
    Write,
    WriteRefused,
    delete,
    put,
    put_new,
    put_version,
    update,
)

READ_FOR = timedelta(days=30)  # that a line stays in the list after it was read
BEAT = timedelta(seconds=110)  # between two notes that an agent is at the desk
SENT_FOR = timedelta(days=14)  # that a mail or webhook is remembered


class Fact(Model):
    """An entry of a timeline of which agents are to be told. `after` is the last who were."""

    entry: tuple[Case, Message] | None  # None where it is no longer there
    note: Message | None = None
    after: str = ""


@dataclass(frozen=True)
class Standing:
    """What there is of some agents: their preferences, lines, bells, and what is gathered."""

    found: Mapping[Key, Item]

    def preferences(self, email: str) -> Preferences:
        stored = self.found.get(keys.preferences(email))
        return _preferences(stored)[0]

    def line(self, email: str, case_id: str) -> Notification | None:
        stored = self.found.get(keys.notification(email, case_id))
        return items.model(Notification, stored) if stored else None

    def bell(self, email: str) -> Bell:
        stored = self.found.get(keys.bell(email))
        return items.model(Bell, stored) if stored else Bell()

    def at_desk(self, email: str, now: datetime) -> bool:
        """Whether their desk asked for news a moment ago."""
        stored = self.found.get(keys.at_desk(email))
        return stored is not None and now - from_iso(str(stored["at"])) < 2 * BEAT

    def gathered(self, email: str, way: str, group: str) -> Bundle | None:
        stored = self.found.get(keys.gathered(email, way, group))
        return items.model(Bundle, stored) if stored else None


class NotificationStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    # --- facts ---------------------------------------------------------------------------

    def fact(self, reaction: Reaction) -> Fact | None:
        """The fact behind a reaction, read in one call; None where it was dealt with before."""
        pk = reaction.owner
        places = {"case": (pk, "CASE"), "message": (pk, reaction.data[FACT])}
        if note := reaction.data.get("note"):
            places["note"] = (pk, note)
        found = self._table.batch_get([reaction.key, *places.values()])
        stored = found.get(reaction.key)
        if stored is None:
            return None
        case, message = found.get(places["case"]), found.get(places["message"])
        written = found.get(places["note"]) if note else None
        entry = None
        if case is not None and message is not None:
            entry = items.model(Case, case), items.model(Message, message)
        return Fact(
            entry=entry,
            note=items.model(Message, written) if written else None,
            after=str(stored.get("data", {}).get("after", "")),
        )

    def told(self, reaction: Reaction, before: str, email: str) -> Write:
        """Agents up to this one were told of it; refused as "told" where others came further."""
        if before:
            condition, values = "#d.#a = :before", {"before": before}
        else:
            condition, values = "attribute_exists(pk) AND attribute_not_exists(#d.#a)", {}
        write = update("told", reaction.key, "SET #d.#a = :to", condition, to=email, **values)
        names = {"#d": "data", "#a": "after"}
        return Write(write.name, write.kind, {**write.body, "ExpressionAttributeNames": names})

    def standing(self, places: Iterable[Key]) -> Standing:
        return Standing(self._table.batch_get(list(places)))

    # --- the desk ------------------------------------------------------------------------

    def write(self, email: str, line: Notification) -> Write:
        """A new or changed line; refused as "line" after a lost race. What was read goes by
        itself; what was not stays, since it is counted."""
        listed = keys.index(1, keys.notifications(email), items.by_time(line.at, line.case_id))
        key = keys.notification(email, line.case_id)
        extra: dict[str, Any] = dict(listed)
        if line.read_at:
            extra["expires"] = int((line.read_at + READ_FOR).timestamp())
        return _versioned("line", items.item(key, "notification", line, **extra), line.version)

    def ring(self, email: str, bell: Bell) -> Write:
        """Refused as "bell" after a lost race."""
        return _versioned("bell", items.item(keys.bell(email), "bell", bell), bell.version)

    def bell(self, email: str, consistent: bool = False) -> Bell:
        """As it stands, or, at half the price, stood a moment ago."""
        stored = self._table.get(keys.bell(email), consistent)
        return items.model(Bell, stored) if stored else Bell()

    def asked(self, email: str, now: datetime) -> Bell:
        """What an agent's desk hears; that it asked is noted every other minute."""
        standing = self.standing([keys.bell(email), keys.at_desk(email)])
        stored = standing.found.get(keys.at_desk(email))
        if stored is None or now - from_iso(str(stored["at"])) >= BEAT:
            pk, sk = keys.at_desk(email)
            expires = int((now + READ_FOR).timestamp())
            seen = {"pk": pk, "sk": sk, "type": "at_desk", "at": iso(now), "expires": expires}
            self._table.commit(put("at_desk", seen))
        return standing.bell(email)

    def page(self, email: str, limit: int, start: dict[str, str] | None) -> Page:
        """Lines of an agent, newest first, as stored items."""
        partition = keys.notifications(email)
        return self._table.query(
            partition, index="gsi1", newest_first=True, limit=limit, start=start
        )

    def unread(self, email: str) -> Iterator[Notification]:
        found = self._table.query_all(keys.agent(email)[0], prefix=keys.NEWS, consistent=True)
        lines = (items.model(Notification, one) for one in found)
        return (line for line in lines if line.read_at is None)

    def lines(self, email: str, case_ids: Iterable[str]) -> dict[str, Notification]:
        """An agent's lines of some cases, by case id."""
        wanted = set(case_ids)
        standing = self.standing(keys.notification(email, one) for one in wanted)
        found = {one: standing.line(email, one) for one in wanted}
        return {case_id: line for case_id, line in found.items() if line}

    def sources(
        self, told: Sequence[Notification | Entry]
    ) -> tuple[dict[str, Case], dict[str, Message]]:
        """The cases that lines or facts speak of, by id, and the entries, by sort key; one read a
        hundred. What is no longer there is left out."""
        cases = {keys.case(one.case_id) for one in told}
        entries = {(keys.case(one.case_id)[0], one.message) for one in told}
        found = self._table.batch_get([*cases, *entries])
        return (
            {c["id"]: items.model(Case, c) for key, c in found.items() if key in cases},
            {key[1]: items.model(Message, m) for key, m in found.items() if key in entries},
        )

    # --- preferences ---------------------------------------------------------------------

    def preferences(self, email: str) -> tuple[Preferences, int]:
        """What an agent prefers, and its version: 0 where they never said."""
        return _preferences(self._table.get(keys.preferences(email)))

    def prefer(self, email: str, preferences: Preferences, read: int | None) -> int:
        """Keep them; returns the version. Raises StaleVersion after a lost race; `read` None
        overwrites whatever is there."""
        version = (self.preferences(email)[1] if read is None else read) + 1
        item = items.item(keys.preferences(email), "preferences", preferences, version=version)
        write = put("preferences", item) if read is None else _versioned("p", item, version)
        try:
            self._table.commit(write)
        except WriteRefused as refused:
            newest, at = self.preferences(email)
            raise StaleVersion(
                f"they are at version {at} by now", current=newest.model_dump(mode="json")
            ) from refused
        return version

    # --- mails and webhooks --------------------------------------------------------------

    def gather(self, bundle: Bundle) -> Write:
        """Refused as "gathered" after a lost race."""
        key = keys.gathered(bundle.email, bundle.way, bundle.group)
        return _versioned("gathered", items.item(key, "gathered", bundle), bundle.version)

    def gathered(self, place: Key) -> Bundle | None:
        stored = self._table.get(place)
        return items.model(Bundle, stored) if stored else None

    def close(self, bundle: Bundle) -> Write:
        """No more is gathered in it; refused as "gathered" after a lost race."""
        key = keys.gathered(bundle.email, bundle.way, bundle.group)
        return delete("gathered", key, "version = :read", read=bundle.version)

    def bundle(self, bundle_id: str) -> Bundle | None:
        """One that is on its way, or was sent."""
        stored = self._table.get(keys.bundle(bundle_id))
        return items.model(Bundle, stored) if stored else None

    def dispatch(self, bundle: Bundle, now: datetime, first: bool = False) -> Write:
        """A bundle in its new state; refused as "bundle" after a lost race."""
        expires = int((now + SENT_FOR).timestamp())
        item = items.item(keys.bundle(bundle.id), "bundle", bundle, expires=expires)
        return put_new("bundle", item) if first else put_version("bundle", item, bundle.version - 1)


def _versioned(name: str, item: dict[str, Any], version: int) -> Write:
    return put_new(name, item) if version == 1 else put_version(name, item, version - 1)


def _preferences(stored: Item | None) -> tuple[Preferences, int]:
    if stored is None:
        return Preferences(), 0
    fields = items.plain(stored)
    version = int(fields.pop("version"))
    return Preferences.model_validate(fields), version
