"""Models are trained, measured, put into use when they are not worse, and taken back.

1. A request is a record and a reaction in one transaction; the trainer takes it from its queue.
2. Examples are people's corrections, the definitions' sentences, and cases that an agent solved
   without touching the machine's topic, which count less: nobody may have looked.
3. What the new model says about texts held out is held against what the model in use says of those
   that it was not taught either: texts newer than it, or what its own held-out models said.
4. Then it is trained on everything and kept in the bucket, in use or not: a person may promote any.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.errors import Conflict
from chalicelib.flows.examples import Examples
from chalicelib.ports import Clock, Ids, Objects
from chalicelib.store import items
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import WriteRefused
from chalicelib.understanding import judging, poison
from chalicelib.understanding.budget import Affordable, affordable
from chalicelib.understanding.combined import CombinedEngine
from chalicelib.understanding.engines import EnginesSettings
from chalicelib.understanding.judging import Judged, Split
from chalicelib.understanding.learned import LearnedEngine
from chalicelib.understanding.lessons import (
    CurvePoint,
    ModelKind,
    ModelState,
    Taught,
    TopicModel,
)
from chalicelib.understanding.sentences import best, solver
from chalicelib.understanding.training import train

if TYPE_CHECKING:
    from chalicelib.flows.deciding import Deciding
    from chalicelib.store.cursors import Cursors
    from chalicelib.store.models import ModelStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

GRACE = timedelta(hours=2)  # beyond what a queue does by itself about a training that died
SIGN_OF_LIFE = 5.0  # seconds
CLASSIFIER_EVERY = timedelta(days=7)  # its training costs a few dollars
UNDER_WAY = (ModelState.REQUESTED, ModelState.TRAINING)
Tell = Callable[[str], None]


class ModelPart(NamedTuple):
    """A page of records, newest first, which of all is in use, and where the next page begins."""

    models: tuple[TopicModel, ...]
    in_use: str | None
    cursor: str | None


class _Measured(NamedTuple):
    procedure: str
    judged: list[Judged]
    curve: tuple[CurvePoint, ...]


@dataclass(frozen=True)
class Modelling:
    table: Table
    models: ModelStore
    reactions: ReactionStore
    settings: SettingsStore
    examples: Examples
    deciding: Deciding
    objects: Callable[[], Objects]
    cursors: Cursors
    clock: Clock
    ids: Ids

    # --- what people and the clock ask for -------------------------------------------------

    def request(self, by: str, kind: ModelKind = "topic") -> TopicModel:
        """Have a model trained; the one that is already waited for, where there is one."""
        now = self.clock()
        newest = self._newest(kind)
        if newest and newest.state in UNDER_WAY and now - newest.created_at < GRACE:
            return newest
        model = TopicModel(id=self.ids.new(), kind=kind, requested_by=by, created_at=now)
        data = {"model": model.id} if kind == "topic" else {"model": model.id, "kind": kind}
        task = Reaction(owner=f"MODEL#{model.id}", kind="train", id=model.id, data=data)
        self.table.commit(self.models.new(model), self.reactions.new(task, now + GRACE))
        return model

    def request_when_taught(self) -> TopicModel | None:
        """The daily request; None where nobody taught anything since the last one. A classifier of
        Comprehend is asked for along with it, once a week, where its jobs are switched on."""
        newest = self._newest()
        taught = self.examples.newest_correction(self.clock())
        if taught is None or (newest and taught <= newest.created_at):
            return None
        if self.settings.read("engines", EnginesSettings).asks_hourly:
            last = self._newest("comprehend")
            if last is None or self.clock() - last.created_at > CLASSIFIER_EVERY:
                self.request("schedule", "comprehend")
        return self.request("schedule")

    def find(self, limit: int, cursor: str | None, kind: ModelKind = "topic") -> ModelPart:
        """A page of the history; raises Malformed for a cursor that is not of this list."""
        name = f"models {kind}"
        page = self.models.listing(kind, limit, self.cursors.read(name, cursor))
        chosen = self.models.in_use(kind)
        return ModelPart(
            models=tuple(items.model(TopicModel, stored) for stored in page.items),
            in_use=chosen.id if chosen else None,
            cursor=self.cursors.write(name, page.last),
        )

    def promote(self, model_id: str, by: str) -> TopicModel:
        """Put a model into use, whatever was measured: also the way back to an earlier one.

        Raises NotFound, and Conflict for one that was not trained or after a lost race."""
        model = self.models.of_any_kind(model_id)
        if not model.trained_at or model.state is ModelState.FAILED:
            raise Conflict(f"this model was not trained: it is {model.state}")
        chosen = _promoted(model, by, f"promoted by {by}", self.clock())
        try:
            self.table.commit(*self.models.use(chosen, self.models.in_use(model.kind)))
        except WriteRefused as refused:
            raise Conflict("another model was put into use meanwhile; look again") from refused
        return chosen

    # --- training --------------------------------------------------------------------------

    def train(self, reaction: Reaction, tell: Tell) -> None:
        """Train and measure the model that a request asks for; nothing where that was done."""
        if not self.reactions.exists(reaction):
            return
        started = time.perf_counter()
        asked = self.models.get(reaction.data["model"])
        tell = self._telling(asked, tell)
        found = affordable(self.examples.taught(self.clock()))
        tell(f"{len(found.taught)} examples")
        try:
            model, promote = self._trained(asked, found, tell)
        except ValueError as error:
            model, promote = _failed(asked, str(error)), False
        odd = {
            "contradictions": poison.contradictions(found.taught),
            "bursts": poison.bursts(found.taught),
        }
        taken = {
            **odd,
            "seconds": round(time.perf_counter() - started, 2),
            "trained_at": self.clock(),
        }
        model = model.model_copy(update=taken)
        kept = self._keep(model, promote, reaction)
        tell(f"{kept.state}: {kept.reason}")

    def _telling(self, asked: TopicModel, tell: Tell) -> Tell:
        """Tells the log, and whoever reads the record meanwhile."""

        def both(line: str) -> None:
            tell(line)
            self.models.progress(asked, line, self.clock())

        return both

    def _trained(self, asked: TopicModel, found: Affordable, tell: Tell) -> tuple[TopicModel, bool]:
        """The record of the trained model, and whether to use it; raises ValueError."""
        taught = found.taught
        dated = [one.at for one in taught if one.at]
        if not dated:
            raise ValueError("no topic was corrected, or confirmed by an agent, as yet")
        measured = self._measured(found, tell)
        final = train([one.example for one in taught], best(), solver(), _now_and_then(tell))
        version = LearnedEngine.from_bytes(final.data).model_version
        key = f"models/topic/{version}.bin"
        self.objects().put(key, final.data)
        said = {one.taught.id: one.right for one in measured.judged}
        self.objects().put(_words_key(asked.id), json.dumps(said).encode(), "application/json")
        comparison = judging.compare(judging.paired(measured.judged, self._in_use(measured.judged)))
        decided = judging.verdict(comparison)
        doubts = judging.doubts(measured.judged)
        fields: dict[str, Any] = {
            "state": ModelState.REFUSED,
            "reason": decided.reason,
            "model_version": version,
            "key": key,
            "bytes": len(final.data),
            "labels": tuple(sorted({one.example.label for one in taught})),
            "examples": dict(Counter(str(one.origin) for one in taught)),
            "taught_until": max(dated),
            "procedure": measured.procedure,
            "figures": judging.figures(measured.judged),
            "comparison": comparison,
            "curve": measured.curve,
            "doubts": judging.shown(doubts),
            "suspicious": judging.suspicious(measured.judged, doubts),
        }
        return asked.model_copy(update=fields), decided.promote

    def _measured(self, found: Affordable, tell: Tell) -> _Measured:
        """What models that were not taught them say about the texts that are held out."""
        procedure, splits = judging.splits(found.taught, found.groups)
        judged: list[Judged] = []
        curve: tuple[CurvePoint, ...] = ()
        for number, split in enumerate(splits, 1):
            said = self._judged(split.learn, split.held_out)
            if number == 1 and said and found.curve:
                curve = self._curve(split, said)
            judged += said
            tell(f"held-out part {number} of {len(splits)}: {len(said)} texts judged")
        return _Measured(procedure, judged, curve)

    def _judged(self, learn: Sequence[Taught], held_out: Sequence[Taught]) -> list[Judged]:
        """Nothing where there are not two labels to learn."""
        if len({one.example.label for one in learn}) < 2:
            return []
        trained = train([one.example for one in learn], best(), solver())
        learned = LearnedEngine.from_bytes(trained.data, best())
        engine = CombinedEngine(learned, self.deciding.scorer())
        return [
            Judged(one, engine.decide(one.example.text, one.example.language)) for one in held_out
        ]

    def _curve(self, split: Split, whole: list[Judged]) -> tuple[CurvePoint, ...]:
        """The accuracy that the oldest quarter and half of the dated examples would have led to."""
        always = [one for one in split.learn if not one.at]
        dated = sorted((one for one in split.learn if one.at), key=lambda one: str(one.at))
        points = []
        for part in (4, 2):
            said = self._judged([*always, *dated[: len(dated) // part]], split.held_out)
            figures = judging.figures(said)
            if figures:
                points.append(CurvePoint(texts=len(dated) // part, accuracy=figures.accuracy))
        figures = judging.figures(whole)
        if figures:
            points.append(CurvePoint(texts=len(dated), accuracy=figures.accuracy))
        return tuple(points)

    def _in_use(self, judged: Sequence[Judged]) -> dict[str, bool]:
        """Whether what is in use now is right about these texts, where it was not taught them."""
        chosen = self.models.in_use()
        until = self.models.get(chosen.id).taught_until if chosen else None
        said: dict[str, bool] = {}
        if chosen:
            said = json.loads(self.objects().get(_words_key(chosen.id)))
        engine = self.deciding.engine()
        for one in judged:
            unseen = until is None or (one.taught.at is not None and one.taught.at > until)
            if unseen:
                example = one.taught.example
                guess = engine.decide(example.text, example.language).guess
                said[one.taught.id] = guess == example.label
        return said

    # --- keeping ---------------------------------------------------------------------------

    def _keep(self, model: TopicModel, promote: bool, reaction: Reaction) -> TopicModel:
        """The record as it was stored; where the same request was served meanwhile, nothing is."""
        done = self.reactions.done(reaction)
        if promote:
            chosen = _promoted(model, "training", model.reason, self.clock())
            try:
                self.table.commit(*self.models.use(chosen, self.models.in_use()), done)
            except WriteRefused as refused:
                if "done" in refused.names:
                    return self.models.get(model.id)
                reason = "another model was put into use meanwhile"
                model = model.model_copy(update={"reason": reason})
            else:
                return chosen
        try:
            self.table.commit(self.models.save(model), done)
        except WriteRefused:
            return self.models.get(model.id)
        return model

    def _newest(self, kind: ModelKind = "topic") -> TopicModel | None:
        page = self.models.listing(kind, 1, None)
        return items.model(TopicModel, page.items[0]) if page.items else None


def _promoted(model: TopicModel, by: str, reason: str, now: Any) -> TopicModel:
    fields = {
        "state": ModelState.IN_USE,
        "reason": reason,
        "promoted_by": by,
        "promoted_at": now,
    }
    return model.model_copy(update=fields)


def _failed(model: TopicModel, reason: str) -> TopicModel:
    return model.model_copy(update={"state": ModelState.FAILED, "reason": reason})


def _now_and_then(tell: Tell) -> Tell:
    """Not each epoch of a quick training, but a sign of life every few seconds of a long one."""
    told = [time.perf_counter()]

    def maybe(line: str) -> None:
        if time.perf_counter() - told[0] >= SIGN_OF_LIFE:
            told[0] = time.perf_counter()
            tell(line)

    return maybe


def _words_key(model_id: str) -> str:
    """Where is kept which held-out texts a model's predecessors in its own measuring got right."""
    return f"models/topic/{model_id}.json"
