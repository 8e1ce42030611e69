"""A real browser on a real server."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from learnloop.core.ids import InteractionId, ItemId, LearnerId
from learnloop.core.time import ManualClock
from learnloop.core.types import Interaction, InteractionKind
from tests.live_server import running
from tests.school import School

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"


@pytest.fixture(scope="module")  # its event loop must be gone before other modules run theirs
def browser() -> Iterator[Browser]:
    if not os.path.exists(CHROMIUM):
        message = f"no browser: {CHROMIUM} is not there (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def school() -> School:
    """A demo school in which ada, who is made up, has given a few answers."""
    made = School(clock=ManualClock(datetime.now(UTC)), demo=True)
    made.engine.record(
        [
            Interaction(
                InteractionId(f"s{n}"),
                LearnerId("ada"),
                ItemId(f"add-subtract-exercise-{n + 1:02d}"),
                InteractionKind.ANSWERED,
                made.clock.now() - timedelta(days=3, minutes=60 - n),
                correct=n % 4 > 0,
            )
            for n in range(8)
        ]
    )
    return made


@pytest.fixture
def address(school: School) -> Iterator[str]:
    with running(school.app) as url:
        yield url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new visitor; whatever goes wrong in the page fails the test."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    context.set_default_timeout(15_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if _is_wrong(m) else None)
    page.on("requestfailed", lambda request: errors.append(f"{request.url}: {request.failure}"))
    yield page
    context.close()
    assert errors == []


def _is_wrong(message: ConsoleMessage) -> bool:
    """A page that asks again comes with 422, which Chromium writes down like a failure."""
    return message.type == "error" and "status of 422" not in message.text
