"""The API as clients meet it: Chalice's test client over an installation in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from chalice.test import Client, HTTPResponse

from app import app
from chalicelib.errors import Unauthenticated
from tests.support import World

ROLES = {"admin": "admin", "lead": "lead", "agent": "agent", "reader": "readonly", "stranger": ""}


class StaffOnly:
    """An identity provider whose tokens are the names of roles."""

    def login(self, email: str, password: str, new_password: str | None = None) -> str:
        name = email.partition("@")[0]
        if password != f"{name}'s password" or name not in ROLES:
            raise Unauthenticated("the e-mail address, password or token is wrong")
        return name

    def whoami(self, token: str) -> tuple[str, frozenset[str]]:
        if token not in ROLES:
            raise Unauthenticated("the token is wrong")
        return f"{token}@example.com", frozenset({ROLES[token]} - {""})


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def problem(self) -> str:
        """The slug of an RFC 9457 answer; anything else fails the test."""
        assert self.headers["Content-Type"] == "application/problem+json", self.text
        assert self.json["status"] == self.status
        assert self.json["request_id"]
        return str(self.json["type"]).removeprefix("urn:custops:problem:")

    @property
    def fields(self) -> list[str]:
        """Which fields a refused request got wrong."""
        return [entry["field"] for entry in self.json["fields"]]


@dataclass
class Api:
    """Calls as somebody: `api.get("/v1/cases", as_="agent")`; `as_` "" signs nobody in."""

    world: World
    client: Client = field(default_factory=lambda: Client(app))

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        as_: str = "agent",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        given = dict(headers or {})
        if as_:
            given.setdefault("Authorization", f"Bearer {as_}")
        raw = b""
        if isinstance(body, bytes):
            raw = body
        elif body is not None:
            raw = json.dumps(body).encode()
            given.setdefault("Content-Type", "application/json")
        answer: HTTPResponse = self.client.http.request(method, path, headers=given, body=raw)
        return Answer(answer.status_code, answer.headers, answer.body.decode())

    def get(self, path: str, **options: Any) -> Answer:
        return self("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self("POST", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self("PUT", path, body, **options)

    def patch(self, path: str, body: Any, version: int | None, **options: Any) -> Answer:
        headers = {"If-Match": f'"{version}"'} if version is not None else {}
        return self("PATCH", path, body, headers=headers, **options)

    def form(self, path: str, body: str) -> Answer:
        """What a browser sends for a form."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self("POST", path, body.encode(), as_="", headers=kind)

    def case(self, as_: str = "agent", **given: Any) -> Any:
        """A case that was opened by hand, as the API shows it."""
        body = {"text": "It does not work.", "customer": {"email": "ada@example.com"}, **given}
        opened = self.post("/v1/cases", body, as_=as_)
        assert opened.status == 201, opened.text
        return opened.json
