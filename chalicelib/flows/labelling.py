"""Every hour a job of Comprehend labels cases anew, where the settings say so.

1. `begin`: a record and a reaction, where no job is under way.
2. The first step collects unsolved cases that no person sorted and this classifier never saw, and
   hands them over as one file, a document a line, without personal data.
3. The reaction stays, and comes again through the sweep, until Comprehend is done.
4. Its answer is kept as an opinion beside each case; where the jobs decide, it becomes the case's
   topic, with priority and team decided anew. What a person set stays.

Each step may be repeated: the record's id is Comprehend's request token, and a case that has this
classifier's opinion is not touched again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.cases import rules
from chalicelib.cases.models import Case
from chalicelib.errors import ClassifierRefused, Contended, StaleVersion
from chalicelib.flows.timeline import event
from chalicelib.flows.triage import topic_of
from chalicelib.ports import Classifiers, Clock, Ids, Objects
from chalicelib.store import items
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import WriteRefused
from chalicelib.understanding.classifiers import Labelling, Work
from chalicelib.understanding.costs import PaidKind, paid
from chalicelib.understanding.documents import as_lines, predictions
from chalicelib.understanding.engines import (
    Engine,
    EnginesSettings,
    Opinion,
    Scored,
    decision,
    explained,
    said,
)
from chalicelib.understanding.models import UNKNOWN_LANGUAGE, TopicDecision, TopicsSettings

if TYPE_CHECKING:
    from chalicelib.flows.deciding import Deciding
    from chalicelib.flows.learning import Learning
    from chalicelib.flows.placing import Placing
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.costs import CostStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.labellings import LabellingStore
    from chalicelib.store.models import ModelStore
    from chalicelib.store.opinions import OpinionStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

GRACE, LOOK_AGAIN, TOO_LONG = timedelta(minutes=2), timedelta(minutes=2), timedelta(hours=12)
MOST, RECENT = 500, timedelta(days=14)
ATTEMPTS = 5
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Relabelling:
    table: Table
    labellings: LabellingStore
    models: ModelStore
    cases: CaseStore
    customers: CustomerStore
    opinions: OpinionStore
    costs: CostStore
    reactions: ReactionStore
    settings: SettingsStore
    deciding: Deciding
    learning: Learning
    placing: Placing
    objects: Callable[[], Objects]
    classifiers: Callable[[], Classifiers]
    clock: Clock
    ids: Ids

    def begin(self) -> Labelling | None:
        """Begin a job; None where none is wanted, possible or needed now."""
        if not self.settings.read("engines", EnginesSettings).asks_hourly:
            return None
        chosen, before, now = (
            self.models.in_use("comprehend"),
            self.labellings.newest(),
            self.clock(),
        )
        if chosen is None:
            return None
        if before and before.work is Work.RUNNING and now - before.created_at < TOO_LONG:
            return None
        job = Labelling(
            id=self.ids.new(), arn=chosen.key, model_version=chosen.model_version, created_at=now
        )
        task = Reaction(owner="LABELLING", kind="train", id=job.id, data={"labelling": job.id})
        begun = self.labellings.begin(job, before)
        try:
            self.table.commit(*begun, self.reactions.new(task, now + GRACE))
        except WriteRefused:
            return None  # somebody else began one
        return job

    def work(self, reaction: Reaction, tell: Tell) -> None:
        """The next step of a job; nothing where it is over."""
        job = self.labellings.get(reaction.data["labelling"])
        if job is None or not self.reactions.exists(reaction):
            return
        try:
            if job.job_id:
                self._follow(job, reaction, tell)
            else:
                self._hand_over(job, reaction, tell)
        except ClassifierRefused as error:
            tell(f"failed: {error}")
            self._end(job, reaction, work=Work.FAILED, reason=str(error))

    # --- handing over ----------------------------------------------------------------------

    def _hand_over(self, job: Labelling, reaction: Reaction, tell: Tell) -> None:
        chosen = self._collect(job)
        if not chosen:
            self._end(job, reaction, work=Work.DONE, reason="no case is waiting to be labelled")
            return
        folder = f"models/labelling/{job.id}"
        manifest = [[case.id, own.model_dump(mode="json")] for case, _, own in chosen]
        self.objects().put(f"{folder}/cases.json", json.dumps(manifest).encode())
        documents = as_lines([text for _, text, _ in chosen])
        self.objects().put(f"{folder}/documents.txt", documents, "text/plain")
        handed = self.classifiers().label(
            job.id, job.arn, f"{folder}/documents.txt", f"{folder}/output/"
        )
        begun = job.model_copy(update={"job_id": handed, "cases": len(chosen)})
        self._wait(begun, reaction)
        tell(f"{len(chosen)} cases handed over")

    def _collect(self, job: Labelling) -> list[tuple[Case, str, TopicDecision]]:
        """Cases with their words, and what our own engine says of them."""
        language = self.settings.read("engines", EnginesSettings).language
        recent = [
            case
            for case in self._unsolved()
            if case.topic.source != "person"
            and (case.language or UNKNOWN_LANGUAGE) in (language, UNKNOWN_LANGUAGE)
        ]
        known = self.opinions.of(case.id for case in recent)
        engine = self.deciding.engine()
        found = []
        for case in recent:
            seen = known.get(case.id)
            if seen and seen.other.model_version == job.model_version:
                continue
            text = self.learning.words(case)
            if text:
                own = engine.decide(text, case.language or UNKNOWN_LANGUAGE)
                found.append((case, text, own))
        return found

    def _unsolved(self) -> list[Case]:
        partitions = [p for s in rules.UNSOLVED for p in self.cases.partitions(f"STATUS#{s}")]
        page = self.cases.listing(2, sorted(partitions), MOST, None)
        cases = [items.model(Case, stored) for stored in page.items]
        return [case for case in cases if self.clock() - case.created_at < RECENT]

    # --- the answer ------------------------------------------------------------------------

    def _follow(self, job: Labelling, reaction: Reaction, tell: Tell) -> None:
        state = self.classifiers().labelled(job.job_id)
        if state.work is Work.FAILED:
            raise ClassifierRefused(f"the job failed: {state.message}")
        if state.work is Work.RUNNING:
            if self.clock() - job.created_at > TOO_LONG:
                raise ClassifierRefused("the job did not end in time")
            self._wait(job, reaction)
            return
        folder = f"models/labelling/{job.id}"
        manifest = json.loads(self.objects().get(f"{folder}/cases.json"))
        documents = self.objects().get(f"{folder}/documents.txt").decode().splitlines()
        try:
            found = predictions(self.objects().get(state.output))
        except ValueError as error:
            raise ClassifierRefused(f"the answer cannot be read: {error}") from error
        applied = 0
        for number, (case_id, own) in enumerate(manifest):
            if number in found:
                applied += self._label(
                    job, case_id, TopicDecision.model_validate(own), found[number]
                )
        tell(f"{len(found)} of {len(manifest)} cases labelled, {applied} topics changed")
        self._end(
            job,
            reaction,
            documents,
            work=Work.DONE,
            reason=f"{len(found)} of {len(manifest)} cases labelled",
            applied=applied,
        )

    def _label(
        self, job: Labelling, case_id: str, own: TopicDecision, classes: list[Scored]
    ) -> bool:
        """Keep the classifier's word on a case; whether it became the case's topic."""
        engines = self.settings.read("engines", EnginesSettings)
        topics = self.settings.read("topics", TopicsSettings).topics
        decided = decision(classes, engines.sure, job.model_version, [t.label for t in topics])
        for _ in range(ATTEMPTS):
            case = self.cases.some([case_id]).get(case_id)
            if case is None:
                return False  # erased meanwhile
            opinion = Opinion(
                case_id=case.id,
                customer_id=case.customer_id,
                own=said(own),
                other=said(decided),
                decided=engines.topic,
                at=self.clock(),
            )
            known = self.opinions.of([case_id]).get(case_id)
            if known and known.other.model_version == job.model_version:
                return known.decided is Engine.JOB and case.topic.model_version == job.model_version
            try:
                word = explained(decided, own)
                return self._apply(case, word, opinion, engines.topic is Engine.JOB)
            except (StaleVersion, Contended):
                continue
        raise Contended("labelling lost its races")

    def _apply(self, case: Case, decided: TopicDecision, opinion: Opinion, decides: bool) -> bool:
        kept = self.opinions.keep(opinion)
        stands = case.topic.source == "person" or case.merged_into or case.spam
        if not decides or stands or decided.label is None or case.status not in rules.UNSOLVED:
            self.table.commit(kept)
            return False
        now = self.clock()
        reasons = {**case.reasons, "topic": decided.reason}
        sorted_ = case.model_copy(update={"topic": topic_of(decided), "reasons": reasons})
        customer = self.customers.final(case.customer_id)
        placed = self.placing.place(sorted_, customer, self.learning.words(case)).case
        after = rules.touch(placed, now)
        changes = {
            name: [str(old or ""), str(new or "")]
            for name, old, new in (
                ("topic", case.topic.label, after.topic.label),
                ("priority", case.priority, after.priority),
                ("team", case.team, after.team),
            )
            if old != new
        }
        writes = [kept]
        if changes:
            note = event(after, self.ids.new(), now, "understood anew", changes)
            count = Reaction(owner=f"CASE#{case.id}", kind="count", id=self.ids.new())
            writes += [self.cases.new_message(note), self.reactions.new(count, now + GRACE)]
        self.cases.save(after, *writes)
        return bool(changes)

    # --- keeping ---------------------------------------------------------------------------

    def _wait(self, job: Labelling, reaction: Reaction) -> None:
        later = self.reactions.postpone(reaction, self.clock() + LOOK_AGAIN)
        try:
            self.table.commit(self.labellings.save(job), later)
        except WriteRefused:
            return  # served meanwhile

    def _end(
        self, job: Labelling, reaction: Reaction, documents: Sequence[str] = (), **fields: Any
    ) -> None:
        """The end of it, with what it cost; nothing where it was served meanwhile."""
        now = self.clock()
        ended = job.model_copy(update={**fields, "ended_at": now})
        spent = [paid(PaidKind.CLASSIFY_JOB, *documents)] if documents else []
        try:
            self.table.commit(
                self.labellings.save(ended),
                self.reactions.done(reaction),
                *self.costs.add(spent, now, job.id),
            )
        except WriteRefused as refused:
            if "done" not in refused.names:
                raise
