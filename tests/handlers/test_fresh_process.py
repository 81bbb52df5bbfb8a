"""Every event handler as Lambda runs it: its module imported alone, the raw event, no app.py.

Chalice deploys a blueprint's handler as `module.function`; what app.py registers is not there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = {
    "receive_mail": "mail",
    "receive_sms": "sms",
    "receive_delivery": "delivery",
    "forward": "forward",
    "triage": "reactions",
    "acknowledge": "reactions",
    "count": "reactions",
    "send": "reactions",
    "train": "reactions",
    "label_cases": "schedules",
    "train_models": "schedules",
    "detect_trends": "schedules",
    "sweep": "schedules",
    "keep_promises": "schedules",
    "poll_social": "schedules",
    "answer_call": "calls",
}
SCRIPT = """
import importlib, json, sys
from tests.support import installation
name, module = sys.argv[1:]
event = json.load(open(f"events/{name}.json"))
handler = getattr(importlib.import_module(f"chalicelib.handlers.{module}"), name)
with installation() as world:
    if name == "receive_mail":
        key = "mail/o3vrnil0e2ic28trm7dfhrc2v0clambda4nbp0g1"
        world.app.objects.put(key, b"From: ana@example.org\\nSubject: Charged twice\\n\\nHelp!\\n")
    answer = handler(event, None)
    subjects = [case.subject for case in world.cases()]
    queued = len(world.aws.sqs.bodies("triage"))
assert "app" not in sys.modules
print("\\n" + json.dumps({"answer": answer, "cases": subjects, "queued": queued}))
"""


@pytest.mark.parametrize("name", MODULES)
def test_a_handler_runs_from_its_raw_event_without_app(name: str) -> None:
    arguments = [sys.executable, "-c", SCRIPT, name, MODULES[name]]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout.strip().splitlines()[-1])
    # The case that the reactions' events speak of does not exist here: they are given back, alone.
    if name in ("triage", "acknowledge", "count", "send"):
        assert len(outcome["answer"]["batchItemFailures"]) == 1
    elif name.startswith("receive"):
        assert outcome["answer"] == {"batchItemFailures": []}
    if name == "answer_call":
        assert outcome["answer"]["known"] == "no"
    if name == "receive_mail":
        assert outcome["cases"] == ["Charged twice"]
    if name == "receive_sms":
        assert outcome["cases"] == ["My card does not work any more"]
    if name == "forward":
        assert outcome["queued"] == 1
