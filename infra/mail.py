"""The mail stack of a stage, and what CloudFormation cannot do for it.

1. Find out whether the account has verified the domain and whether a rule set is active: both may
   be there once in an account and region, so what is there is used, not replaced.
2. Create or update `custops-S-mail` from mail.yaml.
3. Activate the rule set, if none was.
4. Point the number's incoming text messages at our topic.
5. Say which DNS records are wanted and whether SES still holds the account in its sandbox.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.console import Failure, Say
from infra.stacks import Stack

TEMPLATE: Final = Path(__file__).with_name("mail.yaml")


@dataclass(frozen=True)
class Wishes:
    """What the operator asked for. `mail_from` is a subdomain, `sms_number` in E.164."""

    stage: str
    domain: str
    mail_from: str | None = None
    sms_number: str | None = None


def deploy(
    wishes: Wishes,
    client: Callable[[str], Any],
    template_url: str,
    main: dict[str, str],
    say: Say,
) -> dict[str, str]:
    """Brings the stack and its surroundings up to date; returns its outputs.

    `main` are the outputs of the application's stack.
    """
    stack = Stack(client("cloudformation"), f"custops-{wishes.stage}-mail", say)
    parameters = {
        "Stage": wishes.stage,
        "Domain": wishes.domain,
        **{name: main[name] for name in ("BucketName", "MailTopicArn", "DeliveryTopicArn")},
    }
    if wishes.mail_from is not None:
        parameters["MailFromSubdomain"] = wishes.mail_from
    if wishes.sms_number:
        parameters["TextMessages"] = "yes"
    if not stack.exists():
        # Decided once: on an update both are there, made by the stack itself.
        parameters |= _surroundings(wishes, client, say)
    outputs = stack.apply(template_url, parameters)
    _activate(client("ses"), outputs["RuleSetName"], say)
    if wishes.sms_number:
        _receive_texts(client("pinpoint-sms-voice-v2"), wishes.sms_number, main, say)
    for name in sorted(outputs):
        if name.startswith("Dns"):
            say(f"DNS: {outputs[name]}")
    _warn_of_sandbox(client("sesv2"), say)
    return outputs


def _surroundings(wishes: Wishes, client: Callable[[str], Any], say: Say) -> dict[str, str]:
    found: dict[str, str] = {}
    if _is_verified(client("sesv2"), wishes.domain):
        say(f"{wishes.domain} is an identity of this account already")
        found["CreateIdentity"] = "no"
    active = _active_rule_set(client("ses"))
    if active and active != f"custops-{wishes.stage}":
        say(f"rule set {active} is active: our rule goes into it")
        found["SharedRuleSet"] = active
    return found


def _is_verified(sesv2: Any, domain: str) -> bool:
    try:
        sesv2.get_email_identity(EmailIdentity=domain)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NotFoundException":
            raise
        return False
    return True


def _active_rule_set(ses: Any) -> str | None:
    metadata = ses.describe_active_receipt_rule_set().get("Metadata")
    return str(metadata["Name"]) if metadata else None


def _activate(ses: Any, name: str, say: Say) -> None:
    active = _active_rule_set(ses)
    if active == name:
        return
    if active:
        raise Failure(
            f"rule set {active} is active now, but the rule is in {name}: only one can be. "
            f"Activate {name} in SES, or delete the mail stack and deploy again"
        )
    ses.set_active_receipt_rule_set(RuleSetName=name)
    say(f"rule set {name} is active: mail is received")


def _receive_texts(sms: Any, number: str, main: dict[str, str], say: Say) -> None:
    for page in sms.get_paginator("describe_phone_numbers").paginate():
        for owned in page["PhoneNumbers"]:
            if owned["PhoneNumber"] == number:
                sms.update_phone_number(
                    PhoneNumberId=owned["PhoneNumberId"],
                    TwoWayEnabled=True,
                    TwoWayChannelArn=main["SmsTopicArn"],
                )
                say(f"text messages to {number} are received")
                return
    raise Failure(f"this account has no number {number}: request it in AWS End User Messaging")


def _warn_of_sandbox(sesv2: Any, say: Say) -> None:
    account = sesv2.get_account()
    if not account.get("ProductionAccessEnabled"):
        say("SES holds this account in its sandbox: mail goes to verified addresses only.")
        say("Ask for production access in the SES console (Account dashboard).")
    elif not account.get("SendingEnabled", True):
        say("SES has paused sending for this account: see the SES console.")
