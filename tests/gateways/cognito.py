"""A user pool as its client shows it, written by hand: what the desk needs of Cognito's API.

Names of operations, members, challenges and errors are those of the Amazon Cognito API reference.
What it holds that moto does not: sessions belong to one person and one challenge, a second factor
that is required is asked for before there is a token (MFA_SETUP), codes are of RFC 6238 and serve
once, a mailed code is checked, and ending tokens ends them.
"""

# ruff: noqa: N803  (members are named as boto3 names them)

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

Answer = dict[str, Any]
SHORTEST = 12


def totp(secret: str, at: float) -> str:
    """The code of that moment (RFC 6238: SHA-1, 30 seconds, six digits)."""
    counter = int(at // 30).to_bytes(8, "big")
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


@dataclass
class User:
    name: str
    email: str
    password: str
    groups: tuple[str, ...] = ()
    temporary: bool = False
    external: bool = False
    secret: str = ""
    waiting: str = ""  # a secret that no code has confirmed
    mailed: str = ""
    asked: bool = False  # signing in asks for a code
    used: set[str] = field(default_factory=set)


@dataclass
class FakePool:
    """`clock` gives seconds; `users` by address; `mails` has the codes that were mailed."""

    clock: Callable[[], float]
    required: bool = False
    users: dict[str, User] = field(default_factory=dict)
    mails: list[tuple[str, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    _sessions: dict[str, tuple[str, User]] = field(default_factory=dict)
    _tokens: dict[str, User] = field(default_factory=dict)
    _refresh: dict[str, tuple[User, list[str]]] = field(default_factory=dict)
    _number: int = 0

    def add(self, email: str, password: str, **more: Any) -> User:
        user = User(f"uuid-of-{email}", email, password, **more)
        self.users[email] = user
        return user

    # --- signing in ------------------------------------------------------------------------

    def initiate_auth(self, AuthFlow: str, ClientId: str, AuthParameters: Answer) -> Answer:
        self.calls.append(AuthFlow)
        if AuthFlow == "REFRESH_TOKEN_AUTH":
            kept = self._refresh.get(AuthParameters["REFRESH_TOKEN"])
            if kept is None:
                raise refused("NotAuthorizedException", "Refresh Token has been revoked")
            user, came = kept
            return {"AuthenticationResult": self._access(user, came)}
        known = self.users.get(AuthParameters["USERNAME"].lower())
        if known is None or known.password != AuthParameters["PASSWORD"]:
            raise refused("NotAuthorizedException", "Incorrect username or password.")
        if known.temporary:
            return self._challenge("NEW_PASSWORD_REQUIRED", known)
        return self._after_password(known)

    def respond_to_auth_challenge(
        self, ClientId: str, ChallengeName: str, Session: str, ChallengeResponses: Answer
    ) -> Answer:
        self.calls.append(ChallengeName)
        user = self._in_session(Session, ChallengeName)
        if ChallengeResponses["USERNAME"] != user.name:
            raise refused("NotAuthorizedException", "Invalid session for the user.")
        if ChallengeName == "NEW_PASSWORD_REQUIRED":
            self._choose(user, ChallengeResponses["NEW_PASSWORD"])
            del self._sessions[Session]
            return self._after_password(user)
        if ChallengeName == "SOFTWARE_TOKEN_MFA":
            self._use_code(user, user.secret, ChallengeResponses["SOFTWARE_TOKEN_MFA_CODE"])
        elif not user.asked:
            raise refused("NotAuthorizedException", "Invalid session for the user.")
        del self._sessions[Session]
        return {"AuthenticationResult": self._signed_in(user)}

    def _after_password(self, user: User) -> Answer:
        if user.asked:
            return self._challenge("SOFTWARE_TOKEN_MFA", user)
        if self.required:
            return self._challenge("MFA_SETUP", user)
        return {"AuthenticationResult": self._signed_in(user)}

    # --- tokens ----------------------------------------------------------------------------

    def revoke_token(self, Token: str, ClientId: str) -> Answer:
        _, came = self._refresh.pop(Token, (None, []))
        for token in came:
            self._tokens.pop(token, None)
        return {}

    def global_sign_out(self, AccessToken: str) -> Answer:
        self._end(self._of(AccessToken))
        return {}

    def admin_user_global_sign_out(self, UserPoolId: str, Username: str) -> Answer:
        self._end(self.users[Username])
        return {}

    def get_user(self, AccessToken: str) -> Answer:
        user = self._of(AccessToken)
        attributes = [{"Name": "email", "Value": user.email}]
        if user.external:
            attributes.append({"Name": "identities", "Value": "[]"})
        methods = ["SOFTWARE_TOKEN_MFA"] if user.asked else []
        return {
            "Username": user.name,
            "UserAttributes": attributes,
            "UserMFASettingList": methods,
        }

    # --- passwords -------------------------------------------------------------------------

    def forgot_password(self, ClientId: str, Username: str) -> Answer:
        user = self.users.get(Username)
        if user is None:
            raise refused("UserNotFoundException", "Username/client id combination not found.")
        if user.temporary:
            raise refused("NotAuthorizedException", "User password cannot be reset in this state.")
        user.mailed = f"{self._next():06d}"
        self.mails.append((user.email, user.mailed))
        return {}

    def confirm_forgot_password(
        self, ClientId: str, Username: str, ConfirmationCode: str, Password: str
    ) -> Answer:
        user = self.users.get(Username)
        if user is None or not user.mailed or user.mailed != ConfirmationCode:
            raise refused("CodeMismatchException", "Invalid verification code provided.")
        self._choose(user, Password)
        user.mailed = ""
        return {}

    def change_password(
        self, AccessToken: str, PreviousPassword: str, ProposedPassword: str
    ) -> Answer:
        user = self._of(AccessToken)
        if user.password != PreviousPassword:
            raise refused("NotAuthorizedException", "Incorrect username or password.")
        self._choose(user, ProposedPassword)
        return {}

    # --- the second factor -----------------------------------------------------------------

    def associate_software_token(self, AccessToken: str = "", Session: str = "") -> Answer:
        user = self._of(AccessToken) if AccessToken else self._in_session(Session, "MFA_SETUP")
        user.waiting = base64.b32encode(f"{self._next():020d}".encode()).decode()
        told: Answer = {"SecretCode": user.waiting}
        if Session:
            del self._sessions[Session]
            told["Session"] = self._challenge("MFA_SETUP", user)["Session"]
        return told

    def verify_software_token(
        self, UserCode: str, AccessToken: str = "", Session: str = ""
    ) -> Answer:
        user = self._of(AccessToken) if AccessToken else self._in_session(Session, "MFA_SETUP")
        if not user.waiting or UserCode != totp(user.waiting, self.clock()):
            raise refused("EnableSoftwareTokenMFAException", "Code mismatch")
        user.secret, user.waiting = user.waiting, ""
        told: Answer = {"Status": "SUCCESS"}
        if Session:
            user.asked = True
            del self._sessions[Session]
            told["Session"] = self._challenge("MFA_SETUP", user)["Session"]
        return told

    def set_user_mfa_preference(
        self, AccessToken: str, SoftwareTokenMfaSettings: dict[str, bool]
    ) -> Answer:
        self._of(AccessToken).asked = SoftwareTokenMfaSettings["Enabled"]
        return {}

    # --- inside ----------------------------------------------------------------------------

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _challenge(self, name: str, user: User) -> Answer:
        session = f"session-{self._next()}"
        self._sessions[session] = (name, user)
        parameters = {"USER_ID_FOR_SRP": user.name}
        return {"ChallengeName": name, "Session": session, "ChallengeParameters": parameters}

    def _in_session(self, session: str, challenge: str) -> User:
        name, user = self._sessions.get(session, ("", None))
        if user is None or name != challenge:
            raise refused("NotAuthorizedException", "Invalid session for the user.")
        return user

    def _signed_in(self, user: User) -> Answer:
        token, came = f"refresh.{self._next()}", list[str]()
        self._refresh[token] = (user, came)
        return {**self._access(user, came), "RefreshToken": token}

    def _access(self, user: User, came: list[str]) -> Answer:
        claims = json.dumps({"cognito:groups": list(user.groups), "jti": self._next()})
        body = base64.urlsafe_b64encode(claims.encode()).decode().rstrip("=")
        token = f"head.{body}.signature"
        self._tokens[token] = user
        came.append(token)
        return {"AccessToken": token, "ExpiresIn": 3600}

    def _of(self, token: str) -> User:
        if token not in self._tokens:
            raise refused("NotAuthorizedException", "Access Token has been revoked")
        return self._tokens[token]

    def _end(self, user: User) -> None:
        self._tokens = {t: u for t, u in self._tokens.items() if u is not user}
        self._refresh = {t: kept for t, kept in self._refresh.items() if kept[0] is not user}

    def _choose(self, user: User, password: str) -> None:
        if len(password) < SHORTEST:
            why = "Password did not conform with policy: Password not long enough"
            raise refused("InvalidPasswordException", why)
        user.password, user.temporary = password, False

    def _use_code(self, user: User, secret: str, code: str) -> None:
        if code != totp(secret, self.clock()):
            raise refused("CodeMismatchException", "Invalid code received for user")
        if code in user.used:
            raise refused("ExpiredCodeException", "Your software token has already been used once.")
        user.used.add(code)


def refused(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "operation")
