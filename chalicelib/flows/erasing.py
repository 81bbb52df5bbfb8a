"""A person is forgotten: their record at once, all else step by step until nothing is left.

1. One transaction: the records become what stays of them, no address leads to them any more (what
   comes next from one makes a new customer), what is needed to go on, the audit list, a reaction.
2. The reaction empties their cases, page after page: agents' drafts and objects in the bucket,
   then each message with what leads to it, then the case. A step that is done twice finds nothing
   to do.
3. Then what hangs on their addresses and ids, notices, history, and month by month what the machine
   was taught by their words.
4. An index lags behind: a while later the cases are looked through once more. What was needed to go
   on goes last.

Each step ends one reaction and makes the next in the same transaction. Figures stay: a case is a
shell with its times, topic and work (cases/erasing.py). What else stays is said in README.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from chalicelib.access.models import Act, Trace
from chalicelib.cases import erasing as pure
from chalicelib.cases import rules
from chalicelib.cases.models import Case, Message
from chalicelib.customers.models import Customer, Erasure, HistoryEntry
from chalicelib.customers.rules import bare, touch
from chalicelib.errors import Conflict, Contended, StaleVersion
from chalicelib.ports import Clock, Ids, Objects
from chalicelib.store import keys
from chalicelib.store.erasure import Erasing as UnderWay
from chalicelib.store.reactions import ERASE, HOLD, Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.auditing import Auditing
    from chalicelib.flows.enclosing import Enclosing
    from chalicelib.flows.promising import Promising
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.desk import DeskStore
    from chalicelib.store.erasure import ErasureStore
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.table import Table

ATTEMPTS = 6
GRACE = timedelta(minutes=2)
LAG = timedelta(minutes=3)  # longer than an index or a transaction that has begun takes
PAGE = 10  # cases in one go


class Step(StrEnum):
    CASES = "cases"
    ABOUT = "about"
    LESSONS = "lessons"
    AGAIN = "again"


@dataclass(frozen=True)
class Erasing:
    table: Table
    customers: CustomerStore
    cases: CaseStore
    campaigns: CampaignStore
    problems: ProblemStore
    reactions: ReactionStore
    erasure: ErasureStore
    desk: DeskStore
    enclosing: Enclosing
    promising: Promising
    auditing: Auditing
    objects: Callable[[], Objects]
    clock: Clock
    ids: Ids
    region: str

    def erase(self, customer_id: str, version: int, by: Trace) -> Customer:
        """What stays of the customer; the rest goes from now on. Once more changes nothing.

        Raises NotFound, Conflict for a part of somebody else, StaleVersion.
        """
        customer = self.customers.get(customer_id)
        if customer.erased:
            return customer
        if customer.merged_into:
            into = customer.merged_into
            raise Conflict("they are a part of another customer", merged_into=into)
        if customer.version != version:
            newest = customer.model_dump(mode="json")
            raise StaleVersion(f"it is at version {customer.version} by now", current=newest)
        now = self.clock()
        parts = [customer, *self.customers.some(customer.merged_customers).values()]
        gone = [_gone(part, by, now) for part in parts]
        under_way = UnderWay(
            customer_id=customer.id,
            parts=tuple(part.id for part in parts),
            identities=tuple(i for part in parts for i in part.identities),
            since=min(part.created_at for part in parts),
        )
        try:
            self.table.commit(
                *(self.customers.change(part) for part in gone),
                *(self.customers.release(customer, i) for i in customer.identities),
                self.erasure.begin(under_way),
                self.auditing.entry(by, Act.CUSTOMER_ERASED, customer.id),
                self._reaction(customer.id, Step.CASES, now),
            )
        except (WriteRefused, Contended) as lost:
            newest = self.customers.get(customer_id).model_dump(mode="json")
            raise StaleVersion("it was changed at that moment", current=newest) from lost
        return gone[0]

    def go_on(self, reaction: Reaction) -> None:
        """The next step of an erasure; safe to call again."""
        owner = reaction.owner.removeprefix("CUST#")
        under_way = self.erasure.under_way(owner)
        if under_way is None or not self.reactions.exists(reaction):
            return
        match Step(reaction.data[ERASE]):
            case Step.CASES | Step.AGAIN:
                self._cases(under_way, reaction)
            case Step.ABOUT:
                self._about(under_way, reaction)
            case Step.LESSONS:
                self._lessons(under_way, reaction)

    # --- cases ---------------------------------------------------------------------------

    def _cases(self, under_way: UnderWay, reaction: Reaction) -> None:
        """One page of the cases of one of their records."""
        number = int(reaction.data.get("part", "0"))
        start = json.loads(reaction.data["after"]) if "after" in reaction.data else None
        page = self.erasure.cases(under_way.parts[number], start, PAGE)
        for stored in page.items:
            self._empty(str(stored["id"]))
        done = int(reaction.data.get("done", "0")) + len(page.items)
        step = reaction.data[ERASE]
        data = {ERASE: step, "part": str(number), "done": str(done)}
        if page.last:
            self._next(under_way, reaction, data | {"after": json.dumps(page.last)}, done)
        elif number + 1 < len(under_way.parts):
            self._next(under_way, reaction, data | {"part": str(number + 1)}, done)
        elif step == Step.CASES:
            self._next(under_way, reaction, {ERASE: Step.ABOUT}, done)
        else:
            self._end(under_way, reaction, done)

    def _empty(self, case_id: str) -> None:
        """Empty a case and all in it, unless that was done before."""
        for _ in range(ATTEMPTS):
            case = self.cases.get(case_id)
            self._drafts(case)
            if case.erased_at:
                return
            self.erasure.remove(self.erasure.reactions(keys.case(case.id)[0]))
            self._messages(case)
            try:
                self._end_case(case)
            except (WriteRefused, Contended):
                continue  # somebody was still at work in it
            return
        raise Contended(f"a case that is erased lost {ATTEMPTS} races")

    def _drafts(self, case: Case) -> None:
        """What agents have begun to write, with its files; one may be saved at that moment, and is
        found when the cases are looked through again."""
        for email, mode in self.desk.begun(case.id):
            draft = self.desk.draft(email, case.id, mode)
            for file in draft.attachments if draft else ():
                if key := self.enclosing.key_of(file.id, email):
                    self.objects().delete(key)
            self.desk.forget(email, case.id, mode)

    def _messages(self, case: Case) -> None:
        for message in self.cases.every_message(case.id):
            if not message.erased:
                self._message(message)

    def _message(self, message: Message) -> None:
        """Objects go first: their keys are known only as long as the message has them."""
        sort_key = self.cases.message_sk(message)
        for _ in range(ATTEMPTS):
            files = (file.key for file in message.attachments)
            for key in filter(None, (message.body_key, message.raw_key, *files)):
                self.objects().delete(key)
            provider = message.delivery.provider_id if message.delivery else ""
            theirs = rules.provider_message_id(message, provider, self.region)
            try:
                self.table.commit(
                    self.cases.change_message(pure.emptied(message, self.clock())),
                    *self.erasure.leads_to(message, theirs),
                )
            except (WriteRefused, Contended):
                message = self.cases.message(message.case_id, sort_key)
                if message.erased:
                    return
            else:
                return
        raise Contended(f"a message that is erased lost {ATTEMPTS} races")

    def _end_case(self, case: Case) -> None:
        now = self.clock()
        after = pure.ended(case, now)
        after = self.promising.moved(case, after, now)
        count = Reaction(owner=keys.case(case.id)[0], kind="count", id=self.ids.new())
        self.table.commit(
            self.cases.change(after),
            *self.erasure.beside_case(case),
            *(self.desk.unfollow(email, case.id) for email in case.followers),
            *self._link(case),
            self.reactions.new(count, now + GRACE),
        )

    def _link(self, case: Case) -> list[Write]:
        """Its problem counts it as before, and says nothing of it."""
        link = self.problems.link(case.problem_id, case.id) if case.problem_id else None
        if link is None:
            return []
        fields = {"subject": "", "why": "", "version": link.version + 1}
        return [self.problems.write_link(link.model_copy(update=fields))]

    # --- all else ------------------------------------------------------------------------

    def _about(self, under_way: UnderWay, reaction: Reaction) -> None:
        for part in under_way.parts:
            owner = keys.customer(part)[0]
            others = [key for key in self.erasure.reactions(owner) if key != reaction.key]
            self.erasure.remove(others)
            for stored in self.erasure.notices(part):
                self._forget_told(str(stored["campaign_id"]), part)
                self.erasure.remove([(stored["pk"], stored["sk"])])
            self.erasure.remove(self.erasure.history(part))
        self.erasure.remove(self.erasure.elsewhere(under_way))
        first = f"{under_way.since:%Y-%m}"
        self._next(under_way, reaction, {ERASE: Step.LESSONS, "month": first}, 0)

    def _forget_told(self, campaign_id: str, customer_id: str) -> None:
        """The ledger says that somebody was told, and no longer whom."""
        for _ in range(ATTEMPTS):
            told = self.campaigns.told(campaign_id, [customer_id]).get(customer_id)
            if told is None or not (told.to or told.subject or told.provider_id):
                return
            fields = {"to": "", "subject": "", "provider_id": "", "version": told.version + 1}
            try:
                self.table.commit(self.campaigns.write_told(told.model_copy(update=fields)))
            except (WriteRefused, Contended):
                continue
            return
        raise Contended("an entry of a ledger changed all the time")

    def _lessons(self, under_way: UnderWay, reaction: Reaction) -> None:
        month = reaction.data["month"]
        self.erasure.remove(self.erasure.lessons(month, under_way.parts))
        following = _after(month)
        if following <= f"{self.clock():%Y-%m}":
            self._next(under_way, reaction, {ERASE: Step.LESSONS, "month": following}, 0)
        else:
            self._next(under_way, reaction, {ERASE: Step.AGAIN}, 0, LAG)

    # --- from step to step ---------------------------------------------------------------

    def _next(
        self,
        under_way: UnderWay,
        reaction: Reaction,
        data: dict[str, str],
        done: int,
        wait: timedelta = timedelta(),
    ) -> None:
        now = self.clock()
        hold = {HOLD: str(int(wait.total_seconds()))} if wait else {}
        following = Reaction(
            owner=reaction.owner, kind="count", id=self.ids.new(), data={**data, **hold}
        )
        fresh = self.reactions.new(following, now + wait + GRACE)
        self._step(under_way, reaction, done, None, fresh)

    def _end(self, under_way: UnderWay, reaction: Reaction, done: int) -> None:
        now = self.clock()
        entry = HistoryEntry(id=self.ids.new(), at=now, by="", text="erased")
        note = self.customers.note(under_way.customer_id, entry)
        ended = self.erasure.end(under_way.customer_id)
        self._step(under_way, reaction, done, now, note, ended)

    def _step(
        self,
        under_way: UnderWay,
        reaction: Reaction,
        done: int,
        done_at: datetime | None,
        *more: Write,
    ) -> None:
        """End one step: how far it is shows in the record; the next one begins."""
        for _ in range(ATTEMPTS):
            record = self.customers.get(under_way.customer_id)
            writes = [self.erasure.onward(reaction), *more]
            if record.erased and (done > record.erased.cases or done_at):
                fields = {"cases": max(done, record.erased.cases), "done_at": done_at}
                erased = record.erased.model_copy(update=fields)
                changed = record.model_copy(update={"erased": erased})
                writes.append(self.customers.change(touch(changed, self.clock())))
            try:
                self.table.commit(*writes)
            except WriteRefused as refused:
                if "done" in refused.names:
                    return  # somebody else went on from here
            except Contended:
                pass
            else:
                return
        raise Contended("the record of somebody who is erased changed all the time")

    def _reaction(self, customer_id: str, step: Step, now: datetime) -> Write:
        owner = keys.customer(customer_id)[0]
        first = Reaction(owner=owner, kind="count", id=self.ids.new(), data={ERASE: step})
        return self.reactions.new(first, now + GRACE)


def _gone(customer: Customer, by: Trace, now: datetime) -> Customer:
    erased = Erasure(at=now, by=by.who)
    return bare(touch(customer.model_copy(update={"erased": erased}), now))


def _after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02d}"
