"""A mail from its notice to its place in a case: CPU of our own code, and AWS calls.

A thousand mails: new ones, and answers that find their case by the signed address, by References
and by the reference in the subject, a tenth with 50 KB attached. The real handler takes them in on
the model of AWS; the CPU time spent inside the model is AWS's part and is left out. The floor is
the standard library parsing the same mails in the same run.
"""

from __future__ import annotations

import contextlib
import io
import random
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

from chalicelib.access.rules import reply_address
from infra.benchmarks.meter import Meter
from infra.benchmarks.parsing import milliseconds, standard
from tests.support import SUPPORT, World, installation

NEW, ANSWERS = 550, 150  # answers: so many by each of the three ways
WORDS = [
    "order",
    "invoice",
    "card",
    "parcel",
    "login",
    "payment",
    "refund",
    "screen",
    "error",
    "please",
    "today",
    "because",
]


def rows() -> Iterator[tuple[str, str, str, str]]:
    """(what, CPU milliseconds or calls a mail, floor, ratio)"""
    chance = random.Random(7)
    with installation(validate=False) as world:  # as gateways/clients.py has it
        with contextlib.redirect_stdout(io.StringIO()):
            first = [_mail(chance, number) for number in range(NEW)]
            seconds, calls = _taken_in(world, first)
            answers = list(_answers(world, chance))
            more_seconds, more_calls = _taken_in(world, answers)
        assert len(world.cases()) == 100, "the listing shows a page of the cases"
    mails = [raw for raw, _ in [*first, *answers]]
    ours = (seconds + more_seconds) / len(mails) * 1000
    floor = milliseconds(standard, mails)
    what = f"a mail taken in, of {len(mails):,} mixed ones, AWS apart"
    yield (what, f"{ours:.2f} ms", f"{floor:.2f} ms", f"{ours / floor:.2f}")
    yield ("AWS calls a mail", f"{(calls + more_calls) / len(mails):.2f} calls", "", "")


def _taken_in(world: World, mails: list[tuple[bytes, str]]) -> tuple[float, int]:
    """CPU seconds of the handler without the model's, and calls."""
    for raw, to in mails:
        world.raw_mail(raw, [to])
    meter, aside = Meter(world.aws), _Aside(world.aws)
    aside.inner = meter.call
    world.aws.call = aside.call  # type: ignore[method-assign]
    begin = time.process_time()
    while world.deliver("MailQueue"):
        pass
    taken = time.process_time() - begin
    world.aws.call = aside.before  # type: ignore[method-assign]
    return taken - aside.seconds, meter.bill.total_calls


class _Aside:
    """Adds up the CPU time that the model of AWS takes."""

    def __init__(self, cloud: Any) -> None:
        self.before: Callable[..., Any] = cloud.call
        self.inner: Callable[..., Any] = cloud.call
        self.seconds = 0.0

    def call(self, service: str, operation: str, request: dict[str, Any]) -> Any:
        begin = time.process_time()
        try:
            return self.inner(service, operation, request)
        finally:
            self.seconds += time.process_time() - begin


def _answers(world: World, chance: random.Random) -> Iterator[tuple[bytes, str]]:
    """Answers to the cases of the first mails, by each way of threading."""
    cases = world.cases()
    for number in range(3 * ANSWERS):
        case = cases[number % len(cases)]
        sender = case.participants[0].address
        way = number % 3
        to = reply_address(world.app.signer, SUPPORT, case.reference) if way == 0 else SUPPORT
        headers = {"In-Reply-To": f"<{case.message_ids[0]}>"} if way == 1 else {}
        subject = f"Re: {case.reference}" if way == 2 else "Re: hello"
        yield _mail(chance, NEW + number, sender, to, subject, headers)


def _mail(
    chance: random.Random,
    number: int,
    sender: str = "",
    to: str = SUPPORT,
    subject: str = "",
    headers: dict[str, str] | None = None,
) -> tuple[bytes, str]:
    body = f"{number} " + " ".join(chance.choice(WORDS) for _ in range(chance.randint(20, 200)))
    mail = EmailMessage()
    mail["From"] = sender or f"Customer {number} <c{number}@example.org>"
    mail["To"] = to
    mail["Subject"] = subject or f"{chance.choice(WORDS).title()} größer"
    mail["Message-ID"] = f"<bench-{number}@example.org>"
    for name, value in (headers or {}).items():
        mail[name] = value
    if headers:
        body += "\n\nOn Mon, Nov 23, 2026 at 12:00, Support wrote:\n> We are on it.\n> Regards"
    mail.set_content(body)
    if number % 2:
        mail.add_alternative(f"<html><body><p>{body}</p></body></html>", subtype="html")
    if number % 10 == 0:
        content = chance.randbytes(50_000)
        mail.add_attachment(content, maintype="image", subtype="png", filename="screen.png")
    return mail.as_bytes(), to
