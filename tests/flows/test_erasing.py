"""A person is erased: nothing of them is left, figures stay, and it may die anywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import bootstrap
from chalicelib.access.models import Trace
from chalicelib.bootstrap import Application
from chalicelib.campaigns.models import Told, ToldStatus
from chalicelib.cases.models import Case, CasePatch
from chalicelib.customers.models import Customer
from chalicelib.errors import Conflict, Invalid, StaleVersion
from chalicelib.flows.attending import DraftInput, DraftMode
from chalicelib.flows.enclosing import FileInput
from chalicelib.flows.replying import ReplyInput
from chalicelib.flows.uploads import UploadInput
from chalicelib.store import keys
from chalicelib.store.desk import DraftFile
from chalicelib.store.table import put
from tests.flows.faults import Death, Faults, FaultyClients
from tests.flows.test_joining_crashes import HOWS, READS, counted
from tests.support import BUCKET, TABLE, World, installation

AGENT = "eva.berg@example.com"
BY = Trace(who="admin@example.com")
OF_HER = re.compile(r"ana@example\.org|Ortiz|4915112345678|parcel|lamp|card|teapot|m1@exam", re.I)
LONG = "My parcel is late. " * 3_000


@contextmanager
def story() -> Iterator[World]:
    """Ana by mail (a long one, an answer, a note, a file) and by text message, who are one."""
    with installation() as world:
        world.mail(LONG, subject="My parcel")
        world.mail("Other words", sender="Bo <bo@example.net>", subject="A bicycle")
        world.settle()
        case = her_case(world)
        teapot = FileInput(name="teapot.txt", content="dGVhcG90")
        said = ReplyInput(text="Your parcel is on its way, Ana", attachments=(teapot,))
        world.app.replying.reply(case.id, said, AGENT)
        world.settle()
        world.provider_says("Delivery")
        note = ReplyInput(kind="note", text="Ortiz is a difficult person")
        world.app.replying.reply(case.id, note, AGENT)
        case = her_case(world)
        patch = CasePatch(topic="delivery", tags=("ana-ortiz",), subject="The lamp")
        world.app.casework.patch(case.id, case.version, patch, AGENT)
        world.settle()
        world.text_message("My card does not work")
        world.settle()
        texter = next(c for c in world.cases() if c.channel == "sms")
        world.app.people.merge(texter.customer_id, case.customer_id, AGENT)
        world.settle()
        _told_and_asked(world, case)
        _agents_own(world, case)
        yield world


def _told_and_asked(world: World, case: Case) -> None:
    """A campaign wrote to her, and a machine looked for an answer to her mail."""
    told = Told(
        campaign_id="spring",
        customer_id=case.customer_id,
        segment=1,
        channel="email",
        to="ana@example.org",
        subject="Ana Ortiz, your lamp",
        status=ToldStatus.DELIVERED,
        claimed_at=world.clock(),
        updated_at=world.clock(),
    )
    pk, sk = keys.notice(case.customer_id, world.clock(), "spring")
    notice = {"pk": pk, "sk": sk, "campaign_id": "spring", "subject": told.subject}
    pk, sk = keys.question(f"mail-{case.id}")
    asked = {"pk": pk, "sk": sk, "turns": [{"question": "Where is my parcel?"}]}
    world.app.table.commit(
        world.app.campaigns.write_told(told), put("notice", notice), put("question", asked)
    )


def _agents_own(world: World, case: Case) -> None:
    """What an agent keeps about her case: a field of the company's own, a draft with a file."""
    field = {"name": "thing", "label": {"en": "Thing"}}
    world.app.documents.write("fields", {"fields": [field]}, None, AGENT)
    world.clock.forward(seconds=30)
    newest = world.app.cases.get(case.id)
    patch = CasePatch(fields={"thing": "lamp"})
    world.app.casework.patch(case.id, newest.version, patch, AGENT)
    world.app.following.follow(case.id, AGENT)
    asked = UploadInput(name="teapot.txt", type="text/plain", bytes=6)
    upload = world.app.enclosing.offer(asked, AGENT)
    place = upload.fields["key"]
    world.clients["s3"].put_object(Bucket=BUCKET, Key=place, Body=b"teapot")
    file = DraftFile(id=upload.id, name="teapot.txt", bytes=6)
    begun = DraftInput(text="Dear Ana Ortiz, your lamp", attachments=(file,))
    world.app.attending.keep(case.id, DraftMode.REPLY, begun, AGENT)
    world.settle()


def her_case(world: World) -> Case:
    mails = (case for case in world.cases() if case.channel == "email")
    return next(case for case in mails if "bicycle" not in case.subject)


def ana(world: World) -> Customer:
    return world.app.customers.get(her_case(world).customer_id)


def traces(world: World) -> list[str]:
    """What is still said of her, anywhere in the table or the bucket."""
    found = [
        f"{item['pk']['S']} {item['sk']['S']}: {OF_HER.search(json.dumps(item))}"
        for item in world.aws.dynamodb.table(TABLE).items.values()
        if OF_HER.search(json.dumps(item, default=str))
    ]
    listed = world.clients["s3"].list_objects_v2(Bucket=BUCKET).get("Contents", [])
    for one in listed:
        body = world.clients["s3"].get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()
        if OF_HER.search(body.decode("utf-8", "replace")):
            found.append(one["Key"])
    return found


