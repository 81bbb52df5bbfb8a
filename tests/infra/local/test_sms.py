"""Text messages in both directions, through a real boto3 client."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from botocore.exceptions import ClientError

from infra.local import text_routes
from infra.local.memory import Memory
from infra.local.sms import FAILING, TextDoor, part_count

from .conftest import NUMBER, Aws, Clock, Serving

ANN = "+15550123456"


@pytest.fixture
def sms(aws: Aws) -> Any:
    return aws.client("pinpoint-sms-voice-v2")


def reason(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    return error.value.response["Error"]["Code"], error.value.response["Reason"]


def test_text_reaches_the_outbox_and_is_reported(aws: Aws, sms: Any) -> None:
    answer = sms.send_text_message(
        DestinationPhoneNumber=ANN,
        OriginationIdentity=NUMBER,
        MessageBody="About C-7K2M9Q: done",
        Context={"send-id": "S1"},
    )
    [item] = aws.memory.outbox(channel="sms", to=ANN, limit=10)
    assert (item.id, item.sender, item.case_reference) == (answer["MessageId"], NUMBER, "C-7K2M9Q")
    [(topic, message)] = aws.events()
    said = json.loads(message)
    assert topic == "DeliveryTopicArn"
    assert said["eventType"] == "TEXT_DELIVERED"
    assert said["messageId"] == answer["MessageId"]
    assert said["context"] == {"send-id": "S1"}
    assert said["totalMessageParts"] == 1


def test_configuration_set_sends_events_where_it_says(aws: Aws, sms: Any) -> None:
    topic = "arn:aws:sns:us-east-1:000000000000:own"
    sms.create_configuration_set(ConfigurationSetName="set")
    sms.create_event_destination(
        ConfigurationSetName="set",
        EventDestinationName="d",
        MatchingEventTypes=["TEXT_ALL"],
        SnsDestination={"TopicArn": topic},
    )
    sms.send_text_message(DestinationPhoneNumber=ANN, MessageBody="x", ConfigurationSetName="set")
    assert [where for where, _ in aws.events()] == [topic]


def test_failing_number_gets_nothing(aws: Aws, sms: Any) -> None:
    sms.send_text_message(DestinationPhoneNumber=FAILING, MessageBody="x")
    assert aws.memory.outbox(channel="sms", to="", limit=10) == []
    assert json.loads(aws.events()[0][1])["eventType"] == "TEXT_CARRIER_UNREACHABLE"


def test_refusals_name_their_reason(sms: Any) -> None:
    with pytest.raises(ClientError) as error:
        sms.send_text_message(DestinationPhoneNumber="12-34", MessageBody="x")
    assert reason(error) == ("ValidationException", "INVALID_PARAMETER")
    sms.put_opted_out_number(OptOutListName="Default", OptedOutNumber=ANN)
    with pytest.raises(ClientError) as error:
        sms.send_text_message(DestinationPhoneNumber=ANN, MessageBody="x")
    assert reason(error) == ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT")


def test_opt_outs_can_be_listed_and_lifted(sms: Any) -> None:
    sms.put_opted_out_number(OptOutListName="Default", OptedOutNumber=ANN)
    found = sms.describe_opted_out_numbers(OptOutListName="Default")["OptedOutNumbers"]
    assert [(entry["OptedOutNumber"], entry["EndUserOptedOut"]) for entry in found] == [
        (ANN, False)
    ]
    sms.delete_opted_out_number(OptOutListName="Default", OptedOutNumber=ANN)
    assert sms.describe_opted_out_numbers(OptOutListName="Default")["OptedOutNumbers"] == []
    assert sms.describe_phone_numbers()["PhoneNumbers"][0]["PhoneNumber"] == NUMBER


def test_inbound_text_is_published_as_two_way_sms_does(memory: Memory, clock: Clock) -> None:
    door = TextDoor(memory, NUMBER, clock)
    sent = door.send({"DestinationPhoneNumber": ANN, "MessageBody": "Hello"})["MessageId"]
    message_id = door.receive(ANN, NUMBER, "Hi there")
    said = json.loads(memory.due_notices(clock.now, 10)[0].message)
    assert said == {
        "originationNumber": ANN,
        "destinationNumber": NUMBER,
        "messageKeyword": "KEYWORD_000000000000",
        "messageBody": "Hi there",
        "inboundMessageId": message_id,
        "previousPublishedMessageId": sent,
    }


def test_stop_opts_out_and_is_answered_and_passed_on(memory: Memory, clock: Clock) -> None:
    door = TextDoor(memory, NUMBER, clock)
    door.receive(ANN, NUMBER, " Stop\n")
    assert "opted out" in memory.outbox(channel="sms", to=ANN, limit=1)[0].text
    assert len(memory.due_notices(clock.now, 10)) == 1
    with pytest.raises(Exception, match="opted out"):
        door.send({"DestinationPhoneNumber": ANN, "MessageBody": "x"})


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"from": ANN, "to": NUMBER + "55", "text": "hi"}, 202, ""),
        ({"from": "ann", "to": NUMBER + "55", "text": "hi"}, 422, "from"),
        ({"from": ANN, "text": "hi"}, 422, "to"),
        ({"from": ANN, "to": NUMBER + "55", "text": "  "}, 422, "text"),
        ({"from": ANN, "to": NUMBER + "55", "text": 7}, 422, "text"),
        ([], 400, ""),
    ],
)
def test_door_says_which_field_is_wrong(
    serve: Callable[[web.Application], Serving],
    memory: Memory,
    body: object,
    status: int,
    field: str,
) -> None:
    app = web.Application()
    app.add_routes(text_routes.routes(TextDoor(memory, NUMBER)))
    got, answer = post(f"{serve(app).url}/local/sms", json.dumps(body).encode())
    assert got == status
    assert [entry["field"] for entry in answer.get("fields", [])] == ([field] if field else [])
    assert bool(answer.get("id")) == (status == 202)


def post(url: str, body: bytes) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body)) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_parts_are_counted_as_carriers_do() -> None:
    counts = [
        part_count(t) for t in ("a" * 160, "a" * 161, "é" * 160, "€" * 81, "я" * 70, "я" * 71)
    ]
    assert counts == [1, 2, 1, 2, 1, 2]
    assert part_count("a" * 69 + "🙂") == 2
