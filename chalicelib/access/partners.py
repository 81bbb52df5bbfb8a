"""The secret link of a department: it stands for one handover, and for nothing else.

Whoever holds it has the role "partner": no seat, no sign-in, one task. Each time the task goes to
somebody, the link's number rises; older ones still show, but only the newest may act, and those
below the handover's `revoked_below` open nothing (flows/departments.py).
"""

from __future__ import annotations

from chalicelib.access.rules import Signer
from chalicelib.errors import Forbidden

PARTNER = "partner"
SIZE = 20  # bytes of the signature
WRONG = "this link is not valid, or was withdrawn"


def partner_token(signer: Signer, problem_id: str, handover_id: str, number: int) -> str:
    """The secret part of a department's link."""
    text = f"{problem_id}.{handover_id}.{number}"
    return f"{text}.{signer.word(PARTNER, text, SIZE)}"


def open_partner(signer: Signer, token: str) -> tuple[str, str, int]:
    """(problem id, handover id, number) of such a link; raises Forbidden."""
    text, _, word = token.rpartition(".")
    parts = text.split(".")
    right = len(parts) == 3 and parts[2].isascii() and parts[2].isdigit()
    if not right or not signer.holds(PARTNER, text, word, SIZE):
        raise Forbidden(WRONG)
    return parts[0], parts[1], int(parts[2])
