"""Who may do what, and the signatures that stand for a right.

`ROUTES` is the only list of routes and roles. What is not in it is refused; a test holds it
against the routes that exist.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from enum import StrEnum

from chalicelib.base import Model
from chalicelib.errors import Forbidden


class Role(StrEnum):
    """Groups of the user pool. admin may all that lead may, lead all that agent may."""

    READONLY = "readonly"
    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"


class Principal(Model):
    """Somebody who signed in."""

    email: str
    roles: frozenset[str]

    def may(self, least: Role) -> bool:
        return any(RANK[Role(role)] >= RANK[least] for role in self.roles if role in RANK)


RANK = {Role.READONLY: 0, Role.AGENT: 1, Role.LEAD: 2, Role.ADMIN: 3}
PUBLIC = None
R, A, L, X = Role.READONLY, Role.AGENT, Role.LEAD, Role.ADMIN

ROUTES: Mapping[tuple[str, str], Role | None] = {
    ("GET", "/"): PUBLIC,
    ("HEAD", "/"): PUBLIC,
    ("GET", "/issues/{id}"): PUBLIC,
    ("GET", "/a/{slug}"): PUBLIC,
    ("POST", "/a/{slug}"): PUBLIC,
    ("GET", "/new"): PUBLIC,
    ("POST", "/new"): PUBLIC,
    ("GET", "/chat"): PUBLIC,
    ("GET", "/widget"): PUBLIC,
    ("GET", "/widget.js"): PUBLIC,
    ("GET", "/desk"): PUBLIC,
    ("GET", "/mail/{token}"): PUBLIC,
    ("HEAD", "/desk"): PUBLIC,
    ("GET", "/static/{wanted}/{name}"): PUBLIC,
    ("HEAD", "/static/{wanted}/{name}"): PUBLIC,
    ("GET", "/brand.css"): PUBLIC,
    ("GET", "/c/{token}"): PUBLIC,
    ("POST", "/c/{token}"): PUBLIC,
    ("GET", "/c/{token}/news"): PUBLIC,
    ("GET", "/p/{token}"): PUBLIC,  # role partner: the secret link is the right
    ("POST", "/p/{token}"): PUBLIC,
    ("GET", "/v1/partner/{token}"): PUBLIC,
    ("POST", "/v1/partner/{token}"): PUBLIC,
    ("GET", "/v1/help/issues"): PUBLIC,
    ("GET", "/v1/help/issues/{id}"): PUBLIC,
    ("GET", "/openapi.json"): PUBLIC,
    ("HEAD", "/openapi.json"): PUBLIC,
    ("GET", "/v1/health"): PUBLIC,
    ("HEAD", "/v1/health"): PUBLIC,
    ("POST", "/v1/login"): PUBLIC,
    ("POST", "/v1/login/forgotten"): PUBLIC,
    ("POST", "/v1/login/reset"): PUBLIC,
    ("POST", "/v1/session/login"): PUBLIC,
    ("GET", "/v1/session/sso"): PUBLIC,
    ("POST", "/v1/session/sso"): PUBLIC,
    ("POST", "/v1/session/refresh"): PUBLIC,
    ("POST", "/v1/session/logout"): PUBLIC,
    ("GET", "/v1/help/form"): PUBLIC,
    ("POST", "/v1/help/uploads"): PUBLIC,
    ("POST", "/v1/help/cases"): PUBLIC,
    ("GET", "/v1/help/cases/{reference}/messages"): PUBLIC,
    ("POST", "/v1/help/cases/{reference}/messages"): PUBLIC,
    ("GET", "/v1/help/articles"): PUBLIC,
    ("GET", "/v1/help/articles/{slug}"): PUBLIC,
    ("POST", "/v1/help/articles/{slug}/votes"): PUBLIC,
    ("POST", "/v1/help/questions"): PUBLIC,
    ("POST", "/v1/help/questions/{session}/handover"): PUBLIC,
    ("POST", "/v1/help/questions/{session}/outcome"): PUBLIC,
    ("GET", "/s/{token}"): PUBLIC,
    ("POST", "/s/{token}"): PUBLIC,
    ("POST", "/v1/chat/{session}/outcome"): PUBLIC,
    ("POST", "/v1/chat"): PUBLIC,
    ("GET", "/v1/chat/{session}/messages"): PUBLIC,
    ("POST", "/v1/chat/{session}/messages"): PUBLIC,
    ("PUT", "/v1/chat/{session}/address"): PUBLIC,
    ("POST", "/v1/inbound/{channel}"): PUBLIC,
    ("GET", "/n/{token}"): PUBLIC,
    ("POST", "/n/{token}"): PUBLIC,
    ("GET", "/prefs/{token}"): PUBLIC,
    ("POST", "/prefs/{token}"): PUBLIC,
    ("GET", "/v1/unsubscribe/{token}"): PUBLIC,
    ("POST", "/v1/unsubscribe/{token}"): PUBLIC,
    ("POST", "/v1/session/logout-everywhere"): R,
    ("GET", "/v1/me"): R,
    ("PUT", "/v1/me/password"): R,
    ("GET", "/v1/me/second-factor"): R,
    ("POST", "/v1/me/second-factor"): R,
    ("PUT", "/v1/me/second-factor"): R,
    ("POST", "/v1/me/second-factor/off"): R,
    ("GET", "/v1/topics"): R,
    ("GET", "/v1/fields"): R,
    ("GET", "/v1/views"): R,
    ("POST", "/v1/views"): A,
    ("GET", "/v1/search"): R,
    ("GET", "/v1/start"): X,
    ("GET", "/v1/start/mail"): X,
    ("POST", "/v1/start/mail"): X,
    ("PATCH", "/v1/views/{name}"): A,
    ("DELETE", "/v1/views/{name}"): A,
    ("GET", "/v1/teams"): R,
    ("GET", "/v1/agents"): R,
    ("GET", "/v1/changes"): R,
    ("PUT", "/v1/cases/{id}/presence"): A,
    ("POST", "/v1/uploads"): A,
    ("GET", "/v1/cases/{id}/recipients"): A,
    ("GET", "/v1/me/drafts"): A,
    ("GET", "/v1/me/snippets"): A,
    ("PUT", "/v1/me/snippets"): A,
    ("GET", "/v1/cases/{id}/drafts/{mode}"): A,
    ("PUT", "/v1/cases/{id}/drafts/{mode}"): A,
    ("DELETE", "/v1/cases/{id}/drafts/{mode}"): A,
    ("GET", "/v1/me/preferences"): R,
    ("PUT", "/v1/me/preferences"): R,
    ("GET", "/v1/notifications"): R,
    ("POST", "/v1/notifications/read"): R,
    ("GET", "/v1/me/availability"): A,
    ("PUT", "/v1/me/availability"): A,
    ("GET", "/v1/teams/{name}/agents"): R,
    ("POST", "/v1/agents/recount"): L,
    ("POST", "/v1/settings/routing/try"): X,
    ("POST", "/v1/settings/priorities/try"): X,
    ("GET", "/v1/cases"): R,
    ("POST", "/v1/cases"): A,
    ("GET", "/v1/cases/{id}"): R,
    ("PATCH", "/v1/cases/{id}"): A,
    ("GET", "/v1/cases/{id}/messages"): R,
    ("POST", "/v1/cases/{id}/messages"): A,
    ("DELETE", "/v1/cases/{id}/messages/{message}"): A,
    ("PUT", "/v1/cases/{id}/followers/me"): A,
    ("DELETE", "/v1/cases/{id}/followers/me"): A,
    ("POST", "/v1/cases/bulk"): A,
    ("POST", "/v1/cases/undo"): A,
    ("POST", "/v1/cases/{id}/undo"): A,
    ("POST", "/v1/cases/{id}/handover"): A,
    ("POST", "/v1/cases/{id}/merge"): A,
    ("POST", "/v1/cases/{id}/unmerge"): A,
    ("POST", "/v1/cases/{id}/split"): A,
    ("POST", "/v1/cases/{id}/link"): A,
    ("POST", "/v1/cases/{id}/links"): A,
    ("POST", "/v1/cases/{id}/links/revoke"): A,
    ("GET", "/v1/customers"): R,
    ("POST", "/v1/customers"): A,
    ("POST", "/v1/customers/import"): X,
    ("GET", "/v1/customers/{id}"): R,
    ("PATCH", "/v1/customers/{id}"): A,
    ("DELETE", "/v1/customers/{id}"): X,
    ("GET", "/v1/customers/{id}/export"): L,
    ("GET", "/v1/customers/{id}/timeline"): R,
    ("GET", "/v1/customers/{id}/touching"): R,
    ("POST", "/v1/customers/{id}/merge"): A,
    ("POST", "/v1/customers/{id}/unmerge"): A,
    ("POST", "/v1/customers/{id}/confirm"): A,
    ("POST", "/v1/customers/{id}/reject"): A,
    ("POST", "/v1/customers/{id}/identities"): A,
    ("POST", "/v1/customers/{id}/identities/verify"): A,
    ("GET", "/v1/cases/{id}/suggestions"): R,
    ("POST", "/v1/cases/{id}/macros/{macro}"): A,
    ("GET", "/v1/macros"): R,
    ("GET", "/v1/help/figures"): L,
    ("GET", "/v1/articles"): R,
    ("POST", "/v1/articles"): A,
    ("GET", "/v1/articles/missing"): R,
    ("GET", "/v1/articles/{slug}"): R,
    ("PATCH", "/v1/articles/{slug}"): A,
    ("GET", "/v1/problems"): R,
    ("POST", "/v1/problems"): A,
    ("GET", "/v1/problems/{id}"): R,
    ("PATCH", "/v1/problems/{id}"): A,
    ("GET", "/v1/problems/{id}/history"): R,
    ("GET", "/v1/problems/{id}/cases"): R,
    ("POST", "/v1/problems/{id}/cases"): A,
    ("GET", "/v1/problems/{id}/evidence"): A,
    ("GET", "/v1/problems/{id}/handovers"): R,
    ("POST", "/v1/problems/{id}/handovers"): A,
    ("POST", "/v1/problems/{id}/handovers/{handover}"): A,
    ("GET", "/v1/promises/attainment"): L,
    ("GET", "/v1/trends"): R,
    ("GET", "/v1/trends/{id}"): R,
    ("PATCH", "/v1/trends/{id}"): L,
    ("GET", "/v1/campaigns"): L,
    ("POST", "/v1/campaigns"): L,
    ("GET", "/v1/campaigns/{id}"): L,
    ("PATCH", "/v1/campaigns/{id}"): L,
    ("POST", "/v1/campaigns/{id}/preview"): L,
    ("POST", "/v1/campaigns/{id}/test"): L,
    ("POST", "/v1/campaigns/{id}/followups"): L,
    ("POST", "/v1/campaigns/{id}/approve"): L,
    ("POST", "/v1/campaigns/{id}/pause"): L,
    ("POST", "/v1/campaigns/{id}/resume"): L,
    ("POST", "/v1/campaigns/{id}/cancel"): L,
    ("GET", "/v1/settings/routing"): X,
    ("PUT", "/v1/settings/routing"): X,
    ("GET", "/v1/settings/priorities"): X,
    ("PUT", "/v1/settings/priorities"): X,
    ("GET", "/v1/people"): X,
    ("POST", "/v1/people"): X,
    ("PATCH", "/v1/people/{email}"): X,
    ("POST", "/v1/people/{email}/sign-out"): X,
    ("POST", "/v1/people/{email}/reset-password"): X,
    ("GET", "/v1/audit"): X,
    ("POST", "/v1/audit/exports"): X,
    ("GET", "/v1/settings/{name}"): X,
    ("PUT", "/v1/settings/{name}"): X,
    ("GET", "/v1/engines"): L,
    ("GET", "/v1/costs"): L,
    ("GET", "/v1/models"): A,
    ("POST", "/v1/models"): L,
    ("GET", "/v1/models/{id}"): A,
    ("POST", "/v1/models/{id}/promote"): L,
    ("GET", "/v1/quarantine"): A,
    ("GET", "/v1/quarantine/{id}"): A,
    ("POST", "/v1/quarantine/{id}/replay"): A,
    ("POST", "/v1/quarantine/{id}/release"): A,
    ("GET", "/v1/quarantine/{id}/original"): L,
}


def authorize(method: str, path: str, principal: Principal | None) -> None:
    """Raises Forbidden where the table does not allow it; an unknown route is forbidden."""
    try:
        least = ROUTES[method, path]
    except KeyError as error:
        raise Forbidden(f"{method} {path} is open to nobody") from error
    if least is PUBLIC:
        return
    if principal is None or not principal.may(least):
        raise Forbidden(f"{method} {path} needs the role {least}")


class Signer:
    """HMAC-SHA-256 under the installation's key, for one purpose at a time."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, purpose: str, text: str) -> bytes:
        body = f"{purpose}\n{text}".encode()
        return hmac.new(self._key, body, hashlib.sha256).digest()

    def word(self, purpose: str, text: str, size: int = 10) -> str:
        """A signature of `size` bytes in lower-case base32: it survives any mail program."""
        return base64.b32encode(self.sign(purpose, text)[:size]).decode().lower().rstrip("=")

    def holds(self, purpose: str, text: str, word: str, size: int = 10) -> bool:
        given = word.lower().encode("utf-8", "surrogatepass")
        return hmac.compare_digest(self.word(purpose, text, size).encode(), given)


