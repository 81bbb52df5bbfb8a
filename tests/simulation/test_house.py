"""The real handlers under faults: the short form. `make simulate SEEDS=n` runs any number."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.simulation.house.mutants import MUTANTS, mutant
from tests.simulation.house.scenario import HouseScenario
from tests.simulation.world import search
from tests.simulation.world.search import Run

CORPUS = Path(__file__).parent / "corpus"
SEEDS = range(60)
CONTACTS = 8
BEGINS = {"does not wait for events": 200}  # two faults must meet: 219 seeds pass without
SINGLES = 8  # of all single faults every so many-th; all of them by command


def test_without_faults_all_promises_hold() -> None:
    assert search.play(HouseScenario, 0, 12, {}).violations == ()


def test_promises_hold_under_seeded_faults() -> None:
    assert _failing(search.seeds(HouseScenario, SEEDS, CONTACTS)) == []


def test_promises_hold_after_any_single_fault() -> None:
    clean = search.play(HouseScenario, 0, 2, {})
    faults = [(place, kind) for place, kinds in clean.places.items() for kind in kinds]
    runs = (search.play(HouseScenario, 0, 2, {place: kind}) for place, kind in faults[::SINGLES])
    assert _failing(runs) == []


def test_promises_hold_after_pairs_of_faults() -> None:
    assert _failing(islice(search.pairs(HouseScenario, 1, part=(7, 101)), 100)) == []


def test_the_same_seed_makes_the_same_run() -> None:
    assert search.play(HouseScenario, 11, 4) == search.play(HouseScenario, 11, 4)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_in_the_application_is_found(name: str) -> None:
    make = mutant(name)
    first = BEGINS.get(name, 0)
    seeds = range(first, first + 120)
    runs = search.seeds(lambda contacts: HouseScenario(contacts, make), seeds, CONTACTS)
    assert any(run.violations for run in runs)


@pytest.mark.parametrize(
    "entry", [entry for _, entry in search.saved(CORPUS)], ids=lambda entry: entry["name"]
)
def test_what_once_failed_holds(entry: dict[str, Any]) -> None:
    run = search.play(HouseScenario, entry["seed"], entry["messages"], entry["plan"])
    assert run.violations == ()


def _failing(runs: Any) -> list[Run]:
    return [run for run in runs if run.violations]
