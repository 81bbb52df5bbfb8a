"""Contacts from other systems: signed, taken in once, answered through their own adapter."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from chalicelib.cases.models import Message
from chalicelib.channels.webhooks import signature, verified_id
from tests.handlers.client import Answer, Api
from tests.support import World

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
OTHER = "whsec_" + base64.b64encode(b"another-secret-of-24-byte").decode()
POST: dict[str, Any] = {
    "id": "1789",
    "sender": {"handle": "@ana", "name": "Ana Ortiz", "account_id": "42"},
    "text": "my phone is broken",
    "public": True,
    "permalink": "https://social.example/@ana/1789",
    "reach": 1200,
    "attachments": [{"url": "https://social.example/a.png"}],
}
CALL: dict[str, Any] = {
    "id": "5ca32fbd",
    "sender": {"handle": "+4915112345678", "name": ""},
    "text": "Asks where the parcel is. We look for it.",
    "recording_url": "https://recordings.example.com/5ca32fbd.wav",
    "duration_seconds": 185,
}


@pytest.fixture(autouse=True)
def sources(api: Api) -> None:
    known = {"secrets": [SECRET]}
    inbound = dict.fromkeys(("social", "voice"), known)
    assert api.put("/v1/settings/channels", {"inbound": inbound}, as_="admin").status == 200


def tell(api: Api, world: World, source: str, body: Any, **odd: Any) -> Answer:
    raw = json.dumps(body).encode()
    stamp = odd.get("stamp", str(int(world.clock().timestamp())))
    identifier = odd.get("webhook_id", "msg_1")
    signed = signature(odd.get("secret", SECRET), identifier, stamp, odd.get("signed", raw))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": identifier,
        "webhook-timestamp": stamp,
        "webhook-signature": odd.get("signature", signed),
    }
    headers = {name: value for name, value in headers.items() if value}
    return api.post(f"/v1/inbound/{source}", raw, as_="", headers=headers)


def inbound(world: World) -> list[Message]:
    return [m for m in world.timeline(world.case()) if m.direction == "inbound"]


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the Standard Webhooks libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    wanted = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == wanted


def test_handle_publicity_permalink_and_reach_are_kept(api: Api, world: World) -> None:
    assert tell(api, world, "social", POST).status == 202
    (message,) = inbound(world)
    assert (world.case().channel, message.sender) == ("social", "@ana")
    assert message.source == {
        "source": "social",
        "id": "1789",
        "handle": "@ana",
        "account_id": "42",
        "public": True,
        "permalink": "https://social.example/@ana/1789",
        "reach": 1200,
        "attachments": "https://social.example/a.png",
    }
    shown = api.get(f"/v1/cases/{world.case().id}/messages").json["items"][0]
    assert shown["source"]["permalink"] == "https://social.example/@ana/1789"


@pytest.mark.parametrize(
    "odd",
    [
        {"secret": OTHER},
        {"signed": b"{}"},
        {"stamp": "1"},
        {"stamp": "now"},
        {"stamp": ""},
        {"webhook_id": ""},
        {"signature": ""},
        {"signature": "v1,AAAA"},
        {"signature": "v2,é"},
    ],
)
def test_what_is_not_signed_by_the_source_or_too_old_is_refused(
    api: Api, world: World, odd: dict[str, Any]
) -> None:
    answer = tell(api, world, "social", POST, **odd)
    assert (answer.status, answer.problem) == (401, "unauthenticated")
    assert world.cases() == []


@pytest.mark.parametrize(("minutes", "status"), [(4, 202), (6, 401), (-4, 202), (-6, 401)])
def test_the_replay_window_is_five_minutes(
    api: Api, world: World, minutes: int, status: int
) -> None:
    stamp = str(int(world.clock().timestamp()) - 60 * minutes)
    assert tell(api, world, "social", POST, stamp=stamp).status == status


def test_an_unknown_source_is_refused_like_a_wrong_signature(api: Api, world: World) -> None:
    unknown = tell(api, world, "nobody", POST)
    wrong = tell(api, world, "social", POST, secret=OTHER)
    assert (unknown.status, unknown.json["detail"]) == (wrong.status, wrong.json["detail"])


def test_while_a_secret_is_changed_both_hold(world: World) -> None:
    now = world.clock()
    stamp = str(int(now.timestamp()))
    for secret in (SECRET, OTHER):
        words = f"v1,nonsense {signature(secret, 'm', stamp, b'{}')}"
        headers = {
            "webhook-id": "m",
            "webhook-timestamp": stamp,
            "webhook-signature": words,
        }
        assert verified_id([SECRET, OTHER], headers, b"{}", now) == "m"


def test_a_replay_changes_nothing_and_gets_the_same_answer(api: Api, world: World) -> None:
    body = {**POST, "id": ""}
    first = tell(api, world, "social", body).json
    again = tell(api, world, "social", body).json
    assert (first["fate"], again["fate"]) == ("case", "duplicate")
    assert again["reference"] == first["reference"]
    assert len(inbound(world)) == 1


def test_the_same_post_under_another_webhook_id_is_the_same_post(api: Api, world: World) -> None:
    tell(api, world, "social", POST)
    assert tell(api, world, "social", POST, webhook_id="msg_2").json["fate"] == "duplicate"


def test_html_is_sanitised_on_the_way_in(api: Api, world: World) -> None:
    html = "<p>my phone</p><script>alert(1)</script><img src=x onerror=alert(2)>"
    tell(api, world, "social", {**POST, "text": "", "html": html})
    (message,) = inbound(world)
    assert message.text == "my phone"
    assert "script" not in message.html
    assert "onerror" not in message.html


@pytest.mark.parametrize("name", ["in_reply_to", "conversation_id"])
def test_a_thread_is_one_case(api: Api, world: World, name: str) -> None:
    first = {**POST, "conversation_id": "t-1"}
    tell(api, world, "social", first)
    world.clock.forward(days=10)  # longer than a conversation stays open by itself
    answers = "1789" if name == "in_reply_to" else "t-1"
    tell(api, world, "social", {**POST, "id": "1790", "text": "the blue one", name: answers})
    assert [m.text for m in inbound(world)] == ["my phone is broken", "the blue one"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "sender"),
        ({**POST, "text": " "}, "text"),
        ({**POST, "sender": {"handle": "chat:1"}}, "sender.handle"),
        ({**POST, "permalink": "javascript:alert(1)"}, "permalink"),
        ({**POST, "more": 1}, "more"),
    ],
)
def test_a_body_that_says_nothing_is_refused_with_its_field(
    api: Api, world: World, body: Any, field: str
) -> None:
    assert tell(api, world, "social", body).fields == [field]


# --- answers --------------------------------------------------------------------------------------


class Source(BaseHTTPRequestHandler):
    """Where a source takes its answers; `statuses` are given one after the other, then 200."""

    taken: list[tuple[dict[str, str], bytes]] = []
    statuses: list[int] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).taken.append((dict(self.headers), body))
        self.send_response(self.statuses.pop(0) if self.statuses else 200)
        self.end_headers()
        self.wfile.write(b'{"id": "2001"}')

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def replies(api: Api) -> Iterator[type[Source]]:
    Source.taken, Source.statuses = [], []
    server = HTTPServer(("127.0.0.1", 0), Source)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/replies"
    inbound = {"social": {"secrets": [SECRET], "reply_url": url}}
    api.put("/v1/settings/channels", {"inbound": inbound}, as_="admin")
    yield Source
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_answer_goes_out_through_the_sources_adapter_signed_twice(
    api: Api, world: World, replies: type[Source]
) -> None:
    """By the installation, so that the source can trust it, and with the agent's own name."""
    tell(api, world, "social", POST)
    world.clock.forward(seconds=11)
    given = api.post(f"/v1/cases/{world.case().id}/messages", {"text": "We send a new one."})
    assert given.status == 201
    world.settle()
    ((headers, body),) = replies.taken
    said = json.loads(body)
    assert said["text"] == "We send a new one.\n– Agent"
    assert (said["to"], said["in_reply_to"]) == ("@ana", "1789")
    assert verified_id([SECRET], {k.lower(): v for k, v in headers.items()}, body, world.clock())
    tell(api, world, "social", {**POST, "id": "2002", "text": "thanks", "in_reply_to": "2001"})
    assert [m.text for m in inbound(world)] == ["my phone is broken", "thanks"]


