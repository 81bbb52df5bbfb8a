"""The SMTP door: does with a mail what SES does on receipt.

1. The mail is spooled: on disk, flushed, before the client hears 250.
2. Workers put it in S3 under mail/<id> and publish the notice of an S3 action to MailTopic.
3. Only when both were confirmed is the entry marked as handed over, and it is kept until a
   checkpoint of the embedded AWS holds its effects. Whatever is younger is handed over again after
   a crash, with the same id.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.local.amazon import Amazon, CloudDown
from infra.local.courier import SETTLING
from infra.local.layout import Layout, checkpoint_time
from infra.local.receipt import PREFIX, notice, stored_mime
from infra.local.spool import Spool
from infra.local.stack import NotDeployed, Stack

log = logging.getLogger("doors.mail")

SIZE_LIMIT = 40 * 1024 * 1024  # bytes; SES takes mail up to 40 MB
WORKERS = 4
RETRY = 1.0  # seconds
RECIPIENTS = 500  # recipients a mail


class Intake:
    """Hands spooled mail over to the cloud."""

    def __init__(
        self,
        spool: Spool,
        amazon: Amazon,
        stack: Stack,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._spool = spool
        self._amazon = amazon
        self._stack = stack
        self._clock = clock
        self._queue: asyncio.Queue[str] = asyncio.Queue()

    async def accept(
        self, mime: bytes, sender: str, recipients: tuple[str, ...], client: str = ""
    ) -> str:
        """Spool a mail and return its id; from then on it cannot be lost."""
        envelope = await asyncio.to_thread(
            self._spool.accept, mime, sender, recipients, self._clock(), client
        )
        self._queue.put_nowait(envelope.id)
        return envelope.id

    def recover(self, layout: Layout) -> int:
        """At start: queue all that was never handed over or may not be in a checkpoint."""
        self._spool.reopen(checkpoint_time(layout) - SETTLING)
        waiting = self._spool.waiting()
        for message_id in waiting:
            self._queue.put_nowait(message_id)
        return len(waiting)

    async def forget(self, layout: Layout) -> None:
        """Delete what the newest checkpoint surely holds."""
        await asyncio.to_thread(self._spool.forget, checkpoint_time(layout) - SETTLING)

    async def run(self) -> None:
        """Hand over for ever, several at a time; cancel to stop."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            message_id = await self._queue.get()
            try:
                await self.hand_over(message_id)
            except (CloudDown, NotDeployed) as error:
                log.info("mail %s waits: %s", message_id, error)
                asyncio.get_running_loop().call_later(RETRY, self._queue.put_nowait, message_id)

    async def hand_over(self, message_id: str) -> None:
        """Object first, then notice, then confirm. Raises CloudDown and NotDeployed."""
        bucket, topic = self._stack.output("BucketName"), self._stack.output("MailTopicArn")
        envelope = self._spool.envelope(message_id)
        mime = await asyncio.to_thread(self._spool.mime, message_id)
        await self._amazon.put_object(bucket, PREFIX + message_id, stored_mime(mime, envelope))
        text = notice(mime, envelope, bucket=bucket, topic=topic, handled_at=self._clock())
        if await self._amazon.publish(topic, [text]) != [True]:
            raise CloudDown("the notice was not taken")
        self._spool.confirm(message_id, self._clock())
        log.info("mail %s handed over, %d bytes", message_id, len(mime))


class Protocol(SMTP):
    """SMTP that takes long lines: SES does, and real mailers write them."""

    line_length_limit = 1024 * 1024


class Handler:
    """aiosmtpd's hooks: any recipient is welcome."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def handle_RCPT(  # noqa: N802 - the library calls it by this name
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - the library calls it by this name
        self, server: Any, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.original_content or b""
        client = session.peer[0] if isinstance(session.peer, tuple) else ""
        try:
            message_id = await self._intake.accept(
                content, envelope.mail_from or "", tuple(envelope.rcpt_tos), client
            )
        except OSError as error:
            log.error("a mail could not be spooled: %s", error.strerror)
            return "452 4.3.1 Insufficient system storage, try again later"
        return f"250 2.0.0 OK {message_id}"


async def serve_smtp(intake: Intake, host: str, port: int) -> asyncio.Server:
    """Listen; the caller closes the server."""

    def protocol() -> Protocol:
        return Protocol(
            Handler(intake),
            data_size_limit=SIZE_LIMIT,
            enable_SMTPUTF8=True,
            decode_data=False,
            hostname="localhost",
            ident="CustOps local mail door",
            timeout=60,
        )

    return await asyncio.get_running_loop().create_server(protocol, host, port)
