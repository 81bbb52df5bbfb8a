"""What the sending services' answers mean.

Three kinds, because the caller does three things: refused (never again), throttled (later), and
unknown (it may have gone out: wait for the provider's own event before trying again).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, EndpointConnectionError

from chalicelib.errors import SendRefused, SendThrottled, SendUnknown

THROTTLED = frozenset(
    {
        "TooManyRequestsException",
        "LimitExceededException",
        "ThrottlingException",
        "Throttling",
        "SendingPausedException",
        "RequestLimitExceeded",
        "ServiceQuotaExceededException",
    }
)


@contextmanager
def meaning() -> Iterator[None]:
    """Turn botocore's errors of one send into SendRefused, SendThrottled or SendUnknown."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in THROTTLED or status == 429:
            raise SendThrottled(code) from error
        if 400 <= status < 500:
            raise SendRefused(f"{code}: {error.response['Error'].get('Message', '')}") from error
        raise SendUnknown(code) from error
    except EndpointConnectionError as error:
        raise SendThrottled("the service could not be reached") from error
    except (ConnectionError, BotoCoreError) as error:
        raise SendUnknown(type(error).__name__) from error
