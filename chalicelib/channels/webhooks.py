"""Standard Webhooks: who signed this, and when (specification 1.0.0, "Signature scheme").

The signature is HMAC-SHA-256 over `<webhook-id>.<webhook-timestamp>.<body>`, in base64 behind
`v1,`; a header may carry several with spaces between, and one that holds is enough.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from chalicelib.errors import Unauthenticated

TOLERANCE = timedelta(minutes=5)
LONGEST_ID = 200


def verified_id(
    secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime
) -> str:
    """The webhook-id of a request that one of the secrets signed; raises Unauthenticated.

    A repeat within the tolerance passes here: it is recognised by the id.
    """
    identifier = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (identifier and stamp and given) or len(identifier) > LONGEST_ID:
        raise Unauthenticated("webhook-id, webhook-timestamp or webhook-signature is missing")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise Unauthenticated("webhook-timestamp is seconds since 1970")
    if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > TOLERANCE:
        raise Unauthenticated("webhook-timestamp is more than five minutes off")
    right = [signature(secret, identifier, stamp, body).encode() for secret in secrets]
    for word in given.split(" ")[:10]:
        if any(hmac.compare_digest(word.encode("utf-8", "replace"), good) for good in right):
            return identifier
    raise Unauthenticated("no signature holds")


def signature(secret: str, identifier: str, stamp: str, body: bytes) -> str:
    """What the sender of such a request puts into webhook-signature."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{identifier}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
