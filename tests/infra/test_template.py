"""What the packaged template promises, whatever Chalice made of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.flows.enclosing import KEPT
from infra import families
from infra.functions import FUNCTIONS
from infra.package import LOCAL_STAGE

_PHYSICAL_NAMES = {
    f"{kind}Name"
    for kind in (
        "",
        *("Table", "Queue", "Topic", "Bucket", "Function", "Role", "LogGroup", "UserPool", "Alarm"),
    )
}
SQS_FED = [function for function in FUNCTIONS if function.queue]


def test_every_queue_and_stream_source_reports_partial_failures(packaged: Any) -> None:
    sources = [e for e in packaged.event_sources().values() if e["Type"] in ("SQS", "DynamoDB")]
    assert len(sources) == len(SQS_FED) + 1
    for source in sources:
        assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_no_placeholder_of_a_decorator_is_left(packaged: Any) -> None:
    text = json.dumps(packaged.template)
    assert "arn:aws:sqs:::" not in text
    assert "arn:aws:dynamodb:::" not in text


@pytest.mark.parametrize("function", SQS_FED, ids=lambda function: function.name)
def test_a_queue_waits_six_time_outs_and_then_puts_aside(packaged: Any, function: Any) -> None:
    queues = packaged.of_type("AWS::SQS::Queue")
    queue = queues[f"{function.queue}Queue"]
    timeout = packaged.of_type("AWS::Serverless::Function")[function.logical_id]["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    dead_letters = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    assert queues[dead_letters]["MessageRetentionPeriod"] == families.FOURTEEN_DAYS
    source = packaged.event_sources()[function.logical_id]["Properties"]
    assert source["Queue"] == {"Fn::GetAtt": [f"{function.queue}Queue", "Arn"]}
    assert source["BatchSize"] <= 10  # above that SQS wants a batching window


def test_only_new_reactions_of_the_stream_are_forwarded(packaged: Any) -> None:
    source = packaged.event_sources()["Forward"]["Properties"]
    assert source["Stream"] == {"Fn::GetAtt": ["Table", "StreamArn"]}
    [pattern] = source["FilterCriteria"]["Filters"]
    assert json.loads(pattern["Pattern"]) == families.REACTIONS
    # LATEST would lose what is written while the source is being made.
    assert source["StartingPosition"] == "TRIM_HORIZON"


def test_a_poison_stream_record_is_isolated_and_kept(packaged: Any) -> None:
    source = packaged.event_sources()["Forward"]["Properties"]
    assert source["BisectBatchOnFunctionError"] is True
    assert 0 < source["MaximumRetryAttempts"] < 10_000
    assert source["DestinationConfig"]["OnFailure"]["Destination"] == {
        "Fn::GetAtt": ["StreamDeadLetters", "Arn"]
    }


@pytest.mark.parametrize("name", ["Send", "Notify"])
def test_the_valve_of_sending_is_a_number_everywhere(packaged: Any, name: str) -> None:
    limit = packaged.event_sources()[name]["Properties"]["ScalingConfig"]["MaximumConcurrency"]
    assert limit == {"Fn::FindInMap": ["Valve", {"Ref": f"{name}Concurrency"}, "Limit"]}
    steps = packaged.template["Mappings"]["Valve"]
    assert {step: {"Limit": int(step)} for step in steps} == steps
    assert packaged.template["Parameters"][f"{name}Concurrency"]["AllowedValues"] == list(steps)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_every_function_has_its_own_role_log_and_alarm(packaged: Any, function: Any) -> None:
    functions = packaged.of_type("AWS::Serverless::Function")
    made = functions[function.logical_id]
    assert (made["MemorySize"], made["Timeout"]) == (function.memory, function.timeout)
    assert [f["Role"] for f in functions.values()].count(made["Role"]) == 1
    log_group = packaged.of_type("AWS::Logs::LogGroup")[made["LoggingConfig"]["LogGroup"]["Ref"]]
    assert log_group["RetentionInDays"] == 30
    watched = [
        alarm["Dimensions"][0]["Value"]
        for alarm in packaged.of_type("AWS::CloudWatch::Alarm").values()
        if alarm["MetricName"] == "Errors"
    ]
    assert {"Ref": function.logical_id} in watched


def test_every_dead_letter_queue_has_an_alarm(packaged: Any) -> None:
    watched = {
        alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in packaged.of_type("AWS::CloudWatch::Alarm").values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    }
    dead = {name for name in packaged.of_type("AWS::SQS::Queue") if name.endswith("DeadLetters")}
    assert watched == dead


def test_the_gateway_answers_problems_only(packaged: Any) -> None:
    answers = packaged.of_type("AWS::Serverless::Api")["RestAPI"]["GatewayResponses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED", "ACCESS_DENIED"} <= set(answers)
    for answer in answers.values():
        content_type = answer["ResponseParameters"]["Headers"]["Content-Type"]
        assert content_type == "'application/problem+json'"
        body = answer["ResponseTemplates"]["application/json"]
        problem = json.loads(body.replace("$context.error.messageString", '"why"'))
        assert problem["status"] == answer["StatusCode"]
        assert problem["type"].startswith("urn:custops:problem:")
        assert problem["request_id"] == "$context.requestId"


def test_nothing_that_holds_data_goes_with_the_stack(packaged: Any) -> None:
    for name in ("Table", "Bucket", "UserPool"):
        assert packaged.template["Resources"][name]["DeletionPolicy"] == "Retain"
        assert packaged.template["Resources"][name]["UpdateReplacePolicy"] == "Retain"


def test_a_token_holds_an_hour_a_session_a_day_and_nobody_rewrites_who_they_are(
    packaged: Any,
) -> None:
    """Approvals and histories go by the address, the authorizer asks Cognito for who it is."""
    client = packaged.template["Resources"]["UserPoolClient"]["Properties"]
    assert (client["AccessTokenValidity"], client["RefreshTokenValidity"]) == (1, 12)
    assert set(client["TokenValidityUnits"].values()) == {"hours"}
    assert client["GenerateSecret"] is False and client["EnableTokenRevocation"] is True
    scopes = client["AllowedOAuthScopes"]["Fn::If"]
    assert scopes[0] == "HasSso" and "aws.cognito.signin.user.admin" in scopes[1]
    pool = packaged.template["Resources"]["UserPool"]["Properties"]
    verified = pool["UserAttributeUpdateSettings"]["AttributesRequireVerificationBeforeUpdate"]
    assert verified == ["email"]
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    assert packaged.template["Resources"]["UserPoolDomain"]["Condition"] == "HasSso"


def test_no_name_is_the_same_in_two_stages(packaged: Any) -> None:
    """Physical names are CloudFormation's or carry the stage; only a stage's own stack clashes."""
    named = {
        (logical_id, key): value
        for logical_id, resource in packaged.template["Resources"].items()
        for key, value in resource["Properties"].items()
        if key in _PHYSICAL_NAMES and resource["Type"] != "AWS::Lambda::Permission"
    }
    assert len(named) > len(FUNCTIONS)
    assert all("${Stage}" in json.dumps(value) for value in named.values()), named


def test_contact_flows_of_this_account_alone_may_ask_who_calls(packaged: Any) -> None:
    allowed = packaged.of_type("AWS::Lambda::Permission")["ConnectAsks"]
    assert allowed["FunctionName"] == {"Ref": "AnswerCall"}
    assert allowed["Principal"] == "connect.amazonaws.com"
    assert allowed["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert packaged.of_type("AWS::Serverless::Function")["AnswerCall"]["Timeout"] <= 8


def test_environment_names_what_the_functions_read(packaged: Any) -> None:
    environment = packaged.template["Globals"]["Function"]["Environment"]["Variables"]
    assert packaged.template["Parameters"]["Stage"]["Default"] == LOCAL_STAGE
    assert {"STAGE", "TABLE_NAME", "BUCKET_NAME", "PARAMETER_PATH"} <= set(environment)
    for stem in ("TRIAGE", "ACKNOWLEDGE", "COUNT", "SEND", "PLAN", "NOTIFY", "MAIL"):
        assert environment[f"{stem}_QUEUE_URL"] == {"Ref": f"{stem.capitalize()}Queue"}


def test_what_was_uploaded_for_no_message_is_gone_after_a_day(packaged: Any) -> None:
    bucket = packaged.of_type("AWS::S3::Bucket")["Bucket"]
    rules = {rule.get("Prefix"): rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert rules["uploads/"]["ExpirationInDays"] == 1
    assert rules["drafts/"]["ExpirationInDays"] > KEPT.days, "an id is worth nothing without it"
    assert "ExpirationInDays" not in rules["mail/"]


def test_a_model_may_be_called_only_where_one_is_named(packaged: Any) -> None:
    policy = packaged.template["Resources"]["AnswerModelPolicy"]
    assert policy["Condition"] == "HasAnswerModel"
    roles = {role["Ref"] for role in policy["Properties"]["Roles"]}
    functions = packaged.of_type("AWS::Serverless::Function")
    assert roles == {functions[name]["Role"]["Fn::GetAtt"][0] for name in ("APIHandler", "Answer")}
    others = [r for n, r in packaged.template["Resources"].items() if n != "AnswerModelPolicy"]
    assert "bedrock:" not in json.dumps(others)
