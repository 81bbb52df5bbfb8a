"""The API as clients meet it, through Chalice's test client.

Every answer is held against the API's own description: an undescribed status or form fails.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from chalice.test import Client, HTTPResponse
from jsonschema import Draft202012Validator

from app import app
from chalicelib.errors import Conflict, Invalid, NotFound, Unauthenticated
from chalicelib.handlers.openapi import description
from chalicelib.ports import Person, SecondFactor, Tokens

ROLES = {"admin": "admin", "lead": "lead", "agent": "agent", "reader": "readonly", "stranger": ""}


class StaffOnly:
    """An identity provider whose tokens are the names of roles. It knows who may do what; signing
    in is tested with a user pool (test_signing_in.py)."""

    def login(self, email: str, password: str) -> Tokens:
        name = email.partition("@")[0]
        if password != f"{name}'s password" or name not in ROLES:
            raise Unauthenticated("the e-mail address, password or token is wrong")
        return Tokens(access=name)

    def second_factor(self, token: str) -> SecondFactor:
        return SecondFactor(on=False, offered=True)

    def refresh(self, token: str) -> Tokens:
        return Tokens(access=self.whoami(token)[0].partition("@")[0])

    def sign_out_everywhere(self, token: str) -> None:
        self.whoami(token)

    def forgot(self, email: str) -> None:
        """Nobody is told, here or elsewhere, whether there is such a person."""

    def reset(self, email: str, code: str, new_password: str) -> None:
        raise Invalid.field("code", "is wrong")

    def change_password(self, token: str, password: str, new_password: str) -> None:
        raise Invalid.field("password", "is not your present password")

    def confirm_second_factor(self, token: str, code: str) -> None:
        raise Invalid.field("code", "is wrong")

    def whoami(self, token: str) -> tuple[str, frozenset[str]]:
        if token not in ROLES:
            raise Unauthenticated("the token is wrong")
        return f"{token}@example.com", frozenset({ROLES[token]} - {""})


class StaffPool:
    """A directory of those same people, in memory."""

    def __init__(self) -> None:
        self.known = {
            f"{name}@example.com": Person(
                email=f"{name}@example.com", roles=frozenset({role} - {""}), second_factor=False
            )
            for name, role in ROLES.items()
        }
        self.signed_out: list[str] = []
        self.mailed: list[str] = []

    def people(self, limit: int, after: str) -> tuple[list[Person], str]:
        names = sorted(name for name in self.known if name > after)
        part = [self.known[name] for name in names[:limit]]
        return part, names[limit - 1] if len(names) > limit else ""

    def members(self, role: str) -> frozenset[str]:
        having = (p for p in self.known.values() if role in p.roles and p.enabled)
        return frozenset(person.email for person in having)

    def person(self, email: str) -> Person:
        if email not in self.known:
            raise NotFound("there is no such person")
        return self.known[email]

    def invite(self, email: str, name: str, again: bool = False) -> None:
        if not again:
            if email in self.known:
                raise Conflict("there is an account for that address already")
            self.known[email] = Person(email=email, name=name, state="invited")
        self.mailed.append(email)

    def give(self, email: str, role: str) -> None:
        self._set(email, roles=self.person(email).roles | {role})

    def take(self, email: str, role: str) -> None:
        self._set(email, roles=self.person(email).roles - {role})

    def rename(self, email: str, name: str) -> None:
        self._set(email, name=name)

    def enable(self, email: str, on: bool) -> None:
        self._set(email, enabled=on)

    def sign_out(self, email: str) -> None:
        self.signed_out.append(self.person(email).email)

    def set_temporary(self, email: str, password: str) -> None:
        self._set(email, state="invited")

    def _set(self, email: str, **fields: Any) -> None:
        self.known[email] = self.person(email).model_copy(update=fields)


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


def check(method: str, path: str, answer: Answer) -> None:
    """Fails where the API's description does not know this answer, or has it in another form."""
    validator = described(method, template(path), answer.status)
    if validator and answer.text and "json" in answer.headers["Content-Type"]:
        validator.validate(answer.json)


@cache
def template(path: str) -> str:
    """The path as the description has it; one without parameters comes first."""
    for known in sorted(description()["paths"]):
        pattern = re.sub(r"{\w+}", "[^/]*", known)
        if ("/import" not in path or "/import" in known) and re.fullmatch(pattern, path):
            return str(known)
    raise AssertionError(f"{path} is not described")


@cache
def described(method: str, path: str, status: int) -> Draft202012Validator | None:
    """What an answer must look like; None where it has no JSON body."""
    responses = description()["paths"][path][method.lower()]["responses"]
    assert str(status) in responses, f"{method} {path} does not describe {status}"
    content = responses[str(status)].get("content", {})
    for kind in ("application/json", "application/problem+json"):
        if kind in content:
            schema = {**content[kind]["schema"], "components": description()["components"]}
            return Draft202012Validator(schema)
    return None


@dataclass
class Api:
    """Calls as somebody: `api.get("/v1/cases", as_="agent")`; `as_` "" signs nobody in."""

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
        got: HTTPResponse = self.client.http.request(method, path, headers=given, body=raw)
        answer = Answer(got.status_code, got.headers, got.body.decode())
        if "X-Request-Id" in answer.headers and answer.status not in (304, 405):
            check(method, path.partition("?")[0], answer)
        return answer

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
