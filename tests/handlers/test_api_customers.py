"""Customers through the API: kept, found, imported."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from chalicelib.customers.importing import MOST_LINES
from tests.handlers.client import Answer, Api
from tests.support import World

CSV = {"Content-Type": "text/csv"}
LINES = {"Content-Type": "application/x-ndjson"}


def imported(api: Api, text: str, headers: dict[str, str] = CSV) -> Answer:
    return api("POST", "/v1/customers/import", text.encode(), as_="admin", headers=headers)


def the_one(api: Api, query: str) -> Any:
    (found,) = api.get(f"/v1/customers?q={query}").json["items"]
    return found


def test_a_customer_is_found_by_address_and_number_however_they_are_written(api: Api) -> None:
    given = {"name": "Ada", "email": "Ada@Example.com", "phone": "+49 151 12345678"}
    made = api.post("/v1/customers", given)
    assert made.status == 201
    for query in ("ADA@example.com", "%2B4915112345678", "%2B49%20151-123%2045678"):
        assert the_one(api, query)["id"] == made.json["id"]
    assert api.get("/v1/customers?q=bo@example.com").json["items"] == []
    assert api.get("/v1/customers?q=ada").fields == ["q"]
    assert "open_case" not in made.json


def test_an_address_has_one_owner(api: Api) -> None:
    first = api.post("/v1/customers", {"email": "ada@example.com"}).json
    again = api.post("/v1/customers", {"email": "ADA@example.com"})
    assert (again.status, again.problem) == (409, "conflict")
    assert again.json["customer_id"] == first["id"]
    other = api.post("/v1/customers", {"email": "bo@example.com"}).json
    path = f"/v1/customers/{other['id']}"
    taken = api.patch(path, {"email": "ada@example.com"}, other["version"])
    assert (taken.status, taken.fields) == (409, ["email"])


def test_an_address_that_was_given_up_is_free_again(api: Api) -> None:
    ada = api.post("/v1/customers", {"email": "ada@example.com"}).json
    path = f"/v1/customers/{ada['id']}"
    changed = api.patch(path, {"email": "byron@example.com", "tier": "gold"}, ada["version"])
    assert changed.json["tier"] == "gold"
    assert the_one(api, "byron@example.com")["id"] == ada["id"]
    assert api.post("/v1/customers", {"email": "ada@example.com"}).status == 201


def test_a_change_of_something_newer_is_refused_with_the_newest(api: Api) -> None:
    ada = api.post("/v1/customers", {"email": "ada@example.com"}).json
    path = f"/v1/customers/{ada['id']}"
    assert api.patch(path, {"tier": "gold"}, None).problem == "precondition-missing"
    assert api.patch(path, {"tier": "gold"}, 1).headers["ETag"] == '"2"'
    stale = api.patch(path, {"tier": "iron"}, 1)
    assert (stale.problem, stale.json["current"]["tier"]) == ("stale-version", "gold")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "name"),
        ({"email": "nobody"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"name": "x", "attributes": {"": 1}}, "attributes"),
        ({"name": "x", "attributes": {"a": 10**40}}, "attributes"),
        ({"name": "x", "attributes": {"a": {"b": 1}}}, "attributes"),
        ({"name": "x", "attributes": {"a": "x" * 2_001}}, "attributes"),
        ({"name": "x", "attributes": {f"a{n}": "🎈" * 2_000 for n in range(99)}}, "attributes"),
        ({"name": "x", "consent": {"pigeon": "opted_in"}}, "consent"),
        ({"name": "x", "time_zone": "not a zone"}, "time_zone"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_field(
    api: Api, given: dict[str, Any], field: str
) -> None:
    answer = api.post("/v1/customers", given)
    assert answer.problem == "invalid"
    assert answer.fields[0].startswith(field)


def test_numbers_that_are_none_are_refused(api: Api) -> None:
    body = b'{"name": "x", "attributes": {"a": NaN, "b": Infinity, "c": 1e400}}'
    answer = api("POST", "/v1/customers", body, headers={"Content-Type": "application/json"})
    assert answer.status in (400, 422)


def test_all_customers_are_paged_each_once(api: Api) -> None:
    ids = {api.post("/v1/customers", {"name": f"c{n}"}).json["id"] for n in range(23)}
    found: list[str] = []
    cursor = ""
    while True:
        page = api.get(f"/v1/customers?limit=5{cursor}").json
        found += [customer["id"] for customer in page["items"]]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert len(found) == 23
    assert set(found) == ids


def test_the_timeline_has_cases_newest_first(api: Api, world: World) -> None:
    opened = []
    for number in range(5):
        world.clock.forward(minutes=1)
        opened.append(api.case(text=f"matter {number}")["reference"])
    path = f"/v1/customers/{the_one(api, 'ada@example.com')['id']}/timeline"
    first = api.get(f"{path}?limit=3").json
    rest = api.get(f"{path}?limit=3&cursor={first['cursor']}").json
    entries = first["items"] + rest["items"]
    assert [entry["case"]["reference"] for entry in entries] == opened[::-1]
    assert rest["cursor"] is None


# --- import ---------------------------------------------------------------------------------------


def test_an_import_reports_line_by_line_and_wrong_lines_hold_up_none(api: Api) -> None:
    text = (
        "name,email,phone,attributes.country,assets,consent.email\n"
        'Ada,ada@example.com,+4915112345678,GB,"Engine; Loom",opted_in\n'
        "Bo,not an address,,,,\n"
        "Cy,,,,,\n"
        '"Dee, D.",dee@example.com,,DE,"[{""name"": ""Car"", ""attributes"": {""doors"": 4}}]",\n'
        "Eve,eve@example.com,,,,perhaps\n"
        "too,few\n"
    )
    report = imported(api, text).json
    assert (report["created"], report["updated"], report["errors"]) == (2, 0, 4)
    assert [line["line"] for line in report["lines"]] == [2, 3, 4, 5, 6, 7]
    wrong = {line["line"]: line["fields"][0]["field"] for line in report["lines"] if not line["id"]}
    assert wrong == {3: "email", 4: "email", 6: "consent.email", 7: "line"}
    ada = the_one(api, "%2B4915112345678")
    assert [asset["name"] for asset in ada["assets"]] == ["Engine", "Loom"]
    assert ada["attributes"] == {"country": "GB"}
    assert ada["consent"]["email"]["source"] == "import"
    dee = the_one(api, "dee@example.com")
    assert (dee["name"], dee["assets"][0]["attributes"]) == ("Dee, D.", {"doors": 4})


def test_an_import_again_updates_and_keeps_what_it_does_not_mention(api: Api) -> None:
    imported(api, "name,email,tier,attributes.a,assets\nAda,ada@example.com,gold,1,Loom\n")
    before = the_one(api, "ada@example.com")
    report = imported(api, "email,phone,attributes.b\nada@example.com,+4915112345678,2\n").json
    assert (report["updated"], report["lines"][0]["id"]) == (1, before["id"])
    after = the_one(api, "%2B4915112345678")
    assert (after["name"], after["tier"]) == ("Ada", "gold")
    assert after["attributes"] == {"a": "1", "b": "2"}
    assert [asset["name"] for asset in after["assets"]] == ["Loom"]
    imported(api, "email,phone,attributes.b\nada@example.com,+4915112345678,2\n")
    assert the_one(api, "ada@example.com")["version"] == after["version"]


def test_an_import_never_undoes_an_opt_out(api: Api) -> None:
    api.post("/v1/customers", {"email": "ada@example.com", "consent": {"email": "opted_out"}})
    report = imported(api, "email,consent.email\nada@example.com,opted_in\n").json
    assert report["lines"][0]["fields"][0]["field"] == "consent.email"
    assert the_one(api, "ada@example.com")["consent"]["email"]["status"] == "opted_out"


def test_lines_about_one_customer_follow_each_other(api: Api) -> None:
    text = "name,email,phone\nA,a@example.com,\nB,a@example.com,+4915112345678\nC,,+4915112345678\n"
    report = imported(api, text).json
    assert [line["status"] for line in report["lines"]] == ["created", "updated", "updated"]
    assert the_one(api, "a@example.com")["name"] == "C"


def test_an_address_and_a_number_of_two_customers_are_an_error_of_that_line(api: Api) -> None:
    text = "email,phone\na@example.com,\n,+4915112345678\na@example.com,+4915112345678\n"
    report = imported(api, text).json
    assert [line["status"] for line in report["lines"]] == ["created", "created", "error"]


def test_json_lines_take_the_fields_of_a_customer(api: Api) -> None:
    lines = [
        json.dumps({"email": "ada@example.com", "assets": [{"name": "Loom"}]}),
        "",
        '{"email": ',
        json.dumps({"email": "bo@example.com", "colour": "blue"}),
        "[]",
    ]
    report = imported(api, "\n".join(lines), LINES).json
    assert [line["status"] for line in report["lines"]] == ["created", "error", "error", "error"]
    assert [line["line"] for line in report["lines"]] == [1, 3, 4, 5]
    assert report["lines"][2]["fields"] == [{"field": "colour", "reason": "is not known here"}]


def test_what_is_no_import_is_refused_whole(api: Api) -> None:
    assert imported(api, "").problem == "malformed"
    assert imported(api, 'name,email\n"unclosed').problem == "malformed"
    assert imported(api, "name,email\nJ\ufffdrg,j@example.com\n").problem == "malformed"
    assert imported(api, "name,colour\n").fields == ["colour"]
    assert imported(api, "name,name\n").fields == ["column"]
    assert imported(api, "email\n" + "a@b.de\n" * (MOST_LINES + 1)).problem == "too-large"
    assert imported(api, "{}", {"Content-Type": "application/json"}).status == 415


def test_five_thousand_customers_take_few_calls_and_little_time(api: Api, world: World) -> None:
    rows = "".join(
        f"Customer {n},c{n}@example.com,+49151{n:08d},gold,GB,Engine;Loom\n" for n in range(5_000)
    )
    calls: list[str] = []
    client = world.app.table._client
    made = client._make_api_call

    def counted(operation: str, arguments: Any) -> Any:
        calls.append(operation)
        return made(operation, arguments)

    client._make_api_call = counted
    began = time.process_time()
    report = imported(api, "name,email,phone,tier,attributes.country,assets\n" + rows).json
    assert report["created"] == 5_000
    assert len(calls) < 300
    assert time.process_time() - began < 20  # of one core that other tests may be sharing
