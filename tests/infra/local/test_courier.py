"""Notices are published until they are confirmed, and again when a crash may have undone it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from infra.local.courier import RETRY, Courier
from infra.local.layout import Layout, write_json
from infra.local.memory import Memory, Notice
from infra.local.stack import Stack

from .conftest import Clock, FakeAmazon

OTHER = "arn:aws:sns:us-east-1:000000000000:other"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "state")
    layout.make()
    write_json(layout.stack, {"SmsTopicArn": "arn:sms"})
    return layout


def test_output_names_become_topics_and_order_is_kept(
    layout: Layout, memory: Memory, clock: Clock
) -> None:
    amazon = FakeAmazon()
    courier = Courier(memory, amazon, Stack(layout.stack), clock)
    notices = [Notice("SmsTopicArn", str(n), clock.now + 5 - n) for n in range(3)]
    memory.keep([], notices)
    assert asyncio.run(courier.publish_due()) is False
    clock.now += 10
    assert asyncio.run(courier.publish_due()) is True
    assert amazon.published == [("arn:sms", "2"), ("arn:sms", "1"), ("arn:sms", "0")]
    assert asyncio.run(courier.publish_due()) is False


def test_topic_in_trouble_holds_up_no_other(layout: Layout, memory: Memory, clock: Clock) -> None:
    amazon = FakeAmazon()
    courier = Courier(memory, amazon, Stack(layout.stack), clock)
    memory.keep([], [Notice("NoSuchOutput", "x", 0.0), Notice(OTHER, "y", 1.0)])
    asyncio.run(courier.publish_due())
    asyncio.run(courier.publish_due())
    assert amazon.published == [(OTHER, "y")]
    write_json(layout.stack, {"NoSuchOutput": "arn:late"})
    clock.now += RETRY
    asyncio.run(courier.publish_due())
    assert amazon.published[-1] == ("arn:late", "x")


def test_confirmed_notice_is_repeated_until_a_checkpoint_holds_it(
    layout: Layout, memory: Memory, clock: Clock
) -> None:
    amazon = FakeAmazon()
    courier = Courier(memory, amazon, Stack(layout.stack), clock)
    memory.keep([], [Notice(OTHER, "x", clock.now)])
    asyncio.run(courier.publish_due())
    assert courier.reopen(layout) == 1
    asyncio.run(courier.publish_due())
    assert amazon.published == [(OTHER, "x"), (OTHER, "x")]
    write_json(layout.checkpoint, {"taken_at": clock.now + 10})
    assert courier.reopen(layout) == 0
