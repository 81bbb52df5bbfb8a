"""How a service says no: a code, words, an HTTP status and whatever fields that error carries."""

from __future__ import annotations

from typing import Any


class AwsError(Exception):
    """An answer with an error code; the seam turns it into botocore's ClientError."""

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int = 400,
        fields: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message or code
        self.status = status
        self.fields = fields or {}


def invalid(message: str) -> AwsError:
    """The request itself is wrong (DynamoDB's ValidationException)."""
    return AwsError("ValidationException", message)


def missing(what: str) -> AwsError:
    """A table, queue, template, … that does not exist."""
    return AwsError("ResourceNotFoundException", f"Requested resource not found: {what}")
