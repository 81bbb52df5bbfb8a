"""Attachments and bodies of a raw mail, all the way to what the API shows of them."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.handlers.client import Api
from tests.support import SUPPORT, World

PROGRAM = b"MZ" + bytes(200)
PAGE = b"<!doctype html><script>alert(1)</script>"


def archive(name: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        opened.writestr(name, b"x")
    return made.getvalue()


def raw(text: str = "See the files.", html: str = "") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ana@example.org", SUPPORT, "Files"
    mail["Message-ID"] = "<files@example.org>"
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


def with_files() -> EmailMessage:
    mail = raw()
    for content, kind, name in (
        (PROGRAM, "application/pdf", "invoice.pdf.exe"),
        (PROGRAM, "image/png", "holiday.png"),
        (PAGE, "text/plain", "../../notes\u202etxt.html"),
        (archive("deep/SETUP.EXE"), "application/zip", "files.zip"),
        (archive("letter.txt"), "application/zip", "letters.zip"),
        (b"%PDF-1.7 ...", "application/octet-stream", "invoice.pdf"),
    ):
        main, _, sub = kind.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return mail


def inbound(api: Api, world: World) -> Any:
    page = api.get(f"/v1/cases/{world.case().id}/messages").json["items"]
    (message,) = [m for m in page if m["direction"] == "inbound"]
    return message


def test_names_and_types_are_made_safe_and_dangerous_files_marked(api: Api, world: World) -> None:
    world.raw_mail(with_files().as_bytes())
    world.settle()
    found = {f["name"]: (f["type"], f["dangerous"]) for f in inbound(api, world)["attachments"]}
    assert found == {
        "invoice.pdf.exe": ("application/x-msdownload", True),
        "holiday.png": ("application/x-msdownload", True),
        "notestxt.html": ("text/html", True),
        "files.zip": ("application/zip", True),
        "letters.zip": ("application/zip", False),
        "invoice.pdf": ("application/pdf", False),
    }


def test_files_lie_under_our_own_key_and_are_served_as_short_lived_downloads(
    api: Api, world: World
) -> None:
    world.raw_mail(with_files().as_bytes())
    world.settle()
    contents = [PROGRAM, PROGRAM, PAGE]
    for file, content in zip(inbound(api, world)["attachments"], contents, strict=False):
        parts = urlsplit(file["url"])
        asked = parse_qs(parts.query)
        key = unquote(parts.path).partition("attachments/")
        assert "." not in key[2], "nothing of the sender's name is in the key"
        assert world.app.objects.get(key[1] + key[2]) == content
        assert asked["response-content-disposition"][0].startswith("attachment;")
        assert asked["response-content-type"] == ["application/octet-stream"]
        assert asked.keys() & {"Expires", "X-Amz-Expires"}
        assert asked.keys() & {"Signature", "X-Amz-Signature"}


def test_files_of_a_mail_with_a_virus_are_neither_kept_nor_served(api: Api, world: World) -> None:
    world.raw_mail(with_files().as_bytes(), verdicts={"virus": "FAIL"})
    world.settle()
    assert world.cases() == []
    assert world.app.objects.page("attachments/", "")[0] == []
    (entry,) = api.get("/v1/quarantine").json["items"]
    assert "url" not in entry
    assert "http" not in str(entry)


def test_the_customer_is_offered_no_dangerous_file(api: Api, world: World) -> None:
    world.raw_mail(with_files().as_bytes())
    world.settle()
    followed = world.app.helpdesk.follow(world.case(), 100, None)
    shown = [file.name for message in followed.items for file in message.attachments]
    assert shown == ["letters.zip", "invoice.pdf"]


# --- bodies ---------------------------------------------------------------------------------------


def test_html_is_shown_sanitised_and_loads_nothing_until_asked(api: Api, world: World) -> None:
    html = (
        '<p onclick="x()">Hello<script>alert(1)</script>'
        '<img src="https://tracker.example/p.gif" alt="p"><img src="cid:logo"></p>'
        '<form action="https://evil.example"><input name="password"></form>'
        '<a href="javascript:alert(2)">click</a>'
    )
    world.raw_mail(raw(html=html).as_bytes())
    world.settle()
    shown = inbound(api, world)["html"]
    assert 'data-src="https://tracker.example/p.gif"' in shown
    assert ' src="http' not in shown
    assert 'src="cid:logo"' in shown
    for harmful in ("script", "onclick", "<form", "<input", "evil.example"):
        assert harmful not in shown


def test_a_long_body_is_shown_whole(api: Api, world: World) -> None:
    text = "\n".join(f"line {n} äöü" for n in range(20_000))
    world.raw_mail(raw(text, f"<p>{text}</p>").as_bytes())
    world.settle()
    message = inbound(api, world)
    assert message["truncated"] is False
    assert "line 19999" in message["text"]
    assert "line 19999" in message["html"]


def test_many_long_bodies_never_make_an_answer_that_lambda_cannot_return(
    api: Api, world: World
) -> None:
    text = "漢字" * 300_000  # 1.8 MB as UTF-8
    for number in range(4):
        mail = raw(text)
        mail.replace_header("Message-ID", f"<long{number}@example.org>")
        if number:
            mail["In-Reply-To"] = "<long0@example.org>"
        world.raw_mail(mail.as_bytes(), verdicts={"dmarc": "PASS"})
        world.settle()
    page = api.get(f"/v1/cases/{world.case().id}/messages")
    assert len(page.text.encode()) < 6_000_000
    long = [m for m in page.json["items"] if m["direction"] == "inbound"]
    assert [m["truncated"] for m in long].count(True) == 3
    assert all(m["body_url"] for m in long if m["truncated"])
    followed = world.app.helpdesk.follow(world.case(), 100, None)
    assert len(followed.model_dump_json().encode()) < 6_000_000
