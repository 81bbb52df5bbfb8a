"""Settings, quarantine, trends and campaigns through the API."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.base import iso
from chalicelib.campaigns.models import Offer
from chalicelib.channels.models import Channel
from chalicelib.flows.audience import unsubscribe_token
from chalicelib.settings_documents import DOCUMENTS
from chalicelib.store.quarantine import Quarantined
from chalicelib.trends.models import Method, Trend
from tests.handlers.client import Api
from tests.support import World

# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_has_defaults_that_can_be_put_back(api: Api, name: str) -> None:
    path = f"/v1/settings/{name}"
    read = api.get(path, as_="admin")
    assert (read.status, read.json["version"], read.headers["ETag"]) == (200, 0, '"0"')
    written = api.put(path, read.json["document"], as_="admin")
    assert (written.status, written.json["version"]) == (200, 1)
    assert api.get(path, as_="admin").json == written.json


@pytest.mark.parametrize(
    ("name", "document", "field"),
    [
        (
            "topics",
            {"topics": [{"label": "Log in", "name": "x", "words": ["y"]}]},
            "topics.0.label",
        ),
        ("topics", {"topic": []}, "topic"),
        ("promises", {"targets": {"huge": {"first_reply": 1, "resolution": 2}}}, "targets"),
        ("channels", {"form_posts_per_hour": 0}, "form_posts_per_hour"),
        ("calendars", {"calendars": [{"name": "a", "zone": "Mars/Base"}]}, "calendars.0.zone"),
        (
            "calendars",
            {
                "calendars": [
                    {"name": "a", "hours": {"monday": [{"start": "17:00", "end": "9:00"}]}}
                ]
            },
            "calendars.0.hours",
        ),
        ("webhooks", {"webhooks": [{"name": "a", "url": "http://example.com"}]}, "webhooks.0.url"),
        ("webhooks", {"webhooks": [{"name": "a", "url": "https://10.0.0.1/"}]}, "webhooks.0.url"),
        ("webhooks", {"webhooks": [{"name": "a", "url": "https://[::1]/"}]}, "webhooks.0.url"),
        ("views", {"views": [{"name": "a", "title": "A"}] * 2}, "body"),
        ("flags", {"flags": {"new-desk": "perhaps"}}, "flags.new-desk"),
    ],
)
def test_a_document_that_is_wrong_is_refused_by_its_field(
    api: Api, name: str, document: dict[str, Any], field: str
) -> None:
    answer = api.put(f"/v1/settings/{name}", document, as_="admin")
    assert answer.problem == "invalid"
    assert answer.fields[0].startswith(field)


def test_a_document_of_another_version_is_not_overwritten(api: Api) -> None:
    path = "/v1/settings/flags"
    first = api.put(path, {"flags": {"a": True}}, as_="admin", headers={"If-Match": '"0"'})
    assert first.json["version"] == 1
    stale = api.put(path, {"flags": {}}, as_="admin", headers={"If-Match": '"0"'})
    assert (stale.status, stale.problem) == (412, "stale-version")
    assert stale.json["current"] == first.json
    assert api.put(path, {"flags": {}}, as_="admin").json["version"] == 2
    assert api("PUT", path, b"", as_="admin").problem == "malformed"


# --- quarantine -----------------------------------------------------------------------------------


def put_aside(world: World, **given: Any) -> Quarantined:
    fields = {
        "id": "o3vrnil0",
        "channel": "email",
        "reason": "nobody could read it",
        "raw_key": "mail/o3vrnil0",
        "created_at": world.clock(),
        **given,
    }
    entry = Quarantined.model_validate(fields)
    world.app.table.commit(world.app.quarantine.add(entry))
    return entry


def test_what_was_put_aside_is_listed_with_its_reason_and_without_its_file(
    api: Api, world: World
) -> None:
    put_aside(world)
    (entry,) = api.get("/v1/quarantine").json["items"]
    assert (entry["reason"], entry["replayable"]) == ("nobody could read it", True)
    assert "raw_key" not in entry
    assert api.get("/v1/quarantine/o3vrnil0").json == entry
    assert api.get("/v1/quarantine?disposition=automatic").json["items"] == []


def test_a_replay_puts_the_original_on_its_queue_and_keeps_the_entry(
    api: Api, world: World
) -> None:
    world.app.objects.put("mail/o3vrnil0", b"From: ana@example.org\nSubject: Help\n\nIt broke\n")
    put_aside(world)
    answer = api.post("/v1/quarantine/o3vrnil0/replay")
    assert (answer.status, answer.json["queue"]) == (202, "mail")
    (order,) = [json.loads(b) for b in world.aws.sqs.bodies("MailQueue")]
    assert order["replay"] == "mail/o3vrnil0"
    world.settle()
    assert world.case().subject == "Help"
    assert api.get("/v1/quarantine").json["items"] == []
    assert len(api.get("/v1/quarantine?disposition=replayed").json["items"]) == 1
    api.post("/v1/quarantine/o3vrnil0/replay")
    world.settle()
    assert len(world.cases()) == 1


@pytest.mark.parametrize(
    "given",
    [
        {"disposition": "automatic"},
        {"reason": "the virus scan found something"},
        {"raw_key": "", "raw": "{}", "channel": "voice"},
        {"raw_key": ""},
    ],
)
def test_what_must_not_or_cannot_be_tried_again_is_refused(
    api: Api, world: World, given: dict[str, str]
) -> None:
    put_aside(world, **given)
    answer = api.post("/v1/quarantine/o3vrnil0/replay")
    assert (answer.status, answer.problem) == (409, "conflict")
    assert api.get("/v1/quarantine/o3vrnil0").json["replayable"] is False
    assert world.aws.sqs.bodies("MailQueue") == []


# --- trends and campaigns -------------------------------------------------------------------------


def trend(world: World, **given: Any) -> Trend:
    now = world.clock()
    fields = {
        "id": f"T{now:%H%M}",
        "series": f"topic={now:%H%M}",
        "topic": "login",
        "started_at": now,
        "detected_at": now,
        "last_seen_at": now,
        "window_hours": 4,
        "expected": 2.5,
        "seen": 31,
        "p": 1e-9,
        "lift": 12.4,
        "method": Method.SCAN,
        "created_at": now,
        "updated_at": now,
        **given,
    }
    found = Trend.model_validate(fields)
    world.app.trends.add(found)
    return found


def test_trends_are_listed_newest_first_and_by_state(api: Api, world: World) -> None:
    first = trend(world)
    world.clock.forward(hours=1)
    second = trend(world)
    listed = api.get("/v1/trends").json["items"]
    assert [entry["id"] for entry in listed] == [second.id, first.id]
    assert (listed[0]["expected"], listed[0]["seen"]) == (2.5, 31)
    assert api.get("/v1/trends?state=ended").json["items"] == []
    assert api.get("/v1/trends?state=over").fields == ["state"]


def test_a_lead_dismisses_a_trend_and_takes_it_back(api: Api, world: World) -> None:
    path = f"/v1/trends/{trend(world).id}"
    given = {"state": "dismissed", "reason": "a newsletter"}
    dismissed = api.patch(path, given, 1, as_="lead")
    assert (dismissed.json["state"], dismissed.json["dismissed_reason"]) == (
        "dismissed",
        "a newsletter",
    )
    assert api.patch(path, given, 1, as_="lead").problem == "stale-version"
    assert api.patch(path, given, None, as_="lead").problem == "precondition-missing"
    back = api.patch(path, {"state": "active", "problem_id": "P1"}, 2, as_="lead").json
    assert (back["state"], back["dismissed_reason"], back["problem_id"]) == ("active", None, "P1")


def test_a_campaign_is_drafted_previewed_changed_and_approved_as_it_was_seen(
    api: Api, world: World
) -> None:
    for name in ("ada", "bo"):
        given = {"name": name, "email": f"{name}@example.com", "attributes": {"plan": name}}
        api.post("/v1/customers", given)
    body = {
        "name": "Known trouble",
        "topic": "login",
        "message": {"email": {"en": {"subject": "Known", "text": "We know."}}},
        "audience": {"all": [{"field": "attributes.plan", "op": "eq", "value": "ada"}]},
    }
    drafted = api.post("/v1/campaigns", body, as_="lead")
    assert (drafted.status, drafted.json["status"]) == (201, "draft")
    path = f"/v1/campaigns/{drafted.json['id']}"
    preview = api.post(f"{path}/preview", as_="lead").json
    assert (preview["count"], preview["samples"][0]["to"]) == (1, "ada@example.com")
    seen = {"version": preview["version"], "count": 2}
    assert api.post(f"{path}/approve", seen, as_="lead").problem == "conflict"
    changed = api.patch(path, {"name": "Log-in trouble"}, drafted.json["version"], as_="lead")
    assert changed.json["name"] == "Log-in trouble"
    assert api.post(f"{path}/approve", seen, as_="lead").problem == "stale-version"
    approved = api.post(f"{path}/approve", {"count": 1}, as_="lead")
    assert approved.json["status"] == "approved"
    assert api.patch(path, {"name": "x"}, approved.json["version"], as_="lead").status == 409
    stopped = api.post(f"{path}/cancel", {"reason": "fixed"}, as_="lead").json
    assert (stopped["status"], stopped["reason"]) == ("cancelled", "fixed")
    assert api.post(f"{path}/resume", as_="lead").problem == "conflict"
    (listed,) = api.get("/v1/campaigns", as_="lead").json["items"]
    assert listed["id"] == drafted.json["id"]
    assert api.get(path, as_="lead").json["progress"]["sent"] == 0


def test_one_click_ends_notices_and_looking_does_not(api: Api, world: World) -> None:
    customer = api.post("/v1/customers", {"email": "ada@example.com"}).json
    offer = Offer(campaign_id="K1", customer_id=customer["id"], channel=Channel.EMAIL)
    token = unsubscribe_token(world.app.signer, offer)
    path = f"/v1/unsubscribe/{token}"
    asked = api.get(path, as_="")
    assert (asked.status, "<form" in asked.text) == (200, True)
    assert api.get(f"/v1/customers/{customer['id']}").json["consent"] == {}
    assert api.form(path, "List-Unsubscribe=One-Click").status == 200
    now = api.get(f"/v1/customers/{customer['id']}").json
    assert now["consent"]["email"]["status"] == "opted_out"
    assert api.get("/v1/unsubscribe/made-up", as_="").status == 403


# --- health --------------------------------------------------------------------------------------


def test_health_says_what_runs_and_whether_its_table_answers(api: Api, world: World) -> None:
    assert api.get("/v1/health", as_="").json == {
        "status": "ok",
        "version": "0.1.0",
        "stage": "test",
        "time": iso(world.clock()),
    }

    class EndpointConnectionError(Exception):
        pass

    class Silent:
        def document(self, name: str) -> None:
            raise EndpointConnectionError

    world.app.__dict__["documents"] = Silent()
    world.clock.now += timedelta(hours=1)
    assert api.get("/v1/health", as_="").problem == "unavailable"