def test_an_answer_that_the_source_did_not_take_comes_again_under_the_same_id(
    api: Api, world: World, replies: type[Source]
) -> None:
    tell(api, world, "social", POST)
    world.clock.forward(seconds=11)
    replies.statuses = [503]
    api.post(f"/v1/cases/{world.case().id}/messages", {"text": "We send a new one."})
    world.settle()
    world.clock.forward(minutes=3)
    world.sweep()
    ids = [headers["webhook-id"] for headers, _ in replies.taken]
    assert len(ids) == 2
    assert ids[0] == ids[1]


def test_a_source_without_an_adapter_cannot_be_answered(api: Api, world: World) -> None:
    tell(api, world, "social", POST)
    answer = api.post(f"/v1/cases/{world.case().id}/messages", {"text": "We send a new one."})
    assert (answer.status, answer.problem) == (409, "conflict")
    assert "takes no answers" in answer.json["detail"]


# --- calls ----------------------------------------------------------------------------------------


def test_a_call_ends_as_a_message_with_summary_recording_and_duration(
    api: Api, world: World
) -> None:
    assert tell(api, world, "voice", CALL).status == 202
    (message,) = inbound(world)
    assert message.text == CALL["text"]
    assert world.case().subject == "Telephone call, 3 min 5 s"
    assert message.source["recording"] == CALL["recording_url"]
    assert message.source["duration"] == 185


def test_a_call_joins_the_callers_open_conversation_whatever_channel_it_is_on(
    api: Api, world: World
) -> None:
    world.text_message("Where is my parcel?", CALL["sender"]["handle"])
    world.settle()
    world.clock.forward(seconds=1)
    tell(api, world, "voice", CALL)
    assert [m.channel for m in inbound(world)] == ["sms", "voice"]


def test_a_call_about_a_case_goes_into_that_case(api: Api, world: World) -> None:
    about = api.case(text="My parcel")["reference"]
    world.clock.forward(seconds=1)
    tell(api, world, "voice", {**CALL, "case_reference": about.lower()})
    assert [m.channel for m in inbound(world)] == ["email", "voice"]


def test_callers_who_withhold_their_number_are_not_one_customer(api: Api, world: World) -> None:
    for number in (1, 2):
        body = {**CALL, "id": f"{number}", "sender": {"handle": "anonymous"}}
        assert tell(api, world, "voice", body, webhook_id=f"{number}").status == 202
    one, other = world.cases()
    assert one.customer_id != other.customer_id
