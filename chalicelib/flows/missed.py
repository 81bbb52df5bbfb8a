"""What somebody missed in the chat goes to them by mail, once.

A chat message is stored together with a reaction that is due when its customer counts as away. By
then it was fetched, and nothing is left to do; or they are gone, and what they did not see goes to
the address that they left. From then on the conversation goes by mail until they come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.cases import rules
from chalicelib.cases.models import DeliveryStatus, Message
from chalicelib.channels.models import Channel
from chalicelib.flows.outlets import session_id, taken_along
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids
from chalicelib.store.keys import digest
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.outlets import Outlets
    from chalicelib.flows.replying import Replying
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.chats import ChatStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.table import Table


@dataclass(frozen=True)
class Missed:
    table: Table
    cases: CaseStore
    customers: CustomerStore
    chats: ChatStore
    reactions: ReactionStore
    outlets: Outlets
    replying: Replying
    clock: Clock
    ids: Ids

    def look(self, message: Message, reaction: Reaction) -> None:
        """See whether a chat message was fetched, and send it by mail where it was missed."""
        now = self.clock()
        session = self.chats.get(session_id(message.to))
        fetched = message.delivery and message.delivery.status != DeliveryStatus.SENT
        if fetched or session is None or not session.email:
            self._finish(reaction)
        elif self.outlets.has_left(session):
            self._send(message, session.email, reaction)
        else:
            due = self.outlets.due(message)
            if due and due > now:
                return  # the stream told of it at once; the sweep comes when it is due
            self.table.commit(self.reactions.postpone(reaction, now + self.outlets.patience))

    def _send(self, message: Message, email: str, reaction: Reaction) -> None:
        case = self.cases.final(message.case_id)
        customer = self.customers.final(case.customer_id)
        if email in customer.suppressed:
            self._finish(reaction)
            return
        now = self.clock()
        fresh = self.replying.message(case, Channel.EMAIL, email, message.text, message.author, now)
        mail = fresh.model_copy(
            update={
                "id": digest(f"missed {message.id}")[:26],
                "attachments": message.attachments,
            }
        )
        text = f"the chat was left: what was missed there goes to {email}"
        changed = taken_along(case, mail)
        known = rules.with_id(case.message_ids, mail.message_id)
        changed = rules.touch(changed.model_copy(update={"message_ids": known}), now)
        self.table.commit(
            self.reactions.done(reaction),
            self.cases.change(changed),
            self.cases.new_message(mail),
            self.cases.new_message(event(case, self.ids.new(), now, text, {})),
            *self.replying.to_send(mail),
        )

    def _finish(self, reaction: Reaction) -> None:
        try:
            self.table.commit(self.reactions.done(reaction))
        except WriteRefused:
            return  # somebody was faster
