"""The people of a user pool, against moto's Cognito."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from chalicelib.errors import Conflict, NotFound
from chalicelib.gateways.directory import CognitoDirectory

EVA = "eva.berg@example.com"


@pytest.fixture
def directory() -> Iterator[CognitoDirectory]:
    with mock_aws():
        client = boto3.client("cognito-idp", region_name="us-east-1")
        pool = client.create_user_pool(PoolName="custops", UsernameAttributes=["email"])["UserPool"]
        for role in ("readonly", "agent", "lead", "admin"):
            client.create_group(UserPoolId=pool["Id"], GroupName=role)
        yield CognitoDirectory(client, pool["Id"])


def test_somebody_is_invited_gets_roles_and_loses_them(directory: CognitoDirectory) -> None:
    directory.invite(EVA, "Eva Berg")
    directory.give(EVA, "agent")
    directory.give(EVA, "lead")
    directory.take(EVA, "agent")
    eva = directory.person(EVA)
    assert (eva.email, eva.name, eva.roles, eva.state) == (EVA, "Eva Berg", {"lead"}, "invited")
    assert (eva.enabled, eva.second_factor) == (True, False)
    with pytest.raises(Conflict):
        directory.invite(EVA, "")
    directory.invite(EVA, "", again=True)


def test_who_is_shut_out_is_no_member(directory: CognitoDirectory) -> None:
    directory.invite(EVA, "")
    directory.give(EVA, "admin")
    assert directory.members("admin") == {EVA}
    directory.enable(EVA, False)
    assert directory.members("admin") == frozenset()
    assert not directory.person(EVA).enabled
    directory.enable(EVA, True)
    directory.rename(EVA, "Eva")
    directory.sign_out(EVA)
    directory.set_temporary(EVA, "Aa1-something-long")
    assert directory.person(EVA).name == "Eva"


def test_people_come_page_by_page(directory: CognitoDirectory) -> None:
    names = {f"p{number}@example.com" for number in range(5)}
    for name in names:
        directory.invite(name, "")
    first, after = directory.people(3, "")
    rest, end = directory.people(3, after)
    assert {person.email for person in (*first, *rest)} == names
    assert (len(first), end) == (3, "")


def test_nobody_is_not_found(directory: CognitoDirectory) -> None:
    for call in (directory.person, directory.sign_out):
        with pytest.raises(NotFound):
            call("nobody@example.com")
