"""Merging, splitting and linking through the API, and what an agent decides of people."""

from __future__ import annotations

from typing import Any

from tests.handlers.client import Api
from tests.support import World


def test_cases_are_merged_and_taken_apart_again(api: Api) -> None:
    one, other = api.case(text="one"), api.case(text="other")
    merged = api.post(f"/v1/cases/{one['reference']}/merge", {"into": other["reference"]})
    assert merged.json["id"] == other["id"]
    assert api.get(f"/v1/cases/{one['id']}").json["merged_into"] == other["id"]
    shown = api.get(f"/v1/cases/{other['id']}/messages").json["items"]
    assert {"one", "other"} <= {message["text"] for message in shown}
    assert [case["id"] for case in api.get("/v1/cases").json["items"]] == [other["id"]]
    assert [case["id"] for case in api.get("/v1/cases?view=merged").json["items"]] == [one["id"]]
    assert api.patch(f"/v1/cases/{one['id']}", {"status": "open"}, 2).problem == "conflict"
    back = api.post(f"/v1/cases/{one['id']}/merge", {"undo": True})
    assert (back.json["id"], back.json["merged_into"]) == (one["id"], None)
    assert api.post(f"/v1/cases/{one['id']}/unmerge").problem == "conflict"


def test_what_cannot_be_merged_says_why(api: Api) -> None:
    one = api.case(text="one")
    path = f"/v1/cases/{one['id']}/merge"
    assert api.post(path, {"into": one["id"]}).fields == ["into"]
    assert api.post(path, {"into": "C-000000"}).fields == ["into"]
    assert api.post("/v1/cases/unknown/merge", {"into": one["id"]}).problem == "not-found"


def test_messages_are_split_off_once(api: Api) -> None:
    case = api.case(text="one")
    api.post(f"/v1/cases/{case['id']}/messages", {"kind": "note", "text": "a note"})
    shown = api.get(f"/v1/cases/{case['id']}/messages").json["items"]
    (message,) = [m for m in shown if m["kind"] == "message"]
    body = {"message_ids": [message["id"]]}
    assert api.post(f"/v1/cases/{case['id']}/split", body).problem == "conflict"
    merged = api.case(text="two")
    api.post(f"/v1/cases/{merged['id']}/merge", {"into": case["id"]})
    fresh = api.post(f"/v1/cases/{case['id']}/split", body)
    assert fresh.status == 201
    assert api.post(f"/v1/cases/{case['id']}/split", body).json["id"] == fresh.json["id"]
    assert fresh.json["related"] == [case["id"]]


def test_cases_are_linked_on_both_sides(api: Api) -> None:
    one, other = api.case(text="one"), api.case(text="other")
    linked = api.post(f"/v1/cases/{one['id']}/link", {"to": other["reference"], "kind": "parent"})
    assert linked.json["links"] == [{"case_id": other["id"], "kind": "parent"}]
    mirror = api.get(f"/v1/cases/{other['id']}").json
    assert mirror["links"] == [{"case_id": one["id"], "kind": "child"}]


def test_customers_are_merged_and_taken_apart_again(api: Api) -> None:
    ada, bob = person(api, "ada@example.com"), person(api, "bob@example.com")
    merged = api.post(f"/v1/customers/{bob['id']}/merge", {"into": ada["id"]})
    assert merged.json["id"] == ada["id"]
    gone = api.get(f"/v1/customers/{bob['id']}").json
    assert gone["merged_into"] == ada["id"]
    assert api.patch(f"/v1/customers/{bob['id']}", {"tier": "x"}, 2).problem == "conflict"
    entries = api.get(f"/v1/customers/{bob['id']}/timeline").json["items"]
    assert {entry["type"] for entry in entries} == {"event"}
    back = api.post(f"/v1/customers/{bob['id']}/unmerge")
    assert [i["value"] for i in back.json["identities"]] == ["bob@example.com"]


def test_a_likely_match_is_shown_and_decided(api: Api, world: World) -> None:
    ada = person(api, "ada@example.com")
    form = {"email": "ada@example.com", "text": "It is me"}
    reference = api.post("/v1/help/cases", form, as_="").json["reference"]
    case = api.get(f"/v1/cases/{reference}").json
    assert case["likely_match"]["customer_id"] == ada["id"]
    assert api.post(f"/v1/customers/{case['customer_id']}/confirm").json["id"] == ada["id"]
    assert api.get(f"/v1/cases/{reference}").json["customer_id"] == ada["id"]
    assert api.post(f"/v1/customers/{ada['id']}/reject").status == 200
    assert api.post(f"/v1/customers/{ada['id']}/confirm").problem == "conflict"


def test_a_code_is_sent_and_read_out(api: Api, world: World) -> None:
    ada = person(api, "ada@example.com")
    path = f"/v1/customers/{ada['id']}/identities"
    sent = api.post(path, {"channel": "sms", "value": "+44 20 7946 0018"})
    assert (sent.status, sent.json["value"]) == (202, "+442079460018")
    code = world.aws.sms.accepted[-1].text[:7]
    shown = api.post(f"{path}/verify", {"code": code}).json
    assert shown["identities"][-1] == {
        "channel": "sms",
        "value": "+442079460018",
        "verified": True,
    }
    assert api.post(f"{path}/verify", {"code": code}).fields == ["code"]
    assert api.post(path, {"channel": "email", "value": "a@example.com"}).fields == ["channel"]


def test_spam_is_released_by_a_patch_and_warnings_are_shown(api: Api, world: World) -> None:
    world.mail("Buy now", verdicts={"spam": "FAIL", "dmarc": "FAIL"})
    world.settle()
    assert api.get("/v1/cases").json["items"] == []
    (spam,) = api.get("/v1/cases?view=spam").json["items"]
    (first,) = [
        m
        for m in api.get(f"/v1/cases/{spam['id']}/messages").json["items"]
        if m["kind"] == "message"
    ]
    assert first["verdicts"]["dmarc"] == "FAIL"
    assert any("DMARC" in warning for warning in first["warnings"])
    released = api.patch(f"/v1/cases/{spam['id']}", {"spam": False}, spam["version"])
    assert released.json["spam"] is False
    assert [case["id"] for case in api.get("/v1/cases").json["items"]] == [spam["id"]]


def person(api: Api, email: str) -> Any:
    return api.post("/v1/customers", {"email": email}).json
