"""A new case is understood, each decision with its reason; what a person decided stays."""

from __future__ import annotations

from chalicelib.cases import rules
from chalicelib.cases.models import CasePatch, Priority
from chalicelib.store.reactions import Reaction
from tests.support import World

LOGIN = {
    "label": "login",
    "name": "Login",
    "team": "app",
    "examples": ["I cannot log in to my account", "My password is not accepted"],
}
PARCEL = {
    "label": "parcel",
    "name": "Parcel",
    "team": "shipping",
    "examples": ["Where is my parcel?", "The delivery has not arrived"],
}
ANGRY = "I cannot log in to my account. This is terrible, the worst service, I am furious!"


def test_every_decision_carries_its_reason(world: World) -> None:
    topics(world)
    world.mail(ANGRY)
    world.settle()
    case = world.case()
    assert (case.topic.label, case.language, case.team) == ("login", "en", "app")
    assert case.topic.confidence > 0.3
    assert case.topic.why
    assert case.sentiment == "negative"
    assert "login" in case.reasons["team"]
    assert set(case.reasons) >= {"language", "sentiment", "topic", "priority", "team"}


def test_a_routing_rule_goes_before_the_topics_team(world: World) -> None:
    topics(world)
    rule = {
        "name": "text messages",
        "all": [{"field": "channel", "op": "eq", "value": "sms"}],
        "team": "mobile",
        "tags": ["by-phone"],
    }
    world.app.documents.write("routing", {"rules": [rule]}, None, "test")
    world.text_message(ANGRY)
    world.settle()
    case = world.case()
    assert (case.team, case.tags) == ("mobile", ("by-phone",))
    assert "text messages" in case.reasons["team"]


def test_a_priority_rule_shortens_the_promise(world: World) -> None:
    rule = {"name": "danger", "priority": "urgent", "words": {"en": ["gas leak"]}}
    world.app.documents.write("priorities", {"rules": [rule]}, None, "test")
    world.mail("There is a gas leak in my kitchen since I installed your stove")
    world.settle()
    case = world.case()
    assert case.priority == Priority.URGENT
    assert "gas leak" in case.reasons["priority"]
    assert case.promises.first_reply is not None
    assert (case.promises.first_reply.due_at - case.created_at).total_seconds() == 3600


def test_what_a_person_decided_before_stays(world: World) -> None:
    topics(world)
    world.mail(ANGRY)
    world.deliver("MailQueue")
    patch = CasePatch(topic="parcel", team="people", priority=Priority.LOW)
    case = rules.apply(world.case(), patch, world.clock(), "eva@example.com").case
    world.app.cases.save(case)
    world.settle()
    case = world.case()
    assert (case.topic.label, case.team, case.priority) == ("parcel", "people", Priority.LOW)
    assert case.language == "en"


def test_a_case_goes_on_without_a_sentiment_service_that_does_not_answer(world: World) -> None:
    world.app.__dict__["comprehend"] = Silent()
    world.mail(ANGRY)
    world.settle()
    case = world.case()
    assert case.sentiment is None
    assert "did not answer" in case.reasons["sentiment"]
    assert case.team


def test_understanding_twice_asks_the_paid_service_once(world: World) -> None:
    world.mail(ANGRY)
    world.deliver("MailQueue")
    (message,) = world.timeline(world.case())
    again = Reaction(
        owner=f"CASE#{message.case_id}",
        kind="triage",
        id=message.id,
        data={"message": world.app.cases.message_sk(message)},
    )
    world.settle()
    before = world.case()
    world.app.queue.send("triage", [again.body(), again.body()])
    world.settle()
    assert world.case() == before
    assert world.aws.calls["comprehend", "DetectSentiment"] == 1


class Silent:
    def sentiment(self, text: str, language: str) -> tuple[str, float]:
        raise TimeoutError


def topics(world: World) -> None:
    world.app.documents.write("topics", {"topics": [LOGIN, PARCEL]}, None, "test")
