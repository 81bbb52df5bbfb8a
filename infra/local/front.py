"""The front door: everything under one plain address.

Paths below /local/ are answered here. All others go to the API's stage in the embedded AWS,
whose address changes with each deploy and is looked up for every request. The stage is not part
of the outer path. API Gateway's limits that the embedded one lacks are kept here: 10 MB, 29 s.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Mapping
from io import BytesIO

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web
from multidict import CIMultiDict
from yarl import URL

from infra.local.problem import problem
from infra.local.stack import NotDeployed, Stack

log = logging.getLogger("doors.front")

PAYLOAD_LIMIT = 10 * 1024 * 1024  # bytes; API Gateway quota
TIMEOUT = 29.0  # seconds; API Gateway quota
CONNECTIONS = 128
HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade", "host", "content-length", "expect",
}  # fmt: skip
"""RFC 9110 section 7.6.1, and what is written anew for the next hop."""


class Front:
    """The proxy. `port` is the outer one."""

    def __init__(self, stack: Stack, port: int) -> None:
        self._stack = stack
        self._port = port
        self._session: ClientSession | None = None

    async def start(self) -> None:
        """Open the pool of connections; needs a running loop."""
        self._session = ClientSession(
            connector=TCPConnector(limit=CONNECTIONS, keepalive_timeout=30),
            timeout=ClientTimeout(total=TIMEOUT, connect=5),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Pass one request on and its answer back."""
        if request.path == "/local" or request.path.startswith("/local/"):
            return problem(404, "not-found", "There is no such thing")
        if (request.content_length or 0) > PAYLOAD_LIMIT:
            return _too_large()
        try:
            target = self._target(request)
            body = await request.read()
            return await self._forward(request, target, body)
        except web.HTTPRequestEntityTooLarge:
            return _too_large()
        except NotDeployed:
            return problem(
                503, "starting", "The service is starting", "The application is not deployed yet"
            )
        except TimeoutError:
            return problem(504, "timeout", "The service did not answer in time")
        except ClientError as error:
            log.info("the cloud did not answer: %s", type(error).__name__)
            return problem(502, "unreachable", "The service cannot be reached at the moment")

    def _target(self, request: web.Request) -> URL:
        base = self._stack.output("ApiTarget").rstrip("/")
        return URL(base + request.rel_url.raw_path_qs, encoded=True)

    async def _forward(self, request: web.Request, target: URL, body: bytes) -> web.Response:
        if self._session is None:
            raise NotDeployed("the front door is not open")
        headers = self._headers(request)
        async with self._session.request(
            request.method,
            target,
            headers=headers,
            data=BytesIO(body) if body else None,
            allow_redirects=False,
        ) as answer:
            content = await answer.read()
            kept = CIMultiDict(
                (name, value)
                for name, value in answer.headers.items()
                if name.lower() not in HOP_BY_HOP
            )
            if "Content-Type" not in kept and content:
                kept["Content-Type"] = "application/octet-stream"
            return web.Response(status=answer.status, headers=kept, body=content)

    def _headers(self, request: web.Request) -> CIMultiDict[str]:
        named = {name.strip().lower() for name in request.headers.get("Connection", "").split(",")}
        headers = CIMultiDict(
            (name, value)
            for name, value in request.headers.items()
            if name.lower() not in HOP_BY_HOP | named
        )
        for name, value in forwarded(request.headers, request.remote or "", self._port).items():
            headers[name] = value
        return headers


def forwarded(headers: Mapping[str, str], remote: str, port: int) -> dict[str, str]:
    """X-Forwarded-* as API Gateway sets them: who asked, over what, under which name."""
    before = headers.get("X-Forwarded-For", "")
    client = remote if _is_address(remote) else "127.0.0.1"
    return {
        "X-Forwarded-For": f"{before}, {client}" if before else client,
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Port": str(port),
        "X-Forwarded-Host": headers.get("Host", f"127.0.0.1:{port}"),
    }


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _too_large() -> web.Response:
    return problem(413, "too-large", "It is too large", "A request may have up to 10 MB")


def application(front: Front, local: list[web.RouteDef]) -> web.Application:
    """The outer application: local routes first, then the proxy."""
    app = web.Application(client_max_size=PAYLOAD_LIMIT, handler_args={"keepalive_timeout": 75})
    app.add_routes(local)
    app.router.add_route("*", "/{path:.*}", front.handle)

    async def opened(_: web.Application) -> None:
        await front.start()

    async def closed(_: web.Application) -> None:
        await asyncio.shield(front.close())

    app.on_startup.append(opened)
    app.on_cleanup.append(closed)
    return app
