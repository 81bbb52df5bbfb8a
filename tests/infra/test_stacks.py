"""A stack is brought up to date from whatever state an earlier run left it in."""

from __future__ import annotations

from typing import Any

import pytest

from infra.console import Failure
from infra.stacks import Stack
from tests.infra.clouds import FakeCloudFormation

NAME = "custops-prod"
URL = "https://bucket/template.json"


def stack(cloud: FakeCloudFormation, told: list[str] | None = None) -> Stack:
    say = (told if told is not None else []).append
    return Stack(cloud, NAME, say, sleep=lambda seconds: None)


def made(cloud: FakeCloudFormation) -> list[str]:
    return [verb for verb, _ in cloud.requests]


def parameters(cloud: FakeCloudFormation) -> dict[str, Any]:
    return {p["ParameterKey"]: p for p in cloud.requests[-1][1]["Parameters"]}


def test_a_new_stack_is_created_and_gives_its_outputs() -> None:
    cloud = FakeCloudFormation(outputs={"ApiUrl": "https://api"})
    assert stack(cloud).apply(URL, {"Stage": "prod"}) == {"ApiUrl": "https://api"}
    assert made(cloud) == ["create"]


def test_an_unchanged_stack_is_left_alone() -> None:
    cloud = FakeCloudFormation(outputs={"ApiUrl": "https://api"})
    stack(cloud).apply(URL, {})
    cloud.unchanged = True
    assert stack(cloud).apply(URL, {}) == {"ApiUrl": "https://api"}


def test_a_parameter_not_given_keeps_its_value() -> None:
    cloud = FakeCloudFormation(wanted=["Stage", "AlarmEmail"])
    stack(cloud).apply(URL, {"Stage": "prod", "AlarmEmail": "a@example.com", "Gone": "x"})
    stack(cloud).apply(URL, {"Stage": "prod"})
    assert parameters(cloud)["AlarmEmail"]["UsePreviousValue"] is True
    assert parameters(cloud)["Stage"]["ParameterValue"] == "prod"
    assert "Gone" not in parameters(cloud)  # the template no longer has it


def test_a_failed_creation_says_why_and_is_cleared_away_next_time() -> None:
    cloud = FakeCloudFormation()
    cloud.fails = ["the limit of tables is reached"]
    with pytest.raises(Failure, match="the limit of tables is reached"):
        stack(cloud).apply(URL, {})
    stack(cloud).apply(URL, {})
    assert made(cloud) == ["create", "delete", "create"]


def test_a_failed_update_says_only_its_own_reasons() -> None:
    cloud = FakeCloudFormation()
    stack(cloud).apply(URL, {})
    cloud.fails = ["old"]
    with pytest.raises(Failure, match="old"):
        stack(cloud).apply(URL, {})
    cloud.fails = ["new"]
    with pytest.raises(Failure) as failure:
        stack(cloud).apply(URL, {})
    assert "new" in str(failure.value)
    assert "old" not in str(failure.value)


def test_an_operation_under_way_is_waited_for() -> None:
    cloud = FakeCloudFormation()
    cloud.under_way(NAME, "UPDATE_IN_PROGRESS", end="UPDATE_COMPLETE")
    told: list[str] = []
    stack(cloud, told).apply(URL, {})
    assert "waiting" in told[0]
    assert made(cloud) == ["update"]


def test_a_stack_beyond_repair_is_refused_in_words() -> None:
    cloud = FakeCloudFormation()
    cloud.under_way(NAME, "UPDATE_ROLLBACK_IN_PROGRESS", end="UPDATE_ROLLBACK_FAILED")
    with pytest.raises(Failure, match="mend it in the console"):
        stack(cloud).apply(URL, {})
    assert made(cloud) == []
