"""A team of three with a case of Ana's, for the tests of what agents are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any

from chalicelib.cases.models import Case, CasePatch, Message, MessageKind
from chalicelib.flows.inbox import NotificationView
from chalicelib.flows.replying import ReplyInput
from chalicelib.notifications.models import Preferences
from tests.support import World, installation

ANN, BEN, CLEO = "ann@example.com", "ben@example.com", "cleo@example.com"
HOOK = {
    "name": "pager",
    "url": "https://pager.example.com/in",
    "secret": "whsec_" + "A" * 40,
    "events": ["agent.mentioned"],
}


@dataclass
class Receiver:
    """Another system that gets signed facts; `fails` is what it does first."""

    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)

    def deliver(self, url: str, secret: str, identifier: str, body: bytes) -> bytes:
        if self.fails:
            raise self.fails.pop(0)
        self.got.append((identifier, json.loads(body)))
        return b""


@contextmanager
def staffed() -> Iterator[World]:
    """Ann has Ana's case; all who answer her are done."""
    with installation() as world:
        team = {"name": "help", "title": "Help", "members": [ANN, BEN, CLEO], "leads": [CLEO]}
        world.app.documents.write("teams", {"teams": [team]}, None, "t")
        world.mail()
        world.settle()
        patched(world, "root@example.com", assignee=ANN)
        world.settle()
        seen(world, ANN)
        world.clock.forward(minutes=5)
        world.settle()
        world.aws.ses.accepted.clear()
        yield world


def patched(world: World, by: str, **fields: Any) -> Case:
    case = world.case()
    return world.app.casework.patch(case.id, case.version, CasePatch(**fields), by)


def noted(world: World, text: str, by: str = BEN, **given: Any) -> Message:
    note = ReplyInput(kind=MessageKind.NOTE, text=text, **given)
    return world.app.replying.reply(world.case().id, note, by)


def lines(world: World, email: str) -> list[NotificationView]:
    return list(world.app.inboxes.page(email, 50, None, lambda _: True).items)


def told(world: World, email: str) -> list[tuple[str, int]]:
    """Kind and count of what they have not seen; the bell agrees with it."""
    unread = [line for line in lines(world, email) if not line.read]
    assert world.app.notifications.bell(email).unread == len(unread)
    return [(str(line.kind), line.count) for line in unread]


def seen(world: World, email: str) -> None:
    from chalicelib.flows.inbox import ReadInput

    world.app.inboxes.read(email, ReadInput(all=True))


def prefers(world: World, email: str, **given: Any) -> None:
    world.app.inboxes.prefer(email, Preferences.model_validate(given), None)


def later(world: World, **by: float) -> None:
    """Time passes, and what is due happens."""
    world.clock.forward(**by)
    world.settle()
    world.sweep()


def mails(world: World, email: str) -> list[Any]:
    """What was mailed to an agent."""
    return [
        message_from_bytes(sent.raw, policy=policy.default)
        for sent in world.aws.ses.accepted
        if sent.to == (email,)
    ]
