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
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.system.running import System

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})"


@dataclass
class Watched:
    """A page, and all that went wrong on it."""

    page: Page
    base: str
    wrong: list[str] = field(default_factory=list)
    expected: tuple[int, ...] = ()  # statuses of refusals that the test provokes
    bucket: str = "data:"  # where files are sent and shown from, where the test has some

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        self.page.on("console", self._said)
        self.page.on("request", self._asked)

    def _said(self, message: Any) -> None:
        if message.type != "error":
            return
        refused = f"status of {self.expected[0]}" if self.expected else "status of none"
        if refused not in message.text:
            self.wrong.append(f"console: {message.text[:300]}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.base, self.bucket, "data:", "blob:", "about:")):
            self.wrong.append(f"loads {request.url[:200]}")

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.base}/{path}")
        return self.page

    def settled(self) -> None:
        """Fails where axe-core finds anything on what is shown now."""
        self.page.wait_for_timeout(150)
        self.page.evaluate(AXE)
        found = self.page.evaluate(RUN, TAGS)
        lines = [
            f"{one['id']}: {one['help']} {[node['html'][:160] for node in one['nodes'][:3]]}"
            for one in found["violations"]
        ]
        assert not lines, "\n".join(lines)


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    made = System(tmp_path_factory.mktemp("state"))
    made.start()
    _prepare(made)
    yield made
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


@pytest.fixture
def look(browser: Browser, system: System) -> Iterator[Open]:
    """Opens a browser window: `look(width=390, dark=True, script=False, who="agent")`."""
    contexts: list[BrowserContext] = []
    windows: list[Watched] = []

    def opened(
        width: int = 1400, *, dark: bool = False, script: bool = True, who: str = ""
    ) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            locale="en-GB",
        )
        contexts.append(context)
        if who:
            token = json.dumps(system.token(who))
            context.add_init_script(f"sessionStorage.setItem('custops.token', {token})")
        window = Watched(context.new_page(), system.base)
        window.page.set_default_timeout(15_000)
        windows.append(window)
        return window

    yield opened
    for context in contexts:
        context.close()
    wrong = [line for window in windows for line in window.wrong]
    assert not wrong, "\n".join(wrong)
