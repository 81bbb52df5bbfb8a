"""The secret link of a case: withdrawn, and sent anew."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from typing import Any

from tests.handlers.client import Api
from tests.support import World


def submitted(api: Api) -> Any:
    form = {"name": "Ada", "email": "ada@example.com", "text": "My phone is broken."}
    return api.post("/v1/help/cases", form, as_="").json


def test_a_withdrawn_link_and_its_token_answer_403_and_say_so(api: Api, world: World) -> None:
    given = submitted(api)
    case = world.case()
    revoked = api.post(f"/v1/cases/{case.id}/links/revoke")
    assert (revoked.status, revoked.json["version"]) == (200, case.version + 1)
    path = f"/v1/help/cases/{given['reference']}/messages"
    refused = [
        api.get(f"{path}?token={given['token']}", as_=""),
        api.get(path, as_="", headers={"Authorization": f"Bearer {given['token']}"}),
        api.post(f"{path}?token={given['token']}", {"text": "hello"}, as_=""),
    ]
    assert {answer.status for answer in refused} == {403}
    assert {answer.problem for answer in refused} == {"forbidden"}
    assert {answer.json["detail"] for answer in refused} == {
        "this link was withdrawn; ask us for a new one"
    }
    page = api.get(f"/c/{given['token']}", as_="")
    assert (page.status, "was withdrawn" in page.text) == (403, True)
    assert world.case().message_count == 1


def test_only_who_holds_the_old_link_hears_that_it_was_withdrawn(api: Api, world: World) -> None:
    given = submitted(api)
    api.post(f"/v1/cases/{world.case().id}/links/revoke")
    made_up = given["token"][:-1] + ("a" if given["token"][-1] != "a" else "b")
    path = f"/v1/help/cases/{given['reference']}/messages"
    assert "not valid" in api.get(f"{path}?token={made_up}", as_="").json["detail"]


def test_withdrawing_is_in_the_history_with_who_did_it(api: Api, world: World) -> None:
    submitted(api)
    api.post(f"/v1/cases/{world.case().id}/links/revoke")
    (note,) = [m for m in world.timeline(world.case()) if m.text == "links withdrawn"]
    assert (note.author.id, note.kind) == ("agent@example.com", "event")


def test_withdrawing_needs_an_agent(api: Api, world: World) -> None:
    submitted(api)
    path = f"/v1/cases/{world.case().id}/links/revoke"
    assert api.post(path, as_="").status == 401
    assert api.post(path, as_="reader").status == 403


def test_a_new_link_goes_to_the_customer_alone_and_works(api: Api, world: World) -> None:
    world.mail(sender="Ana <ana@example.org>", headers={"Cc": "eve@example.org"})
    world.settle()
    case = world.case()
    api.post(f"/v1/cases/{case.id}/links/revoke")
    key = {"Idempotency-Key": "once"}
    answers = [api.post(f"/v1/cases/{case.id}/links", headers=key) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    world.settle()
    mails = [message_from_bytes(m.raw, policy=policy.default) for m in world.aws.ses.accepted]
    (old, new) = mails[-2:]
    assert (new["To"], new["Cc"]) == ("ana@example.org", None)
    assert len(mails) == 2, "the acknowledgement and one new link"
    links = [re.search(r"/c/(\S+)", mail.get_content()) for mail in (old, new)]
    tokens = [link.group(1) for link in links if link]
    assert [api.get(f"/c/{token}", as_="").status for token in tokens] == [403, 200]
