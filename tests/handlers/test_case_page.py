"""A customer's own case as a page, and how it hears of news while it is open."""

from __future__ import annotations

from email.message import EmailMessage
from urllib.parse import quote, urlencode

from tests.handlers.client import Answer, Api
from tests.handlers.test_help_form import sent
from tests.support import SUPPORT, World

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def opened(api: Api, **given: str) -> str:
    """The path of the case's page."""
    form = {"text": "My lamp hums", "email": "ana@example.org", **given}
    return f"/c/{api.post('/v1/help/cases', form, as_='').json['token']}"


def send(api: Api, path: str, **fields: str) -> Answer:
    return api("POST", path, urlencode(fields).encode(), as_="", headers=FORM)


def test_what_is_new_is_told_once_and_then_nothing(api: Api, world: World) -> None:
    path = opened(api)
    first = api.get(f"{path}/news", as_="")
    kept = {"If-None-Match": first.headers["ETag"]}
    assert api.get(f"{path}/news", as_="", headers=kept).status == 304
    world.clock.forward(seconds=5)
    api.post(f"/v1/cases/{world.case().id}/messages", {"kind": "note", "text": "odd one"})
    assert api.get(f"{path}/news", as_="", headers=kept).status == 304
    api.post(f"/v1/cases/{world.case().id}/messages", {"text": "Which lamp is it?"})
    news = api.get(f"{path}/news", as_="", headers=kept)
    assert [item["text"] for item in news.json["items"]] == ["My lamp hums", "Which lamp is it?"]
    assert "odd one" not in news.text


def test_looking_for_news_changes_nothing_and_shows_nobodys_address(api: Api, world: World) -> None:
    world.mail(text="My lamp hums", sender="ana@example.org", subject="Lamp")
    world.settle()
    case = world.case()
    before = world.app.customers.get(case.customer_id)
    (mail,) = world.aws.ses.accepted
    path = "/c/" + mail.text.partition("/c/")[2].split()[0]
    page = api.get(path, as_="")
    assert "Did you write this to us?" in page.text
    assert api.get(f"{path}/news", as_="").status == 200
    assert world.case() == case
    assert world.app.customers.get(case.customer_id) == before
    assert "Did you write this to us?" in api.get(path, as_="").text
    assert api.get("/c/000003.1.made-up/news", as_="").problem == "forbidden"


def test_what_a_mail_repeated_is_folded_away(api: Api, world: World) -> None:
    path = opened(api)
    mail = EmailMessage()
    mail["From"], mail["To"] = "ana@example.org", SUPPORT
    mail["Subject"] = f"Re: {world.case().reference}"
    mail["Message-ID"] = "<again@example.org>"
    mail.set_content("The red one.\n\nOn Monday, CustOps wrote:\n> Which lamp <b>is</b> it?\n")
    world.raw_mail(mail.as_bytes())
    world.settle()
    page = api.get(path, as_="").text
    shown, _, folded = page.partition("The red one.")[2].partition("<details>")
    assert "Which lamp" not in shown
    assert "Which lamp &lt;b&gt;is&lt;/b&gt; it?" in folded


def test_a_file_is_added_to_the_case_and_a_stale_one_loses_nothing(api: Api, world: World) -> None:
    path = opened(api)
    one = sent(api, world, b"\x89PNG\r\n\x1a\n lamp", "lamp.png")
    assert send(api, path, text="Look", files=one, once="1").status == 303
    assert "lamp.png" in api.get(path, as_="").text
    again = send(api, path, text="Look <b>here</b>", files=one, once="2")
    assert again.status == 422
    assert "Choose the files again" in again.text
    assert "Look &lt;b&gt;here&lt;/b&gt;</textarea>" in again.text
    assert world.case().message_count == 2


def test_a_long_case_goes_on_page_by_page_and_back_to_its_beginning(api: Api, world: World) -> None:
    path = opened(api)
    for number in range(101):
        world.clock.forward(minutes=30)
        send(api, path, text=f"word {number}", once=str(number))
    first = api.get(path, as_="").text
    assert 'data-last=""' in first
    cursor = first.partition('href="?cursor=')[2].partition('"')[0]
    second = api.get(f"{path}?cursor={cursor}", as_="").text
    assert 'data-last="yes"' in second
    assert "word 100" in second and "word 98<" not in second
    assert 'href="?"' in second
    news = api.get(f"{path}/news?cursor={quote(cursor, safe='%')}", as_="").json
    assert news["items"][-1]["text"] == "word 100"


def test_the_secret_stays_out_of_stores_referrers_and_search(api: Api) -> None:
    headers = api.get(opened(api), as_="").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    assert "X-Robots-Tag" not in api.get("/", as_="").headers
