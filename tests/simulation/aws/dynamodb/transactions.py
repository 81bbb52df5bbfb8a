"""TransactWriteItems: all or nothing, with the reasons of a refusal and the client token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.simulation.aws.dynamodb.tables import Table
from tests.simulation.aws.dynamodb.values import MAX_ITEM_BYTES, item_bytes
from tests.simulation.aws.dynamodb.writes import Planned, Request, key_of, plan
from tests.simulation.aws.errors import AwsError, invalid

MAX_ACTIONS = 100
MAX_BYTES = 4 * 1024 * 1024
TOKEN_SECONDS = 600.0


class Transactions:
    """Remembers client tokens for ten minutes, as AWS does."""

    def __init__(self, clock: Callable[[], float], table: Callable[[str], Table]) -> None:
        self._clock = clock
        self._table = table
        self._tokens: dict[str, tuple[float, str]] = {}

    def write(self, request: Request) -> Request:
        actions = [_action(one) for one in request["TransactItems"]]
        if len(actions) > MAX_ACTIONS:
            raise invalid(
                "1 validation error detected: Value at 'transactItems' failed to satisfy "
                "constraint: Member must have length less than or equal to 100"
            )
        token = request.get("ClientRequestToken")
        digest = repr(request["TransactItems"])
        if token and self._seen(token, digest):
            return {}
        self._distinct(actions)
        planned = self._plan(actions)
        if len(planned) * MAX_ITEM_BYTES > MAX_BYTES < _bytes(planned):
            raise invalid(
                "Member must have length less than or equal to 4194304: "
                "Transaction request is too large"
            )
        for one in planned:
            one.table.commit(one.key, one.new)
        if token:
            self._tokens[token] = (self._clock(), digest)
        return {}

    def _seen(self, token: str, digest: str) -> bool:
        at, before = self._tokens.get(token, (0.0, ""))
        if not before or self._clock() - at > TOKEN_SECONDS:
            return False
        if before != digest:
            raise AwsError(
                "IdempotentParameterMismatchException",
                "The request uses the same client token as a previous, but non-identical request.",
            )
        return True

    def _distinct(self, actions: list[tuple[str, Request]]) -> None:
        seen = set()
        for kind, body in actions:
            table = self._table(body["TableName"])
            place = (table.name, key_of(table, kind, body))
            if place in seen:
                raise invalid("Transaction request cannot include multiple operations on one item")
            seen.add(place)

    def _plan(self, actions: list[tuple[str, Request]]) -> list[Planned]:
        planned: list[Planned] = []
        reasons: list[dict[str, Any]] = []
        for kind, body in actions:
            try:
                planned.append(plan(self._table(body["TableName"]), kind, body))
                reasons.append({"Code": "None"})
            except AwsError as error:
                reasons.append(_reason(error))
        codes = [reason["Code"] for reason in reasons]
        if any(code != "None" for code in codes):
            raise cancelled(reasons)
        return planned


def _bytes(planned: list[Planned]) -> int:
    return sum(item_bytes(one.new) for one in planned if one.new)


def cancelled(reasons: list[dict[str, Any]]) -> AwsError:
    """The refusal of a transaction, with a reason for each action in order."""
    codes = ", ".join(reason["Code"] for reason in reasons)
    return AwsError(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        fields={"CancellationReasons": reasons},
    )


def _action(one: Request) -> tuple[str, Request]:
    if len(one) != 1:
        raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
    ((kind, body),) = one.items()
    return kind, body


def _reason(error: AwsError) -> dict[str, Any]:
    """How an action's own failure is told. What the request alone shows to be wrong is raised."""
    if error.code == "ConditionalCheckFailedException":
        return {"Code": "ConditionalCheckFailed", "Message": error.message, **error.fields}
    if error.code == "ValidationException" and error.message.startswith(_RUN_TIME):
        return {"Code": "ValidationError", "Message": error.message}
    raise error


_RUN_TIME = (
    "An operand in the update expression",
    "The document path provided in the update",
    "The provided expression refers to an attribute that does not exist",
    "Item size has exceeded",
    "One or more parameter values were invalid: Type mismatch for Index Key",
)
