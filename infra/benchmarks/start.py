"""What a cold start costs: importing each function's module and making the clients that it uses.

Measured in fresh processes on the packaged, byte-compiled zip; boto3 comes from the environment
as it comes from the runtime on Lambda. The floor is an empty Chalice handler with a DynamoDB
client.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from infra.console import progress
from infra.package import ROOT, package

RUNS = 5
FUNCTIONS = {
    "api_handler": ("app", ("dynamodb", "ssm")),
    "authorize": ("chalicelib.handlers.authorizer", ("cognito-idp",)),
    "receive_mail": ("chalicelib.handlers.mail", ("dynamodb", "s3", "ssm")),
    "receive_sms": ("chalicelib.handlers.sms", ("dynamodb",)),
    "receive_delivery": ("chalicelib.handlers.delivery", ("dynamodb",)),
    "forward": ("chalicelib.handlers.forward", ("sqs",)),
    "triage": ("chalicelib.handlers.reactions", ("dynamodb", "comprehend")),
    "acknowledge": ("chalicelib.handlers.reactions", ("dynamodb", "ssm")),
    "count": ("chalicelib.handlers.reactions", ("dynamodb",)),
    "send": ("chalicelib.handlers.reactions", ("dynamodb", "ssm", "sesv2")),
    "plan_campaign": ("chalicelib.handlers.campaign_events", ("dynamodb", "s3", "sqs", "sesv2")),
    "notify": ("chalicelib.handlers.campaign_events", ("dynamodb", "s3", "sesv2")),
    "relate": ("chalicelib.handlers.problem_events", ("dynamodb", "ssm")),
    "hand_over": ("chalicelib.handlers.problem_events", ("dynamodb", "ssm", "sesv2")),
    "train": ("chalicelib.handlers.reactions", ("dynamodb", "s3")),
    "label_cases": ("chalicelib.handlers.schedules", ("dynamodb",)),
    "train_models": ("chalicelib.handlers.schedules", ("dynamodb",)),
    "answer": ("chalicelib.handlers.reactions", ("dynamodb", "s3")),
    "detect_trends": ("chalicelib.handlers.schedules", ("dynamodb",)),
    "sweep": ("chalicelib.handlers.schedules", ("dynamodb", "s3", "sqs")),
    "answer_call": ("chalicelib.handlers.calls", ("dynamodb",)),
    "keep_promises": ("chalicelib.handlers.schedules", ("dynamodb", "ssm")),
    "poll_social": ("chalicelib.handlers.schedules", ("dynamodb", "ssm")),
}
FLOWS = {
    "receive_mail": "mail_in",
    "receive_sms": "texting",
    "receive_delivery": "batches",
    "triage": "triage",
    "acknowledge": "replying",
    "count": "counting",
    "send": "sending",
    "relate": "relating",
    "hand_over": "dispatching",
    "train": "modelling",
    "label_cases": "relabelling",
    "train_models": "modelling",
    "answer": "botting",
    "detect_trends": "detecting",
    "sweep": "sweeping",
    "answer_call": "calls",
    "keep_promises": "reminding",
    "poll_social": "contacts",
    "plan_campaign": "outreach",
    "notify": "outreach",
}
SCRIPT = """
import importlib, json, sys, time
begin = time.perf_counter()
module, services, flow = json.loads(sys.argv[1])
importlib.import_module(module)
if module == "chalice":
    import boto3
    boto3.client("dynamodb")
else:
    from chalicelib import bootstrap
    if flow:
        getattr(bootstrap.get(), flow)
    from chalicelib.gateways.clients import Clients
    clients = Clients()
    for service in services:
        clients[service]
print(time.perf_counter() - begin)
"""


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Seconds of each function beside the floor, and the size of the zip."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place)
        package(ROOT, "local", out, progress("bench"), lint=False)
        (archive,) = out.glob("*.zip")
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(out / "task")
        yield ("zip", f"{archive.stat().st_size / 1e6:.2f} MB", "", "")
        floor = _seconds(out / "task", "chalice", (), "")
        for name, (module, services) in FUNCTIONS.items():
            seconds = _seconds(out / "task", module, services, FLOWS.get(name, ""))
            yield (name, f"{seconds:.3f} s", f"{floor:.3f} s", f"{seconds / floor:.2f}")


def _seconds(task: Path, module: str, services: tuple[str, ...], flow: str) -> float:
    arguments = [sys.executable, "-c", SCRIPT, json.dumps([module, services, flow])]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(task),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "TABLE_NAME": "bench",
    }
    taken = []
    for _ in range(RUNS):
        done = subprocess.run(
            arguments, cwd=task, env=environment, capture_output=True, text=True, check=True
        )
        taken.append(float(done.stdout))
    return min(taken)
