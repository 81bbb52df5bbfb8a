"""Each function may do what its work needs, and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest

from infra.functions import FUNCTIONS, Function
from infra.policies import UNRESTRICTABLE, document

RIGHTS = {function.name: function for function in FUNCTIONS}


def statements(function: Function) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = document(function.log_group, function.rights)["Statement"]
    return made


def actions(function: Function) -> set[str]:
    return {action for statement in statements(function) for action in statement["Action"]}


def known_actions() -> Iterator[str]:
    """The actions of the Service Authorization Reference, which cfn-lint carries along."""
    file = resources.files("cfnlint") / "data" / "AdditionalSpecs" / "Policies.json"
    for service, described in json.loads(file.read_text("utf-8")).items():
        yield from (f"{service}:{action}".lower() for action in described["Actions"])


def test_the_packaged_roles_are_those_of_the_table(packaged: Any) -> None:
    for function in FUNCTIONS:
        role_name = packaged.of_type("AWS::Serverless::Function")[function.logical_id]["Role"]
        role = packaged.of_type("AWS::IAM::Role")[role_name["Fn::GetAtt"][0]]
        assert [policy["PolicyDocument"] for policy in role["Policies"]] == [
            document(function.log_group, function.rights)
        ]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_no_action_is_a_pattern_and_all_exist(function: Function) -> None:
    known = set(known_actions())
    for action in actions(function):
        assert "*" not in action
        assert action.lower() in known


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_all_resources_only_where_aws_knows_no_narrower(function: Function) -> None:
    for statement in statements(function):
        if "*" in statement["Resource"]:
            assert set(statement["Action"]) <= UNRESTRICTABLE


def test_nobody_scans_or_drops_the_table() -> None:
    for function in FUNCTIONS:
        assert not actions(function) & {"dynamodb:Scan", "dynamodb:DeleteTable"}


def test_the_authorizer_may_only_write_its_log() -> None:
    assert actions(RIGHTS["authorize"]) == {"logs:CreateLogStream", "logs:PutLogEvents"}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_only_those_who_send_may_send(function: Function) -> None:
    mails = {"ses:SendEmail", "ses:SendBulkEmail"} & actions(function)
    # The API sends a notice on trial to whoever writes it.
    assert bool(mails) == (function.name in {"send", "notify", "hand_over", "api_handler"})
    # The API sends one-time codes while the customer waits.
    texts = {"sms-voice:SendTextMessage"} & actions(function)
    assert bool(texts) == (function.name in {"send", "notify", "api_handler"})


@pytest.mark.parametrize("name", ["send", "notify", "hand_over"])
def test_mail_is_sent_from_the_support_domain_only(name: str) -> None:
    [sending] = [s for s in statements(RIGHTS[name]) if "ses:SendEmail" in s["Action"]]
    assert "ses:FromAddress" in sending["Condition"]["StringLike"]


@pytest.mark.parametrize("function", [f for f in FUNCTIONS if f.queue], ids=lambda f: f.name)
def test_a_consumer_reads_its_own_queue_only(function: Function) -> None:
    read = [s["Resource"] for s in statements(function) if "sqs:ReceiveMessage" in s["Action"]]
    assert read == [[{"Fn::GetAtt": [f"{function.queue}Queue", "Arn"]}]]


def test_only_the_api_reaches_uploads() -> None:
    reach = {
        (function.name, action)
        for function in FUNCTIONS
        for statement in statements(function)
        for action in statement["Action"]
        if "/uploads/" in json.dumps(statement["Resource"])
    }
    assert reach == {("api_handler", f"s3:{verb}Object") for verb in ("Get", "Put", "Delete")}


def test_files_of_drafts_are_the_apis_and_removed_by_an_erasure_alone() -> None:
    reach = {
        (function.name, action)
        for function in FUNCTIONS
        for statement in statements(function)
        for action in statement["Action"]
        if "/drafts/" in json.dumps(statement["Resource"])
    }
    of_api = {("api_handler", f"s3:{verb}Object") for verb in ("Get", "Put")}
    assert reach == {*of_api, ("count", "s3:DeleteObject")}


def test_only_training_makes_classifiers_and_hands_its_role_to_comprehend_alone() -> None:
    makers = {f.name for f in FUNCTIONS if "comprehend:CreateDocumentClassifier" in actions(f)}
    assert makers == {"train"}
    assert {f.name for f in FUNCTIONS if "iam:PassRole" in actions(f)} == {"train"}
    [passing] = [s for s in statements(RIGHTS["train"]) if "iam:PassRole" in s["Action"]]
    assert passing["Resource"] == [{"Fn::GetAtt": ["ClassifierRole", "Arn"]}]
    assert passing["Condition"] == {
        "StringEquals": {"iam:PassedToService": "comprehend.amazonaws.com"}
    }
