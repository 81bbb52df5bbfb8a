"""What the composer asks for: files, recipients, drafts with all that belongs to them, snippets."""

from __future__ import annotations

from email import message_from_bytes
from typing import Any

import pytest

from tests.handlers.client import Api
from tests.support import BUCKET, World

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def upload(
    api: Api,
    world: World,
    content: bytes | None = PNG,
    name: str = "screen.png",
    as_: str = "agent",
) -> str:
    """The id of a file that was sent; with the content None it never was."""
    size = len(content or b"x")
    offer = api.post("/v1/uploads", {"name": name, "bytes": size}, as_=as_)
    assert offer.status == 201, offer.text
    if content is not None:
        key = offer.json["fields"]["key"]
        world.clients["s3"].put_object(Bucket=BUCKET, Key=key, Body=content)
    return str(offer.json["id"])


def reply(api: Api, case: Any, *files: Any, **more: Any) -> Any:
    body = {"text": "See the file.", "attachments": list(files), **more}
    return api.post(f"/v1/cases/{case['id']}/messages", body)


def mails(world: World) -> list[list[tuple[str, bytes]]]:
    """Of each mail that went out: its files by name."""
    found = []
    for mail in world.aws.ses.accepted:
        parts = message_from_bytes(mail.raw).walk()
        files = [(p.get_filename(), p.get_payload(decode=True)) for p in parts if p.get_filename()]
        found.append(files)
    return found


# --- files ----------------------------------------------------------------------------------------


def test_a_file_goes_into_the_bucket_and_out_with_the_mail(api: Api, world: World) -> None:
    case = api.case()
    answer = reply(api, case, upload(api, world), {"name": "a.txt", "content": "YQ=="})
    assert answer.status == 201, answer.text
    (first, second) = answer.json["attachments"]
    assert (first["name"], first["type"], first["bytes"]) == ("screen.png", "image/png", len(PNG))
    assert "image%2Fpng" in first["preview_url"]
    assert "attachment" in first["preview_url"], "opened by itself it is a download"
    assert second["preview_url"] == ""
    world.settle()
    assert [("screen.png", PNG), ("a.txt", b"a")] in mails(world)


def test_what_only_says_that_it_is_a_picture_is_never_shown_as_one(api: Api, world: World) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    page = b"<!doctype html><script>alert(1)</script>"
    files = [upload(api, world, content, "photo.png") for content in (svg, page)]
    shown = reply(api, api.case(), *files).json["attachments"]
    assert [(f["type"], f["preview_url"]) for f in shown] == [
        ("image/svg+xml", ""),
        ("text/html", ""),
    ]


@pytest.mark.parametrize("hold", [0, 5])
def test_a_file_serves_one_message(api: Api, world: World, hold: int) -> None:
    case, file = api.case(), upload(api, world)
    assert reply(api, case, file, hold_seconds=hold).status == 201
    again = reply(api, case, file, hold_seconds=hold)
    assert (again.status, again.fields) == (422, ["attachments.0"])
    assert reply(api, case, file, kind="note").fields == ["attachments.0"]


def test_a_held_reply_keeps_its_files_and_gives_them_back_when_it_is_taken_back(
    api: Api, world: World
) -> None:
    case, file = api.case(), upload(api, world)
    held = reply(api, case, file, hold_seconds=5).json
    assert api("DELETE", f"/v1/cases/{case['id']}/messages/{held['id']}").status == 204
    assert reply(api, case, file, hold_seconds=5).status == 201
    world.settle()
    assert mails(world)[-1] == []
    world.clock.forward(seconds=30)
    world.sweep()
    assert mails(world)[-1] == [("screen.png", PNG)]


@pytest.mark.parametrize("hold", [0, 5])
def test_a_reply_whose_file_is_missing_is_refused_and_says_which(
    api: Api, world: World, hold: int
) -> None:
    case, there = api.case(), upload(api, world)
    refused = reply(api, case, there, upload(api, world, None), hold_seconds=hold)
    assert (refused.status, refused.fields) == (422, ["attachments.1"])
    assert reply(api, case, there, hold_seconds=hold).status == 201, "the other one is still free"


