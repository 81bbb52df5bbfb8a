"""Where the model meets boto3: calls of any client end here instead of at a socket.

`BaseClient._make_api_call` is replaced while at least one cloud is in use. Parameters are checked
by botocore's own validator, errors are raised as the client's own exception classes, and the SDK's
retries take place: each attempt goes over the `Line`, which may lose, delay or refuse it. Waiting
between attempts is the line's business too, so that it can happen in virtual time.

The loop here is a model of botocore's; `faithful=True` lets botocore's own loop run instead (an
attempt is then a call of `Endpoint._do_get_response`), which is five times slower. A test holds the
two against each other.
"""

from __future__ import annotations

import itertools
import threading
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import botocore.client
import botocore.endpoint
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.exceptions import HTTPClientError, ParamValidationError
from botocore.model import OperationModel
from botocore.validate import ParamValidator

from tests.simulation.aws.cloud import Cloud
from tests.simulation.aws.errors import AwsError

Answer = dict[str, Any]
TRANSIENT_STATUS = frozenset({500, 502, 503, 504})
THROTTLES = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
    "TooManyRequestsException", "ProvisionedThroughputExceededException",
    "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
    "LimitExceededException", "RequestThrottled", "SlowDown", "PriorRequestNotComplete",
    "EC2ThrottledException", "RequestTimeout", "RequestTimeoutException",
})  # fmt: skip
DEFAULT_ATTEMPTS = {"legacy": 5, "standard": 3, "adaptive": 3}
DYNAMODB_ATTEMPTS = {"legacy": 10, "standard": 4, "adaptive": 4}
MAX_BACKOFF = 20.0  # seconds


@dataclass(frozen=True)
class Call:
    """One attempt of one API call."""

    service: str
    operation: str
    request: Answer
    attempt: int


class Line(Protocol):
    """What lies between a client and the cloud."""

    def carry(self, call: Call, effect: Callable[[], Answer]) -> Answer:
        """Let the effect happen, or not, and answer, or not (raises what botocore would)."""

    def sleep(self, call: Call, most: float) -> None:
        """Wait between attempts, at most so many seconds."""


class DirectLine:
    """Nothing is lost and nothing takes time."""

    def carry(self, call: Call, effect: Callable[[], Answer]) -> Answer:
        return effect()

    def sleep(self, call: Call, most: float) -> None:
        return None


@dataclass
class Connection:
    """A cloud that clients reach at present, and how."""

    cloud: Cloud
    line: Line
    validate: bool = True
    faithful: bool = False


_connections: list[Connection] = []
_real_call = botocore.client.BaseClient._make_api_call
_real_response = botocore.endpoint.Endpoint._do_get_response
_validator = ParamValidator()
_tokens = itertools.count(1)
_pending = threading.local()


def connect(connection: Connection) -> None:
    """From now on every client talks to this cloud, until `disconnect`."""
    _connections.append(connection)
    botocore.client.BaseClient._make_api_call = _call
    botocore.endpoint.Endpoint._do_get_response = _respond
    botocore.endpoint.time = types.SimpleNamespace(sleep=_sleep)


def disconnect(connection: Connection) -> None:
    """Give the clients back to what they talked to before."""
    _connections.remove(connection)
    if not _connections:
        botocore.client.BaseClient._make_api_call = _real_call
        botocore.endpoint.Endpoint._do_get_response = _real_response
        botocore.endpoint.time = time


def _call(client: Any, operation: str, request: Answer) -> Answer:
    connection = _connections[-1]
    if connection.faithful:
        return _faithful_call(client, operation, request)
    model = client.meta.service_model.operation_model(operation)
    if connection.validate:
        report = _validator.validate(request, model.input_shape) if model.input_shape else None
        if report is not None and report.has_errors():
            raise ParamValidationError(report=report.generate_report())
    for name in _token_names(model):
        if name not in request:
            request = {**request, name: f"token-{next(_tokens)}"}
    return _attempts(connection, client, operation, request)


