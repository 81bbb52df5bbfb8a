"""`make demo`: the whole system, with a story played in through its doors.

1. Customers are imported; two ordinary weeks of cases get their own dates.
2. A bad release: angry mails and text messages come in, all within minutes.
3. The trend is found, a lead makes a campaign of it, looks at the audience, approves.
4. The notices are in the outbox. The closing figures are printed, and the system stays up.

Everything goes through the SMTP door, the SMS door and the API, as people and programs would do it;
only the detector is not waited for, but started as its schedule would start it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import smtplib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from infra.local.amazon import make_client
from infra.local.layout import Layout, read_json
from infra.local.processes import HOST

PROJECT = Path(__file__).resolve().parents[2]
STORY = PROJECT / "events" / "story.json"
CUSTOMERS = 600
AFFECTED = 240  # of them have the bad version
DAYS = 14
A_DAY = 14  # ordinary cases
SUPPORT = "support@example.com"
NUMBER = "+15550100"
FIRST_NAMES = ("Ana", "Ben", "Carla", "Dirk", "Eva", "Finn", "Greta", "Hugo", "Ines", "Jan", "Kim")
LAST_NAMES = ("Adler", "Brandt", "Costa", "Duval", "Engel", "Fuchs", "Greco", "Haas", "Ibarra")


class Api:
    """The public API, as somebody who is signed in."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self.token = ""

    def login(self, email: str, password: str) -> None:
        answer = self.call("POST", "/v1/login", {"email": email, "password": password})
        self.token = answer["token"]

    def call(
        self, method: str, path: str, body: Any = None, kind: str = "application/json"
    ) -> dict[str, Any]:
        """The JSON answer; raises RuntimeError with the problem in words."""
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method)
        request.add_header("Content-Type", kind)
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                content: dict[str, Any] = json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read()[:500]!r}") from error
        return content


