"""The one file that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

from chalicelib.base import Model


class Settings(Model):
    """Names of what the stack made, as the template hands them to each function."""

    stage: str = "local"
    region: str = "us-east-1"
    table: str
    bucket: str = ""
    user_pool_id: str = ""
    user_pool_client_id: str = ""
    second_factor_required: bool = False
    sso_domain: str = ""  # host of the pool's own sign-in pages; "" without single sign-on
    sso_providers: tuple[str, ...] = ()  # identity providers of the pool, as they are named there
    configuration_set: str = ""
    support_address: str = "support@example.com"
    sms_number: str = "+15550100"
    parameter_path: str = ""
    classifier_role: str = ""  # that Comprehend takes on to read and write our files
    queues: dict[str, str] = {}  # reaction kind (or "mail") -> queue URL
    patience: float = 0.0  # seconds that an acknowledgement waits for triage
    clock_file: str = ""  # of a rehearsal on the local cloud: seconds ahead of the real time
    cases_shards: int = 1  # partitions of the case lists; may grow, never shrink


QUEUES = (
    "triage",
    "acknowledge",
    "count",
    "send",
    "plan",
    "notify",
    "train",
    "answer",
    "relate",
    "handover",
    "mail",
)


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raises KeyError where the table's name is missing."""
    env = os.environ if environ is None else environ
    return Settings(
        stage=env.get("STAGE", "local"),
        region=env.get("AWS_REGION", "us-east-1"),
        table=env["TABLE_NAME"],
        bucket=env.get("BUCKET_NAME", ""),
        user_pool_id=env.get("USER_POOL_ID", ""),
        user_pool_client_id=env.get("USER_POOL_CLIENT_ID", ""),
        second_factor_required=env.get("SECOND_FACTOR") == "required",
        sso_domain=env.get("SSO_DOMAIN", ""),
        sso_providers=tuple(filter(None, map(str.strip, env.get("SSO_PROVIDERS", "").split(",")))),
        configuration_set=env.get("CONFIGURATION_SET", ""),
        support_address=env.get("SUPPORT_ADDRESS", "support@example.com"),
        sms_number=env.get("SMS_NUMBER", "+15550100"),
        parameter_path=env.get("PARAMETER_PATH", ""),
        classifier_role=env.get("CLASSIFIER_ROLE_ARN", ""),
        queues={name: env.get(f"{name.upper()}_QUEUE_URL", "") for name in QUEUES},
        patience=float(env.get("ACKNOWLEDGE_PATIENCE", "0")),
        clock_file=env.get("CLOCK_FILE", ""),
        cases_shards=int(env.get("CASES_SHARDS", "1")),
    )
