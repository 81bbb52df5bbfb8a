"""Logs and metrics. No personal data: ids, references, counts and states, never words of a person.

A line of the log carries what links it to the others of the same story: `correlation_id` is the
message's id on its way in and out, `case` the case's reference or id.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit


@cache
def logger() -> Logger:
    """This process's logger, made when first used: it reads the environment."""
    return Logger(service="custops", utc=True)


@cache
def metrics() -> Metrics:
    return Metrics(namespace="CustOps", service="custops")


@contextmanager
def correlated(**keys: Any) -> Iterator[Logger]:
    """Lines written inside carry these keys."""
    log = logger()
    log.append_keys(**keys)
    try:
        yield log
    finally:
        log.remove_keys(list(keys))


def described(error: BaseException) -> dict[str, Any]:
    """An error for the log: its type and place, but not its words, which may quote people."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames[-8:]]
    return {"error": type(error).__name__, "where": where}


def count(name: str, value: float = 1) -> None:
    """One of the few numbers that an operator watches; README lists them."""
    metrics().add_metric(name=name, unit=MetricUnit.Count, value=value)


def flush() -> None:
    """Write the metrics of this invocation (embedded metric format), where there are any."""
    if metrics().metric_set:
        metrics().flush_metrics()
