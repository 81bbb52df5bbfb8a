"""The SMTP door: what it accepted is never lost."""

from __future__ import annotations

import asyncio
import json
import smtplib
from pathlib import Path

import pytest

from infra.local.amazon import CloudDown
from infra.local.layout import Layout, write_json
from infra.local.mail_door import SIZE_LIMIT, Intake, serve_smtp
from infra.local.processes import free_port
from infra.local.spool import Spool
from infra.local.stack import NotDeployed, Stack

from .conftest import Clock, FakeAmazon

MAIL = b"From: a@b.example\r\nSubject: hi\r\n\r\n.leading dot\r\n" + b"x" * 5000 + b"\r\n"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "state")
    layout.make()
    write_json(layout.stack, {"BucketName": "bucket", "MailTopicArn": "arn:mail"})
    return layout


def intake(layout: Layout, amazon: FakeAmazon, clock: Clock) -> Intake:
    return Intake(Spool(layout.spool), amazon, Stack(layout.stack), clock)


def test_smtp_mail_arrives_as_object_and_notice(layout: Layout, clock: Clock) -> None:
    amazon = FakeAmazon()
    door = intake(layout, amazon, clock)
    port = free_port(set())

    def write() -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.sendmail("a@b.example", ["anyone@anywhere.example", "other@x.example"], MAIL)
            assert client.esmtp_features["size"] == str(SIZE_LIMIT)

    async def scene() -> None:
        server = await serve_smtp(door, "127.0.0.1", port)
        work = asyncio.create_task(door.run())
        await asyncio.to_thread(write)
        while not amazon.published:
            await asyncio.sleep(0.01)
        work.cancel()
        server.close()
        await asyncio.gather(work, return_exceptions=True)

    asyncio.run(scene())
    [(topic, text)] = amazon.published
    said = json.loads(text)
    assert topic == "arn:mail"
    assert said["mail"]["destination"] == ["anyone@anywhere.example", "other@x.example"]
    stored = amazon.objects["bucket", said["receipt"]["action"]["objectKey"]]
    assert stored.endswith(MAIL)


def test_accepted_mail_waits_for_the_cloud_over_a_restart(layout: Layout, clock: Clock) -> None:
    amazon = FakeAmazon(down=True)
    door = intake(layout, amazon, clock)
    message_id = asyncio.run(door.accept(MAIL, "", ("s@example.com",)))
    with pytest.raises(CloudDown):
        asyncio.run(door.hand_over(message_id))

    amazon.down = False
    again = intake(layout, amazon, clock)
    assert again.recover(layout) == 1
    asyncio.run(again.hand_over(message_id))
    assert f"mail/{message_id}" in amazon.published[0][1]
    assert Spool(layout.spool).waiting() == []


def test_handed_over_mail_is_retaken_until_a_checkpoint_holds_it(
    layout: Layout, clock: Clock
) -> None:
    amazon = FakeAmazon()
    door = intake(layout, amazon, clock)
    message_id = asyncio.run(door.accept(MAIL, "", ("s@example.com",)))
    asyncio.run(door.hand_over(message_id))

    crashed = intake(layout, amazon, clock)
    assert crashed.recover(layout) == 1
    asyncio.run(crashed.hand_over(message_id))
    assert amazon.published[0] == amazon.published[1]

    write_json(layout.checkpoint, {"taken_at": clock.now + 10})
    assert intake(layout, amazon, clock).recover(layout) == 0
    asyncio.run(crashed.forget(layout))
    assert list((layout.spool / "done").iterdir()) == []


def test_mail_before_the_first_deploy_is_kept(layout: Layout, clock: Clock) -> None:
    layout.stack.unlink()
    door = intake(layout, FakeAmazon(), clock)
    message_id = asyncio.run(door.accept(MAIL, "", ("s@example.com",)))
    with pytest.raises(NotDeployed):
        asyncio.run(door.hand_over(message_id))
    assert Spool(layout.spool).waiting() == [message_id]


def test_half_written_entry_was_never_accepted(layout: Layout, clock: Clock) -> None:
    draft = layout.spool / "draft" / "x"
    spool = Spool(layout.spool)
    draft.mkdir()
    (draft / "mail.eml").write_bytes(b"half")
    spool.reopen(0.0)
    assert not draft.exists()
    assert spool.waiting() == []
