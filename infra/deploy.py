"""Deploys a package: `python -m infra.deploy --stage S --package DIR`, to AWS or the local cloud.

1. Put the zip, under its hashed name, and the template into a bucket of the account.
2. Make the signing key, if there is none, then create or update the stack `custops-S`.
   See that the gateway's own answers are in force (gateway.py).
3. Write the public address where the functions look for it.
4. On AWS: the stack `custops-S-mail`, and receipt of mail and text messages (mail.py).
5. With --admin: the first user who may administer.

Every step finds out what is there already: run it again after an interruption or a failure. The
endpoint is AWS_ENDPOINT_URL when that is set, as boto3 reads it. The last line printed is JSON.
"""

from __future__ import annotations

import argparse
import base64
import json
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)

from infra import gateway, mail
from infra.console import Failure, Say, progress
from infra.package import LOCAL_STAGE
from infra.stacks import Stack

Client = Callable[[str], Any]
"""Makes the boto3 client of a service."""

# Options of the command that are parameters of the template.
_PARAMETERS: Final = {
    "support_address": "SupportAddress",
    "sms_number": "SmsNumber",
    "send_concurrency": "SendConcurrency",
    "notify_concurrency": "NotifyConcurrency",
    "alarm_email": "AlarmEmail",
    "alarms": "Alarms",
    "api_domain": "ApiDomain",
    "certificate": "CertificateArn",
    "answer_model": "AnswerModel",
    "second_factor": "RequireSecondFactor",
    "sso_domain": "SsoDomain",
    "sso_providers": "SsoProviders",
}
API_STAGE: Final = "api"  # as in .chalice/config.json
_ADMIN_GROUPS: Final = ("admin", "lead", "agent")


def main(arguments: list[str] | None = None) -> int:
    """The command. Exit status 1 when deploying failed, with the reason in words."""
    options = _parser().parse_args(arguments)
    say = progress("deploy ")
    try:
        session = boto3.Session()
        if session.region_name is None:  # STS would answer without one
            raise NoRegionError
        outputs = deploy(options, session.client, say)
    except NoRegionError:
        return _refuse("no region: set AWS_DEFAULT_REGION, e.g. us-east-1")
    except NoCredentialsError:
        return _refuse("no AWS credentials: run `aws configure`, or set AWS_PROFILE")
    except EndpointConnectionError as error:
        return _refuse(f"nobody answers: {error}")
    except (Failure, ClientError, BotoCoreError) as error:
        return _refuse(str(error))
    print(json.dumps(outputs, sort_keys=True), flush=True)
    return 0


def deploy(options: argparse.Namespace, client: Client, say: Say) -> dict[str, str]:
    """Deploys as `options` say and returns the outputs of the stacks and PublicUrl."""
    stage: str = options.stage
    if options.api_domain and not options.certificate:
        raise Failure("--api-domain needs --certificate, the ARN of its certificate in ACM")
    manifest = _read_manifest(options.package, stage)
    account, region = _whoami(client("sts"))
    say(f"account {account}, region {region}")
    bucket = _artifact_bucket(client("s3"), account, region)
    _upload(client("s3"), bucket, options.package / manifest["zip"], manifest["zip"], say)
    if layer := manifest.get("layer"):
        _upload(client("s3"), bucket, options.package / layer, layer, say)
    template_url = _upload_template(
        client("s3"), bucket, stage, options.package / "template.json", say
    )
    path = f"/custops/{stage}"
    _put_signing_key(client("ssm"), f"{path}/signing-key", say)
    stack = Stack(client("cloudformation"), f"custops-{stage}", say)
    outputs = stack.apply(template_url, _parameters(options, bucket))
    gateway.enforce(client("apigateway"), outputs["RestAPIId"], API_STAGE, say)
    outputs["PublicUrl"] = _public_url(options, outputs)
    client("ssm").put_parameter(
        Name=f"{path}/public-url", Value=outputs["PublicUrl"], Type="String", Overwrite=True
    )
    if stage != LOCAL_STAGE and not options.no_mail:
        outputs |= _deploy_mail(options, client, bucket, outputs, say)
    if options.admin:
        _create_admin(client("cognito-idp"), outputs["UserPoolId"], options.admin, say)
    return outputs


def _deploy_mail(
    options: argparse.Namespace, client: Client, bucket: str, outputs: dict[str, str], say: Say
) -> dict[str, str]:
    if not options.domain:
        raise Failure("receiving mail needs --domain example.com; leave it out with --no-mail")
    template_url = _upload_template(
        client("s3"), bucket, f"{options.stage}-mail", mail.TEMPLATE, say
    )
    return mail.deploy(
        mail.Wishes(
            stage=options.stage,
            domain=options.domain,
            mail_from=options.mail_from,
            sms_number=options.sms_number,
        ),
        client,
        template_url,
        outputs,
        say,
    )


