"""What a deployment makes, in a simulated world: table, bucket, queues, topics, functions.

Time-outs, visibility and dead letters follow the same table of functions as the template. Each
running function has a process of its own, with its own caches; a process that dies takes them with
it, and the next invocation starts in a fresh one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from chalicelib import bootstrap
from chalicelib.bootstrap import Application
from chalicelib.gateways.clients import Clients
from chalicelib.handlers import (
    campaign_events,
    delivery,
    forward,
    mail,
    problem_events,
    reactions,
    schedules,
    sms,
)
from chalicelib.settings import QUEUES, Settings
from chalicelib.store.codec import encode_item
from infra.functions import FUNCTIONS
from tests.simulation.aws.dynamodb.tables import Change
from tests.simulation.world.invocation import Function, Invocation, running
from tests.simulation.world.world import World
from tests.support import SCHEDULED

TABLE = BUCKET = "custops"
SUPPORT = "support@example.com"
CONFIGURATION = "custops"
TOPICS = {"mail": "MailQueue", "sms": "SmsQueue", "delivery": "DeliveryQueue"}
MAX_RECEIVES = 5
AGENTS = ("ana@example.com", "ben@example.com", "eva@example.com")
CAPACITY = 2  # of each: fewer than the contacts of a run, so that some wait
HANDLERS: dict[str, Callable[..., Any]] = {
    "receive_mail": mail.receive_mail,
    "receive_sms": sms.receive_sms,
    "receive_delivery": delivery.receive_delivery,
    "triage": reactions.triage,
    "acknowledge": reactions.acknowledge,
    "count": reactions.count,
    "send": reactions.send,
    "relate": problem_events.relate,
    "hand_over": problem_events.hand_over,
    "plan_campaign": campaign_events.plan_campaign,
    "notify": campaign_events.notify,
    "answer": reactions.answer,
}
Make = Callable[[Settings, Any, Any, Any], Application]
"""Makes an application of settings, clients, clock and ids; tests plant their bugs here."""


class Ids:
    """Identifiers that belong to the place in the run where they are asked for."""

    def __init__(self, world: World) -> None:
        self._world = world

    def new(self) -> str:
        return self._world.new_id()

    def reference(self) -> str:
        return "C-" + self._world.new_id()[:6]


class Processes:
    """Stands where handlers expect the application; gives each invocation its process's own."""

    def __init__(self, make: Callable[[], Application]) -> None:
        self._make = make
        self._free: dict[str, list[Application]] = {}
        self._taken: dict[Invocation, Application] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.of(running()), name)

    def of(self, invocation: Invocation | None) -> Application:
        if invocation is None:
            return self._make()
        if invocation not in self._taken:
            free = self._free.setdefault(invocation.function.name, [])
            self._taken[invocation] = free.pop() if free else self._make()
        return self._taken[invocation]

    def over(self, invocation: Invocation) -> None:
        """The process is free for the next invocation, unless it died."""
        application = self._taken.pop(invocation, None)
        if application is not None and not invocation.killed:
            self._free.setdefault(invocation.function.name, []).append(application)


class Installation:
    """The deployed system; `api` runs a piece of the application as a request through the API."""

    def __init__(self, world: World, make: Make = Application) -> None:
        self.world = world
        _resources(world)
        settings = _settings(world)
        clients, ids = Clients(), Ids(world)
        self.processes = Processes(lambda: make(settings, clients, world.scheduler.moment, ids))
        world.ended = self.processes.over
        bootstrap.install(self.processes)  # type: ignore[arg-type] # it has all the attributes
        self._triggers()

    def api(self, name: str, work: Callable[[Application], object]) -> Function:
        """A request: the work is done with the application of the API's process."""
        return Function("api_handler", lambda _, __: work(bootstrap.get()), 29.0)

    def _triggers(self) -> None:
        world = self.world
        for function in FUNCTIONS:
            if function.name in HANDLERS:
                made = Function(function.name, HANDLERS[function.name], float(function.timeout))
                world.on_queue(f"{function.queue}Queue", made, batch=10, concurrency=5)
        world.on_stream(
            world.cloud.dynamodb.table(TABLE), Function("forward", forward.forward), _is_reaction
        )
        world.every(60.0, Function("sweep", schedules.sweep, 55.0), SCHEDULED)
        world.every(300.0, Function("detect_trends", schedules.detect_trends, 120.0), SCHEDULED)


