"""The browser phone in a real browser: whole calls through the shipped scenario, in real time."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def begin(page: Page) -> None:
    page.goto("/")
    expect(page).to_have_url(re.compile("/console/phone$"))
    page.click("#call")


def said(page: Page, who: str, text: str | re.Pattern[str]):
    return page.locator(f".bubble.{who}", has_text=text)


def say(page: Page, text: str) -> None:
    page.fill("#line", text)
    page.press("#line", "Enter")


def test_a_whole_call_is_typed_from_the_greeting_to_the_goodbye(page, quick):
    """Greeting, a question and its answer, its latency, the trace, the goodbye, the link to it."""
    begin(page)
    expect(said(page, "assistant", "Здравствуйте!")).to_be_visible()
    expect(page.locator("#status")).to_have_attribute("data-state", "listening")
    say(page, "До скольки вы работаете?")
    expect(said(page, "caller", "До скольки вы работаете?")).to_be_visible()
    expect(page.locator("#heard")).to_have_text("До скольки вы работаете?")
    expect(said(page, "assistant", "до девяти вечера")).to_be_visible()
    row = page.locator("#steps tbody tr").first
    expect(row.locator("td").first).to_have_text("1")
    expect(row.locator("td").last).to_have_text(re.compile(r"^\d,\d\d$"))
    expect(page.locator("#trace")).to_contain_text("[ASR] Result received!")
    expect(page.locator("#status")).to_have_attribute("data-state", "listening", timeout=20_000)
    say(page, "Спасибо, до свидания!")
    expect(page.locator(".aside", has_text="Разговор окончен")).to_be_visible(timeout=30_000)
    expect(page.locator(".aside a")).to_have_attribute("href", re.compile(r"/console/calls/\d+"))
    expect(page.locator("#call")).to_be_enabled()


def test_who_breaks_in_stops_the_voice(page):
    """What was not heard of the interrupted phrase is struck through."""
    begin(page)
    expect(said(page, "assistant", "Здравствуйте!")).to_be_visible()
    say(page, "Скажите сколько стоит доставка")
    cut = page.locator(".bubble.assistant .unheard").first
    expect(cut).to_have_text(re.compile("могу помочь"))
    expect(said(page, "assistant", "рублей").first).to_be_visible()
    page.click("#hang")
    expect(page.locator("#status")).to_have_attribute("data-state", "over")


def test_a_backend_that_goes_down_in_a_call_is_apologised_for(page, quick):
    """The fault is switched on in the call; the scenario apologises by itself; it comes back."""
    begin(page)
    expect(said(page, "assistant", "Здравствуйте!")).to_be_visible()
    page.check("[value=backend_down]")
    expect(page.locator(".aside", has_text="Бэкенд выключен")).to_be_visible()
    expect(page.locator("#status")).to_have_attribute("data-state", "listening")
    say(page, "Сколько стоит доставка?")
    expect(said(page, "assistant", re.compile("Извините|Простите")).first).to_be_visible(
        timeout=20_000
    )
    page.uncheck("[value=backend_down]")
    expect(page.locator("#status")).to_have_attribute("data-state", "listening", timeout=20_000)
    say(page, "Сколько стоит доставка?")
    expect(said(page, "assistant", "рублей").first).to_be_visible(timeout=20_000)
    page.click("#hang")


def test_a_silent_model_is_covered_by_the_offline_assistant(page, quick):
    """With a model that says nothing the caller is answered all the same."""
    page.goto("/console/phone")
    page.check("[value=model_silent]")
    page.click("#call")
    expect(page.locator("#status")).to_have_attribute("data-state", "listening")
    say(page, "Сколько стоит доставка?")
    expect(said(page, "assistant", "рублей").first).to_be_visible(timeout=20_000)
    page.click("#hang")


def test_keys_are_pressed_and_told(page):
    """The keypad works while there is a call, and only then."""
    page.goto("/console/phone")
    expect(page.locator("[data-key='5']")).to_be_disabled()
    page.click("#call")
    expect(page.locator("#status")).to_have_attribute("data-state", "speaking")
    page.click("[data-key='5']")
    expect(page.locator(".aside", has_text="Клавиша 5")).to_be_visible()
    page.click("#hang")
    expect(page.locator("[data-key='5']")).to_be_disabled()


def test_hostile_words_are_only_ever_text(page, quick):
    """F79: a caller's markup is shown as it was said, and nothing of it runs."""
    words = "<img src=x onerror=alert(1)><script>alert(2)</script> сколько стоит доставка"
    page.on("dialog", lambda dialog: (_ for _ in ()).throw(AssertionError(dialog.message)))
    begin(page)
    expect(page.locator("#status")).to_have_attribute("data-state", "listening")
    say(page, words)
    expect(said(page, "caller", words)).to_be_visible()
    expect(page.locator("#bubbles img")).to_have_count(0)
    page.click("#hang")


def test_a_telephone_s_screen_has_room_for_it(page):
    """At 360 pixels nothing sticks out, and the call button is there at once."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/console/phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.locator("#call")).to_be_in_viewport()


def test_english_and_dark_are_kept(page):
    """Language and theme are chosen once, and hold on the next page; so are figures written."""
    page.goto("/console/phone")
    page.click("text=EN")
    expect(page.locator("h1")).to_have_text("Phone")
    page.click("#theme")
    page.goto("/console/phone")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("#call")).to_have_text("Call")
    page.goto("/console/figures")
    expect(page.locator("main")).not_to_contain_text(re.compile(r"\d,\d"))
