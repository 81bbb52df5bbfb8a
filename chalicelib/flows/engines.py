"""How the engines stand: who decides, what both said of the newest cases, and what is under way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.cases.models import Case, CaseStatus
from chalicelib.errors import Invalid
from chalicelib.ports import Clock
from chalicelib.understanding.classifiers import Labelling
from chalicelib.understanding.comparing import EngineComparison, Sorted, compared
from chalicelib.understanding.costs import Costs, bill
from chalicelib.understanding.engines import EnginesSettings
from chalicelib.understanding.lessons import InUse

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.costs import CostStore
    from chalicelib.store.labellings import LabellingStore
    from chalicelib.store.models import ModelStore
    from chalicelib.store.opinions import OpinionStore
    from chalicelib.store.settings import SettingsStore

MOST = 500  # cases that are compared
CONFIRMED_WORTH = 0.3  # of a topic that an agent let stand, beside one that a person set
SOLVED = frozenset({CaseStatus.RESOLVED, CaseStatus.CLOSED})


class EnginesReport(Model):
    """Which engine decides topics, and how it does beside the other one."""

    engines: EnginesSettings
    own_in_use: InUse | None = None
    classifier_in_use: InUse | None = None
    labelling: Labelling | None = None  # the newest hourly job
    comparison: EngineComparison


@dataclass(frozen=True)
class EngineReports:
    settings: SettingsStore
    models: ModelStore
    labellings: LabellingStore
    opinions: OpinionStore
    cases: CaseStore
    cost_store: CostStore
    clock: Clock

    def report(self) -> EnginesReport:
        """Both engines on the newest cases of which both spoke."""
        engines = self.settings.read("engines", EnginesSettings)
        opinions = self.opinions.newest(MOST)
        cases = self.cases.some(one.case_id for one in opinions)
        truth = {case_id: _sorted(case) for case_id, case in cases.items()}
        span = (opinions[0].at - opinions[-1].at).total_seconds() / 86_400 if opinions else 0.0
        return EnginesReport(
            engines=engines,
            own_in_use=self.models.in_use(),
            classifier_in_use=self.models.in_use("comprehend"),
            labelling=self.labellings.newest(),
            comparison=compared(opinions, truth, engines, span),
        )

    def costs(self, month: str | None) -> Costs:
        """What Comprehend cost in a month such as 2026-11, this one if none is named. Raises
        Invalid."""
        wanted = month or f"{self.clock():%Y-%m}"
        try:
            datetime.strptime(wanted, "%Y-%m")
        except ValueError as error:
            raise Invalid.field("month", "is not a month such as 2026-11") from error
        engines = self.settings.read("engines", EnginesSettings)
        units = engines.endpoint_units if engines.endpoint_arn else 0
        return bill(wanted, self.cost_store.month(wanted), units)


def _sorted(case: Case) -> Sorted:
    """What people made of a case: they set its topic, or solved it and let the topic stand."""
    if case.topic.source == "person" and case.topic.label:
        return Sorted(label=case.topic.label, worth=1.0)
    worked_on = bool(case.assignee or case.first_reply_at)
    if worked_on and case.status in SOLVED and case.topic.label:
        return Sorted(label=case.topic.label, worth=CONFIRMED_WORTH)
    return Sorted()
