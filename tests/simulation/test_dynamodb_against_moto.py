"""The model of DynamoDB held against moto: the same calls, the same answers and refusals.

Where moto is known to be wrong, the generator keeps away from the case:
- UpdateItem that only removes does not create a missing item on AWS; moto creates it.
- size() of a missing attribute raises a bare ValueError in moto.
- A predicate whose operand has the wrong type in the item is false on AWS; moto raises TypeError
  for < between a text and a number, so that n is always a number and status always a text.
- An update that the item does not allow is on AWS a reason (ValidationError) of a cancelled
  transaction; moto raises a ValidationException. Both are taken as a refusal.
- moto gives LastEvaluatedKey only if more follows, AWS whenever Limit was reached: pages are
  walked to their end and compared whole.
"""

from __future__ import annotations

import re
from typing import Any

import boto3
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from tests.simulation.aws import memory_aws

TABLE: dict[str, Any] = {
    "TableName": "house",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "gpk", "gsk")
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_state",
            "KeySchema": [
                {"AttributeName": "gpk", "KeyType": "HASH"},
                {"AttributeName": "gsk", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
REFUSALS = ("TransactionCanceledException", "ValidationException")
Operation = tuple[str, dict[str, Any]]

texts = st.sampled_from(["", "q", "qs", "s"]).map(lambda text: {"S": text})
numbers = st.integers(-2, 3).map(lambda number: {"N": str(number)})
tags = st.sets(st.sampled_from("abc"), min_size=1).map(lambda found: {"SS": sorted(found)})
keys = st.builds(
    lambda pk, sk: {"pk": {"S": pk}, "sk": {"S": sk}},
    st.sampled_from("ab"),
    st.sampled_from(["x", "xy", "z"]),
)
attributes = st.fixed_dictionaries(
    {},
    optional={
        "status": texts,
        "n": numbers,
        "tags": tags,
        "l": st.lists(texts, max_size=2).map(lambda members: {"L": members}),
        "m": st.fixed_dictionaries({}, optional={"a": numbers, "b": texts}).map(
            lambda members: {"M": members}
        ),
        "gpk": st.just({"S": "OPEN"}),
        "gsk": st.sampled_from("12").map(lambda text: {"S": text}),
    },
)
predicates = st.sampled_from(
    [
        "attribute_exists(pk)",
        "attribute_not_exists(pk)",
        "attribute_not_exists(#s)",
        "attribute_exists(m.a)",
        "attribute_type(n, :kind)",
        "#s = :f",
        "#s <> :f",
        "n < :n",
        "n >= :n",
        "n BETWEEN :low AND :high",
        "m.a = :n",
        "l[0] = :f",
        "tags = :tags",
        "#s IN (:f, :t)",
        "begins_with(#s, :p)",
        "contains(#s, :p)",
        "contains(tags, :tag)",
        "contains(l, :f)",
        "attribute_exists(#s) AND size(#s) > :n",
        "attribute_exists(tags) AND size(tags) >= :n",
    ]
)
conditions = st.recursive(
    predicates,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(
            lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
        )
        | st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(
            lambda parts: f"{parts[0]} {parts[1]} {parts[2]}"
        )
        | inner.map(lambda one: f"NOT ({one})")
    ),
    max_leaves=4,
)
updates = st.sampled_from(
    [
        "SET #s = :t",
        "SET n = :n",
        "SET n = n + :n",
        "SET n = :n - n",
        "SET n = if_not_exists(n, :low) + :n",
        "SET l = list_append(if_not_exists(l, :l), :l)",
        "SET l[0] = :t",
        "SET l[7] = :t",
        "SET m.a = :n",
        "SET m = :m, #s = :t",
        "SET twin = #s",
        "ADD n :n",
        "ADD tags :tags",
        "SET #s = :t DELETE tags :tags",
        "SET #s = :t REMOVE n",
        "SET #s = :t REMOVE l[0]",
        "SET #s = :t REMOVE m.a, n",
        "SET #s = :t ADD n :n",
        "SET gpk = :open, gsk = :one",
        "SET #s = :t REMOVE gpk",
    ]
)
VALUES = {
    ":f": texts,
    ":t": texts,
    ":p": st.sampled_from("qs").map(lambda text: {"S": text}),
    ":n": numbers,
    ":low": st.just({"N": "-1"}),
    ":high": st.just({"N": "1"}),
    ":kind": st.sampled_from(["N", "S"]).map(lambda kind: {"S": kind}),
    ":tag": st.sampled_from("abc").map(lambda tag: {"S": tag}),
    ":tags": tags,
    ":l": texts.map(lambda text: {"L": [text]}),
    ":m": numbers.map(lambda number: {"M": {"a": number}}),
    ":open": st.just({"S": "OPEN"}),
    ":one": st.just({"S": "1"}),
    ":pk": st.sampled_from("ab").map(lambda text: {"S": text}),
    ":x": st.just({"S": "x"}),
    ":y": st.just({"S": "xz"}),
}


@st.composite
def bindings(draw: st.DrawFn, *expressions: str | None) -> dict[str, Any]:
    """The names and values that the expressions use, and no others."""
    used = set(re.findall(r"[#:]\w+", " ".join(one for one in expressions if one)))
    found: dict[str, Any] = {}
    if "#s" in used:
        found["ExpressionAttributeNames"] = {"#s": "status"}
    values = {name: draw(VALUES[name]) for name in sorted(used) if name[0] == ":"}
    if values:
        found["ExpressionAttributeValues"] = values
    return found


@st.composite
def writes(draw: st.DrawFn, kinds: tuple[str, ...] = ("Put", "Update", "Delete")) -> Operation:
    kind = draw(st.sampled_from(kinds))
    condition = draw(conditions if kind == "ConditionCheck" else st.none() | conditions)
    update = draw(updates) if kind == "Update" else None
    request = {"TableName": "house", **draw(bindings(condition, update))}
    key = draw(keys)
    if kind == "Put":
        request["Item"] = {**key, **draw(attributes)}
    else:
        request["Key"] = key
    if update:
        request["UpdateExpression"] = update
    if condition:
        request["ConditionExpression"] = condition
        if draw(st.booleans()):
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return kind, request


@st.composite
def single_writes(draw: st.DrawFn) -> Operation:
    kind, request = draw(writes())
    if draw(st.booleans()):
        allowed = ["ALL_OLD", "ALL_NEW"] if kind == "Update" else ["ALL_OLD"]
        request["ReturnValues"] = draw(st.sampled_from(allowed))
    return {"Put": "put_item", "Update": "update_item", "Delete": "delete_item"}[kind], request


transactions = st.lists(
    writes(("Put", "Update", "Delete", "ConditionCheck")), min_size=1, max_size=3
).map(
    lambda actions: (
        "transact_write_items",
        {"TransactItems": [{kind: request} for kind, request in actions]},
    )
)


@st.composite
def reads(draw: st.DrawFn) -> Operation:
    kind = draw(st.sampled_from(["get_item", "query", "index", "batch_get_item"]))
    if kind == "get_item":
        return kind, {"TableName": "house", "Key": draw(keys)}
    if kind == "batch_get_item":
        wanted = draw(st.lists(keys, min_size=1, max_size=3, unique_by=str))
        return kind, {"RequestItems": {"house": {"Keys": wanted}}}
    if kind == "index":
        condition = draw(st.sampled_from(["gpk = :open", "gpk = :open AND gsk > :one"]))
        own, extra = {"IndexName": "by_state"}, draw(st.none() | st.just("attribute_exists(n)"))
    else:
        condition = draw(
            st.sampled_from(
                [
                    "pk = :pk",
                    "pk = :pk AND begins_with(sk, :x)",
                    "pk = :pk AND sk > :x",
                    "pk = :pk AND sk <= :x",
                    "pk = :pk AND sk BETWEEN :x AND :y",
                ]
            )
        )
        own, extra = {}, draw(st.none() | predicates.filter(lambda text: "pk" not in text))
    request: dict[str, Any] = {
        "TableName": "house",
        "KeyConditionExpression": condition,
        **own,
        **draw(bindings(condition, extra)),
    }
    if extra:
        request["FilterExpression"] = extra
    if draw(st.booleans()):
        request["Limit"] = draw(st.integers(1, 2))
    request["ScanIndexForward"] = draw(st.booleans())
    return "query", request


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(single_writes() | single_writes() | transactions | reads(), max_size=14))
def test_the_model_of_dynamodb_answers_as_moto_does(operations: list[Operation]) -> None:
    with memory_aws():
        ours = _played(operations)
    with mock_aws():
        theirs = _played(operations)
    for operation, one, other in zip(operations, ours, theirs, strict=False):
        if _refused_at_run_time(one) and isinstance(other, tuple) and other[0] in REFUSALS:
            continue
        assert one == other, (operation, "model", one, "moto", other)
    assert ours[-1] == theirs[-1]


