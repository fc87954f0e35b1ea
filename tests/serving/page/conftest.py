"""A real browser, a page that is fed by hand, and what the browser was not content with."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from support.seeded_page import Seeded

from schemas.settings.serve import Serve
from serving.server import running

CHROMIUM: Final = Path("/usr/bin/chromium")
WIDE: Final[ViewportSize] = {"width": 1280, "height": 860}
FLAGS: Final = 30
PATIENCE_MS: Final = 20_000
"""A machine may have much else to do."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ends with its tests: while it lives, nothing else in this process may have an event loop."""
    assert CHROMIUM.exists(), "the page is tested in a real browser: apt-get install chromium"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass(slots=True)
class Site:
    """A seeded page behind a port that stays the same over restarts."""

    seeded: Seeded
    settings: Serve = field(default_factory=lambda: Serve(port=0))
    url: str = ""
    _stack: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        app = self.seeded.app(self.settings)
        self.url = self._stack.enter_context(running(app, self.settings)) + "/"
        self.settings = self.settings.model_copy(update={"port": int(self.url.rsplit(":", 1)[1][:-1])})

    def stop(self) -> None:
        self._stack.close()


@pytest.fixture
def bare() -> Iterator[Site]:
    """Of which nobody has said anything yet."""
    found = Site(Seeded())
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """With everything there is to show."""
    seeded = Seeded()
    seeded.sources()
    now = time.time_ns() // 1_000_000
    seeded.facts(now)
    for number in range(40):
        seeded.round(number, now - (40 - number) * 1000)
    for number in range(FLAGS):
        seeded.flag(number)
    found = Site(seeded)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def site_with_key() -> Iterator[Site]:
    found = Site(Seeded(), Serve.model_validate({"port": 0, "keys": "secret-of-twenty-letters"}))
    found.seeded.flag(5)
    found.start()
    yield found
    found.stop()


@dataclass(slots=True)
class Watched:
    """`complaints` are errors on the console, of scripts, and requests to anywhere else."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def follow(self, home: str) -> None:
        def asked(request: Any) -> None:
            if not request.url.startswith(home):
                self.complaints.append(f"asked {request.url}")

        self.page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in {"error", "warning"} else None
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", asked)


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens an address and waits until it is live. Whatever the browser complains of fails the test, unless it is to
    be expected.
    """
    watched: list[tuple[Watched, Any]] = []
    allowed: list[str] = []

    def open_(url: str, *, size: ViewportSize = WIDE, live: bool = True, allow: str = "", **options: Any) -> Page:
        context = browser.new_context(viewport=size, **options)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        found = Watched(page)
        found.follow(url)
        watched.append((found, context))
        allowed.append(allow)
        page.goto(url)
        if live:
            page.wait_for_selector("#link[data-state=live]")
        return page

    yield open_
    for (found, context), allow in zip(watched, allowed, strict=True):
        context.close()
        assert [each for each in found.complaints if not allow or allow not in each] == []
