"""Whose contact it is: what links by itself, what an agent decides, and how it is undone."""

from __future__ import annotations

import re

import pytest

from chalicelib.cases.models import Case
from chalicelib.channels.models import Channel
from chalicelib.customers.models import Customer
from chalicelib.errors import Conflict, Invalid, TooMany
from chalicelib.flows.helpdesk import HelpForm
from chalicelib.flows.proving import CodeInput, IdentityInput
from tests.handlers.client import Api
from tests.support import World

AGENT = "eva.berg@example.com"
NUMBER = "+4915112345678"


@pytest.fixture
def ana(world: World) -> Customer:
    """A customer whose mail address was shown to be hers."""
    world.mail(subject="First")
    world.settle()
    return world.app.customers.get(world.case().customer_id)


def test_a_mail_that_passes_dmarc_links_by_itself(world: World, ana: Customer) -> None:
    world.mail("Another matter", subject="Second")
    world.settle()
    assert {case.customer_id for case in world.cases()} == {ana.id}
    assert ana.identities[0].verified


@pytest.mark.parametrize(
    "verdicts",
    [
        {"dmarc": "FAIL"},
        {"dmarc": "FAIL", "spf": "FAIL"},
        {"dmarc": "GRAY", "spf": "GRAY", "dkim": "PASS"},
        {"dmarc": "", "spf": "", "dkim": ""},
    ],
)
def test_an_unverified_mail_gets_a_provisional_record_and_a_likely_match(
    world: World, ana: Customer, verdicts: dict[str, str]
) -> None:
    world.mail("Change my address", subject="Second", verdicts=verdicts)
    world.settle()
    _, second = world.cases()
    assert second.customer_id != ana.id
    assert second.likely_match is not None
    assert second.likely_match.customer_id == ana.id
    assert "claims their address" in second.likely_match.reason
    provisional = world.app.customers.get(second.customer_id)
    assert (provisional.provisional, provisional.identities) == (True, ())
    assert world.app.customers.get(ana.id).open_case != second.id


def test_a_mail_of_a_domain_without_dmarc_links_where_spf_is_for_that_domain(
    world: World, ana: Customer
) -> None:
    world.mail("Another matter", subject="Second", verdicts={"dmarc": "GRAY", "dkim": "GRAY"})
    world.settle()
    assert {case.customer_id for case in world.cases()} == {ana.id}


def test_spf_for_another_domain_shows_nothing(world: World) -> None:
    bob = {"sender": "bob@example.net"}  # the envelope's sender is always ana@example.org here
    world.mail("My lamp", subject="First", **bob)
    world.mail("My parcel", subject="Second", verdicts={"dmarc": "GRAY"}, **bob)
    world.settle()
    assert world.cases()[1].likely_match is not None


def test_a_forged_mail_of_an_unknown_address_does_not_take_the_address(world: World) -> None:
    world.mail("Give me money", verdicts={"dmarc": "FAIL"})
    world.mail("I am the real one", subject="Second")
    world.settle()
    forged, real = world.cases()
    assert forged.customer_id != real.customer_id
    assert not world.app.customers.get(real.customer_id).provisional


def test_a_form_that_names_somebodys_address_is_not_theirs_until_it_is_shown(
    world: World, ana: Customer
) -> None:
    case = form(world)
    assert case.customer_id != ana.id
    assert case.likely_match is not None
    assert case.likely_match.reason == "the address was typed into a form"


def test_one_person_who_fills_in_the_form_again_and_again_is_counted_once(
    world: World, ana: Customer
) -> None:
    for number in range(4):
        form(world, f"text {number}")
    cells = world.app.counts.day(world.clock().strftime("%Y-%m-%d"))
    (total,) = [cell for cell in cells if cell.cell == "*"]
    assert (total.cases, total.customers) == (5, 1)


@pytest.mark.parametrize("way", ["read it by the API", "answer", "press the button"])
def test_following_the_link_that_was_mailed_links_by_itself(
    world: World, ana: Customer, way: str
) -> None:
    case = form(world)
    token = mailed_link(world)
    use(token, case.reference, way)
    world.settle()
    assert world.app.cases.get(case.id).customer_id == ana.id
    assert world.app.cases.get(case.id).likely_match is None
    assert world.app.customers.get(case.customer_id).merged_into == ana.id


def test_opening_the_page_of_the_link_alone_shows_nothing(world: World, ana: Customer) -> None:
    case = form(world)
    page = Api().get(f"/c/{mailed_link(world)}", as_="")
    assert "Did you write this to us?" in page.text
    assert world.app.cases.get(case.id).customer_id == case.customer_id


