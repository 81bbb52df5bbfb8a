"""The second engine: live, by the hour, in the shadow of ours; what it costs; when it fails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.cases import rules
from chalicelib.cases.models import CasePatch, CaseStatus
from chalicelib.handlers import schedules
from chalicelib.understanding.costs import PaidKind
from chalicelib.understanding.engines import Engine
from chalicelib.understanding.lessons import Lesson, LessonKind, ModelState, TopicModel
from tests.support import SCHEDULED, TABLE, World

PARCEL = {"label": "parcel", "name": "Parcel", "team": "shipping", "words": ["parcel"]}
VOUCHER = {"label": "voucher", "name": "Voucher", "team": "sales", "words": ["voucher"]}
SAID = {
    "parcel": ("the courier lost box number {}", "courier left the box {} at the wrong door"),
    "voucher": ("the discount code {} is refused", "code {} gives no discount at the checkout"),
}
ANGRY = "The courier lost my box, this is terrible, the worst service that I ever had"


def settings(world: World, **engines: Any) -> None:
    world.app.documents.write("topics", {"topics": [PARCEL, VOUCHER]}, None, "test")
    world.app.documents.write("engines", engines, None, "test")
    world.clock.forward(seconds=11)


def teach(world: World, count: int = 24) -> None:
    for n in range(count):
        label = list(SAID)[n % 2]
        lesson = Lesson(
            id=f"l{n}",
            kind=LessonKind.TOPIC,
            text=SAID[label][n // 2 % 2].format(n),
            label=label,
            language="en",
            customer_id=f"c{n}",
            case_id=f"old{n}",
            by="eva@example.com",
            at=world.clock() + timedelta(seconds=n),
        )
        world.app.lessons.add(lesson)
    world.clock.forward(minutes=5)


def classifier(world: World) -> TopicModel:
    """A classifier of Comprehend, trained and in use."""
    asked = world.app.modelling.request("lead@example.com", "comprehend")
    world.settle()
    world.aws.comprehend.train()
    world.clock.forward(minutes=4)
    world.sweep()
    return world.app.models.get(asked.id, "comprehend")


def endpoint(world: World, arn: str) -> str:
    made = world.clients["comprehend"].create_endpoint(
        EndpointName="topics", ModelArn=arn, DesiredInferenceUnits=1
    )
    return str(made["EndpointArn"])


def later(world: World, times: int = 2) -> None:
    for _ in range(times):
        world.clock.forward(minutes=4)
        world.sweep()


def spent(world: World, kind: PaidKind) -> list[int]:
    costs = world.app.engine_reports.costs(None)
    return [line.units for line in costs.lines if line.kind is kind]


def test_a_classifier_is_trained_from_corrections_and_kept_with_its_figures(world: World) -> None:
    settings(world)
    teach(world)
    model = classifier(world)
    assert model.state is ModelState.IN_USE
    assert model.classifier is not None
    assert (model.classifier.labels, model.classifier.tested) == (2, 2)
    assert model.classifier.accuracy > 0.5
    assert model.arn.endswith(f"/version/{model.id}")
    examples = world.app.objects.get(f"models/comprehend/{model.id}/examples.csv").decode()
    assert examples.count("\n") >= 24  # corrections and definitions
    assert world.waiting("train") == 0
    assert spent(world, PaidKind.TRAINING) == [1800]


def test_a_training_that_comprehend_would_refuse_says_what_it_lacks(world: World) -> None:
    settings(world)
    teach(world, 6)
    model = classifier(world)
    assert model.state is ModelState.FAILED
    assert "10 documents each" in model.reason
    assert not world.aws.comprehend.classifiers


def test_a_death_after_the_request_leads_to_one_classifier(world: World) -> None:
    """Comprehend was asked; the record of it was never written, and the reaction comes again."""
    settings(world)
    teach(world)
    commit = world.app.table.commit
    world.app.modelling.request("lead@example.com", "comprehend")
    fails = [True]

    def dies(*writes: Any, token: str = "") -> None:
        if any(write.name == "model" for write in writes) and fails:
            fails.clear()
            raise TimeoutError("died")
        commit(*writes, token=token)

    world.app.table.commit = dies  # type: ignore[method-assign]
    world.settle()
    world.app.table.commit = commit  # type: ignore[method-assign]
    assert len(world.aws.comprehend.classifiers) == 1
    later(world)
    assert world.aws.calls["comprehend", "CreateDocumentClassifier"] == 2
    assert len(world.aws.comprehend.classifiers) == 1


def test_the_endpoint_decides_where_the_settings_say_so(world: World) -> None:
    settings(world)
    teach(world)
    model = classifier(world)
    settings(world, topic="endpoint", endpoint_arn=endpoint(world, model.arn))
    world.mail(ANGRY, subject="Help")
    world.settle()
    case = world.case()
    assert (case.topic.label, case.topic.source) == ("parcel", "comprehend")
    assert case.topic.model_version == f"custops-test/version/{model.id}"
    assert "our own engine agrees" not in case.reasons["topic"]  # it does not know these words
    assert case.team == "shipping"
    assert len(spent(world, PaidKind.CLASSIFY)) == 1


def test_our_engine_stands_in_for_an_endpoint_that_is_throttled(world: World) -> None:
    settings(world)
    teach(world)
    settings(world, topic="endpoint", endpoint_arn=endpoint(world, classifier(world).arn))
    world.aws.comprehend.down.add("ClassifyDocument")
    world.mail("Where is my parcel? The parcel is late", subject="parcel")
    world.settle()
    case = world.case()
    assert (case.topic.label, case.topic.source) == ("parcel", "words and examples")
    assert "ThrottlingException" in case.reasons["topic"]
    assert spent(world, PaidKind.CLASSIFY) == []
    asked = world.aws.calls["comprehend", "ClassifyDocument"]
    world.mail("Where is my parcel now", sender="b@example.org", subject="parcel")
    world.settle()
    assert "a moment ago" in world.cases()[-1].reasons["topic"]
    assert world.aws.calls["comprehend", "ClassifyDocument"] == asked
    world.aws.comprehend.down.clear()
    world.clock.forward(minutes=1)
    world.mail("The courier lost the box", sender="c@example.org", subject="Help")
    world.settle()
    assert world.cases()[-1].topic.source == "comprehend"


def test_a_topic_that_the_classifier_was_never_taught_is_found_by_ours(world: World) -> None:
    settings(world)
    teach(world)
    arn = endpoint(world, classifier(world).arn)
    fridge = {"label": "fridge", "name": "Fridge", "examples": ["My fridge is warm inside"]}
    settings(world, topic="endpoint", endpoint_arn=arn)
    documents = {"topics": [PARCEL, VOUCHER, fridge]}
    world.app.documents.write("topics", documents, None, "test")
    world.clock.forward(seconds=11)
    world.mail("My fridge is warm inside", subject="fridge")
    world.settle()
    assert world.case().topic.label == "fridge"


def test_the_words_that_speak_for_a_topic_are_those_of_our_engine(world: World) -> None:
    settings(world)
    teach(world)
    settings(world, topic="endpoint", endpoint_arn=endpoint(world, classifier(world).arn))
    world.mail("The courier lost my parcel", subject="parcel")
    world.settle()
    case = world.case()
    assert (case.topic.source, case.topic.why) == ("comprehend", "parcel")
    assert "our own engine agrees" in case.reasons["topic"]


def test_a_case_that_was_erased_meanwhile_stops_no_job(world: World) -> None:
    settings(world)
    world.mail("The courier lost my box", subject="Help")
    world.settle()
    teach(world)
    classifier(world)
    settings(world, topic="job")
    schedules.label_cases(SCHEDULED, None)
    world.settle()
    key = {"pk": {"S": f"CASE#{world.case().id}"}, "sk": {"S": "CASE"}}
    world.clients["dynamodb"].delete_item(TableName=TABLE, Key=key)
    world.aws.comprehend.run_jobs()
    later(world)
    job = world.app.labellings.newest()
    assert job is not None
    assert (job.work, job.applied) == ("done", 0)


def test_both_engines_are_compared_on_the_same_cases(world: World) -> None:
    settings(world)
    teach(world)
    settings(world, shadow=True, endpoint_arn=endpoint(world, classifier(world).arn))
    for n in range(4):
        world.mail(SAID["parcel"][n % 2].format(n), sender=f"p{n}@example.org", subject="Help")
    world.settle()
    assert {case.topic.source for case in world.cases()} != {"comprehend"}
    for case in world.cases():
        patched = rules.apply(case, CasePatch(topic="parcel"), world.clock(), "eva@example.com")
        world.app.cases.save(patched.case)
    compared = world.app.engine_reports.report().comparison
    assert (compared.cases, compared.known) == (4, 4)
    assert compared.comprehend is not None
    assert compared.own is not None
    assert compared.comprehend.right_on_corrections == 1.0
    assert compared.own.coverage <= compared.comprehend.coverage
    assert compared.comprehend.dollars_per_1000 > compared.own.dollars_per_1000


def test_an_hourly_job_labels_what_nobody_decided(world: World) -> None:
    settings(world)
    world.mail("The courier lost my box", sender="a@example.org", subject="Help")
    world.mail("The courier lost the box", sender="b@example.org", subject="Help")
    world.mail("Discount code refused", sender="c@example.org", subject="Help")
    world.settle()
    first, second, third = world.cases()
    assert {case.topic.label for case in (first, third)} == {None}
    decided = rules.apply(second, CasePatch(topic="voucher"), world.clock(), "eva@example.com")
    world.app.cases.save(decided.case)
    solved = rules.apply(third, CasePatch(status=CaseStatus.RESOLVED), world.clock(), "eva")
    world.app.cases.save(solved.case)
    teach(world)
    model = classifier(world)
    settings(world, topic="job")
    schedules.label_cases(SCHEDULED, None)
    world.settle()
    schedules.label_cases(SCHEDULED, None)  # one is under way
    world.aws.comprehend.run_jobs()
    later(world)
    first, second, third = world.cases()
    assert (first.topic.label, first.topic.source, first.team) == (
        "parcel",
        "comprehend",
        "shipping",
    )
    assert first.topic.model_version == model.model_version
    assert (second.topic.label, second.topic.source) == ("voucher", "person")
    assert third.topic.label is None
    assert spent(world, PaidKind.CLASSIFY_JOB) == [3]
    job = world.app.labellings.newest()
    assert job is not None
    assert (job.work, job.cases, job.applied) == ("done", 1, 1)
    opinion = world.app.opinions.of([first.id])[first.id]
    assert (opinion.decided, opinion.other.label) == (Engine.JOB, "parcel")
    assert len(world.aws.comprehend.jobs) == 1


def test_a_case_is_shown_to_the_same_classifier_once(world: World) -> None:
    settings(world)
    world.mail("The courier lost my box", subject="Help")
    teach(world)
    classifier(world)
    settings(world, topic="job")
    for _ in range(2):
        schedules.label_cases(SCHEDULED, None)
        world.settle()
        world.aws.comprehend.run_jobs()
        later(world)
        world.clock.forward(hours=1)
    assert len(world.aws.comprehend.jobs) == 1
    assert len(spent(world, PaidKind.CLASSIFY_JOB)) == 1
    job = world.app.labellings.newest()
    assert job is not None
    assert job.reason == "no case is waiting to be labelled"


def test_messages_of_one_batch_share_a_call(world: World) -> None:
    for n in range(3):
        world.mail(f"{ANGRY} {n}", sender=f"p{n}@example.org")
    world.mail("Mein Paket ist kaputt und niemand antwortet mir", sender="d@example.org")
    world.settle()
    assert world.aws.calls["comprehend", "BatchDetectSentiment"] == 1
    assert world.aws.calls["comprehend", "DetectSentiment"] == 1
    assert [case.sentiment for case in world.cases()] == ["negative"] * 4
    [line] = world.app.engine_reports.costs(None).lines
    assert (line.kind, line.calls, line.units) == (PaidKind.SENTIMENT, 4, 12)
    assert line.dollars == 0.0012


def test_key_phrases_are_kept_where_they_are_switched_on(world: World) -> None:
    settings(world, key_phrases=True)
    text = "My broken charger melted, write to ana@example.org. Regards Robert Miller"
    world.mail(text, subject="Help")
    world.settle()
    case = world.case()
    assert "broken charger melted" in case.key_phrases
    assert not any("@" in phrase or "miller" in phrase for phrase in case.key_phrases)
    assert spent(world, PaidKind.KEY_PHRASES) == [3]


def test_names_that_comprehend_finds_are_not_learnt(world: World) -> None:
    settings(world, pii=True)
    world.mail("My name is Ada Lovelace and the courier lost my box", subject="Help")
    world.settle()
    case = world.case()
    world.app.casework.patch(case.id, case.version, CasePatch(topic="parcel"), "eva@example.com")
    world.settle()
    [lesson] = world.app.lessons.newest(LessonKind.TOPIC, world.clock(), 9)
    assert "My name is [name] and" in lesson.text
    assert lesson.redacted_by == "comprehend"
    assert spent(world, PaidKind.PII) == [3]
