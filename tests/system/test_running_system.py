"""The whole system as a user meets it: through its doors, deployed on the local cloud."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.system.running import System

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    made = System(tmp_path_factory.mktemp("state"))
    made.start()
    yield made
    made.stop()
    assert made.processes() == [], "Ctrl-C must end all of it"


def test_a_mail_is_a_case_with_an_acknowledgement_within_seconds(system: System) -> None:
    system.mail("warm up", "warm@example.org")
    system.until(lambda: system.outbox("warm@example.org"))
    begin = time.monotonic()
    system.mail("Where is my parcel?", "Ana Ortiz <ana@example.org>", "Parcel 4711")
    (case,) = system.until(lambda: system.cases("ana@example.org"))
    (answer,) = system.until(lambda: system.outbox("ana@example.org"))
    assert time.monotonic() - begin < 5
    assert (case["subject"], case["status"]) == ("Parcel 4711", "new")
    assert answer["case_reference"] == case["reference"]
    assert answer["headers"]["Auto-Submitted"] == "auto-replied"


def test_a_reply_to_the_acknowledgement_joins_and_a_repeat_changes_nothing(system: System) -> None:
    first = system.mail("It is broken", "bea@example.org", "Broken")
    (answer,) = system.until(lambda: system.outbox("bea@example.org"))
    again = {"to": answer["headers"]["Reply-To"], "In_Reply_To": answer["headers"]["Message-ID"]}
    reply = system.mail("Any news?", "bea@example.org", "Re: Broken", **again)
    system.mail("It is broken", "bea@example.org", "Broken", message_id=first)
    system.mail("Any news?", "bea@example.org", "Re: Broken", **again, message_id=reply)

    def texts() -> list[str]:
        (case,) = system.cases("bea@example.org")
        _, page = system.call("GET", f"/v1/cases/{case['id']}/messages", who="agent")
        return [m["text"].strip() for m in page["items"] if m["direction"] == "inbound"]

    system.until(lambda: len(texts()) >= 2)
    time.sleep(3)  # time in which a repeat could do harm
    assert texts() == ["It is broken", "Any news?"]
    assert len(system.outbox("bea@example.org")) == 1


def test_a_text_message_is_a_case_and_is_answered_by_text_message(system: System) -> None:
    sent = {"from": "+4915112345678", "to": "+15550100", "text": "My card does not work"}
    status, _ = system.call("POST", "/local/sms", sent)
    assert status < 300
    (answer,) = system.until(lambda: system.outbox("%2B4915112345678"))
    assert answer["channel"] == "sms"
    reference = answer["case_reference"]
    given = {"text": "We are looking into it."}
    status, message = system.call("POST", f"/v1/cases/{reference}/messages", given, who="agent")
    assert (status, message["channel"]) == (201, "sms")
    system.until(lambda: len(system.outbox("%2B4915112345678")) == 2)


def test_an_angry_mail_reads_as_negative_and_a_friendly_one_does_not(system: System) -> None:
    angry = "This is the worst service ever. I am furious, nothing works and nobody answers me!"
    friendly = "Thank you so much for your wonderful help, I am very happy with the new lamp."
    system.mail(angry, "cleo@example.org", "Terrible")
    system.mail(friendly, "dora@example.org", "Thanks")

    def mood(address: str) -> str | None:
        cases = system.cases(address)
        return cases[0]["sentiment"] if cases else None

    assert system.until(lambda: mood("cleo@example.org")) == "negative"
    assert system.until(lambda: mood("dora@example.org")) == "positive"
    (case,) = system.cases("cleo@example.org")
    assert case["language"] == "en"
    assert case["team"]
    assert set(case["reasons"]) >= {"priority", "team", "language", "sentiment"}


def test_an_agents_reply_reaches_the_customer_and_a_note_does_not(system: System) -> None:
    system.mail("When do you open?", "emil@example.org", "Opening hours")
    (case,) = system.until(lambda: system.cases("emil@example.org"))
    path = f"/v1/cases/{case['id']}/messages"
    system.call("POST", path, {"kind": "note", "text": "He asks that every week."}, who="agent")
    system.call("POST", path, {"text": "At nine."}, who="agent", Idempotency_Key="one")
    system.call("POST", path, {"text": "At nine."}, who="agent", Idempotency_Key="one")
    sent = system.until(lambda: len(s := system.outbox("emil@example.org")) >= 2 and s)
    time.sleep(2)
    texts = [mail["text"] for mail in system.outbox("emil@example.org")]
    assert sum("At nine." in text for text in texts) == 1
    assert not any("every week" in text for text in texts)

    def delivered() -> bool:
        _, page = system.call("GET", path, who="agent")
        states = [m["delivery"]["status"] for m in page["items"] if m.get("delivery")]
        return states == ["delivered", "delivered"]

    assert sent
    system.until(delivered)


def test_a_web_form_opens_a_case_that_its_secret_link_follows(system: System) -> None:
    given = {"name": "Finn", "email": "finn@example.org", "subject": "Lamp", "text": "It hums."}
    status, made = system.call("POST", "/v1/help/cases", given)
    assert status == 201
    path = f"/v1/help/cases/{made['reference']}/messages"
    assert system.call("GET", path)[0] in (401, 403)
    status, page = system.call("GET", f"{path}?token={made['token']}")
    assert [m["text"] for m in page["items"] if m["direction"] == "inbound"] == ["It hums."]
    status, _ = system.call("POST", f"{path}?token={made['token']}", {"text": "Louder now."})
    assert status == 201
    (case,) = system.cases("finn@example.org")
    assert case["message_count"] == 2


def test_a_file_is_posted_to_the_bucket_and_hangs_on_the_case(system: System) -> None:
    content = b"%PDF-1.7 " + bytes(range(256)) * 400
    asked = {"name": "bill.pdf", "type": "image/png", "bytes": len(content)}
    status, offer = system.call("POST", "/v1/help/uploads", asked)
    assert status == 201
    assert system.post_file(offer["url"], offer["fields"], content + b"more") >= 400
    assert system.post_file(offer["url"], {**offer["fields"], "key": "mail/x"}, content) >= 400
    assert system.post_file(offer["url"], offer["fields"], content) == 204
    form = {"email": "ines@example.org", "text": "My bill", "attachments": [offer["id"]]}
    status, given = system.call("POST", "/v1/help/cases", form)
    assert status == 201, given
    path = f"/v1/cases/{given['reference']}/messages"
    _, page = system.call("GET", path, who="agent")
    (file,) = [file for message in page["items"] for file in message["attachments"]]
    assert (file["name"], file["type"]) == ("bill.pdf", "application/pdf")
    with urllib.request.urlopen(file["url"], timeout=20) as answer:
        assert answer.read() == content
        assert answer.headers["Content-Disposition"].startswith("attachment")
    status, refused = system.call("POST", "/v1/help/cases", {**form, "text": "Again"})
    assert (status, refused["fields"][0]["field"]) == (422, "attachments.0")


def test_nobody_gets_in_without_signing_in(system: System) -> None:
    status, problem = system.call("GET", "/v1/cases")
    assert (status, problem["status"]) == (401, 401)
    status, _ = system.call("GET", "/v1/cases", Authorization="Bearer nonsense")
    assert status in (401, 403)
    status, problem = system.call("GET", "/v1/settings/topics", who="agent")
    assert (status, problem["type"]) == (403, "urn:custops:problem:forbidden")


def test_what_was_accepted_survives_a_kill_and_a_restart(tmp_path: Path) -> None:
    made = System(tmp_path / "state")
    made.start()
    senders = [f"k{number}@example.net" for number in range(50)]
    accepted: list[str] = []

    def send(sender: str) -> None:
        made.mail(f"I am {sender}", sender, f"From {sender}")
        accepted.append(sender)

    with ThreadPoolExecutor(8) as pool:
        for number, sender in enumerate(senders):
            pool.submit(_quietly, send, sender)
            if number == 30:
                time.sleep(1)
                made.kill()
    made.until(lambda: made.processes() == [], 30)
    assert accepted, "the door must have accepted some before the kill"
    made.start()
    for sender in accepted:
        made.until(lambda sender=sender: made.cases(sender), 240)
    time.sleep(5)
    counts = {sender: len(made.cases(sender)) for sender in accepted}
    made.stop()
    assert set(counts.values()) == {1}, counts
    assert made.processes() == []


def test_state_survives_ctrl_c_and_restart(tmp_path: Path) -> None:
    made = System(tmp_path / "state")
    made.start()
    made.mail("Remember me", "gina@example.org", "Memory")
    (before,) = made.until(lambda: made.cases("gina@example.org"))
    made.until(lambda: made.outbox("gina@example.org"))
    made.stop()
    assert made.processes() == []
    made.start()
    (after,) = made.cases("gina@example.org")
    assert after["id"] == before["id"]
    assert len(made.outbox("gina@example.org")) == 1
    made.mail("And again", "hugo@example.org", "Still running")
    made.until(lambda: made.outbox("hugo@example.org"), 30)
    made.stop()


def _quietly(send, sender: str) -> None:  # type: ignore[no-untyped-def]
    """A door that was killed refuses; only what it accepted counts."""
    try:
        send(sender)
    except OSError:
        return
