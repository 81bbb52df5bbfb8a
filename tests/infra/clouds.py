"""Hand-written stand-ins for the AWS services that a deployment drives and moto does not have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError


def refusal(code: str, message: str, status: int = 400) -> ClientError:
    """The error that boto3 raises when a service refuses."""
    metadata = {"HTTPStatusCode": status}
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata},
        "Operation",
    )


class FakeCloudFormation:
    """Stacks by name. What an operation will come to is set beforehand by `fails`.

    An operation stays under way for two looks at its status, as a real one would for minutes.
    """

    def __init__(self, wanted: Iterable[str] = (), outputs: dict[str, str] | None = None) -> None:
        self.stacks: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.wanted = list(wanted)
        self.outputs = outputs or {}
        self.unchanged = False
        self.fails: list[str] = []

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        if StackName not in self.stacks:
            raise refusal("ValidationError", f"Stack with id {StackName} does not exist")
        stack = self.stacks[StackName]
        self._move_on(stack)
        return {"Stacks": [stack]}

    def get_template_summary(self, TemplateURL: str) -> dict[str, Any]:  # noqa: N803
        return {"Parameters": [{"ParameterKey": name} for name in self.wanted]}

    def create_stack(self, **request: Any) -> None:
        self.requests.append(("create", request))
        self._begin(request, "CREATE", failed="ROLLBACK_COMPLETE")

    def update_stack(self, **request: Any) -> None:
        self.requests.append(("update", request))
        if self.unchanged:
            raise refusal("ValidationError", "No updates are to be performed.")
        self._begin(request, "UPDATE", failed="UPDATE_ROLLBACK_COMPLETE")

    def delete_stack(self, StackName: str) -> None:  # noqa: N803
        self.requests.append(("delete", {"StackName": StackName}))
        del self.stacks[StackName]

    def get_paginator(self, name: str) -> FakeCloudFormation:
        assert name == "describe_stack_events"
        return self

    def paginate(self, StackName: str) -> list[dict[str, Any]]:  # noqa: N803
        if StackName not in self.stacks:
            raise refusal("ValidationError", f"Stack [{StackName}] does not exist")
        return [{"StackEvents": list(reversed(self.stacks[StackName]["events"]))}]

    def under_way(self, name: str, status: str, end: str) -> None:
        """Somebody else has begun an operation, which will end as `end`."""
        self.stacks[name] = {"StackStatus": status, "then": end, "looks": 2, "events": []}

    def _begin(self, request: dict[str, Any], verb: str, failed: str) -> None:
        reasons, self.fails = self.fails, []
        before = self.stacks.get(request["StackName"], {"events": []})
        events = [
            {
                "EventId": f"{len(before['events'])}-{reason}",
                "LogicalResourceId": "Table",
                "ResourceStatus": f"{verb}_FAILED",
                "ResourceStatusReason": reason,
            }
            for reason in reasons
        ]
        self.stacks[request["StackName"]] = {
            "StackStatus": f"{verb}_IN_PROGRESS",
            "then": failed if reasons else f"{verb}_COMPLETE",
            "looks": 2,
            "events": [*before["events"], *events],
            "Parameters": request["Parameters"],
            "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in self.outputs.items()],
        }

    def _move_on(self, stack: dict[str, Any]) -> None:
        if stack.get("looks"):
            stack["looks"] -= 1
            if not stack["looks"]:
                stack["StackStatus"] = stack["then"]


class FakeApiGateway:
    """One API's own answers."""

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, Any]] = {}
        self.deployments = 0

    def get_gateway_responses(self, restApiId: str, limit: int) -> dict[str, Any]:  # noqa: N803
        return {"items": [{"responseType": k, **v} for k, v in self.answers.items()]}

    def put_gateway_response(self, restApiId: str, responseType: str, **answer: Any) -> None:  # noqa: N803
        self.answers[responseType] = answer

    def create_deployment(self, restApiId: str, stageName: str) -> None:  # noqa: N803
        self.deployments += 1


class FakeSes:
    """SES of both versions, as far as receiving goes."""

    def __init__(self, active: str | None = None, identities: Iterable[str] = ()) -> None:
        self.active = active
        self.identities = set(identities)
        self.production = True

    def describe_active_receipt_rule_set(self) -> dict[str, Any]:
        return {"Metadata": {"Name": self.active}} if self.active else {}

    def set_active_receipt_rule_set(self, RuleSetName: str) -> None:  # noqa: N803
        self.active = RuleSetName

    def get_email_identity(self, EmailIdentity: str) -> dict[str, Any]:  # noqa: N803
        if EmailIdentity not in self.identities:
            raise refusal("NotFoundException", "there is no such identity", 404)
        return {}

    def get_account(self) -> dict[str, Any]:
        return {"ProductionAccessEnabled": self.production, "SendingEnabled": True}


class FakeSms:
    """Numbers that the account owns."""

    def __init__(self, *numbers: str) -> None:
        self.numbers = numbers
        self.updates: list[dict[str, Any]] = []

    def get_paginator(self, name: str) -> FakeSms:
        assert name == "describe_phone_numbers"
        return self

    def paginate(self) -> list[dict[str, Any]]:
        owned = [{"PhoneNumber": n, "PhoneNumberId": f"phone-{n}"} for n in self.numbers]
        return [{"PhoneNumbers": owned}]

    def update_phone_number(self, **request: Any) -> None:
        self.updates.append(request)
