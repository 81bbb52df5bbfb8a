"""Sign-in through a Cognito user pool.

A token is proved by asking Cognito (GetUser), not by checking its signature here: a token that was
signed out everywhere stops working at once, and no cryptography travels in the package. The answer
is cached by the gateway for five minutes a token. Once Cognito vouches for a token, the groups in
it can be read.

None of the calls that a browser needs takes rights of ours; only ending everybody's tokens after
a forgotten password does (AdminUserGlobalSignOut), since nobody holds a token then.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.errors import Forbidden, Invalid, TooMany, Unauthenticated
from chalicelib.ports import SecondFactor, Step, Tokens

WRONG = frozenset(
    {"NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException"}
    | {"InvalidParameterException", "ValidationException"}
)
WRONG_CODE = frozenset(
    {"CodeMismatchException", "ExpiredCodeException", "EnableSoftwareTokenMFAException"}
    | {"SoftwareTokenMFANotFoundException"}  # nothing was begun
)
WEAK = frozenset({"InvalidPasswordException", "PasswordHistoryPolicyViolationException"})
BUSY = frozenset({"TooManyRequestsException", "LimitExceededException"})
HIDDEN = WRONG | {"LimitExceededException", "CodeDeliveryFailureException"}
"""Refusals to mail a code that would tell who has an account here."""
TOTP = "SOFTWARE_TOKEN_MFA"


class CognitoIdentity:
    """See ports.IdentityProvider."""

    def __init__(self, client: Any, client_id: str, pool: str = "") -> None:
        self._client = client
        self._client_id = client_id
        self._pool = pool

    # --- signing in ------------------------------------------------------------------------

    def login(self, email: str, password: str) -> Tokens | Step:
        answer = self._call(
            "initiate_auth",
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=self._client_id,
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )
        return self._next(answer, email)

    def answer(self, step: Step, given: str) -> Tokens | Step:
        responses = {"USERNAME": step.username}
        session = step.session
        if step.asks == "new_password":
            challenge, responses["NEW_PASSWORD"] = "NEW_PASSWORD_REQUIRED", given
        elif step.asks == "code":
            challenge, responses[f"{TOTP}_CODE"] = TOTP, given
        else:
            challenge = "MFA_SETUP"
            proved = self._call("verify_software_token", Session=session, UserCode=given)
            session = proved.get("Session") or session
        answer = self._call(
            "respond_to_auth_challenge",
            ClientId=self._client_id,
            ChallengeName=challenge,
            Session=session,
            ChallengeResponses=responses,
        )
        return self._next(answer, step.username)

    def _next(self, answer: dict[str, Any], username: str) -> Tokens | Step:
        """What a sign-in came to: tokens, or what it asks for next."""
        if "AuthenticationResult" in answer:
            return _tokens(answer["AuthenticationResult"])
        challenge, session = answer.get("ChallengeName"), str(answer.get("Session", ""))
        # An alias (the address) signs in; what follows wants the pool's own name, where it is told.
        name = answer.get("ChallengeParameters", {}).get("USER_ID_FOR_SRP") or username
        if challenge == "NEW_PASSWORD_REQUIRED":
            return Step(asks="new_password", session=session, username=name)
        if challenge == TOTP:
            return Step(asks="code", session=session, username=name)
        if challenge == "MFA_SETUP":
            made = self._call("associate_software_token", Session=session)
            return Step(
                asks="setup", session=made["Session"], username=name, secret=made["SecretCode"]
            )
        raise Forbidden(
            f"sign-in asks for {challenge or 'another step'}, which is not offered here"
        )

    # --- sessions --------------------------------------------------------------------------

    def refresh(self, token: str) -> Tokens:
        answer = self._call(
            "initiate_auth",
            AuthFlow="REFRESH_TOKEN_AUTH",
            ClientId=self._client_id,
            AuthParameters={"REFRESH_TOKEN": token},
        )
        return _tokens(answer["AuthenticationResult"])

    def revoke(self, token: str) -> None:
        self._call("revoke_token", Token=token, ClientId=self._client_id)

    def sign_out_everywhere(self, token: str) -> None:
        self._call("global_sign_out", AccessToken=token)

    # --- passwords -------------------------------------------------------------------------

    def forgot(self, email: str) -> None:
        try:
            self._client.forgot_password(ClientId=self._client_id, Username=email)
        except ClientError as error:
            if error.response["Error"]["Code"] not in HIDDEN:
                raise _refusal(error) from error

    def reset(self, email: str, code: str, new_password: str) -> None:
        try:
            self._client.confirm_forgot_password(
                ClientId=self._client_id,
                Username=email,
                ConfirmationCode=code,
                Password=new_password,
            )
        except ClientError as error:
            # Too many tries, like the rest, would tell who has an account here.
            if error.response["Error"]["Code"] in HIDDEN | WRONG_CODE | {
                "TooManyFailedAttemptsException"
            }:
                raise _wrong_code() from error
            raise _refusal(error) from error
        self._call("admin_user_global_sign_out", UserPoolId=self._pool, Username=email)

    def change_password(self, token: str, password: str, new_password: str) -> None:
        try:
            self._client.change_password(
                AccessToken=token, PreviousPassword=password, ProposedPassword=new_password
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "NotAuthorizedException":
                raise Invalid.field("password", "is not your present password") from error
            raise _refusal(error) from error

    # --- the second factor -----------------------------------------------------------------

    def second_factor(self, token: str) -> SecondFactor:
        answer = self._call("get_user", AccessToken=token)
        names = {attribute["Name"] for attribute in answer.get("UserAttributes", [])}
        on = TOTP in answer.get("UserMFASettingList", [])
        return SecondFactor(on=on, offered="identities" not in names)

    def begin_second_factor(self, token: str) -> str:
        return str(self._call("associate_software_token", AccessToken=token)["SecretCode"])

    def confirm_second_factor(self, token: str, code: str) -> None:
        answer = self._call("verify_software_token", AccessToken=token, UserCode=code)
        if answer.get("Status") == "ERROR":
            raise _wrong_code()
        self._prefer(token, on=True)

    def end_second_factor(self, token: str) -> None:
        self._prefer(token, on=False)

    def _prefer(self, token: str, *, on: bool) -> None:
        wish = {"Enabled": on, "PreferredMfa": on}
        self._call("set_user_mfa_preference", AccessToken=token, SoftwareTokenMfaSettings=wish)

    # --- who it is -------------------------------------------------------------------------

    def whoami(self, token: str) -> tuple[str, frozenset[str]]:
        answer = self._call("get_user", AccessToken=token)
        attributes = {a["Name"]: a["Value"] for a in answer.get("UserAttributes", [])}
        email = attributes.get("email") or answer["Username"]
        return email.lower(), frozenset(_claims(token).get("cognito:groups", []))

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**arguments)
        except ClientError as error:
            raise _refusal(error) from error
        return answer


def _refusal(error: Any) -> Any:
    """What a refusal of Cognito's means to whoever signs in; the error itself where it is ours."""
    code = error.response["Error"]["Code"]
    if code in WRONG:
        return Unauthenticated("the e-mail address, password or token is wrong")
    if code in WRONG_CODE:
        return _wrong_code()
    if code in WEAK:
        # "Password did not conform with policy: Password not long enough"
        reason = str(error.response["Error"].get("Message", "")).rpartition(": ")[2]
        return Invalid.field("new_password", reason or "is not strong enough")
    if code == "PasswordResetRequiredException":
        reason = "was reset: have a code sent, and choose a new one"
        return Forbidden(
            f"your password {reason}", fields=[{"field": "password", "reason": reason}]
        )
    if code in BUSY:
        return TooMany("too many tries; wait a moment")
    return error


def _wrong_code() -> Invalid:
    return Invalid.field("code", "is wrong, too old, was used, or was tried too often")


def _tokens(result: dict[str, Any]) -> Tokens:
    return Tokens(
        access=result["AccessToken"],
        refresh=result.get("RefreshToken", ""),
        seconds=result.get("ExpiresIn", 3600),
    )


def _claims(token: str) -> dict[str, Any]:
    """The body of a JWT that Cognito has just vouched for."""
    try:
        body = token.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError) as error:
        raise Unauthenticated("the token cannot be read") from error
    return claims
