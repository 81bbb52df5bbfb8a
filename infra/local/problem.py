"""RFC 9457 answers of the local doors, in the form that the API uses."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from aiohttp import web


def problem(
    status: int, slug: str, title: str, detail: str = "", fields: Sequence[dict[str, str]] = ()
) -> web.Response:
    """A problem+json answer; `fields` is a list of {"field": …, "reason": …}."""
    body: dict[str, Any] = {
        "type": f"urn:custops:problem:{slug}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "request_id": str(uuid.uuid4()),
    }
    if fields:
        body["fields"] = list(fields)
    headers = {"Retry-After": "2"} if status in {502, 503, 504} else {}
    return web.Response(
        text=json.dumps(body),
        status=status,
        content_type="application/problem+json",
        headers=headers,
    )


def invalid(field: str, reason: str) -> web.Response:
    """One field is wrong, and why."""
    return problem(
        422,
        "invalid",
        "A field is not valid",
        f"{field}: {reason}",
        [{"field": field, "reason": reason}],
    )
