"""What agents correct is learnt: from three examples a topic to mails that are sorted rightly."""

from __future__ import annotations

from typing import Any

from chalicelib.handlers import schedules
from tests.handlers.client import Api
from tests.support import SCHEDULED, World

TOPICS = {
    "delivery": [
        "Where is my parcel?",
        "The delivery has not arrived yet",
        "The courier lost my package",
    ],
    "payment": [
        "I was charged twice",
        "My card was declined when I paid",
        "There is a wrong amount on my invoice",
    ],
    "login": [
        "I cannot log in to my account",
        "My password is not accepted",
        "The code to sign in never comes",
    ],
}
MAILS = {
    "My parcel should have been here on Monday": "delivery",
    "The courier says delivered, but there is no package": "delivery",
    "When will my delivery arrive?": "delivery",
    "You charged my card twice this month": "payment",
    "The amount on the invoice is too high": "payment",
    "My payment was declined although there is money": "payment",
    "The password that I set is not accepted": "login",
    "No code comes when I want to sign in": "login",
    # Of a kind that the examples do not speak of:
    "The voucher from the newsletter gives me no discount in the basket": "payment",
    "Your basket ignores my discount voucher": "payment",
}
CORRECTED = list(MAILS)[-2:]
SAME_KIND = "I typed the discount voucher into the basket and nothing happens"


def defined(api: Api) -> None:
    topics = [
        {"label": label, "name": label.title(), "examples": examples}
        for label, examples in TOPICS.items()
    ]
    put = api.put("/v1/settings/topics", {"topics": topics}, as_="admin")
    assert put.status == 200, put.text


def arrived(world: World, text: str, sender: str) -> Any:
    """The case of a new mail, sorted."""
    world.clock.forward(minutes=1)
    world.mail(text, sender=f"{sender}@example.org", subject="Question")
    world.settle()
    return world.cases()[-1]


def corrected(api: Api, case: Any, **fields: str) -> None:
    patched = api.patch(f"/v1/cases/{case.id}", fields, case.version)
    assert patched.status == 200, patched.text


def retrained(api: Api, world: World) -> Any:
    asked = api.post("/v1/models", {"kind": "topic"}, as_="lead")
    assert (asked.status, asked.json["state"]) == (202, "requested")
    world.settle()
    return api.get(f"/v1/models/{asked.json['id']}").json


def taught(api: Api, world: World) -> Any:
    """Ten mails came in, two of which had to be corrected; then a model was trained."""
    defined(api)
    for number, (text, label) in enumerate(MAILS.items()):
        case = arrived(world, text, f"customer{number}")
        if text in CORRECTED:
            assert case.topic.label != "payment"
            corrected(api, case, topic=label)
    world.settle()
    return retrained(api, world)


def test_two_corrections_and_the_same_kind_of_mail_is_sorted_rightly(
    api: Api, world: World
) -> None:
    model = taught(api, world)
    assert (model["state"], model["promoted_by"]) == ("in_use", "training"), model["reason"]
    assert model["examples"] == {"definition": 9, "person": 2}
    case = arrived(world, SAME_KIND, "somebody.else")
    assert (case.topic.label, case.topic.source) == ("payment", "learned")
    assert case.topic.model_version == model["model_version"]
    assert "voucher" in case.topic.why
    # What was known before is still known.
    assert arrived(world, "My parcel has not arrived", "another").topic.label == "delivery"


def test_a_topic_that_is_newer_than_the_model_is_named_at_once(api: Api, world: World) -> None:
    taught(api, world)
    topics = api.get("/v1/settings/topics", as_="admin").json["document"]["topics"]
    new = {
        "label": "jobs",
        "name": "Jobs",
        "examples": ["I want to apply for a job as a driver", "Do you have an open position?"],
    }
    put = api.put("/v1/settings/topics", {"topics": [*topics, new]}, as_="admin")
    assert put.status == 200, put.text
    case = arrived(world, "I want to apply for an open position as a driver", "applicant")
    assert (case.topic.label, case.topic.source) == ("jobs", "words and examples")


def test_an_earlier_model_comes_back_in_one_call(api: Api, world: World) -> None:
    first = taught(api, world)
    case = arrived(world, "Do you sell gift cards with a photo?", "gift")
    corrected(api, case, topic="payment")
    world.settle()
    second = retrained(api, world)
    assert second["id"] != first["id"]
    promoted = api.post(f"/v1/models/{second['id']}/promote", as_="lead")
    assert (promoted.status, promoted.json["state"]) == (200, "in_use")
    back = api.post(f"/v1/models/{first['id']}/promote", as_="lead")
    assert (back.status, back.json["promoted_by"]) == (200, "lead@example.com")
    history = api.get("/v1/models").json
    assert history["in_use"] == first["id"]
    assert {m["id"]: m["state"] for m in history["items"]} == {
        first["id"]: "in_use",
        second["id"]: "retired",
    }
    again = arrived(world, SAME_KIND, "somebody.else")
    assert again.topic.model_version == first["model_version"]


def test_only_what_was_trained_can_be_promoted(api: Api, world: World) -> None:
    defined(api)
    model = retrained(api, world)
    assert (model["state"], model["examples"]) == ("failed", {})
    assert "no topic was corrected" in model["reason"]
    assert api.post(f"/v1/models/{model['id']}/promote", as_="lead").problem == "conflict"
    assert api.post("/v1/models/none/promote", as_="lead").problem == "not-found"


def test_one_model_is_asked_for_at_a_time(api: Api, world: World) -> None:
    first = api.post("/v1/models", {"kind": "topic"}, as_="lead").json
    assert api.post("/v1/models", {"kind": "topic"}, as_="admin").json["id"] == first["id"]


def test_every_correction_is_kept_without_personal_data(api: Api, world: World) -> None:
    defined(api)
    case = arrived(world, "The voucher fails, write to ana@example.org or +49 30 1234567", "ana")
    corrected(api, case, topic="payment", priority="high", team="shop")
    world.settle()
    pages = [
        world.app.lessons.newest(kind, world.clock(), 10) for kind in ("topic", "team", "priority")
    ]
    assert [[(one.label, one.by) for one in page] for page in pages] == [
        [("payment", "agent@example.com")],
        [("shop", "agent@example.com")],
        [("high", "agent@example.com")],
    ]
    (lesson,) = pages[0]
    assert "@" not in lesson.text and "1234567" not in lesson.text and "voucher" in lesson.text
    assert lesson.at == world.clock()


def test_the_daily_training_waits_for_something_new(api: Api, world: World) -> None:
    defined(api)
    schedules.train_models(SCHEDULED, None)
    assert api.get("/v1/models").json["items"] == []
    corrected(api, arrived(world, CORRECTED[0], "a"), topic="payment")
    world.settle()
    schedules.train_models(SCHEDULED, None)
    world.settle()
    (model,) = api.get("/v1/models").json["items"]
    assert model["requested_by"] == "schedule"
    world.clock.forward(days=1)
    schedules.train_models(SCHEDULED, None)
    assert len(api.get("/v1/models").json["items"]) == 1
