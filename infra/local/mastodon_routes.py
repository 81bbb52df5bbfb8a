"""The small Mastodon server's routes: its API below /local/mastodon, and the door of mentions."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from infra.local.mastodon import ACCOUNT, HANDLE, TOKEN, MastodonDoor, Unacceptable
from infra.local.problem import invalid, problem

BASE = "/local/mastodon"
View = Callable[[web.Request], Awaitable[web.Response]]


def routes(door: MastodonDoor) -> list[web.RouteDef]:
    """`POST /local/mastodon/mentions {from, text, visibility?, in_reply_to_id?}`, and the API."""

    async def mention(request: web.Request) -> web.Response:
        try:
            body = json.loads(await request.read())
        except ValueError:
            return problem(400, "malformed", "The request cannot be read", "The body is not JSON")
        if not isinstance(body, dict):
            return problem(400, "malformed", "The request cannot be read", "Send a JSON object")
        sender, text = body.get("from"), body.get("text")
        if not isinstance(sender, str) or not HANDLE.fullmatch(sender):
            return invalid("from", "must be a handle, such as @ada@example.social")
        if not isinstance(text, str) or not text.strip():
            return invalid("text", "must not be empty")
        try:
            status = door.mention(
                sender,
                text,
                str(body.get("visibility") or "public"),
                str(body.get("in_reply_to_id") or ""),
            )
        except Unacceptable as error:
            return invalid("visibility", str(error))
        return web.json_response({"id": status["id"], "url": status["url"]}, status=202)

    async def notifications(request: web.Request) -> web.Response:
        return web.json_response(door.notifications(request.query))

    async def post(request: web.Request) -> web.Response:
        form = await request.post()
        given: dict[str, str] = {name: str(value) for name, value in form.items()}
        if request.content_type == "application/json":
            given = {name: str(value) for name, value in (await request.json()).items()}
        return web.json_response(door.post(given, request.headers.get("Idempotency-Key", "")))

    async def own_account(request: web.Request) -> web.Response:
        return web.json_response(door.account(ACCOUNT))

    return [
        web.post(f"{BASE}/mentions", mention),
        web.get(f"{BASE}/api/v1/notifications", _authorized(notifications)),
        web.post(f"{BASE}/api/v1/statuses", _authorized(post)),
        web.get(f"{BASE}/api/v1/accounts/verify_credentials", _authorized(own_account)),
    ]


def _authorized(view: View) -> Any:
    async def serve(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": "The access token is invalid"}, status=401)
        try:
            return await view(request)
        except Unacceptable as error:
            return web.json_response({"error": str(error)}, status=error.status)

    return serve
