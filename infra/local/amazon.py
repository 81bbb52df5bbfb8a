"""The doors' own calls to the embedded AWS: put an object, publish messages.

boto3 blocks, so calls run on a small pool of threads. Retries are left to the callers, who keep
what they have until a call succeeded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

REGION = "us-east-1"
ACCOUNT = "000000000000"
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
THREADS = 8


class CloudDown(Exception):
    """The embedded AWS did not take the call; try again later."""


class Amazon(Protocol):
    """What the doors need of the AWS that carries the application."""

    async def put_object(self, bucket: str, key: str, body: bytes) -> None:
        """Store an object; raises CloudDown."""

    async def publish(self, topic: str, messages: Sequence[str]) -> list[bool]:
        """Publish up to 10 messages; says for each whether it was taken. Raises CloudDown."""


class Boto3Amazon:
    """The embedded AWS at `endpoint`."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="amazon")
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A boto3 client, made once. Safe to share between threads."""
        if service not in self._clients:
            self._clients[service] = make_client(service, self._endpoint)
        return self._clients[service]

    async def put_object(self, bucket: str, key: str, body: bytes) -> None:
        await self.call("s3", "put_object", Bucket=bucket, Key=key, Body=body)

    async def publish(self, topic: str, messages: Sequence[str]) -> list[bool]:
        entries = [{"Id": str(i), "Message": text} for i, text in enumerate(messages)]
        answer = await self.call(
            "sns", "publish_batch", TopicArn=topic, PublishBatchRequestEntries=entries
        )
        taken = {entry["Id"] for entry in answer.get("Successful", [])}
        return [str(i) in taken for i in range(len(messages))]

    async def call(self, service: str, method: str, **arguments: Any) -> Any:
        """Call a client's method on the pool; raises CloudDown for whatever goes wrong."""
        from botocore.exceptions import BotoCoreError, ClientError

        def run() -> Any:
            return getattr(self.client(service), method)(**arguments)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, run)
        except (BotoCoreError, ClientError) as error:
            raise CloudDown(f"{service} {method}: {type(error).__name__}") from error

    def close(self) -> None:
        """Wait for calls under way."""
        self._pool.shutdown(wait=True)


def make_client(service: str, endpoint: str, **options: Any) -> Any:
    """A boto3 client of an AWS on this machine, without retries of its own."""
    import boto3
    from botocore.config import Config

    settings = {
        "retries": {"total_max_attempts": 1},
        "connect_timeout": 2,
        "read_timeout": 30,
        "max_pool_connections": THREADS + 2,
        "ignore_configured_endpoint_urls": True,
        "s3": {"addressing_style": "path"},
        **options,
    }
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        config=Config(**settings),
        **CREDENTIALS,
    )
