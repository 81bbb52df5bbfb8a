"""How far Comprehend is with what it does by itself: trainings, and jobs that label cases."""

from __future__ import annotations

from enum import StrEnum

from chalicelib.base import Instant, Model
from chalicelib.understanding.lessons import ClassifierFigures


class Work(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ClassifierState(Model):
    """A training: `status` and `message` are Comprehend's, `seconds` what is paid for."""

    work: Work
    status: str
    message: str = ""
    seconds: float = 0.0
    figures: ClassifierFigures | None = None


class LabellingState(Model):
    """A job: `output` is the key of its answer in the bucket, once it is done."""

    work: Work
    message: str = ""
    output: str = ""


class Labelling(Model):
    """The record of an hourly job that labels cases with the classifier in use."""

    id: str
    work: Work = Work.RUNNING
    reason: str = ""  # how it went, in words
    arn: str  # of the classifier
    model_version: str
    job_id: str = ""  # Comprehend's, once it was handed over
    cases: int = 0
    applied: int = 0  # cases whose topic it changed
    created_at: Instant
    ended_at: Instant | None = None
