"""Cases become one, part, and know of each other; nothing is lost on the way."""

from __future__ import annotations

import pytest

from chalicelib.cases.models import Case, CasePatch, CaseStatus, LinkKind
from chalicelib.errors import Conflict, Invalid
from chalicelib.flows.helpdesk import HelpAnswer
from chalicelib.flows.joining import LinkInput, SplitInput
from chalicelib.flows.replying import ReplyInput
from tests.support import World

AGENT = "eva.berg@example.com"


@pytest.fixture
def two(world: World) -> tuple[Case, Case]:
    """Two cases of one customer: the source and the target of a merge."""
    world.mail("My parcel is late", subject="Late", message_id="late@example.org")
    world.clock.forward(minutes=1)
    world.mail("And the lamp is broken", subject="Broken", message_id="broken@example.org")
    world.settle()
    source, target = world.cases()
    world.clock.forward(minutes=1)
    return source, target


def test_a_merge_shows_both_timelines_and_the_history_on_both(
    world: World, two: tuple[Case, Case]
) -> None:
    source, target = two
    merge(world, source, target)
    assert "My parcel is late" in read(world, target)
    assert "And the lamp is broken" in read(world, target)
    assert f"merged into {target.reference}" in events(world, source)
    assert f"{source.reference} was merged into this case" in events(world, target)
    assert again(world, source).status == CaseStatus.CLOSED
    assert again(world, target).message_count == 2


@pytest.mark.parametrize("way", ["token", "References", "subject", "secret link"])
def test_a_reply_to_a_merged_case_lands_in_the_target(
    world: World, two: tuple[Case, Case], way: str
) -> None:
    source, target = two
    token = dict(world.aws.ses.accepted[0].headers)["Reply-To"]
    merge(world, source, target)
    match way:
        case "token":
            world.mail("One more thing", to=token, subject="")
        case "References":
            world.mail("One more thing", subject="x", headers={"References": "<late@example.org>"})
        case "subject":
            world.mail("One more thing", subject=f"Re: [{source.reference}]")
        case _:
            given = HelpAnswer(text="One more thing")
            world.app.helpdesk.answer(again(world, source), given, "", "192.0.2.1")
    world.settle()
    assert len(world.cases()) == 2
    assert "One more thing" in world.texts(again(world, target))


def test_an_agents_answer_in_a_merged_case_goes_on_in_the_target(
    world: World, two: tuple[Case, Case]
) -> None:
    source, target = two
    merge(world, source, target)
    message = world.app.replying.reply(source.id, ReplyInput(text="We look into it."), AGENT)
    assert message.case_id == target.id


def test_a_merged_case_is_counted_no_more_and_is_counted_again_when_it_is_undone(
    world: World, two: tuple[Case, Case]
) -> None:
    source, target = two
    assert counted(world) == 2
    merge(world, source, target)
    assert counted(world) == 1
    world.app.joining.unmerge(source.id, AGENT)
    world.settle()
    assert counted(world) == 2


def test_a_merge_can_be_undone_for_ten_minutes_and_loses_nothing(
    world: World, two: tuple[Case, Case]
) -> None:
    source, target = two
    merge(world, source, target)
    world.mail("Written meanwhile", subject="x", headers={"References": "<late@example.org>"})
    world.settle()
    world.clock.forward(minutes=9)
    back = world.app.joining.unmerge(source.id, AGENT)
    left = again(world, target)
    assert (back.status, back.merged_into, back.message_count) == (CaseStatus.NEW, None, 1)
    assert (left.merged_cases, left.message_count) == ((), 2)
    assert "Written meanwhile" in world.texts(left)
    assert "My parcel is late" in world.texts(back)


def test_a_merge_cannot_be_undone_later(world: World, two: tuple[Case, Case]) -> None:
    merge(world, *two)
    world.clock.forward(minutes=11)
    with pytest.raises(Conflict, match="10 minutes"):
        world.app.joining.unmerge(two[0].id, AGENT)


def test_merging_twice_is_merging_once_and_circles_are_refused(
    world: World, two: tuple[Case, Case]
) -> None:
    source, target = two
    merge(world, source, target)
    assert world.app.joining.merge(source.id, target.reference, AGENT).message_count == 2
    with pytest.raises(Invalid):
        world.app.joining.merge(target.id, source.id, AGENT)
    with pytest.raises(Conflict):
        patch = CasePatch(status=CaseStatus.OPEN)
        now = again(world, source)
        world.app.casework.patch(source.id, now.version, patch, AGENT)


def test_a_case_of_many_messages_merges_and_pages_in_order(world: World) -> None:
    world.mail("first", message_id="first@example.org")
    world.settle()
    for number in range(120):
        world.clock.forward(seconds=1)
        answers = {"In-Reply-To": "<first@example.org>"}
        world.mail(f"more {number}", headers=answers, message_id=f"more{number}@example.org")
    world.settle()
    world.mail("Other matter", subject="Other", sender="ana@example.org")
    world.settle()
    source, target = world.cases()
    merge(world, source, target)
    texts, cursor = [], None
    while True:
        part = world.app.case_service.messages(target.id, 50, cursor, (source.id,))
        texts += [m.text.strip() for m in part.messages if m.direction == "inbound"]
        cursor = part.cursor
        if cursor is None:
            break
    assert texts == ["first", *(f"more {n}" for n in range(120)), "Other matter"]


