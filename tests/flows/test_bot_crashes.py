"""Whatever call goes wrong while the bot answers: it answers once, and is counted once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import bootstrap
from chalicelib.bootstrap import Application
from chalicelib.cases.models import AuthorType
from chalicelib.errors import Refused
from chalicelib.flows.chatting import ChatMessage, ChatStart
from chalicelib.knowledge.models import ArticlePatch, ArticleState, ArticleText, NewArticle
from tests.flows.faults import Death, Faults, FaultyClients
from tests.support import World, installation

HOWS = ("dies before", "dies after", "throttled", "times out")
READS = re.compile(r"\.(get_item|batch_get_item|query|get_object|get_parameters_by_path)$")
SAID = ("Why was my card charged twice?", "Yes, thank you")


@contextmanager
def story() -> Iterator[tuple[World, str]]:
    """An installation with an article, and a customer before the chat."""
    with installation() as world:
        text = ArticleText(
            title="Charged twice",
            problem="You charged my card twice for one order.",
            answer="A double charge is a reservation.",
        )
        written = world.app.article_service.write(NewArticle(texts={"en": text}), "a@example.com")
        published = ArticlePatch(state=ArticleState.PUBLISHED)
        world.app.article_service.patch(written.slug, 1, published, "a@example.com")
        world.app.indexing.index()
        talk = world.app.chatting.start(
            ChatStart(email="ada@example.org"), "", "10.0.0.1", "browser"
        )
        yield world, talk.session


def run(faults: Faults) -> None:
    with story() as (world, session):
        clean = bootstrap.get()
        clients = FaultyClients(world.clients, faults)
        faulty = Application(clean.settings, clients, world.clock, clean.ids)  # type: ignore[arg-type]
        bootstrap.install(faulty)
        for number, text in enumerate(SAID):
            for _ in range(4):
                with suppress(Death, ClientError, BotoCoreError, Refused):
                    given = ChatMessage(text=text, id=f"m{number}")
                    faulty.chatting.say(session, given, "", "10.0.0.1")
                    break
                world.clock.forward(seconds=20)
            for _ in range(3):
                with suppress(Death, ClientError, BotoCoreError):
                    world.settle()
                world.clock.forward(seconds=70)
                with suppress(Death, ClientError, BotoCoreError):
                    world.sweep()
        bootstrap.install(clean)
        world.sweep()
        check(world)


def check(world: World) -> None:
    case = world.case()
    said = [
        m for m in world.timeline(case) if m.author.type == AuthorType.BOT and not m.to.count("@")
    ]
    assert [m.text.split()[0] for m in said] == ["A", "Glad"]
    assert case.status == "resolved"
    assert world.app.articles.votes("charged-twice").helpful == 1
    today = world.clock().date()
    figures = world.app.figuring.figures(today, today)
    assert (figures.asked, figures.answered, figures.confirmed) == (1, 1, 1)


@pytest.mark.parametrize("how", HOWS)
def test_whatever_call_goes_wrong_the_bot_answers_once(how: str) -> None:
    plain = Faults()
    run(plain)
    for at, name in enumerate(plain.names):
        if "sqs" in name or (how != "dies before" and READS.search(name)):
            continue  # to die after a read is to die before the next call
        try:
            run(Faults(at, how))
        except AssertionError as error:
            raise AssertionError(f"call {at}, {name}, {how}: {error}") from error
