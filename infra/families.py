"""The resources that repeat: for each function of the table its queue, log group, alarms, source.

`template` reads resources.yaml and adds to it, per function: a log group kept for 30 days, an alarm
on its errors and the settings that Chalice cannot express; per queue: the dead-letter queue, the
alarm on that, the event source. The result is what `chalice package --merge-template` merges.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

from infra.functions import FUNCTIONS, STREAM_DEAD_LETTERS, Function
from infra.gateway import RESPONSES
from infra.yamlfile import load

RESOURCES_FILE: Final = Path(__file__).with_name("resources.yaml")
REACTIONS: Final = {
    "eventName": ["INSERT"],
    "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "REACT#"}]}}},
}
"""What of the table's stream reaches `forward`: facts to react to, when first written."""

FOURTEEN_DAYS: Final = 14 * 24 * 3600
OLDEST_ALLOWED: Final = {"Mail": 900, "Send": 900}
"""Seconds that the oldest message may wait before somebody is told."""

SEMANTIC_LAYER: Final = "SemanticLayer"

Resources = dict[str, Any]


class SemanticLayer(NamedTuple):
    """Where the zip of the layer lies in the bucket of artifacts, and what it was made for."""

    key: str
    runtime: str
    architecture: str


def template(stage: str, layer: SemanticLayer | None = None) -> dict[str, Any]:
    """The whole template to merge over Chalice's, for one stage; with `layer`, the semantic layer
    is attached to the functions that use it."""
    merged: dict[str, Any] = load(RESOURCES_FILE)
    merged["Parameters"]["Stage"]["Default"] = stage
    if layer:
        merged["Resources"][SEMANTIC_LAYER] = _layer(layer)
    merged["Resources"]["RestAPI"]["Properties"]["GatewayResponses"] = RESPONSES
    for family in (_queues(), _logs(), _functions(layer is not None), _alarms()):
        for logical_id, resource in family.items():
            if logical_id in merged["Resources"]:
                raise ValueError(f"two resources are called {logical_id}")
            merged["Resources"][logical_id] = resource
    return merged


def _queues() -> Resources:
    made: Resources = {STREAM_DEAD_LETTERS: _dead_letters()}
    for function in FUNCTIONS:
        if function.queue:
            made[f"{function.queue}DeadLetters"] = _dead_letters()
            made[f"{function.queue}Queue"] = _queue(function)
    return made


def _dead_letters() -> dict[str, Any]:
    return {
        "Type": "AWS::SQS::Queue",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
        "Properties": {"MessageRetentionPeriod": FOURTEEN_DAYS, "SqsManagedSseEnabled": True},
    }


def _queue(function: Function) -> dict[str, Any]:
    dead_letters = {"Fn::GetAtt": [f"{function.queue}DeadLetters", "Arn"]}
    queue = _dead_letters()
    # Six times the time-out leaves room for Lambda's own retries when it is throttled
    # (AWS Lambda Developer Guide, Using Lambda with Amazon SQS).
    queue["Properties"] |= {
        "VisibilityTimeout": 6 * function.timeout,
        "RedrivePolicy": {"deadLetterTargetArn": dead_letters, "maxReceiveCount": 5},
    }
    return queue


def _logs() -> Resources:
    return {
        function.log_group: {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {
                "LogGroupName": {"Fn::Sub": f"/custops/${{Stage}}/{function.name}"},
                "RetentionInDays": 30,
            },
        }
        for function in FUNCTIONS
    }


def _layer(layer: SemanticLayer) -> dict[str, Any]:
    """A new key is a new version; the old one goes when nothing refers to it any more."""
    return {
        "Type": "AWS::Lambda::LayerVersion",
        "Properties": {
            "Description": "all-MiniLM-L6-v2 in bytes, and numpy",
            "LicenseInfo": "Apache-2.0 (model), BSD-3-Clause (numpy)",
            "CompatibleRuntimes": [layer.runtime],
            "CompatibleArchitectures": [layer.architecture],
            "Content": {"S3Bucket": {"Ref": "ArtifactBucket"}, "S3Key": layer.key},
        },
    }