def _refused_at_run_time(answer: Any) -> bool:
    return (
        isinstance(answer, tuple)
        and answer[0] == REFUSALS[0]
        and any(code == "ValidationError" for code, _ in answer[1])
    )


def _played(operations: list[Operation]) -> list[Any]:
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    answers = [_answer(client, name, request) for name, request in operations]
    return [*answers, _sorted(client.scan(TableName="house")["Items"])]


def _answer(client: Any, name: str, request: dict[str, Any]) -> Any:
    try:
        if name == "query":
            found = _walked(client, request)
            # Items of an index with equal sort keys come in no particular order.
            return _sorted(found) if "IndexName" in request else _canonical(found)
        answer = getattr(client, name)(**request)
    except ClientError as error:
        reasons = error.response.get("CancellationReasons", [])
        return (
            error.response["Error"]["Code"],
            [(one["Code"], _canonical(one.get("Item"))) for one in reasons],
            _canonical(error.response.get("Item")),
        )
    if name == "batch_get_item":
        return _sorted(answer["Responses"].get("house", []))
    return _canonical(answer.get("Item")), _canonical(answer.get("Attributes") or None)


def _walked(client: Any, request: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    start: dict[str, Any] = {}
    while True:
        page = client.query(**request, **start)
        found += page["Items"]
        if "LastEvaluatedKey" not in page:
            return found
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _sorted(items: list[Any]) -> list[Any]:
    return sorted((_canonical(item) for item in items), key=repr)


def _canonical(value: Any) -> Any:
    """The same with the members of sets and the names of maps in order."""
    if isinstance(value, dict):
        if set(value) <= {"SS", "NS"} and value:
            return {kind: sorted(members) for kind, members in value.items()}
        return {name: _canonical(value[name]) for name in sorted(value)}
    return [_canonical(one) for one in value] if isinstance(value, list) else value
