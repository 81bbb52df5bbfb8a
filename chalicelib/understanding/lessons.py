"""What people taught the machine, and what became of it: examples, models, their figures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from pydantic import Field

from chalicelib.base import Instant, Model
from chalicelib.understanding.training import Example

LONGEST_TEXT = 4_000
ModelKind = Literal["topic", "comprehend"]
"""Our own model, or a custom classifier of Amazon Comprehend: each kind has its own history."""


class LessonKind(StrEnum):
    """Which decision was corrected."""

    TOPIC = "topic"
    TEAM = "team"
    PRIORITY = "priority"
    ARTICLE = "article"  # this article solved it
    MERGE = "merge"  # this is the same matter as that case


class Lesson(Model):
    """One correction by a person: the text, without personal data, and what is right for it."""

    id: str
    kind: LessonKind
    text: str
    label: str  # a topic, team, priority, article's slug or case's id
    before: str = ""  # what the machine, or somebody else, had said
    topic: str = ""  # of the case when it was corrected
    redacted_by: str = "rules"  # "comprehend": it looked for personal data as well
    language: str = "und"
    customer_id: str
    case_id: str
    by: str
    at: Instant


class Origin(StrEnum):
    """Where an example's label is from."""

    PERSON = "person"  # a correction
    CONFIRMED = "confirmed"  # solved by an agent who let the machine's topic stand
    DEFINITION = "definition"  # an administrator's example sentence


class Taught(Model):
    """An example as it goes into training. Definitions have neither customer nor time."""

    id: str
    example: Example
    origin: Origin
    customer: str = ""
    at: Instant | None = None
    by: str = ""


class ModelState(StrEnum):
    REQUESTED = "requested"
    TRAINING = "training"
    IN_USE = "in_use"
    REFUSED = "refused"  # trained, but not better; can be promoted by a person
    RETIRED = "retired"  # was in use; can be again
    FAILED = "failed"  # nothing could be trained


class Bin(Model):
    """Texts of about the same confidence: how sure the model was, and how often right."""

    confidence: float
    right: float
    texts: int


class Confused(Model):
    """How many texts of `label` were taken for `guess`."""

    label: str
    guess: str
    texts: int


class CurvePoint(Model):
    """The accuracy that so many dated examples lead to."""

    texts: int
    accuracy: float


class Figures(Model):
    """Shares from 0 to 1, on held-out texts. Each text counts by the worth of its label."""

    texts: int
    accuracy: float  # of the best guess, uttered or not
    accuracy_on_corrections: float | None
    macro_f1: float
    coverage: float  # uttered, that is: not "don't know"
    right_when_uttered: float
    calibration_error: float  # expected, ten bins of equal width
    bins: tuple[Bin, ...] = ()
    confusion: tuple[Confused, ...] = ()


class Comparison(Model):
    """The new model's accuracy less that of the one in use, on texts that neither was taught."""

    texts: int
    candidate: float
    in_use: float
    difference: float
    low: float  # of the 95 % interval, by bootstrap over customers
    high: float


class Doubt(Model):
    """A label that the other examples contradict: an oversight, or poison."""

    id: str
    by: str
    label: str
    guess: str
    confidence: float


class Teacher(Model):
    """A person whose labels are contradicted far more often than the others'."""

    by: str
    labels: int
    doubtful: int


class Contradiction(Model):
    """One text that was given several labels; the most frequent one was learnt."""

    text: str
    labels: tuple[str, ...]
    by: dict[str, tuple[str, ...]] = {}  # people by label


class Burst(Model):
    """Many labels by one login in a short time: a bulk correction, a machine, or poison."""

    by: str
    labels: int
    since: Instant
    until: Instant
    most_frequent: str  # of the labels given


class ClassifierFigures(Model):
    """What Comprehend measured of its classifier on documents that it was not taught."""

    labels: int
    trained: int  # documents
    tested: int
    accuracy: float
    precision: float
    recall: float
    f1: float


class TopicModel(Model):
    """The record of a trained model: what it learnt from, how good it is, why it is (not) used."""

    id: str
    kind: ModelKind = "topic"
    state: ModelState = ModelState.REQUESTED
    reason: str = ""  # why it is in that state, in words
    progress: str = ""  # of a training that is under way: its last line
    progress_at: Instant | None = None
    requested_by: str
    created_at: Instant
    trained_at: Instant | None = None
    seconds: float = 0.0  # that training and measuring took
    model_version: str = ""
    key: str = ""  # of its file in the bucket, "" where there is none
    bytes: int = 0
    labels: tuple[str, ...] = ()
    examples: dict[str, int] = {}  # by origin
    taught_until: Instant | None = None  # the time of the newest of them
    procedure: str = ""  # how texts were held out
    figures: Figures | None = None
    comparison: Comparison | None = None
    curve: tuple[CurvePoint, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    suspicious: tuple[Teacher, ...] = ()
    bursts: tuple[Burst, ...] = ()
    arn: str = ""  # of Comprehend's classifier
    language: str = ""  # in which it was trained
    classifier: ClassifierFigures | None = None
    promoted_by: str = ""
    promoted_at: Instant | None = None


class InUse(Model):
    """Which model decides now."""

    id: str = Field(min_length=1)
    key: str
    model_version: str


def last_words(lessons: Iterable[Lesson]) -> list[Lesson]:
    """Of each case the newest lesson of a kind, newest first."""
    found: dict[tuple[str, str], Lesson] = {}
    for lesson in sorted(lessons, key=lambda one: (one.at, one.id), reverse=True):
        found.setdefault((lesson.case_id, lesson.kind), lesson)
    return list(found.values())


def team_by_topic(lessons: Iterable[Lesson]) -> dict[str, dict[str, int]]:
    """How often people gave the cases of a topic to each team, by the last word on each case."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for lesson in last_words(one for one in lessons if one.kind is LessonKind.TEAM):
        if lesson.topic:
            counts[lesson.topic][lesson.label] += 1
    return {topic: dict(teams.most_common()) for topic, teams in counts.items()}
