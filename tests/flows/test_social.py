"""Mastodon end to end: the real client against a small server of its API, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from chalicelib.cases.models import Case
from chalicelib.errors import Conflict, Invalid, SendRefused, SendUnknown
from chalicelib.flows.enclosing import FileInput
from chalicelib.flows.replying import ReplyInput
from chalicelib.gateways.mastodon import MastodonNetwork
from chalicelib.handlers import schedules
from infra.local import mastodon_routes
from infra.local.mastodon import TOKEN, MastodonDoor
from infra.local.memory import Delivered, Memory
from tests.infra.local.conftest import Serving
from tests.support import SCHEDULED, World

EVA = "eva.berg@example.com"


@dataclass
class Network:
    """The server, and what was posted there."""

    world: World
    door: MastodonDoor
    memory: Memory
    url: str

    def mention(self, text: str, sender: str = "@Ana@example.social", **more: str) -> Any:
        self.world.clock.forward(seconds=1)
        return self.door.mention(sender, text, **more)

    def poll(self) -> None:
        schedules.poll_social(SCHEDULED, None)
        self.world.settle()

    def posted(self) -> list[Delivered]:
        """Oldest first."""
        return self.memory.outbox(channel="social", to="", limit=100)[::-1]

    def reply(self, text: str, case: Case | None = None, **more: Any) -> None:
        self.world.clock.forward(seconds=1)
        case = case or self.world.case()
        self.world.app.replying.reply(case.id, ReplyInput(text=text, **more), EVA)
        self.world.settle()


@pytest.fixture
def network(world: World, tmp_path: Path) -> Iterator[Network]:
    memory = Memory(tmp_path / "mastodon.sqlite")
    app = web.Application()
    door = MastodonDoor(memory, "https://social.example", lambda: world.clock().timestamp())
    app.add_routes(mastodon_routes.routes(door))
    serving = Serving(app)
    url = serving.url + mastodon_routes.BASE
    account = {"mastodon": {"instance": url, "account": "@support"}}
    world.app.documents.write("channels", account, None, "test")
    world.clients["ssm"].put_parameter(
        Name="/custops/test/mastodon-token", Value=TOKEN, Type="SecureString"
    )
    yield Network(world, door, memory, url)
    serving.close()
    memory.close()


def test_a_mention_becomes_a_case_that_keeps_handle_publicity_permalink_and_reach(
    network: Network, world: World
) -> None:
    status = network.mention("@support my phone is <b>broken</b>")
    network.poll()
    (message,) = [m for m in world.timeline(world.case()) if m.kind == "message"]
    assert message.text == "my phone is <b>broken</b>"
    assert message.sender == "@ana@example.social"
    assert message.source == {
        "source": "mastodon",
        "id": status["id"],
        "handle": "@Ana@example.social",
        "account_id": status["account"]["id"],
        "public": True,
        "visibility": "public",
        "permalink": status["url"],
        "reach": 120,
    }
    assert world.aws.ses.accepted == []


def test_the_same_mention_is_taken_in_once(network: Network, world: World) -> None:
    network.mention("my phone is broken")
    network.poll()
    network.poll()
    name = "mastodon 127.0.0.1 support"
    world.app.contacts.networks.keep(name, "", world.clock())
    network.poll()
    assert world.texts(world.case()) == ["my phone is broken"]


def test_many_mentions_are_taken_in_page_by_page(network: Network, world: World) -> None:
    network.mention("number 0", "@ada0@example.social")
    network.poll()
    for number in range(1, 100):
        network.mention(f"number {number}", f"@ada{number}@example.social")
    network.poll()
    assert sorted(case.subject for case in world.cases()) == sorted(
        f"number {number}" for number in range(100)
    )


def test_an_answer_is_signed_with_the_agents_own_name_and_answers_the_post(
    network: Network, world: World
) -> None:
    status = network.mention("my phone is broken")
    network.poll()
    network.reply("We send a new one.")
    (post,) = network.posted()
    assert post.text == "@ana@example.social We send a new one.\n– Eva"
    assert post.headers["in_reply_to_id"] == status["id"]
    assert post.headers["visibility"] == "public"
    assert outcome(world) == ("sent", 1)


@pytest.mark.parametrize("visibility", ["direct", "private", "unlisted"])
def test_an_answer_is_as_public_as_the_post_that_it_answers(
    network: Network, visibility: str
) -> None:
    network.mention("my phone is broken", visibility=visibility)
    network.poll()
    network.reply("We send a new one.")
    (post,) = network.posted()
    assert post.headers["visibility"] == visibility


def test_a_customers_answer_to_our_post_joins_the_case(network: Network, world: World) -> None:
    network.mention("my phone is broken")
    network.poll()
    network.reply("Which one? " + "It matters. " * 60)
    world.clock.forward(days=30)  # long after the conversation as such would have ended
    first, *_ = network.posted()
    network.mention("the blue one", answers=first.id)
    network.poll()
    assert world.texts(world.case())[-1] == "the blue one"


def test_a_stranger_who_answers_in_a_thread_gets_a_case_of_their_own(
    network: Network, world: World
) -> None:
    status = network.mention("my phone is broken")
    network.poll()
    network.mention("mine too", "@eve@example.net", answers=status["id"])
    network.poll()
    mine, other = world.cases()
    assert (other.subject, other.related) == ("mine too", (mine.id,))


def test_a_long_answer_is_several_posts_each_in_reply_to_the_one_before(
    network: Network, world: World
) -> None:
    network.mention("my phone is broken")
    network.poll()
    network.reply("Please do the following. " * 50)
    posts = network.posted()
    assert len(posts) == 3
    assert all(len(post.text) <= 500 for post in posts)
    assert [post.headers["in_reply_to_id"] for post in posts[1:]] == [p.id for p in posts[:-1]]
    assert [post.text.endswith("– Eva") for post in posts] == [False, False, True]
    assert outcome(world) == ("sent", 3)


def test_a_post_whose_outcome_got_lost_is_repeated_and_is_there_once(
    network: Network, world: World
) -> None:
    network.mention("my phone is broken")
    network.poll()
    real = world.app.mastodon(network.url)
    assert real
    world.app._instances[network.url] = Forgetful(real)  # type: ignore[assignment]
    network.reply("We send a new one.")
    assert outcome(world)[0] == "ambiguous"
    world.clock.forward(minutes=2)
    world.sweep()
    assert outcome(world)[0] == "sent"
    assert len(network.posted()) == 1


def test_a_post_that_is_in_doubt_longer_than_its_key_holds_fails_visibly(
    network: Network, world: World
) -> None:
    network.mention("my phone is broken")
    network.poll()
    real = world.app.mastodon(network.url)
    assert real
    world.app._instances[network.url] = Forgetful(real, 99)  # type: ignore[assignment]
    network.reply("We send a new one.")
    for _ in range(3):
        world.clock.forward(minutes=30)
        world.sweep()
    assert outcome(world)[0] == "failed"
    assert len(network.posted()) == 1
    assert any("could not be sent" in m.text for m in world.timeline(world.case()))


def test_what_the_network_refuses_fails_with_its_words(network: Network, world: World) -> None:
    network.mention("my phone is broken")
    network.poll()
    network.memory.remove("mastodon:status", "1")
    network.reply("We send a new one.")
    assert outcome(world)[0] == "failed"
    assert any("does not appear to exist" in m.text for m in world.timeline(world.case()))


def test_a_mention_that_cannot_be_read_stops_nobody(network: Network, world: World) -> None:
    network.mention("my phone is broken")
    odd = {"id": "7", "type": "mention", "account": {"acct": "eve"}, "status": None}
    network.memory.put("mastodon:notification", "7".rjust(20, "0"), odd)
    network.mention("mine too", "@bob@example.social")
    network.poll()
    assert {case.subject for case in world.cases()} == {"my phone is broken", "mine too"}
    (entry,) = world.app.quarantine.listing("quarantine", 10, None).items
    assert "mention" in entry["reason"]


def test_files_and_books_do_not_go_out_as_posts(network: Network, world: World) -> None:
    network.mention("my phone is broken")
    network.poll()
    file = FileInput(name="a.txt", content="YQ==")
    with pytest.raises(Invalid, match="no files go by social"):
        network.reply("See the file.", attachments=(file,))
    with pytest.raises(Invalid, match="characters"):
        network.reply("long " * 1000)
    assert network.posted() == []


def test_without_an_account_nobody_is_asked_and_nothing_is_posted(
    network: Network, world: World
) -> None:
    network.mention("my phone is broken")
    network.poll()
    world.app.documents.write("channels", {}, None, "test")
    network.mention("mine too", "@bob@example.social")
    network.poll()
    assert len(world.cases()) == 1
    with pytest.raises(Conflict, match="takes no answers"):
        network.reply("We send a new one.")


def test_the_token_is_in_no_item_of_the_table(network: Network, world: World) -> None:
    network.mention("my phone is broken")
    network.poll()
    network.reply("We send a new one.")
    assert TOKEN not in str(world.aws.dynamodb.table("custops").changes)


def test_a_token_that_does_not_hold_fails_the_poll_and_loses_nothing(
    network: Network, world: World
) -> None:
    network.mention("my phone is broken")
    world.app._instances[network.url] = MastodonNetwork(network.url, "wrong")
    with pytest.raises(SendRefused, match="401"):
        network.poll()
    world.app._instances.clear()
    network.poll()
    assert world.texts(world.case()) == ["my phone is broken"]


class Forgetful:
    """A network whose first answers get lost."""

    def __init__(self, behind: MastodonNetwork, times: int = 1) -> None:
        self.behind = behind
        self.times = times

    def publish(self, post: Any) -> str:
        made = self.behind.publish(post)
        self.times -= 1
        if self.times >= 0:
            raise SendUnknown("ReadTimeout")
        return made


def outcome(world: World) -> tuple[str, int]:
    """Where the newest answer stands, and in how many parts."""
    delivery = [m.delivery for m in world.timeline(world.case()) if m.delivery][-1]
    return str(delivery.status), delivery.parts
