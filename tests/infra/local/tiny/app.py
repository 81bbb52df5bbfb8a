"""The functions of the tiny application: each writes or shows what it saw."""

import json
import os

import boto3


def table():
    return boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def receive(event, context):
    """Mail queue: one item a mail, however often the notice comes."""
    for record in event["Records"]:
        notice = json.loads(json.loads(record["body"])["Message"])
        table().put_item(Item={"pk": f"mail#{notice['mail']['messageId']}"})
    print("received", len(event["Records"]))


def forward(event, context):
    """Table stream: one item for each mail item."""
    for record in event["Records"]:
        key = record["dynamodb"]["Keys"]["pk"]["S"]
        if record["eventName"] == "INSERT" and key.startswith("mail#"):
            table().put_item(Item={"pk": key.replace("mail#", "fact#")})


def api(event, context):
    """The stored keys, and what of the request arrived."""
    keys = [item["pk"] for item in table().scan()["Items"]] if event["path"] == "/keys" else []
    shown = {
        "keys": keys,
        "method": event["httpMethod"],
        "path": event["path"],
        "query": event["queryStringParameters"],
        "headers": event["headers"],
        "body": event["body"],
    }
    status = 201 if event["httpMethod"] == "POST" else 200
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(shown),
    }
