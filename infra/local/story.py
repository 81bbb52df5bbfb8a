"""The demo's story: a bad release, from the first angry mail to the closure.

1. 5,000 customers are imported; two ordinary weeks of cases get their own dates.
2. The release: angry mails and text messages come in, some every twenty minutes, until the trend is
   found, and some more.
3. Its problem is accepted and handed to billing, which accepts by its secret link.
4. Those likely affected are told, but for a tenth that is held out to measure by.
5. Some contacts more, fewer of those told; billing says that it is fixed.
6. Ordinary hours go by: the data bear the fix out, the problem is closed, and everybody who
   was told is told that it is over.

Days pass by the rehearsal clock (infra/local/clock.py). Only the detector is not waited for, but
started as its schedule would start it.
"""

from __future__ import annotations

import json
import random
import re
import smtplib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from infra.local.amazon import make_client
from infra.local.clock import clock_of
from infra.local.layout import Layout, read_json
from infra.local.player import Api, Bar
from infra.local.processes import HOST

STORY = Path(__file__).resolve().parents[2] / "events" / "story.json"
CUSTOMERS = 5_000
AFFECTED = 1_200  # of them have the bad version
DAYS = 14
A_DAY = 14  # ordinary cases
WAVES = (3, 5, 7, 8, 8, 9)  # angry contacts, twenty minutes apart
WAVE = 20 * 60  # seconds
HELD_OUT = 0.1
STRETCHES, STRETCH = 10, 4  # after the fix: so many times so many hours
WRITE_HELD, WRITE_TOLD = 0.14, 0.015  # shares who still write, by whether they were told
SUPPORT = "support@example.com"
NUMBER = "+15550100"
FIRST_NAMES = ("Ana", "Ben", "Carla", "Dirk", "Eva", "Finn", "Greta", "Hugo", "Ines", "Jan", "Kim")
LAST_NAMES = ("Adler", "Brandt", "Costa", "Duval", "Engel", "Fuchs", "Greco", "Haas", "Ibarra")
PARTNER_LINK = re.compile(r"/p/([A-Za-z0-9._~-]+)")

Person = dict[str, Any]