def test_the_same_key_gives_the_same_message_with_its_files(api: Api, world: World) -> None:
    case, file = api.case(), upload(api, world)
    body = {"text": "Once", "attachments": [file], "hold_seconds": 5}
    path, key = f"/v1/cases/{case['id']}/messages", {"Idempotency-Key": "k"}
    first, second = (api.post(path, body, headers=key) for _ in range(2))
    assert (first.status, first.json["id"]) == (201, second.json["id"])


def test_an_id_is_its_agents_own_and_grows_old(api: Api, world: World) -> None:
    case, mine, theirs = api.case(), upload(api, world), upload(api, world, as_="lead")
    assert reply(api, case, theirs).fields == ["attachments.0"]
    world.clock.forward(days=5)
    old = reply(api, case, mine, kind="note")
    assert old.status == 201, "a draft may wait over a weekend"
    late = upload(api, world)
    world.clock.forward(days=7)
    assert reply(api, case, late).fields == ["attachments.0"]


def test_no_more_is_taken_than_a_mail_can_carry(api: Api, world: World) -> None:
    assert api.post("/v1/uploads", {"name": "a", "bytes": 25_000_001}).fields == ["bytes"]
    case, big = api.case(), bytes(13_000_000)
    two = [upload(api, world, big, f"{n}.bin") for n in "ab"]
    assert reply(api, case, *two).fields == ["attachments.1"]
    assert api.post("/v1/uploads", {"name": "a", "bytes": 1}, as_="reader").status == 403


def test_a_text_message_takes_no_file_and_says_so(api: Api, world: World) -> None:
    case = api.case(customer={"phone": "+4915112345678"}, channel="voice")
    assert reply(api, case, upload(api, world), channel="sms").fields == ["attachments"]


def test_the_desk_may_send_to_the_bucket_and_show_pictures_from_it(api: Api, world: World) -> None:
    policy = api.get("/desk", as_="").headers["Content-Security-Policy"]
    parts = {part.split()[0]: part.split()[1:] for part in policy.split("; ")}
    offer = api.post("/v1/uploads", {"name": "a", "bytes": 1}).json["url"]
    shown = reply(api, api.case(), upload(api, world)).json["attachments"][0]["preview_url"]
    assert any(offer.startswith(source) for source in parts["connect-src"])
    assert any(shown.startswith(source) for source in parts["img-src"])
    assert parts["script-src"] == ["'self'"]


# --- recipients -----------------------------------------------------------------------------------


def ways(api: Api, case: Any) -> tuple[str | None, dict[str, tuple[str, str]], list[str]]:
    told = api.get(f"/v1/cases/{case['id']}/recipients").json
    return told["chosen"], {w["channel"]: (w["to"], w["why"]) for w in told["items"]}, told["cc"]


def test_the_composer_shows_whom_each_channel_reaches_or_why_it_does_not(
    api: Api, world: World
) -> None:
    world.mail(headers={"Cc": "boss@example.org"})
    world.settle()
    case = {"id": world.case().id}
    assert ways(api, case) == (
        "email",
        {"email": ("ana@example.org", ""), "sms": ("", "unknown")},
        ["boss@example.org"],
    )
    answer = api.post(f"/v1/cases/{case['id']}/messages", {"text": "Hello"}).json
    assert (answer["to"], answer["cc"]) == ("ana@example.org", ["boss@example.org"])


def test_who_sent_stop_is_not_offered_by_text_message(api: Api, world: World) -> None:
    world.text_message("Hello, my card does not work")
    world.settle()
    case = {"id": world.case().id}
    told = api.get(f"/v1/cases/{case['id']}/recipients").json
    (sms,) = [w for w in told["items"] if w["channel"] == "sms"]
    assert (told["chosen"], sms["to"], sms["files"]) == ("sms", "+4915112345678", False)
    assert sms["parts"] > 0
    world.text_message("STOP", number=9)
    world.settle()
    chosen, each, _ = ways(api, case)
    assert (chosen, each["sms"]) == (None, ("", "stopped"))


# --- what somebody else said meanwhile ----------------------------------------------------------


