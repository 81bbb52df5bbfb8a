"""The deployer against moto, with CloudFormation and API Gateway played by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra import deploy as deployer
from infra.console import Failure
from tests.infra.clouds import FakeApiGateway, FakeCloudFormation

KEY = "custops-0123456789.zip"


class Account:
    """An AWS account: moto, but for the services given by hand."""

    def __init__(self, pool: str) -> None:
        self.told: list[str] = []
        outputs = {"ApiUrl": "https://x.example/api", "RestAPIId": "x", "UserPoolId": pool}
        self.cloudformation = FakeCloudFormation(outputs=outputs)
        self.apigateway = FakeApiGateway()

    def client(self, service: str) -> Any:
        by_hand = {"cloudformation": self.cloudformation, "apigateway": self.apigateway}
        return by_hand.get(service) or boto3.client(service)

    def deploy(self, package: Path, *more: str) -> dict[str, str]:
        words = ["--stage", "prod", "--package", str(package), "--no-mail", *more]
        options = deployer._parser().parse_args(words)
        return deployer.deploy(options, self.client, self.told.append)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        pools = boto3.client("cognito-idp")
        pool = pools.create_user_pool(PoolName="p", UsernameAttributes=["email"])["UserPool"]["Id"]
        for group in ("agent", "lead", "admin", "readonly"):
            pools.create_group(UserPoolId=pool, GroupName=group)
        yield Account(pool)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "manifest.json").write_text(json.dumps({"stage": "prod", "zip": KEY}))
    (tmp_path / "template.json").write_text("{}")
    (tmp_path / KEY).write_bytes(b"zip")
    return tmp_path


def parameter(name: str) -> str:
    found = boto3.client("ssm").get_parameter(Name=f"/custops/prod/{name}", WithDecryption=True)
    return str(found["Parameter"]["Value"])


def test_the_code_is_where_the_template_looks_for_it(account: Account, package: Path) -> None:
    account.deploy(package)
    [(_, request)] = account.cloudformation.requests
    given = {p["ParameterKey"]: p["ParameterValue"] for p in request["Parameters"]}
    bucket = given["ArtifactBucket"]
    assert boto3.client("s3").get_object(Bucket=bucket, Key=KEY)["Body"].read() == b"zip"
    assert request["TemplateURL"].endswith(f"/{bucket}/templates/prod.json")


def test_deploying_again_keeps_the_signing_key(account: Account, package: Path) -> None:
    account.deploy(package)
    before = parameter("signing-key")
    account.cloudformation.unchanged = True
    account.told.clear()
    account.deploy(package)
    assert parameter("signing-key") == before
    assert not [line for line in account.told if "uploading" in line or "made" in line]


def test_the_public_address_follows_each_deployment(account: Account, package: Path) -> None:
    account.deploy(package)
    assert parameter("public-url") == "https://x.example/api"
    outputs = account.deploy(package, "--public-url", "https://help.example.com/")
    assert parameter("public-url") == outputs["PublicUrl"] == "https://help.example.com"


def test_single_sign_on_leads_back_to_the_desk_that_people_see(
    account: Account, package: Path
) -> None:
    options = ["--public-url", "https://help.example.com/", "--sso-domain", "acme-support"]
    account.deploy(package, *options, "--sso-providers", "Acme,COGNITO", "--second-factor", "on")
    [(_, request)] = account.cloudformation.requests
    given = {p["ParameterKey"]: p["ParameterValue"] for p in request["Parameters"]}
    assert given["DeskAddress"] == "https://help.example.com/desk"
    assert (given["SsoDomain"], given["SsoProviders"]) == ("acme-support", "Acme,COGNITO")
    assert given["RequireSecondFactor"] == "on"


def test_an_own_domain_is_the_public_address(account: Account, package: Path) -> None:
    account.cloudformation.outputs["ApiDomainUrl"] = "https://help.example.com"
    outputs = account.deploy(package, "--api-domain", "help.example.com", "--certificate", "arn")
    assert parameter("public-url") == outputs["PublicUrl"] == "https://help.example.com"
    with pytest.raises(Failure, match="--certificate"):
        account.deploy(package, "--api-domain", "help.example.com")


def test_the_answers_of_the_gateway_are_put_once(account: Account, package: Path) -> None:
    account.deploy(package)
    account.deploy(package)
    assert "application/problem+json" in json.dumps(account.apigateway.answers["UNAUTHORIZED"])
    assert account.apigateway.deployments == 1


def test_the_first_admin_signs_in_with_the_password_shown(account: Account, package: Path) -> None:
    pool = account.deploy(package, "--admin", "boss@example.com")["UserPoolId"]
    [line] = [line for line in account.told if "shown only now" in line]
    password = line.rsplit(" ", 1)[1]
    pools = boto3.client("cognito-idp")
    client = pools.create_user_pool_client(
        UserPoolId=pool, ClientName="c", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    answer = pools.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "boss@example.com", "PASSWORD": password},
    )
    assert answer["AuthenticationResult"]["AccessToken"]
    groups = pools.admin_list_groups_for_user(UserPoolId=pool, Username="boss@example.com")
    assert "admin" in {group["GroupName"] for group in groups["Groups"]}


def test_an_admin_who_exists_keeps_the_password(account: Account, package: Path) -> None:
    account.deploy(package, "--admin", "boss@example.com")
    account.told.clear()
    account.deploy(package, "--admin", "boss@example.com")
    assert not [line for line in account.told if "password" in line]


def test_a_package_of_another_stage_is_refused(account: Account, package: Path) -> None:
    (package / "manifest.json").write_text(json.dumps({"stage": "test", "zip": KEY}))
    with pytest.raises(Failure, match="packaged for stage test"):
        account.deploy(package)


def test_receiving_mail_asks_for_the_domain(account: Account, package: Path) -> None:
    options = deployer._parser().parse_args(["--stage", "prod", "--package", str(package)])
    with pytest.raises(Failure, match="--domain"):
        deployer.deploy(options, account.client, account.told.append)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "no region"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "no AWS credentials"),
        (
            {
                "AWS_DEFAULT_REGION": "eu-west-1",
                "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
                "AWS_ACCESS_KEY_ID": "x",
                "AWS_SECRET_ACCESS_KEY": "x",
            },
            "nobody answers",
        ),
    ],
)
def test_what_is_missing_is_said_in_words(
    environment: dict[str, str],
    words: str,
    package: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("REGION", "DEFAULT_REGION", "PROFILE", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(package / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert deployer.main(["--stage", "prod", "--package", str(package)]) == 1
    assert words in capsys.readouterr().err
