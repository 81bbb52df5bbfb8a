"""Who may do what: one table, and nothing beside it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app import app
from chalicelib import bootstrap
from chalicelib.access.rules import PUBLIC, RANK, ROUTES, Role
from chalicelib.handlers.http import ENDPOINTS
from chalicelib.handlers.openapi import description
from tests.handlers.client import Api

ROOT = Path(__file__).resolve().parents[2]
CLOSED = [route for route, least in ROUTES.items() if least is not PUBLIC]
TOKENS = {Role.READONLY: "reader", Role.AGENT: "agent", Role.LEAD: "lead", Role.ADMIN: "admin"}


def filled(path: str) -> str:
    return re.sub(r"{\w+}", "anything", path)


def test_the_table_the_routes_and_the_description_name_the_same_calls() -> None:
    served = {(method, path) for path, methods in app.routes.items() for method in methods}
    described = {
        (method.upper(), path)
        for path, operations in description()["paths"].items()
        for method in operations
    }
    assert set(ROUTES) == served == described == set(ENDPOINTS)


def test_a_settings_document_with_routes_below_it_has_its_own_as_api_gateway_wants() -> None:
    # "A named resource goes before a path variable", and one without the method is no way on.
    below = {
        path.split("/")[3] for _, path in ROUTES if path.count("/") > 3 and "/settings/" in path
    }
    assert below == {"routing", "priorities"}
    for name in below:
        assert {("GET", f"/v1/settings/{name}"), ("PUT", f"/v1/settings/{name}")} <= set(ROUTES)


def test_every_closed_route_has_the_authorizer_and_no_public_one_has() -> None:
    for (method, path), least in ROUTES.items():
        authorizer = app.routes[path][method].authorizer
        assert (authorizer is None) == (least is PUBLIC), f"{method} {path}"


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_a_closed_route_refuses_nobody_and_whoever_ranks_too_low(
    api: Api, method: str, path: str
) -> None:
    nobody = api(method, filled(path), as_="made-up-token")
    assert (nobody.status, nobody.problem) == (401, "unauthenticated")
    assert nobody.headers["WWW-Authenticate"].startswith("Bearer")
    stranger = api(method, filled(path), as_="stranger")
    assert (stranger.status, stranger.problem) == (403, "forbidden")
    least = ROUTES[method, path]
    assert least is not None
    for role, token in TOKENS.items():
        if RANK[role] < RANK[least]:
            assert api(method, filled(path), as_=token).problem == "forbidden"
        else:
            assert api(method, filled(path), as_=token).status not in (401, 403)


def test_without_a_token_the_gateway_itself_says_401(api: Api) -> None:
    assert api.get("/v1/cases", as_="").status == 401


@pytest.mark.parametrize("header", ["agent", "Basic agent", "Bearer", "Bearer  ", ""])
def test_only_a_bearer_token_signs_in(api: Api, header: str) -> None:
    assert api.get("/v1/me", headers={"Authorization": header}).status == 401


def test_when_the_user_pool_cannot_be_asked_nobody_is_let_in_and_nothing_escapes(
    api: Api,
) -> None:
    class Unreachable:
        def whoami(self, token: str) -> tuple[str, frozenset[str]]:
            raise OSError("no route to host")

    bootstrap.get().__dict__["identity"] = Unreachable()
    assert api.get("/v1/me").status == 500


ASKED = """
import json, sys
from chalicelib.handlers.authorizer import authorize
from tests.support import installation

class Everybody:
    def whoami(self, token):
        return f"{token}@example.com", frozenset({token})

event = {"type": "TOKEN", "authorizationToken": "Bearer lead",
         "methodArn": "arn:aws:execute-api:us-east-1:123456789012:abc/api/GET/v1/me"}
with installation() as world:
    world.app.__dict__["identity"] = Everybody()
    print(json.dumps(authorize(event, None)))
assert "app" not in sys.modules
"""


def test_the_authorizer_answers_from_its_raw_event_in_a_fresh_process_without_app() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASKED], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["context"] == {"email": "lead@example.com", "roles": "lead"}
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Resource"] == ["arn:aws:execute-api:us-east-1:123456789012:abc/api/*/*"]


def test_importing_the_app_needs_neither_environment_nor_network() -> None:
    code = "import socket; socket.socket.connect = None; import app; print(len(app.app.routes))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20
