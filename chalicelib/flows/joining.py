"""Cases become one, part, or know of each other, at an agent's word.

- **merge**: one transaction; no message moves (cases/joining.py says why). A case may be taken out
  again for ten minutes.
- **split**: the chosen messages move into a new case, with what leads to them (Message-IDs, send
  ids), in one transaction; so at most eighteen at a time.
- **link**: both sides are written at once.

Each is written into the history of both cases. None depends on the version that the agent saw, so a
lost race looks again; done twice it changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from chalicelib.base import Model
from chalicelib.cases import joining, rules
from chalicelib.cases.models import Case, Direction, LinkKind, Message, Routed
from chalicelib.errors import Conflict, Contended, Invalid, NotFound
from chalicelib.flows.casework import one_line
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids
from chalicelib.settings_documents import TeamsSettings
from chalicelib.store import items
from chalicelib.store.keys import digest
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.following import Following
    from chalicelib.flows.promising import Promising
    from chalicelib.flows.sending import Sending
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

ATTEMPTS = 5
GRACE = timedelta(minutes=2)
MOST_SPLIT = 18  # five writes a message, and a transaction has a hundred
PAGE = 200


class MergeInput(Model):
    """The id or reference of the case to go into; with `undo`, the case comes out of it again."""

    into: str = Field(default="", max_length=64)
    undo: bool = False


class SplitInput(Model):
    message_ids: tuple[str, ...] = Field(min_length=1, max_length=MOST_SPLIT)
    subject: str = Field(default="", max_length=500)


class LinkInput(Model):
    """What the case `to` (id or reference) is to this one. `remove` takes the link away."""

    to: str = Field(min_length=1, max_length=64)
    kind: LinkKind = LinkKind.RELATED
    remove: bool = False


@dataclass(frozen=True)
class Joining:
    table: Table
    cases: CaseStore
    ledger: Ledger
    reactions: ReactionStore
    settings: SettingsStore
    promising: Promising
    following: Following
    sending: Callable[[], Sending]
    clock: Clock
    ids: Ids

    def merge(self, case_id: str, into: str, by: str) -> Case:
        """The other case, with this one in it; raises NotFound, Invalid, Conflict."""
        return self._again(lambda: self._merge(case_id, into, by))

    def unmerge(self, case_id: str, by: str) -> Case:
        """This case, as it was before it was merged; raises NotFound, Conflict."""
        return self._again(lambda: self._unmerge(case_id, by))

    def link(self, case_id: str, given: LinkInput, by: str) -> Case:
        """This case with the link; raises NotFound, Invalid, Conflict."""
        return self._again(lambda: self._link(case_id, given, by))

    def split(self, case_id: str, given: SplitInput, by: str) -> Case:
        """The new case; the same request again gives the same case.

        Raises NotFound, Invalid, Conflict (a message is on its way out, or none would be left).
        """
        return self._again(lambda: self._split(case_id, given, by))

    def _again(self, work: Callable[[], Case]) -> Case:
        for _ in range(ATTEMPTS):
            try:
                return work()
            except (WriteRefused, Contended):
                continue  # somebody wrote what we had read: look again
        raise Contended(f"lost {ATTEMPTS} races")

    # --- merge ---------------------------------------------------------------------------

    def _merge(self, case_id: str, into: str, by: str) -> Case:
        source, target = self.cases.get(case_id), self._named(into, "into")
        if source.merged_into == target.id:
            return target
        now = self.clock()
        gone, joined = joining.merge(source, target, by, now)
        joined = self.promising.joined(joined, source)
        joined, follow = self.following.joined(joined, source.followers, now)
        changes = {"merge": ["", target.id]}
        note = event(gone, self.ids.new(), now, f"merged into {target.reference}", changes, by)
        self.table.commit(
            *(self.cases.change(case) for case in (gone, joined)),
            self.cases.new_message(note),
            self._event(joined, now, f"{source.reference} was merged into this case", by),
            self._count(gone, now, {"event": self.cases.message_sk(note)}),  # it is learnt from
            *(self._relate(case, now) for case in (gone, joined)),
            *follow,
        )
        return joined

    def _unmerge(self, case_id: str, by: str) -> Case:
        source = self.cases.get(case_id)
        if source.merged_into is None:
            raise Conflict(f"{source.reference} is not a part of another case")
        target = self.cases.get(source.merged_into)
        now = self.clock()
        back, left = joining.unmerge(source, target, now)
        left = self.promising.parted(left, source)
        self.table.commit(
            *(self.cases.change(case) for case in (back, left)),
            self._event(back, now, f"taken out of {target.reference} again", by),
            self._event(left, now, f"{source.reference} was taken out of this case again", by),
            self._count(back, now),
            self._relate(back, now),
        )
        return back

    # --- link ----------------------------------------------------------------------------

    def _link(self, case_id: str, given: LinkInput, by: str) -> Case:
        case, other = self.cases.get(case_id), self._named(given.to, "to")
        now = self.clock()
        ours, theirs = joining.link(case, other, given.kind, given.remove)
        if (ours, theirs) == (case, other):
            return case
        word = "no longer linked" if given.remove else "linked"
        mirror = joining.MIRROR[given.kind]
        ours, theirs = rules.touch(ours, now), rules.touch(theirs, now)
        self.table.commit(
            self.cases.change(ours),
            self.cases.change(theirs),
            self._event(ours, now, f"{word}: {_words(given.kind)} {other.reference}", by),
            self._event(theirs, now, f"{word}: {_words(mirror)} {case.reference}", by),
        )
        return ours

    # --- split ---------------------------------------------------------------------------

    def _split(self, case_id: str, given: SplitInput, by: str) -> Case:
        case = self.cases.get(case_id)
        wanted = tuple(dict.fromkeys(given.message_ids))
        identifier = digest(f"split {case.id} {' '.join(sorted(wanted))}")[:26]
        if before := self.cases.some([identifier]):
            return before[identifier]
        if case.merged_into:
            raise Conflict(f"{case.reference} is a part of another case: split that")
        timeline = self._timeline(case)
        chosen = [message for message in timeline if message.id in wanted]
        if len(chosen) < len(wanted):
            raise Invalid.field("message_ids", "not all of them are messages of this case")
        joining.check_split(case, chosen, timeline)
        now = self.clock()
        subject = one_line(given.subject, "subject")
        fresh = joining.split_off(case, chosen, identifier, self.ids.reference(), subject)
        fresh = self._kept_inside(fresh.model_copy(update={"updated_at": now}), case, by)
        moved = [_moved(message, fresh, now) for message in chosen]
        self.table.commit(
            *self.cases.new(fresh),
            *(write for pair in zip(chosen, moved, strict=True) for write in self._move(*pair)),
            *self._left(case, chosen, timeline, fresh, now),
            self._event(case, now, f"{len(moved)} messages split off into {fresh.reference}", by),
            self._event(fresh, now, f"split off from {case.reference}", by),
            self._understand(fresh, moved, now),
        )
        return fresh

    def _kept_inside(self, fresh: Case, case: Case, by: str) -> Case:
        """What leaves a restricted team's case stays with the team until a person decides."""
        team = self.settings.read("teams", TeamsSettings).team(case.team)
        if team is None or not team.restricted:
            return fresh
        reasons = {**fresh.reasons, "team": f"set by {by}"}
        update = {"team": case.team, "routed": Routed(source="person"), "reasons": reasons}
        return fresh.model_copy(update=update)

    def _timeline(self, case: Case) -> list[Message]:
        """All messages, oldest first, of the case and those in it."""
        found: list[Message] = []
        positions = None
        while True:
            page = self.cases.timeline((case.id, *case.merged_cases), PAGE, positions)
            found += [items.model(Message, stored) for stored in page.items]
            positions = page.positions
            if positions is None:
                return found

    def _move(self, before: Message, after: Message) -> Iterable[Write]:
        yield self.cases.take_away(before)
        yield self.cases.new_message(after)
        place = (after.case_id, self.cases.message_sk(after))
        if after.message_id:
            yield self.ledger.known_as(after.message_id, *place)
        if after.delivery and after.delivery.send_id:
            yield self.ledger.moved(after.delivery.send_id, *place)
            yield from self.sending().provider_ids(after, after.delivery.provider_id)

    def _left(
        self,
        case: Case,
        chosen: Sequence[Message],
        timeline: Sequence[Message],
        fresh: Case,
        now: datetime,
    ) -> Iterable[Write]:
        """The case without those messages, and the cases in it that they lay in."""
        gone = {message.id for message in chosen}
        stays = [message for message in timeline if message.id not in gone]
        left = joining.shown(case, stays)
        yield self.cases.change(
            rules.touch(left.model_copy(update={"related": (*case.related, fresh.id)}), now)
        )
        holders = {message.case_id for message in chosen} - {case.id}
        for holder in self.cases.some(holders).values():
            own = [message for message in stays if message.case_id == holder.id]
            yield self.cases.change(rules.touch(joining.shown(holder, own), now))

    def _understand(self, fresh: Case, moved: Sequence[Message], now: datetime) -> Write:
        """The new case is understood by its first inbound message; its count follows."""
        first = next((m for m in moved if m.direction == Direction.INBOUND), moved[0])
        data = {"message": self.cases.message_sk(first)}
        triage = Reaction(owner=f"CASE#{fresh.id}", kind="triage", id=first.id, data=data)
        return self.reactions.new(triage, now + GRACE)

    # --- helpers -------------------------------------------------------------------------

    def _named(self, name: str, field: str) -> Case:
        """The case that a request's field names, where it goes on; raises Invalid."""
        try:
            return self.cases.final(name)
        except NotFound as error:
            raise Invalid.field(field, "there is no such case") from error

    def _event(self, case: Case, now: datetime, text: str, by: str) -> Write:
        return self.cases.new_message(event(case, self.ids.new(), now, text, {}, by))

    def _count(self, case: Case, now: datetime, data: dict[str, str] | None = None) -> Write:
        count = Reaction(owner=f"CASE#{case.id}", kind="count", id=self.ids.new(), data=data or {})
        return self.reactions.new(count, now + GRACE)

    def _relate(self, case: Case, now: datetime) -> Write:
        """Its problem counts it no longer, or again."""
        relate = Reaction(owner=f"CASE#{case.id}", kind="relate", id=self.ids.new())
        return self.reactions.new(relate, now + GRACE)


def _moved(message: Message, fresh: Case, now: datetime) -> Message:
    version = message.version + 1  # the same message, elsewhere
    return message.model_copy(update={"case_id": fresh.id, "updated_at": now, "version": version})


def _words(kind: LinkKind) -> str:
    return kind.replace("_", " ")
