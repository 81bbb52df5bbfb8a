"""Other origins than the system's: a site that has our widget, and API Gateway's stage path."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.system.running import System

HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""

    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def site(html: str) -> Iterator[str]:
    """A site that shows one page; gives its origin, which is another site than 127.0.0.1."""

    class Shown(Quiet):
        def do_GET(self) -> None:
            self.answer(200, [("Content-Type", "text/html; charset=utf-8")], html.encode())

    with served(Shown, "localhost") as origin:
        yield origin


@contextmanager
def staged(system: System, stage: str = "api") -> Iterator[str]:
    """The system below a path, as API Gateway serves it without a domain of one's own; whatever
    leads out of the path is not found. Gives the address up to the path."""

    class Below(Quiet):
        def passed(self) -> None:
            if not self.path.startswith(f"/{stage}/"):
                self.answer(404, [], b"outside of the stage")
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            behind = http.client.HTTPConnection("127.0.0.1", system.port, timeout=60)
            headers = {n: v for n, v in self.headers.items() if n.lower() not in HOP}
            behind.request(self.command, self.path.removeprefix(f"/{stage}"), body, headers)
            answer = behind.getresponse()
            kept = [(n, v) for n, v in answer.getheaders() if n.lower() not in HOP]
            self.answer(answer.status, kept, answer.read())
            behind.close()

        do_GET = do_POST = do_PUT = passed  # noqa: N815  # the library's names

    with served(Below) as origin:
        yield f"{origin}/{stage}"


@contextmanager
def served(handler: type[Quiet], host: str = "127.0.0.1") -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
