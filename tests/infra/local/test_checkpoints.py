"""A checkpoint is complete or it is not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.local.checkpoints import Checkpoints
from infra.local.cloud import may_change
from infra.local.layout import Layout, checkpoint_time


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "state")
    layout.make()
    return layout


def write(checkpoints: Checkpoints, text: str, at: float) -> None:
    draft = checkpoints.draft()
    for name in ("sns", "dynamodb"):
        (draft / f"{name}.json").write_text(text)
    checkpoints.commit(at)


def state(checkpoints: Checkpoints) -> dict[str, str]:
    return {file.stem: file.read_text() for file in checkpoints.state.glob("*.json")}


def test_newest_complete_set_is_restored_whole(layout: Layout) -> None:
    checkpoints = Checkpoints(layout)
    assert checkpoints.restore() is False
    for at, text in enumerate(("one", "two", "three"), 1):
        write(checkpoints, text, float(at))
    (checkpoints.draft() / "sns.json").write_text("half")
    (checkpoints.state / "sns.json").write_text("torn")
    (checkpoints.state / "kms.json").write_text("not in the checkpoint")

    assert Checkpoints(layout).restore() is True
    assert state(checkpoints) == {"sns": "three", "dynamodb": "three"}
    assert checkpoint_time(layout) == 3.0
    assert len(list((layout.cloud / "checkpoints").iterdir())) == 2


def test_messages_of_functions_that_ended_are_visible_again(layout: Layout) -> None:
    checkpoints = Checkpoints(layout)
    held = {"sent_at": 10.0, "visible_at": 9e9, "receive_count": 1}
    delayed = {"sent_at": 10.0, "visible_at": 9e9, "receive_count": 0}
    queues = {"data": {"key": {"messages": [held, delayed]}}}
    draft = checkpoints.draft() / "sqs.json"
    draft.write_text(json.dumps({"payload": {"queues": queues}}))
    checkpoints.commit(1.0)
    for _ in range(2):  # the checkpoint itself stays as it is
        checkpoints.restore()
        restored = json.loads(state(checkpoints)["sqs"])["payload"]["queues"]["data"]["key"]
        assert [message["visible_at"] for message in restored["messages"]] == [10.0, 9e9]
    assert json.loads(next((layout.cloud / "checkpoints").rglob("sqs.json")).read_text()) == {
        "payload": {"queues": queues}
    }


def test_only_what_may_change_something_asks_for_a_checkpoint() -> None:
    def scope(method: str, target: str = "", path: str = "/") -> dict[str, object]:
        return {"method": method, "path": path, "headers": [(b"x-amz-target", target.encode())]}

    assert may_change(scope("POST", "DynamoDB_20120810.PutItem"))
    assert may_change(scope("POST"))
    assert may_change(scope("PUT"))
    assert may_change(scope("GET", path="/restapis/x/api/_user_request_/"))
    assert not may_change(scope("GET"))
    assert not may_change(scope("POST", "DynamoDB_20120810.Query"))
    assert not may_change(scope("POST", "Logs_20140328.DeleteLogStream"))