TOKEN = re.compile(r"([0-9a-hjkmnp-tv-z]{6})-([a-z2-7]{16})", re.IGNORECASE)


def reply_address(signer: Signer, support_address: str, reference: str) -> str:
    """Where a case's answers go: support+7k2m9q-<signature>@example.com (RFC 5233 detail)."""
    local, _, domain = support_address.partition("@")
    short = reference.removeprefix("C-").lower()
    return f"{local}+{short}-{signer.word('reply', reference)}@{domain}"


def reply_token(signer: Signer, address: str) -> str | None:
    """The case reference that an address of ours stands for, where its signature holds."""
    local = address.rpartition("@")[0]
    match = TOKEN.search(local.rpartition("+")[2])
    if not match:
        return None
    reference = f"C-{match.group(1).upper()}"
    return reference if signer.holds("reply", reference, match.group(2)) else None


def link_token(signer: Signer, reference: str, version: int) -> str:
    """The secret part of a customer's link to one case; a higher version revokes the older."""
    text = f"{reference}.{version}"
    return f"{reference.removeprefix('C-')}.{version}.{signer.word('link', text, 20)}"


def mailed_token(signer: Signer, reference: str, version: int, address: str) -> str:
    """The same link as it is mailed: it also shows to which address it went."""
    proof = signer.word("mailed", f"{reference}.{version}.{address}", 10)
    return f"{link_token(signer, reference, version)}.{proof}"


def was_mailed_to(signer: Signer, token: str, address: str) -> bool:
    """Whether a valid link is the one that was mailed to that address."""
    reference, version = open_link(signer, token)
    proof = token.rpartition(".")[2] if token.count(".") == 3 else ""
    return signer.holds("mailed", f"{reference}.{version}.{address}", proof, 10)


def open_link(signer: Signer, token: str) -> tuple[str, int]:
    """(reference, link version) of a secret link; raises Forbidden."""
    short, _, rest = token.partition(".")
    version, _, word = rest.partition(".")
    word = word.partition(".")[0]
    reference = f"C-{short.upper()}"
    if not version.isdigit() or not signer.holds("link", f"{reference}.{version}", word, 20):
        raise Forbidden("this link is not valid, or was withdrawn")
    return reference, int(version)
