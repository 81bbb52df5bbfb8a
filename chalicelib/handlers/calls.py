"""A telephone call: Amazon Connect's contact flow asks who it is (invoked by Connect itself)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chalice import Blueprint

from chalicelib import bootstrap
from chalicelib.flows.calls import ERROR
from chalicelib.observability import count, described, flush, logger

events = Blueprint(__name__)
PATIENCE = 4.0  # seconds; Connect itself waits for eight at most


@events.lambda_function()
def answer_call(event: Any, context: Any) -> dict[str, str]:
    """Say who is calling. Whatever goes wrong, the call goes on."""
    answer = within(PATIENCE, lambda: bootstrap.get().calls.answer(event))
    count("CallsAnswered")
    logger().info("call", extra={"known": answer["known"], "open": answer["open_cases"]})
    flush()
    return answer


def within(seconds: float, work: Callable[[], dict[str, str]]) -> dict[str, str]:
    """What the work answers, or ERROR when it fails or takes longer. Never raises."""
    worker = ThreadPoolExecutor(1)
    try:
        return worker.submit(work).result(seconds)
    except Exception as error:  # a caller must not hear that we have a bug
        logger().error("the caller could not be looked up", extra=described(error))
        return ERROR
    finally:
        worker.shutdown(wait=False, cancel_futures=True)
