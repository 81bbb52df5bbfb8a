"""Every refusal is an RFC 9457 problem that says what and where, and never how it is inside."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.handlers.http import LARGEST_BODY
from tests.handlers.client import Api

JSON = {"Content-Type": "application/json"}


def test_a_broken_body_is_malformed(api: Api) -> None:
    for body in (b"{", b"\xff\xfe", b'{"text": "\\ud800"}', b"[" * 100_000):
        answer = api("POST", "/v1/cases", body, headers=JSON)
        assert (answer.status, answer.problem) == (400, "malformed")
    assert api("POST", "/v1/cases", b"", headers=JSON).problem == "malformed"


def test_unknown_fields_and_wrong_types_are_named_and_not_repeated(api: Api) -> None:
    answer = api.post("/v1/cases", {"text": ["secret-text"], "colour": "blue", "priority": "huge"})
    assert (answer.status, answer.problem) == (422, "invalid")
    assert sorted(answer.fields) == ["colour", "priority", "text"]
    assert "secret-text" not in answer.text


def test_a_body_that_is_no_object_is_invalid(api: Api) -> None:
    assert api.post("/v1/cases", [1, 2]).fields == ["body"]


def test_an_unknown_query_parameter_is_refused(api: Api) -> None:
    assert api.get("/v1/cases?colour=blue").fields == ["colour"]
    assert api.get("/v1/cases?limit=101").fields == ["limit"]
    assert api.get("/v1/cases?limit=many").fields == ["limit"]
    assert api.get("/v1/cases?status=new,lost").fields == ["status"]


def test_another_content_type_is_unsupported(api: Api) -> None:
    answer = api("POST", "/v1/cases", b"<case/>", headers={"Content-Type": "text/xml"})
    assert (answer.status, answer.problem) == (415, "unsupported-media-type")


def test_a_body_with_a_charset_is_json_all_the_same(api: Api) -> None:
    body = json.dumps({"text": "Grüße", "customer": {"email": "a@example.com"}}).encode()
    answer = api(
        "POST", "/v1/cases", body, headers={"Content-Type": "Application/JSON; charset=UTF-8"}
    )
    assert answer.status == 201


def test_a_body_that_is_too_large_is_refused_before_it_is_read(api: Api) -> None:
    answer = api("POST", "/v1/cases", b" " * (LARGEST_BODY + 1), headers=JSON)
    assert (answer.status, answer.problem) == (413, "too-large")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/cases/%00",
        "/v1/cases/..%2f..%2fetc",
        "/v1/cases/C-NOTHING",
        "/v1/cases/" + "x" * 600,
        "/v1/cases/%F0%9F%92%A9/messages",
        "/v1/customers/a%20b",
        "/v1/trends/CASE%23x",
        "/v1/quarantine/''",
    ],
)
def test_identifiers_of_any_form_are_not_found(api: Api, path: str) -> None:
    answer = api.get(path)
    assert (answer.status, answer.problem) == (404, "not-found")


def test_a_made_up_cursor_or_one_of_another_list_is_malformed(api: Api) -> None:
    for number in range(3):
        api.case(text=f"matter {number}")
    cursor = api.get("/v1/cases?limit=1").json["cursor"]
    assert api.get(f"/v1/cases?limit=1&cursor={cursor}").status == 200
    for wrong in ("x", "%C3%A4", cursor[:-4], "AAAA" * 50):
        assert api.get(f"/v1/cases?cursor={wrong}").problem == "malformed"
    assert api.get(f"/v1/cases?status=new&cursor={cursor}").problem == "malformed"
    assert api.get(f"/v1/customers?cursor={cursor}").problem == "malformed"


def test_a_method_that_a_path_does_not_have_is_a_problem_too(api: Api) -> None:
    answer = api("DELETE", "/v1/me")
    assert (answer.status, answer.problem) == (405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET"


class Broken:
    """Stands where a service is; whatever is asked of it fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        raise self._error


def test_a_bug_is_a_500_without_its_words_in_answer_or_log(
    api: Api, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    bootstrap.get().__dict__["case_service"] = Broken(RuntimeError("mail of ada@example.com"))
    with caplog.at_level(logging.INFO):
        answer = api.get("/v1/cases")
    assert (answer.status, answer.problem) == (500, "internal")
    written = answer.text + capsys.readouterr().out + caplog.text
    assert "ada@example.com" not in written
    assert "RuntimeError" not in answer.text
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


def test_throttling_may_be_tried_again(api: Api) -> None:
    class Throttled(Exception):
        response = {"Error": {"Code": "ProvisionedThroughputExceededException"}}

    bootstrap.get().__dict__["case_service"] = Broken(Throttled())
    answer = api.get("/v1/cases")
    assert (answer.status, answer.problem) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("path", ["/v1/health", "/v1/cases/C-000000", "/", "/openapi.json"])
def test_every_answer_carries_the_headers_that_protect_it(api: Api, path: str) -> None:
    headers = api.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Request-Id"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/v1/health", "/openapi.json"])
def test_head_gives_the_headers_without_the_body(api: Api, path: str) -> None:
    answer = api("HEAD", path, as_="")
    assert (answer.status, answer.text) == (200, "")
