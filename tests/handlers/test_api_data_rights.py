"""What a person may ask of us: all that we hold of them, and to be forgotten."""

from __future__ import annotations

import json
from typing import Any

from tests.handlers.client import Api
from tests.support import BUCKET, World


def erase(api: Api, customer: Any, as_: str = "admin", version: int | None = None) -> Any:
    headers = {"If-Match": f'"{version or customer["version"]}"'}
    return api("DELETE", f"/v1/customers/{customer['id']}", as_=as_, headers=headers)


def ana(world: World, api: Api) -> Any:
    world.mail("Where is my parcel?", subject="My parcel")
    world.settle()
    return api.get(f"/v1/customers/{world.case().customer_id}").json


def file(world: World) -> Any:
    (found,) = world.clients["s3"].list_objects_v2(Bucket=BUCKET, Prefix="exports/")["Contents"]
    return json.loads(
        world.clients["s3"].get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read()
    )


def acts(api: Api, what: str) -> list[tuple[str, str, str]]:
    items = api.get(f"/v1/audit?what={what}", as_="admin").json["items"]
    return [(entry["who"], entry["whom"], entry["outcome"]) for entry in items]


def test_an_export_has_everything_and_is_in_the_list(world: World, api: Api) -> None:
    customer = ana(world, api)
    case = world.case()
    api.post(f"/v1/cases/{case.id}/messages", {"kind": "note", "text": "She is kind"})
    made = api.get(f"/v1/customers/{customer['id']}/export", as_="lead")
    assert (made.status, made.json["cases"], made.json["whole"]) == (200, 1, True)
    assert "Signature=" in made.json["url"]
    held = file(world)
    assert held["records"][0]["identities"][0]["value"] == "ana@example.org"
    texts = [message["text"].strip() for message in held["cases"][0]["messages"]]
    assert {"Where is my parcel?", "She is kind"} <= set(texts)
    assert any(message.get("original_url") for message in held["cases"][0]["messages"])
    assert acts(api, "customer_exported") == [
        ("lead@example.com", customer["id"], "done"),
        ("lead@example.com", customer["id"], "begun"),
    ]
    assert api.get(f"/v1/customers/{customer['id']}/export").problem == "forbidden"


def test_a_lead_exports_no_case_of_a_restricted_team_and_is_told_so(world: World, api: Api) -> None:
    team = {"name": "fraud", "title": "Fraud", "restricted": True}
    api.put("/v1/settings/teams", {"teams": [team]}, as_="admin")
    world.clock.forward(seconds=30)
    case = api.case(as_="admin", team="fraud", text="Stolen")
    path = f"/v1/customers/{case['customer_id']}/export"
    made = api.get(path, as_="lead").json
    assert (made["cases"], made["whole"]) == (0, False)
    assert "Stolen" not in json.dumps(file(world))
    assert api.get(path, as_="admin").json["cases"] == 1


def test_a_person_is_erased_by_an_admin_who_saw_the_newest_version(world: World, api: Api) -> None:
    customer = ana(world, api)
    assert erase(api, customer, as_="lead").problem == "forbidden"
    path = f"/v1/customers/{customer['id']}"
    assert api("DELETE", path, as_="admin").problem == "precondition-missing"
    stale = erase(api, customer, version=customer["version"] + 7)
    assert (stale.problem, stale.json["current"]["id"]) == ("stale-version", customer["id"])
    erased = erase(api, customer)
    assert erased.status == 202
    assert erased.json["erased"]["by"] == "admin@example.com"
    assert (erased.json["name"], erased.json["identities"]) == ("", [])
    assert acts(api, "customer_erased") == [("admin@example.com", customer["id"], "done")]
    for _ in range(2):
        world.settle()
        world.clock.forward(minutes=5)
    world.settle()
    shown = api.get(path).json
    assert (shown["erased"]["cases"], bool(shown["erased"]["done_at"])) == (1, True)
    assert erase(api, customer).status == 202
    assert len(acts(api, "customer_erased")) == 1
    listed = api.get("/v1/customers").json["items"]
    assert customer["id"] not in [one["id"] for one in listed]


def test_nothing_is_kept_of_somebody_erased_again(world: World, api: Api) -> None:
    customer = ana(world, api)
    version = erase(api, customer).json["version"]
    path = f"/v1/customers/{customer['id']}"
    assert api.patch(path, {"name": "Ana"}, version).problem == "conflict"
    body = {"text": "x", "customer_id": customer["id"]}
    assert api.post("/v1/cases", body).problem == "conflict"
    world.settle()
    case = world.case()
    assert api.patch(f"/v1/cases/{case.id}", {"subject": "Ana"}, case.version).status == 409
    assert api.post(f"/v1/cases/{case.id}/messages", {"text": "Ana"}).status == 409
