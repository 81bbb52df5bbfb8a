"""Training beside what may go wrong: twice, with poison, with a file that is gone."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.store.reactions import Reaction
from chalicelib.understanding.lessons import Lesson, LessonKind, ModelState, TopicModel
from tests.support import World

SAID = {
    "parcel": ("Where is my parcel", "The courier never came with my parcel"),
    "voucher": ("My discount voucher is refused", "The voucher gives no discount"),
}


def teach(
    world: World,
    count: int,
    by: str = "ana@example.com",
    wrong: bool = False,
    customer: str = "",
) -> None:
    """So many corrections by somebody, each of a customer of its own, or all of `customer`."""
    for n in range(count):
        label = list(SAID)[n % 2]
        other = list(SAID)[(n + 1) % 2]
        lesson = Lesson(
            id=f"{by}{n}",
            kind=LessonKind.TOPIC,
            text=f"{SAID[label][n // 2 % 2]}, order {by[:3]}{n}",
            label=other if wrong else label,
            customer_id=customer or f"{by}{n}",
            case_id=f"{by}{n}",
            by=by,
            at=world.clock() + timedelta(seconds=n),
        )
        world.app.lessons.add(lesson)
    world.clock.forward(minutes=5)


def trained(world: World) -> TopicModel:
    asked = world.app.modelling.request("lead@example.com")
    world.settle()
    return world.app.models.get(asked.id)


def test_a_training_that_is_delivered_twice_happens_once(world: World) -> None:
    teach(world, 8)
    model = world.app.modelling.request("lead@example.com")
    task = Reaction(owner=f"MODEL#{model.id}", kind="train", id=model.id, data={"model": model.id})
    world.app.queue.send("train", [task.body()])
    world.settle()
    kept = world.app.models.get(model.id)
    assert kept.state is ModelState.IN_USE
    assert world.waiting("train") == 0
    world.clock.forward(hours=3)
    world.sweep()
    assert world.app.models.get(model.id) == kept


def test_poisoned_labels_are_reported_with_whose_they_are(world: World) -> None:
    teach(world, 30)
    teach(world, 5, by="mallory@example.com", wrong=True)
    model = trained(world)
    assert model.figures is not None
    assert model.figures.accuracy < 1
    assert {doubt.by for doubt in model.doubts} == {"mallory@example.com"}
    assert [teacher.by for teacher in model.suspicious] == ["mallory@example.com"]


def test_a_model_that_cannot_be_measured_is_refused_but_a_person_may_promote_it(
    world: World,
) -> None:
    """One customer's words prove nothing about the next customer's."""
    teach(world, 8, customer="only one")
    model = trained(world)
    assert (model.state, model.figures) == (ModelState.REFUSED, None)
    assert "nothing to compare by" in model.reason
    assert "one customer" in model.procedure
    assert world.app.models.in_use() is None
    promoted = world.app.modelling.promote(model.id, "lead@example.com")
    assert (promoted.state, promoted.promoted_by) == (ModelState.IN_USE, "lead@example.com")


def test_topics_go_on_by_definitions_where_the_models_file_is_gone(world: World) -> None:
    topic = {"label": "parcel", "name": "Parcel", "examples": ["Where is my parcel?"]}
    other = {"label": "voucher", "name": "Voucher", "examples": ["My voucher is refused"]}
    world.app.documents.write("topics", {"topics": [topic, other]}, None, "test")
    teach(world, 8)
    model = trained(world)
    world.app.objects.delete(model.key)
    world.mail("Where is my parcel?", subject="Question")
    world.settle()
    case = world.case()
    assert (case.topic.label, case.topic.source) == ("parcel", "words and examples")


def test_the_figures_of_a_model_can_be_drawn(world: World) -> None:
    teach(world, 40)
    model = trained(world)
    assert [point.texts for point in model.curve] == sorted(point.texts for point in model.curve)
    assert len(model.curve) == 3
    assert model.figures is not None
    assert sum(each.texts for each in model.figures.bins) == model.figures.texts == 40
    assert model.comparison is not None
    assert model.comparison.low <= model.comparison.difference <= model.comparison.high


def test_odd_labels_are_told_even_where_nothing_can_be_trained(world: World) -> None:
    for n in range(20):
        lesson = Lesson(
            id=f"rush{n}",
            kind=LessonKind.TOPIC,
            text="Where is my parcel" if n % 2 else f"words number {n}",
            label="parcel",
            customer_id=f"c{n}",
            case_id=f"case{n}",
            by="mallory@example.com" if n else "eva@example.com",
            at=world.clock() + timedelta(seconds=n),
        )
        world.app.lessons.add(lesson)
    again = {"id": "again", "case_id": "again", "by": "mallory@example.com"}
    world.app.lessons.add(lesson.model_copy(update=again))
    world.clock.forward(minutes=5)
    model = trained(world)
    assert model.state is ModelState.FAILED
    assert [(burst.by, burst.labels) for burst in model.bursts] == [("mallory@example.com", 20)]


def test_one_text_with_two_labels_is_told_with_who_gave_them(world: World) -> None:
    teach(world, 8)
    teach(world, 2, by="mallory@example.com", wrong=True)
    lessons = world.app.lessons.newest(LessonKind.TOPIC, world.clock(), 99)
    same = lessons[-1].model_copy(
        update={"id": "same", "case_id": "same", "label": "voucher", "by": "tom@example.com"}
    )
    world.app.lessons.add(same)
    model = trained(world)
    [found] = model.contradictions
    assert found.by == {"parcel": ("ana@example.com",), "voucher": ("tom@example.com",)}
