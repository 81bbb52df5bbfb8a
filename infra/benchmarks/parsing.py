"""CPU milliseconds of one mail: our parser beside the standard library's, on the same mails."""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from chalicelib.channels.mail import parse_mail

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
MAILS = 300


def rows() -> Iterator[tuple[str, str, str, str]]:
    mails = mixed(MAILS)
    floor = milliseconds(standard, mails)
    ours = milliseconds(_ours, mails)
    yield (
        "a mixed mail, parsed (10 % with 50 KB attached)",
        f"{ours:.2f} ms",
        f"{floor:.2f} ms",
        f"{ours / floor:.2f}",
    )


def mixed(count: int) -> list[bytes]:
    """New mails and replies, plain and HTML, a tenth with an attachment of 50 KB."""
    chance = random.Random(1)
    return [_mail(number, chance) for number in range(count)]


def _mail(number: int, chance: random.Random) -> bytes:
    words = [
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
    ]
    body = " ".join(chance.choice(words) for _ in range(chance.randint(20, 200)))
    mail = EmailMessage()
    mail["From"] = f"Customer {number} <c{number}@example.org>"
    mail["To"] = "support@example.com"
    mail["Subject"] = f"{chance.choice(words).title()} größer {number}"
    mail["Message-ID"] = f"<{number}@example.org>"
    if number % 3 == 0:
        mail["In-Reply-To"] = f"<{number - 1}@example.com>"
        body += f"\n\nOn Mon, Nov 23, 2026 at 12:00, Support wrote:\n> {body}\n> Regards"
    mail.set_content(body)
    if number % 2:
        mail.add_alternative(f"<html><body><p>{body}</p></body></html>", subtype="html")
    if number % 10 == 0:
        content = base64.b64decode(base64.b64encode(chance.randbytes(50_000)))
        mail.add_attachment(content, maintype="image", subtype="png", filename="screen.png")
    return mail.as_bytes()


def standard(raw: bytes) -> None:
    """What a program does with the standard library: parse, read the headers, decode the parts."""
    message = message_from_bytes(raw, policy=policy.default)
    for header in ("from", "to", "cc", "subject", "message-id", "references", "date"):
        str(message[header])
    for part in message.walk():
        if not part.is_multipart():
            part.get_content()


def _ours(raw: bytes) -> None:
    parse_mail(raw, received_at=AT, own_addresses=frozenset({"support@example.com"}))


def milliseconds(work: Callable[[bytes], None], mails: Sequence[bytes]) -> float:
    """CPU milliseconds a mail, the best of three rounds."""
    work(mails[0])
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        for raw in mails:
            work(raw)
        best = min(best, time.process_time() - start)
    return best / len(mails) * 1000
