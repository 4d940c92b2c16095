"""A real Chromium, and `halo serve` in a process of its own, for tests of the console's pages."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.serving import Server

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUICK = 20  # ms of voice a character
expect.set_options(timeout=15_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it. Not for longer: while it is open, no other loop can run."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("HALO_TEST_REQUIRE") == "1":
            pytest.fail("no Chromium: install the system's package `chromium`")
        pytest.skip("no Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """On embedded defaults: the shipped profiles, the offline assistant, a store of its own."""
    server = Server(tmp_path_factory.mktemp("halo")).start()
    yield server
    server.stop()


@pytest.fixture
def quick(page: Page) -> Page:
    """Calls of this page, and of others beside it, are spoken three times as fast as people speak:
    for tests that want to hear something to its end."""

    def hurry(route: Route) -> None:
        asked = {**route.request.post_data_json, "ms_per_character": QUICK}
        route.continue_(post_data=json.dumps(asked))

    page.context.route("**/console/phone/calls", hurry)
    return page


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A page in Russian on a screen of a laptop; no script of it may fail, nor break its rules."""
    context = browser.new_context(
        base_url=server.url, locale="ru-RU", viewport={"width": 1280, "height": 860}
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield page
    context.close()
    assert faults == []
