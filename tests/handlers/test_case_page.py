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
    opened(api)
    world.settle()
    case = world.case()
    before = world.app.customers.get(case.customer_id)
    (mail,) = world.aws.ses.accepted
    path = "/c/" + mail.text.partition("/c/")[2].split()[0]
    assert "Did you write this to us?" in api.get(path, as_="").text
    assert api.get(f"{path}/news", as_="").status == 200
    assert world.case() == case
    assert world.app.customers.get(case.customer_id) == before
    assert "Did you write this to us?" in api.get(path, as_="").text
    assert api.get("/c/000003.1.made-up/news", as_="").problem == "forbidden"
    send(api, path, mine="yes")
    assert "Did you write this to us?" not in api.get(path, as_="").text


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


# --- the secret, exchanged for a cookie -----------------------------------------------------------


class Browser:
    """Keeps cookies as a browser does, and follows nothing by itself."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.kept: dict[str, str] = {}

    def __call__(self, path: str, **fields: str) -> Answer:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.kept.items())}
        if not fields:
            answer = self.api.get(path, as_="", headers=headers)
        else:
            body = urlencode(fields).encode()
            answer = self.api("POST", path, body, as_="", headers={**FORM, **headers})
        if cookie := answer.headers.get("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.kept = {**self.kept, name: value} if value else {}
        return answer

    def proof(self, path: str) -> str:
        return self(path).text.partition('name="csrf" value="')[2].partition('"')[0]


def test_the_secret_leaves_the_address_once_a_cookie_stands_for_it(api: Api, world: World) -> None:
    path = opened(api)
    clean = f"/c/{world.case().reference}"
    browser = Browser(api)
    first = browser(path)
    cookie = first.headers["Set-Cookie"]
    assert first.status == 200
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert "Path=" not in cookie, "the folder that set it, whatever stands before /c"
    proof = first.text.partition('name="csrf" value="')[2].partition('"')[0]
    assert browser(clean, mine="yes", csrf=proof).status == 303, "its script cleans the address"
    again = browser(f"{path}?sent=new")
    assert (again.status, again.headers["Location"]) == (303, f"{world.case().reference}?sent=new")
    page = browser(clean)
    assert page.status == 200
    assert browser(f"{clean}/news").status == 200
    said = {"text": "It is the red one", "once": "1", "csrf": browser.proof(clean)}
    sent = browser(clean, **said)
    assert sent.headers["Location"] == f"{world.case().reference}?sent=1"
    assert world.texts(world.case())[-1] == "It is the red one"


def test_whoever_keeps_no_cookie_goes_on_by_the_link(api: Api, world: World) -> None:
    path = opened(api)
    assert [api.get(path, as_="").status for _ in range(2)] == [200, 200]
    assert send(api, path, text="Still there?", once="1").status == 303
    assert world.case().message_count == 2


def test_another_site_cannot_send_a_form_by_the_cookie(api: Api, world: World) -> None:
    browser = Browser(api)
    browser(opened(api))
    clean = f"/c/{world.case().reference}"
    for forged in ({}, {"csrf": "made-up"}):
        refused = browser(clean, solved="yes", **forged)
        assert refused.status == 403
        assert "did not come from the page of your case" in refused.text
    assert world.case().status == "new"
    assert browser(clean, solved="yes", csrf=browser.proof(clean)).status == 303
    assert world.case().status == "resolved"


def test_the_address_without_a_secret_opens_nothing_elsewhere(api: Api, world: World) -> None:
    opened(api)
    reference = world.case().reference
    stranger = api.get(f"/c/{reference}", as_="")
    assert stranger.status == 403
    assert "in the browser in which the link" in stranger.text
    other = opened(api, email="bob@example.org", text="Mine").removeprefix("/c/")
    thief = {"Cookie": f"case-{reference}={other}"}
    assert api.get(f"/c/{reference}", as_="", headers=thief).status == 403


def test_a_withdrawn_link_is_worth_nothing_as_a_cookie(api: Api, world: World) -> None:
    browser = Browser(api)
    browser(opened(api))
    case = world.case()
    api.post(f"/v1/cases/{case.id}/links/revoke", {})
    page = browser(f"/c/{case.reference}")
    assert page.status == 403
    assert "This link was withdrawn" in page.text


def test_a_browser_that_others_use_forgets_the_case(api: Api, world: World) -> None:
    browser = Browser(api)
    browser(opened(api))
    clean = f"/c/{world.case().reference}"
    left = browser(clean, leave="yes", csrf=browser.proof(clean))
    assert left.headers["Location"] == "../"
    assert "Max-Age=0" in left.headers["Set-Cookie"]
    assert browser(clean).status == 403


def test_a_cookie_over_tls_never_travels_without(api: Api) -> None:
    over = {"X-Forwarded-Proto": "https"}
    assert "Secure" in api.get(opened(api), as_="", headers=over).headers["Set-Cookie"]
