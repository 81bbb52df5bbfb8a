"""A telephone call: Amazon Connect's contact flow asks who it is (invoked by Connect itself)."""

from __future__ import annotations

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
    worker = ThreadPoolExecutor(1)
    try:
        asked = worker.submit(lambda: bootstrap.get().calls.answer(event))
        answer: dict[str, str] = asked.result(PATIENCE)
    except Exception as error:  # a caller must not hear that we have a bug
        logger().error("the caller could not be looked up", extra=described(error))
        answer = ERROR
    finally:
        worker.shutdown(wait=False, cancel_futures=True)
    count("CallsAnswered")
    logger().info("call", extra={"known": answer["known"], "open": answer["open_cases"]})
    flush()
    return answer