def test_the_link_that_the_form_hands_out_shows_nothing(world: World, ana: Customer) -> None:
    case = form(world)
    use(world.handed_out, case.reference, "answer")  # type: ignore[attr-defined]
    assert world.app.cases.get(case.id).customer_id == case.customer_id


def test_a_link_shows_an_address_that_nobody_else_has(world: World) -> None:
    case = form(world)
    customer = world.app.customers.get(case.customer_id)
    assert (customer.provisional, customer.identities[0].verified) == (False, False)
    use(mailed_link(world), case.reference, "answer")
    assert world.app.customers.get(case.customer_id).identities[0].verified


def test_an_agent_confirms_the_likely_match(world: World, ana: Customer) -> None:
    case = form(world)
    joined = world.app.people.confirm(case.customer_id, AGENT)
    world.settle()
    assert joined.id == ana.id
    assert world.app.cases.get(case.id).customer_id == ana.id
    assert "merged into" in history(world, case.customer_id)


def test_an_agent_rejects_the_likely_match(world: World, ana: Customer) -> None:
    case = form(world)
    own = world.app.people.reject(case.customer_id, AGENT)
    world.settle()
    assert (own.provisional, own.likely_match) == (False, None)
    assert world.app.cases.get(case.id).likely_match is None
    with pytest.raises(Conflict):
        world.app.people.confirm(case.customer_id, AGENT)


# --- merge ---------------------------------------------------------------------------------------


@pytest.fixture
def texter(world: World, ana: Customer) -> Customer:
    """The same person by text message, as a record of its own."""
    world.text_message("My card does not work", sender=NUMBER)
    world.settle()
    return world.app.customers.get(world.cases()[-1].customer_id)


def test_a_customer_merge_moves_addresses_and_cases_and_is_in_the_history(
    world: World, ana: Customer, texter: Customer
) -> None:
    joined = world.app.people.merge(texter.id, ana.id, AGENT)
    assert [i.value for i in joined.identities] == ["ana@example.org", NUMBER]
    assert {case.customer_id for case in world.cases()} == {ana.id}
    assert world.app.customers.get(texter.id).merged_into == ana.id
    assert AGENT in history(world, ana.id)
    world.text_message("It says code 51", sender=NUMBER)
    world.settle()
    assert world.texts(world.cases()[1])[-1] == "It says code 51"
    assert len({case.customer_id for case in world.cases()}) == 1


def test_an_unmerge_brings_both_back_as_they_were(
    world: World, ana: Customer, texter: Customer
) -> None:
    change(world, texter, name="A.", attributes={"plan": "gold"})
    before = [world.app.customers.get(c.id) for c in (ana, texter)]
    world.app.people.merge(texter.id, ana.id, AGENT)
    world.settle()
    back = world.app.people.unmerge(texter.id, AGENT)
    world.settle()
    after = [world.app.customers.get(ana.id), back]
    for old, new in zip(before, after, strict=True):
        ignored = {"version", "updated_at"}
        assert new.model_dump(exclude=ignored) == old.model_dump(exclude=ignored)
    assert [case.customer_id for case in world.cases()] == [ana.id, texter.id]
    world.text_message("Still me", sender=NUMBER)
    world.settle()
    assert world.cases()[-1].customer_id == texter.id


def test_what_was_changed_since_a_merge_stays_after_the_unmerge(
    world: World, ana: Customer, texter: Customer
) -> None:
    change(world, texter, tier="gold")
    world.app.people.merge(texter.id, ana.id, AGENT)
    change(world, ana, tier="platinum", language="de")
    world.app.people.unmerge(texter.id, AGENT)
    kept = world.app.customers.get(ana.id)
    assert (kept.tier, kept.language) == ("platinum", "de")


def test_a_no_survives_a_merge(world: World, ana: Customer, texter: Customer) -> None:
    world.text_message("STOP", sender=NUMBER)
    world.settle()
    joined = world.app.people.merge(texter.id, ana.id, AGENT)
    assert joined.consent[Channel.SMS].status == "opted_out"


def test_a_merge_that_died_half_way_goes_on(world: World, ana: Customer) -> None:
    for number in range(60):
        world.text_message(f"matter {number}", sender=NUMBER)
        world.clock.forward(hours=80)
        world.settle()
    texter = world.app.customers.get(world.cases()[-1].customer_id)
    reaction = world.app.people._merge(texter.id, ana.id, AGENT)
    assert reaction is not None
    world.app.people._repoint(reaction, most=3)  # and here the process dies
    assert len(of(world, texter.id)) == 57
    world.settle()
    assert of(world, texter.id) == []
    assert len(of(world, ana.id)) == 61


