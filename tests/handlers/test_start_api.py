"""The first steps of a new installation."""

from __future__ import annotations

from typing import Any

from tests.handlers.client import Api
from tests.support import World


def done(api: Api) -> list[str]:
    told = api.get("/v1/start", as_="admin").json
    return [step["name"] for step in told["steps"] if step["done"]]


def put(api: Api, name: str, document: dict[str, Any]) -> None:
    answer = api.put(f"/v1/settings/{name}", document, as_="admin")
    assert answer.status == 200, answer.text


def test_steps_are_done_by_what_is_there(api: Api, world: World) -> None:
    told = api.get("/v1/start", as_="admin").json
    assert (told["fresh"], told["support_address"]) == (True, "support@example.com")
    assert done(api) == []
    put(api, "brand", {"name": "Acme"})
    put(api, "teams", {"teams": [{"name": "t", "title": "T", "members": ["a@example.com"]}]})
    hours = {"monday": [{"start": "09:00", "end": "17:00"}]}
    put(api, "calendars", {"calendars": [{"name": "office", "hours": hours}]})
    assert done(api) == ["brand", "team", "hours"]
    assert not api.get("/v1/start", as_="admin").json["fresh"]
    put(api, "promises", {"warn_at_percent": 80})
    put(api, "topics", {"topics": [{"label": "login", "name": "Log-in", "words": ["password"]}]})
    world.mail(sender="admin@example.com", text="Does it work?")
    world.settle()
    assert len(done(api)) == 7
    put(api, "topics", {"topics": []})
    assert "topics" not in done(api)


def test_what_the_mailbox_needs_is_told(api: Api, world: World) -> None:
    before = api.get("/v1/start/mail", as_="admin").json
    assert (before["sends"], before["signs"]) == (None, None)
    world.aws.ses.identities["example.com"] = {
        "VerifiedForSendingStatus": True,
        "DkimAttributes": {"Status": "PENDING", "Tokens": ["k1"]},
    }
    after = api.get("/v1/start/mail", as_="admin").json
    assert (after["sends"], after["signs"]) == (True, False)
    assert [(one["type"], one["value"]) for one in after["records"]] == [
        ("MX", "10 inbound-smtp.us-east-1.amazonaws.com"),
        ("CNAME", "k1.dkim.amazonses.com"),
        ("TXT", "v=DMARC1; p=none"),
    ]


def test_a_mail_to_oneself_is_answered_into_a_case(api: Api, world: World) -> None:
    assert api.post("/v1/start/mail", as_="admin").json == {"to": "admin@example.com"}
    (sent,) = world.aws.ses.accepted
    assert (sent.to, "answer" in sent.text) == (("admin@example.com",), True)
    world.mail(sender="admin@example.com", subject=f"Re: {sent.subject}", text="Here I am")
    world.settle()
    assert done(api) == ["mailbox", "case"]


def test_a_mail_that_is_not_accepted_says_why(api: Api, world: World) -> None:
    world.aws.ses.refused.add("admin@example.com")
    refused = api.post("/v1/start/mail", as_="admin")
    assert refused.problem == "conflict"
    assert "not accepted" in refused.json["detail"]
