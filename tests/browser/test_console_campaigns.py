"""The pages of campaigns in a real browser: progress, rows, links to calls; numbers stay masked."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect

from tests.campaigns import NUMBERS, plant
from tests.serving import Server

NARROW = {"width": 390, "height": 844}


def on_a_thread(work):
    """On this one Playwright has its own loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work)).result()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    """With one campaign of sixty rows in the store, and one whose name means no good."""
    folder = tmp_path_factory.mktemp("halo")
    on_a_thread(plant(f"sqlite:///{folder}/halo.sqlite3"))
    server = Server(folder).start()
    yield server
    server.stop()


def test_a_campaign_tells_how_far_it_is(page: Page) -> None:
    """From the calls' page: rows, how many were reached, when the last result came."""
    page.goto("/console/calls")
    page.click("text=Кампании")
    row = page.locator("table.list tbody tr", has_text="people.csv")
    expect(row.locator(".num")).to_have_text(["60", "2", "3", "4"])
    expect(row).to_contain_text("15")
    assert page.locator("table.list tbody tr").count() == 2
    assert page.locator("img[src=x]").count() == 0


def test_rows_lead_to_their_calls_and_numbers_stay_masked(page: Page) -> None:
    """Each row with its outcome; only what was called has a call; who looks is noted."""
    page.goto("/console/campaigns")
    page.click("table.list tbody tr:has-text('people.csv') a")
    expect(page.locator("#ends")).to_contain_text("поговорили")
    expect(page.locator("dl.facts")).to_contain_text("пн–пт 9:00–20:00, сб–вс 10:00–18:00")
    rows = page.locator("#rows tbody tr")
    assert rows.count() == 50
    expect(rows.nth(0)).to_contain_text("поговорили")
    expect(rows.nth(5)).to_contain_text("нет согласия")
    text = page.content()
    assert not [number for number in NUMBERS if number in text]
    page.click("text=Дальше")
    assert page.locator("#rows tbody tr").count() == 10
    page.click("text=К началу")
    page.locator("#rows tbody tr").nth(0).locator("a").click()
    expect(page.locator("h1")).to_be_visible()
    assert "/console/calls/c-1" in page.url
    page.goto("/console/acts")
    expect(page.locator("main")).to_contain_text("открыл кампанию")


def test_a_campaign_that_there_is_none_of_is_not_found(page: Page) -> None:
    """And a strange place to begin at does no harm."""
    assert page.goto("/console/campaigns/none").status == 404
    assert page.goto("/console/campaigns/3f9c0a71?after=x%27").status == 200


def test_campaigns_fit_a_narrow_screen_and_speak_english(page: Page) -> None:
    """Nothing but the table scrolls sideways."""
    page.set_viewport_size(NARROW)
    for path in ("/console/campaigns?lang=en", "/console/campaigns/3f9c0a71?lang=en"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("#ends")).to_contain_text("no consent")


def test_without_campaigns_the_page_says_how_to_make_one(browser, tmp_path_factory) -> None:
    """An empty state."""
    server = Server(tmp_path_factory.mktemp("empty")).start()
    page = browser.new_context(base_url=server.url, locale="ru-RU").new_page()
    page.goto("/console/campaigns")
    expect(page.locator(".empty")).to_contain_text("halo campaign create")
    page.context.close()
    server.stop()