@pytest.mark.parametrize("hold", [0, 5])
def test_a_stale_answer_is_told_who_said_what_meanwhile(api: Api, world: World, hold: int) -> None:
    case = api.case()
    path = f"/v1/cases/{case['id']}/messages"
    seen = [m for m in api.get(path).json["items"] if m["kind"] == "message"][-1]["id"]
    world.clock.forward(seconds=10)
    api.post(path, {"text": "I was faster"}, as_="lead")
    stale = api.post(path, {"text": "Mine", "seen": seen, "hold_seconds": hold})
    assert (stale.status, stale.problem) == (409, "stale-answer")
    (new,) = stale.json["new"]
    assert (new["author"], new["text"], new["direction"]) == ("Lead", "I was faster", "outbound")
    assert new["created_at"]
    anyway = {"text": "Mine", "seen": seen, "anyway": True, "hold_seconds": hold}
    assert api.post(path, anyway).status == 201


# --- drafts ---------------------------------------------------------------------------------------


def test_a_draft_keeps_all_that_belongs_to_the_answer(api: Api, world: World) -> None:
    path = f"/v1/cases/{api.case()['id']}/drafts/reply"
    whole = {
        "text": "",
        "cc": ["boss@example.org"],
        "channel": "email",
        "attachments": [{"id": upload(api, world), "name": "screen.png", "bytes": 48}],
        "articles": [{"slug": "charged-twice", "title": "Charged twice"}],
        "key": "once",
    }
    assert api.get(path).json["cc"] is None
    assert api.put(path, whole).status == 200
    assert {n: v for n, v in api.get(path).json.items() if n in whole} == whole


def test_ones_own_drafts_are_listed_newest_first(api: Api, world: World) -> None:
    first, second = api.case(subject="One"), api.case(subject="Two")
    api.put(f"/v1/cases/{first['id']}/drafts/reply", {"text": "Hello"})
    world.clock.forward(minutes=1)
    api.put(f"/v1/cases/{second['id']}/drafts/note", {"text": "x" * 900})
    api.put(f"/v1/cases/{second['id']}/drafts/note", {"text": "theirs"}, as_="lead")
    listed = api.get("/v1/me/drafts").json["items"]
    assert [(d["reference"], d["case_subject"], d["mode"]) for d in listed] == [
        (second["reference"], "Two", "note"),
        (first["reference"], "One", "reply"),
    ]
    assert len(listed[0]["text"]) == 200
    world.clock.forward(days=61)
    assert api.get("/v1/me/drafts").json["items"] == []


# --- snippets -------------------------------------------------------------------------------------


def test_snippets_are_ones_own_and_those_of_ones_teams(api: Api, world: World) -> None:
    shared = [
        {"word": "regards", "text": "Kind regards", "texts": {"de": "Viele Grüße"}},
        {"word": "bill", "text": "The bill", "visible_to": ["billing"]},
    ]
    assert api.put("/v1/settings/snippets", {"snippets": shared}, as_="admin").status == 200
    world.clock.forward(seconds=11)
    own = api.put("/v1/me/snippets", {"items": [{"word": "gruß", "text": "Gruß"}]}).json
    assert [s["word"] for s in own["items"]] == ["gruß"]
    assert [s["word"] for s in own["shared"]] == ["regards"]
    assert api.get("/v1/me/snippets").json == own
    assert api.get("/v1/me/snippets", as_="lead").json["items"] == []


def test_snippets_that_were_changed_elsewhere_are_not_overwritten(api: Api) -> None:
    api.put("/v1/me/snippets", {"items": [{"word": "a", "text": "A"}]})
    lost = api.put("/v1/me/snippets", {"items": []})
    assert (lost.status, lost.json["current"]["version"]) == (412, 1)
    assert api.put("/v1/me/snippets", {"items": [], "version": 1}).status == 200


@pytest.mark.parametrize(
    "items",
    [
        [{"word": "two words", "text": "x"}],
        [{"word": "a", "text": ""}],
        [{"word": "a", "text": "1"}, {"word": "A", "text": "2"}],
        [{"word": f"w{n}", "text": "ä" * 4_000} for n in range(26)],
    ],
    ids=["blank", "empty", "twice", "large"],
)
def test_a_snippet_that_cannot_be_one_is_refused(api: Api, items: list[Any]) -> None:
    assert api.put("/v1/me/snippets", {"items": items}).status == 422
