"""The engines and the paid service through the API; lessons that are no topics."""

from __future__ import annotations

from chalicelib.understanding.lessons import LessonKind
from tests.flows.test_engines import ANGRY, classifier, endpoint, settings, teach
from tests.handlers.client import Api
from tests.support import World


def test_a_classifier_is_asked_for_and_listed_apart_from_our_own_models(
    api: Api, world: World
) -> None:
    settings(world)
    teach(world)
    asked = api.post("/v1/models", {"kind": "comprehend"}, as_="lead")
    assert (asked.status, asked.json["kind"], asked.json["state"]) == (
        202,
        "comprehend",
        "requested",
    )
    world.settle()
    waiting = api.get(f"/v1/models/{asked.json['id']}").json
    assert waiting["state"] == "training"
    assert "documents handed over" in waiting["progress"]
    world.clock.forward(minutes=4)
    world.sweep()
    assert "SUBMITTED" in api.get(f"/v1/models/{asked.json['id']}").json["progress"]
    world.aws.comprehend.train()
    world.clock.forward(minutes=4)
    world.sweep()
    page = api.get("/v1/models?kind=comprehend").json
    assert page["in_use"] == asked.json["id"]
    assert page["items"][0]["classifier"]["labels"] == 2
    assert api.get("/v1/models").json["items"] == []


def test_going_back_to_an_earlier_classifier_is_one_call(api: Api, world: World) -> None:
    settings(world)
    teach(world)
    first = classifier(world)
    world.clock.forward(hours=3)
    second = classifier(world)
    assert api.get("/v1/models?kind=comprehend").json["in_use"] == second.id
    back = api.post(f"/v1/models/{first.id}/promote", {}, as_="lead")
    assert (back.status, back.json["state"]) == (200, "in_use")
    page = api.get("/v1/models?kind=comprehend").json
    assert page["in_use"] == first.id
    assert [model["state"] for model in page["items"]] == ["retired", "in_use"]


def test_engines_and_costs_are_for_leads(api: Api, world: World) -> None:
    settings(world)
    teach(world)
    arn = endpoint(world, classifier(world).arn)
    settings(world, shadow=True, endpoint_arn=arn, endpoint_units=2)
    world.mail(ANGRY, subject="Help")
    world.settle()
    report = api.get("/v1/engines", as_="lead")
    assert report.status == 200
    assert report.json["comparison"]["cases"] == 1
    assert report.json["engines"]["topic"] == "own"
    costs = api.get("/v1/costs?month=2026-11", as_="lead").json
    kinds = {line["kind"]: line for line in costs["lines"]}
    assert kinds["sentiment"]["units"] == 3
    assert kinds["training"]["dollars"] == 1.5
    assert costs["endpoint_dollars_a_day"] == 86.4
    assert api.get("/v1/costs?month=2026-13", as_="lead").status == 422
    assert api.get("/v1/costs", as_="agent").status == 403
    assert api.get("/v1/engines", as_="agent").status == 403


def test_settings_of_the_engines_name_the_field_that_is_wrong(api: Api) -> None:
    wrong = api.put("/v1/settings/engines", {"topic": "endpoint"}, as_="admin")
    assert wrong.status == 422
    assert "endpoint_arn" in wrong.text
    right = api.put("/v1/settings/engines", {"topic": "job", "sure": 0.6}, as_="admin")
    assert right.status == 200, right.text


def test_the_article_that_solved_a_case_is_a_lesson(api: Api, world: World) -> None:
    article = {
        "slug": "lost-parcel",
        "texts": {"en": {"title": "Lost parcel", "problem": "lost", "answer": "We send another"}},
    }
    made = api.post("/v1/articles", article)
    assert made.status == 201, made.text
    slug = made.json["slug"]
    world.mail("The courier lost my parcel", subject="Help")
    world.settle()
    case = world.case()
    unknown = api.patch(f"/v1/cases/{case.id}", {"article": "nothing"}, case.version)
    assert unknown.status == 422
    patched = api.patch(f"/v1/cases/{case.id}", {"article": slug}, case.version)
    assert patched.status == 200, patched.text
    world.settle()
    [lesson] = world.app.lessons.newest(LessonKind.ARTICLE, world.clock(), 9)
    assert (lesson.label, lesson.by) == (slug, "agent@example.com")
    assert "courier lost my parcel" in lesson.text


def test_a_merge_is_a_lesson(api: Api, world: World) -> None:
    world.mail("The courier lost my parcel", sender="a@example.org", subject="One")
    world.mail("My parcel was lost", sender="a@example.org", subject="Two")
    world.settle()
    first, second = world.cases()
    merged = api.post(f"/v1/cases/{second.id}/merge", {"into": first.id})
    assert merged.status == 200, merged.text
    world.settle()
    [lesson] = world.app.lessons.newest(LessonKind.MERGE, world.clock(), 9)
    assert (lesson.case_id, lesson.label) == (second.id, first.id)


def test_a_training_tells_how_far_it_is(api: Api, world: World) -> None:
    settings(world)
    teach(world)
    asked = api.post("/v1/models", {"kind": "topic"}, as_="lead").json["id"]
    told: list[str] = []
    save = world.app.models.progress

    def noting(model: object, line: str, now: object) -> None:
        save(model, line, now)  # type: ignore[arg-type]
        told.append(api.get(f"/v1/models/{asked}").json["progress"])

    world.app.models.progress = noting  # type: ignore[method-assign]
    world.settle()
    assert told[0].endswith("examples")
    assert any("held-out part" in line for line in told)
    done = api.get(f"/v1/models/{asked}").json
    assert (done["progress"], done["state"]) == ("", "in_use")
