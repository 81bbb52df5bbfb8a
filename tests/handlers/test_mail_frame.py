"""A mail as it was sent, in a frame: hostile or not, it does nothing there."""

from __future__ import annotations

from email.message import EmailMessage

from tests.handlers.client import Api
from tests.support import World

HOSTILE = """<html><body><script>alert(1)</script><p onclick="x()">Hello</p>
<img src="https://tracker.example/p.gif"><img src="cid:logo"><img src="cid:other">
<a href="https://example.org">there</a><form action="https://evil.example"><input></form>
<style>@import url(https://evil.example/x.css)</style><svg onload="x()"></svg></body></html>"""
PIXEL = b"\x89PNG\r\n\x1a\n0"


def received(world: World) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "ana@example.org", "support@example.com"
    mail["Subject"], mail["Message-ID"] = "Pictures", "<pictures@example.org>"
    mail.set_content("Hello")
    mail.add_alternative(HOSTILE, subtype="html")
    html = mail.get_payload()[1]  # type: ignore[index]  # a multipart has a list of parts
    html.add_related(PIXEL, "image", "png", cid="<logo>")  # type: ignore[union-attr]  # the same
    world.raw_mail(mail.as_bytes())
    world.settle()


def frame(api: Api, world: World) -> str:
    messages = api.get(f"/v1/cases/{world.case().id}/messages").json["items"]
    return next(str(m["html_url"]) for m in messages if m["html_url"])


def test_a_hostile_mail_is_shown_without_all_that_could_act(api: Api, world: World) -> None:
    received(world)
    shown = api.get("/" + frame(api, world), as_="")
    assert shown.status == 200
    policy = shown.headers["Content-Security-Policy"]
    assert "sandbox allow-same-origin" in policy
    assert "allow-scripts" not in policy
    for part in ("<script", "onclick", "<form", "@import", "<svg"):
        assert part not in shown.text
    assert ' src="https:' not in shown.text
    assert '<a href="https://example.org" target="_blank" rel="noopener noreferrer">' in shown.text


def test_the_mails_own_picture_is_inside_and_an_unknown_one_is_empty(
    api: Api, world: World
) -> None:
    received(world)
    shown = api.get("/" + frame(api, world), as_="").text
    assert shown.count('src="data:image/png;base64,') == 1
    assert "cid:" not in shown


def test_the_frame_closes_after_ten_minutes_and_opens_to_nobody_who_guesses(
    api: Api, world: World
) -> None:
    received(world)
    address = "/" + frame(api, world)
    assert api.get(address[:-1] + ("a" if address[-1] != "a" else "b"), as_="").status == 404
    world.clock.forward(minutes=11)
    assert api.get(address, as_="").status == 404
