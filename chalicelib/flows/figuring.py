"""The figures of the help centre over some days."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from chalicelib.knowledge import figures
from chalicelib.knowledge.figures import Cell, HelpFigures
from chalicelib.knowledge.models import HelpSettings
from chalicelib.ports import Clock

if TYPE_CHECKING:
    from chalicelib.store.questions import QuestionStore
    from chalicelib.store.settings import SettingsStore


@dataclass(frozen=True)
class Figuring:
    questions: QuestionStore
    settings: SettingsStore
    clock: Clock

    def figures(self, since: date, until: date) -> HelpFigures:
        """What became of the questions of those days, both included (UTC)."""
        by_day = self.questions.counts(since, until)
        counts: Counter[Cell] = Counter()
        for cells in by_day.values():
            counts.update(cells)
        fresh = self.clock().date() - timedelta(days=figures.SETTLED_DAYS)
        still_open = sum(cells["", "asked"] for day, cells in by_day.items() if day > fresh)
        prices = self.settings.read("help", HelpSettings).wording
        return figures.report(counts, since, until, still_open, prices)
