"""The small Mastodon: what its API promises, over real HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from infra.local import mastodon_routes
from infra.local.mastodon import TOKEN, MastodonDoor
from infra.local.memory import Memory

from .conftest import Clock, Serving


@pytest.fixture
def url(serve: Callable[[web.Application], Serving], memory: Memory, clock: Clock) -> str:
    app = web.Application()
    app.add_routes(mastodon_routes.routes(MastodonDoor(memory, "http://here", clock)))
    return serve(app).url + mastodon_routes.BASE


def call(url: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    headers.setdefault("Authorization", f"Bearer {TOKEN}")
    data = None if body is None else json.dumps(body).encode()
    headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def mention(url: str, text: str, **given: str) -> str:
    status, answer = call(f"{url}/mentions", {"from": "@ana@example.social", "text": text, **given})
    assert status == 202
    return str(answer["id"])


def test_a_mention_is_a_notification_with_its_status(url: str) -> None:
    identifier = mention(url, "it is <broken>", visibility="direct")
    status, found = call(f"{url}/api/v1/notifications?types[]=mention")
    assert (status, len(found)) == (200, 1)
    assert found[0]["status"]["id"] == identifier
    assert found[0]["status"]["visibility"] == "direct"
    assert found[0]["account"]["acct"] == "ana@example.social"
    assert "it is &lt;broken&gt;" in found[0]["status"]["content"]


def test_min_id_gives_those_right_behind_it_and_since_id_the_newest(url: str) -> None:
    for number in range(5):
        mention(url, f"number {number}")
    _, everything = call(f"{url}/api/v1/notifications")
    oldest = everything[-1]["id"]
    _, behind = call(f"{url}/api/v1/notifications?limit=2&min_id={oldest}")
    _, newest = call(f"{url}/api/v1/notifications?limit=2&since_id={oldest}")
    ids = [entry["id"] for entry in everything]
    assert [entry["id"] for entry in behind] == ids[2:4]
    assert [entry["id"] for entry in newest] == ids[0:2]


def test_the_same_key_makes_one_post_and_it_is_in_the_outbox(url: str, memory: Memory) -> None:
    answers = mention(url, "help")
    post = {"status": "@ana@example.social hello", "in_reply_to_id": answers}
    made = [call(f"{url}/api/v1/statuses", post, **{"Idempotency-Key": "k"})[1] for _ in range(2)]
    assert made[0]["id"] == made[1]["id"]
    (item,) = memory.outbox(channel="social", to="@ana@example.social", limit=10)
    assert item.text == post["status"]
    assert item.headers["in_reply_to_id"] == answers


@pytest.mark.parametrize(
    ("post", "status"),
    [
        ({"status": "x" * 501}, 422),
        ({"status": " "}, 422),
        ({"status": "x", "in_reply_to_id": "77"}, 404),
        ({"status": "x", "visibility": "secret"}, 422),
    ],
)
def test_what_mastodon_refuses_is_refused(url: str, post: Any, status: int) -> None:
    code, answer = call(f"{url}/api/v1/statuses", post)
    assert code == status
    assert answer["error"]


def test_without_the_token_nothing_is_told(url: str) -> None:
    assert call(f"{url}/api/v1/notifications", Authorization="Bearer x")[0] == 401
    assert call(f"{url}/api/v1/statuses", {"status": "x"}, Authorization="x")[0] == 401


@pytest.mark.parametrize(
    "body",
    [[], {"from": "", "text": "x"}, {"from": "@a", "text": ""}, {"from": "a b", "text": "x"}],
)
def test_a_mention_that_says_nothing_is_refused(url: str, body: Any) -> None:
    assert call(f"{url}/mentions", body)[0] in (400, 422)
