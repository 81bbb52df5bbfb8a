"""`POST /local/sms {from,to,text}`: a customer's text message arrives."""

from __future__ import annotations

import json

from aiohttp import web

from infra.local.problem import invalid, problem
from infra.local.sms import MAX_CHARACTERS, NUMBER, TextDoor


def routes(door: TextDoor) -> list[web.RouteDef]:
    """The route; answers 202 {id} once the message is stored, problem+json otherwise."""

    async def receive(request: web.Request) -> web.Response:
        try:
            body = json.loads(await request.read())
        except ValueError:
            return problem(400, "malformed", "The request cannot be read", "The body is not JSON")
        if not isinstance(body, dict):
            return problem(400, "malformed", "The request cannot be read", "Send a JSON object")
        for field in ("from", "to"):
            if not isinstance(body.get(field), str) or not NUMBER.match(body[field]):
                return invalid(field, "must be a number in E.164 form, such as +15550123456")
        text = body.get("text")
        if not isinstance(text, str) or not text.strip():
            return invalid("text", "must not be empty")
        if len(text) > MAX_CHARACTERS:
            return invalid("text", f"must have at most {MAX_CHARACTERS} characters")
        message_id = door.receive(body["from"], body["to"], text)
        return web.json_response({"id": message_id}, status=202)

    return [web.post("/local/sms", receive)]
