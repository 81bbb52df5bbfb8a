"""The links of a notice, and what leads ask of campaigns, through the API."""

from __future__ import annotations

from chalicelib.campaigns.models import Campaign
from chalicelib.flows.audience import answer_token, prefs_token
from tests.flows.outreach_world import Outreaching, customer
from tests.handlers.client import Api
from tests.support import World

CLOSED = {"email": {"en": {"subject": "It is over", "text": "It works again."}}}


def told(world: World) -> tuple[Outreaching, Campaign, str]:
    o = Outreaching(world)
    o.knows(customer(1))
    campaign = o.approved(topic="router")
    o.settle()
    return o, campaign, answer_token(o.app.signer, campaign, o.app.customers.get("K000001"))


def test_opening_a_link_does_nothing_and_pressing_does(api: Api, world: World) -> None:
    o, campaign, token = told(world)
    page = api.get(f"/n/{token}", as_="")
    assert (page.status, "Router trouble" in page.text) == (200, True)
    assert o.progress(campaign).answers == {}
    pressed = api.form(f"/n/{token}", "say=not_me&text=")
    assert (pressed.status, "no more about this" in pressed.text) == (200, True)
    assert api.form(f"/n/{token}", "say=not_me&text=").status == 200
    assert o.progress(campaign).answers == {"not_me": 1}
    assert api.form(f"/n/{token}", "say=nonsense").status == 422
    assert api.get(f"/n/{token[:-3]}xxx", as_="").status == 403


def test_what_a_customer_writes_cannot_run_on_the_page(api: Api, world: World) -> None:
    o = Outreaching(world)
    o.knows(customer(1))
    message = {"email": {"subject": "<script>alert(1)</script>", "text": "t"}}
    campaign = o.approved(message=message)
    o.settle()
    token = answer_token(o.app.signer, campaign, o.app.customers.get("K000001"))
    assert "<script>" not in api.get(f"/n/{token}", as_="").text


def test_preferences_are_shown_and_saved(api: Api, world: World) -> None:
    o = Outreaching(world)
    o.knows(customer(1, phone="+4915112345678"))
    token = prefs_token(o.app.signer, "K000001")
    page = api.get(f"/prefs/{token}", as_="")
    assert page.text.count(" checked") == 2
    saved = api.form(f"/prefs/{token}", "service.email=on&marketing.email=on")
    assert (saved.status, saved.text.count(" checked"), "Saved." in saved.text) == (200, 2, True)
    assert api.get(f"/prefs/{token}", as_="").text.count(" checked") == 2
    assert o.app.customers.get("K000001").version == 2
    assert api.form(f"/prefs/{token[:-3]}xxx", "").status == 403


def test_a_lead_follows_up_and_sees_the_effect(api: Api, world: World) -> None:
    _, campaign, _ = told(world)
    path = f"/v1/campaigns/{campaign.id}"
    body = {"kind": "closure", "message": CLOSED}
    step = api.post(f"{path}/followups", body, as_="lead")
    assert (step.status, step.json["kind"], step.json["root"]) == (201, "closure", campaign.id)
    assert api.post(f"{path}/followups", body, as_="lead").json["id"] == step.json["id"]
    assert api.post(f"{path}/followups", body, as_="agent").status == 403
    world.settle()
    seen = api.get(path, as_="lead").json
    assert seen["effect"]["told"]["customers"] == 1
    assert "nothing to compare with" in seen["effect"]["conclusion"]
    assert [later["kind"] for later in seen["steps"]] == ["closure"]
    second = api.post(f"{path}/followups", {"kind": "retraction"}, as_="lead")
    assert (second.status, second.problem) == (409, "conflict")


def test_a_test_goes_to_one_address_and_into_no_count(api: Api, world: World) -> None:
    o = Outreaching(world)
    o.knows(customer(1))
    draft = o.draft()
    path = f"/v1/campaigns/{draft.id}/test"
    sent = api.post(path, {"to": "Me@Example.com"}, as_="lead")
    assert (sent.status, sent.json["to"], sent.json["as_customer"]) == (
        200,
        "me@example.com",
        "K000001",
    )
    (mail,) = world.aws.ses.accepted
    assert (mail.to, mail.subject) == (("me@example.com",), "[Test] Router trouble")
    texted = api.post(path, {"to": "+49 151 12345678"}, as_="lead")
    assert (texted.status, texted.json["parts"]) == (200, 1)
    assert api.post(path, {"to": "nonsense"}, as_="lead").status == 422
    assert api.get(f"/v1/campaigns/{draft.id}", as_="lead").json["progress"]["sent"] == 0


def test_nobody_is_held_out_of_a_safety_notice(api: Api) -> None:
    given = {
        "name": "Recall",
        "message": {"email": {"subject": "s", "text": "t"}},
        "purpose": "safety",
        "held_out": 0.1,
    }
    refused = api.post("/v1/campaigns", given, as_="lead")
    assert (refused.status, "held out" in refused.text) == (422, True)


def test_many_customers_need_those_whom_the_setting_names(api: Api, world: World) -> None:
    o = Outreaching(world)
    o.crowd(3)
    limits = {"send_more_than": 2, "send_to_many": {"role": "admin"}}
    assert api.put("/v1/settings/approvals", limits, as_="admin").status == 200
    draft = o.draft()
    path = f"/v1/campaigns/{draft.id}/approve"
    assert api.post(path, {}, as_="lead").status == 403
    assert api.post(path, {}, as_="admin").status == 200


def test_settings_of_campaigns_are_checked(api: Api) -> None:
    given = {"quiet_hours": {"sms": {"start": "22:00", "end": "07:00"}}, "time_zone": "Mars/One"}
    refused = api.put("/v1/settings/campaigns", given, as_="admin")
    assert (refused.status, refused.fields) == (422, ["time_zone"])
    given["time_zone"] = "Europe/Berlin"
    assert api.put("/v1/settings/campaigns", given, as_="admin").status == 200


GERMAN = {"Accept-Language": "de"}


def test_what_a_notice_leads_to_speaks_the_readers_language(api: Api, world: World) -> None:
    o, _, token = told(world)
    assert "Es ist noch immer defekt" in api.get(f"/n/{token}", as_="", headers=GERMAN).text
    prefs = api.get(f"/prefs/{prefs_token(o.app.signer, 'K000001')}", as_="", headers=GERMAN)
    assert prefs.text.index("Störungen und Änderungen") < prefs.text.index("Neuigkeiten")