def _is_reaction(change: Change) -> bool:
    """The filter of the event source."""
    return change.event == "INSERT" and change.keys["sk"]["S"].startswith("REACT#")


def _resources(world: World) -> None:
    cloud = world.cloud
    cloud.dynamodb.create_table(_table())
    ttl = {"AttributeName": "expires", "Enabled": True}
    cloud.dynamodb.update_time_to_live({"TableName": TABLE, "TimeToLiveSpecification": ttl})
    cloud.s3.create_bucket({"Bucket": BUCKET})
    for function in FUNCTIONS:
        if function.queue:
            _queue(world, function.queue, 6 * function.timeout)
    for topic, queue in TOPICS.items():
        arn = cloud.sns.create_topic({"Name": topic})["TopicArn"]
        endpoint = cloud.sqs.queue(queue).arn
        cloud.sns.subscribe({"TopicArn": arn, "Protocol": "sqs", "Endpoint": endpoint})
    cloud.ses.topics[CONFIGURATION] = cloud.sms.topics[CONFIGURATION] = topic_arn("delivery")
    cloud.dynamodb.put_item({"TableName": TABLE, "Item": encode_item(_teams())})
    for name, value in {
        "signing-key": base64.b64encode(b"k" * 32).decode(),
        "public-url": "https://help.example.com",
    }.items():
        cloud.ssm.put_parameter({"Name": f"/custops/test/{name}", "Value": value})


def _teams() -> dict[str, Any]:
    """One team whose cases go round."""
    team = {"name": "support", "title": "Support", "members": AGENTS, "strategy": "round_robin"}
    agents = [{"email": email, "capacity": CAPACITY} for email in AGENTS]
    document = {"teams": [team], "agents": agents}
    return {"pk": "SETTINGS", "sk": "teams", "document": document, "version": 1}


def _queue(world: World, stem: str, visibility: int) -> None:
    sqs = world.cloud.sqs
    dead = sqs.create_queue({"QueueName": f"{stem}DeadLetters"})["QueueUrl"]
    policy = {"deadLetterTargetArn": sqs.queue(dead).arn, "maxReceiveCount": MAX_RECEIVES}
    attributes = {"VisibilityTimeout": str(visibility), "RedrivePolicy": json.dumps(policy)}
    sqs.create_queue({"QueueName": f"{stem}Queue", "Attributes": attributes})


def _settings(world: World) -> Settings:
    urls = {name: world.cloud.sqs.queue(f"{name.capitalize()}Queue").url for name in QUEUES}
    return Settings(
        stage="test",
        table=TABLE,
        bucket=BUCKET,
        configuration_set=CONFIGURATION,
        support_address=SUPPORT,
        parameter_path="/custops/test",
        queues=urls,
    )


def topic_arn(name: str) -> str:
    return f"arn:aws:sns:us-east-1:123456789012:{name}"


def _table() -> dict[str, Any]:
    indexes = [f"gsi{number}" for number in range(1, 10)]
    names = ["pk", "sk", *(f"{index}{part}" for index in indexes for part in ("pk", "sk"))]
    return {
        "TableName": TABLE,
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in names],
        "KeySchema": _keys("pk", "sk"),
        "StreamSpecification": {"StreamEnabled": True},
        "GlobalSecondaryIndexes": [
            {"IndexName": index, "KeySchema": _keys(f"{index}pk", f"{index}sk")}
            for index in indexes
        ],
    }


def _keys(first: str, second: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": first, "KeyType": "HASH"},
        {"AttributeName": second, "KeyType": "RANGE"},
    ]
