"""The process of the doors: every local server that is not the embedded AWS itself.

Listens on three ports of 127.0.0.1: SMTP, the front door, and one for the AWS services that the
embedded AWS lacks (SES v2, End User Messaging SMS, Comprehend, what its user pools leave out), told
apart by path and target.
Run by the supervisor: python -m infra.local.doors --help
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from infra.local import front, mastodon_routes, outbox, text_routes
from infra.local.amazon import Boto3Amazon
from infra.local.children import settle
from infra.local.clock import clock_of
from infra.local.cognito import UserPools
from infra.local.comprehend.custom import Custom
from infra.local.comprehend.files import CloudFiles
from infra.local.comprehend.service import comprehend
from infra.local.courier import Courier
from infra.local.journal import Journal
from infra.local.layout import Layout
from infra.local.mail_door import Intake, serve_smtp
from infra.local.mastodon import MastodonDoor
from infra.local.memory import Memory
from infra.local.protocol import AwsError, TargetService, rest_error
from infra.local.ses import api as ses_api
from infra.local.ses.mail import Mail
from infra.local.ses.office import Office
from infra.local.sms import TextDoor
from infra.local.spool import Spool
from infra.local.stack import Stack

log = logging.getLogger("doors")
HOST = "127.0.0.1"
TIDY_EVERY = 2.0  # seconds
SES_BODY_LIMIT = 60 * 1024 * 1024  # bytes: 40 MB in base64


def main() -> None:
    """Entry of the process."""
    options = _options()
    layout = Layout(options.state)
    settle(layout.children_lock)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("aiosmtpd").setLevel(logging.WARNING)
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    logging.getLogger("botocore").setLevel(logging.WARNING)
    asyncio.run(serve(layout, options))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="doors")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True, help="front door")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument(
        "--aws-port", type=int, required=True, help="SES, SMS, Comprehend, user pools"
    )
    parser.add_argument("--cloud", required=True, help="address of the embedded AWS")
    parser.add_argument("--sms-number", default="+15550100", help="the company's number")
    return parser.parse_args()


async def serve(layout: Layout, options: argparse.Namespace) -> None:
    """Serve until SIGTERM; then stop taking in first, and finish what is under way."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    memory, stack = Memory(layout.database), Stack(layout.stack)
    amazon = Boto3Amazon(options.cloud)
    clock = clock_of(layout)
    intake = Intake(Spool(layout.spool), amazon, stack, clock=clock)
    courier = Courier(memory, amazon, stack, clock=clock)
    texts = TextDoor(memory, options.sms_number, clock)
    office = Office(memory, auto_reply=_out_of_office(intake), clock=clock)
    log.info(
        "taking in again: %d mails, %d notices", intake.recover(layout), courier.reopen(layout)
    )

    local = [*outbox.routes(memory), *text_routes.routes(texts)]
    network = MastodonDoor(memory, f"http://{HOST}:{options.port}{mastodon_routes.BASE}", clock)
    local += mastodon_routes.routes(network)
    outer = front.application(front.Front(stack, options.port), local)
    custom = Custom(memory, CloudFiles(amazon))
    pools = UserPools(memory, options.cloud, lambda: stack.output("UserPoolId"))
    targets = [comprehend(custom.operations()), texts.service(), pools]
    inner = services(targets, ses_api.routes(office))
    custom.resume()
    runners = [await _listen(outer, options.port), await _listen(inner, options.aws_port)]
    smtp = await serve_smtp(intake, HOST, options.smtp_port)
    tasks = [
        asyncio.create_task(job)
        for job in (
            intake.run(),
            courier.run(),
            Journal(amazon, layout.logs).run(),
            _tidy(layout, intake, courier),
        )
    ]
    log.info("listening")
    await _first(stopping, tasks)
    smtp.close()
    for runner in runners:
        await runner.cleanup()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await pools.close()
    amazon.close()
    memory.close()


def services(targets: list[TargetService], rest: list[web.RouteDef]) -> web.Application:
    """One application for services of both protocols."""
    by_prefix = {service.prefix: service for service in targets}

    async def dispatch(request: web.Request) -> web.StreamResponse:
        prefix = request.headers.get("X-Amz-Target", "").partition(".")[0]
        service = by_prefix.get(prefix)
        if service is None:
            words = f"{request.method} {request.path} is not offered here"
            return rest_error(AwsError("UnknownOperationException", words, 404))
        return await service.handle(request)

    app = web.Application(client_max_size=SES_BODY_LIMIT)
    app.add_routes(rest)
    app.router.add_route("*", "/{path:.*}", dispatch)
    return app


async def _listen(app: web.Application, port: int) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
    await runner.setup()
    await web.TCPSite(runner, HOST, port, backlog=1024).start()
    return runner


async def _tidy(layout: Layout, intake: Intake, courier: Courier) -> None:
    while True:
        await asyncio.sleep(TIDY_EVERY)
        await intake.forget(layout)
        courier.forget(layout)


async def _first(stopping: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Wait for SIGTERM; a job that fails ends the process, and the supervisor starts it again."""
    waiting = asyncio.create_task(stopping.wait())
    done, _ = await asyncio.wait({waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for task in done:
        if task is not waiting and not task.cancelled() and task.exception() is not None:
            log.error("a job failed", exc_info=task.exception())


def _out_of_office(intake: Intake) -> Callable[[str, Mail], None]:
    """What the simulator's ooto@ address does: answer as an absent person's mailbox (RFC 3834)."""
    pending: set[asyncio.Task[str]] = set()

    def reply(address: str, mail: Mail) -> None:
        asked = next((v for n, v in mail.headers if n.lower() == "message-id"), "")
        text = (
            f"From: {address}\r\nTo: {mail.sender}\r\nSubject: Out of office: {mail.subject}\r\n"
            f"In-Reply-To: {asked}\r\nReferences: {asked}\r\nAuto-Submitted: auto-replied\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n\r\nI am out of the office.\r\n"
        )
        box = mail.sender.rpartition("<")[2].rstrip("> ")
        task = asyncio.create_task(intake.accept(text.encode(), "", (box,)))
        pending.add(task)
        task.add_done_callback(_finished)

    def _finished(task: asyncio.Task[str]) -> None:
        pending.discard(task)
        with contextlib.suppress(asyncio.CancelledError):
            task.result()

    return reply


if __name__ == "__main__":
    main()
