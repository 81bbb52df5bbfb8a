"""Cognito's user pools (JSON 1.1), locally: the embedded ones, and what those leave out.

Every call goes on to the embedded AWS. It takes any token and any session of a sign-in, and its
mailed codes are always the same, unless its whole IAM is switched on. So this door:

- checks access and refresh tokens: signature (RS256), time, and whether they were ended by
  RevokeToken, GlobalSignOut, AdminUserGlobalSignOut or AdminDisableUser;
- lets a session be answered by whom and for what it was given, for ten minutes, until it served;
- holds a first password of one's own against the pool's policy;
- makes the code of ForgotPassword up, mails it (see the outbox) and checks it.

Source: Amazon Cognito API reference; RFC 8017, 8.2.2 (signature), RFC 7518, 6.3.1 (keys).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from infra.local.memory import Delivered, Memory
from infra.local.protocol import AwsError, TargetService, json_body
from infra.local.ses.events import iso

Body = dict[str, Any]

SESSION, ORIGIN, ENDED, RESET = (
    f"cognito:{kind}" for kind in ("session", "origin", "ended", "reset")
)
SESSION_LASTS, CODE_LASTS = 600.0, 3600.0  # seconds
TRIES = 5
SENDER = "no-reply@verificationemail.com"  # Cognito's own, where no other is set
POLICY = (
    ("RequireUppercase", "[A-Z]", "Password must have uppercase characters"),
    ("RequireLowercase", "[a-z]", "Password must have lowercase characters"),
    ("RequireNumbers", "[0-9]", "Password must have numeric characters"),
    ("RequireSymbols", "[^A-Za-z0-9]", "Password must have symbol characters"),
)
POOL = re.compile(r"[\w-]{1,55}_[0-9A-Za-z]+")
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017, 9.2


class UserPools(TargetService):
    """The door. `cloud` is the address of the embedded AWS, `pool` gives the stack's user pool."""

    def __init__(
        self,
        memory: Memory,
        cloud: str,
        pool: Callable[[], str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(
            "AWSCognitoIdentityProviderService",
            "1.1",
            {
                "InitiateAuth": self._initiate,
                "RespondToAuthChallenge": self._respond,
                "RevokeToken": self._revoke,
                "GlobalSignOut": self._sign_out,
                "AdminUserGlobalSignOut": self._admin_sign_out,
                "AdminDisableUser": self._disable,
                "ForgotPassword": self._forgot,
                "ConfirmForgotPassword": self._reset,
            },
        )
        self._memory = memory
        self._cloud = cloud
        self._pool = pool
        self._clock = clock
        self._keys: dict[str, tuple[int, int]] = {}
        self._http: ClientSession | None = None

    def operation(self, name: str) -> Callable[[Body], Awaitable[Body]]:
        """What is not done here is passed on, and a token in it checked."""
        own = self._operations.get(name)

        async def run(body: Body) -> Body:
            if body.get("AccessToken"):
                await self._claims(str(body["AccessToken"]), "access")
            if own is None:
                return await self._pass(name, body)
            answer = own(body)
            return answer if isinstance(answer, dict) else await answer

        return run

    async def handle(self, request: web.Request) -> web.Response:
        name = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        try:
            return self._answer(await self.operation(name)(await json_body(request)), 200)
        except AwsError as error:
            return self._answer({"__type": error.kind, "message": error.message}, error.status)

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    # --- signing in ------------------------------------------------------------------------

    async def _initiate(self, body: Body) -> Body:
        given = body.get("AuthParameters") or {}
        if body.get("AuthFlow") in ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"):
            await self._claims(str(given.get("REFRESH_TOKEN", "")), "refresh")
        answer = await self._pass("InitiateAuth", body)
        return self._remembered(answer, str(given.get("USERNAME", "")))

    async def _respond(self, body: Body) -> Body:
        given = body.get("ChallengeResponses") or {}
        name, session = str(given.get("USERNAME", "")), str(body.get("Session", ""))
        held = self._memory.get(SESSION, session)
        fits = held and (held["challenge"], held["user"]) == (body.get("ChallengeName"), name)
        if not held or not fits or held["until"] < self._clock():
            raise AwsError("NotAuthorizedException", "Invalid session for the user.")
        if "NEW_PASSWORD" in given:
            await self._check_policy(str(given["NEW_PASSWORD"]))
        answer = await self._pass("RespondToAuthChallenge", body)
        self._memory.remove(SESSION, session)
        return self._remembered(answer, name)

    async def _check_policy(self, password: str) -> None:
        """The pool's own, which the embedded one keeps everywhere but at a first sign-in."""
        told = await self._pass("DescribeUserPool", {"UserPoolId": self._pool()})
        policy = (told["UserPool"].get("Policies") or {}).get("PasswordPolicy") or {}
        lacks = [
            words
            for rule, pattern, words in POLICY
            if policy.get(rule) and not re.search(pattern, password)
        ]
        if len(password) < int(policy.get("MinimumLength", 8)):
            lacks.insert(0, "Password not long enough")
        if lacks:
            words = f"Password did not conform with policy: {lacks[0]}"
            raise AwsError("InvalidPasswordException", words)

    def _remembered(self, answer: Body, asked: str) -> Body:
        """The answer; what may be answered or ended later is kept."""
        now = self._clock()
        if challenge := answer.get("ChallengeName"):
            user = (answer.get("ChallengeParameters") or {}).get("USER_ID_FOR_SRP") or asked
            held = {"challenge": challenge, "user": user, "until": now + SESSION_LASTS}
            self._forget(SESSION, now)
            self._memory.put(SESSION, str(answer["Session"]), {**held, "name": answer["Session"]})
        result = answer.get("AuthenticationResult") or {}
        if "RefreshToken" in result:
            claims, refresh = read(result["AccessToken"]), read(result["RefreshToken"])
            origin = {"name": claims["origin_jti"], "user": claims["username"]}
            self._forget(ORIGIN, now)
            self._memory.put(ORIGIN, origin["name"], {**origin, "until": refresh["exp"]})
        return answer

    # --- ending ----------------------------------------------------------------------------

    async def _revoke(self, body: Body) -> Body:
        token = str(body.get("Token", ""))
        if (claims := read(token)).get("token_use") == "refresh":
            self._end(str(claims.get("origin_jti")), float(claims.get("exp", 0)))
        return await self._pass("RevokeToken", body)

    async def _sign_out(self, body: Body) -> Body:
        self._end_all(read(str(body["AccessToken"]))["username"])
        return await self._pass("GlobalSignOut", body)

    async def _admin_sign_out(self, body: Body) -> Body:
        return await self._and_end("AdminUserGlobalSignOut", body)

    async def _disable(self, body: Body) -> Body:
        return await self._and_end("AdminDisableUser", body)

    async def _and_end(self, operation: str, body: Body) -> Body:
        who = {name: body.get(name) for name in ("UserPoolId", "Username")}
        user = (await self._pass("AdminGetUser", who))["Username"]
        answer = await self._pass(operation, body)
        self._end_all(user)
        return answer

    def _end_all(self, user: str) -> None:
        for origin in self._memory.all(ORIGIN):
            if origin["user"] == user:
                self._end(origin["name"], origin["until"])

    def _end(self, origin: str, until: float) -> None:
        self._forget(ENDED, self._clock())
        self._memory.put(ENDED, origin, {"name": origin, "until": until})

    def _forget(self, kind: str, now: float) -> None:
        """Let go of what no token or session can need any more."""
        for record in self._memory.all(kind):
            if record["until"] < now:
                self._memory.remove(kind, record["name"])

    # --- forgotten passwords ---------------------------------------------------------------

    async def _forgot(self, body: Body) -> Body:
        email, now = str(body.get("Username", "")), self._clock()
        details = {"DeliveryMedium": "EMAIL", "AttributeName": "email"}
        sent = {"CodeDeliveryDetails": {**details, "Destination": f"{email[:1]}***@***"}}
        user = await self._known(email)
        if user is None:
            return sent  # as the client's PreventUserExistenceErrors wants it
        if user["UserStatus"] == "FORCE_CHANGE_PASSWORD":
            words = "User password cannot be reset in the current state."
            raise AwsError("NotAuthorizedException", words)
        code = f"{secrets.randbelow(1_000_000):06d}"
        held = {"code": code, "until": now + CODE_LASTS, "tries": 0}
        self._memory.put(RESET, user["Username"], held)
        self._memory.keep([_mail(email, code, now)], [])
        return sent

    async def _reset(self, body: Body) -> Body:
        user = await self._known(str(body.get("Username", "")))
        held = self._memory.get(RESET, user["Username"]) if user else None
        if user is None or held is None:
            raise AwsError("CodeMismatchException", "Invalid verification code provided.")
        if held["until"] < self._clock():
            raise AwsError("ExpiredCodeException", "Invalid code provided, request a code again.")
        if held["tries"] >= TRIES:
            raise AwsError("LimitExceededException", "Attempt limit exceeded, try later.")
        if not secrets.compare_digest(held["code"], str(body.get("ConfirmationCode", ""))):
            self._memory.put(RESET, user["Username"], {**held, "tries": held["tries"] + 1})
            raise AwsError("CodeMismatchException", "Invalid verification code provided.")
        answer = await self._pass("ConfirmForgotPassword", body)
        self._memory.remove(RESET, user["Username"])
        return answer

    async def _known(self, email: str) -> Body | None:
        try:
            who = {"UserPoolId": self._pool(), "Username": email}
            return await self._pass("AdminGetUser", who)
        except AwsError as error:
            if error.kind != "UserNotFoundException":
                raise
            return None

    # --- tokens, and the way on --------------------------------------------------------------

    async def _claims(self, token: str, use: str) -> Body:
        """What a token says; raises NotAuthorizedException unless it holds."""
        claims = read(token)
        if claims.get("token_use") != use or not await self._signed(token, claims):
            raise AwsError("NotAuthorizedException", f"Invalid {use.title()} Token")
        if float(claims.get("exp", 0)) <= self._clock():
            raise AwsError("NotAuthorizedException", f"{use.title()} Token has expired")
        if self._memory.get(ENDED, str(claims.get("origin_jti"))):
            raise AwsError("NotAuthorizedException", f"{use.title()} Token has been revoked")
        return claims

    async def _signed(self, token: str, claims: Body) -> bool:
        pool = str(claims.get("iss", "")).rpartition("/")[2]
        if not POOL.fullmatch(pool):
            return False
        name = str(read(token, 0).get("kid"))
        if name not in self._keys:
            async with self._session().get(f"{self._cloud}/{pool}/.well-known/jwks.json") as told:
                for key in (await told.json())["keys"]:
                    self._keys[key["kid"]] = (_number(key["n"]), _number(key["e"]))
        return name in self._keys and signed(token, *self._keys[name])

    async def _pass(self, operation: str, body: Body) -> Body:
        headers = {
            "X-Amz-Target": f"{self.prefix}.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
        }
        try:
            async with self._session().post(self._cloud, json=body, headers=headers) as answer:
                told: Body = json.loads(await answer.read() or b"{}")
        except (TimeoutError, ClientError) as error:
            raise AwsError(
                "InternalErrorException", "The user pool does not answer", 500
            ) from error
        if answer.status >= 400:
            kind = str(told.get("__type", "InternalErrorException")).rpartition("#")[2]
            words = str(told.get("message") or told.get("Message") or "")
            raise AwsError(kind, words, answer.status)
        return told

    def _session(self) -> ClientSession:
        if self._http is None:
            self._http = ClientSession(timeout=ClientTimeout(total=15))
        return self._http


def read(token: str, part: int = 1) -> Body:
    """Header (0) or claims (1) of a JWT, unproved; {} where it is none."""
    try:
        text = token.split(".")[part]
        value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (IndexError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def signed(token: str, modulus: int, exponent: int) -> bool:
    """Whether that key signed the token (RSASSA-PKCS1-v1_5 with SHA-256)."""
    text, _, signature = token.rpartition(".")
    size = (modulus.bit_length() + 7) // 8
    try:
        given = _number(signature)
    except ValueError:
        return False
    if given >= modulus:
        return False
    info = SHA256_INFO + hashlib.sha256(text.encode()).digest()
    padded = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
    return pow(given, exponent, modulus).to_bytes(size, "big") == padded


def _number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def _mail(to: str, code: str, at: float) -> Delivered:
    return Delivered(
        id=f"cognito-{secrets.token_hex(8)}",
        channel="email",
        recipient=to,
        sender=SENDER,
        subject="Your verification code",
        text=f"Your confirmation code is {code}",
        case_reference=None,
        at=iso(at),
    )
