"""Who is calling: what a contact flow of Amazon Connect is told."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from chalicelib.handlers import calls
from tests.handlers.client import Api
from tests.support import World

EVENTS = Path(__file__).resolve().parents[2] / "events"
EVENT = json.loads((EVENTS / "answer_call.json").read_text())
NUMBER = EVENT["Details"]["ContactData"]["CustomerEndpoint"]["Address"]
KEYS = {"known", "name", "open_cases", "last_reference", "last_status", "language", "priority"}


def ask(event: Any = EVENT) -> dict[str, str]:
    answer = calls.answer_call(event, None)
    # "Invoke AWS Lambda functions": plain keys, text values, no nesting, 32 KB at most.
    assert set(answer) == KEYS
    assert all(isinstance(value, str) for value in answer.values())
    assert len(json.dumps(answer)) < 32_768
    return dict(answer)


def test_a_stranger_is_unknown(world: World) -> None:
    assert ask() == dict.fromkeys(KEYS, "") | {"known": "no", "open_cases": "0"}


def test_a_customer_is_known_with_their_open_cases(api: Api, world: World) -> None:
    who = {"name": "Ana Ortiz", "phone": NUMBER, "language": "es"}
    customer = api.post("/v1/customers", who).json["id"]
    given = {"customer": None, "customer_id": customer, "channel": "sms"}
    first = api.case(**given, text="One", priority="urgent")
    world.clock.forward(seconds=1)
    last = api.case(**given, text="Two")
    done = api.case(**given, text="Three")
    api.patch(f"/v1/cases/{done['id']}", {"status": "closed"}, done["version"])
    assert first["reference"] != last["reference"]
    assert ask() == {
        "known": "yes",
        "name": "Ana Ortiz",
        "open_cases": "2",
        "last_reference": last["reference"],
        "last_status": "new",
        "language": "es",
        "priority": "urgent",
    }


def test_a_known_number_costs_three_reads(world: World) -> None:
    world.text_message("Where is my parcel?", NUMBER)
    world.settle()
    world.aws.calls.clear()
    assert ask()["known"] == "yes"
    assert world.aws.calls == {("dynamodb", "GetItem"): 2, ("dynamodb", "Query"): 1}


def test_a_withheld_number_is_a_stranger(world: World) -> None:
    event = copy.deepcopy(EVENT)
    for endpoint in (None, {"Type": "TELEPHONE_NUMBER", "Address": "anonymous"}, {"Type": "VOIP"}):
        event["Details"]["ContactData"]["CustomerEndpoint"] = endpoint
        assert ask(event)["known"] == "no"


@pytest.mark.parametrize("event", [{}, {"Details": None}, None, {"Details": {"ContactData": 7}}])
def test_whatever_goes_wrong_the_call_goes_on(world: World, event: Any) -> None:
    assert ask(event)["known"] == "error"


def test_a_table_that_does_not_answer_keeps_no_caller_waiting() -> None:
    free = Event()
    began = time.monotonic()
    assert calls.within(0.05, lambda: {"known": str(free.wait(10))})["known"] == "error"
    assert time.monotonic() - began < 5
    assert calls.PATIENCE < 8
    free.set()
