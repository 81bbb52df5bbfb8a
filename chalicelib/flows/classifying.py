"""A classifier of Amazon Comprehend is trained on what people corrected, and followed.

1. A request is a record and a reaction, as for a model of our own (flows/modelling.py).
2. The examples go into the bucket, redacted, and Comprehend is asked to train. The reaction stays,
   and comes again every few minutes through the sweep.
3. Each time the state of the training is read; at the end its figures are kept with the record, and
   it is put into use when it is not worse than the one before it. Hourly jobs use that one; an
   endpoint has the classifier that it was created with.

A death between any two steps repeats the step: the record's id is Comprehend's request token.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.errors import ClassifierRefused
from chalicelib.flows.examples import Examples
from chalicelib.ports import Classifiers, Clock, Objects
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import WriteRefused
from chalicelib.understanding import poison
from chalicelib.understanding.classifiers import ClassifierState, Work
from chalicelib.understanding.costs import PaidKind, charge
from chalicelib.understanding.documents import TrainingSet, as_csv, training_set
from chalicelib.understanding.engines import EnginesSettings
from chalicelib.understanding.judging import TOLERATED, Verdict
from chalicelib.understanding.lessons import ModelState, TopicModel

if TYPE_CHECKING:
    from chalicelib.store.costs import CostStore
    from chalicelib.store.models import ModelStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

LOOK_AGAIN = timedelta(minutes=2)
TOO_LONG = timedelta(hours=24)
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Classifying:
    table: Table
    models: ModelStore
    reactions: ReactionStore
    costs: CostStore
    settings: SettingsStore
    examples: Examples
    objects: Callable[[], Objects]
    classifiers: Callable[[], Classifiers]
    clock: Clock

    def train(self, reaction: Reaction, tell: Tell) -> None:
        """The next step of the training that a request asks for; nothing where it is over."""
        if not self.reactions.exists(reaction):
            return
        asked = self.models.get(reaction.data["model"], "comprehend")
        try:
            if asked.arn:
                self._follow(asked, reaction, tell)
            else:
                self._begin(asked, reaction, tell)
        except ClassifierRefused as error:
            self._end(asked, reaction, {"state": ModelState.FAILED, "reason": str(error)})
            tell(f"failed: {error}")

    def _begin(self, asked: TopicModel, reaction: Reaction, tell: Tell) -> None:
        language = self.settings.read("engines", EnginesSettings).language
        taught = self.examples.taught(self.clock())
        try:
            chosen = training_set(taught, language)
        except ValueError as error:
            raise ClassifierRefused(str(error)) from error
        folder = f"models/comprehend/{asked.id}"
        self.objects().put(f"{folder}/examples.csv", as_csv(chosen.examples), "text/csv")
        tests = f"{folder}/tests.csv" if chosen.tests else ""
        if tests:
            self.objects().put(tests, as_csv(chosen.tests), "text/csv")
        arn = self.classifiers().create(
            asked.id, f"{folder}/examples.csv", tests, f"{folder}/output/", language
        )
        now = self.clock()
        given = [*chosen.examples, *chosen.tests]
        begun: dict[str, Any] = {
            **_about(chosen),
            "state": ModelState.TRAINING,
            "arn": arn,
            "model_version": arn.partition(":document-classifier/")[2],
            "language": language,
            "progress": f"{len(chosen.examples)} documents handed over",
            "progress_at": now,
            "contradictions": poison.contradictions(given),
            "bursts": poison.bursts(given),
        }
        self._wait(asked.model_copy(update=begun), reaction)
        tell(begun["progress"])

    def _follow(self, asked: TopicModel, reaction: Reaction, tell: Tell) -> None:
        state = self.classifiers().state(asked.arn)
        tell(f"Comprehend says: {state.status}")
        now = self.clock()
        if state.work is Work.RUNNING and now - asked.created_at < TOO_LONG:
            said = {"progress": f"Comprehend says: {state.status}", "progress_at": now}
            self._wait(asked.model_copy(update=said), reaction)
        elif state.work is Work.DONE:
            self._trained(asked, state, reaction)
        else:
            raise ClassifierRefused(f"the training ended as {state.status}: {state.message}")

    def _trained(self, asked: TopicModel, state: ClassifierState, reaction: Reaction) -> None:
        before = self.models.in_use("comprehend")
        decided = _verdict(state, self.models.get(before.id, "comprehend") if before else None)
        fields: dict[str, Any] = {
            "state": ModelState.IN_USE if decided.promote else ModelState.REFUSED,
            "reason": f"{decided.reason}{_left_out(asked)}",
            "trained_at": self.clock(),
            "seconds": round(state.seconds, 1),
            "classifier": state.figures,
            "progress": "",
            "progress_at": None,
        }
        if decided.promote:
            fields |= {"promoted_by": "training", "promoted_at": self.clock()}
        self._end(asked, reaction, fields, seconds=round(state.seconds))

    # --- keeping ---------------------------------------------------------------------------

    def _wait(self, model: TopicModel, reaction: Reaction) -> None:
        later = self.reactions.postpone(reaction, self.clock() + LOOK_AGAIN)
        try:
            self.table.commit(self.models.save(model), later)
        except WriteRefused:
            return  # served meanwhile

    def _end(
        self, asked: TopicModel, reaction: Reaction, fields: dict[str, Any], seconds: int = 0
    ) -> None:
        """The end of it, with what it cost; nothing where the same request was served meanwhile."""
        model = asked.model_copy(update=fields)
        paid = [charge(PaidKind.TRAINING, seconds)] if seconds else []
        writes = [*self.costs.add(paid, self.clock(), model.id), self.reactions.done(reaction)]
        if model.state is ModelState.IN_USE:
            writes += self.models.use(model, self.models.in_use("comprehend"))
        else:
            writes.append(self.models.save(model))
        try:
            self.table.commit(*writes)
        except WriteRefused as refused:
            if "done" not in refused.names:
                raise


def _about(chosen: TrainingSet) -> dict[str, Any]:
    given = [*chosen.examples, *chosen.tests]
    dated = [one.at for one in given if one.at]
    left = ", ".join(chosen.left_out)
    return {
        "labels": tuple(sorted({one.example.label for one in given})),
        "examples": dict(Counter(str(one.origin) for one in given)),
        "taught_until": max(dated, default=None),
        "procedure": chosen.procedure,
        "reason": f"too few documents, left out: {left}" if left else "",
    }


def _left_out(asked: TopicModel) -> str:
    return f"; {asked.reason}" if asked.reason else ""


def _verdict(state: ClassifierState, before: TopicModel | None) -> Verdict:
    new = state.figures
    if new is None:
        return Verdict(False, "Comprehend measured nothing")
    said = f"right on {new.accuracy:.1%} of {new.tested} documents that it was not taught"
    old = before.classifier if before else None
    if old is None:
        return Verdict(True, f"the first classifier: {said}")
    against = f"{said}, the one before on {old.accuracy:.1%} of its own {old.tested}"
    if new.accuracy >= old.accuracy - TOLERATED:
        return Verdict(True, f"not worse: {against}")
    return Verdict(False, f"worse than the one in use: {against}")
