"""Two machines that answer each other come to rest, whatever the other one does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.cases import acknowledging
from chalicelib.cases.acknowledging import Acknowledged, Acknowledgements, Limits
from tests.simulation.aws.ses import Sent
from tests.support import NOON, World

ROBOT = "robot@example.net"
Echo = Callable[[World, Sent, int], None]


def to_where_it_says(world: World, sent: Sent, number: int) -> None:
    """Answers to Reply-To with a new Message-ID, and with nothing that tells a machine."""
    to = dict(sent.headers)["Reply-To"]
    world.mail(sent.text, sender=ROBOT, to=to, subject=sent.subject)


def new_subject(world: World, sent: Sent, number: int) -> None:
    """Opens a new ticket for each mail, with a number of its own."""
    text = "Your message has arrived and will be looked at."
    world.mail(text, sender=ROBOT, subject=f"Ticket {number} opened")


def new_number(world: World, sent: Sent, number: int) -> None:
    world.mail(f"Ticket {number} has been opened.", sender=ROBOT, subject=f"Ticket {number}")


def new_words(world: World, sent: Sent, number: int) -> None:
    world.mail("word " * number, sender=ROBOT, subject=f"Answer {number}")


@pytest.mark.parametrize(
    ("echo", "minutes", "most"),
    [
        (to_where_it_says, 0, 2),
        (new_subject, 0, 2),
        (new_subject, 45, 2),
        (new_number, 1, 6),
        (new_words, 1, 21),
        (new_words, 30, 41),
        (new_words, 400, 101),
    ],
)
def test_an_echo_robot_comes_to_rest(world: World, echo: Echo, minutes: int, most: int) -> None:
    world.mail("Hello there", sender=ROBOT, subject="Hello")
    world.settle()
    answered = 0
    while len(world.aws.ses.accepted) > answered:
        assert answered <= most, "still going"
        sent = world.aws.ses.accepted[answered]
        answered += 1
        world.clock.forward(minutes=minutes)
        echo(world, sent, answered)
        world.settle()
    assert answered <= most


def test_two_installations_of_ours_come_to_rest_at_once(world: World) -> None:
    world.mail("Hello there", sender="support@other.example", subject="Hello")
    world.settle()
    (ours,) = world.aws.ses.accepted
    raw = ours.raw.replace(b"support@example.com", b"support@other.example")
    world.raw_mail(raw)  # what the other one of us would say to ours
    world.settle()
    assert len(world.aws.ses.accepted) == 1


def test_two_matters_within_a_minute_are_both_acknowledged(world: World) -> None:
    world.mail("My parcel is late", subject="Parcel")
    world.mail("My card does not work", subject="Card")
    world.settle()
    assert len(world.aws.ses.accepted) == 2


def test_the_same_words_again_are_acknowledged_once_and_the_reason_is_on_the_case(
    world: World,
) -> None:
    world.mail("Please call me", subject="One")
    world.settle()
    world.mail("Please  call me", subject="Two")
    world.settle()
    assert len(world.aws.ses.accepted) == 1
    _, second = world.cases()
    assert any("no acknowledgement: the same text" in m.text for m in world.timeline(second))


def test_the_window_is_over_some_time() -> None:
    limits = Limits(window=timedelta(minutes=60), per_hour=20, per_day=40)
    known = Acknowledgements(sent=(Acknowledged(at=NOON, same="a", similar="b"),), version=1)
    within = Acknowledged(at=NOON + timedelta(minutes=59), same="a", similar="b")
    later = Acknowledged(at=NOON + timedelta(minutes=60), same="a", similar="b")
    assert acknowledging.withheld(known, within, limits)
    assert acknowledging.withheld(known, later, limits) == ""
