"""One account: the services, and the one way to call them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

from botocore import xform_name

from tests.simulation.aws.comprehend import Comprehend
from tests.simulation.aws.dynamodb.service import DynamoDB
from tests.simulation.aws.naming import Naming
from tests.simulation.aws.s3 import S3
from tests.simulation.aws.ses import Ses
from tests.simulation.aws.sms import Sms
from tests.simulation.aws.sns import Sns
from tests.simulation.aws.sqs import Sqs
from tests.simulation.aws.ssm import Ssm


class Cloud:
    """Everything is empty at first. `clock` returns seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        naming = Naming()
        self.clock = clock
        self.dynamodb = DynamoDB(clock)
        self.sqs = Sqs(clock)
        self.sns = Sns(clock, self.sqs, naming)
        self.s3 = S3(clock)
        self.ses = Ses(clock, self.sns, naming)
        self.sms = Sms(clock, self.sns, naming)
        self.comprehend = Comprehend(self.s3, clock)
        self.ssm = Ssm()
        self.calls: Counter[tuple[str, str]] = Counter()
        self._lock = threading.RLock()
        self._services: dict[str, object] = {
            "dynamodb": self.dynamodb,
            "sqs": self.sqs,
            "sns": self.sns,
            "s3": self.s3,
            "sesv2": self.ses,
            "pinpoint-sms-voice-v2": self.sms,
            "comprehend": self.comprehend,
            "ssm": self.ssm,
        }

    def call(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Let an operation happen and return its answer; raises AwsError as the service would."""
        target = self._services.get(service)
        method = getattr(target, _method(operation), None)
        if method is None:
            raise NotImplementedError(f"the model of AWS has no {service}.{operation}")
        with self._lock:
            self.calls[service, operation] += 1
            answer: dict[str, Any] = method(request)
            return answer


@cache
def _method(operation: str) -> str:
    return str(xform_name(operation))
