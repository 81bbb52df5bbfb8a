"""Chat: a session that a person or a bot answers; its transcript is a case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib import bootstrap
from chalicelib.cases.models import Message
from tests.handlers.client import Answer, Api
from tests.support import World

ADA = {"name": "Ada", "email": "ada@example.com", "page": "https://shop.example.com/cart"}


def begin(api: Api, **given: Any) -> str:
    answer = api.post("/v1/chat", given, as_="")
    assert answer.status == 201, answer.text
    return str(answer.json["session"])


def say(api: Api, session: str, text: str, **given: Any) -> Answer:
    bootstrap.get().clock.forward(seconds=1)  # type: ignore[attr-defined]
    return api.post(f"/v1/chat/{session}/messages", {"text": text, **given}, as_="")


def read(api: Api, session: str, since: str = "") -> Any:
    query = f"?since={since}" if since else ""
    answer = api.get(f"/v1/chat/{session}/messages{query}", as_="")
    assert answer.status == 200, answer.text
    return answer.json


def answer_case(api: Api, world: World, text: str, as_: str = "agent", **given: Any) -> Answer:
    world.clock.forward(seconds=1)
    return api.post(f"/v1/cases/{world.case().id}/messages", {"text": text, **given}, as_=as_)


def outbound(world: World) -> list[Message]:
    return [m for m in world.timeline(world.case()) if m.delivery]


def test_the_first_message_opens_the_case_and_the_next_ones_join_it(api: Api, world: World) -> None:
    session = begin(api, **ADA)
    assert world.cases() == []
    said = say(api, session, "Hello?").json
    assert [item["text"] for item in said["items"]] == ["Hello?"]
    say(api, session, "My card does not work.")
    case = world.case()
    assert (case.channel, case.reference) == ("chat", said["reference"])
    assert world.texts(case) == ["Hello?", "My card does not work."]
    assert world.timeline(case)[0].source["page"] == ADA["page"]


def test_a_chat_may_begin_with_its_first_message(api: Api, world: World) -> None:
    answer = api.post("/v1/chat", {"text": "My phone is broken."}, as_="").json
    assert answer["reference"] == world.case().reference
    assert [item["writer"] for item in answer["items"]] == ["you"]


def test_the_same_message_sent_again_is_there_once(api: Api, world: World) -> None:
    session = begin(api)
    for _ in range(2):
        say(api, session, "Hello?", id="m-1")
    world.clock.forward(seconds=1)
    key = {"Idempotency-Key": "m-2"}
    for _ in range(2):
        api.post(f"/v1/chat/{session}/messages", {"text": "Again"}, as_="", headers=key)
    assert world.texts(world.case()) == ["Hello?", "Again"]


def test_starting_twice_with_one_key_is_one_session_of_one_person(api: Api) -> None:
    key = {"Idempotency-Key": "1"}
    sessions = [
        api.post("/v1/chat", given, as_="", headers=key).json["session"]
        for given in (ADA, ADA, {"name": "Eve"})
    ]
    assert sessions[0] == sessions[1] != sessions[2]


def test_two_first_messages_at_once_open_one_case(api: Api, world: World) -> None:
    session = begin(api)
    chats = world.app.chats
    stored = chats.get(session.partition("-")[0])
    assert stored
    assert chats.begin(stored, world.clock())
    refused = say(api, session, "Two")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    world.clock.forward(seconds=20)
    assert say(api, session, "Two").status == 201
    assert world.texts(world.case()) == ["Two"]


def test_a_death_between_opening_and_remembering_opens_no_second_case(
    api: Api, world: World
) -> None:
    session = begin(api)
    world.app.chats.__dict__["bind"] = lambda *_: (_ for _ in ()).throw(OSError("dead"))
    assert say(api, session, "One", id="1").status == 500
    del world.app.chats.__dict__["bind"]
    world.clock.forward(seconds=20)
    assert say(api, session, "Two", id="2").status == 201
    assert world.texts(world.case()) == ["One", "Two"]


def test_an_answer_is_there_as_soon_as_it_is_stored(api: Api, world: World) -> None:
    session = begin(api)
    say(api, session, "Hello?")
    seen = read(api, session)
    given = answer_case(api, world, "Good morning, Ada!")
    assert (given.json["channel"], given.json["delivery"]["status"]) == ("chat", "sent")
    (fresh,) = read(api, session, seen["cursor"])["items"]
    assert (fresh["text"], fresh["writer"], fresh["author"]) == (
        "Good morning, Ada!",
        "us",
        "agent",
    )
    assert outbound(world)[-1].delivery.status == "delivered"  # type: ignore[union-attr]
    assert world.aws.ses.accepted == []


def test_a_bot_answers_under_its_own_name(api: Api, world: World) -> None:
    api.put("/v1/settings/channels", {"bots": {"agent@example.com": "Robo"}}, as_="admin")
    session = begin(api, text="Hello?")
    answer_case(api, world, "How can I help?")
    fresh = read(api, session)["items"][-1]
    assert (fresh["author"], fresh["name"]) == ("bot", "Robo")


def test_nothing_new_is_a_304_and_something_new_is_not(api: Api, world: World) -> None:
    session = begin(api, text="Hello?")
    cursor = read(api, session)["cursor"]
    path = f"/v1/chat/{session}/messages?since={cursor}"
    etag = api.get(path, as_="").headers["ETag"]
    headers = {"If-None-Match": etag}
    assert api.get(path, as_="", headers=headers).status == 304
    answer_case(api, world, "Here I am.")
    assert api.get(path, as_="", headers=headers).status == 200


def test_the_chat_survives_a_reload(api: Api, world: World) -> None:
    session = begin(api, text="Hello?")
    answer_case(api, world, "Here I am.")
    for _ in range(2):
        assert [item["text"] for item in read(api, session)["items"]] == ["Hello?", "Here I am."]


def test_a_note_never_shows_in_the_chat(api: Api, world: World) -> None:
    session = begin(api, text="Hello?")
    answer_case(api, world, "a difficult one", kind="note")
    assert "difficult" not in str(read(api, session))


def test_a_session_that_was_made_up_opens_nothing(api: Api) -> None:
    session = begin(api, text="Hello?")
    other = begin(api)
    mixed = f"{session.partition('-')[0]}-{other.partition('-')[2]}"
    for wrong in (mixed, session[:-1], "nonsense", f"X{session[1:]}"):
        assert api.get(f"/v1/chat/{wrong}/messages", as_="").status == 403
        assert say(api, wrong, "Let me in").status == 403


def test_a_cursor_of_another_chat_is_refused(api: Api) -> None:
    cursor = read(api, begin(api, text="Hello?"))["cursor"]
    other = begin(api, text="Hello!")
    assert api.get(f"/v1/chat/{other}/messages?since={cursor}", as_="").status == 400


def test_who_says_too_much_waits(api: Api) -> None:
    api.put("/v1/settings/channels", {"chat": {"posts_per_hour": 2}}, as_="admin")
    session = begin(api)
    assert [say(api, session, f"{n}").status for n in range(3)] == [201, 201, 429]


def test_presence_is_written_every_twenty_seconds_at_most(api: Api, world: World) -> None:
    session = begin(api, text="Hello?")
    read(api, session)
    before = len(world.aws.dynamodb.table("custops").changes)
    for _ in range(10):
        world.clock.forward(seconds=3)
        read(api, session)
    assert len(world.aws.dynamodb.table("custops").changes) - before == 1


def test_an_answer_to_somebody_who_left_goes_by_mail_and_the_conversation_with_it(
    api: Api, world: World
) -> None:
    session = begin(api, text="My parcel did not come.", **ADA)
    world.settle()
    world.clock.forward(minutes=6)
    assert answer_case(api, world, "It is on its way.").json["channel"] == "email"
    world.settle()
    (mail,) = world.aws.ses.accepted
    assert (mail.to, "It is on its way." in mail.text) == (("ada@example.com",), True)
    assert (world.case().reply_channel, world.case().reply_to) == ("email", "ada@example.com")
    to = dict(mail.headers)["Reply-To"].rpartition("<")[2].rstrip(">")
    world.mail("Thank you!", sender="Ada <ada@example.com>", to=to, subject="Re: parcel")
    world.settle()
    assert [item["text"].strip() for item in read(api, session)["items"]] == [
        "My parcel did not come.",
        "It is on its way.",
        "Thank you!",
    ]
    say(api, session, "I am back.")
    assert answer_case(api, world, "Welcome back.").json["channel"] == "chat"


def test_what_was_missed_in_the_chat_goes_by_mail_once(api: Api, world: World) -> None:
    begin(api, text="My parcel did not come.", **ADA)
    answer_case(api, world, "It is on its way.")
    world.settle()
    world.sweep()
    assert world.aws.ses.accepted == []
    for _ in range(3):
        world.clock.forward(minutes=6)
        world.sweep()
    (mail,) = world.aws.ses.accepted
    assert "It is on its way." in mail.text
    assert any("the chat was left" in m.text for m in world.timeline(world.case()))


def test_what_was_fetched_is_not_mailed(api: Api, world: World) -> None:
    session = begin(api, text="My parcel did not come.", **ADA)
    answer_case(api, world, "It is on its way.")
    read(api, session)
    world.clock.forward(minutes=6)
    world.sweep()
    assert world.aws.ses.accepted == []
    assert list(world.app.reactions.overdue(world.clock())) == []


def test_an_address_may_be_left_later(api: Api, world: World) -> None:
    session = begin(api, text="My parcel did not come.")
    say(api, session, "Write to me.", email="Ada@Example.com")
    world.clock.forward(minutes=6)
    assert answer_case(api, world, "It is here.").json["to"] == "ada@example.com"


def test_without_an_address_the_answer_waits_in_the_chat(api: Api, world: World) -> None:
    session = begin(api, text="My parcel did not come.")
    world.clock.forward(hours=2)
    assert answer_case(api, world, "It is on its way.").json["channel"] == "chat"
    world.settle()
    assert read(api, session)["items"][-1]["text"] == "It is on its way."


def test_a_file_of_an_agent_can_be_fetched_in_the_chat(api: Api, world: World) -> None:
    session = begin(api, text="Where is my invoice?")
    file = {"name": "invoice.pdf", "type": "application/pdf", "content": "JVBERi0xLjQK"}
    answer_case(api, world, "Here it is.", attachments=[file])
    (shown,) = read(api, session)["items"][-1]["attachments"]
    assert shown["name"] == "invoice.pdf"
    assert shown["url"].startswith("http")


def test_an_answer_that_is_stored_late_is_not_passed_over(api: Api, world: World) -> None:
    session = begin(api, text="Hello?")
    late = world.clock.now - timedelta(seconds=2)
    say(api, session, "Anybody?")
    cursor = read(api, session)["cursor"]
    now, world.clock.now = world.clock.now, late
    answer_case(api, world, "I took my time.")
    world.clock.now = now
    fresh = read(api, session, cursor)
    assert [item["text"] for item in fresh["items"]] == ["I took my time."]
    assert read(api, session, fresh["cursor"])["items"] == []


def test_a_chat_that_was_merged_shows_nothing_of_another_customer(api: Api, world: World) -> None:
    session = begin(api, text="Hello?")
    mine = world.case()
    other = api.case(text="My secret.")
    world.clock.forward(seconds=1)
    merged = api.post(f"/v1/cases/{mine.id}/merge", {"into": other["id"]})
    assert merged.status == 200, merged.text
    world.clock.forward(seconds=1)
    api.post(f"/v1/cases/{other['id']}/messages", {"text": "To both of you.", "channel": "email"})
    texts = [item["text"] for item in read(api, session)["items"]]
    assert texts == ["Hello?", "To both of you."]
