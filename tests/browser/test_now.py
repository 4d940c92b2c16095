"""What goes on now, in a real browser: live calls, ended by a supervisor; state; figures."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import Page, expect

from tests.halo import ROOT
from tests.serving import Server

OPERATOR = '\n[operators]\n"отдел продаж" = "+7 495 123-45-67"\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    """A company with somebody who takes calls, at any hour."""
    folder = tmp_path_factory.mktemp("halo")
    shutil.copytree(ROOT / "assistants", folder / "assistants")
    profile = folder / "assistants" / "halo.toml"
    text = profile.read_text("utf-8")
    hours, rest = text[text.index("[hours]") :].split("\n\n", 1)
    whole = text.replace(hours, "").replace(rest, rest + OPERATOR)
    profile.write_text(whole, "utf-8")
    server = Server(folder, HALO_ASSISTANTS=str(folder / "assistants")).start()
    yield server
    server.stop()


def phone(page: Page) -> Page:
    """Another tab, in a call that has heard its greeting's beginning."""
    other = page.context.new_page()
    other.goto("/console/phone")
    other.click("#call")
    expect(other.locator("#status")).to_have_attribute("data-state", "speaking")
    return other


def test_a_live_call_is_seen_as_it_happens_and_ended(page, quick):
    """Its words come without a reload; the supervisor ends it; then nobody is talking."""
    page.goto("/console/live")
    expect(page.locator("#none")).to_be_visible()
    caller = phone(page)
    card = page.locator("article.live")
    expect(card).to_have_count(1)
    expect(page.locator("#count")).to_have_text("1")
    caller.fill("#line", "Сколько стоит доставка?")
    caller.press("#line", "Enter")
    expect(card.locator(".bubble.caller")).to_contain_text("Сколько стоит доставка")
    expect(card.locator(".bubble.assistant")).to_contain_text("рублей")
    expect(card.locator(".facts")).to_contain_text("реплик: 1")
    expect(card.locator(".facts")).to_contain_text(re.compile(r"ответ, с: \d,\d\d"))
    expect(caller.locator("#status")).to_have_attribute("data-state", "speaking")
    end = card.locator("button", has_text="Заверш")
    end.click()
    expect(end).to_have_text("Завершается…")
    expect(caller.locator(".aside", has_text="Разговор окончен")).to_be_visible(timeout=30_000)
    expect(page.locator("#none")).to_be_visible()


def test_a_live_call_is_put_through_to_an_operator(page, quick):
    """The button is there where somebody takes calls; the call leaves the assistant at once."""
    page.goto("/console/live")
    caller = phone(page)
    connect = page.locator("article.live button", has_text="оператор")
    expect(connect).to_be_visible()
    connect.click()
    expect(page.locator("article.live")).to_contain_text("Соединяется…")
    expect(caller.locator("#trace")).to_contain_text("calls 74951234567")
    caller.click("#hang")
    expect(page.locator("#none")).to_be_visible()


def test_figures_and_state_tell_of_the_calls(page):
    """A call that was just placed is counted; the state says what answers."""
    caller = phone(page)
    caller.click("#hang")
    expect(caller.locator(".aside", has_text="Разговор окончен")).to_be_visible(timeout=20_000)
    page.goto("/console/figures?days=7")
    expect(page.locator(".totals dd").first).not_to_have_text("0")
    expect(page.locator("svg.plot").first.locator("rect.bar")).to_have_count(7)
    expect(page.locator("main")).to_contain_text("абонент положил трубку")
    expect(page.locator("svg.plot.low title").first).to_have_text(
        re.compile(r"^0:00: \d+ · \d+ мин$")
    )
    page.click("#days summary")
    expect(page.locator("#days tbody tr")).to_have_count(1)
    page.goto("/console/state")
    expect(page.locator("h1 + .tag")).to_have_text("готов к звонкам")
    expect(page.locator("main")).to_contain_text("автономный ассистент")
    expect(page.locator("main")).to_contain_text("30 ₽ · токены 300")


def test_pages_without_calls_say_so_and_fit_a_telephone(page):
    """Empty states, at 360 pixels."""
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/console/live", "/console/figures", "/console/state", "/console/acts"):
        page.goto(path)
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator(".menu [aria-current]")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
