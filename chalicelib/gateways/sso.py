"""Single sign-on by the pages of the user pool (its domain), which ask the company's own provider.

The browser brings an authorization code; it is exchanged here, so that the refresh token never
comes into a page. The client has no secret: what proves that whoever began is whoever ends is the
verifier (RFC 7636). Source: Amazon Cognito developer guide, "The token issuer endpoint".
"""

from __future__ import annotations

import json
from urllib.parse import urlencode

import urllib3

from chalicelib.errors import Unauthenticated, Unavailable
from chalicelib.ports import Tokens

PATIENCE = urllib3.Timeout(connect=3, read=10)  # seconds


class CognitoPages:
    """See ports.SingleSignOn. `address` is the pool's domain, without a slash at the end."""

    def __init__(self, address: str, client_id: str) -> None:
        self._address = address
        self._client_id = client_id
        self._pool = urllib3.PoolManager(retries=False, timeout=PATIENCE)

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
        form = {
            "grant_type": "authorization_code",
            "client_id": self._client_id,
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            answer = self._pool.request(
                "POST",
                f"{self._address}/oauth2/token",
                body=urlencode(form),
                headers=headers,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable("single sign-on does not answer", retry_after=5) from error
        if answer.status == 400:
            raise Unauthenticated("this sign-in is not valid any more; begin anew")
        if answer.status != 200:
            raise Unavailable(f"single sign-on answered {answer.status}", retry_after=5)
        return _tokens(bytes(answer.data))


def _tokens(body: bytes) -> Tokens:
    try:
        told = json.loads(body)
        return Tokens(
            access=told["access_token"],
            refresh=told.get("refresh_token", ""),
            seconds=told.get("expires_in", 3600),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable("single sign-on gave no token") from error
