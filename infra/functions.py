"""The table of functions: size, trigger and rights of each; all that repeats follows from it.

From one row come the Chalice configuration (memory, time-out, policy file), the queue with its
dead-letter queue and its visibility time, the event source, the log group and the alarms.
Chalice takes a function's logical id in CamelCase from its name, except the API's (`APIHandler`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from infra import policies
from infra.policies import Statement

API_HANDLER: Final = "api_handler"
SEMANTIC_MEMORY: Final = 1024  # MB: half of it is the model's; below, a text takes too long
STREAM_DEAD_LETTERS: Final = "StreamDeadLetters"


@dataclass(frozen=True)
class Function:
    """One Lambda function.

    `memory` in MB, `timeout` in seconds. `queue` is the stem of the queue that feeds it: `Mail`
    stands for MailQueue and MailDeadLetters. `valve` names the template parameter that limits
    how many run at once on that queue. `rights` are what it may do beside writing its own log.
    `semantic` functions get the semantic layer, where the package has one, and then at least
    SEMANTIC_MEMORY.
    """

    name: str
    memory: int
    timeout: int
    rights: tuple[Statement, ...] = ()
    queue: str | None = None
    valve: str | None = None
    semantic: bool = False

    @property
    def logical_id(self) -> str:
        """As Chalice names it in the template: `receive_mail` is ReceiveMail."""
        if self.name == API_HANDLER:
            return "APIHandler"
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def log_group(self) -> str:
        """Logical id of its log group."""
        return f"{self.logical_id}Logs"


FUNCTIONS: Final = (
    # 29 s is what API Gateway waits for at most.
    Function(API_HANDLER, 512, 29, policies.API),
    Function("authorize", 512, 10),
    Function("receive_mail", 1024, 60, policies.RECEIVE_MAIL, queue="Mail"),
    Function("receive_sms", 512, 30, policies.RECEIVE_SMS, queue="Sms"),
    Function("receive_delivery", 512, 30, policies.RECEIVE_DELIVERY, queue="Delivery"),
    Function("forward", 256, 30, policies.FORWARD),
    Function("triage", 512, 60, policies.TRIAGE, queue="Triage", semantic=True),
    Function("acknowledge", 256, 60, policies.ACKNOWLEDGE, queue="Acknowledge"),
    Function("count", 256, 30, policies.COUNT, queue="Count"),
    Function("send", 512, 60, policies.SEND, queue="Send", valve="SendConcurrency"),
    Function("plan_campaign", 512, 300, policies.PLAN_CAMPAIGN, queue="Plan"),
    Function("notify", 512, 60, policies.NOTIFY, queue="Notify", valve="NotifyConcurrency"),
    Function("relate", 256, 60, policies.RELATE, queue="Relate"),
    Function("hand_over", 256, 60, policies.HAND_OVER, queue="Handover"),
    Function("answer", 512, 30, policies.ANSWER, queue="Answer"),
    # A whole processor, and the longest time that there is: training is plain computing.
    Function("train", 1769, 900, policies.TRAIN, queue="Train", semantic=True),
    Function("train_models", 256, 30, policies.TRAIN_MODELS),
    Function("label_cases", 256, 30, policies.LABEL_CASES),
    Function("detect_trends", 512, 120, policies.DETECT_TRENDS),
    # An index of 200,000 cases is in memory twice while it is written.
    Function("index_knowledge", 1024, 300, policies.INDEX_KNOWLEDGE, semantic=True),
    # Connect waits for eight seconds; the handler itself gives up sooner.
    Function("answer_call", 512, 8, policies.ANSWER_CALL),
    # Below its period of a minute, so that two polls, or two sweeps, do not run at once.
    Function("poll_social", 512, 50, policies.POLL_SOCIAL),
    Function("keep_promises", 512, 55, policies.KEEP_PROMISES),
    Function("sweep", 512, 55, policies.SWEEP),
)
