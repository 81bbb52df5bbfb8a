"""Who is told of what: at the desk, by mail and by webhooks; once, and never of their own doing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest

from chalicelib import bootstrap
from chalicelib.bootstrap import Application
from chalicelib.cases.models import MessageKind
from chalicelib.cases.rules import touch
from chalicelib.channels.models import Channel
from chalicelib.errors import Invalid, SendThrottled
from chalicelib.flows.facts import facts
from chalicelib.flows.inbox import ReadInput
from chalicelib.flows.replying import ReplyInput
from chalicelib.flows.timeline import event
from chalicelib.store.desk import Doing
from tests.flows.alert_world import (
    ANN,
    BEN,
    CLEO,
    HOOK,
    Receiver,
    later,
    lines,
    mails,
    noted,
    patched,
    prefers,
    seen,
    staffed,
    told,
)
from tests.flows.faults import Death, Faults, FaultyClient, FaultyClients
from tests.support import World


@pytest.fixture
def world() -> Iterator[World]:
    with staffed() as world:
        world.app.__dict__["webhooks"] = Receiver()
        yield world


def receiver(world: World) -> Receiver:
    found = world.app.webhooks
    assert isinstance(found, Receiver)
    return found


# --- who, and why -----------------------------------------------------------------------------


def test_whoever_gets_a_case_is_told_and_whoever_takes_one_is_not(world: World) -> None:
    patched(world, ANN, assignee=BEN)
    world.settle()
    assert told(world, BEN) == [("assigned", 1)]
    assert lines(world, BEN)[0].by_name == "Ann"
    patched(world, CLEO, assignee=CLEO)
    world.settle()
    assert told(world, CLEO) == []


def test_a_mention_is_told_and_makes_one_a_follower(world: World) -> None:
    note = noted(world, "@cleo what do you think? And @nobody, and cleo@example.com.")
    world.settle()
    assert note.mentions == (CLEO,)
    assert world.case().followers == (CLEO,)
    assert told(world, CLEO) == [("mentioned", 1)]
    line = lines(world, CLEO)[0]
    assert (line.message_id, line.text.partition(" ")[0]) == (note.id, "@cleo")
    assert told(world, ANN) == [("followed", 1)]  # whose case it is
    assert told(world, BEN) == []  # who wrote it


def test_only_members_are_mentioned_and_only_in_notes(world: World) -> None:
    with pytest.raises(Invalid):
        noted(world, "look", mentions=("stranger@example.org",))
    with pytest.raises(Invalid):
        reply = ReplyInput(text="Hello", mentions=(CLEO,), channel=Channel.EMAIL)
        world.app.replying.reply(world.case().id, reply, BEN)
    assert noted(world, "look", mentions=(CLEO.upper(),)).mentions == (CLEO,)


def test_the_customers_answer_is_told_to_whose_case_it_is_and_to_followers(world: World) -> None:
    world.app.following.follow(world.case().id, BEN)
    world.mail("Anybody there?", subject=f"Re: {world.case().reference}")
    world.settle()
    assert told(world, ANN) == [("reply", 1)]
    assert told(world, BEN) == [("followed", 1)]
    assert lines(world, ANN)[0].text == "Anybody there?"


def test_a_follower_hears_of_answers_notes_and_states_until_they_leave(world: World) -> None:
    case = world.app.following.follow(world.case().id, BEN)
    assert world.app.following.follow(case.id, BEN).version == case.version
    world.app.replying.reply(case.id, ReplyInput(text="On its way"), ANN)
    noted(world, "He was angry", ANN)
    patched(world, ANN, status="resolved")
    patched(world, ANN, tags=("parcel",))
    world.settle()
    assert told(world, BEN) == [("followed", 3)]
    world.app.following.unfollow(case.id, BEN)
    seen(world, BEN)
    patched(world, ANN, status="open")
    world.settle()
    assert told(world, BEN) == []


def test_a_person_who_gives_a_case_to_a_team_tells_its_members(world: World) -> None:
    patched(world, ANN, team=None, assignee=None)
    patched(world, ANN, team="help")
    world.settle()
    assert told(world, BEN) == told(world, CLEO) == [("assigned", 1)]
    assert told(world, ANN) == []


def test_a_promise_that_slips_is_told_to_whose_case_it_is_or_to_the_leads(world: World) -> None:
    patched(world, ANN, team="help")
    world.clock.forward(hours=7)  # of the eight that are promised
    world.app.reminding.remind()
    world.settle()
    assert told(world, ANN) == [("at_risk", 1)]
    patched(world, ANN, assignee=None)
    world.clock.forward(hours=2)
    world.app.reminding.remind()
    world.settle()
    assert told(world, CLEO) == [("breached", 1)]
    assert told(world, BEN) == []
    assert told(world, ANN) == [("at_risk", 1)]


def test_nobody_is_told_of_a_new_case_that_nobody_has(world: World) -> None:
    before = len(world.aws.sqs.bodies("handover"))
    world.mail("Something else", sender="Zoe <zoe@example.org>")
    world.settle()
    assert len(world.aws.sqs.bodies("handover")) == before
    assert all(told(world, email) == [] for email in (ANN, BEN, CLEO))


def test_a_team_of_many_is_told_to_the_last_and_each_once(world: World) -> None:
    many = [f"a{number:03d}@example.com" for number in range(70)]
    team = {"name": "many", "title": "Many", "members": many}
    world.app.documents.write("teams", {"teams": [team]}, None, "t")
    world.clock.forward(seconds=11)  # settings are read again
    patched(world, ANN, assignee=None)
    patched(world, ANN, team="many")
    world.settle()
    assert all(told(world, email) == [("assigned", 1)] for email in many)


# --- lines ------------------------------------------------------------------------------------


def test_what_happens_in_a_case_is_one_line_with_its_most_urgent_reason(world: World) -> None:
    noted(world, "@ann please")
    mention = world.timeline(world.case())[-1]
    world.clock.forward(seconds=1)
    world.mail("Hello?", subject=f"Re: {world.case().reference}")
    world.settle()
    assert told(world, ANN) == [("mentioned", 2)]
    assert lines(world, ANN)[0].message_id == mention.id
    seen(world, ANN)
    noted(world, "nothing new")
    world.settle()
    assert told(world, ANN) == [("followed", 1)]


def test_looking_at_one_case_leaves_the_others_unread(world: World) -> None:
    world.mail("Second", sender="Zoe <zoe@example.org>")
    world.settle()
    other = next(c for c in world.cases() if c.assignee is None)
    noted_in = ReplyInput(kind="note", text="@ann and here", channel=None)  # type: ignore[arg-type]
    world.app.replying.reply(other.id, noted_in, BEN)
    first = next(c for c in world.cases() if c.assignee)
    world.app.replying.reply(first.id, ReplyInput(kind="note", text="@ann"), BEN)  # type: ignore[arg-type]
    world.settle()
    assert world.app.notifications.bell(ANN).unread == 2
    left = world.app.inboxes.read(ANN, ReadInput(case=first.id))
    assert (left.unread, [one.case_id for one in left.latest]) == (1, [other.id])
    assert world.app.inboxes.read(ANN, ReadInput(ids=(first.id,))).unread == 1  # again: the same


def test_whoever_looks_at_the_case_sees_it_there(world: World) -> None:
    world.app.attending.appear(world.case().id, Doing.LOOKING, CLEO)
    noted(world, "@cleo what do you think?")
    world.settle()
    later(world, minutes=3)
    assert told(world, CLEO) == []
    assert mails(world, CLEO) == []


def test_a_fact_that_comes_twice_is_told_once(world: World) -> None:
    noted(world, "@cleo")
    (reaction,) = [
        r
        for r in world.app.reactions.overdue(world.clock.now.replace(year=2030))
        if r.kind == "handover"
    ]
    world.settle()
    world.app.alerting.work(reaction)
    world.app.queue.send("handover", [reaction.body()])
    world.settle()
    assert told(world, CLEO) == [("mentioned", 1)]


# --- mail -------------------------------------------------------------------------------------


def test_what_was_not_seen_is_mailed_after_a_while_as_one(world: World) -> None:
    noted(world, "@cleo look")
    world.settle()
    world.clock.forward(seconds=30)
    noted(world, "@cleo and look here")
    world.settle()
    assert mails(world, CLEO) == []
    later(world, minutes=2)
    later(world, minutes=30)
    (mail,) = mails(world, CLEO)
    case = world.case()
    assert mail["Subject"] == f"Ben mentioned you: My parcel [{case.reference}]"
    text = mail.get_content()
    assert "@cleo look" in text
    assert "@cleo and look here" in text
    assert f"https://help.example.com/desk#/case/{case.id}?m=" in text.replace("=\n", "")
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mails(world, ANN) == []  # what is only followed is not mailed


def test_what_was_seen_at_the_desk_meanwhile_is_not_mailed(world: World) -> None:
    noted(world, "@cleo look")
    world.settle()
    world.clock.forward(seconds=60)
    seen(world, CLEO)
    later(world, minutes=5)
    assert mails(world, CLEO) == []


def test_whoever_is_at_the_desk_is_not_mailed_unless_they_want_it(world: World) -> None:
    noted(world, "@cleo look")
    world.settle()
    world.clock.forward(seconds=100)
    world.app.attending.changes(None, CLEO, None)
    later(world, minutes=2)
    assert mails(world, CLEO) == []
    assert told(world, CLEO) == [("mentioned", 1)]
    prefers(world, CLEO, mail_when="unseen")
    noted(world, "@cleo look again")
    world.settle()
    world.app.attending.changes(None, CLEO, None)
    later(world, minutes=3)
    assert len(mails(world, CLEO)) == 1


def test_an_answer_to_the_mail_answers_the_customer_without_what_it_quotes(world: World) -> None:
    noted(world, "@cleo he is a liar")
    world.settle()
    later(world, minutes=3)
    (mail,) = mails(world, CLEO)
    quoted = mail.get_content().replace("\n", "\n| ")  # by a program that marks it in its own way
    world.mail(f"We send it again.\n\n{quoted}", sender=CLEO, to=mail["Reply-To"], subject="Re: x")
    world.settle()
    sent = world.aws.ses.accepted[-1]
    assert sent.to == ("ana@example.org",)
    assert "We send it again." in sent.text
    assert "liar" not in sent.text
    world.mail(quoted + "\nbelow it", sender=CLEO, to=mail["Reply-To"], subject="Re: x")
    world.settle()
    assert world.aws.ses.accepted[-1] == sent
    assert world.timeline(world.case())[-1].kind == "note"


def test_mail_goes_when_and_how_one_prefers(world: World) -> None:
    quiet = {"start": "11:00", "until": "15:00"}
    prefers(
        world,
        CLEO,
        mail_grouping="quarter_hour",
        quiet_hours=quiet,
        zone="Europe/Berlin",
        language="de",
    )
    noted(world, "@cleo look")
    world.settle()
    later(world, minutes=20)
    assert mails(world, CLEO) == []  # it is one o'clock there
    later(world, hours=2)
    (mail,) = mails(world, CLEO)
    assert mail["Subject"].startswith("Ben hat Sie erwähnt: My parcel")


def test_a_day_of_several_cases_is_one_mail(world: World) -> None:
    prefers(world, CLEO, mail_grouping="daily", daily_at="07:00")
    world.mail("Second", sender="Zoe <zoe@example.org>", subject="Second")
    world.settle()
    for case in world.cases():
        world.app.replying.reply(case.id, ReplyInput(kind="note", text="@cleo"), BEN)  # type: ignore[arg-type]
    world.settle()
    later(world, hours=17)
    assert mails(world, CLEO) == []
    later(world, hours=3)
    later(world, hours=30)
    (mail,) = mails(world, CLEO)
    assert mail["Subject"] == "2 notifications in 2 cases"
    assert mail["Reply-To"].endswith("<support@example.com>")


def test_what_one_does_not_want_is_not_told(world: World) -> None:
    prefers(world, CLEO, notify={"mentioned": {"desk": False, "mail": False}})
    noted(world, "@cleo look")
    world.settle()
    later(world, minutes=5)
    assert (told(world, CLEO), mails(world, CLEO)) == ([], [])


def test_a_mail_whose_sender_died_is_settled_by_the_providers_word(world: World) -> None:
    noted(world, "@cleo look")
    world.settle()
    clean = bootstrap.get()
    plain = Application(clean.settings, Dying(world.clients), world.clock, clean.ids)  # type: ignore[arg-type]
    bootstrap.install(plain)
    with suppress(Death):
        later(world, minutes=3)
    bootstrap.install(clean)
    assert len(mails(world, CLEO)) == 1
    world.provider_says("Send")
    for _ in range(4):
        later(world, minutes=20)
    assert len(mails(world, CLEO)) == 1
    left = clean.reactions.overdue(world.clock() + timedelta(days=1))
    assert not [one for one in left if one.kind == "handover"]


class Dying(FaultyClients):
    """The process dies right after a mail was accepted."""

    def __init__(self, clients: object) -> None:
        super().__init__(clients, Faults())

    def __getitem__(self, service: str) -> object:
        if service == "sesv2":
            return FaultyClient(self._clients[service], service, Faults(0, "dies after"))
        return self._clients[service]


# --- webhooks ---------------------------------------------------------------------------------


def test_a_webhook_gets_what_it_asked_for_signed_with_one_id_for_every_try(world: World) -> None:
    world.app.documents.write("webhooks", {"webhooks": [HOOK]}, None, "t")
    receiver(world).fails = [SendThrottled("it answered 503")]
    patched(world, ANN, assignee=BEN)
    noted(world, "@cleo look", ANN)
    noted(world, "@cleo again", ANN)
    world.settle()
    later(world, seconds=15)
    assert receiver(world).got == []
    later(world, minutes=3)
    later(world, minutes=30)
    ((_, body),) = receiver(world).got
    assert body["type"] == "agent.mentioned"
    assert (body["data"]["agent"], body["data"]["count"]) == (CLEO, 2)
    assert [fact["text"] for fact in body["data"]["facts"]] == ["@cleo look", "@cleo again"]


def test_who_follows_a_case_follows_the_one_that_it_goes_into(world: World) -> None:
    world.mail("Second", sender="Zoe <zoe@example.org>", subject="Second")
    world.settle()
    first, second = world.cases()
    world.app.following.follow(second.id, CLEO)
    world.app.joining.merge(second.id, first.id, BEN)
    world.app.replying.reply(first.id, ReplyInput(text="On its way"), BEN)
    world.settle()
    assert told(world, CLEO) == [("followed", 1)]


def test_a_case_that_is_handed_over_with_a_note_comes_with_its_words(world: World) -> None:
    app, case, now = world.app, world.case(), world.clock()
    after = touch(case.model_copy(update={"assignee": BEN}), now)
    change = {"assignee": [ANN, BEN]}
    given = event(after, "01EVENT", now, "handed over", change, ANN)
    note = event(after, "01NOTE", now, "I promised him a call", {}, ANN)
    note = note.model_copy(update={"kind": MessageKind.NOTE})
    entries = [app.cases.new_message(entry) for entry in (given, note)]
    app.cases.save(after, *entries, *facts(app.cases, app.reactions, after, given, now, note))
    world.settle()
    (line,) = [one for one in lines(world, BEN) if not one.read]
    assert (str(line.kind), line.count, line.text) == ("assigned", 1, "I promised him a call")
    later(world, minutes=3)
    (mail,) = mails(world, BEN)
    assert "I promised him a call" in mail.get_content()
