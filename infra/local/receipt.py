"""What SES makes of a received mail: the object in S3 and the notice about it. Pure.

Source: Amazon SES developer guide, "Contents of notifications for Amazon SES email receiving".
Two things are ours: the header `X-Local-Verdicts: spf=FAIL spam=FAIL …`, by which a test chooses
the verdicts (it is removed), and the two industry test strings for virus and spam scanners.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import formatdate, getaddresses
from typing import Any

from infra.local.spool import Envelope

PREFIX = "mail/"
CHECKS = ("spam", "virus", "spf", "dkim", "dmarc")
STATES = {"PASS", "FAIL", "GRAY", "PROCESSING_FAILED", "DISABLED"}
HEADER_LIMIT = 10 * 1024  # bytes of headers in a notice; SES cuts there and says so
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
EICAR_BASE64 = b"WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJE"
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*" + b"GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
_VERDICT_LINE = re.compile(rb"^X-Local-Verdicts:[^\n]*\n(?:[ \t][^\n]*\n)*", re.I | re.M)

Header = tuple[str, str]


def verdicts(mime: bytes) -> dict[str, str]:
    """PASS for each check unless the mail says or is otherwise."""
    found = dict.fromkeys(CHECKS, "PASS")
    if EICAR in mime or EICAR_BASE64 in mime:
        found["virus"] = "FAIL"
    if GTUBE in mime:
        found["spam"] = "FAIL"
    head, _ = split_mime(mime)
    for line in _VERDICT_LINE.findall(head):
        for pair in line.decode("ascii", "replace").split():
            name, _, state = pair.partition("=")
            if name.lower() in CHECKS and state.upper() in STATES:
                found[name.lower()] = state.upper()
    return found


def split_mime(mime: bytes) -> tuple[bytes, bytes]:
    """The header block with its last line end, and the rest. A mail may have no body."""
    found = re.search(rb"\r?\n\r?\n", mime)
    if found is None:
        return (mime if mime.endswith(b"\n") else mime + b"\r\n"), b""
    first = mime.index(b"\n", found.start()) + 1
    return mime[:first], mime[first:]


def stored_mime(mime: bytes, envelope: Envelope) -> bytes:
    """The object that SES writes: the mail as it came, under the headers that SES adds."""
    head, rest = split_mime(mime)
    result = verdicts(mime)
    to = envelope.recipients[0] if envelope.recipients else ""
    added = [
        f"Return-Path: <{envelope.sender}>",
        f"Received: from client ([{envelope.client or '127.0.0.1'}])"
        f" by inbound-smtp.us-east-1.amazonaws.com with SMTP id {envelope.id}"
        f" for {to}; {formatdate(envelope.received_at)}",
        f"X-SES-Spam-Verdict: {result['spam']}",
        f"X-SES-Virus-Verdict: {result['virus']}",
        "Authentication-Results: amazonses.com;"
        + "".join(f" {name}={result[name].lower()};" for name in ("spf", "dkim", "dmarc")),
    ]
    top = "".join(f"{line}\r\n" for line in added).encode("utf-8", "surrogateescape")
    return top + _VERDICT_LINE.sub(b"", head) + rest


def notice(mime: bytes, envelope: Envelope, *, bucket: str, topic: str, handled_at: float) -> str:
    """The message that SES publishes for an S3 action. `mime` is what was received."""
    clean, _ = split_mime(mime)
    headers = header_list(_VERDICT_LINE.sub(b"", clean))
    kept, truncated = _within_limit(headers)
    result = verdicts(mime)
    body = {
        "notificationType": "Received",
        "mail": {
            "timestamp": _iso(envelope.received_at),
            "source": envelope.sender,
            "messageId": envelope.id,
            "destination": list(envelope.recipients),
            "headersTruncated": truncated,
            "headers": [{"name": name, "value": value} for name, value in kept],
            "commonHeaders": common_headers(kept, envelope.sender),
        },
        "receipt": {
            "timestamp": _iso(envelope.received_at),
            "processingTimeMillis": max(1, round((handled_at - envelope.received_at) * 1000)),
            "recipients": list(envelope.recipients),
            **{f"{check}Verdict": {"status": result[check]} for check in CHECKS},
            "action": {
                "type": "S3",
                "topicArn": topic,
                "bucketName": bucket,
                "objectKeyPrefix": PREFIX,
                "objectKey": PREFIX + envelope.id,
            },
        },
    }
    return json.dumps(body, ensure_ascii=False)


def header_list(head: bytes) -> list[Header]:
    """Unfolded headers in their order; lines that are none are skipped. Never raises."""
    found: list[Header] = []
    for line in head.decode("utf-8", "replace").splitlines():
        if line[:1] in (" ", "\t") and found:
            name, value = found[-1]
            found[-1] = (name, f"{value} {line.strip()}".strip())
            continue
        name, colon, value = line.partition(":")
        if colon and re.fullmatch(r"[!-9;-~]+", name.strip()):
            found.append((name.strip(), value.strip()))
    return found


def common_headers(headers: list[Header], sender: str = "") -> dict[str, Any]:
    """The few headers that SES repeats by name, decoded; absent ones are left out."""
    common: dict[str, Any] = {"returnPath": sender} if sender else {}
    for name, value in headers:
        lower = name.lower()
        if lower in {"from", "to", "cc", "bcc", "reply-to"}:
            key = "replyTo" if lower == "reply-to" else lower
            common.setdefault(key, _addresses(value))
        elif lower in {"subject", "date"}:
            common.setdefault(lower, decoded(value))
        elif lower == "message-id":
            common.setdefault("messageId", value)
    return common


def decoded(value: str) -> str:
    """A header's text with RFC 2047 words decoded; the raw text where that fails."""
    try:
        return str(make_header(decode_header(value)))
    except (ValueError, LookupError):
        return value


def _addresses(value: str) -> list[str]:
    pairs = getaddresses([value])
    return [f"{decoded(name)} <{box}>" if name else box for name, box in pairs if box]


def _within_limit(headers: list[Header]) -> tuple[list[Header], bool]:
    size = 0
    for count, (name, value) in enumerate(headers):
        size += len(name.encode()) + len(value.encode()) + 4
        if size > HEADER_LIMIT:
            return headers[:count], True
    return headers, False


def _iso(moment: float) -> str:
    at = datetime.fromtimestamp(moment, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
