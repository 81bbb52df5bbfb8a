"""Cases through the API: opened, listed, changed, answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.access.rules import open_link
from chalicelib.base import iso
from chalicelib.store.counts import hour_name
from tests.handlers.client import Api
from tests.support import World

LOGIN = {"label": "login", "name": "Log-in", "words": ["password", "log in"]}
BILLING = {"label": "billing", "name": "Billing", "words": ["invoice", "charged"]}


def topics(api: Api) -> None:
    assert api.put("/v1/settings/topics", {"topics": [LOGIN, BILLING]}, as_="admin").status == 200


# --- opening --------------------------------------------------------------------------------------


def test_an_agent_opens_a_case_for_a_customer_who_called(api: Api, world: World) -> None:
    case = api.case(
        channel="voice", customer={"name": "Ada Byron", "email": "Ada@Example.com"}, tags=[" App "]
    )
    assert (case["status"], case["channel"], case["tags"]) == ("new", "voice", ["app"])
    assert case["reply_channel"] == "email"
    assert "link_version" not in case
    world.settle()
    assert world.case().team == "support"
    assert world.aws.ses.accepted == []  # who has just talked to a person needs no confirmation


def test_opening_twice_with_one_key_opens_one_case(api: Api, world: World) -> None:
    body = {"text": "Help", "customer": {"email": "ada@example.com"}}
    answers = [api.post("/v1/cases", body, headers={"Idempotency-Key": "k-1"}) for _ in range(2)]
    assert [a.status for a in answers] == [201, 201]
    assert answers[0].json["id"] == answers[1].json["id"]
    assert len(world.cases()) == 1


def test_the_key_of_one_agent_is_not_that_of_another(api: Api, world: World) -> None:
    body = {"text": "Help", "customer": {"email": "ada@example.com"}}
    for who in ("agent", "lead"):
        api.post("/v1/cases", body, as_=who, headers={"Idempotency-Key": "k-1"})
    assert len(world.cases()) == 2


def test_a_contact_by_mail_that_was_taken_by_hand_is_confirmed(api: Api, world: World) -> None:
    api.case(channel="email")
    world.settle()
    assert len(world.aws.ses.accepted) == 1


def test_history_keeps_its_date_and_is_not_confirmed(api: Api, world: World) -> None:
    topics(api)
    moment = world.clock() - timedelta(days=40)
    case = api.case(
        channel="email", created_at=iso(moment), topic="login", status="resolved", as_="admin"
    )
    assert (case["created_at"], case["resolved_at"]) == (iso(moment), iso(moment))
    world.settle()
    assert world.aws.ses.accepted == []
    assert world.case().topic.source == "person"
    counted = {(cell.cell, cell.hour) for cell in world.app.counts.day(iso(moment)[:10])}
    assert counted >= {("*", hour_name(moment)), ("topic=login", hour_name(moment))}


def test_only_an_admin_adds_history_and_nobody_the_future(api: Api, world: World) -> None:
    body = {"text": "x", "customer": {"email": "a@example.com"}}
    past = {**body, "created_at": "2026-01-01T00:00:00Z"}
    assert api.post("/v1/cases", past).problem == "forbidden"
    future = {**body, "created_at": iso(world.clock() + timedelta(hours=1))}
    assert api.post("/v1/cases", future, as_="admin").fields == ["created_at"]


def test_an_agent_writes_first_and_the_case_waits_for_the_customer(api: Api, world: World) -> None:
    body = {
        "direction": "outbound",
        "channel": "email",
        "subject": "Your order",
        "text": "Hello Ada, it is ready.",
        "customer": {"email": "ada@example.com"},
    }
    answers = [api.post("/v1/cases", body, headers={"Idempotency-Key": "first"}) for _ in range(2)]
    assert {a.json["status"] for a in answers} == {"pending"}
    world.settle()
    (mail,) = world.aws.ses.accepted
    assert b"Hello Ada, it is ready." in mail.raw
    assert world.texts(world.case()) == ["Hello Ada, it is ready."]


def test_nobody_is_written_to_who_cannot_be_reached_or_said_stop(api: Api, world: World) -> None:
    body = {"direction": "outbound", "text": "Hello", "customer": {"email": "ada@example.com"}}
    assert api.post("/v1/cases", {**body, "channel": "sms"}).problem == "conflict"
    assert api.post("/v1/cases", {**body, "channel": "voice"}).problem == "conflict"
    given = {"phone": "+4915112345678", "consent": {"sms": "opted_out"}}
    customer = api.post("/v1/customers", given).json
    stopped = {"direction": "outbound", "text": "Hello", "channel": "sms"}
    answer = api.post("/v1/cases", {**stopped, "customer_id": customer["id"]})
    assert answer.problem == "conflict"
    assert world.cases() == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"customer": None}, "body"),
        ({"customer": {"name": "Ada"}}, "body"),
        ({"customer": {"email": "not an address"}}, "email"),
        ({"customer": {"phone": "0301234"}}, "phone"),
        ({"customer": None, "customer_id": "01NOBODY"}, "customer_id"),
        ({"customer_id": "both"}, "body"),
        ({"topic": "unheard-of"}, "topic"),
        ({"tags": ["x" * 41]}, "tags"),
        ({"assignee": "somebody"}, "assignee"),
        ({"text": ""}, "text"),
        ({"text": "🎈" * 60_000}, "text"),
        ({"subject": "\n\n"}, "subject"),
    ],
)
def test_what_cannot_be_opened_is_refused_by_its_field(
    api: Api, world: World, given: dict[str, Any], field: str
) -> None:
    topics(api)
    body = {"text": "Help", "customer": {"email": "ada@example.com"}, **given}
    answer = api.post("/v1/cases", {k: v for k, v in body.items() if v is not None})
    assert answer.problem == "invalid"
    assert answer.fields[0] == field
    assert world.cases() == []


# --- listing --------------------------------------------------------------------------------------


def test_pages_of_every_list_hold_each_case_once_and_in_order(api: Api, world: World) -> None:
    opened = []
    for number in range(7):
        world.clock.forward(minutes=1)
        case = api.case(text=f"matter {number}", team="support", assignee="agent@example.com")
        opened.append(case["reference"])
    for query in (
        "status=new",
        "team=support",
        "assignee=me",
        "view=mine",
        "customer=ada@example.com",
        "q=matter",
        "status=new,open&team=support",
        "",
    ):
        found: list[str] = []
        cursor = ""
        while True:
            page = api.get(f"/v1/cases?limit=3&{query}{cursor}").json
            assert len(page["items"]) <= 3
            found += [case["reference"] for case in page["items"]]
            if page["cursor"] is None:
                break
            cursor = f"&cursor={page['cursor']}"
        # A view for work shows what is due first; these were promised in the order they came.
        assert found == (opened if query == "view=mine" else opened[::-1]), query


def test_filters_are_combined(api: Api) -> None:
    topics(api)
    api.case(topic="login", tags=["app"], subject="Password lost")
    api.case(topic="billing", team="money", customer={"email": "bo@example.com"})
    api.case(assignee="lead@example.com", customer={"phone": "+4915112345678"})

    def found(query: str) -> int:
        return len(api.get(f"/v1/cases?{query}").json["items"])

    assert found("topic=login") == 1
    assert found("topic=none") == 1
    assert found("topic=login&tag=app") == 1
    assert found("topic=login&team=money") == 0
    assert found("team=none") == 2
    assert found("view=unassigned") == 2
    assert found("assignee=lead@example.com&status=new") == 1
    assert found("customer=%2B49%20151%2012345678") == 1
    assert found("customer=nobody@example.com") == 0
    assert found("q=PASSWORD%20ada") == 1
    assert found("q=bo@example.com") == 1


def test_a_reference_in_the_search_finds_its_case(api: Api) -> None:
    case = api.case()
    api.case()
    for query in (case["reference"], case["reference"].lower()):
        (found,) = api.get(f"/v1/cases?q={query}").json["items"]
        assert found["id"] == case["id"]
        assert api.get(f"/v1/cases/{query}").json["id"] == case["id"]


def test_a_stored_view_is_a_list_under_its_name(api: Api) -> None:
    view = {"name": "urgent-app", "title": "App", "status": ["new"], "tag": "app"}
    assert api.put("/v1/settings/views", {"views": [view]}, as_="admin").status == 200
    api.case(tags=["app"])
    api.case()
    assert len(api.get("/v1/cases?view=urgent-app").json["items"]) == 1
    assert api.get("/v1/cases?view=unheard-of").fields == ["view"]


# --- changing -------------------------------------------------------------------------------------


def test_a_change_is_in_the_history_and_moves_the_counts(api: Api, world: World) -> None:
    topics(api)
    case = api.case(text="I cannot log in, my password is refused")
    world.settle()
    seen = api.get(f"/v1/cases/{case['id']}")
    assert seen.json["topic"]["label"] == "login"
    assert seen.headers["ETag"] == f'"{seen.json["version"]}"'
    changed = api.patch(
        f"/v1/cases/{case['id']}",
        {"topic": "billing", "assignee": "Lead@Example.com"},
        seen.json["version"],
    )
    assert changed.status == 200
    assert changed.json["topic"]["source"] == "person"
    assert changed.json["assignee"] == "lead@example.com"
    world.settle()
    day = iso(world.clock())[:10]
    counted = {c.cell for c in world.app.counts.day(day)}
    assert "topic=billing" in counted
    assert "topic=login" not in counted
    (event,) = [m for m in world.timeline(world.case()) if m.text == "changed"]
    assert (event.kind, event.author.id) == ("event", "agent@example.com")
    assert event.changes["topic"] == ["login", "billing"]


def test_a_change_needs_the_version_that_was_read(api: Api) -> None:
    case = api.case()
    path = f"/v1/cases/{case['id']}"
    assert api.patch(path, {"status": "open"}, None).problem == "precondition-missing"
    assert api.patch(path, {"status": "open"}, case["version"]).status == 200
    stale = api.patch(path, {"status": "pending"}, case["version"])
    assert (stale.status, stale.problem) == (412, "stale-version")
    assert stale.json["current"]["status"] == "open"
    assert "message_ids" not in stale.json["current"]
    header = {"If-Match": "yesterday"}
    assert api("PATCH", path, {"status": "open"}, headers=header).problem == "malformed"


def test_a_patch_that_changes_nothing_writes_nothing(api: Api, world: World) -> None:
    case = api.case(priority="high")
    same = api.patch(f"/v1/cases/{case['id']}", {"priority": "high"}, case["version"])
    assert same.json["version"] == case["version"]
    assert len(world.timeline(world.case())) == 2


def test_solving_stops_the_clock_and_a_new_priority_sets_it_anew(api: Api, world: World) -> None:
    case = api.case()
    due = case["promises"]["resolution"]["due_at"]
    path = f"/v1/cases/{case['id']}"
    urgent = api.patch(path, {"priority": "urgent"}, case["version"]).json
    assert urgent["promises"]["resolution"]["due_at"] < due
    solved = api.patch(path, {"status": "resolved"}, urgent["version"]).json
    assert solved["promises"]["resolution"]["state"] == "met"
    assert solved["promises"]["first_reply"]["state"] == "paused"  # nobody waits any more


def test_a_step_that_the_table_does_not_have_is_a_conflict(api: Api) -> None:
    case = api.case()
    path = f"/v1/cases/{case['id']}"
    closed = api.patch(path, {"status": "closed"}, case["version"]).json
    answer = api.patch(path, {"status": "pending"}, closed["version"])
    assert (answer.status, answer.problem) == (409, "conflict")


def test_a_case_that_did_not_change_is_not_sent_again(api: Api) -> None:
    case = api.case()
    etag = {"If-None-Match": f'"{case["version"]}"'}
    assert api.get(f"/v1/cases/{case['id']}", headers=etag).status == 304


# --- the timeline ---------------------------------------------------------------------------------


def test_an_answer_goes_out_once_and_a_note_never(api: Api, world: World) -> None:
    case = api.case()
    path = f"/v1/cases/{case['id']}/messages"
    note = api.post(path, {"kind": "note", "text": "She sounded upset."})
    assert (note.status, note.json["direction"], note.json["delivery"]) == (201, "internal", None)
    key = {"Idempotency-Key": "reply-1"}
    answers = [api.post(path, {"text": "We look into it."}, headers=key) for _ in range(2)]
    assert answers[0].json["id"] == answers[1].json["id"]
    assert answers[0].json["delivery"]["status"] == "queued"
    assert "send_id" not in answers[0].json["delivery"]
    world.settle()
    sent = b"".join(mail.raw for mail in world.aws.ses.accepted)
    assert b"We look into it." in sent
    assert b"upset" not in sent
    assert api.post(path, {"kind": "note", "text": "x", "cc": ["a@b.de"]}).fields == ["cc"]
    assert api.post(path, {"kind": "event", "text": "x"}).fields == ["kind"]


def test_the_timeline_pages_in_order(api: Api) -> None:
    case = api.case()
    path = f"/v1/cases/{case['id']}/messages"
    for number in range(4):
        api.post(path, {"kind": "note", "text": f"note {number}"})
    texts: list[str] = []
    cursor = ""
    while True:
        page = api.get(f"{path}?limit=2{cursor}").json
        texts += [message["text"] for message in page["items"] if message["kind"] == "note"]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert texts == [f"note {number}" for number in range(4)]
    assert api.get(f"/v1/cases/{api.case()['id']}/messages?{cursor[1:]}").problem == "malformed"


def test_attachments_come_as_links_that_end_and_dangerous_ones_are_marked(
    api: Api, world: World
) -> None:
    boundary = (
        b"From: ana@example.org\r\nTo: support@example.com\r\nSubject: Files\r\n"
        b"Message-ID: <f1@example.org>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
        b"Content-Type: text/plain\r\n\r\nSee here.\r\n--b\r\n"
        b'Content-Type: application/octet-stream; name="run.exe"\r\n'
        b'Content-Disposition: attachment; filename="run.exe"\r\n\r\nMZ\x00\x01\r\n--b--\r\n'
    )
    world.raw_mail(boundary)
    world.settle()
    listed = api.get(f"/v1/cases/{world.case().id}/messages").json["items"]
    (message,) = [entry for entry in listed if entry["direction"] == "inbound"]
    (file,) = message["attachments"]
    assert file["dangerous"] is True
    assert "Expires" in file["url"]
    assert "key" not in file
    assert "original.eml" in message["original_url"]


def test_a_long_body_is_shown_whole(api: Api, world: World) -> None:
    text = "It does not work at all. " * 3_000
    case = api.case(text=text)
    (message,) = [
        entry
        for entry in api.get(f"/v1/cases/{case['id']}/messages").json["items"]
        if entry["kind"] == "message"
    ]
    assert message["text"] == text
    assert message["truncated"] is False


def test_the_confirmation_links_to_the_page_of_this_case(api: Api, world: World) -> None:
    case = api.case(channel="email")
    world.settle()
    texts = [m.text for m in world.timeline(world.case()) if "/c/" in m.text]
    token = texts[0].partition("/c/")[2].split()[0]
    assert open_link(world.app.signer, token)[0] == case["reference"]
