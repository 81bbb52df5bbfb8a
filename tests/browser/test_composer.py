"""Writing on the desk: files, recipients, drafts, what is kept ready, and what may help."""

from __future__ import annotations

import smtplib
import zlib
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chalicelib.channels.parts import sms_parts
from tests.browser.conftest import Open, Watched
from tests.browser.test_desk import messages, opened, written
from tests.system.running import System

pytestmark = pytest.mark.cloud


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


PNG = b"".join(
    (
        b"\x89PNG\r\n\x1a\n",
        chunk(b"IHDR", bytes([0, 0, 0, 60, 0, 0, 0, 40, 8, 2, 0, 0, 0])),
        chunk(b"IDAT", zlib.compress((b"\0" + b"\x1f\x5f\xbf" * 60) * 40)),
        chunk(b"IEND", b""),
    )
)
GIVE = """([bytes, name, type, how]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, { type }));
  const area = document.querySelector("#compose");
  const event = how === "drop"
    ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  area.dispatchEvent(event);
}"""


def writing(look: Open, system: System, case: str, **more: Any) -> tuple[Watched, Page]:
    window = look(who="agent", **more)
    page = window.open("desk")
    opened(page, case)
    expect(page.get_by_label("By", exact=True)).to_be_visible()
    return window, page


def chips(page: Page) -> Any:
    return page.get_by_role("list", name="Files").get_by_role("listitem")


def test_files_are_chosen_dropped_or_pasted_and_go_out_once_the_hold_is_over(
    look: Open, system: System
) -> None:
    case = written(system, "files@example.org", "Files")
    window, page = writing(look, system, case)
    page.locator("#compose").fill("See the pictures")
    chosen = {"name": "chosen.png", "mimeType": "image/png", "buffer": PNG}
    page.locator("form.composer input[type=file]").set_input_files([chosen])  # type: ignore[list-item]  # a file payload
    for name, how in (("dropped.png", "drop"), ("pasted.png", "paste"), ("extra.png", "paste")):
        page.evaluate(GIVE, [list(PNG), name, "image/png", how])
    expect(chips(page)).to_have_count(4)
    expect(page.get_by_role("button", name="Remove extra.png")).to_be_visible()
    page.get_by_role("button", name="Remove extra.png").press("Enter")
    expect(page.locator("#compose")).to_be_focused()
    expect(chips(page).locator("img")).to_have_count(3)
    window.settled()
    page.locator("#compose").press("Control+Enter")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#compose")).to_have_value("See the pictures")
    expect(chips(page)).to_have_count(3)
    page.wait_for_timeout(2_500)  # until the draft is on the server
    page.evaluate("localStorage.clear()")
    page.reload()
    expect(page.locator("#compose")).to_have_value("See the pictures")
    expect(chips(page)).to_have_count(3)
    page.locator("#compose").press("Control+Enter")
    expect(page.get_by_text("Sending by E-mail to files@example.org")).to_be_visible()
    expect(chips(page)).to_have_count(0)
    sent = system.until(lambda: [i for i in system.outbox("files@example.org") if "files" in i], 60)
    assert [f["name"] for f in sent[0]["files"]] == ["chosen.png", "dropped.png", "pasted.png"]
    assert {f["bytes"] for f in sent[0]["files"]} == {len(PNG)}


def test_a_picture_is_shown_small_and_larger_by_keyboard(look: Open, system: System) -> None:
    case = written(system, "pics@example.org", "Pictures")
    body = {"kind": "note", "text": "Look"}
    offers = []
    for name, content in (("a.png", PNG), ("b.png", b"<svg onload=alert(1)></svg>")):
        given = {"name": name, "bytes": len(content)}
        offer = system.call("POST", "/v1/uploads", given, who="agent")[1]
        assert system.post_file(offer["url"], offer["fields"], content) < 300
        offers.append(offer["id"])
    body["attachments"] = offers  # type: ignore[assignment]  # JSON
    assert system.call("POST", f"/v1/cases/{case}/messages", body, who="agent")[0] == 201
    window, page = writing(look, system, case)
    expect(page.locator(".thumb")).to_have_count(1)
    page.get_by_role("button", name="Show a.png larger").press("Enter")
    large = page.get_by_role("dialog").get_by_role("img", name="a.png")
    expect(large).to_be_visible()
    assert large.evaluate("img => img.naturalWidth") == 60
    window.settled()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Show a.png larger")).to_be_focused()


