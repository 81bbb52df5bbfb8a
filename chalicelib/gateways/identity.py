"""Sign-in through a Cognito user pool.

A token is proved by asking Cognito (GetUser), not by checking its signature here: a token that was
signed out everywhere stops working at once, and no cryptography travels in the package. The answer
is cached by the gateway for five minutes a token. Once Cognito vouches for a token, the groups in
it can be read.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.errors import Forbidden, TooMany, Unauthenticated

WRONG = frozenset(
    {"NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException"}
    | {"PasswordResetRequiredException", "InvalidParameterException", "ValidationException"}
)


class CognitoIdentity:
    """See ports.IdentityProvider."""

    def __init__(self, client: Any, client_id: str) -> None:
        self._client = client
        self._client_id = client_id

    def login(self, email: str, password: str, new_password: str | None = None) -> str:
        answer = self._call(
            "initiate_auth",
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=self._client_id,
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )
        if answer.get("ChallengeName") == "NEW_PASSWORD_REQUIRED":
            if new_password is None:
                raise Forbidden(
                    "choose a new password: send it as new_password", field="new_password"
                )
            answer = self._call(
                "respond_to_auth_challenge",
                ClientId=self._client_id,
                ChallengeName="NEW_PASSWORD_REQUIRED",
                Session=answer["Session"],
                ChallengeResponses={"USERNAME": email, "NEW_PASSWORD": new_password},
            )
        if "AuthenticationResult" not in answer:
            raise Forbidden(f"sign-in asks for {answer.get('ChallengeName', 'another step')}")
        return str(answer["AuthenticationResult"]["AccessToken"])

    def whoami(self, token: str) -> tuple[str, frozenset[str]]:
        answer = self._call("get_user", AccessToken=token)
        attributes = {a["Name"]: a["Value"] for a in answer.get("UserAttributes", [])}
        email = attributes.get("email") or answer["Username"]
        return email.lower(), frozenset(_claims(token).get("cognito:groups", []))

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in WRONG:
                raise Unauthenticated("the e-mail address, password or token is wrong") from error
            if code in ("TooManyRequestsException", "LimitExceededException"):
                raise TooMany("too many sign-ins; wait a moment") from error
            raise
        return answer


def _claims(token: str) -> dict[str, Any]:
    """The body of a JWT that Cognito has just vouched for."""
    try:
        body = token.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError) as error:
        raise Unauthenticated("the token cannot be read") from error
    return claims
