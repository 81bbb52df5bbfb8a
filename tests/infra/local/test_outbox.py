"""The outbox as JSON and as a page."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import replace

import pytest
from aiohttp import web

from infra.local import outbox
from infra.local.memory import Delivered, Memory

from .conftest import Serving


def delivered(number: int, channel: str = "email", to: str = "ann@example.net") -> Delivered:
    return Delivered(
        id=str(number),
        channel=channel,
        recipient=to,
        sender="s@example.com",
        subject=f"<script>alert({number})</script>",
        text="<b>hello</b>",
        case_reference="C-7K2M9Q",
        at="2026-11-22T20:00:00.000Z",
        headers={"Subject": "<img src=x>"},
    )


@pytest.fixture
def url(serve: Callable[[web.Application], Serving], memory: Memory) -> str:
    memory.keep(
        [delivered(1), delivered(2, "sms", "+15550123456"), delivered(3, to="Bo@example.net")], []
    )
    app = web.Application()
    app.add_routes(outbox.routes(memory))
    return serve(app).url


def listed(url: str, query: str) -> list[str]:
    with urllib.request.urlopen(f"{url}/local/outbox{query}") as answer:
        return [item["id"] for item in json.load(answer)["items"]]


def test_listing_is_newest_first_and_can_be_narrowed(url: str) -> None:
    assert listed(url, "") == ["3", "2", "1"]
    assert listed(url, "?limit=1") == ["3"]
    assert listed(url, "?channel=sms") == ["2"]
    assert listed(url, "?channel=email&to=bo@example.net") == ["3"]
    assert listed(url, "?to=%2B15550123456") == ["2"]


def test_item_has_exactly_the_promised_fields(url: str) -> None:
    with urllib.request.urlopen(f"{url}/local/outbox?limit=1") as answer:
        [item] = json.load(answer)["items"]
    assert item == {
        "id": "3",
        "channel": "email",
        "to": "Bo@example.net",
        "from": "s@example.com",
        "subject": "<script>alert(3)</script>",
        "text": "<b>hello</b>",
        "headers": {"Subject": "<img src=x>"},
        "case_reference": "C-7K2M9Q",
        "at": "2026-11-22T20:00:00.000Z",
    }


def test_a_mails_files_are_named(url: str, memory: Memory) -> None:
    file = {"name": "<b>.pdf", "type": "application/pdf", "bytes": 9}
    memory.keep([replace(delivered(4), files=(file,))], [])
    with urllib.request.urlopen(f"{url}/local/outbox?limit=1") as answer:
        [item] = json.load(answer)["items"]
    assert item["files"] == [file]
    with urllib.request.urlopen(f"{url}/local/outbox.html") as answer:
        assert "&lt;b&gt;.pdf (application/pdf, 9 bytes)" in answer.read().decode()


@pytest.mark.parametrize("query", ["?channel=fax", "?limit=0", "?limit=x", "?limit=²"])
def test_bad_filter_is_a_problem(url: str, query: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"{url}/local/outbox{urllib.parse.quote(query, '?=')}")
    with error.value:
        assert error.value.code == 422
        assert json.load(error.value)["fields"][0]["field"] in query


def test_page_escapes_everything_and_runs_nothing(url: str) -> None:
    query = "?to=%22%3E%3Cscript%3E"
    for page in (f"{url}/local/outbox.html", f"{url}/local/outbox.html{query}"):
        with urllib.request.urlopen(page) as answer:
            text = answer.read().decode()
            policy = answer.headers["Content-Security-Policy"]
        assert "<script" not in text
        assert "<img" not in text
        assert "<b>" not in text
        assert policy.startswith("default-src 'none'")
        assert "script" not in policy
