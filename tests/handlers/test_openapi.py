"""The description is valid, complete, and tells the truth (client.py checks each answer by it)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from chalicelib.handlers.http import ENDPOINTS, Endpoint
from chalicelib.handlers.openapi import bodies, description
from tests.handlers.client import Api

OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, operations in description()["paths"].items()
    for method, operation in operations.items()
]


def test_the_description_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(description()).validate()


def test_the_description_is_served(api: Api) -> None:
    assert api.get("/openapi.json", as_="").json == json.loads(json.dumps(description()))


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_every_operation_says_what_it_is_and_how_it_may_fail(
    name: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert operation["tags"]
    assert {"500", "503"} <= operation["responses"].keys()
    assert ("401" in operation["responses"]) >= ("x-role" in operation)
    assert bool(operation["security"]) >= ("x-role" in operation)
    done = [answer for status, answer in operation["responses"].items() if status < "300"]
    for answer in done:
        assert name.startswith("HEAD") or answer["content"]


def test_no_two_operations_have_one_name() -> None:
    names = [operation["operationId"] for _, operation in OPERATIONS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=lambda e: f"{e.method} {e.path}")
def test_every_body_has_an_example_that_is_accepted(endpoint: Endpoint) -> None:
    models = bodies(endpoint)
    if not models:
        return
    assert endpoint.example is not None
    errors = []
    for model in models:
        try:
            model.model_validate(endpoint.example)
        except ValueError as error:
            errors.append(error)
    assert len(errors) < len(models), errors


def test_what_is_only_for_us_is_not_described() -> None:
    text = json.dumps(description()["components"]["schemas"])
    assert "message_ids" not in description()["components"]["schemas"]["CaseView"]["properties"]
    for name in ("link_version", "send_id", "raw_key", "body_key", "open_case"):
        assert f'"{name}"' not in text