def _attempts(connection: Connection, client: Any, operation: str, request: Answer) -> Answer:
    service = client.meta.service_model.service_name
    mode, most = _retries(client, service)
    for attempt in itertools.count(1):
        call = Call(service, operation, request, attempt)
        try:
            answer = connection.line.carry(call, _effect(connection.cloud, call))
        except AwsError as error:
            throttled = error.code in THROTTLES
            if attempt >= most or not (throttled or error.status in TRANSIENT_STATUS):
                raise _client_error(client, error, operation, attempt) from None
        except (HTTPClientError, BotoConnectionError):
            throttled = False
            if attempt >= most:
                raise
        else:
            answer["ResponseMetadata"] = _metadata(200, attempt)
            return answer
        connection.line.sleep(call, _backoff(service, mode, attempt, throttled))
    raise AssertionError("unreachable")


def _effect(cloud: Cloud, call: Call) -> Callable[[], Answer]:
    return lambda: cloud.call(call.service, call.operation, call.request)


def _retries(client: Any, service: str) -> tuple[str, int]:
    """(mode, attempts in all) as botocore reads them from the client's configuration.

    `max_attempts` counts retries and became `total_max_attempts` - 1 when the client was made.
    """
    config = client.meta.config.retries or {}
    mode = config.get("mode", "legacy")
    default = (DYNAMODB_ATTEMPTS if service == "dynamodb" else DEFAULT_ATTEMPTS)[mode]
    return mode, int(config.get("total_max_attempts", default))


def _backoff(service: str, mode: str, attempt: int, throttled: bool) -> float:
    """The most that botocore waits after this attempt, in seconds; it draws from 0 to that."""
    if mode == "legacy":
        base = 0.05 if service == "dynamodb" else 1.0
    elif throttled:
        base = 1.0
    else:
        base = 0.025 if service == "dynamodb" else 0.05
    return min(MAX_BACKOFF, base * 2.0 ** (attempt - 1))


def _client_error(client: Any, error: AwsError, operation: str, attempt: int) -> Exception:
    kind = client.exceptions.from_code(error.code)
    raised: Exception = kind(_error_body(error, attempt), operation)
    return raised


def _error_body(error: AwsError, attempt: int) -> Answer:
    return {
        "Error": {"Code": error.code, "Message": error.message},
        "ResponseMetadata": _metadata(error.status, attempt),
        "message": error.message,
        **error.fields,
    }


def _metadata(status: int, attempt: int) -> Answer:
    return {
        "RequestId": "00000000-0000-4000-8000-000000000000",
        "HTTPStatusCode": status,
        "HTTPHeaders": {},
        "RetryAttempts": attempt - 1,
    }


@cache
def _token_names(model: OperationModel) -> tuple[str, ...]:
    return tuple(model.idempotent_members)


# The faithful way: everything of botocore but the socket.


class _NoBody:
    """What AWSResponse reads from; the parsed answer is handed over beside it."""

    def stream(self, **_: Any) -> Any:
        return iter(())


def _faithful_call(client: Any, operation: str, request: Answer) -> Answer:
    before = getattr(_pending, "call", None)
    _pending.call = (client.meta.service_model.service_name, request, 0)
    try:
        answer: Answer = _real_call(client, operation, request)
        return answer
    finally:
        _pending.call = before


def _respond(endpoint: Any, request: Any, model: OperationModel, context: Answer) -> Any:
    connection = _connections[-1]
    service, parameters, attempts = _pending.call
    call = Call(service, model.name, parameters, attempts + 1)
    _pending.call = (service, parameters, attempts + 1)
    _pending.last = call
    try:
        answer = connection.line.carry(call, _effect(connection.cloud, call))
    except AwsError as error:
        body = _error_body(error, call.attempt)
        return (AWSResponse(request.url, error.status, {}, _NoBody()), body), None
    except (HTTPClientError, BotoConnectionError) as error:
        return None, error
    answer["ResponseMetadata"] = _metadata(200, call.attempt)
    return (AWSResponse(request.url, 200, {}, _NoBody()), answer), None


def _sleep(seconds: float) -> None:
    _connections[-1].line.sleep(_pending.last, seconds)
