"""What the embedded user pools leave out, through a real boto3 client, before a pool that takes
everything."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from infra.local.amazon import make_client
from infra.local.cognito import SENDER, UserPools
from infra.local.doors import services
from infra.local.memory import Memory

from .conftest import Clock, Serving

POOL = "us-east-1_Abc123"
EMAIL = "ana@example.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGE = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def token(use: str, at: float, origin: str = "o", key: rsa.RSAPrivateKey = KEY) -> str:
    claims = {"token_use": use, "username": "uuid", "origin_jti": origin, "exp": at + 3600}
    claims["iss"] = f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}"
    parts = [text(json.dumps(part).encode()) for part in ({"kid": "k"}, claims)]
    signature = key.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    return ".".join([*parts, text(signature)])


@dataclass
class TakesAll:
    """Signs anybody in; asks for a code where `asks`."""

    clock: Clock
    asks: bool = False
    signed_in: int = 0
    passwords: list[str] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes([web.post("/", self.call), web.get("/{pool}/.well-known/jwks.json", keys)])
        return app

    async def call(self, request: web.Request) -> web.Response:
        body = await request.json()
        answer = self.answer(request.headers["X-Amz-Target"].rpartition(".")[2], body)
        return web.json_response(answer, status=400 if "__type" in answer else 200)

    def answer(self, name: str, body: Any) -> dict[str, Any]:
        if name == "InitiateAuth" and self.asks:
            asked = {"ChallengeParameters": {"USER_ID_FOR_SRP": "uuid"}, "Session": "s" * 20}
            return {"ChallengeName": "SOFTWARE_TOKEN_MFA", **asked}
        if name in ("InitiateAuth", "RespondToAuthChallenge"):
            return {"AuthenticationResult": self._tokens()}
        if name == "AdminGetUser" and body["Username"] != EMAIL:
            return {"__type": "UserNotFoundException", "message": "none"}
        if name == "AdminGetUser":
            return {"Username": "uuid", "UserStatus": "CONFIRMED"}
        if name == "GetUser":
            return {"Username": "uuid", "UserAttributes": []}
        if name == "ConfirmForgotPassword":
            self.passwords.append(body["Password"])
        return {}

    def _tokens(self) -> dict[str, str]:
        self.signed_in += 1
        origin, now = str(self.signed_in), self.clock()
        access, refresh = (token(use, now, origin) for use in ("access", "refresh"))
        return {"AccessToken": access, "RefreshToken": refresh}


async def keys(request: web.Request) -> web.Response:
    numbers = KEY.public_key().public_numbers()
    raw = {"n": numbers.n, "e": numbers.e}
    told = {name: text(n.to_bytes((n.bit_length() + 7) // 8, "big")) for name, n in raw.items()}
    return web.json_response({"keys": [{"kid": "k", **told}]})


@dataclass
class Door:
    pool: TakesAll
    client: Any
    memory: Memory

    def login(self) -> Any:
        return self.client.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId="c",
            AuthParameters={"USERNAME": EMAIL, "PASSWORD": "p"},
        )

    def tokens(self) -> tuple[str, str]:
        result = self.login()["AuthenticationResult"]
        return result["AccessToken"], result["RefreshToken"]

    def refresh(self, given: str) -> Any:
        return self.client.initiate_auth(
            AuthFlow="REFRESH_TOKEN_AUTH", ClientId="c", AuthParameters={"REFRESH_TOKEN": given}
        )

    def takes(self, access: str) -> bool:
        try:
            self.client.get_user(AccessToken=access)
        except self.client.exceptions.NotAuthorizedException:
            return False
        return True


@pytest.fixture
def door(
    serve: Callable[[web.Application], Serving], memory: Memory, clock: Clock
) -> Iterator[Door]:
    pool = TakesAll(clock)
    pools = UserPools(memory, serve(pool.app()).url, lambda: POOL, clock)
    app = services([pools], [])
    app.on_cleanup.append(lambda _: pools.close())
    client = make_client("cognito-idp", serve(app).url)
    yield Door(pool, client, memory)
    client.close()


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


def test_a_token_holds_for_its_time_and_only_as_it_was_signed(door: Door, clock: Clock) -> None:
    access, refresh = door.tokens()
    assert door.takes(access)
    now = clock()
    for made_up in (access[:-4] + "AAAA", token("access", now, key=STRANGE), refresh, "a.b.c"):
        assert not door.takes(made_up)
    clock.now += 3601
    assert not door.takes(access)
    assert refusal(door.refresh, given=refresh) == "NotAuthorizedException"


def test_revoking_ends_one_session_and_signing_out_everywhere_all(door: Door) -> None:
    (first, kept), (second, other) = door.tokens(), door.tokens()
    door.client.revoke_token(Token=kept, ClientId="c")
    assert (door.takes(first), door.takes(second)) == (False, True)
    assert refusal(door.refresh, given=kept) == "NotAuthorizedException"
    assert door.refresh(other)
    door.client.global_sign_out(AccessToken=second)
    assert not door.takes(second)
    third, _ = door.tokens()
    assert door.takes(third)  # a sign-in after it is a new one
    door.client.admin_user_global_sign_out(UserPoolId=POOL, Username=EMAIL)
    assert not door.takes(third)


def test_a_session_is_answered_by_its_own_person_in_time_and_once(door: Door, clock: Clock) -> None:
    door.pool.asks = True
    session = door.login()["Session"]
    answer = {"ClientId": "c", "ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": session}
    who = {"USERNAME": "uuid", "SOFTWARE_TOKEN_MFA_CODE": "1"}
    respond = door.client.respond_to_auth_challenge
    for wrong in (
        {**answer, "Session": "made up" * 3, "ChallengeResponses": who},
        {**answer, "ChallengeResponses": {**who, "USERNAME": "somebody else"}},
        {**answer, "ChallengeName": "MFA_SETUP", "ChallengeResponses": who},
    ):
        assert refusal(respond, **wrong) == "NotAuthorizedException"
    right = {**answer, "ChallengeResponses": who}
    assert respond(**right)["AuthenticationResult"]
    assert refusal(respond, **right) == "NotAuthorizedException"
    door.login()
    clock.now += 601
    assert refusal(respond, **right) == "NotAuthorizedException"


def test_a_forgotten_password_takes_the_code_that_was_mailed(door: Door, clock: Clock) -> None:
    ask, confirm = door.client.forgot_password, door.client.confirm_forgot_password
    assert ask(ClientId="c", Username=EMAIL) and ask(ClientId="c", Username="who@example.com")
    assert door.memory.outbox(channel="email", to="who@example.com", limit=9) == []
    (mail,) = door.memory.outbox(channel="email", to=EMAIL, limit=9)
    found = re.search(r"\d{6}", mail.text)
    assert found and mail.sender == SENDER
    given = {"ClientId": "c", "Username": EMAIL, "Password": "x"}
    other = f"{(int(found[0]) + 1) % 1_000_000:06d}"
    assert refusal(confirm, **given, ConfirmationCode=other) == "CodeMismatchException"
    assert door.pool.passwords == []
    confirm(**given, ConfirmationCode=found[0])
    assert door.pool.passwords == ["x"]
    assert refusal(confirm, **given, ConfirmationCode=found[0]) == "CodeMismatchException"
    ask(ClientId="c", Username=EMAIL)
    for _ in range(5):
        refusal(confirm, **given, ConfirmationCode="guess")
    assert refusal(confirm, **given, ConfirmationCode="guess") == "LimitExceededException"
    ask(ClientId="c", Username=EMAIL)
    clock.now += 3601
    assert refusal(confirm, **given, ConfirmationCode="guess") == "ExpiredCodeException"
