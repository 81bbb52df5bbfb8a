"""The table, as the aggregates see it: items in and out as plain dictionaries.

A transaction is a list of named writes, so that a refused one can say which of them failed; the
flows decide by that name what it means (seen before, changed since, taken by somebody else).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.errors import Contended, CustOpsError
from chalicelib.store.codec import Item, decode_item, encode, encode_item

Key = tuple[str, str]


class WriteRefused(CustOpsError):
    """A conditional write did not hold. `names` says which; nothing was written.

    `existing` maps a name to the item that stood in its way, where that was asked for.
    """

    def __init__(self, names: Sequence[str], existing: Mapping[str, Item] | None = None) -> None:
        super().__init__(", ".join(names))
        self.names = tuple(names)
        self.existing = dict(existing or {})


@dataclass(frozen=True)
class Tally:
    """Numbers of an item that a transaction changes, whoever in it says so.

    A transaction may touch an item only once: all that is said about one item becomes one Update.
    `values` are the :values of the condition; `change` are further attributes.
    """

    name: str
    key: Key
    add: Mapping[str, int]
    change: Mapping[str, Any] = field(default_factory=dict)
    condition: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Write:
    """One action of a transaction."""

    name: str
    kind: str  # Put, Update, Delete or ConditionCheck
    body: Mapping[str, Any]
    also: tuple[Tally, ...] = ()  # numbers elsewhere that change with it


@dataclass(frozen=True)
class Page:
    """What one Query gave; `last` is the key to go on after, None at the end."""

    items: list[Item]
    last: Item | None


def put(name: str, item: Mapping[str, Any], condition: str = "", **values: Any) -> Write:
    """Write the whole item, if the condition holds. `values` are the condition's :values."""
    return Write(name, "Put", {"Item": encode_item(item), **_expression(condition, values)})


def put_new(name: str, item: Mapping[str, Any]) -> Write:
    """Write the item unless its key is taken."""
    return put(name, item, "attribute_not_exists(pk)")


def put_version(name: str, item: Mapping[str, Any], read_version: int) -> Write:
    """Write the item if it still is at the version that was read."""
    return put(name, item, "version = :read", read=read_version)


def update(name: str, key: Key, expression: str, condition: str = "", **values: Any) -> Write:
    body = {"Key": _key(key), "UpdateExpression": expression, **_expression(condition, values)}
    return Write(name, "Update", body)


def delete(name: str, key: Key, condition: str = "", **values: Any) -> Write:
    return Write(name, "Delete", {"Key": _key(key), **_expression(condition, values)})


def check(name: str, key: Key, condition: str, **values: Any) -> Write:
    body = {"Key": _key(key), **_expression(condition, values)}
    return Write(name, "ConditionCheck", body)


