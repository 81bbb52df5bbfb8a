"""boto3 clients, made when first used: a function pays only for what it touches."""

from __future__ import annotations

from functools import cache
from typing import Any


class Clients:
    """Lazy clients by service name.

    Reads and conditional writes may be repeated by the SDK. Sending may not: there is no
    idempotency token, so a repeated attempt after a time-out would be a second mail
    (`total_max_attempts` 1; botocore's `max_attempts` 1 would still mean one retry).
    """

    ONCE = frozenset({"sesv2", "pinpoint-sms-voice-v2", "bedrock-runtime"})
    QUICK = frozenset({"bedrock-runtime", "comprehend"})
    """Somebody waits, and there is an answer without it: six seconds a try, two tries at most."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = _client(service, service in self.ONCE, service in self.QUICK)
        return self._made[service]


@cache
def _client(service: str, once: bool, quick: bool) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        # A third of the CPU of a mail went into checking requests that our own codec makes; the
        # tests run with the check.
        parameter_validation=service != "dynamodb",
        connect_timeout=1 if quick else 3,
        read_timeout=6 if quick else 15,
        retries={"mode": "standard", "total_max_attempts": 1 if once else 2 if quick else 4},
        s3={"addressing_style": "path"} if service == "s3" else None,
        signature_version="s3v4" if service == "s3" else None,
    )
    return boto3.client(service, config=config)