class Bar:
    """A progress bar on one line."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, max(total, 1), 0
        self._begin = time.monotonic()
        self._live = sys.stdout.isatty()

    def step(self, done: int | None = None) -> None:
        self._done = self._done + 1 if done is None else done
        if self._live or self._done == self._total:
            self._show()

    def _show(self) -> None:
        full = 28 * min(self._done, self._total) // self._total
        seconds = time.monotonic() - self._begin
        line = f"  {self._what:<44}[{'█' * full}{'·' * (28 - full)}] {self._done}/{self._total}"
        end = "\n" if self._done >= self._total else ""
        print(f"{chr(13) if self._live else ''}{line} {seconds:.0f} s", end=end, flush=True)


class Story:
    """Plays the story against one running system."""

    def __init__(self, base: str, smtp: int, layout: Layout) -> None:
        self.told = json.loads(STORY.read_text(encoding="utf-8"))
        self.chance = random.Random(42)
        self.layout = layout
        self.smtp = smtp
        self.cloud = f"http://{HOST}:{read_json(layout.ports)['cloud']}"
        self.agent, self.lead, self.admin = Api(base), Api(base), Api(base)
        self.people = [self._person(number) for number in range(CUSTOMERS)]

    def play(self) -> None:
        begin = time.monotonic()
        logins = read_json(self.layout.logins)
        for api, email in (
            (self.agent, "agent@example.com"),
            (self.lead, "lead@example.com"),
            (self.admin, "admin@example.com"),
        ):
            api.login(email, logins[email])
        self._set_up()
        self._ordinary_days()
        angry = self._bad_release()
        trend = self._trend(angry)
        campaign = self._tell(trend)
        self._figures(trend, campaign, angry, time.monotonic() - begin)

    # --- 1 -------------------------------------------------------------------------------

    def _set_up(self) -> None:
        self.admin.call("PUT", "/v1/settings/channels", {"company": self.told["company"]})
        self.admin.call("PUT", "/v1/settings/topics", {"topics": self.told["topics"]})
        lines = [json.dumps(person) for person in self.people]
        parts = [lines[n : n + 200] for n in range(0, len(lines), 200)]
        bar = Bar("customers imported", len(lines))
        done = 0
        for part in parts:
            body = "\n".join(part).encode()
            self.admin.call("POST", "/v1/customers/import", body, "application/x-ndjson")
            done += len(part)
            bar.step(done)

    def _person(self, number: int) -> dict[str, Any]:
        first = self.chance.choice(FIRST_NAMES)
        last = self.chance.choice(LAST_NAMES)
        version = "4.2" if number < AFFECTED else self.chance.choice(["4.1", "4.0"])
        app = {"type": "product", "name": "Atlas App", "attributes": {"version": version}}
        person: dict[str, Any] = {
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
        now = datetime.now(UTC)
        cases = []
        for _ in range(DAYS * A_DAY):
            topic = self.chance.choice(list(self.told["ordinary"]))
            hours = self.chance.uniform(2, DAYS * 24)
            person = self.chance.choice(self.people)
            cases.append(
                {
                    "channel": "email",
                    "subject": topic.title(),
                    "text": self.chance.choice(self.told["ordinary"][topic]),
                    "customer": {"email": person["email"]},
                    "created_at": (now - timedelta(hours=hours)).isoformat(),
                }
            )
        bar = Bar(f"cases of {DAYS} ordinary days, with their own dates", len(cases))
        with ThreadPoolExecutor(4) as pool:
            for _ in pool.map(lambda case: self.admin.call("POST", "/v1/cases", case), cases):
                bar.step()

    # --- 2 -------------------------------------------------------------------------------

    def _bad_release(self) -> list[dict[str, Any]]:
        mails, texts = self.told["release"]["mails"], self.told["release"]["texts"]
        callers = [person for person in self.people[:AFFECTED] if "phone" in person][: len(texts)]
        others = [p for p in self.people[:AFFECTED] if p not in callers][: len(mails)]
        bar = Bar("angry mails and texts after the release", len(mails) + len(texts))
        for person, (subject, text) in zip(others, mails, strict=True):
            self._mail(person, subject, text)
            bar.step()
        for person, text in zip(callers, texts, strict=True):
            sent = {"from": person["phone"], "to": NUMBER, "text": text}
            self.agent.call("POST", "/local/sms", sent)
            bar.step()
        writers = others + callers
        bar = Bar("understood and counted", len(writers))
        self._until(lambda: self._understood(len(writers), bar), 60)
        return writers

    def _mail(self, person: dict[str, Any], subject: str, text: str) -> None:
        mail = EmailMessage()
        mail["From"] = f"{person['name']} <{person['email']}>"
        mail["To"], mail["Subject"] = SUPPORT, subject
        mail["Message-ID"] = f"<{self.chance.getrandbits(64):x}@example.org>"
        mail.set_content(text)
        with smtplib.SMTP(HOST, self.smtp, timeout=30) as door:
            door.send_message(mail)

    def _understood(self, wanted: int, bar: Bar) -> bool:
        page = self.agent.call("GET", "/v1/cases?status=new&limit=100")
        cases = [c for c in page["items"] if self._fresh(c)]
        done = sum(1 for case in cases if case["team"])
        bar.step(min(done, wanted))
        return done >= wanted

    def _fresh(self, case: dict[str, Any]) -> bool:
        age = datetime.now(UTC) - datetime.fromisoformat(case["created_at"])
        return age < timedelta(minutes=15)

    # --- 3 -------------------------------------------------------------------------------

    def _trend(self, writers: Sequence[object]) -> dict[str, Any]:
        bar = Bar("trend found", 1)
        found: list[dict[str, Any]] = []

        def look() -> bool:
            self._run_function("detect-trends")
            found[:] = [
                trend
                for trend in self.lead.call("GET", "/v1/trends")["items"]
                if trend["topic"] == "login" and trend["state"] == "active"
            ]
            return bool(found) and found[0]["customers"] >= 0.6 * len(writers)

        self._until(look, 60, pause=2)
        bar.step()
        return found[0]

    def _run_function(self, name: str) -> None:
        """Start a function as its schedule would."""
        client = make_client("lambda", self.cloud)
        functions = client.list_functions()["Functions"]
        (wanted,) = [
            f["FunctionName"]
            for f in functions
            if name.replace("-", "") in f["FunctionName"].replace("-", "").replace("_", "").lower()
        ]
        event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
        event |= {"time": datetime.now(UTC).isoformat(), "id": "demo", "resources": []}
        event |= {"account": "000000000000", "region": "us-east-1", "version": "0"}
        client.invoke(FunctionName=wanted, Payload=json.dumps(event).encode())

    def _tell(self, trend: dict[str, Any]) -> dict[str, Any]:
        release = self.told["release"]
        bad = {"name": release["product"], "attributes": {"version": release["version"]}}
        given = {
            "name": self.told["notice"]["name"],
            "trend_id": trend["id"],
            "audience": {"assets": [bad], "channels": ["email", "sms"]},
            "message": {name: self.told["notice"][name] for name in ("email", "sms")},
        }
        campaign = self.lead.call("POST", "/v1/campaigns", given)
        path = f"/v1/campaigns/{campaign['id']}"
        preview = self.lead.call("POST", f"{path}/preview", {})
        print(f"  {preview['count']} customers would be told; left out: {preview['excluded']}")
        self.lead.call(
            "POST", f"{path}/approve", {"version": campaign["version"], "count": preview["count"]}
        )
        bar = Bar("told", preview["count"])

        def told() -> bool:
            campaign.update(self.lead.call("GET", path))
            sent: int = campaign["progress"]["sent"]
            bar.step(min(sent, preview["count"]))
            return bool(campaign["status"] == "completed" or sent >= preview["count"])

        self._until(told, 90)
        return campaign

    # --- 4 -------------------------------------------------------------------------------

    def _figures(
        self,
        trend: dict[str, Any],
        campaign: dict[str, Any],
        writers: Sequence[object],
        took: float,
    ) -> None:
        notices = self.agent.call("GET", "/local/outbox?limit=1000")["items"]
        print(
            f"\n  {len(writers)} customers wrote; the trend has {trend['customers']} of them in "
            f"{trend['cases']} cases, where {trend['expected']:.1f} were to be expected "
            f"(p = {trend['p']:.1g})."
            f"\n  Told before they asked: {campaign['progress']['sent']}, "
            f"failed {campaign['progress']['failed']}. Messages in the outbox: {len(notices)}."
            f"\n  The story took {took:.0f} s. Look at /local/outbox.html.",
            flush=True,
        )

    def _until(self, done: Callable[[], bool], patience: float, pause: float = 0.5) -> None:
        limit = time.monotonic() + patience
        while not done():
            if time.monotonic() > limit:
                raise RuntimeError(f"not there after {patience:.0f} s")
            time.sleep(pause)


def main() -> int:
    """Start the system, play, stay until Ctrl-C; with --once end after the story."""
    once = "--once" in sys.argv[1:]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "infra.local.run"]
    system = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    )
    signal.signal(signal.SIGTERM, lambda *_: system.send_signal(signal.SIGTERM))
    assert system.stdout is not None
    told = True
    try:
        base = _ready(system.stdout)
        if base is None:
            return system.wait() or 1
        layout = Layout(Path(os.environ.get("STATE_DIR") or ".state").resolve())
        told = _told(Story(base, int(os.environ.get("SMTP_PORT") or 2525), layout))
    except KeyboardInterrupt:
        print("stopping", flush=True)  # the system has got the same signal
    else:
        if once or not told:
            system.send_signal(signal.SIGINT)
    with suppress(KeyboardInterrupt):
        _pass_on(system.stdout)
    _pass_on(system.stdout)
    return (system.wait() or 0) if told else 1


def _told(story: Story) -> bool:
    try:
        story.play()
    except (RuntimeError, OSError) as error:
        print(f"\nthe story stopped: {error}", file=sys.stderr)
        return False
    return True


def _pass_on(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, end="", flush=True)


def _ready(lines: Iterable[str]) -> str | None:
    """Pass the lines on until the system is ready; the address that it gives."""
    for line in lines:
        print(line, end="", flush=True)
        if line.startswith("ready "):
            return line.split()[1]
    return None


if __name__ == "__main__":
    sys.exit(main())