class Story:
    """Plays the story against one running system."""

    def __init__(self, base: str, smtp: int, layout: Layout) -> None:
        self.told = json.loads(STORY.read_text(encoding="utf-8"))
        self.chance = random.Random(42)
        self.layout = layout
        self.clock = clock_of(layout)
        self.smtp = smtp
        self.cloud = f"http://{HOST}:{read_json(layout.ports)['cloud']}"
        self.agent, self.lead, self.admin = Api(base), Api(base), Api(base)
        self.people = [self._person(number) for number in range(CUSTOMERS)]
        self.wrote = 0  # angry contacts so far

    def play(self) -> None:
        begin = time.monotonic()
        self._sign_in()
        self._set_up()
        self._ordinary_days()
        writers, trend, found_after = self._bad_release()
        problem = self._hand_over(trend)
        campaign = self._tell(trend, problem)
        self._later_contacts(campaign, writers)
        self._fixed(problem)
        self._closed(problem, campaign)
        self._figures(trend, problem, campaign, found_after, time.monotonic() - begin)

    def _sign_in(self) -> None:
        logins = read_json(self.layout.logins)
        for api, email in (
            (self.agent, "agent@example.com"),
            (self.lead, "lead@example.com"),
            (self.admin, "admin@example.com"),
        ):
            api.login(email, logins[email])

    # --- 1 -------------------------------------------------------------------------------

    def _set_up(self) -> None:
        self.admin.call("PUT", "/v1/settings/channels", {"company": self.told["company"]})
        self.admin.call("PUT", "/v1/settings/topics", {"topics": self.told["topics"]})
        self.admin.call("PUT", "/v1/settings/teams", {"teams": self.told["teams"]})
        lines = [json.dumps(person) for person in self.people]
        parts = [lines[n : n + 200] for n in range(0, len(lines), 200)]
        bar = Bar("customers imported", len(lines))
        done = 0

        def bring(part: list[str]) -> int:
            body = "\n".join(part).encode()
            self.admin.call("POST", "/v1/customers/import", body, "application/x-ndjson")
            return len(part)

        with ThreadPoolExecutor(4) as pool:
            for brought in pool.map(bring, parts):
                done += brought
                bar.step(done)

    def _person(self, number: int) -> Person:
        first, last = self.chance.choice(FIRST_NAMES), self.chance.choice(LAST_NAMES)
        version = "4.2" if number < AFFECTED else self.chance.choice(["4.1", "4.0"])
        app = {"type": "product", "name": "Atlas App", "attributes": {"version": version}}
        person: Person = {
            "name": f"{first} {last}",
            "email": f"{first}.{last}.{number}@example.org".lower(),
            "assets": [app],
            "language": "en",
        }
        if number % 4 == 0:
            person["phone"] = f"+49151{20000000 + number}"
        if number % 29 == 0:
            person["consent"] = {"email": "opted_out", "sms": "opted_out"}
        return person

    def _ordinary_days(self) -> None:
        hours = [self.chance.uniform(2, DAYS * 24) for _ in range(DAYS * A_DAY)]
        self._ordinary(f"cases of {DAYS} ordinary days, with their own dates", hours)

    def _ordinary(self, what: str, hours_ago: Sequence[float]) -> None:
        now = self._now()
        cases = [self._case(now - timedelta(hours=hours)) for hours in hours_ago]
        bar = Bar(what, len(cases))
        with ThreadPoolExecutor(4) as pool:
            for _ in pool.map(lambda case: self.admin.call("POST", "/v1/cases", case), cases):
                bar.step()

    def _case(self, at: datetime) -> dict[str, Any]:
        topic = self.chance.choice(list(self.told["ordinary"]))
        return {
            "channel": "email",
            "subject": topic.title(),
            "text": self.chance.choice(self.told["ordinary"][topic]),
            "customer": {"email": self.chance.choice(self.people)["email"]},
            "created_at": at.isoformat(),
        }

    # --- 2 -------------------------------------------------------------------------------

    def _bad_release(self) -> tuple[list[Person], dict[str, Any], int]:
        """Who wrote, the trend, and how many contacts there were when it was found."""
        release = self.told["release"]
        callers = [p for p in self.people[:AFFECTED] if "phone" in p][: len(release["texts"])]
        others = [p for p in self.people[:AFFECTED] if p not in callers][: len(release["mails"])]
        contacts = list(self._angry(others, callers))
        bar = Bar("angry mails and texts after the release", len(contacts))
        trend: dict[str, Any] | None = None
        found_after = 0
        for size in WAVES:
            for send in contacts[self.wrote : self.wrote + size]:
                send()
                bar.step()
            self.wrote = min(self.wrote + size, len(contacts))
            self._until(self._all_understood, 60)
            self._pass(WAVE)
            trend = self._look() or trend
            found_after = found_after or (self.wrote if trend else 0)
        if trend is None:
            self._until(lambda: self._look() is not None, 60, pause=2)
            trend, found_after = self._look(), self.wrote
        assert trend is not None
        print(f"  trend found after {found_after} contacts: {trend['title'] or trend['series']}")
        return others + callers, trend, found_after

    def _angry(self, others: list[Person], callers: list[Person]) -> Iterator[Callable[[], None]]:
        """The contacts in a mixed order, each to be sent when its time comes."""
        release = self.told["release"]
        mails = [
            lambda p=p, m=m: self._mail(p, *m)
            for p, m in zip(others, release["mails"], strict=True)
        ]
        texts = [
            lambda p=p, text=text: self._text(p, text)
            for p, text in zip(callers, release["texts"], strict=True)
        ]
        mixed = mails + texts
        self.chance.shuffle(mixed)
        yield from mixed

    def _mail(self, person: Person, subject: str, text: str) -> None:
        mail = EmailMessage()
        mail["From"] = f"{person['name']} <{person['email']}>"
        mail["To"], mail["Subject"] = SUPPORT, subject
        mail["Message-ID"] = f"<{self.chance.getrandbits(64):x}@example.org>"
        mail.set_content(text)
        with smtplib.SMTP(HOST, self.smtp, timeout=30) as door:
            door.send_message(mail)

    def _text(self, person: Person, text: str) -> None:
        sent = {"from": person["phone"], "to": NUMBER, "text": text}
        self.agent.call("POST", "/local/sms", sent)

    def _all_understood(self) -> bool:
        """Every angry contact so far has become a case that has a team."""
        page = self.agent.call("GET", "/v1/cases?limit=100")
        since = self._now() - timedelta(hours=12)
        fresh = [c for c in page["items"] if datetime.fromisoformat(c["created_at"]) > since]
        live = [c for c in fresh if c["team"] and c["promises"]["first_reply"]]
        return len(live) >= self.wrote

    def _look(self) -> dict[str, Any] | None:
        """The active trend about it, after one look of the detector."""
        self._run_function("detecttrends")
        wanted = self.told["release"]["topic"]
        active = [
            trend
            for trend in self.lead.call("GET", "/v1/trends")["items"]
            if trend["state"] == "active" and trend["topic"] == wanted
        ]
        return active[0] if active else None

    # --- 3 -------------------------------------------------------------------------------

    def _hand_over(self, trend: dict[str, Any]) -> dict[str, Any]:
        given = self.told["problem"]
        bar = Bar(f"problem accepted, handed to {given['owner']}, taken on", 3)
        problem = self.lead.call("POST", "/v1/problems", {"trend_id": trend["id"]})
        fields = {"state": "accepted", "owner_team": given["owner"]}
        fields |= {"workaround": given["workaround"], "public": given["public"]}
        problem = self._change(problem, fields)
        bar.step()
        task = {"team": given["owner"], "note": given["note"]}
        self.lead.call("POST", f"/v1/problems/{problem['id']}/handovers", task)
        self._until(lambda: bool(self._partner_token()), 60)
        bar.step()
        self._partner({"answer": "accept", "text": given["promise"], "once": "accept"})
        bar.step()
        return problem

    def _change(self, problem: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
        path = f"/v1/problems/{problem['id']}"
        version = self.lead.call("GET", path)["version"]
        return self.lead.call("PATCH", path, fields, version=version)

    def _partner_token(self) -> str:
        owner = self.told["problem"]["owner"]
        address = next(t["email"] for t in self.told["teams"] if t["name"] == owner)
        for item in self.agent.call("GET", f"/local/outbox?to={address}")["items"]:
            if found := PARTNER_LINK.search(item["text"]):
                return found[1]
        return ""

    def _partner(self, answer: dict[str, str]) -> None:
        """The department answers by its secret link; nobody signs in."""
        Api(self.agent.base).call("POST", f"/v1/partner/{self._partner_token()}", answer)

    # --- 4 -------------------------------------------------------------------------------

    def _tell(self, trend: dict[str, Any], problem: dict[str, Any]) -> dict[str, Any]:
        release = self.told["release"]
        bad = {"name": release["product"], "attributes": {"version": release["version"]}}
        given = {
            "name": self.told["notice"]["name"],
            "trend_id": trend["id"],
            "problem_id": problem["id"],
            "audience": {"assets": [bad], "channels": ["email", "sms"]},
            "message": {name: self._texts("notice", name) for name in ("email", "sms")},
            "held_out": HELD_OUT,
        }
        campaign = self.lead.call("POST", "/v1/campaigns", given)
        path = f"/v1/campaigns/{campaign['id']}"
        preview = self.lead.call("POST", f"{path}/preview", {})
        print(
            f"  {preview['count']} customers would be told, {preview['held_out']} held out; "
            f"left out: {preview['excluded']}"
        )
        seen = {"version": campaign["version"], "count": preview["count"], "force": True}
        self.admin.call("POST", f"{path}/approve", seen)
        self._sent(campaign, "told", preview["count"])
        return campaign

    def _texts(self, part: str, channel: str) -> dict[str, Any]:
        given = self.told[part][channel]
        return given if "en" in given else {"en": given}

    def _sent(self, campaign: dict[str, Any], what: str, total: int) -> None:
        path = f"/v1/campaigns/{campaign['id']}"
        bar = Bar(what, total)

        def done() -> bool:
            campaign.update(self.lead.call("GET", path))
            progress = campaign["progress"]
            bar.step(min(total - 1, max(0, progress["total"] - progress["remaining"])))
            return bool(campaign["finished_at"])

        self._until(done, 150)
        bar.step(total)

    # --- 5 -------------------------------------------------------------------------------

    def _later_contacts(self, campaign: dict[str, Any], writers: list[Person]) -> None:
        self._pass(WAVE)
        outbox = self.agent.call("GET", "/local/outbox?limit=5000")["items"]
        subject = self.told["notice"]["email"]["subject"]
        notified = {
            item["to"]
            for item in outbox
            if item["subject"] == subject or item["text"].startswith("Atlas Home: version")
        }
        later = [p for p in self.people[:AFFECTED] if p not in writers and "consent" not in p]
        again = [p for p in later if self._writes(p, notified)]
        bar = Bar("contacts after the notice", len(again))
        for person in again:
            text = self.chance.choice(self.told["release"]["later"])
            self._mail(person, "Charged twice", text)
            self.wrote += 1
            bar.step()
        self._until(self._all_understood, 90)

    def _writes(self, person: Person, notified: set[str]) -> bool:
        told = person["email"] in notified or person.get("phone", "") in notified
        return self.chance.random() < (WRITE_TOLD if told else WRITE_HELD)

    def _fixed(self, problem: dict[str, Any]) -> None:
        self._pass(2 * 3600)
        self._partner({"answer": "resolve", "text": self.told["problem"]["fixed"], "once": "done"})
        print(f"  {self.told['problem']['owner']} says by its link that it is fixed")

    # --- 6 -------------------------------------------------------------------------------

    def _closed(self, problem: dict[str, Any], campaign: dict[str, Any]) -> None:
        bar = Bar("ordinary hours go by", STRETCHES)
        for _ in range(STRETCHES):
            self._pass(STRETCH * 3600)
            with ThreadPoolExecutor(2) as pool:
                back = [self.chance.uniform(0.1, STRETCH) for _ in range(2)]
                cases = [self._case(self._now() - timedelta(hours=hours)) for hours in back]
                list(pool.map(lambda case: self.admin.call("POST", "/v1/cases", case), cases))
            self._run_function("detecttrends")
            bar.step()
        bar = Bar("the data bear the fix out", 1)
        path = f"/v1/problems/{problem['id']}"

        def verified() -> bool:
            self._run_function("detecttrends")
            self._run_function("sweep")
            problem.update(self.lead.call("GET", path))
            return bool(problem["state"] in ("verified", "closed"))

        self._until(verified, 150, pause=2)
        bar.step()
        if problem["state"] != "closed":
            problem.update(self._change(problem, {"state": "closed"}))
        message = {name: self._texts("closure", name) for name in ("email", "sms")}
        given = {"kind": "closure", "message": message}
        step = self.admin.call("POST", f"/v1/campaigns/{campaign['id']}/followups", given)
        self._sent(step, "told that it is over", campaign["progress"]["sent"])

    # --- figures ---------------------------------------------------------------------------

    def _figures(
        self,
        trend: dict[str, Any],
        problem: dict[str, Any],
        campaign: dict[str, Any],
        found_after: int,
        took: float,
    ) -> None:
        trend = self.lead.call("GET", f"/v1/trends/{trend['id']}")
        problem = self.lead.call("GET", f"/v1/problems/{problem['id']}")
        campaign = self.lead.call("GET", f"/v1/campaigns/{campaign['id']}")
        progress, effect = campaign["progress"], campaign["effect"]
        pace = problem["figures"]["pace"]
        notices = self.agent.call("GET", "/local/outbox?limit=5000")["items"]
        lines = [
            f"{CUSTOMERS} customers, {AFFECTED} of them with the bad version.",
            f"The trend was found after {found_after} contacts; it has {trend['customers']} "
            f"customers in {trend['cases']} cases, {trend['expected']:.1f} were to be expected.",
            *(self._lift(lift) for lift in trend["lifts"][:2]),
            f"From the first contact: detection {_hours(pace['seconds_to_detection'])}, "
            f"acceptance {_hours(pace['seconds_to_acceptance'])}, first notice "
            f"{_hours(pace['seconds_to_first_notice'])}, fix {_hours(pace['seconds_to_fix'])}, "
            f"closure {_hours(pace['seconds_to_closure'])}.",
            f"Told before they asked: {progress['sent']}; failed {progress['failed']}; "
            f"held out {progress['held_out']}; {progress['in_case']} heard in their own case.",
            f"Contacts afterwards per 1,000: {_per(effect['told'])} of those told, "
            f"{_per(effect['held_out'])} of those held out. {effect['conclusion']}",
            f"The problem is {problem['state']}; it cost about "
            f"${problem['figures']['spent']['total']:.0f}. Messages in the outbox: {len(notices)}.",
            f"The story took {took:.0f} s. Look at /local/outbox.html, and at the desk.",
        ]
        print("\n  " + "\n  ".join(lines), flush=True)

    def _lift(self, lift: dict[str, Any]) -> str:
        common = lift["base_share"]
        all_of_them = f"; {common:.0%} of all customers do" if common is not None else ""
        return (
            f"{lift['seen']} of {lift['of']} have {lift['attribute']} {lift['value']}{all_of_them}."
        )

    # --- time ------------------------------------------------------------------------------

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def _pass(self, seconds: float) -> None:
        """Let time go by; what is under way is given a moment to end first."""
        time.sleep(1.5)
        self.clock.forward(seconds)

    def _run_function(self, name: str) -> None:
        """Start a function as its schedule would."""
        client = make_client("lambda", self.cloud)
        functions = client.list_functions()["Functions"]
        (wanted,) = [
            f["FunctionName"]
            for f in functions
            if name in f["FunctionName"].replace("-", "").replace("_", "").lower()
        ]
        event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
        event |= {"time": self._now().isoformat(), "id": "demo", "resources": []}
        event |= {"account": "000000000000", "region": "us-east-1", "version": "0"}
        client.invoke(FunctionName=wanted, Payload=json.dumps(event).encode())

    def _until(self, done: Callable[[], bool], patience: float, pause: float = 0.5) -> None:
        limit = time.monotonic() + patience
        while not done():
            if time.monotonic() > limit:
                raise RuntimeError(f"not there after {patience:.0f} s")
            time.sleep(pause)


def _hours(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{seconds / 3600:.1f} h"


def _per(arm: dict[str, Any]) -> str:
    if arm["per_1000"] is None:
        return "unknown"
    return f"{arm['per_1000']:.0f} ({arm['low']:.0f}–{arm['high']:.0f}, n = {arm['customers']})"
