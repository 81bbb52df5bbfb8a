"""The web form: its own fields, its files, and a request that is sent twice."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from chalicelib.errors import Contended
from tests.handlers.client import Answer, Api
from tests.support import BUCKET, World

FORM = {"email": "ada@example.com", "text": "My phone is broken."}
FIELDS = [
    {"name": "order", "label": {"en": "Order", "de": "Bestellung"}, "required": True},
    {
        "name": "product",
        "label": {"en": "Product"},
        "type": "choice",
        "choices": [{"value": "phone"}, {"value": "lamp"}],
    },
]


def set_up(api: Api, **form: Any) -> None:
    assert api.put("/v1/settings/channels", {"form": form}, as_="admin").status == 200


def submit(api: Api, key: str = "", **given: Any) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return api.post("/v1/help/cases", {**FORM, **given}, as_="", headers=headers)


def sent(
    api: Api, world: World, content: bytes = b"notes", name: str = "notes.txt", kind: str = ""
) -> str:
    """The id of a file that a client has sent to the bucket."""
    asked = {"name": name, "bytes": len(content), **({"type": kind} if kind else {})}
    offer = api.post("/v1/help/uploads", asked, as_="")
    assert offer.status == 201, offer.text
    world.clients["s3"].put_object(Bucket=BUCKET, Key=offer.json["fields"]["key"], Body=content)
    return str(offer.json["id"])


def files(world: World) -> Any:
    return [f for m in world.timeline(world.case()) for f in m.attachments]


# --- fields ---------------------------------------------------------------------------------------


def test_the_form_says_which_fields_it_has_to_anybody(api: Api) -> None:
    set_up(api, fields=FIELDS, uploads=2)
    told = api.get("/v1/help/form", as_="").json
    assert [field["name"] for field in told["fields"]] == ["order", "product"]
    assert told["fields"][0]["label"]["de"] == "Bestellung"
    assert (told["uploads"], told["upload_bytes"]) == (2, 20_000_000)


def test_what_the_fields_were_filled_with_is_kept_on_the_case(api: Api, world: World) -> None:
    set_up(api, fields=FIELDS)
    assert submit(api, fields={"order": " 4711 ", "product": "lamp"}).status == 201
    shown = api.get(f"/v1/cases/{world.case().id}").json
    assert shown["fields"] == {"order": "4711", "product": "lamp"}


def test_a_field_that_is_wrong_is_named_and_nothing_is_opened(api: Api, world: World) -> None:
    set_up(api, fields=FIELDS)
    refused = submit(api, fields={"product": "car", "colour": "red"})
    assert refused.problem == "invalid"
    assert refused.fields == ["fields.colour", "fields.order", "fields.product"]
    assert world.cases() == []


def test_a_routing_rule_can_name_a_field_of_the_form(api: Api, world: World) -> None:
    set_up(api, fields=FIELDS)
    rule = {
        "name": "lamps",
        "all": [{"field": "fields.product", "op": "eq", "value": "lamp"}],
        "team": "lighting",
    }
    assert api.put("/v1/settings/routing", {"rules": [rule]}, as_="admin").status == 200
    submit(api, fields={"order": "1", "product": "lamp"})
    world.settle()
    assert world.case().team == "lighting"


# --- files ----------------------------------------------------------------------------------------


def test_an_uploaded_file_becomes_an_attachment_under_our_own_key(api: Api, world: World) -> None:
    upload = sent(api, world, b"%PDF-1.7 page", "../../etc/in\u202efdp.voice.pdf", "image/png")
    answer = submit(api, attachments=[upload])
    assert answer.status == 201, answer.text
    (file,) = files(world)
    assert file.key.startswith("attachments/")
    assert (file.type, file.bytes, file.dangerous) == ("application/pdf", 13, False)
    assert not set("/\\\u202e") & set(file.name)
    assert world.app.objects.get(file.key) == b"%PDF-1.7 page"
    (message,) = answer.json["messages"]
    assert message["attachments"][0]["name"] == file.name
    assert not world.app.objects.page("uploads/", "")[0], "what was copied is removed"


def test_a_dangerous_upload_is_marked_and_never_offered_to_the_customer(
    api: Api, world: World
) -> None:
    answer = submit(api, attachments=[sent(api, world, b"MZ" + bytes(80), "photo.jpg")])
    (file,) = files(world)
    assert (file.dangerous, file.type) == (True, "application/x-msdownload")
    assert answer.json["messages"][0]["attachments"] == []


def test_an_answer_takes_files_too(api: Api, world: World) -> None:
    given = submit(api).json
    path = f"/v1/help/cases/{given['reference']}/messages?token={given['token']}"
    body = {"text": "Here is the bill.", "attachments": [sent(api, world)]}
    assert api.post(path, body, as_="").status == 201
    assert [file.name for file in files(world)] == ["notes.txt"]


def test_an_upload_serves_one_message_however_often_that_one_comes(api: Api, world: World) -> None:
    upload = sent(api, world)
    first = submit(api, attachments=[upload])
    again = submit(api, attachments=[upload])
    assert first.json["reference"] == again.json["reference"]
    world.clock.forward(hours=30)
    late = submit(api, attachments=[upload])
    assert late.json["reference"] == first.json["reference"], "it is the same message still"
    assert len(files(world)) == 1


def test_an_upload_does_not_serve_a_second_message(api: Api, world: World) -> None:
    upload = sent(api, world)
    submit(api, attachments=[upload])
    key = world.app.uploads._ticket(upload, 0).key
    world.app.objects.put(key, b"as if it were still there")
    refused = submit(api, text="Something else", attachments=[upload])
    assert refused.fields == ["attachments.0"]
    assert "another message" in refused.json["detail"]
    assert len(world.cases()) == 1


def test_an_upload_is_worth_nothing_after_its_hour(api: Api, world: World) -> None:
    upload = sent(api, world)
    world.clock.forward(minutes=61)
    assert "too old" in submit(api, attachments=[upload]).json["detail"]
    assert world.cases() == []


def test_an_id_that_was_tampered_with_or_whose_file_never_came_is_refused(
    api: Api, world: World
) -> None:
    upload = sent(api, world)
    offer = api.post("/v1/help/uploads", {"name": "a.txt", "bytes": 3}, as_="").json
    for bad in ("made-up", f"x{upload}", f"{upload[:-1]}é", upload.rpartition(".")[2], offer["id"]):
        assert submit(api, attachments=[bad]).fields == ["attachments.0"]
    assert world.cases() == []
    assert submit(api, attachments=[upload]).status == 201, "a refused one used nothing up"


def test_the_form_takes_so_many_files_of_such_a_size_and_no_more(api: Api, world: World) -> None:
    set_up(api, uploads=1, upload_bytes=1000)
    assert api.post("/v1/help/uploads", {"name": "a", "bytes": 1001}, as_="").fields == ["bytes"]
    uploads = [sent(api, world) for _ in range(2)]
    assert submit(api, attachments=uploads).fields == ["attachments"]
    assert submit(api, attachments=uploads[:1] * 2).status == 201
    set_up(api, uploads=0)
    assert api.post("/v1/help/uploads", {"name": "a", "bytes": 1}, as_="").fields == ["name"]


def test_offers_of_uploads_are_limited_and_write_no_item(api: Api, world: World) -> None:
    api.put("/v1/settings/channels", {"form_posts_per_hour": 2}, as_="admin")
    answers = [api.post("/v1/help/uploads", {"name": "a", "bytes": 1}, as_="") for _ in range(3)]
    assert [a.status for a in answers] == [201, 201, 429]
    assert 0 < int(answers[2].headers["Retry-After"]) <= 3600
    assert "UPLOAD#" not in str(world.aws.dynamodb.table("custops").changes)


def test_a_death_after_the_upload_was_bound_loses_neither_file_nor_message(
    api: Api, world: World
) -> None:
    class Dying:
        def accept(self, inbound: object) -> None:
            raise Contended("it died")

    upload = sent(api, world)
    desk, intake = world.app.helpdesk, world.app.helpdesk.intake
    object.__setattr__(desk, "intake", Dying())
    assert submit(api, attachments=[upload]).status == 503
    object.__setattr__(desk, "intake", intake)
    assert submit(api, attachments=[upload]).status == 201
    assert [file.name for file in files(world)] == ["notes.txt"]


# --- twice ----------------------------------------------------------------------------------------


def test_the_same_key_sent_many_times_at_once_opens_one_case(api: Api, world: World) -> None:
    upload = sent(api, world)
    answers: list[Answer] = []

    def send() -> None:
        answers.append(submit(Api(), key="once", attachments=[upload]))

    senders = [threading.Thread(target=send) for _ in range(6)]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    assert {a.status for a in answers} == {201}
    assert len({a.json["reference"] for a in answers}) == 1
    assert sum(a.json["opened"] for a in answers) == 1
    assert len(files(world)) == 1


@pytest.mark.parametrize("given", [{"website": "https://spam.example"}, {"text": ""}])
def test_what_a_robot_sends_uses_no_upload_up(
    api: Api, world: World, given: dict[str, str]
) -> None:
    upload = sent(api, world)
    assert submit(api, attachments=[upload], **given).status == 422
    assert submit(api, attachments=[upload]).status == 201
