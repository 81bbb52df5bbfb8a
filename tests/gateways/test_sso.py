"""The exchange of an authorization code, at an HTTP endpoint that answers as Cognito's does."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest

from chalicelib.errors import Unauthenticated, Unavailable
from chalicelib.gateways.sso import CognitoPages

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
DESK = "https://help.example.com/desk"


class TokenEndpoint(BaseHTTPRequestHandler):
    """Knows one code, given for the challenge; a code serves once."""

    codes: set[str]
    fails: int

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(raw).items()}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proved = base64.urlsafe_b64encode(digest).decode().rstrip("=") == CHALLENGE
        expected = {"grant_type": "authorization_code", "client_id": "desk", "redirect_uri": DESK}
        right = self.path == "/oauth2/token" and expected.items() <= form.items()
        if self.fails:
            self._say(self.fails, {})
        elif proved and right and form.get("code") in self.codes:
            self.codes.discard(form["code"])
            tokens = {"access_token": "a", "refresh_token": "r", "id_token": "i"}
            self._say(200, {**tokens, "token_type": "Bearer", "expires_in": 3600})
        else:
            self._say(400, {"error": "invalid_grant"})

    def _say(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: a test says what went wrong."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    TokenEndpoint.codes, TokenEndpoint.fails = {"code-1"}, 0
    server = HTTPServer(("127.0.0.1", 0), TokenEndpoint)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_code_becomes_tokens_once(endpoint: str) -> None:
    pages = CognitoPages(endpoint, "desk")
    tokens = pages.exchange("code-1", VERIFIER, DESK)
    assert (tokens.access, tokens.refresh, tokens.seconds) == ("a", "r", 3600)
    with pytest.raises(Unauthenticated):
        pages.exchange("code-1", VERIFIER, DESK)


@pytest.mark.parametrize(
    ("code", "verifier", "place"),
    [
        ("other", VERIFIER, DESK),
        ("code-1", "x" * 43, DESK),
        ("code-1", VERIFIER, "https://elsewhere.example/desk"),
    ],
    ids=["code", "verifier", "place"],
)
def test_what_does_not_fit_the_beginning_signs_nobody_in(
    endpoint: str, code: str, verifier: str, place: str
) -> None:
    with pytest.raises(Unauthenticated):
        CognitoPages(endpoint, "desk").exchange(code, verifier, place)


def test_trouble_of_the_endpoint_is_not_the_persons_fault(endpoint: str) -> None:
    TokenEndpoint.fails = 503
    with pytest.raises(Unavailable):
        CognitoPages(endpoint, "desk").exchange("code-1", VERIFIER, DESK)
    with pytest.raises(Unavailable):
        CognitoPages("http://127.0.0.1:9", "desk").exchange("code-1", VERIFIER, DESK)