def test_a_merge_into_a_strangers_case_shows_neither_what_the_other_wrote_before(
    world: World,
) -> None:
    world.mail("Ana's secret", subject="One")
    world.mail("Bob's secret", sender="bob@example.net", subject="Two")
    world.settle()
    ana, bob = world.cases()
    world.clock.forward(minutes=1)
    merge(world, ana, bob)
    world.clock.forward(minutes=1)
    world.app.replying.reply(bob.id, ReplyInput(text="To you both"), AGENT)
    seen = {name: follow(world, case) for name, case in (("ana", ana), ("bob", bob))}
    assert "Ana's secret" in seen["ana"]
    assert "Bob's secret" not in seen["ana"]
    assert "Bob's secret" in seen["bob"]
    assert "Ana's secret" not in seen["bob"]
    assert all("To you both" in texts for texts in seen.values())
    given = HelpAnswer(text="Thanks")
    answered = world.app.helpdesk.answer(again(world, ana), given, "", "192.0.2.1")
    assert answered.reference == ana.reference


def test_a_split_moves_messages_with_all_that_leads_to_them(world: World) -> None:
    world.mail("My parcel is late", message_id="late@example.org")
    world.settle()
    world.clock.forward(minutes=1)
    world.mail(
        "And the lamp is broken",
        headers={"In-Reply-To": "<late@example.org>"},
        message_id="lamp@example.org",
    )
    world.settle()
    case = world.case()
    lamp = next(m for m in world.timeline(case) if "lamp" in m.text)
    given = SplitInput(message_ids=(lamp.id,), subject="Broken lamp")
    fresh = world.app.joining.split(case.id, given, AGENT)
    world.settle()
    assert world.app.joining.split(case.id, given, AGENT).id == fresh.id
    assert world.texts(again(world, fresh)) == ["And the lamp is broken"]
    assert "And the lamp is broken" not in world.texts(again(world, case))
    assert (again(world, case).message_count, again(world, fresh).message_count) == (1, 1)
    assert counted(world) == 2
    world.mail("Any news?", headers={"In-Reply-To": "<lamp@example.org>"})
    world.settle()
    assert "Any news?" in world.texts(again(world, fresh))


def test_events_of_a_message_that_was_split_off_still_reach_it(world: World) -> None:
    world.mail("My parcel is late")
    world.settle()
    world.clock.forward(minutes=1)
    sent = world.app.replying.reply(world.case().id, ReplyInput(text="On its way"), AGENT)
    world.settle()
    case = world.case()
    fresh = world.app.joining.split(case.id, SplitInput(message_ids=(sent.id,)), AGENT)
    world.provider_says("Bounce")
    (moved,) = [m for m in world.timeline(fresh) if m.delivery]
    assert moved.delivery is not None
    assert moved.delivery.status == "bounced"


def test_a_split_leaves_neither_an_empty_case_nor_one_of_notes(world: World) -> None:
    world.mail()
    world.settle()
    case = world.case()
    everything = tuple(m.id for m in world.timeline(case) if m.kind == "message")
    with pytest.raises(Conflict):
        world.app.joining.split(case.id, SplitInput(message_ids=everything), AGENT)
    with pytest.raises(Invalid):
        world.app.joining.split(case.id, SplitInput(message_ids=("unknown",)), AGENT)


def test_a_link_is_written_on_both_sides_once_and_taken_away_again(
    world: World, two: tuple[Case, Case]
) -> None:
    one, other = two
    given = LinkInput(to=other.reference, kind=LinkKind.DUPLICATE_OF)
    world.app.joining.link(one.id, given, AGENT)
    first = world.app.joining.link(one.id, given, AGENT)
    assert [(k.case_id, k.kind) for k in first.links] == [(other.id, "duplicate_of")]
    assert [k.kind for k in again(world, other).links] == ["duplicated_by"]
    assert events(world, one) == [f"linked: duplicate of {other.reference}"]
    removed = world.app.joining.link(one.id, given.model_copy(update={"remove": True}), AGENT)
    assert removed.links == again(world, other).links == ()


def merge(world: World, source: Case, target: Case) -> None:
    world.app.joining.merge(source.id, target.id, AGENT)
    world.settle()


def again(world: World, case: Case) -> Case:
    return world.app.cases.get(case.id)


def read(world: World, case: Case) -> list[str]:
    parts = again(world, case).merged_cases
    part = world.app.case_service.messages(case.id, 100, None, parts)
    return [message.text.strip() for message in part.messages]


def events(world: World, case: Case) -> list[str]:
    timeline = world.timeline(case)
    return [m.text for m in timeline if m.kind == "event" and m.author.id == AGENT]


def follow(world: World, case: Case) -> list[str]:
    followed = world.app.helpdesk.follow(again(world, case), 100, None)
    return [message.text.strip() for message in followed.items]


def counted(world: World) -> int:
    day = world.clock().strftime("%Y-%m-%d")
    return sum(cell.cases for cell in world.app.counts.day(day) if cell.cell == "*")
