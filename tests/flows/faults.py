"""One call of AWS goes wrong: the process dies before or after it, it is throttled, or its answer
is lost although it took effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError


class Death(BaseException):
    """The process is gone; no handler may catch this."""


class Faults:
    """Counts calls and lets one of them go wrong."""

    def __init__(self, at: int = -1, how: str = "") -> None:
        self.at, self.how = at, how
        self.count = 0
        self.names: list[str] = []

    def call(self, name: str, effect: Callable[[], Any]) -> Any:
        number, self.count = self.count, self.count + 1
        self.names.append(name)
        if number != self.at:
            return effect()
        if self.how == "dies before":
            raise Death
        if self.how == "throttled":
            answer = {
                "Error": {"Code": "ThrottlingException", "Message": "slow down"},
                "ResponseMetadata": {"HTTPStatusCode": 400},
            }
            raise ClientError(answer, name)
        effect()
        if self.how == "dies after":
            raise Death
        raise ReadTimeoutError(endpoint_url="https://aws.example.com")


class FaultyClient:
    def __init__(self, client: Any, service: str, faults: Faults) -> None:
        self._client, self._service, self._faults = client, service, faults

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name in ("exceptions", "meta"):
            return found
        label = f"{self._service}.{name}"
        return lambda **given: self._faults.call(label, lambda: found(**given))


class FaultyClients:
    """The clients that the functions get; the harness keeps its own."""

    def __init__(self, clients: Any, faults: Faults) -> None:
        self._clients, self._faults = clients, faults

    def __getitem__(self, service: str) -> Any:
        return FaultyClient(self._clients[service], service, self._faults)