def _read_manifest(package: Path, stage: str) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((package / "manifest.json").read_text("utf-8"))
    except FileNotFoundError:
        raise Failure(f"{package} holds no package: run `make package` first") from None
    if manifest["stage"] != stage:
        raise Failure(f"{package} was packaged for stage {manifest['stage']}, not {stage}")
    return manifest


def _whoami(sts: Any) -> tuple[str, str]:
    return str(sts.get_caller_identity()["Account"]), str(sts.meta.region_name)


def _artifact_bucket(s3: Any, account: str, region: str) -> str:
    """One bucket an account and region holds the code of all stages."""
    name = f"custops-artifacts-{account}-{region}"
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise Failure(f"bucket {name} cannot be used: {error}") from error
    else:
        return name
    # us-east-1 is the one region that may not be named.
    where = {} if region == "us-east-1" else {"LocationConstraint": region}
    s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": where} if where else {}))
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    )
    return name


def _upload(s3: Any, bucket: str, file: Path, key: str, say: Say) -> None:
    """Uploads unless it is there: the name carries the hash of what is in it."""
    size = file.stat().st_size
    try:
        if s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == size:
            return
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
    say(f"uploading {key} ({size / 1e6:.2f} MB)")
    s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())


def _upload_template(s3: Any, bucket: str, name: str, file: Path, say: Say) -> str:
    """Returns the address by which CloudFormation reads the template."""
    key = f"templates/{name}{file.suffix}"
    s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
    return f"{s3.meta.endpoint_url.rstrip('/')}/{bucket}/{key}"


def _parameters(options: argparse.Namespace, bucket: str) -> dict[str, str]:
    given = {
        parameter: str(getattr(options, option))
        for option, parameter in _PARAMETERS.items()
        if getattr(options, option) is not None
    }
    if options.public_url and options.stage != LOCAL_STAGE:
        given["DeskAddress"] = f"{options.public_url.rstrip('/')}/desk"
    if options.domain and options.support_address is None:
        given["SupportAddress"] = f"support@{options.domain}"
    return {"Stage": options.stage, "ArtifactBucket": bucket, **given}


def _public_url(options: argparse.Namespace, outputs: dict[str, str]) -> str:
    if options.public_url:
        return str(options.public_url).rstrip("/")
    # The own domain is a parameter of the stack and need not be given each time.
    return outputs.get("ApiDomainUrl", outputs["ApiUrl"])


def _put_signing_key(ssm: Any, name: str, say: Say) -> None:
    """Makes the key once: changing it would void the links that customers hold."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    try:
        ssm.put_parameter(Name=name, Value=key, Type="SecureString", Overwrite=False)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterAlreadyExists":
            raise
        return
    say(f"made {name}")


def _create_admin(cognito: Any, pool: str, email: str, say: Say) -> None:
    """Creates the user with a random password, shown once; one who has a password keeps it."""
    try:
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=email,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": email},
                {"Name": "email_verified", "Value": "true"},
            ],
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "UsernameExistsException":
            raise
    for group in _ADMIN_GROUPS:
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName=group)
    if cognito.admin_get_user(UserPoolId=pool, Username=email)["UserStatus"] == "CONFIRMED":
        say(f"{email} exists and administers")
        return
    # Upper and lower case, digit and symbol, whatever chance brings.
    password = f"Aa1!{secrets.token_urlsafe(15)}"
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=email, Password=password, Permanent=True
    )
    say(f"{email} administers; the password, shown only now: {password}")


def _refuse(reason: str) -> int:
    print(f"deploy: {reason}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    parser.add_argument("--stage", required=True, help="name of the installation")
    parser.add_argument("--package", required=True, type=Path, help="directory of infra.package")
    parser.add_argument("--public-url", help="address customers see, if there is a front door")
    parser.add_argument("--api-domain", help="own domain of the API, with --certificate")
    parser.add_argument("--certificate", help="ARN of its ACM certificate in this region")
    parser.add_argument("--answer-model", help="Bedrock model or profile that may word answers")
    parser.add_argument("--second-factor", choices=["on", "off"], help="on: nobody without one")
    parser.add_argument("--sso-domain", help="prefix of the user pool's domain: single sign-on")
    parser.add_argument("--sso-providers", help="its identity providers, separated by commas")
    parser.add_argument("--domain", help="domain that receives and sends mail")
    parser.add_argument("--mail-from", help="subdomain for the envelope sender, e.g. bounce")
    parser.add_argument("--no-mail", action="store_true", help="leave SES as it is")
    parser.add_argument("--support-address", help="default: support@ the domain")
    parser.add_argument("--sms-number", help="an own number, E.164: two-way messages are set up")
    parser.add_argument("--send-concurrency", help="2, 3, 5, 10, 20, 50, … batches at once")
    parser.add_argument("--notify-concurrency", help="likewise, for proactive notices")
    parser.add_argument("--alarm-email", help="who is told of alarms")
    parser.add_argument("--alarms", choices=["on", "off"])
    parser.add_argument("--admin", metavar="EMAIL", help="first user who may administer")
    return parser


if __name__ == "__main__":
    sys.exit(main())
