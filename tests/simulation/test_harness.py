"""The harness itself: it repeats a run exactly, it sees planted bugs, it makes a failure small."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from tests.simulation.toy.application import BUGS
from tests.simulation.toy.scenario import ToyScenario
from tests.simulation.world import search
from tests.simulation.world.search import Make
from tests.simulation.world.world import World

MESSAGES = 20


def with_bug(bug: str) -> Make:
    return lambda messages: ToyScenario(messages, bug)


def trace(seed: int) -> list[object]:
    world = World(seed)
    ToyScenario(MESSAGES).play(world)
    table = world.cloud.dynamodb.table("toy")
    return [
        world.faults.happened,
        [(change.at, change.keys, change.new) for change in table.changes],
        [(mail.at, mail.tags) for mail in world.cloud.ses.accepted],
    ]


def test_the_same_seed_makes_the_same_run() -> None:
    assert trace(3) == trace(3)
    assert trace(3) != trace(4)


def test_a_plan_repeats_what_the_dice_did() -> None:
    run = search.play(ToyScenario, 5, MESSAGES)
    again = search.play(ToyScenario, 5, MESSAGES, run.happened)
    assert again == run


def test_the_right_application_keeps_its_promises() -> None:
    failing = [run for run in search.seeds(ToyScenario, range(40), MESSAGES) if run.violations]
    assert failing == []


def test_the_right_application_survives_every_single_fault() -> None:
    failing = [run for run in search.singles(ToyScenario, 2) if run.violations]
    assert failing == []


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found_by_seeds(bug: str) -> None:
    runs = search.seeds(with_bug(bug), range(40), MESSAGES)
    assert any(run.violations for run in runs)


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found_by_single_faults(bug: str) -> None:
    runs = search.singles(with_bug(bug), 3)
    assert any(run.violations for run in runs)


def test_a_failing_run_is_made_small(tmp_path: Path) -> None:
    make = with_bug("sends again when in doubt")
    found = next(run for run in search.seeds(make, range(40), MESSAGES) if run.violations)
    small = search.minimised(make, found)
    assert small.violations[0].promise == found.violations[0].promise
    assert len(small.happened) <= 2 < len(found.happened)
    assert small.messages < found.messages

    path = search.save(tmp_path, "toy", small)
    ((_, entry),) = search.saved(tmp_path)
    assert path.exists()
    assert entry["plan"] == small.happened


def test_pairs_go_on_from_each_first_fault() -> None:
    run = next(islice(search.pairs(ToyScenario, 1), 40, None))
    assert len(run.happened) == 2
    assert run.violations == ()
