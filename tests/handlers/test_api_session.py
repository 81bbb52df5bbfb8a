"""Signing in through a real user pool (moto's)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib import bootstrap
from chalicelib.bootstrap import Application
from chalicelib.settings import Settings
from tests.handlers.client import Api


@pytest.fixture
def api() -> Iterator[Api]:
    """A user pool with one agent, whose first sign-in asks for a new password."""
    with mock_aws():
        client = boto3.client("cognito-idp", region_name="us-east-1")
        made = client.create_user_pool(PoolName="staff", UsernameAttributes=["email"])
        identifier = made["UserPool"]["Id"]
        app_client = client.create_user_pool_client(
            UserPoolId=identifier,
            ClientName="api",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]["ClientId"]
        client.create_group(UserPoolId=identifier, GroupName="agent")
        client.admin_create_user(
            UserPoolId=identifier,
            Username="agent@example.com",
            TemporaryPassword="Temporary-1",
            UserAttributes=[{"Name": "email", "Value": "agent@example.com"}],
        )
        client.admin_add_user_to_group(
            UserPoolId=identifier, Username="agent@example.com", GroupName="agent"
        )
        path = "/custops/test"
        key = base64.b64encode(b"k" * 32).decode()
        ssm = boto3.client("ssm", region_name="us-east-1")
        ssm.put_parameter(Name=f"{path}/signing-key", Value=key, Type="SecureString")
        settings = Settings(table="custops", user_pool_client_id=app_client, parameter_path=path)
        clients = {"cognito-idp": client, "ssm": ssm, "dynamodb": _table(settings.table)}
        bootstrap.install(Application(settings, clients))
        yield Api()
        bootstrap.install(None)


def _table(name: str) -> Any:
    """Where sign-ins are written down."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def test_an_agent_signs_in_through_the_user_pool(api: Api) -> None:
    given = {"email": "agent@example.com", "password": "Temporary-1"}
    first = api.post("/v1/login", given, as_="")
    assert (first.status, first.problem) == (403, "forbidden")
    chosen = api.post("/v1/login", {**given, "new_password": "Chosen-12345"}, as_="")
    assert chosen.status == 200
    again = api.post("/v1/login", {**given, "password": "Chosen-12345"}, as_="")
    me = api.get("/v1/me", as_=again.json["token"])
    assert (me.json["email"], me.json["roles"]) == ("agent@example.com", ["agent"])
    wrong = api.post("/v1/login", {**given, "password": "guessed"}, as_="")
    unknown = api.post("/v1/login", {**given, "email": "nobody@example.com"}, as_="")
    assert wrong.problem == unknown.problem == "unauthenticated"
    assert wrong.json["detail"] == unknown.json["detail"]
    assert api.get("/v1/me", as_=again.json["token"][:-2]).problem == "unauthenticated"
