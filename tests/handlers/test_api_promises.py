"""What agents and customers see of promises."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tests.handlers.client import Api
from tests.support import World

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def by_mail(world: World, count: int) -> list[str]:
    """Cases of normal priority, an hour apart; their references, oldest first."""
    for number in range(count):
        world.mail("Where is my parcel?", sender=f"c{number}@example.org")
        world.clock.forward(hours=1)
    world.settle()
    return [case.reference for case in world.cases()]


def references(answer: Any) -> list[str]:
    return [case["reference"] for case in answer.json["items"]]


def test_a_queue_is_ordered_by_what_is_due_first(api: Api, world: World) -> None:
    oldest, middle, newest = by_mail(world, 3)
    assert references(api.get("/v1/cases?order=due")) == [oldest, middle, newest]
    urgent = api.get(f"/v1/cases/{newest}").json
    api.patch(f"/v1/cases/{newest}", {"priority": "urgent"}, urgent["version"])
    assert references(api.get("/v1/cases?view=queue")) == [newest, oldest, middle]
    held = api.get(f"/v1/cases/{newest}").json
    api.patch(f"/v1/cases/{newest}", {"status": "on_hold"}, held["version"])
    assert references(api.get("/v1/cases?view=queue")) == [oldest, middle, newest]
    solved = api.get(f"/v1/cases/{oldest}").json
    api.patch(f"/v1/cases/{oldest}", {"status": "resolved"}, solved["version"])
    first = api.get("/v1/cases?view=queue&limit=1")
    assert references(first) == [middle]
    rest = api.get(f"/v1/cases?view=queue&limit=1&cursor={first.json['cursor']}")
    assert references(rest) == [newest]


def test_an_agent_has_a_queue_of_their_own(api: Api, world: World) -> None:
    mine, others, _ = by_mail(world, 3)
    for reference, name in ((mine, "agent@example.com"), (others, "lead@example.com")):
        case = api.get(f"/v1/cases/{reference}").json
        api.patch(f"/v1/cases/{reference}", {"assignee": name}, case["version"])
    assert references(api.get("/v1/cases?view=mine&order=due")) == [mine]
    assert references(api.get("/v1/cases?assignee=lead@example.com&order=due")) == [others]


def test_a_list_and_a_case_say_the_same_of_a_promise_before_any_sweep(
    api: Api, world: World
) -> None:
    (reference,) = by_mail(world, 1)
    world.clock.forward(hours=6)
    case = api.get(f"/v1/cases/{reference}").json
    assert case["promises"]["first_reply"]["state"] == "at_risk"
    world.clock.forward(hours=2)
    case = api.get(f"/v1/cases/{reference}").json
    (listed,) = api.get("/v1/cases").json["items"]
    assert case["promises"]["first_reply"]["state"] == "breached"
    assert case["promises"] == listed["promises"]
    assert case["promises"]["policy"] == "normal"


def test_the_customers_page_says_when_to_expect_an_answer(api: Api, world: World) -> None:
    given = {"step": "check", "text": "It is broken", "email": "ana@example.org", "once": "1"}
    sent = api("POST", "/new", urlencode(given).encode(), as_="", headers=FORM)
    link = "/" + sent.headers["Location"].partition("?")[0]
    world.settle()
    assert "You can expect our answer by" in api.get(link, as_="").text
    world.clock.forward(hours=9)
    world.app.reminding.remind()
    late = api.get(link, as_="").text
    assert "We are late" in late
    assert "We now expect to answer by" in late


def test_leads_see_how_many_promises_were_kept(api: Api, world: World) -> None:
    (reference,) = by_mail(world, 1)
    api.post(f"/v1/cases/{reference}/messages", {"text": "It comes tomorrow."})
    world.settle()
    answer = api.get("/v1/promises/attainment?by=team&since=2026-11-23", as_="lead")
    assert answer.json["total"]["first_reply"]["met"] == 1
    assert api.get("/v1/promises/attainment", as_="agent").status == 403
    wrong = api.get("/v1/promises/attainment?since=2024-01-01", as_="lead")
    assert wrong.fields == ["since"]
