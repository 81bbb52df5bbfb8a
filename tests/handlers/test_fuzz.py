"""Whatever is sent: never a 5xx, never an answer that the description does not know."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.access.rules import ROUTES
from chalicelib.handlers.http import ENDPOINTS
from chalicelib.handlers.openapi import bodies
from tests.handlers.client import Api, StaffOnly, StaffPool
from tests.support import installation

WRITES = sorted(
    (method, path)
    for method, path in ROUTES
    if method in ("POST", "PUT", "PATCH") and path != "/v1/login"
)
LISTS = sorted(path for method, path in ROUTES if method == "GET" and ENDPOINTS[method, path].query)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["email", "sms", "ada@example.com", "+4915112345678", "open", "login", "\n"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
QUIET = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def bodies_for(draw: st.DrawFn, method: str, path: str) -> Any:
    """A body with some of the names that the route knows, and anything as their values."""
    names = {name for model in bodies(ENDPOINTS[method, path]) for name in model.model_fields}
    known = st.sampled_from(sorted(names)) if names else st.text(max_size=8)
    fields = draw(st.dictionaries(known | st.text(max_size=8), VALUES, max_size=6))
    example = ENDPOINTS[method, path].example
    if isinstance(example, dict) and draw(st.booleans()):
        return {**example, **fields}
    return draw(st.just(fields) | VALUES)


@QUIET
@given(st.data())
def test_no_body_makes_a_5xx(data: st.DataObject) -> None:
    method, path = data.draw(st.sampled_from(WRITES))
    body = data.draw(bodies_for(method, path))
    with installation() as world:
        world.app.__dict__ |= {"identity": StaffOnly(), "directory": StaffPool()}
        api = Api()
        case = api.case(as_="admin")
        customer = case["customer_id"]
        thing = customer if "customers" in path else "topics" if "settings" in path else case["id"]
        filled = path.replace("{id}", thing).replace("{name}", thing).replace("{token}", "x.1.y")
        filled = filled.replace("{reference}", case["reference"])
        raw = json.dumps(body).encode()
        kind = ENDPOINTS[method, path].takes[0]
        headers = {"If-Match": f'"{case["version"]}"', "Content-Type": kind}
        answer = api(method, filled, raw, as_="admin", headers=headers)
        assert answer.status < 500, answer.text
        if path == "/v1/cases" and answer.status == 201:
            world.settle()


@QUIET
@given(path=st.sampled_from(LISTS), data=st.data())
def test_no_query_makes_a_5xx(path: str, data: st.DataObject) -> None:
    query = ENDPOINTS["GET", path].query
    assert query
    names = st.sampled_from(sorted(query.model_fields))
    given = data.draw(st.dictionaries(names, st.text(max_size=40), max_size=4))
    with installation() as world:
        world.app.__dict__ |= {"identity": StaffOnly(), "directory": StaffPool()}
        api = Api()
        case = api.case(as_="admin")
        thing = case["customer_id"] if "customers" in path else case["id"]
        filled = path.replace("{id}", thing).replace("{reference}", case["reference"])
        filled = filled.replace("{token}", "x.1.y")
        parameters = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())
        answer = api.get(f"{filled}?{parameters}", as_="admin")
        assert answer.status < 500, answer.text


@QUIET
@given(st.binary(max_size=400))
def test_no_bytes_make_an_import_fail(raw: bytes) -> None:
    with installation() as world:
        world.app.__dict__ |= {"identity": StaffOnly(), "directory": StaffPool()}
        for kind in ("text/csv", "application/x-ndjson"):
            headers = {"Content-Type": kind}
            answer = Api()("POST", "/v1/customers/import", raw, as_="admin", headers=headers)
            assert answer.status < 500, answer.text
