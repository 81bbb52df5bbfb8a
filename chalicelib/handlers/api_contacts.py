"""Chat for customers, and signed contacts from other systems. Public."""

from __future__ import annotations

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.channels.contacts import ContactInput
from chalicelib.flows.answering import OutcomeInput
from chalicelib.flows.chatting import ChatAddress, ChatMessage, ChatStart, ChatTalk
from chalicelib.flows.contacts import ContactTaken
from chalicelib.handlers.http import Call, Reply, route
from chalicelib.handlers.visitors import visitor

routes = Blueprint(__name__)


class SinceQuery(Model):
    """What the customer has read already."""

    since: str | None = Field(
        default=None, max_length=8_000, description="The `cursor` of the answer before."
    )


@route(
    routes,
    "POST",
    "/v1/chat",
    body=ChatStart,
    answer=ChatTalk,
    status=201,
    once=True,
    example={"name": "Ada", "email": "ada@example.com", "text": "Hello, is anybody there?"},
    also=(429,),
)
def start_chat(call: Call, body: ChatStart) -> Reply:
    """Begin a chat. Keep `session`: it stands for the conversation, and nothing else does."""
    return Reply(call.app.chatting.start(body, call.key(), call.address, visitor(call)), 201)


@route(
    routes,
    "POST",
    "/v1/chat/{session}/messages",
    body=ChatMessage,
    answer=ChatTalk,
    status=201,
    once=True,
    example={"text": "My parcel did not come.", "id": "m-1"},
    also=(403, 429),
)
def say_in_chat(call: Call, session: str, body: ChatMessage) -> Reply:
    """Say something; the first message opens the case.

    The answer holds that message alone, without a cursor. Sent again with the same `id` or
    Idempotency-Key it is the same message.
    """
    return Reply(call.app.chatting.say(session, body, call.key(), call.address), 201)


@route(
    routes,
    "GET",
    "/v1/chat/{session}/messages",
    query=SinceQuery,
    answer=ChatTalk,
    also=(403,),
)
def read_chat(call: Call, session: str, query: SinceQuery) -> Reply:
    """Read the chat, or what is new in it.

    Ask again with `since` and If-None-Match: 304 says that nothing is new.
    """
    talk = call.app.chatting.read(session, query.since)
    return Reply(talk, version=talk.mark)


@route(
    routes,
    "PUT",
    "/v1/chat/{session}/address",
    body=ChatAddress,
    answer=ChatTalk,
    example={"email": "ada@example.com"},
    also=(403, 429),
)
def leave_address(call: Call, session: str, body: ChatAddress) -> Reply:
    """Leave an address: what is answered once the customer is gone goes there by mail."""
    return Reply(call.app.chatting.leave_address(session, body.email, call.address))


@route(
    routes,
    "POST",
    "/v1/chat/{session}/outcome",
    body=OutcomeInput,
    answer=ChatTalk,
    example={"solved": True},
    also=(403, 409),
)
def chat_outcome(call: Call, session: str, body: OutcomeInput) -> Reply:
    """Say whether what the machine answered solved it.

    Solved, the case ends and what solved it is kept; else a person takes over in the same chat.
    """
    return Reply(call.app.chatting.outcome(session, body.solved, body.comment))


@route(
    routes,
    "POST",
    "/v1/inbound/{channel}",
    optional_body=ContactInput,
    answer=ContactTaken,
    status=202,
    example={
        "id": "1789",
        "sender": {"handle": "@ada@example.social", "name": "Ada", "account_id": "42"},
        "text": "@support my phone is broken",
        "public": True,
        "permalink": "https://example.social/@ada/1789",
        "reach": 1200,
        "created_at": "2026-11-22T20:00:00Z",
    },
    also=(401, 422),
)
def receive_contact(call: Call, channel: str) -> Reply:
    """Take in a contact from another system: a post, a call, anything else.

    `channel` names the source, which the settings `channels` know with its secret. The request is
    signed as Standard Webhooks says, not older than five minutes, and taken in once.
    """
    return Reply(call.app.contacts.receive(channel, call.headers, call.raw), 202)