def test_who_gets_a_copy_is_seen_and_changed_before_it_is_sent(look: Open, system: System) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Cc"] = "cc@example.org", "support@example.com", "b@example.org"
    mail["Subject"], mail["Message-ID"] = "Copies", "<copies@example.org>"
    mail.set_content("Please help")
    with smtplib.SMTP("127.0.0.1", system.smtp, timeout=20) as door:
        door.send_message(mail, to_addrs=["support@example.com"])
    (case,) = system.until(lambda: system.cases("cc@example.org"))
    window, page = writing(look, system, case["id"])
    copies = page.get_by_role("list", name="Also gets a copy:").get_by_role("listitem")
    expect(copies).to_contain_text(["b@example.org"])
    box = page.get_by_label("Add an address")
    box.fill("nonsense")
    box.press("Enter")
    expect(page.get_by_text("nonsense is no e-mail address.")).to_be_visible()
    box.fill("c@example.org, d@example.org")
    box.press("Enter")
    page.get_by_role("button", name="No copy for b@example.org").press("Enter")
    expect(copies).to_contain_text(["c@example.org", "d@example.org"])
    window.settled()
    page.locator("#compose").fill("To all of you")
    page.locator("#compose").press("Control+Enter")
    got = system.until(lambda: system.outbox("d@example.org"), 60)
    assert "To all of you" in got[0]["text"]
    assert system.outbox("b@example.org") == []
    page.get_by_role("button", name="Note", exact=True).click()
    expect(page.get_by_label("By", exact=True)).to_have_count(0)
    expect(page.get_by_label("Add an address")).to_have_count(0)
    expect(page.get_by_role("button", name="Add note")).to_be_visible()


def test_nothing_typed_after_the_stroke_lands_in_the_text_and_a_macro_asks(
    look: Open, system: System
) -> None:
    case = written(system, "macro@example.org", "Macro")
    window, page = writing(look, system, case)
    page.locator("#compose").focus()
    page.keyboard.type("Hello,\n/refu")
    expect(page.get_by_label("Find a macro")).to_have_value("refu")
    expect(page.locator("#compose")).to_have_value("Hello,\n")
    expect(page.get_by_role("option", name="Refund")).to_be_visible()
    window.settled()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Order number")).to_be_focused()
    window.expected = (422,)
    page.keyboard.type("4711")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Fill this in.")).to_be_visible()
    expect(page.get_by_label("Amount")).to_be_focused()
    window.settled()
    page.keyboard.type("12,50")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Use it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#compose")).to_have_value("Hello,\nWe refund 12,50 EUR for order 4711.")
    system.until(
        lambda: system.call("GET", f"/v1/cases/{case}", who="agent")[1]["tags"] == ["refund"]
    )


def test_a_word_becomes_its_text_and_ones_own_can_be_kept(look: Open, system: System) -> None:
    case = written(system, "words@example.org", "Words")
    window, page = writing(look, system, case)
    page.locator("#compose").focus()
    page.keyboard.type("Well then ;regards ;nothing ")
    expect(page.locator("#compose")).to_have_value("Well then Kind regards ;nothing ")
    page.locator("#compose").fill("See you soon")
    page.locator("#compose").blur()
    page.keyboard.press("Control+k")
    page.keyboard.type("snippet")
    page.keyboard.press("Enter")
    page.get_by_label("Word", exact=True).fill("soon")
    window.settled()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Kept: ;soon")).to_be_visible()
    page.locator("#compose").fill("")
    page.locator("#compose").focus()
    page.keyboard.type(";soon")
    page.keyboard.press("Tab")
    expect(page.locator("#compose")).to_have_value("See you soon")


def test_a_suggestion_is_cited_with_one_key_and_shown_as_cited(look: Open, system: System) -> None:
    case = written(
        system, "twice@example.org", "I was charged twice", "I was charged twice for the lamp"
    )
    _, page = writing(look, system, case)
    expect(page.get_by_role("button", name="Cite 1")).to_be_visible()
    page.locator("#case-title").focus()
    page.keyboard.press("1")
    cited = page.get_by_role("button", name="Do not cite I was charged twice")
    expect(cited).to_be_visible()
    assert "One of them is a reservation." in page.locator("#compose").input_value()
    cited.click()
    expect(page.get_by_role("list", name="Cites")).to_have_count(0)


