"""Quarantine: what stands in it, and what a person may do about it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.handlers.client import Api
from tests.support import World

OUT_OF_OFFICE = {"Auto-Submitted": "auto-replied"}


def only(api: Api, disposition: str = "quarantine") -> Any:
    (entry,) = api.get(f"/v1/quarantine?disposition={disposition}").json["items"]
    return entry


def put_aside(world: World, api: Api, **verdicts: str) -> Any:
    """A mail that intake could not take in, because of a fault of ours."""
    world.mail(to="help@example.com", verdicts=verdicts)
    staff = world.app.mail_in.staff
    object.__setattr__(world.app.mail_in, "staff", Broken())
    for _ in range(4):
        world.deliver("MailQueue")
    object.__setattr__(world.app.mail_in, "staff", staff)  # the fix
    return only(api)


class Broken:
    def take_in(self, inbound: object) -> None:
        raise ValueError("a bug")


def test_an_entry_says_why_in_words_and_what_the_receiver_found(api: Api, world: World) -> None:
    world.mail(verdicts={"virus": "FAIL", "dmarc": "GRAY"})
    world.settle()
    entry = only(api)
    assert entry["reason"] == "the virus scan found something"
    assert (entry["verdicts"]["virus"], entry["verdicts"]["dmarc"]) == ("FAIL", "GRAY")
    assert entry["recipients"] == ["support@example.com"]
    assert (entry["text"].strip(), entry["sender"]) == ("Where is my parcel?", "ana@example.org")


def test_a_replay_judges_by_what_was_known_when_the_mail_came(api: Api, world: World) -> None:
    entry = put_aside(world, api, spam="FAIL", dmarc="FAIL")
    assert "ValueError" in entry["reason"]
    world.clock.forward(days=3)
    api.post(f"/v1/quarantine/{entry['id']}/replay")
    world.settle()
    (case,) = api.get("/v1/cases?view=spam").json["items"]
    assert case["spam"] is True
    (message, *_) = world.timeline(world.app.cases.get(case["id"]))
    assert (message.verdicts.spam, message.verdicts.dmarc) == ("FAIL", "FAIL")
    assert case["created_at"].startswith("2026-11-23"), "it counts from when it came"
    assert world.aws.ses.accepted == []


def test_a_virus_is_found_again_whatever_is_done_with_the_entry(api: Api, world: World) -> None:
    world.mail(verdicts={"virus": "FAIL"})
    world.settle()
    entry = only(api)
    assert (entry["replayable"], entry["releasable"]) == (False, False)
    path = f"/v1/quarantine/{entry['id']}"
    for answer in (
        api.post(f"{path}/replay"),
        api.post(f"{path}/release"),
        api.get(f"{path}/original", as_="lead"),
    ):
        assert (answer.status, answer.problem) == (409, "conflict")
        assert "virus" in answer.json["detail"]
    assert world.cases() == []


def test_replaying_twice_opens_one_case(api: Api, world: World) -> None:
    entry = put_aside(world, api)
    for _ in range(2):
        assert api.post(f"/v1/quarantine/{entry['id']}/replay").status == 202
    world.settle()
    assert world.case().recipient == "help@example.com"
    assert only(api, "replayed")["id"] == entry["id"]


def test_what_fails_again_is_back_with_its_reason(api: Api, world: World) -> None:
    entry = put_aside(world, api)
    object.__setattr__(world.app.mail_in, "staff", Broken())
    api.post(f"/v1/quarantine/{entry['id']}/replay")
    for _ in range(4):
        world.deliver("MailQueue")
    assert only(api)["id"] == entry["id"]
    assert api.get("/v1/quarantine?disposition=replayed").json["items"] == []


@pytest.mark.parametrize("times", [1, 2])
def test_what_was_taken_for_a_machine_is_let_in_as_a_message_and_not_answered(
    api: Api, world: World, times: int
) -> None:
    world.mail("I am a person!", headers=OUT_OF_OFFICE)
    world.settle()
    entry = only(api, "automatic")
    assert (entry["replayable"], entry["releasable"]) == (False, True)
    for _ in range(times):
        assert api.post(f"/v1/quarantine/{entry['id']}/release").status == 202
    api.post(f"/v1/quarantine/{entry['id']}/replay")
    world.settle()
    assert world.texts(world.case()) == ["I am a person!"]
    assert world.aws.ses.accepted == []
    assert api.get(f"/v1/quarantine/{entry['id']}").json["disposition"] == "replayed"


def test_the_original_is_for_leads_as_a_download_of_plain_text(api: Api, world: World) -> None:
    world.mail("<script>alert(1)</script>", headers=OUT_OF_OFFICE)
    world.settle()
    path = f"/v1/quarantine/{only(api, 'automatic')['id']}/original"
    assert api.get(path).status == 403
    given = api.get(path, as_="lead").json
    asked = parse_qs(urlsplit(given["url"]).query)
    assert asked["response-content-type"] == ["text/plain"]
    assert asked["response-content-disposition"][0].startswith("attachment;")
    assert given["expires"] == "2026-11-23T12:05:00.000Z"


def test_spam_is_released_by_an_agent_into_the_ordinary_list(api: Api, world: World) -> None:
    world.mail(verdicts={"spam": "FAIL"})
    world.settle()
    (case,) = api.get("/v1/cases?view=spam").json["items"]
    assert api.get("/v1/cases").json["items"] == []
    path = f"/v1/cases/{case['id']}"
    version = api.get(path).json["version"]
    assert api.patch(path, {"spam": False}, version).status == 200
    assert [c["id"] for c in api.get("/v1/cases").json["items"]] == [case["id"]]
    assert api.get("/v1/cases?view=spam").json["items"] == []
