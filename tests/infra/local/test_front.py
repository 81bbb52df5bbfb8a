"""The front door passes requests on unchanged and says plainly when it cannot."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from infra.local.front import PAYLOAD_LIMIT, Front, application
from infra.local.layout import write_json
from infra.local.processes import free_port
from infra.local.stack import Stack

from .conftest import Serving

Serve = Callable[[web.Application], Serving]


async def echo(request: web.Request) -> web.Response:
    """What API Gateway would see."""
    body = await request.read()
    seen = {
        "method": request.method,
        "url": request.rel_url.raw_path_qs,
        "headers": dict(request.headers),
        "bytes": len(body),
        "body": body[:20].decode("latin-1"),
    }
    headers = {"X-Own": "1", "Set-Cookie": "a=b", "Cache-Control": "no-store"}
    return web.json_response(seen, status=418, headers=headers)


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    return tmp_path / "stack.json"


@pytest.fixture
def door(serve: Serve, stack: Path) -> str:
    return serve(application(Front(Stack(stack), 8000), [])).url


def deploy(serve: Serve, stack: Path, api: str) -> None:
    app = web.Application(client_max_size=2 * PAYLOAD_LIMIT)
    app.router.add_route("*", f"/restapis/{api}/api/_user_request_{{path:.*}}", echo)
    write_json(stack, {"ApiTarget": f"{serve(app).url}/restapis/{api}/api/_user_request_"})


def call(url: str, **request: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, **request)) as answer:
            return answer.status, json.load(answer), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error), dict(error.headers)


def test_request_and_answer_pass_unchanged(serve: Serve, stack: Path, door: str) -> None:
    deploy(serve, stack, "one")
    status, seen, headers = call(
        f"{door}/a%20b/%7Bid%7D?q=%C3%A4&q=2&empty=",
        method="PATCH",
        data=b"\x00\xff body",
        headers={"If-Match": '"7"', "Content-Type": "application/octet-stream", "Cookie": "x=y"},
    )
    assert status == 418
    assert seen["method"] == "PATCH"
    assert seen["url"].endswith("_user_request_/a%20b/%7Bid%7D?q=%C3%A4&q=2&empty=")
    assert seen["body"] == "\x00\xff body"
    assert seen["headers"]["If-Match"] == '"7"'
    assert seen["headers"]["Cookie"] == "x=y"
    assert seen["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert seen["headers"]["X-Forwarded-Host"] == door.removeprefix("http://")
    assert seen["headers"]["X-Forwarded-Proto"] == "http"
    assert (headers["X-Own"], headers["Set-Cookie"]) == ("1", "a=b")


def test_next_deploy_is_noticed(serve: Serve, stack: Path, door: str) -> None:
    deploy(serve, stack, "one")
    assert "/one/" in call(f"{door}/x")[1]["url"]
    deploy(serve, stack, "two")
    assert "/two/" in call(f"{door}/x")[1]["url"]


def test_before_the_first_deploy_it_says_starting(door: str) -> None:
    status, problem, headers = call(f"{door}/v1/cases")
    assert (status, problem["type"]) == (503, "urn:custops:problem:starting")
    assert headers["Retry-After"] == "2"
    assert headers["Content-Type"].startswith("application/problem+json")


def test_cloud_that_is_down_is_a_bad_gateway(stack: Path, door: str) -> None:
    write_json(stack, {"ApiTarget": f"http://127.0.0.1:{free_port(set())}"})
    assert call(f"{door}/x")[0] == 502


def test_api_gateways_size_limit_is_kept(serve: Serve, stack: Path, door: str) -> None:
    deploy(serve, stack, "one")
    assert call(f"{door}/x", data=b"x" * PAYLOAD_LIMIT)[1]["bytes"] == PAYLOAD_LIMIT
    assert call(f"{door}/x", data=b"x" * (PAYLOAD_LIMIT + 1))[0] == 413


def test_unknown_local_path_never_reaches_the_api(serve: Serve, stack: Path, door: str) -> None:
    deploy(serve, stack, "one")
    assert call(f"{door}/local/nothing")[0] == 404