def test_a_merge_that_is_undone_at_once_leaves_no_case_behind(
    world: World, ana: Customer, texter: Customer
) -> None:
    late = world.app.people._merge(texter.id, ana.id, AGENT)
    world.app.people.unmerge(texter.id, AGENT)
    assert late is not None
    world.app.people.repoint(late)
    world.settle()
    assert [case.customer_id for case in world.cases()] == [ana.id, texter.id]


def test_the_timeline_of_a_customer_has_all_their_channels_and_records(
    world: World, ana: Customer, texter: Customer
) -> None:
    world.app.people.merge(texter.id, ana.id, AGENT)
    for customer_id in (ana.id, texter.id):
        entries = world.app.customer_service.timeline(customer_id, 20, None).entries
        cases = [entry for entry in entries if isinstance(entry, Case)]
        assert {case.channel for case in cases} == {Channel.EMAIL, Channel.SMS}
        assert len(entries) == 4  # and the history of both


# --- codes ---------------------------------------------------------------------------------------


def test_a_code_by_text_message_shows_that_a_number_is_theirs(world: World, ana: Customer) -> None:
    code = send_code(world, ana)
    shown = world.app.proving.verify(ana.id, CodeInput(code=code), AGENT)
    assert [(i.value, i.verified) for i in shown.identities][-1] == (NUMBER, True)
    assert world.app.customers.owner(Channel.SMS, NUMBER) == ana.id
    with pytest.raises(Invalid):
        world.app.proving.verify(ana.id, CodeInput(code=code), AGENT)


def test_a_code_holds_for_ten_minutes_and_five_tries(world: World, ana: Customer) -> None:
    code = send_code(world, ana)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        with pytest.raises(Invalid):
            world.app.proving.verify(ana.id, CodeInput(code=wrong), AGENT)
    with pytest.raises(Invalid):
        world.app.proving.verify(ana.id, CodeInput(code=code), AGENT)
    code = send_code(world, ana)
    world.clock.forward(minutes=11)
    with pytest.raises(Invalid):
        world.app.proving.verify(ana.id, CodeInput(code=code), AGENT)


def test_codes_to_a_number_are_limited_and_kept_as_digests(world: World, ana: Customer) -> None:
    code = send_code(world, ana)
    stored = [
        item for item in world.aws.dynamodb.table("custops").items.values() if "digest" in item
    ]
    assert stored
    assert code not in str(stored)
    for _ in range(4):
        send_code(world, ana)
    with pytest.raises(TooMany):
        send_code(world, ana)


def test_a_number_that_is_on_another_record_is_a_likely_match(
    world: World, ana: Customer, texter: Customer
) -> None:
    code = send_code(world, ana)
    shown = world.app.proving.verify(ana.id, CodeInput(code=code), AGENT)
    assert shown.likely_match is not None
    assert shown.likely_match.customer_id == texter.id


# --- helpers -------------------------------------------------------------------------------------


def form(world: World, text: str = "Please change my address") -> Case:
    world.clock.forward(seconds=1)
    given = HelpForm(name="Ana", email="ana@example.org", subject="Address", text=text)
    submitted = world.app.helpdesk.submit(given, "", "192.0.2.1")
    world.handed_out = submitted.token  # type: ignore[attr-defined]
    world.settle()
    return world.app.cases.get(submitted.reference)


def mailed_link(world: World) -> str:
    found = re.search(r"/c/(\S+)", world.aws.ses.accepted[-1].text)
    assert found
    return found.group(1)


def use(token: str, reference: str, way: str) -> None:
    api = Api()
    path = f"/v1/help/cases/{reference}/messages?token={token}"
    match way:
        case "answer":
            assert api.post(path, {"text": "It is me"}, as_="").status == 201
        case "press the button":
            assert api.form(f"/c/{token}", "mine=yes").status == 303
        case _:
            assert api.get(path, as_="").status == 200


def send_code(world: World, customer: Customer) -> str:
    world.app.proving.send_code(customer.id, IdentityInput(channel=Channel.SMS, value=NUMBER))
    found = re.match(r"(\d{3}) (\d{3}) ", world.aws.sms.accepted[-1].text)
    assert found
    return "".join(found.groups())


def change(world: World, customer: Customer, **fields: object) -> None:
    stored = world.app.customers.get(customer.id)
    version = stored.version + 1
    world.app.customers.save(stored.model_copy(update={**fields, "version": version}))


def history(world: World, customer_id: str) -> str:
    """All that was done to a record, as text."""
    entries = world.app.table.query_all(f"CUST#{customer_id}", prefix="HIST#")
    return "\n".join(f"{entry['text']} by {entry['by']}" for entry in entries)


def of(world: World, customer_id: str) -> list[str]:
    return [i["id"] for i in world.app.customers.cases(customer_id, 100).items]