class Table:
    """Calls on one table. Errors other than a refused condition come as botocore raises them."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def get(self, key: Key, consistent: bool = True) -> Item | None:
        answer = self._client.get_item(
            TableName=self._name, Key=_key(key), ConsistentRead=consistent
        )
        return decode_item(answer["Item"]) if "Item" in answer else None

    def batch_get(
        self, keys: Sequence[Key], fields: Sequence[str] = (), consistent: bool = True
    ) -> dict[Key, Item]:
        """Those of the keys (any number) that exist; with `fields` only those attributes of them.

        What is only shown need not be read consistently, which costs twice as much.
        """
        found: dict[Key, Item] = {}
        wanted = list(dict.fromkeys(keys))
        names = {f"#f{number}": name for number, name in enumerate(("pk", "sk", *fields))}
        while wanted:
            part, wanted = wanted[:100], wanted[100:]
            request: dict[str, Any] = {
                "Keys": [_key(key) for key in part],
                "ConsistentRead": consistent,
            }
            if fields:
                request |= {
                    "ProjectionExpression": ", ".join(names),
                    "ExpressionAttributeNames": names,
                }
            answer = self._client.batch_get_item(RequestItems={self._name: request})
            for raw in answer.get("Responses", {}).get(self._name, []):
                item = decode_item(raw)
                found[item["pk"], item["sk"]] = item
            left = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
            wanted += [(key["pk"]["S"], key["sk"]["S"]) for key in left]
        return found

    def query(
        self,
        pk: str,
        *,
        index: str = "",
        prefix: str = "",
        between: tuple[str, str] | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        start: Mapping[str, str] | None = None,
        consistent: bool = False,
    ) -> Page:
        """One Query call. `start` is the `last` of the page before."""
        hash_name, range_name = (f"{index}pk", f"{index}sk") if index else ("pk", "sk")
        names = {"#h": hash_name}
        values = {":h": encode(pk)}
        condition = "#h = :h"
        if between:
            names["#r"] = range_name
            values |= {":a": encode(between[0]), ":b": encode(between[1])}
            condition += " AND #r BETWEEN :a AND :b"
        elif prefix:
            names["#r"] = range_name
            values[":p"] = encode(prefix)
            condition += " AND begins_with(#r, :p)"
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": not newest_first,
        }
        if index:
            request["IndexName"] = index
        elif consistent:
            request["ConsistentRead"] = True
        if limit:
            request["Limit"] = limit
        if start:
            request["ExclusiveStartKey"] = encode_item(start)
        answer = self._client.query(**request)
        items = [decode_item(raw) for raw in answer["Items"]]
        last = answer.get("LastEvaluatedKey")
        return Page(items, decode_item(last) if last else None)

    def query_all(self, pk: str, **options: Any) -> Iterator[Item]:
        """Every item of a partition, page by page."""
        start: Mapping[str, str] | None = None
        while True:
            page = self.query(pk, start=start, **options)
            yield from page.items
            if page.last is None:
                return
            start = page.last

    def commit(self, *asked: Write | Tally, token: str = "") -> None:
        """All of the writes or none; raises WriteRefused, or Contended after lost races.

        A single write needs no transaction and is sent as the plain call, at half the price.
        """
        writes = _with_tallies(asked)
        try:
            if len(writes) == 1:
                self._single(writes[0])
            else:
                self._transaction(writes, token)
        except ClientError as error:
            raise _meaning(error, writes) from error

    def batch_put(self, items: Sequence[Mapping[str, Any]]) -> None:
        """Write items without conditions, 25 a call; repeats what was not processed."""
        requests = [{"PutRequest": {"Item": encode_item(item)}} for item in items]
        while requests:
            part, requests = requests[:25], requests[25:]
            answer = self._client.batch_write_item(RequestItems={self._name: part})
            requests += answer.get("UnprocessedItems", {}).get(self._name, [])

    def _single(self, write: Write) -> None:
        body = {"TableName": self._name, **write.body}
        match write.kind:
            case "Put":
                self._client.put_item(**body)
            case "Update":
                self._client.update_item(**body)
            case "Delete":
                self._client.delete_item(**body)
            case _:
                self._client.transact_write_items(TransactItems=[{write.kind: body}])

    def _transaction(self, writes: Sequence[Write], token: str) -> None:
        actions = [{write.kind: {"TableName": self._name, **write.body}} for write in writes]
        extra = {"ClientRequestToken": token} if token else {}
        self._client.transact_write_items(TransactItems=actions, **extra)


def _with_tallies(asked: Sequence[Write | Tally]) -> list[Write]:
    """The writes, and one for each item that is tallied; none where nothing changes."""
    writes = [one for one in asked if isinstance(one, Write)]
    tallies = [tally for write in writes for tally in write.also]
    tallies += [one for one in asked if isinstance(one, Tally)]
    by_key: dict[Key, list[Tally]] = {}
    for tally in tallies:
        by_key.setdefault(tally.key, []).append(tally)
    writes += [write for same in by_key.values() if (write := _tallied(same)) is not None]
    return writes


def _tallied(same: Sequence[Tally]) -> Write | None:
    sums: dict[str, int] = {}
    values: dict[str, Any] = {}
    change: dict[str, Any] = {}
    for tally in same:
        change |= tally.change
        values |= tally.values
        for attribute, more in tally.add.items():
            sums[attribute] = sums.get(attribute, 0) + more
    condition = " AND ".join(tally.condition for tally in same if tally.condition)
    adds = {attribute: more for attribute, more in sums.items() if more}
    name, key = same[0].name, same[0].key
    if not adds and not change:
        return check(name, key, condition, **values) if condition else None
    parts = []
    for verb, sign, given in (("SET", " =", change), ("ADD", "", {**adds, "version": 1})):
        if given:
            parts.append(f"{verb} " + ", ".join(f"{a}{sign} :{a}_" for a in given))
        values |= {f"{a}_": value for a, value in given.items()}
    return update(name, key, " ".join(parts), condition, **values)


def _meaning(error: Any, writes: Sequence[Write]) -> Any:
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        return WriteRefused([writes[0].name])
    if code == "TransactionConflictException":
        return Contended(writes[0].name)
    if code != "TransactionCanceledException":
        return error
    reasons = error.response.get("CancellationReasons", [])
    refused = [
        write.name
        for write, reason in zip(writes, reasons, strict=False)
        if reason.get("Code") == "ConditionalCheckFailed"
    ]
    if refused:
        return WriteRefused(refused)
    if any(reason.get("Code") == "TransactionConflict" for reason in reasons):
        return Contended(", ".join(write.name for write in writes))
    return error


def _key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _expression(condition: str, values: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if condition:
        body["ConditionExpression"] = condition
    if values:
        body["ExpressionAttributeValues"] = {f":{k}": encode(v) for k, v in values.items()}
    return body
