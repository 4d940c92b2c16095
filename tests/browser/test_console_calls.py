"""The pages of calls in a real browser: found, opened, exported, repeated; words are text."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect

from halo_voice.core.ports import CallEnd, CallStart, Outcome
from halo_voice.store import open_store
from tests.halo import ROOT
from tests.serving import HALO, Server, clean_environment

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
HOSTILE = f'=HYPERLINK("http://evil.example";"Сюда") {SCRIPT} вернуть чайник'
SAID = {
    "goodbye": ["Сколько стоит доставка?", "Спасибо, до свидания!"],
    "hours": ["До скольки вы работаете?"],
}


async def plant(url: str) -> None:
    """A call in which every text is hostile, as no filter of ours would let it in."""
    store = await open_store(url)
    start = CallStart(
        "h-<img src=x onerror=alert(3)>", caller=SCRIPT, called=SCRIPT, profile=SCRIPT
    )
    await store.open_call(start)
    await store.accept_turn(start.call_id, 1, HOSTILE, 0.9)
    await store.settle_turn(
        start.call_id,
        1,
        outcome=Outcome.ANSWERED,
        reply=f"@SUM(1) {SCRIPT}",
        action="listen",
        source=SCRIPT,
    )
    await store.end_call(CallEnd(start.call_id, SCRIPT, 1000, 1, (SCRIPT,)))
    await store.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    """With three calls in the store, one of them by somebody who means no good."""
    folder = tmp_path_factory.mktemp("halo")
    with ThreadPoolExecutor(1) as thread:  # on this one Playwright has its own loop
        thread.submit(lambda: asyncio.run(plant(f"sqlite:///{folder}/halo.sqlite3"))).result()
    server = Server(folder).start()
    for lines in SAID.values():
        said = [part for line in lines for part in ("--say", line)]
        command = [HALO, "call", "--url", server.url, *said]
        environment = clean_environment(server.folder)
        subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=True)
    yield server
    server.stop()


def rows(page: Page):
    return page.locator("table.list tbody tr")


def test_a_call_is_found_by_its_words_and_opened(page):
    """Words in another form find it; its page has the dialogue, the latency, and what it was."""
    page.goto("/console/calls")
    expect(rows(page)).to_have_count(3)
    page.fill("[name=q]", "доставки")
    page.click("text=Найти")
    expect(rows(page)).to_have_count(1)
    row = rows(page).first
    expect(row).to_contain_text("ассистент попрощался")
    expect(row).to_contain_text(re.compile(r"\+7 999 •••-••-\d\d"))
    row.locator("a").click()
    expect(page.locator(".bubble.caller").first).to_have_text(re.compile("Сколько стоит доставка"))
    expect(page.locator(".bubble.assistant").first).to_contain_text("рублей")
    expect(page.locator("svg rect.asr_ms").first).to_be_visible()
    expect(page.locator("svg rect title").first).to_have_text(re.compile("распознано: "))
    assert not re.search(r"\+7999\d{7}", page.content())


def test_filters_leave_what_fits_and_say_when_nothing_does(page):
    """Outcome, profile, number, days; an empty answer says what to do."""
    page.goto("/console/calls?end=assistant_hung_up")
    expect(rows(page)).to_have_count(1)
    page.goto("/console/calls?sorry=1&slow=1")
    expect(page.locator(".empty")).to_contain_text("Ничего не нашлось")
    page.click("text=Сбросить")
    expect(rows(page)).to_have_count(3)
    page.goto("/console/calls?from=2100-01-01&to=bad&after=nobody&profile=%00&q=%22%2A")
    expect(page.locator(".empty")).to_be_visible()


def test_hostile_words_are_text_on_the_page_and_in_the_file(page):
    """F79, F80: no script runs, no cell of the exported file is a formula."""
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto("/console/calls?q=чайник")
    rows(page).first.locator("a").click()
    expect(page.locator(".bubble.caller").first).to_contain_text(HOSTILE)
    expect(page.locator(".bubble.assistant").first).to_contain_text(SCRIPT)
    expect(page.locator("main img, main script")).to_have_count(0)
    page.goto("/console/calls?q=чайник")
    with page.expect_download() as begun:
        page.click("text=Выгрузить CSV")
    text = begun.value.path().read_text("utf-8-sig")
    head, only = csv.reader(io.StringIO(text), delimiter=";")
    assert head[0] == "Звонок"
    assert HOSTILE in only[head.index("Разговор")]
    for cell in only:
        assert not cell.startswith(("=", "+", "-", "@"))


def test_a_call_is_repeated_against_the_present_version(page):
    """The same words are said again; both calls stand side by side, turn by turn."""
    page.goto("/console/calls?q=работаете&end=caller_hung_up")
    rows(page).last.locator("a").click()
    page.click("text=Повторить в симуляторе")
    expect(page.locator("h1")).to_have_text("Два звонка рядом")
    both = page.locator(".beside:not(.head) .bubble.caller")
    expect(both).to_have_count(2)
    assert both.nth(0).inner_text() == both.nth(1).inner_text()
    expect(page.locator(".beside.differs")).to_have_count(0)


def test_an_unknown_call_is_not_found(page):
    """F81: the page says so, with the status of it."""
    reply = page.goto("/console/calls/12345")
    assert reply.status == 404
    expect(page.locator("h1")).to_have_text("Такой страницы нет")


@pytest.mark.parametrize("path", ["/console/calls", "/console/calls?q=доставка"])
def test_the_list_fits_a_telephone_s_screen(page, path):
    """The table scrolls by itself, the page does not."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    if "q=" in path:
        rows(page).first.locator("a").click()
        expect(page.locator(".bubble").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
