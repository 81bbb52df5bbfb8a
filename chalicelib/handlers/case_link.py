"""The secret link of a case, exchanged for a cookie, so that the secret leaves the address bar.

1. `/c/<secret>` shows the case and sets a cookie, which no script can read, for its way only.
2. Where the cookie comes back, the page goes on at `/c/C-7K2M9Q`, which says nothing: the page's
   script changes the address as soon as it has seen the cookie work, and every form and every later
   visit leads there. Whoever keeps no cookies and runs no scripts goes on by the link as it is.
3. The cookie holds the link itself, so withdrawing the link withdraws it too.

The cookie names no path: a browser then takes the folder that set it (RFC 6265, 5.1.4), `/c` at a
domain of one's own and `/api/c` behind API Gateway's stage. A form that is sent on the strength of
the cookie proves that it was on a page of ours; by the link itself, the link is the proof.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chalicelib.cases.models import Case
from chalicelib.cases.rules import REFERENCE
from chalicelib.handlers import pages
from chalicelib.handlers.http import Call

DAYS = 30
PREFIX = "case-"
PURPOSE = "case form"
SECRET = re.compile(r"[A-Za-z0-9.]{1,200}")


@dataclass(frozen=True)
class Entrance:
    """By what somebody came to their case. `secret` is the link's, `held` says that the browser
    keeps it, `clean` that the address does not have it."""

    case: Case
    secret: str
    held: bool
    clean: bool
    csrf: str

    @property
    def here(self) -> str:
        """The last part of the address under which the case goes on."""
        return self.case.reference if self.held else self.secret


def enter(call: Call, named: str) -> Entrance:
    """The case of an address, which ends in its secret or its reference; raises Forbidden."""
    clean = REFERENCE.fullmatch(named) is not None
    if clean:
        secret = _kept(call, named.upper())
        if not secret:
            raise pages.Explained(pages.spoken(call)("case.elsewhere"))
    else:
        secret = named
    case = call.app.helpdesk.enter(secret, named if clean else "")
    held = clean or _kept(call, case.reference) == secret
    return Entrance(case, secret, held, clean, call.app.signer.word(PURPOSE, secret, 20))


def prove(call: Call, by: Entrance, word: str) -> None:
    """Raises Forbidden where a form came by the cookie alone and from no page of ours."""
    if by.clean and not call.app.signer.holds(PURPOSE, by.secret, word, 20):
        raise pages.Explained(pages.spoken(call)("case.foreign"))


def cookie(call: Call, by: Entrance, forget: bool = False) -> str:
    """Keeps the secret for a month, or forgets it."""
    value, age = ("", 0) if forget else (by.secret, DAYS * 86_400)
    over_tls = str(call.headers.get("x-forwarded-proto", "")).startswith("https")
    return "; ".join(
        (
            f"{PREFIX}{by.case.reference}={value}",
            f"Max-Age={age}",
            "HttpOnly",
            "SameSite=Lax",
            *(("Secure",) if over_tls else ()),
        )
    )


def _kept(call: Call, reference: str) -> str:
    found = pages.cookies(call).get(f"{PREFIX}{reference}", "")
    return found if SECRET.fullmatch(found) else ""
