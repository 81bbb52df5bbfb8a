"""The examples that a model is trained on, from where people left them; see flows/modelling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from chalicelib.cases.models import Case, CaseStatus
from chalicelib.store import items
from chalicelib.understanding.language import identify_language
from chalicelib.understanding.lessons import Lesson, LessonKind, Origin, Taught
from chalicelib.understanding.models import (
    UNKNOWN_LANGUAGE,
    TopicDefinition,
    TopicsSettings,
)
from chalicelib.understanding.training import Example

if TYPE_CHECKING:
    from chalicelib.flows.learning import Learning
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.lessons import LessonStore
    from chalicelib.store.settings import SettingsStore

MOST_CORRECTIONS, MOST_CONFIRMED, MOST_DEFINED = 7_000, 1_000, 2_000
CONFIRMED_WORTH = 0.3
PAGE = 100
SOLVED = (CaseStatus.RESOLVED, CaseStatus.CLOSED)


@dataclass(frozen=True)
class Examples:
    settings: SettingsStore
    lessons: LessonStore
    cases: CaseStore
    learning: Learning

    def taught(self, now: datetime) -> list[Taught]:
        """Everything to learn topics from, of topics that are still defined."""
        definitions = self.settings.read("topics", TopicsSettings).topics
        known = {topic.label for topic in definitions}
        corrected = self._corrected(now)
        confirmed = islice(self._confirmed(set(corrected), known), MOST_CONFIRMED)
        dated = [*(_from_lesson(lesson) for lesson in corrected.values()), *confirmed]
        usable = [one for one in dated if not known or one.example.label in known]
        return [*islice(_defined(definitions), MOST_DEFINED), *usable]

    def newest_correction(self, now: datetime) -> datetime | None:
        """When a topic was last corrected; None for never."""
        newest = self.lessons.newest(LessonKind.TOPIC, now, 1)
        return newest[0].at if newest else None

    def _corrected(self, now: datetime) -> dict[str, Lesson]:
        """The last word on each case."""
        found: dict[str, Lesson] = {}
        for lesson in self.lessons.newest(LessonKind.TOPIC, now, MOST_CORRECTIONS):
            found.setdefault(lesson.case_id, lesson)
        return found

    def _confirmed(self, corrected: set[str], known: set[str]) -> Iterator[Taught]:
        """Cases that an agent solved without touching the machine's topic, newest first."""
        partitions = [p for s in SOLVED for p in self.cases.partitions(f"STATUS#{s}")]
        positions: dict[str, Any] | None = None
        for _ in range(2 * MOST_CONFIRMED // PAGE):
            page = self.cases.listing(2, partitions, PAGE, positions)
            for stored in page.items:
                case = items.model(Case, stored)
                if _stands(case, known) and case.id not in corrected:
                    text = self.learning.words(case)
                    if text:
                        yield _from_case(case, text)
            positions = page.positions
            if positions is None:
                return


def _stands(case: Case, known: set[str]) -> bool:
    """An agent worked on the case, and let the machine's topic be."""
    worked_on = bool(case.assignee or case.first_reply_at)
    by_machine = bool(case.topic.label) and case.topic.source != "person"
    return worked_on and by_machine and (not known or case.topic.label in known)


def _from_case(case: Case, text: str) -> Taught:
    return Taught(
        id=case.id,
        example=Example(
            text=text,
            label=case.topic.label or "",
            language=case.language or UNKNOWN_LANGUAGE,
            worth=CONFIRMED_WORTH,
        ),
        origin=Origin.CONFIRMED,
        customer=case.customer_id,
        at=case.resolved_at or case.updated_at,
        by=case.assignee or "",
    )


def _from_lesson(lesson: Lesson) -> Taught:
    return Taught(
        id=lesson.id,
        example=Example(text=lesson.text, label=lesson.label, language=lesson.language),
        origin=Origin.PERSON,
        customer=lesson.customer_id,
        at=lesson.at,
        by=lesson.by,
    )


def _defined(definitions: tuple[TopicDefinition, ...]) -> Iterator[Taught]:
    for topic in definitions:
        for number, text in enumerate(topic.examples or (" ".join((topic.name, *topic.words)),)):
            language = identify_language(text).code
            yield Taught(
                id=f"{topic.label}-{number}",
                example=Example(text=text, label=topic.label, language=language),
                origin=Origin.DEFINITION,
            )
