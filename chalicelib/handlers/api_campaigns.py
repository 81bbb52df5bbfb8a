"""Campaigns: telling the customers who are affected, once each."""

from __future__ import annotations

from chalice import Blueprint
from pydantic import Field

from chalicelib.access.models import Act
from chalicelib.base import Model
from chalicelib.campaigns.effect import CampaignView
from chalicelib.campaigns.models import (
    Approval,
    Campaign,
    CampaignInput,
    CampaignPatch,
    FollowupInput,
    Preview,
    TestSend,
)
from chalicelib.flows.testing import Tested
from chalicelib.handlers.http import Call, Reply, parse, route
from chalicelib.handlers.queries import PageQuery
from chalicelib.store import items

routes = Blueprint(__name__)


class CampaignPage(Model):
    """Campaigns, newest first."""

    items: tuple[Campaign, ...]
    cursor: str | None = None


class Why(Model):
    """Why a campaign is stopped, for those who look later."""

    reason: str = Field(default="", max_length=500)


NOTICE = {
    "name": "Log-in trouble",
    "topic": "login",
    "audience": {
        "all": [{"field": "attributes.country", "op": "in", "value": ["GB", "IE"]}],
        "assets": [{"name": "Analytical Engine"}],
    },
    "message": {
        "email": {"en": {"subject": "Trouble logging in", "text": "Hello {{name}}, we know …"}},
    },
    "fields": {"name": {"source": "name", "default": "there"}},
}


@route(routes, "GET", "/v1/campaigns", query=PageQuery, answer=CampaignPage)
def list_campaigns(call: Call, query: PageQuery) -> Reply:
    """List campaigns, newest first, without their live counts."""
    cursors = call.app.cursors
    part = call.app.outreach.listing(query.limit, cursors.read("campaigns", query.cursor))
    found = tuple(items.model(Campaign, stored) for stored in part.items)
    return Reply(CampaignPage(items=found, cursor=cursors.write("campaigns", part.positions)))


@route(
    routes,
    "POST",
    "/v1/campaigns",
    body=CampaignInput,
    answer=CampaignView,
    status=201,
    example=NOTICE,
)
def create_campaign(call: Call, body: CampaignInput) -> Reply:
    """Draft a campaign, from a trend or free; nobody is told yet."""
    campaign = call.app.outreach.create(body, call.who.email)
    return _one(call, campaign, 201, {"Location": f"campaigns/{campaign.id}"})


@route(routes, "GET", "/v1/campaigns/{id}", answer=CampaignView)
def get_campaign(call: Call, id: str) -> Reply:
    """One campaign with its live counts, its effect, and what followed it.

    `effect` compares those told with those held out; its `conclusion` says what so many people
    bear out. `proposed` is a closure that could be sent now (POST …/followups).
    """
    campaign = call.app.campaigns.get(id)
    view = call.app.outreach.view(campaign)
    more = {
        "effect": call.app.effecting.effect(campaign, view.progress),
        "steps": call.app.followups.later(campaign),
        "proposed": call.app.followups.proposed(campaign),
    }
    return Reply(view.model_copy(update=more), version=view.version)


@route(
    routes,
    "PATCH",
    "/v1/campaigns/{id}",
    body=CampaignPatch,
    answer=CampaignView,
    if_match=True,
    example={"name": "Log-in trouble in Ireland"},
    also=(409,),
)
def edit_campaign(call: Call, id: str, body: CampaignPatch) -> Reply:
    """Change a draft; what is left out stays. Needs If-Match."""
    return _one(call, call.app.outreach.edit(id, body, call.who.email, call.version()))


@route(routes, "POST", "/v1/campaigns/{id}/preview", answer=Preview, also=(409,))
def preview_campaign(call: Call, id: str) -> Reply:
    """Whom an approval would tell, with samples, costs and the time it takes. Tells nobody."""
    return Reply(call.app.outreach.preview(id))


@route(
    routes,
    "POST",
    "/v1/campaigns/{id}/test",
    body=TestSend,
    answer=Tested,
    example={"to": "me@example.com", "language": "en"},
    also=(409,),
)
def test_campaign(call: Call, id: str, body: TestSend) -> Reply:
    """Send one notice to an address or number of one's own; it counts nowhere."""
    return Reply(call.app.testing.send(id, body))


@route(
    routes,
    "POST",
    "/v1/campaigns/{id}/followups",
    body=FollowupInput,
    answer=CampaignView,
    status=201,
    example={"kind": "closure", "message": NOTICE["message"]},
    also=(409,),
)
def follow_up(call: Call, id: str, body: FollowupInput) -> Reply:
    """Tell exactly those who were told: an update, the closure, or that it was a false alarm.

    The answer is a campaign of its own, which can be looked at, paused and cancelled. The same
    kind and words once more give the same one. Without a message one is proposed. A closure or
    retraction ends a campaign that still goes out.
    """
    who = call.who
    step = call.app.followups.create(id, body, who.email, who.roles)
    return _one(call, step, 201, {"Location": f"campaigns/{step.id}"})


@route(
    routes,
    "POST",
    "/v1/campaigns/{id}/approve",
    optional_body=Approval,
    answer=CampaignView,
    example={"version": 1, "count": 1200},
    also=(409, 412),
)
def approve_campaign(call: Call, id: str) -> Reply:
    """Tell the audience. The body is optional: the version and count that you saw.

    409 where more or fewer would be told than that, unless `force` is true.
    """
    given: Approval = parse(Approval, call.raw or b"{}")
    if given.version is None and (version := call.if_match()):
        given = given.model_copy(update={"version": version})
    with call.audited(Act.NOTICE_APPROVED, id):
        told = call.app.outreach.approve(id, given, call.who.email, call.who.roles)
    return _one(call, told)


@route(
    routes,
    "POST",
    "/v1/campaigns/{id}/pause",
    optional_body=Why,
    answer=CampaignView,
    example={"reason": "the cause is fixed"},
    also=(409, 412),
)
def pause_campaign(call: Call, id: str) -> Reply:
    """Stop telling for now; what is in hand still goes out. If-Match is optional."""
    why = _why(call)
    return _one(call, call.app.outreach.pause(id, call.who.email, call.if_match(), why))


@route(routes, "POST", "/v1/campaigns/{id}/resume", answer=CampaignView, also=(409, 412))
def resume_campaign(call: Call, id: str) -> Reply:
    """Go on where it was paused. If-Match is optional."""
    return _one(call, call.app.outreach.resume(id, call.who.email, call.if_match()))


@route(
    routes,
    "POST",
    "/v1/campaigns/{id}/cancel",
    optional_body=Why,
    answer=CampaignView,
    example={"reason": "it was a false alarm"},
    also=(409, 412),
)
def cancel_campaign(call: Call, id: str) -> Reply:
    """End it for good; those not told yet are not told. If-Match is optional."""
    why = _why(call)
    return _one(call, call.app.outreach.cancel(id, call.who.email, call.if_match(), why))


def _why(call: Call) -> str:
    given: Why = parse(Why, call.raw or b"{}")
    return given.reason


def _one(
    call: Call, campaign: Campaign, status: int = 200, headers: dict[str, str] | None = None
) -> Reply:
    return Reply(call.app.outreach.view(campaign), status, headers or {}, version=campaign.version)
