"""Who asks? API Gateway calls this before a closed route, and caches the answer for each token.

The answer is about the person, not about the route: the table of roles decides that (http.py).
A token that Cognito does not know is let through *as nobody*, so that our own route refuses it with
a proper 401 problem; denying here would be a 403, which says something else. When Cognito cannot
be asked, there is no answer at all: API Gateway then says 500 and, unlike a denial, does not cache.
"""

from __future__ import annotations

from typing import Any

from chalice import AuthResponse, Blueprint

from chalicelib import bootstrap
from chalicelib.errors import Refused, Unauthenticated
from chalicelib.observability import logger

events = Blueprint(__name__)


@events.authorizer(ttl_seconds=300)
def authorize(request: Any) -> AuthResponse | None:
    """Context for the routes: {email, roles}, both "" for nobody. Never raises."""
    scheme, _, token = str(request.token or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return _somebody("", frozenset())
    try:
        email, roles = bootstrap.get().identity.whoami(token.strip())
    except Unauthenticated:
        return _somebody("", frozenset())
    except Refused as refused:
        logger().warning("nobody could say who asks", extra={"error": refused.type})
        return None
    except Exception as error:  # an exception would escape as a broken connection locally
        logger().error("nobody could say who asks", extra={"error": type(error).__name__})
        return None
    return _somebody(email, roles)


def _somebody(email: str, roles: frozenset[str]) -> AuthResponse:
    context = {"email": email, "roles": " ".join(sorted(roles))}
    return AuthResponse(routes=["*"], principal_id=email or "nobody", context=context)
