"""One search over all that the desk knows, with a bounded number of calls.

1. A reference, a mail address, a number: at once, by its key.
2. Customers by the beginning of their name, first or last: two Queries of an index of names.
3. Solved cases and articles: the index files, by words, their forms and meaning.
4. Open cases: the newest of each state are read, a Query each, and looked through. The table has no
   index of words; the answer says how many were looked at, and its cursor goes on from there.
5. Problems, trends, notices, macros: few, so that the newest are read and looked through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from chalicelib.base import Instant, Model
from chalicelib.campaigns.models import Campaign
from chalicelib.cases.models import Case
from chalicelib.cases.rules import UNSOLVED, references_in
from chalicelib.cases.service import CaseFilter
from chalicelib.customers.models import Customer
from chalicelib.errors import Invalid, NotFound
from chalicelib.flows.indexing import suggestible
from chalicelib.store import items
from chalicelib.store.articles import CASES
from chalicelib.text import fold
from chalicelib.trends.models import TrendState
from chalicelib.understanding.language import identify_language

if TYPE_CHECKING:
    from chalicelib.access.service import Sight
    from chalicelib.cases.service import CasePart, CaseService
    from chalicelib.customers.service import CustomerService
    from chalicelib.flows.authoring import Authoring
    from chalicelib.flows.library import Library
    from chalicelib.flows.macros import MacroWork
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.trends import TrendStore

SHORTEST = 2  # characters that say anything
SHOWN = 6  # of each kind
NEWEST = 50  # trends and notices that are looked through
ALIKE = 0.4  # cosine from which a text without any of the words is shown
NUMBER = re.compile(r"\+[\d\s()./-]{6,30}")
LASTING = [TrendState.ACTIVE, TrendState.ENDED]


class Kind(StrEnum):
    CASE = "case"
    CUSTOMER = "customer"
    SOLVED = "solved"
    ARTICLE = "article"
    PROBLEM = "problem"
    TREND = "trend"
    CAMPAIGN = "campaign"
    MACRO = "macro"


class Hit(Model):
    """Something that was found. `id` is what it is opened by, `text` says more of it."""

    kind: Kind
    id: str
    title: str
    text: str = ""
    reference: str = ""
    state: str = ""
    at: Instant | None = None


class SearchResult(Model):
    """What was found, kind by kind, the best of each first. `looked_at` is how many open cases
    were looked through; with `cursor` the next ones are."""

    hits: tuple[Hit, ...]
    looked_at: int
    cursor: str | None


@dataclass(frozen=True)
class Searching:
    cases: CaseStore
    case_service: CaseService
    customers: CustomerStore
    customer_service: CustomerService
    library: Library
    authoring: Authoring
    problems: ProblemStore
    trends: TrendStore
    campaigns: CampaignStore
    macro_work: MacroWork

    def search(
        self, text: str, email: str, cursor: str | None, *, lead: bool, sight: Sight
    ) -> SearchResult:
        """Everything that has those words, of the cases those in sight; with a cursor, further open
        cases only.

        Raises Invalid for a text that says nothing, Malformed for a cursor of another search.
        """
        asked = " ".join(text.split())
        if len(asked) < SHORTEST:
            raise Invalid.field("q", f"give at least {SHORTEST} characters")
        if cursor is None and (named := self._named(asked, sight)):
            return SearchResult(hits=(_of_case(named),), looked_at=0, cursor=None)
        part = self._open(asked, cursor, sight)
        found = [_of_case(case) for case in part.cases]
        if cursor is None:
            known = {hit.id for hit in found}
            people = list(self._people(asked))
            found = [*people, *found] if _address(asked) else [*found, *people]
            found += (hit for hit in self._solved(asked, sight) if hit.id not in known)
            found += self._articles(asked)
            found += self._others(asked, email, lead)
        return SearchResult(hits=tuple(found), looked_at=part.looked_at, cursor=part.cursor)

    def _named(self, asked: str, sight: Sight) -> Case | None:
        references = references_in(asked)
        if not references or asked.upper() != references[0]:
            return None
        try:
            return sight.case(references[0])
        except NotFound:
            return None

    def _open(self, asked: str, cursor: str | None, sight: Sight) -> CasePart:
        """Unsolved cases whose list entry has all the words, newest first: one Query a state."""
        wanted = CaseFilter(statuses=tuple(sorted(UNSOLVED)), text=asked)
        return self.case_service.find(wanted, SHOWN, cursor, 1, shown=sight.keep)

    def _people(self, asked: str) -> Iterator[Hit]:
        if _address(asked):
            try:
                owner = self.customer_service.by_address(asked, "q")
            except Invalid:  # an address that is not written to its end
                return
            if owner:
                yield _of_customer(owner)
            return
        for customer in self.customers.by_name(asked, SHOWN):
            yield _of_customer(customer)

    def _solved(self, asked: str, sight: Sight) -> Iterator[Hit]:
        code = identify_language(asked).code
        hits = self.library.find(CASES, asked, "en" if code == "und" else code, SHOWN)
        likely = [hit.key for hit in hits if hit.matched or hit.meaning >= ALIKE]
        known = self.cases.some(likely) if likely else {}
        for key in likely:
            if key in known and suggestible(known[key]) and sight.sees(known[key]):
                yield _of_case(known[key], Kind.SOLVED)

    def _articles(self, asked: str) -> Iterator[Hit]:
        for one in self.authoring.search(asked, None, None, SHOWN).items:
            yield Hit(kind=Kind.ARTICLE, id=one.slug, title=one.title, text=one.snippet)

    def _others(self, asked: str, email: str, lead: bool) -> Iterator[Hit]:
        """What there is little of: it is read and looked through."""
        problems = (
            Hit(kind=Kind.PROBLEM, id=p.id, title=p.title, state=p.state, at=p.detected_at)
            for p in self.problems.open()
        )
        yield from _with_words(asked, problems)
        trends = (
            Hit(
                kind=Kind.TREND,
                id=one.id,
                title=one.title or one.series,
                state=one.state,
                at=one.detected_at,
            )
            for one in self.trends.newest_in(LASTING, NEWEST)
        )
        yield from _with_words(asked, trends)
        if lead:
            listed = self.campaigns.listing(NEWEST, None).items
            notices = (items.model(Campaign, stored) for stored in listed)
            yield from _with_words(
                asked,
                (
                    Hit(kind=Kind.CAMPAIGN, id=c.id, title=c.name, state=c.status, at=c.created_at)
                    for c in notices
                ),
            )
        macros = (
            Hit(kind=Kind.MACRO, id=macro.name, title=macro.title, text=macro.text[:200])
            for macro in self.macro_work.seen_by(email)
        )
        yield from _with_words(asked, macros)


def _address(asked: str) -> bool:
    """Whether somebody asked for by their address or number: then they come first."""
    return "@" in asked or NUMBER.fullmatch(asked) is not None


def _with_words(asked: str, hits: Iterable[Hit]) -> list[Hit]:
    """Those that have all the words, the beginnings of words counted as well."""
    words = fold(asked).split()
    fit = (hit for hit in hits if all(w in fold(f"{hit.title} {hit.text}") for w in words))
    return [hit for hit, _ in zip(fit, range(SHOWN), strict=False)]


def _of_case(case: Case, kind: Kind = Kind.CASE) -> Hit:
    return Hit(
        kind=kind,
        id=case.id,
        title=case.subject,
        text=case.last_message,
        reference=case.reference,
        state=case.status,
        at=case.last_message_at,
    )


def _of_customer(customer: Customer) -> Hit:
    addresses = dict.fromkeys(identity.value for identity in customer.identities)
    return Hit(
        kind=Kind.CUSTOMER,
        id=customer.id,
        title=customer.name or next(iter(addresses), ""),
        text=" · ".join(list(addresses)[:2]),
        state=customer.tier,
        at=customer.updated_at,
    )
