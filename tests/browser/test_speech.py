"""The browser phone by ear and mouth: a stand-in has the events of the Web Speech API."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_phone import begin, said, say

SERVICES = Path(__file__).with_name("speech_services.js")
NEITHER = """
for (const name of ["SpeechRecognition", "webkitSpeechRecognition", "speechSynthesis"]) {
  delete globalThis[name];
}
"""


@pytest.fixture
def aloud(page: Page) -> Page:
    """The browser hears by a microphone and speaks, as far as the page can tell."""
    page.add_init_script(path=SERVICES)
    page.goto("/console/phone")
    page.check("#microphone")
    return page


def hear(page: Page, words: str, *, over: bool = True) -> None:
    page.evaluate("([words, over]) => services.hear(words, over)", [words, over])


def spoken(page: Page) -> list[dict[str, str]]:
    return page.evaluate("services.spoken")


def until(page: Page, condition: str) -> None:
    """As `wait_for_function`, which the page's own rules forbid: they allow no `eval`."""
    for _ in range(400):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never: {condition}")


def listens(page: Page) -> None:
    expect(page.locator("#status")).to_have_attribute("data-state", "listening", timeout=20_000)


def hang_up(page: Page) -> None:
    page.click("#hang")
    expect(page.locator("#status")).to_have_attribute("data-state", "over")


def test_who_speaks_is_heard_and_is_answered_aloud(aloud, quick):
    """Interim words as they come, the whole sentence as the caller's, the answer in Russian."""
    expect(aloud.locator("#recogniser")).to_have_value("heard")
    expect(aloud.locator("#speech-hint")).to_contain_text("наушник")
    aloud.click("#call")
    expect(said(aloud, "assistant", "Здравствуйте!")).to_be_visible()
    listens(aloud)
    [greeting] = spoken(aloud)[:1]
    assert greeting["text"].startswith("Здравствуйте!")
    assert (greeting["lang"], greeting["voice"]) == ("ru-RU", "Milena")
    asked = "({lang, continuous, interimResults}) => [lang, continuous, interimResults]"
    assert aloud.evaluate(f"({asked})(services.hearing)") == ["ru-RU", True, True]
    hear(aloud, "до скольки", over=False)
    expect(aloud.locator("#heard")).to_have_text("до скольки")
    hear(aloud, "до скольки вы работаете")
    expect(said(aloud, "caller", "до скольки вы работаете")).to_be_visible()
    expect(said(aloud, "assistant", "до девяти вечера")).to_be_visible()
    assert "до девяти вечера" in " ".join(phrase["text"] for phrase in spoken(aloud))
    hang_up(aloud)


def test_who_speaks_over_the_voice_silences_it(aloud):
    """The loudspeaker stops with the phrase; what was not said of it is struck through."""
    aloud.click("#call")
    expect(said(aloud, "assistant", "Здравствуйте!")).to_be_visible()
    hear(aloud, "сколько стоит", over=False)
    hear(aloud, "сколько стоит доставка")
    expect(aloud.locator(".bubble.assistant .unheard").first).to_be_visible()
    assert spoken(aloud)[0]["fate"] == "cut"
    expect(said(aloud, "assistant", "рублей").first).to_be_visible()
    hang_up(aloud)


def test_a_recogniser_that_ends_by_itself_is_begun_again(aloud, quick):
    """Browsers end one after a while, or after silence: that is no fault, and no word is lost."""
    aloud.click("#call")
    listens(aloud)
    aloud.evaluate("services.end()")
    aloud.evaluate("services.fail('no-speech')")
    until(aloud, "services.opened === 3")
    hear(aloud, "сколько стоит доставка")
    expect(said(aloud, "assistant", "рублей").first).to_be_visible()
    hang_up(aloud)
    until(aloud, "services.hearing === null")


@pytest.mark.parametrize(("error", "told"), [("not-allowed", "микрофон"), ("network", "")])
def test_a_microphone_that_is_refused_leaves_typing(aloud, quick, error, told):
    """The page says so, asks no second time, and a typed line is answered."""
    aloud.click("#call")
    listens(aloud)
    aloud.evaluate("(error) => services.fail(error)", error)
    expect(aloud.locator("#speech-hint")).to_have_text(re.compile(told or ".", re.IGNORECASE))
    expect(aloud.locator("#speech-hint")).not_to_contain_text("наушник")
    say(aloud, "Сколько стоит доставка?")
    expect(said(aloud, "assistant", "рублей").first).to_be_visible(timeout=20_000)
    assert aloud.evaluate("services.opened") == 1
    hang_up(aloud)


def test_the_voice_s_own_pace_is_that_of_the_next_call(aloud):
    """The simulator ends a phrase when the loudspeaker does: so it has to know how fast it is."""
    aloud.evaluate("services.msPerCharacter = 25")
    with aloud.expect_request("**/console/phone/calls") as first:
        aloud.click("#call")
    until(aloud, "services.spoken[0]?.fate === 'said'")
    hang_up(aloud)
    with aloud.expect_request("**/console/phone/calls") as second:
        aloud.click("#call")
    hang_up(aloud)
    paces = [json.loads(each.value.post_data)["ms_per_character"] for each in (first, second)]
    assert paces[0] == 65
    assert 40 < paces[1] < 60


def test_a_voice_that_is_switched_off_is_silent_at_once(aloud):
    """In the middle of a phrase; the phrase is still shown, and the call goes on."""
    aloud.click("#call")
    expect(said(aloud, "assistant", "Здравствуйте!")).to_be_visible()
    aloud.uncheck("#aloud")
    assert spoken(aloud)[0]["fate"] == "cut"
    listens(aloud)
    assert len(spoken(aloud)) == 1
    hang_up(aloud)


def test_a_browser_with_neither_is_typed_to(page, quick):
    """The page says what is missing, and the call goes on in writing."""
    page.add_init_script(NEITHER)
    begin(page)
    expect(page.locator("#microphone")).to_be_disabled()
    expect(page.locator("#aloud")).to_be_disabled()
    expect(page.locator("#aloud")).not_to_be_checked()
    expect(page.locator("#speech-hint")).to_be_visible()
    listens(page)
    say(page, "Сколько стоит доставка?")
    expect(said(page, "assistant", "рублей").first).to_be_visible(timeout=20_000)
    hang_up(page)
