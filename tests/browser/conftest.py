"""A real browser before the whole system on the local cloud.

Every page is watched: an error of a script, a load that the policy refused or a request to another
origin fails the test that caused it, and `settled` holds each screen against axe-core.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.system.running import System

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PATIENCE = 60.0  # seconds; a busy machine is slow, and no test here measures time
RUN = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})"


@dataclass
class Watched:
    """A page, and all that went wrong on it."""

    page: Page
    base: str
    also: tuple[str, ...] = ()  # other origins that it may load from
    wrong: list[str] = field(default_factory=list)
    expected: tuple[int, ...] = ()  # statuses of refusals that the test provokes
    offline: bool = False  # the test cuts the line

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        self.page.on("console", self._said)
        self.page.on("request", self._asked)

    def _said(self, message: Any) -> None:
        if message.type != "error":
            return
        known = [f"status of {status}" for status in self.expected]
        known += ["ERR_INTERNET_DISCONNECTED"] if self.offline else []
        if not any(words in message.text for words in known):
            self.wrong.append(f"console: {message.text[:300]}")

    def _asked(self, request: Any) -> None:
        allowed = (self.base, *self.also, "data:", "blob:", "about:")
        if not request.url.startswith(allowed):
            self.wrong.append(f"loads {request.url[:200]}")

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.base}/{path}")
        return self.page

    def settled(self, inside: str = "") -> None:
        """Fails where axe-core finds anything on what is shown now, or is shown in the frame whose
        address has `inside` in it."""
        self.page.wait_for_timeout(150)
        frame = next(one for one in self.page.frames if inside in one.url)
        frame.evaluate(AXE)
        found = frame.evaluate(RUN, TAGS)
        lines = [
            f"{one['id']}: {one['help']} {[node['html'][:160] for node in one['nodes'][:3]]}"
            for one in found["violations"]
        ]
        assert not lines, "\n".join(lines)


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    made = System(tmp_path_factory.mktemp("state"))
    made.patience = PATIENCE
    try:
        made.start(300)
        _prepare(made)
        yield made
    finally:
        made.stop()


def _prepare(system: System) -> None:
    """A company with a team, topics, a macro and an article."""
    team = {"name": "support", "title": "Support"}
    team["members"] = ["agent@example.com", "lead@example.com"]  # type: ignore[assignment]  # JSON
    documents: dict[str, Any] = {
        "teams": {"teams": [team]},
        "topics": {"topics": [{"label": "billing", "name": "Charges", "words": ["charged"]}]},
        "macros": {
            "macros": [
                {"name": "thanks", "title": "Thanks", "text": "Thank you for writing."},
                {
                    "name": "refund",
                    "title": "Refund",
                    "text": "We refund {{ask.amount}} EUR for order {{ask.order}}.",
                    "tags": ["refund"],
                    "asks": [
                        {"name": "order", "label": "Order number"},
                        {"name": "amount", "label": "Amount", "type": "number"},
                    ],
                },
            ]
        },
        "snippets": {"snippets": [{"word": "regards", "text": "Kind regards"}]},
    }
    for name, document in documents.items():
        status, answer = system.call("PUT", f"/v1/settings/{name}", document, who="admin")
        assert status == 200, answer
    text = {"title": "I was charged twice", "answer": "One of them is a reservation."}
    article = {"slug": "charged-twice", "texts": {"en": text}, "products": ["shop"]}
    status, made = system.call("POST", "/v1/articles", article, who="agent")
    assert status == 201, made
    patch = {"state": "published"}
    version = f'"{made["version"]}"'
    system.call("PATCH", "/v1/articles/charged-twice", patch, who="agent", If_Match=version)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert BROWSER, "these tests need a Chromium, such as Debian's package chromium"
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"]
        )
        yield made
        made.close()


Open = Callable[..., Watched]
expect.set_options(timeout=PATIENCE / 2 * 1000)


@pytest.fixture(scope="session")
def bucket(system: System) -> str:
    """Where files are sent to and pictures of messages come from; the policy allows no other."""
    offer = system.call("POST", "/v1/uploads", {"name": "a", "bytes": 1}, who="agent")[1]
    return "/".join(str(offer["url"]).split("/")[:3])


@pytest.fixture
def look(browser: Browser, system: System, bucket: str) -> Iterator[Open]:
    """Opens a browser window: `look(width=390, dark=True, script=False, who="agent")`.

    `base` is another origin than the system's own; what else is given goes to the browser as it is
    (`forced_colors="active"`).
    """
    contexts: list[BrowserContext] = []
    windows: list[Watched] = []

    def opened(
        width: int = 1400,
        height: int = 900,
        *,
        dark: bool = False,
        script: bool = True,
        who: str = "",
        base: str = "",
        **more: Any,
    ) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            locale="en-GB",
            **more,
        )
        contexts.append(context)
        if who:
            token = json.dumps(system.token(who))
            context.add_init_script(f"sessionStorage.setItem('custops.token', {token})")
        window = Watched(context.new_page(), base or system.base, (bucket,))
        window.page.set_default_timeout(PATIENCE / 2 * 1000)
        windows.append(window)
        return window

    yield opened
    for context in contexts:
        context.close()
    wrong = [line for window in windows for line in window.wrong]
    assert not wrong, "\n".join(wrong)
