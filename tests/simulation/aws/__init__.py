"""A model of AWS in memory, reached through any boto3 client.

It is the test double of unit tests and the floor on which the simulation stands.

    with memory_aws() as aws:
        client = boto3.client("dynamodb")          # no credentials, no network
        ...
        assert aws.sqs.bodies("triage") == [...]

It does what AWS does where the model goes, and says NotImplementedError where it does not go.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tests.simulation.aws.cloud import Cloud
from tests.simulation.aws.seam import Connection, DirectLine, Line, connect, disconnect

__all__ = ["ENVIRONMENT", "Cloud", "environment", "memory_aws"]

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "simulated",
    "AWS_SECRET_ACCESS_KEY": "simulated",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@contextmanager
def memory_aws(
    clock: Callable[[], float] = time.time,
    line: Line | None = None,
    *,
    validate: bool = True,
    faithful: bool = False,
) -> Iterator[Cloud]:
    """An empty AWS that every boto3 client of the process talks to inside the block.

    `clock` gives seconds since 1970; `line` may lose or delay calls; `validate` runs botocore's
    parameter validation; `faithful` lets botocore's own retry loop run (slower).
    """
    cloud = Cloud(clock)
    connection = Connection(cloud, line or DirectLine(), validate, faithful)
    with environment(ENVIRONMENT):
        connect(connection)
        try:
            yield cloud
        finally:
            disconnect(connection)


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """These variables inside the block, and afterwards what was there before."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
