"""Signing in step by step, sessions of browsers, passwords and second factors, through the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.errors import Unauthenticated
from chalicelib.flows.auditing import AuditFilter
from chalicelib.gateways.identity import CognitoIdentity
from chalicelib.ports import Tokens
from tests.gateways.cognito import FakePool, totp
from tests.handlers.client import Answer, Api
from tests.support import World, installation

EMAIL = "ana@example.com"
PASSWORD = "a long old password"
FRESH = "a long new password"
DESK = {"X-Requested-With": "desk"}


@dataclass
class Site:
    api: Api
    world: World
    pool: FakePool

    def login(self, **more: Any) -> Answer:
        body = {"email": EMAIL, "password": PASSWORD, **more}
        return self.api.post("/v1/login", body, as_="")

    def browser(self, call: str, body: Any = None, cookie: str = "", **more: str) -> Answer:
        headers = {**DESK, **({"Cookie": f"lang=en; {cookie}"} if cookie else {}), **more}
        return self.api.post(f"/v1/session/{call}", body, as_="", headers=headers)

    def begin(self) -> tuple[str, str]:
        """Signs a browser in; returns (token, cookie)."""
        answer = self.browser("login", {"email": EMAIL, "password": PASSWORD})
        assert answer.status == 200, answer.text
        return answer.json["token"], answer.headers["Set-Cookie"].partition(";")[0]

    def enrol(self) -> str:
        """Sets up a second factor; returns its secret."""
        token = self.login().json["token"]
        proof = {"password": PASSWORD}
        made = self.api.post("/v1/me/second-factor", proof, as_=token).json
        code = {"code": self.code(made["secret"])}
        assert self.api.put("/v1/me/second-factor", code, as_=token).status == 204
        return str(made["secret"])

    def code(self, secret: str) -> str:
        return totp(secret, self.world.clock().timestamp())


@pytest.fixture
def site() -> Iterator[Site]:
    with installation() as world:
        pool = FakePool(lambda: world.clock().timestamp())
        pool.add(EMAIL, PASSWORD, groups=("agent",))
        world.app.__dict__["identity"] = CognitoIdentity(pool, "client", "pool")
        yield Site(Api(), world, pool)


def wrong(answer: Answer) -> tuple[int, list[str]]:
    return answer.status, answer.fields


# --- steps --------------------------------------------------------------------------------


def test_a_second_factor_is_asked_for_and_its_code_needs_no_password_again(site: Site) -> None:
    secret = site.enrol()
    site.world.clock.forward(minutes=1)
    first = site.login()
    assert wrong(first) == (403, ["code"])
    session = first.json["session"]
    guess = {"email": EMAIL, "session": session, "code": "000 000"}
    assert wrong(site.api.post("/v1/login", guess, as_="")) == (422, ["code"])
    right = {**guess, "code": site.code(secret)}
    done = site.api.post("/v1/login", right, as_="")
    assert site.api.get("/v1/me", as_=done.json["token"]).json["roles"] == ["agent"]
    assert site.api.post("/v1/login", right, as_="").status == 401  # the step is over


def test_a_program_sends_its_code_at_once(site: Site) -> None:
    secret = site.enrol()
    site.world.clock.forward(minutes=1)
    assert site.login(code=site.code(secret)).status == 200


def test_a_session_serves_nobody_else_no_other_step_and_not_for_ever(site: Site) -> None:
    secret = site.enrol()
    site.pool.add("eve@example.com", PASSWORD)
    site.world.clock.forward(minutes=1)
    session = site.login().json["session"]
    body = {"email": EMAIL, "session": session, "code": site.code(secret)}
    assert site.api.post("/v1/login", {**body, "email": "eve@example.com"}, as_="").status == 401
    head, _, word = session.rpartition(".")
    forged = f"{head[:-2]}AA.{word}"
    assert site.api.post("/v1/login", {**body, "session": forged}, as_="").status == 401
    assert wrong(
        site.api.post("/v1/login", {"email": EMAIL, "session": session, "new_password": FRESH})
    ) == (403, ["code"])
    site.world.clock.forward(minutes=11)
    late = {**body, "code": site.code(secret)}
    assert site.api.post("/v1/login", late, as_="").status == 401


def test_the_first_sign_in_goes_through_a_password_and_a_required_second_factor(
    site: Site,
) -> None:
    site.pool.required = True
    site.pool.users[EMAIL].temporary = True
    first = site.login()
    assert wrong(first) == (403, ["new_password"])
    body = {"email": EMAIL, "session": first.json["session"]}
    weak = site.api.post("/v1/login", {**body, "new_password": "too short"}, as_="")
    assert wrong(weak) == (422, ["new_password"])
    assert "long enough" in weak.json["fields"][0]["reason"]
    second = site.api.post("/v1/login", {**body, "new_password": FRESH}, as_="")
    assert wrong(second) == (403, ["code"])
    setup = second.json["setup"]
    assert setup["link"].startswith(f"otpauth://totp/CustOps:{EMAIL}?secret={setup['secret']}")
    again = {**body, "session": second.json["session"]}
    miss = site.api.post("/v1/login", {**again, "code": "000000"}, as_="")
    assert wrong(miss) == (422, ["code"])
    done = site.api.post("/v1/login", {**again, "code": site.code(setup["secret"])}, as_="")
    assert done.status == 200
    state = site.api.get("/v1/me/second-factor", as_=done.json["token"]).json
    assert (state["on"], state["offered"]) == (True, True)


def test_neither_password_nor_session_is_a_mistake_of_the_caller(site: Site) -> None:
    assert wrong(site.api.post("/v1/login", {"email": EMAIL}, as_="")) == (422, ["password"])


# --- sessions of browsers -----------------------------------------------------------------------


def test_a_browser_goes_on_by_a_cookie_that_no_script_reads(site: Site) -> None:
    answer = site.browser("login", {"email": EMAIL, "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Secure-custops-session=")
    assert {"HttpOnly", "Secure", "SameSite=Strict"} <= set(cookie.split("; "))
    assert "Path" not in cookie and "Domain" not in cookie
    assert "refresh" not in answer.text
    renewed = site.browser("refresh", cookie=cookie.partition(";")[0])
    assert renewed.json["seconds"] == 3600
    assert site.api.get("/v1/me", as_=renewed.json["token"]).status == 200
    assert site.browser("refresh").json == {"token": "", "seconds": 0}


def test_without_https_the_local_cloud_still_keeps_a_session(site: Site) -> None:
    plain = {"X-Forwarded-Proto": "http"}
    answer = site.browser("login", {"email": EMAIL, "password": PASSWORD}, **plain)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("custops-session=") and "Secure" not in cookie
    assert site.browser("refresh", cookie=cookie.partition(";")[0], **plain).json["token"]


@pytest.mark.parametrize("call", ["refresh", "logout", "login"])
def test_another_site_moves_no_session(site: Site, call: str) -> None:
    _, cookie = site.begin()
    body = {"email": EMAIL, "password": PASSWORD} if call == "login" else None
    for origin in ("cross-site", "same-site", "none"):
        answer = site.browser(call, body, cookie, **{"Sec-Fetch-Site": origin})
        assert (answer.status, "Set-Cookie" in answer.headers) == (403, False)
    bare = site.api.post(f"/v1/session/{call}", body, as_="", headers={"Cookie": cookie})
    assert bare.status == 400
    assert site.browser("refresh", cookie=cookie, **{"Sec-Fetch-Site": "same-origin"}).json["token"]


def test_signing_out_ends_this_browser_and_no_other(site: Site) -> None:
    token, cookie = site.begin()
    other, kept = site.begin()
    out = site.browser("logout", cookie=cookie)
    assert out.status == 204 and "Max-Age=0" in out.headers["Set-Cookie"]
    assert site.api.get("/v1/me", as_=token).status == 401
    ended = site.browser("refresh", cookie=cookie)
    assert ended.json["token"] == "" and "Max-Age=0" in ended.headers["Set-Cookie"]
    assert site.api.get("/v1/me", as_=other).status == 200
    assert site.browser("refresh", cookie=kept).json["token"]
    assert site.browser("logout").status == 204  # nobody was signed in


def test_signing_out_everywhere_ends_every_browser(site: Site) -> None:
    token, cookie = site.begin()
    other, kept = site.begin()
    assert site.api.post("/v1/session/logout-everywhere", as_=token).status == 204
    for ended in (token, other):
        assert site.api.get("/v1/me", as_=ended).status == 401
    for old in (cookie, kept):
        assert site.browser("refresh", cookie=old).json["token"] == ""


# --- passwords ------------------------------------------------------------------------------


def test_a_forgotten_password_tells_nobody_who_works_here(site: Site) -> None:
    site.pool.add("new@example.com", PASSWORD, temporary=True)
    for email in (EMAIL, "nobody@example.com", "new@example.com"):
        asked = site.api.post("/v1/login/forgotten", {"email": email}, as_="")
        assert (asked.status, asked.text) == (204, "")
    assert [to for to, _ in site.pool.mails] == [EMAIL]
    body = {"code": "no such code", "new_password": FRESH}
    known = site.api.post("/v1/login/reset", {"email": EMAIL, **body}, as_="")
    unknown = site.api.post("/v1/login/reset", {"email": "nobody@example.com", **body}, as_="")
    assert wrong(known) == wrong(unknown) == (422, ["code"])
    assert known.json["detail"] == unknown.json["detail"]


def test_a_reset_takes_the_mailed_code_and_signs_out_whoever_was_in(site: Site) -> None:
    token, cookie = site.begin()
    site.api.post("/v1/login/forgotten", {"email": EMAIL}, as_="")
    body = {"email": EMAIL, "code": site.pool.mails[0][1], "new_password": "too short"}
    assert wrong(site.api.post("/v1/login/reset", body, as_="")) == (422, ["new_password"])
    assert site.api.get("/v1/me", as_=token).status == 200
    done = site.api.post("/v1/login/reset", {**body, "new_password": FRESH}, as_="")
    assert done.status == 204
    assert site.api.get("/v1/me", as_=token).status == 401
    assert site.browser("refresh", cookie=cookie).json["token"] == ""
    assert (site.login().status, site.login(password=FRESH).status) == (401, 200)


def test_a_password_is_changed_by_who_knows_the_old_one_and_all_sign_in_anew(site: Site) -> None:
    token, _ = site.begin()
    other, _ = site.begin()
    body = {"password": "a guess of mine", "new_password": FRESH}
    assert wrong(site.api.put("/v1/me/password", body, as_=token)) == (422, ["password"])
    done = site.api.put("/v1/me/password", {**body, "password": PASSWORD}, as_=token)
    assert done.status == 204
    assert {site.api.get("/v1/me", as_=old).status for old in (token, other)} == {401}
    assert site.login(password=FRESH).status == 200


# --- the second factor ----------------------------------------------------------------------------


def test_an_unlocked_browser_is_not_enough_to_touch_the_second_factor(site: Site) -> None:
    secret = site.enrol()
    site.world.clock.forward(minutes=1)
    token = site.login(code=site.code(secret)).json["token"]
    guess = {"password": "a guess of mine"}
    for path in ("/v1/me/second-factor", "/v1/me/second-factor/off"):
        assert wrong(site.api.post(path, guess, as_=token)) == (422, ["password"])
    assert site.api.get("/v1/me/second-factor", as_=token).json["on"] is True
    off = site.api.post("/v1/me/second-factor/off", {"password": PASSWORD}, as_=token)
    assert off.status == 204
    assert site.login().status == 200


def test_proving_the_password_leaves_no_session_behind(site: Site) -> None:
    token = site.login().json["token"]
    before = len(site.pool._refresh)
    site.api.post("/v1/me/second-factor", {"password": PASSWORD}, as_=token)
    assert len(site.pool._refresh) == before


def test_a_new_authenticator_counts_from_its_first_code_on(site: Site) -> None:
    token = site.login().json["token"]
    made = site.api.post("/v1/me/second-factor", {"password": PASSWORD}, as_=token)
    assert made.status == 200
    assert site.login().status == 200
    code = {"code": "000000"}
    assert wrong(site.api.put("/v1/me/second-factor", code, as_=token)) == (422, ["code"])
    assert site.login().status == 200


def test_where_it_is_required_it_stays_and_where_it_is_anothers_it_is_not_ours(
    site: Site,
) -> None:
    token = site.login().json["token"]
    site.world.app.__dict__["signing_in"] = site.world.app.signing_in.__class__(
        **{**vars(site.world.app.signing_in), "second_factor_required": True}
    )
    assert site.api.get("/v1/me/second-factor", as_=token).json["required"] is True
    proof = {"password": PASSWORD}
    assert site.api.post("/v1/me/second-factor/off", proof, as_=token).problem == "conflict"
    site.pool.users[EMAIL].external = True
    assert site.api.post("/v1/me/second-factor", proof, as_=token).problem == "conflict"


# --- what the audit list has of it ----------------------------------------------------------------


def acts(site: Site) -> list[tuple[str, str]]:
    """What the list has, oldest first, and of whom."""
    found = site.world.app.auditing.find(AuditFilter(), 50, None).entries
    return [(str(entry.what), entry.who) for entry in reversed(found)]


def test_what_happens_at_the_door_and_to_ones_account_is_in_the_audit_list(site: Site) -> None:
    secret = site.enrol()
    site.world.clock.forward(minutes=1)
    site.login()  # a code is asked for: nobody is in yet
    code = {"code": site.code(secret)}
    given = {"email": EMAIL, "password": PASSWORD, **code}
    begun = site.browser("login", given)
    token, cookie = begun.json["token"], begun.headers["Set-Cookie"].partition(";")[0]
    proof = {"password": PASSWORD}
    assert site.api.post("/v1/me/second-factor/off", proof, as_=token).status == 204
    bearer = {"Authorization": f"Bearer {token}"}
    assert site.browser("logout", cookie=cookie, **bearer).status == 204
    change = {"password": PASSWORD, "new_password": FRESH}
    token, _ = site.begin()
    assert site.api.put("/v1/me/password", change, as_=token).status == 204
    assert site.login().status == 401
    what = [what for what, who in acts(site) if who == EMAIL]
    assert what == [
        *("signed_in", "second_factor_on", "signed_in", "second_factor_off", "signed_out"),
        *("signed_in", "password_changed", "sign_in_failed"),
    ]
    assert len(what) == len(acts(site))


def test_whoever_knocks_without_a_session_fills_no_list(site: Site) -> None:
    for _ in range(3):
        site.browser("logout", cookie="__Secure-custops-session=made-up")
        site.browser("refresh", cookie="__Secure-custops-session=made-up")
    assert acts(site) == []


# --- single sign-on -------------------------------------------------------------------------------

CODE = {"code": "abc", "verifier": "v" * 43, "redirect_uri": "https://help.example.com/desk"}


def test_without_single_sign_on_nothing_is_offered(site: Site) -> None:
    offered = site.api.get("/v1/session/sso", as_="").json
    assert offered == {"domain": "", "client_id": "", "providers": []}
    assert site.browser("sso", CODE).status == 404


def test_what_single_sign_on_brings_is_exchanged_here(site: Site) -> None:
    class Pages:
        def exchange(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
            if {"code": code, "verifier": verifier, "redirect_uri": redirect_uri} != CODE:
                raise Unauthenticated("this sign-in is not valid any more; begin anew")
            return Tokens(access=token, refresh="refresh")

    token = site.login().json["token"]
    site.world.app.__dict__["sso"] = Pages()
    done = site.browser("sso", CODE)
    assert acts(site)[-1] == ("signed_in", EMAIL)
    assert done.json["token"] == token
    assert done.headers["Set-Cookie"].startswith("__Secure-custops-session=refresh;")
    assert site.browser("sso", {**CODE, "code": "other"}).status == 401
    assert wrong(site.browser("sso", {**CODE, "verifier": "short"})) == (422, ["verifier"])
