"""Campaigns under faults: nobody told twice, nobody forgotten, those held out never told."""

from __future__ import annotations

import pytest

from chalicelib.bootstrap import Application
from tests.simulation.house.campaign_mutants import CAMPAIGN_MUTANTS
from tests.simulation.house.installation import Make
from tests.simulation.house.scenario import HouseScenario
from tests.simulation.world import search
from tests.simulation.world.search import Run

SEEDS = range(1000, 1030)


def _scenario(make: Make = Application) -> search.Make:
    return lambda contacts: HouseScenario(contacts, make, campaign=True)


def test_without_faults_a_campaign_goes_as_it_should() -> None:
    assert search.play(_scenario(), 3, 2, {}).violations == ()


def test_promises_of_campaigns_hold_under_seeded_faults() -> None:
    failing: list[Run] = [run for run in search.seeds(_scenario(), SEEDS, 1) if run.violations]
    assert failing == []


@pytest.mark.parametrize("name", CAMPAIGN_MUTANTS)
def test_a_mistake_in_campaigns_is_found(name: str) -> None:
    runs = search.seeds(_scenario(CAMPAIGN_MUTANTS[name]), range(60), 1)
    assert any(run.violations for run in runs)
