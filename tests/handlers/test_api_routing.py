"""Rules are tried on past cases through the API; agents say whether they are there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.handlers.client import Api
from tests.support import World

GOLD = {"field": "customer.tier", "op": "eq", "value": "gold"}
ROUTER = {"field": "text", "op": "matches-word", "value": "router*"}


def cases(world: World, number: int = 6) -> None:
    """Every second writes about a router; every third is a gold customer."""
    for count in range(number):
        text = "My router is dead" if count % 2 == 0 else "Where is my parcel?"
        world.mail(text, sender=f"c{count}@example.org", subject="Help")
        world.settle()
        if count % 3 == 0:
            case = world.cases()[-1]
            customer = world.app.customers.get(case.customer_id)
            gold = customer.model_copy(update={"tier": "gold", "version": customer.version + 1})
            world.app.customers.save(gold)


def attempt(api: Api, *rules: dict[str, Any], **fields: Any) -> Any:
    answer = api.post("/v1/settings/routing/try", {"rules": rules, **fields}, as_="admin")
    assert answer.status == 200, answer.text
    return answer.json


def test_rules_say_what_they_would_have_moved(world: World, api: Api) -> None:
    cases(world)
    answer = attempt(
        api,
        {"name": "Routers", "all": [ROUTER], "team": "hardware"},
        {"name": "Gold", "all": [GOLD], "team": "care"},
    )
    assert answer["summary"] == "would have moved 4 of the last 6"
    assert answer["by_rule"] == {"Routers": 3, "Gold": 2}
    assert answer["decided"] == {"Routers": 3, "Gold": 1}
    assert answer["moves"] == {"support → hardware": 3, "support → care": 1}
    sample = answer["samples"][0]
    assert sample["reference"] == world.cases()[4].reference  # the newest that moves
    assert (sample["before"], sample["after"], sample["rule"]) == ("support", "hardware", "Routers")
    assert "text mentions router" in sample["why"]
    assert {case.team for case in world.cases()} == {"support"}  # nothing was changed


def test_trying_five_hundred_cases_takes_a_query_a_hundred(world: World, api: Api) -> None:
    cases(world, 9)
    before = dict(world.aws.calls)
    assert attempt(api, {"name": "R", "all": [ROUTER], "team": "x"}, cases=7)["cases"] == 7
    spent = {name: count - before.get(name, 0) for name, count in world.aws.calls.items()}
    assert spent["dynamodb", "Query"] == 1
    assert spent["dynamodb", "BatchGetItem"] == 2  # customers, and what they wrote


def test_what_a_person_decided_would_have_stayed(world: World, api: Api) -> None:
    cases(world, 1)
    case = world.case()
    api.patch(f"/v1/cases/{case.id}", {"team": "people"}, case.version)
    answer = attempt(api, {"name": "Routers", "all": [ROUTER], "team": "hardware"})
    assert (answer["moved"], answer["kept"]) == (0, 1)


def test_what_is_probably_a_mistake_is_named(world: World, api: Api) -> None:
    cases(world, 2)
    teams = {"teams": [{"name": "support", "title": "Support"}]}
    world.app.documents.write("teams", teams, None, "test")
    odd = {"field": "customer.attributes.plann", "op": "eq", "value": "pro"}
    answer = attempt(api, {"name": "Odd", "all": [GOLD, odd], "team": "suport"})
    assert answer["warnings"] == [
        "rules.0.team: there is no team suport",
        "rules.0.all.1.field: none of the cases has customer.attributes.plann",
    ]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"name": "x", "team": "a"}, "rules.0.all"),
        ({"name": "x", "team": "a", "all": [{**GOLD, "op": "in"}]}, "rules.0.all.0.value"),
        ({"name": "x", "team": "a", "all": [{**GOLD, "op": "is"}]}, "rules.0.all.0.op"),
        ({"name": "", "team": "a", "all": [GOLD]}, "rules.0.name"),
    ],
)
def test_a_wrong_field_is_named(api: Api, rule: dict[str, Any], field: str) -> None:
    answer = api.post("/v1/settings/routing/try", {"rules": [rule]}, as_="admin")
    assert (answer.status, answer.fields) == (422, [field])


def test_rules_of_the_time_of_day_read_the_calendar(world: World, api: Api) -> None:
    cases(world, 1)  # Monday noon in UTC
    calendar: dict[str, Any] = {"name": "tokyo", "zone": "Asia/Tokyo"}
    calendar |= {"hours": {"monday": [{"start": "09:00", "end": "17:00"}]}}
    world.app.documents.write("calendars", {"calendars": [calendar]}, None, "test")
    night = [
        {"field": "time.hour", "op": "gt", "value": 20},
        {"field": "time.weekday", "op": "eq", "value": "monday"},
        {"field": "time.working", "op": "eq", "value": False},
    ]
    rule = {"name": "Night", "all": night, "team": "night"}
    assert attempt(api, rule, calendar="tokyo")["moved"] == 1
    assert attempt(api, rule)["moved"] == 0


def test_rules_of_priority_are_tried_out_too(world: World, api: Api) -> None:
    cases(world)
    rules = [
        {"name": "Dead", "priority": "high", "words": {"en": ["dead"]}},
        {"name": "Gold", "priority": "urgent", "tiers": ["gold"]},
    ]
    answer = api.post("/v1/settings/priorities/try", {"rules": rules}, as_="admin").json
    assert answer["summary"] == "would have changed the priority of 4 of the last 6"
    assert answer["by_rule"] == {"Dead": 3, "Gold": 2}
    assert answer["moves"] == {"normal → high": 2, "normal → urgent": 2}
    assert world.cases()[0].priority == "normal"


def test_an_agent_who_comes_back_gets_what_waited(world: World, api: Api) -> None:
    team = {"name": "support", "title": "Support", "strategy": "least_loaded"}
    document = {"teams": [{**team, "members": ["agent@example.com"]}]}
    assert api.put("/v1/settings/teams", document, as_="admin").status == 200
    away = api.put("/v1/me/availability", {"away": True, "note": "lunch"}).json
    assert (away["at_work"], away["note"], away["teams"]) == (False, "lunch", ["support"])
    cases(world, 2)
    assert api.get("/v1/me/availability").json["open_cases"] == 0
    assert api.put("/v1/me/availability", {"away": False}).json["open_cases"] == 2
    (shown,) = api.get("/v1/teams/support/agents").json["items"]
    assert (shown["email"], shown["at_work"], shown["by_channel"]) == (
        "agent@example.com",
        True,
        {"email": 2},
    )
    counted = api.post("/v1/agents/recount", {"email": "agent@example.com"}, as_="lead").json
    assert counted == {"email": "agent@example.com", "open_cases": 2, "corrected": 0}


def test_being_away_until_a_time_that_is_past_is_refused(api: Api) -> None:
    past = {"away": True, "until": "2020-01-01T00:00:00Z"}
    answer = api.put("/v1/me/availability", past)
    assert (answer.status, answer.fields) == (422, ["until"])


def test_a_teams_members_page(world: World, api: Api) -> None:
    members = [f"a{number}@example.com" for number in range(5)]
    team = {"name": "support", "title": "Support", "members": members}
    world.app.documents.write("teams", {"teams": [team]}, None, "test")
    first = api.get("/v1/teams/support/agents?limit=3").json
    rest = api.get(f"/v1/teams/support/agents?limit=3&cursor={first['cursor']}").json
    assert [one["email"] for one in first["items"] + rest["items"]] == members
    assert rest["cursor"] is None
    assert api.get("/v1/teams/nobody/agents").problem == "not-found"