def _functions(layered: bool) -> Resources:
    made: Resources = {}
    for function in FUNCTIONS:
        properties: dict[str, Any] = {"LoggingConfig": {"LogGroup": {"Ref": function.log_group}}}
        if layered and function.semantic:
            properties["Layers"] = [{"Ref": SEMANTIC_LAYER}]
        if events := _events(function):
            properties["Events"] = events
        made[function.logical_id] = {
            "Type": "AWS::Serverless::Function",
            "Properties": properties,
        }
    return made


def _events(function: Function) -> dict[str, Any]:
    if function.queue:
        return {f"{function.logical_id}SqsEventSource": {"Properties": _sqs_source(function)}}
    if function.name == "forward":
        return {f"{function.logical_id}DynamodbEventSource": {"Properties": _stream_source()}}
    return {}


def _sqs_source(function: Function) -> dict[str, Any]:
    source: dict[str, Any] = {
        "Queue": {"Fn::GetAtt": [f"{function.queue}Queue", "Arn"]},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    if function.valve:
        limit = {"Fn::FindInMap": ["Valve", {"Ref": function.valve}, "Limit"]}
        source["ScalingConfig"] = {"MaximumConcurrency": limit}
    return source


def _stream_source() -> dict[str, Any]:
    return {
        "Stream": {"Fn::GetAtt": ["Table", "StreamArn"]},
        "FilterCriteria": {"Filters": [{"Pattern": json.dumps(REACTIONS)}]},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "BisectBatchOnFunctionError": True,
        # About an hour with Lambda's back-off; then the sweep takes over what is overdue.
        "MaximumRetryAttempts": 20,
        "DestinationConfig": {
            "OnFailure": {
                "Type": "SQS",
                "Destination": {"Fn::GetAtt": [STREAM_DEAD_LETTERS, "Arn"]},
            }
        },
    }


def _alarms() -> Resources:
    made: Resources = {}
    for function in FUNCTIONS:
        made[f"{function.logical_id}ErrorsAlarm"] = _alarm(
            f"{function.name} fails", "AWS/Lambda", "Errors", "FunctionName", function.logical_id, 1
        )
    for queue in [*(f.queue for f in FUNCTIONS if f.queue), "Stream"]:
        dead = f"{queue}DeadLetters"
        made[f"{dead}Alarm"] = _queue_alarm(
            f"{dead} is not empty", "ApproximateNumberOfMessagesVisible", dead, 1
        )
    for queue, seconds in OLDEST_ALLOWED.items():
        made[f"{queue}AgeAlarm"] = _queue_alarm(
            f"{queue}Queue waits", "ApproximateAgeOfOldestMessage", f"{queue}Queue", seconds
        )
    made["ForwardAgeAlarm"] = _alarm(
        "The stream waits", "AWS/Lambda", "IteratorAge", "FunctionName", "Forward", 900_000
    )
    for name in ("ForwardAgeAlarm", *(n for n in made if "Dead" in n or n.endswith("AgeAlarm"))):
        made[name]["Properties"]["Statistic"] = "Maximum"
    return made


def _queue_alarm(words: str, metric: str, queue: str, threshold: int) -> dict[str, Any]:
    name = {"Fn::GetAtt": [queue, "QueueName"]}
    return _alarm(words, "AWS/SQS", metric, "QueueName", name, threshold)


def _alarm(
    words: str, namespace: str, metric: str, dimension: str, value: Any, threshold: int
) -> dict[str, Any]:
    if isinstance(value, str):
        value = {"Ref": value}
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Condition": "HasAlarms",
        "Properties": {
            "AlarmDescription": words,
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": [{"Name": dimension, "Value": value}],
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": threshold,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [{"Ref": "AlarmTopic"}],
        },
    }
