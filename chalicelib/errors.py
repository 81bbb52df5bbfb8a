"""Every error that this system names.

CustOpsError
├── Refused                 the caller's fault: becomes an RFC 9457 problem+json answer
│   ├── Invalid             422  a field is wrong: `fields` says which and why
│   ├── Malformed           400  the body is not JSON, a cursor is not ours, …
│   ├── Unauthenticated     401
│   ├── Forbidden           403
│   ├── NotFound            404
│   ├── Conflict            409  the state does not allow it
│   ├── StaleVersion        412  If-Match names an older version; `current` is the newest state
│   ├── PreconditionMissing 428
│   ├── MethodNotAllowed    405
│   ├── TooLarge            413
│   ├── UnsupportedMedia    415  the body is of a type that is not taken here
│   ├── TooMany             429  `retry_after` seconds, where it is known
│   └── Unavailable         503  something that we need does not answer
├── Unprocessable           a message that no retry will mend: quarantine with its reason
├── WordingFailed           a model did not word an answer: the passage is shown as it is
├── ClassifierRefused       Comprehend does not train or ask a classifier, and never will as it is
├── Contended               lost a race more often than is normal: retry the event
└── SendFailed              a provider's answer to a send
    ├── SendRefused         it was not accepted and never will be (bad address, suppressed, …)
    ├── SendThrottled       it was not accepted; try again later
    └── SendUnknown         it may or may not have been accepted: ambiguous until settled
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class CustOpsError(Exception):
    """Base of all errors that this system raises on purpose."""


class Refused(CustOpsError):
    """A request that cannot be served as it stands.

    `type` is the stable last part of the problem's `type` URI, `title` is the same for every
    occurrence, `detail` speaks of this one. See RFC 9457.
    """

    status = 400
    type = "refused"
    title = "The request cannot be served"

    def __init__(self, detail: str = "", **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.extra: Mapping[str, Any] = extra


class Invalid(Refused):
    """A field is wrong. `fields` is a list of {"field": "a.b", "reason": "…"}."""

    status, type, title = 422, "invalid", "A field is not valid"

    def __init__(self, detail: str = "", fields: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(detail, fields=list(fields))

    @classmethod
    def field(cls, name: str, reason: str) -> Invalid:
        """The common case: one field, one reason."""
        return cls(f"{name}: {reason}", [{"field": name, "reason": reason}])


class Malformed(Refused):
    status, type, title = 400, "malformed", "The request cannot be read"


class Unauthenticated(Refused):
    status, type, title = 401, "unauthenticated", "Sign in first"


class Forbidden(Refused):
    status, type, title = 403, "forbidden", "This role may not do that"


class NotFound(Refused):
    status, type, title = 404, "not-found", "There is no such thing"


class StaleAnswer(Refused):
    """Something was said after what the writer saw; `new` is a list of it."""

    status, type, title = 409, "stale-answer", "Something new was said meanwhile"


class Conflict(Refused):
    status, type, title = 409, "conflict", "The present state does not allow that"


class MethodNotAllowed(Refused):
    status, type, title = 405, "method-not-allowed", "That cannot be done here"


class StaleVersion(Refused):
    status, type, title = 412, "stale-version", "It was changed since you read it"


class TooLarge(Refused):
    status, type, title = 413, "too-large", "It is too large"


class UnsupportedMedia(Refused):
    status, type, title = 415, "unsupported-media-type", "This content type is not taken"


class PreconditionMissing(Refused):
    status, type, title = 428, "precondition-missing", "Say which version you change, with If-Match"


class TooMany(Refused):
    status, type, title = 429, "too-many", "Too many requests"


class Unavailable(Refused):
    status, type, title = 503, "unavailable", "It cannot be served right now"


class Unprocessable(CustOpsError):
    """A message that no retry will mend. `reason` is in words, for the person who looks."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WordingFailed(CustOpsError):
    """A model did not answer. `reason` is the provider's code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ClassifierRefused(CustOpsError):
    """A custom classifier, or a job of it, that Comprehend refuses or gave up."""


class Contended(CustOpsError):
    """Others changed the same items again and again; the event should be delivered once more."""


class SendFailed(CustOpsError):
    """A provider did not plainly accept a message. `reason` is the provider's code or words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SendRefused(SendFailed):
    """Not accepted and never will be."""


class SendThrottled(SendFailed):
    """Not accepted for now."""


class SendUnknown(SendFailed):
    """Unknown whether it was accepted (time-out, 5xx, broken connection)."""
