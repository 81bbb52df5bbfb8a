"""A reply that can be taken back: held for some seconds, then stored and sent like any other.

What is held is a reaction that carries the reply: nothing of it is in the timeline yet, and the
case is as it was. Taking it back deletes the reaction; releasing it deletes it too, in the
transaction that stores the message. So it is one or the other, whoever asks first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.base import iso
from chalicelib.cases.models import CaseStatus, Message
from chalicelib.errors import Conflict, NotFound
from chalicelib.flows import enclosing
from chalicelib.ports import Clock
from chalicelib.store import keys
from chalicelib.store.reactions import HOLD, Reaction
from chalicelib.store.table import WriteRefused
from chalicelib.store.uploads import free

if TYPE_CHECKING:
    from chalicelib.flows.replying import Replying, ReplyInput
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.table import Table

HELD = "held"
FILES = "files"  # keys of the uploads that it holds
GONE = "it has gone out already"
LATE = timedelta(seconds=20)  # after which the sweep releases what no queue brought


@dataclass(frozen=True)
class Holding:
    table: Table
    cases: CaseStore
    reactions: ReactionStore
    replying: Replying
    clock: Clock

    def hold(self, case_id: str, given: ReplyInput, by: str, key: str = "") -> Message:
        """The reply as it will be stored in `given.hold_seconds`. The same key gives the same one.

        Refused as an ordinary reply would be: Invalid, Conflict, StaleAnswer.
        """
        case = self.cases.final(case_id)
        if key and (before := self._before(case.id, by, key)):
            return before
        message, remembered, files = self.replying.prepared(case, given, by, key)
        until = self.clock() + timedelta(seconds=given.hold_seconds)
        data = {
            HELD: message.model_dump_json(),
            HOLD: str(given.hold_seconds),
            "until": iso(until),
            "by": by,
            "status": str(given.status or ""),
            FILES: " ".join(files.uploads),
        }
        held = self.reactions.new(_reaction(case.id, message.id, data), until + LATE)
        try:
            self.table.commit(held, *remembered, *files.binding)
        except WriteRefused as refused:
            if "idempotency" in refused.names and (before := self._before(case.id, by, key)):
                return before
            enclosing.refused(refused)
            raise
        return message

    def take_back(self, case_id: str, message_id: str) -> None:
        """Its files may go into another message; raises NotFound, Conflict where it is too late."""
        case = self.cases.get(case_id)
        reaction = _reaction(case.id, message_id, {})
        held = self.table.get(reaction.key) or {"data": {}}
        files = held["data"].get(FILES, "").split()
        try:
            self.table.commit(
                self.reactions.done(reaction), *(free(key, message_id) for key in files)
            )
        except WriteRefused as refused:
            raise Conflict(GONE) from refused

    def release(self, reaction: Reaction) -> None:
        """Store what was held, and let it be sent; too early it is left for later."""
        if self.clock() < datetime.fromisoformat(reaction.data["until"]):
            return
        message = Message.model_validate_json(reaction.data[HELD])
        status = CaseStatus(reaction.data["status"]) if reaction.data["status"] else None
        done = self.reactions.done(reaction)
        try:
            self.replying.release(message, status, reaction.data["by"], done)
        except WriteRefused as refused:
            if "done" not in refused.names:
                raise  # taken back, or released: nothing is left to do

    def _before(self, case_id: str, by: str, key: str) -> Message | None:
        """What the same key gave before: held still, or stored meanwhile."""
        place = self.replying.remembered(case_id, by, key)
        if place is None:
            return None
        held = self.table.get(_reaction(place[0], place[1].rpartition("#")[2], {}).key)
        if held:
            return Message.model_validate_json(held["data"][HELD])
        try:
            return self.cases.message(*place)
        except NotFound:
            return None


def _reaction(case_id: str, message_id: str, data: dict[str, str]) -> Reaction:
    owner = keys.case(case_id)[0]
    return Reaction(owner=owner, kind="send", id=f"{HELD}-{message_id}", data=data)
