"""DynamoDB: the operations, each a method that takes a request and returns the answer."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.aws.dynamodb import queries
from tests.simulation.aws.dynamodb.binding import Bindings, Place, find, projected
from tests.simulation.aws.dynamodb.syntax import parse_projection
from tests.simulation.aws.dynamodb.tables import Index, Schema, Table
from tests.simulation.aws.dynamodb.transactions import Transactions
from tests.simulation.aws.dynamodb.values import Item, copied_item
from tests.simulation.aws.dynamodb.writes import Planned, Request, plan
from tests.simulation.aws.errors import AwsError, invalid, missing

MAX_BATCH_GET = 100
MAX_BATCH_WRITE = 25


class DynamoDB:
    """All tables of the account."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.tables: dict[str, Table] = {}
        self.transactions = Transactions(clock, self.table)

    def table(self, name: str) -> Table:
        if name.startswith("arn:"):
            name = name.rsplit("/", 1)[1]
        try:
            return self.tables[name]
        except KeyError:
            raise missing(f"Table: {name} not found") from None

    def create_table(self, request: Request) -> Request:
        name = request["TableName"]
        if name in self.tables:
            raise AwsError("ResourceInUseException", f"Table already exists: {name}")
        kinds = {a["AttributeName"]: a["AttributeType"] for a in request["AttributeDefinitions"]}
        indexes = [
            Index(one["IndexName"], _schema(one["KeySchema"]))
            for one in request.get("GlobalSecondaryIndexes", [])
        ]
        self.tables[name] = Table(
            name,
            _schema(request["KeySchema"]),
            indexes,
            kinds,
            streams=bool(request.get("StreamSpecification", {}).get("StreamEnabled")),
            clock=self.clock,
        )
        return {"TableDescription": self.describe_table(request)["Table"]}

    def describe_table(self, request: Request) -> Request:
        table = self.table(request["TableName"])
        arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{table.name}"
        description = {
            "TableName": table.name,
            "TableStatus": "ACTIVE",
            "TableArn": arn,
            "ItemCount": len(table.items),
            "KeySchema": _key_schema(table.schema),
            "GlobalSecondaryIndexes": [
                {"IndexName": i.name, "KeySchema": _key_schema(i.schema), "IndexStatus": "ACTIVE"}
                for i in table.indexes.values()
            ],
        }
        if table.streams:
            description["LatestStreamArn"] = f"{arn}/stream/2026-01-01T00:00:00.000"
        return {"Table": description}

    def update_time_to_live(self, request: Request) -> Request:
        wanted = request["TimeToLiveSpecification"]
        table = self.table(request["TableName"])
        table.expiry_attribute = wanted["AttributeName"] if wanted["Enabled"] else None
        return {"TimeToLiveSpecification": wanted}

    def get_item(self, request: Request) -> Request:
        table = self.table(request["TableName"])
        bindings = Bindings(request)
        places = _projection(request, bindings)
        bindings.close()
        item = table.items.get(table.key_of_request(request["Key"]))
        return {} if item is None else {"Item": _shown(item, places)}

    def batch_get_item(self, request: Request) -> Request:
        wanted = request["RequestItems"]
        if sum(len(one["Keys"]) for one in wanted.values()) > MAX_BATCH_GET:
            raise invalid("Too many items requested for the BatchGetItem call")
        answers: dict[str, list[Item]] = {}
        for name, one in wanted.items():
            table = self.table(name)
            bindings = Bindings(one)
            places = _projection(one, bindings)
            bindings.close()
            keys = [table.key_of_request(key) for key in one["Keys"]]
            if len(set(keys)) < len(keys):
                raise invalid("Provided list of item keys contains duplicates")
            answers[name] = [_shown(table.items[k], places) for k in keys if k in table.items]
        return {"Responses": answers, "UnprocessedKeys": {}}

    def put_item(self, request: Request) -> Request:
        return self._write("Put", request)

    def update_item(self, request: Request) -> Request:
        return self._write("Update", request)

    def delete_item(self, request: Request) -> Request:
        return self._write("Delete", request)

    def batch_write_item(self, request: Request) -> Request:
        wanted = request["RequestItems"]
        if not 0 < sum(len(one) for one in wanted.values()) <= MAX_BATCH_WRITE:
            raise invalid(
                "1 validation error detected: Value at 'requestItems' failed to satisfy "
                "constraint: Map value must satisfy constraint: [Member must have length "
                "less than or equal to 25, Member must have length greater than or equal "
                "to 1]"
            )
        planned: list[Planned] = []
        for name, actions in wanted.items():
            for action in actions:
                ((kind, body),) = action.items()
                write = {"PutRequest": "Put", "DeleteRequest": "Delete"}[kind]
                planned.append(plan(self.table(name), write, body))
        if len({(one.table.name, one.key) for one in planned}) < len(planned):
            raise invalid("Provided list of item keys contains duplicates")
        for one in planned:
            one.table.commit(one.key, one.new)
        return {"UnprocessedItems": {}}

    def transact_write_items(self, request: Request) -> Request:
        return self.transactions.write(request)

    def transact_get_items(self, request: Request) -> Request:
        answers: list[Request] = []
        for action in request["TransactItems"]:
            answers.append(self.get_item(action["Get"]))
        return {"Responses": answers}

    def query(self, request: Request) -> Request:
        return queries.query(self.table(request["TableName"]), request)

    def scan(self, request: Request) -> Request:
        return queries.scan(self.table(request["TableName"]), request)

    def _write(self, kind: str, request: Request) -> Request:
        table = self.table(request["TableName"])
        wanted = request.get("ReturnValues", "NONE")
        if kind != "Update" and wanted not in ("NONE", "ALL_OLD"):
            raise invalid("Return values set to invalid value")
        planned = plan(table, kind, request)
        table.commit(planned.key, planned.new)
        returned = _returned(wanted, planned)
        return {} if returned is None else {"Attributes": copied_item(returned)}


def _returned(wanted: str, planned: Planned) -> Item | None:
    """The attributes that ReturnValues asks for; None where the answer has none."""
    if wanted == "ALL_OLD":
        return planned.old
    if wanted == "ALL_NEW":
        return planned.new
    if wanted in ("UPDATED_OLD", "UPDATED_NEW"):
        source = planned.old if wanted == "UPDATED_OLD" else planned.new
        places = [place for place in planned.touched if source and find(source, place)]
        return projected(source, places) if source and places else None
    return None


def _shown(item: Item, places: list[Place] | None) -> Item:
    return copied_item(item if places is None else projected(item, places))


def _projection(request: Request, bindings: Bindings) -> list[Place] | None:
    text = request.get("ProjectionExpression")
    if text is None:
        return None
    parsed = parse_projection(text)
    bindings.use(parsed, "ProjectionExpression")
    return [bindings.place(path) for path in parsed.tree]


def _schema(elements: list[dict[str, str]]) -> Schema:
    names = {one["KeyType"]: one["AttributeName"] for one in elements}
    return Schema(names["HASH"], names.get("RANGE"))


def _key_schema(schema: Schema) -> list[dict[str, str]]:
    kinds = ("HASH", "RANGE")
    return [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(schema.names, kinds, strict=False)
    ]
