"""Many customers at once: who is known by an address is updated, the others are added.

Addresses are looked up a hundred a call and customers written up to a hundred actions a
transaction, several of them at the same time, because API Gateway waits 29 seconds. A transaction
that meets a race is done again one customer at a time. What an import does not mention stays, and
it never undoes an opt-out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import Field

from chalicelib.base import Model
from chalicelib.channels.models import Channel
from chalicelib.customers import rules
from chalicelib.customers.importing import Line
from chalicelib.customers.models import (
    Consent,
    ConsentStatus,
    Customer,
    CustomerInput,
    CustomerPatch,
)
from chalicelib.customers.service import checked
from chalicelib.errors import Contended, Invalid
from chalicelib.ports import Clock, Ids
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.table import Table

ACTIONS = 100  # of one transaction
BYTES = 2_000_000  # of one transaction, which takes 4 MB
WORKERS = 4  # transactions at a time; more gain nothing on a small function
ATTEMPTS = 4
SOURCE = "import"
PLAIN = frozenset({"name", "language", "time_zone", "tier"})
Address = tuple[str, str]


class LineStatus(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    ERROR = "error"


class LineReport(Model):
    """What became of a line; `fields` says what was wrong, or was left as it was."""

    line: int
    status: LineStatus
    id: str | None = None
    fields: tuple[dict[str, str], ...] = ()


class ImportReport(Model):
    """What became of an import, line by line."""

    created: int = Field(ge=0)
    updated: int = Field(ge=0)
    errors: int = Field(ge=0)
    lines: tuple[LineReport, ...]


@dataclass(frozen=True)
class Read:
    """A line whose addresses could be read, as the customer that it would make."""

    line: Line
    said: CustomerInput
    customer: Customer

    @property
    def addresses(self) -> list[Address]:
        return [(str(i.channel), i.value) for i in self.customer.identities]


@dataclass(frozen=True)
class Planned:
    """A line with the writes that store its customer, and what to report when they are done."""

    read: Read
    writes: tuple[Write, ...]
    report: LineReport


@dataclass(frozen=True)
class Importing:
    table: Table
    customers: CustomerStore
    clock: Clock
    ids: Ids

    def run(self, lines: Sequence[Line]) -> ImportReport:
        """Take in all lines that are right; the report has one entry a line, in their order."""
        reports: dict[int, LineReport] = {}
        readable: list[Read] = []
        for line in lines:
            try:
                readable.append(self._read(line))
            except Invalid as refused:
                reports[line.number] = _error(line, refused)
        for wave in _waves(readable):
            for report in self._wave(wave):
                reports[report.line] = report
        done = tuple(reports[line.number] for line in lines)
        return ImportReport(
            created=sum(report.status == LineStatus.CREATED for report in done),
            updated=sum(report.status == LineStatus.UPDATED for report in done),
            errors=sum(report.status == LineStatus.ERROR for report in done),
            lines=done,
        )

    def _read(self, line: Line) -> Read:
        """Raises Invalid for a line that cannot be a customer."""
        if line.given is None:
            raise Invalid("", line.fields)
        customer = rules.create(self.ids.new(), line.given, self.clock(), SOURCE)
        return Read(line, line.given, checked(customer))

    def _wave(self, wave: Sequence[Read]) -> Iterator[LineReport]:
        planned: list[Planned] = []
        for outcome in self._plan(wave):
            if isinstance(outcome, Planned):
                planned.append(outcome)
            else:
                yield outcome
        with ThreadPoolExecutor(WORKERS) as workers:
            for done in workers.map(self._commit, _transactions(planned)):
                yield from done

    def _plan(self, wave: Sequence[Read]) -> Iterator[Planned | LineReport]:
        """What to write for lines of which no two speak of the same address."""
        owners = self.customers.owners([address for read in wave for address in read.addresses])
        known = self.customers.some(set(owners.values()))
        for read in wave:
            found = {owners[address] for address in read.addresses if address in owners}
            try:
                if len(found) > 1:
                    raise Invalid.field("phone", "number and address are two customers'")
                if found:
                    yield self._update(read, known[found.pop()], owners)
                else:
                    yield self._create(read)
            except Invalid as refused:
                yield _error(read.line, refused)

    def _create(self, read: Read) -> Planned:
        created = LineStatus.CREATED
        report = LineReport(line=read.line.number, status=created, id=read.customer.id)
        return Planned(read, tuple(self.customers.new(read.customer)), report)

    def _update(self, read: Read, before: Customer, owners: Mapping[Address, str]) -> Planned:
        after, kept = _merged(before, read, self.clock())
        report = LineReport(
            line=read.line.number, status=LineStatus.UPDATED, id=before.id, fields=kept
        )
        if _same(before, after):
            return Planned(read, (), report)
        claims = [
            self.customers.claim(after, identity)
            for identity in read.customer.identities
            if (str(identity.channel), identity.value) not in owners
        ]
        return Planned(read, (self.customers.change(after), *claims), report)

    def _commit(self, group: Sequence[Planned]) -> list[LineReport]:
        writes = [write for planned in group for write in planned.writes]
        try:
            if writes:
                self.table.commit(*writes)
        except (WriteRefused, Contended):
            return [self._alone(planned.read) for planned in group]
        return [planned.report for planned in group]

    def _alone(self, read: Read) -> LineReport:
        """A line whose transaction was refused, looked at anew."""
        for _ in range(ATTEMPTS):
            (outcome,) = self._plan([read])
            if isinstance(outcome, LineReport):
                return outcome
            try:
                if outcome.writes:
                    self.table.commit(*outcome.writes)
            except (WriteRefused, Contended):
                continue
            return outcome.report
        return _error(read.line, Invalid.field("line", "it was changed meanwhile; try again"))


def _merged(
    before: Customer, read: Read, now: datetime
) -> tuple[Customer, tuple[dict[str, str], ...]]:
    """The known customer with what the line says, and the fields that were left alone."""
    said = read.said
    names = said.model_fields_set & PLAIN
    plain = {name: getattr(said, name) for name in names}
    if "attributes" in said.model_fields_set:
        plain["attributes"] = {**before.attributes, **said.attributes}
    if "assets" in said.model_fields_set:
        plain["assets"] = said.assets
    after = rules.apply(before, CustomerPatch(**plain), now, SOURCE)
    known = {(i.channel, i.value) for i in before.identities}
    fresh = [i for i in read.customer.identities if (i.channel, i.value) not in known]
    consent, kept = _consent(before, read.customer)
    updates: dict[str, object] = {
        "identities": (*before.identities, *fresh),
        "consent": consent,
        "external_id": said.external_id or before.external_id,
    }
    return checked(after.model_copy(update=updates)), kept


def _consent(
    before: Customer, given: Customer
) -> tuple[dict[Channel, Consent], tuple[dict[str, str], ...]]:
    """Consent after the import: who opted out stays out, whatever a list says."""
    consent = dict(before.consent)
    kept = []
    for channel, word in given.consent.items():
        known = consent.get(channel)
        if known and known.status == word.status:
            continue
        if known and known.status == ConsentStatus.OPTED_OUT:
            reason = "they opted out; an import does not change that"
            kept.append({"field": f"consent.{channel}", "reason": reason})
        else:
            consent[channel] = word
    return consent, tuple(kept)


def _same(before: Customer, after: Customer) -> bool:
    unchanged = {"version": before.version, "updated_at": before.updated_at}
    return after.model_copy(update=unchanged) == before


def _waves(readable: Sequence[Read]) -> Iterator[list[Read]]:
    """The lines in order, in parts in which no address occurs twice."""
    wave: list[Read] = []
    seen: set[Address] = set()
    for read in readable:
        if seen.intersection(read.addresses):
            yield wave
            wave, seen = [], set()
        wave.append(read)
        seen.update(read.addresses)
    if wave:
        yield wave


def _transactions(planned: Iterable[Planned]) -> Iterator[list[Planned]]:
    """Groups of customers that fit into one transaction each."""
    group: list[Planned] = []
    actions = size = 0
    for entry in planned:
        weight = len(entry.read.customer.model_dump_json())
        if group and (actions + len(entry.writes) > ACTIONS or size + weight > BYTES):
            yield group
            group, actions, size = [], 0, 0
        group.append(entry)
        actions += len(entry.writes)
        size += weight
    if group:
        yield group


def _error(line: Line, refused: Invalid) -> LineReport:
    fields = tuple(dict(field) for field in refused.extra["fields"])
    return LineReport(line=line.number, status=LineStatus.ERROR, fields=fields)
