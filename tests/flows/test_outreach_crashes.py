"""A campaign whose calls of AWS fail, one after the other: nobody told twice, nobody forgotten.

A run without faults counts the calls. Then the same run is repeated with one fault at one call: the
function dies before it, dies after it, it is throttled, or it takes effect and its answer is lost.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import bootstrap
from chalicelib.bootstrap import Application
from tests.flows.faults import Death, Faults, FaultyClients
from tests.flows.outreach_world import Outreaching, customer, outreaching

SIZE = 50  # two segments by mail, and one by text message
TEXTED = 2
STORY = 52  # calls until the last event about the first mails; what follows repeats itself
READS = re.compile(r"get_|query")


def run(faults: Faults, events_at_once: bool = False) -> None:
    """Approve a campaign, let everything fail as told, and see that it ends as it should."""
    with outreaching() as o:
        o.crowd(SIZE)
        o.has(*(customer(900 + n, email="", phone=f"+1555000000{n}") for n in range(TEXTED)))
        campaign = o.approved()
        clean = bootstrap.get()
        bootstrap.install(
            Application(
                clean.settings,
                FaultyClients(o.world.clients, faults),  # type: ignore[arg-type]
                o.world.clock,
                clean.ids,
            )
        )
        if events_at_once:
            o.world.aws.ses.heard = lambda sent: overtake(o, faults, sent)
        o.events = ("Send",)
        o.world.aws.sms.topics["custops"] = o.world.aws.ses.topics["custops"]
        for _ in range(14):
            with suppress(Death, ClientError, BotoCoreError):  # the stream's batch is lost for good
                o.settle()
                o.world.clock.forward(minutes=2)
                o.pass_time(1)
                sms_speaks(o)
        bootstrap.install(clean)
        o.settle()
        assert_everybody_told_once(o, campaign)


def overtake(o: Outreaching, faults: Faults, sent: Any) -> None:
    """The provider's event is there before its answer to the call, and before our mark."""
    held, faults.at = faults.at, -1
    count, names = faults.count, list(faults.names)
    o.world.aws.ses.publish(sent, "Send")
    o.world.deliver("DeliveryQueue")
    faults.at, faults.count, faults.names = held, count, names


def sms_speaks(o: Outreaching) -> None:
    for text in o.world.aws.sms.accepted:
        o.world.aws.sms.publish(text, "TEXT_SENT")
    o.settle()


def assert_everybody_told_once(o: Outreaching, campaign: Any) -> None:
    told = o.told()
    assert {address: n for address, n in told.items() if n > 1} == {}
    assert len(told) == SIZE + TEXTED
    assert o.counted(campaign) == o.recount(campaign)
    view = o.app.outreach.get(campaign.id)
    assert view.status == "completed"
    assert (view.progress.total, view.progress.sent) == (SIZE + TEXTED, SIZE + TEXTED)
    for customer_id in ("K000000", "K000049", "K000901"):
        assert len(o.app.customers.told(customer_id, 10).items) == 1


def test_without_a_fault() -> None:
    run(Faults())


def test_when_the_providers_events_overtake_our_mark() -> None:
    run(Faults(), events_at_once=True)


@pytest.mark.parametrize("how", ["dies before", "dies after", "throttled", "answer lost"])
def test_whatever_call_goes_wrong(how: str) -> None:
    plain = Faults()
    run(plain)
    assert "pinpoint-sms-voice-v2.send_text_message" in plain.names[:STORY]
    for at in range(STORY):
        if how != "dies before" and READS.search(plain.names[at]):
            continue  # to die after a read is to die before the next call
        faults = Faults(at, how)
        try:
            run(faults)
        except AssertionError as error:
            raise AssertionError(f"call {at}, {plain.names[at]}, {how}: {error}") from error