def test_a_draft_that_was_changed_elsewhere_is_not_overwritten(look: Open, system: System) -> None:
    case = written(system, "two@example.org", "Two windows")
    window, page = writing(look, system, case)
    window.expected = (412,)
    page.locator("#compose").fill("Here")
    path = f"/v1/cases/{case}/drafts/reply"
    system.until(lambda: system.call("GET", path, who="agent")[1]["text"] == "Here")
    there = system.call("PUT", path, {"text": "There"}, who="agent")[1]
    page.locator("#compose").fill("Here and more")
    expect(page.get_by_text("You changed this draft elsewhere")).to_be_visible()
    window.settled()
    expect(page.locator("#compose")).to_have_value("Here and more")
    page.get_by_role("button", name="Keep what is here").click()
    system.until(lambda: system.call("GET", path, who="agent")[1]["text"] == "Here and more")
    assert system.call("GET", path, who="agent")[1]["version"] > there["version"]
    page.locator("#compose").blur()
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page.get_by_role("dialog").get_by_text("Two windows").first).to_be_visible()
    window.settled()


def test_a_reply_without_an_answer_is_sent_again_by_itself_and_goes_out_once(
    look: Open, system: System
) -> None:
    case = written(system, "lost@example.org", "Lost")
    window, page = writing(look, system, case)
    page.locator("#compose").fill("Only once")

    lost: list[str] = []

    def lose(route: Any) -> None:
        if route.request.method == "POST" and len(lost) < 2:
            lost.append(route.request.headers["idempotency-key"])
            route.fetch()  # it takes effect, and its answer is lost
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(f"**/v1/cases/{case}/messages", lose)
    page.locator("#compose").press("Control+Enter")
    expect(page.get_by_text("No answer from the server yet")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Sending by E-mail")).to_be_visible()
    expect(page.locator("#compose")).to_have_value("")
    system.until(lambda: "Only once" in messages(system, case), 40)
    page.wait_for_timeout(3_000)
    assert messages(system, case).count("Only once") == 1
    assert len(set(lost)) == 1
    window.wrong = [line for line in window.wrong if "ERR_CONNECTION_RESET" not in line]


def test_typing_says_who_is_writing_without_a_storm(look: Open, system: System) -> None:
    case = written(system, "storm@example.org", "Storm")
    _, page = writing(look, system, case)
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if "/presence" in r.url else None)
    page.locator("#compose").focus()
    page.keyboard.type("A sentence of some forty letters, or more.", delay=20)
    assert len(asked) <= 2


def test_a_stale_answer_says_who_wrote_and_when(look: Open, system: System) -> None:
    case = written(system, "stale@example.org", "Stale")
    window, page = writing(look, system, case)
    window.expected = (409,)
    page.locator("#compose").fill("My draft")
    system.call("POST", f"/v1/cases/{case}/messages", {"text": "I was faster"}, who="lead")
    page.locator("#compose").press("Control+Enter")
    box = page.get_by_role("alert").filter(has_text="came while you were writing")
    expect(box).to_contain_text("Lead")
    expect(box).to_contain_text("I was faster")
    expect(page.get_by_role("button", name="Look at it first")).to_be_focused()
    window.settled()
    page.get_by_role("button", name="Send anyway").click()
    expect(page.get_by_text("Sending by E-mail")).to_be_visible()


def test_the_browser_counts_text_messages_as_the_server_does(look: Open, system: System) -> None:
    page = look(who="agent").open("desk")
    texts = [
        "",
        "a" * 160,
        "a" * 161,
        "€" * 80,
        "€" * 81,
        "x" * 152 + "€" * 2,
        "漢" * 70,
        "漢" * 71,
    ]
    texts += ["🎈" * 35, "🎈" * 36, "a" * 66 + "🎈" + "漢" * 67, "ä" * 459, "ç"]
    count = """async (texts) => {
      const known = document.querySelector("link[rel=modulepreload]").href;
      const { smsParts } = await import(new URL("desk-ways.js", known).href);
      return texts.map((text) => Object.values(smsParts(text)));
    }"""
    ours = [[p.parts, p.units, str(p.encoding)] for p in map(sms_parts, texts)]
    assert page.evaluate(count, texts) == ours