def erase(world: World) -> Customer:
    customer = ana(world)
    world.app.erasing.erase(customer.id, customer.version, BY)
    pass_time(world)
    return world.app.customers.get(customer.id)


def pass_time(world: World) -> None:
    world.settle()
    world.clock.forward(minutes=6)
    world.settle()
    world.sweep()


def test_nothing_of_her_is_left_and_another_customer_keeps_all() -> None:
    with story() as world:
        assert traces(world)
        before = counted(world)
        erased = erase(world)
        assert traces(world) == []
        assert erased.erased is not None
        assert (erased.erased.cases, erased.erased.done_at is not None) == (2, True)
        assert counted(world) == before
        bo = next(case for case in world.cases() if case.customer_id not in (erased.id,))
        assert "Other words" in world.texts(bo)
        assert world.app.customers.get(bo.customer_id).name == "Bo"


def test_what_figures_need_stays() -> None:
    with story() as world:
        before = her_case(world)
        erase(world)
        case = world.app.cases.get(before.id)
        assert (case.topic.label, case.team, case.created_at) == (
            "delivery",
            before.team,
            before.created_at,
        )
        assert (case.status, case.subject, case.participants) == ("closed", "", ())
        assert case.message_count == before.message_count
        entries = world.timeline(case)
        assert all(entry.erased and not entry.text for entry in entries)
        assert {str(entry.kind) for entry in entries} == {"message", "note", "event"}
        (sent,) = [e for e in entries if e.author.id == AGENT and e.delivery]
        assert sent.delivery
        assert (sent.delivery.status, sent.delivery.provider_id) == ("delivered", "")


def test_what_comes_next_from_her_address_makes_a_new_customer_and_a_new_case() -> None:
    with story() as world:
        old = her_case(world)
        answers = {"In-Reply-To": f"<{old.message_ids[0]}>"}
        erase(world)
        world.mail("Hello again", subject=f"Re: {old.reference}", headers=answers)
        world.settle()
        fresh = world.cases()[-1]
        assert fresh.id != old.id
        assert fresh.customer_id != old.customer_id
        assert "Hello again" in world.texts(fresh)
        assert world.app.customers.get(fresh.customer_id).identities[0].value == "ana@example.org"


def test_a_late_word_of_the_provider_brings_nothing_back() -> None:
    with story() as world:
        erase(world)
        world.provider_says("Bounce")
        world.provider_says("Complaint")
        assert traces(world) == []


def test_it_is_done_once_and_nothing_is_said_there_again() -> None:
    with story() as world:
        customer, case = ana(world), her_case(world)
        with pytest.raises(StaleVersion):
            world.app.erasing.erase(customer.id, customer.version - 1, BY)
        (part,) = customer.merged_customers
        with pytest.raises(Conflict):
            world.app.erasing.erase(part, 1, BY)
        erased = erase(world)
        assert world.app.erasing.erase(customer.id, 1, BY) == erased
        assert world.app.customers.get(part).erased
        with pytest.raises(Conflict):
            world.app.replying.reply(case.id, ReplyInput(kind="note", text="x"), AGENT)
        with pytest.raises(Conflict):
            world.app.people.unmerge(part, AGENT)
        bo = next(c for c in world.cases() if c.customer_id != customer.id)
        for into in (customer.id, part):
            with pytest.raises((Conflict, Invalid)):
                world.app.people.merge(bo.customer_id, into, AGENT)


def test_a_reply_that_is_held_or_queued_does_not_go_out_any_more() -> None:
    with story() as world:
        case = her_case(world)
        world.app.replying.reply(case.id, ReplyInput(text="The lamp is yours"), AGENT)
        held = ReplyInput(text="And the teapot", hold_seconds=30)
        world.app.holding.hold(case.id, held, AGENT)
        sent = len(world.aws.ses.accepted)
        customer = ana(world)
        world.app.erasing.erase(customer.id, customer.version, BY)
        while world.deliver("count").get("records") or world._stream():
            pass
        pass_time(world)
        assert traces(world) == []
        assert len(world.aws.ses.accepted) - sent <= 1  # the queue may have been faster


def run(faults: Faults) -> None:
    with story() as world:
        clean = bootstrap.get()
        before = counted(world)
        customer = ana(world)
        clients = FaultyClients(world.clients, faults)
        faulty = Application(clean.settings, clients, world.clock, clean.ids)  # type: ignore[arg-type]
        bootstrap.install(faulty)
        for _ in range(4):
            with suppress(Death, ClientError, BotoCoreError):
                faulty.erasing.erase(customer.id, customer.version, BY)
                break
        for _ in range(4):
            with suppress(Death, ClientError, BotoCoreError):
                world.settle()
            world.clock.forward(minutes=6)
            with suppress(Death, ClientError, BotoCoreError):
                world.sweep()
        bootstrap.install(clean)
        pass_time(world)
        assert traces(world) == []
        erased = world.app.customers.get(customer.id).erased
        assert erased is not None
        assert (erased.cases, erased.done_at is not None) == (2, True)
        assert counted(world) == before


@pytest.mark.parametrize("how", HOWS)
def test_whatever_call_of_an_erasure_goes_wrong(how: str) -> None:
    plain = Faults()
    run(plain)
    for at, name in enumerate(plain.names):
        if "sqs" in name or (how != "dies before" and READS.search(name)):
            continue  # to die after a read is to die before the next call
        try:
            run(Faults(at, how))
        except AssertionError as error:
            raise AssertionError(f"call {at}, {name}, {how}: {error}") from error
