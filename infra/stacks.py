"""One CloudFormation stack, made or brought up to date, with its progress in words.

`apply` may be interrupted and run again at any point: an operation under way is waited for, a
creation that was rolled back is cleared away first, and an unchanged stack is left alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.console import Failure, Say

_CAPABILITIES: Final = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
# Nothing of these exists any more, or nothing ever did: the name has to be freed first.
_DEAD: Final = frozenset(
    {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS"}
)
_GOOD: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
_UPDATABLE: Final = _GOOD | {"UPDATE_ROLLBACK_COMPLETE"}

Sleep = Callable[[float], None]


class Stack:
    """The stack called `name`, reached by the CloudFormation client `client`."""

    def __init__(self, client: Any, name: str, say: Say, sleep: Sleep = time.sleep) -> None:
        self._client = client
        self._name = name
        self._say = say
        self._sleep = sleep

    def apply(self, template_url: str, parameters: Mapping[str, str]) -> dict[str, str]:
        """Creates or updates the stack and returns its outputs.

        A parameter that is not given keeps its value, or on creation its default. Raises Failure
        with the reasons that CloudFormation gave.
        """
        status = self._settled()
        if status in _DEAD:
            self._clear_away(status)
            status = None
        if status is not None and status not in _UPDATABLE:
            raise Failure(f"stack {self._name} is {status}: mend it in the console first")
        before = self._newest_event()
        if status is None:
            self._say(f"creating stack {self._name}")
            self._client.create_stack(**self._request(template_url, parameters, kept=()))
        elif not self._update(template_url, parameters):
            self._say(f"stack {self._name} is up to date")
            return self.outputs()
        self._wait(before)
        return self.outputs()

    def exists(self) -> bool:
        """Whether there is a stack that stands (not a creation that was rolled back)."""
        return self._status() not in {None, *_DEAD}

    def outputs(self) -> dict[str, str]:
        """The outputs of the stack by name."""
        described = self._describe()
        if described is None:
            raise Failure(f"there is no stack {self._name}")
        return {o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])}

    def _update(self, template_url: str, parameters: Mapping[str, str]) -> bool:
        described = self._describe() or {}
        kept = {p["ParameterKey"] for p in described.get("Parameters", [])} - set(parameters)
        wanted = self._client.get_template_summary(TemplateURL=template_url)
        kept &= {p["ParameterKey"] for p in wanted["Parameters"]}
        try:
            self._client.update_stack(**self._request(template_url, parameters, sorted(kept)))
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                return False
            raise
        self._say(f"updating stack {self._name}")
        return True

    def _request(
        self, template_url: str, parameters: Mapping[str, str], kept: Any
    ) -> dict[str, Any]:
        given = [{"ParameterKey": k, "ParameterValue": v} for k, v in sorted(parameters.items())]
        return {
            "StackName": self._name,
            "TemplateURL": template_url,
            "Capabilities": _CAPABILITIES,
            "Parameters": [*given, *({"ParameterKey": k, "UsePreviousValue": True} for k in kept)],
        }

    def _settled(self) -> str | None:
        """The status, after waiting for an operation that somebody began before."""
        status = self._status()
        if status and status.endswith("_IN_PROGRESS") and status not in _DEAD:
            self._say(f"stack {self._name} is {status}: waiting for that first")
            self._until_rest(self._newest_event())
            status = self._status()
        return status

    def _clear_away(self, status: str) -> None:
        self._say(f"stack {self._name} is {status}: removing what is left of it")
        before = self._newest_event()
        self._client.delete_stack(StackName=self._name)
        self._until_rest(before)
        if left := self._status():
            raise Failure(f"stack {self._name} cannot be removed: it is {left}")

    def _wait(self, before: str | None) -> None:
        reasons = self._until_rest(before)
        status = self._status()
        if status not in _GOOD:
            raise Failure(f"stack {self._name} is {status}:\n  " + "\n  ".join(reasons))
        self._say(f"stack {self._name} is {status}")

    def _until_rest(self, seen: str | None) -> list[str]:
        """Waits; tells of every resource that failed and, now and then, how many are done."""
        reasons: list[str] = []
        done, told, pause = 0, 0, 0.2
        while True:
            status = self._status()
            for event in reversed(list(self._events_since(seen))):
                seen = event["EventId"]
                if event["ResourceStatus"].endswith("_FAILED"):
                    why = event.get("ResourceStatusReason", "no reason given")
                    reasons.append(f"{event['LogicalResourceId']}: {why}")
                    self._say(reasons[-1])
                done += event["ResourceStatus"].endswith("_COMPLETE")
            if done >= told + 20:
                told = done
                self._say(f"{done} resources done")
            if status is None or not status.endswith("_IN_PROGRESS"):
                return reasons
            self._sleep(pause)
            pause = min(5.0, pause * 1.5)

    def _events_since(self, seen: str | None) -> Iterator[dict[str, Any]]:
        try:
            for page in self._client.get_paginator("describe_stack_events").paginate(
                StackName=self._name
            ):
                for event in page["StackEvents"]:
                    if event["EventId"] == seen:
                        return
                    yield event
        except ClientError as error:
            if not _unknown(error):
                raise

    def _newest_event(self) -> str | None:
        for event in self._events_since(None):
            return str(event["EventId"])
        return None

    def _status(self) -> str | None:
        described = self._describe()
        if described is None or described["StackStatus"] == "DELETE_COMPLETE":
            return None
        return str(described["StackStatus"])

    def _describe(self) -> dict[str, Any] | None:
        try:
            stacks: list[dict[str, Any]] = self._client.describe_stacks(StackName=self._name)[
                "Stacks"
            ]
        except ClientError as error:
            if _unknown(error):
                return None
            raise
        return stacks[0] if stacks else None


def _unknown(error: ClientError) -> bool:
    return "does not exist" in str(error)
