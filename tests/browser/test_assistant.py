"""An assistant in a real browser: changed, refused, tried, published, heard, taken back."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.halo import ROOT
from tests.serving import HALO, Server, clean_environment

PAGE = "/console/assistants/halo"
OLD = "Здравствуйте! Я голосовой ассистент компании HALO. Чем могу помочь?"
NEW = "Добрый день! Вам отвечает автоматический ассистент HALO. О чём рассказать?"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    """On a folder and a store of its own."""
    place = tmp_path_factory.mktemp("halo")
    shutil.copytree(ROOT / "assistants", place / "assistants")
    server = Server(place, HALO_ASSISTANTS=str(place / "assistants"), HALO_WATCH_S="1").start()
    yield server
    server.stop()


def change(page: Page, old: str, new: str) -> None:
    """In the text that is open; saved."""
    text = page.locator("#text").input_value()
    assert old in text
    page.fill("#text", text.replace(old, new))
    page.click("#save")


def in_force(page: Page) -> None:
    """New calls of this server get what the page shows."""
    expect(page.locator("#waits")).to_have_count(0, timeout=30_000)


def phone(page: Page) -> Page:
    """Another tab, in a call whose greeting is being spoken."""
    other = page.context.new_page()
    other.goto("/console/phone")
    other.click("#call")
    expect(other.locator(".bubble.assistant").first).to_be_visible(timeout=30_000)
    return other


def say(phone: Page, words: str) -> None:
    phone.fill("#line", words)
    phone.press("#line", "Enter")


def hang_up(phone: Page) -> None:
    phone.click("#hang")
    expect(phone.locator(".aside", has_text="Разговор окончен")).to_be_visible(timeout=20_000)
    phone.close()


def test_an_assistant_is_changed_tried_published_heard_and_taken_back(page, quick, server):
    """The next call hears it, a running one does not; a call from a terminal does, too."""
    page.goto("/console/assistants")
    page.click("table a >> text=Голосовой ассистент HALO")
    expect(page.locator("#state")).to_have_text("действует папка")

    # A fault is told at its line, and shown there; nothing can be published with it.
    change(page, "turns = 12", "turns = 900")
    fault = page.locator(".faults li")
    expect(fault).to_contain_text("сейчас 900, нужно не больше 100")
    expect(page.locator("#publish")).to_be_disabled()
    expect(page.locator("#preview")).to_have_count(0)
    fault.locator("a").click()
    page.wait_for_url("**#L*")
    chosen = "(text) => text.value.slice(text.selectionStart, text.selectionEnd)"
    assert page.locator("#text").evaluate(chosen) == "turns = 900"

    # Mended, it is seen as it will sound, and what differs; a text changes with it.
    change(page, "turns = 900", "turns = 9")
    change(page, OLD, NEW)
    expect(page.locator("#preview .bubble")).to_contain_text(NEW)
    expect(page.locator("#preview")).to_contain_text("Yandex.Neural.ru_RU_alena")
    expect(page.locator("#changes .new", has_text=NEW)).to_be_visible()
    expect(page.locator("#changes .gone", has_text=OLD)).to_be_visible()
    page.click(".files >> text=2-delivery.md")
    change(page, "триста девяносто рублей", "четыреста рублей")
    expect(page.locator("#changes summary")).to_have_count(2)

    # Tried beside what is in force.
    page.fill("input[name=question]", "Сколько стоит доставка?")
    page.click("#try")
    answers = page.locator("#answers .bubble")
    expect(answers).to_have_count(2)
    expect(answers.nth(0)).to_contain_text("триста девяносто")
    expect(answers.nth(1)).to_contain_text("четыреста рублей")

    # Published: the next call is greeted by it, the running one answers as it began.
    running = phone(page)
    expect(running.locator(".bubble.assistant").first).to_contain_text("голосовой ассистент")
    page.click("#publish")
    expect(page.locator(".told")).to_contain_text("Опубликовано")
    in_force(page)
    expect(page.locator("#state")).to_have_text("действует версия 2")
    say(running, "Сколько стоит доставка?")
    expect(running.locator(".bubbles")).to_contain_text("триста девяносто", timeout=30_000)
    hang_up(running)
    following = phone(page)
    expect(following.locator(".bubble.assistant").first).to_contain_text("Добрый день")
    hang_up(following)
    called = subprocess.run(
        [HALO, "call", "--url", server.url, "--say", "Спасибо, до свидания!"],
        env=clean_environment(server.folder), cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert "Добрый день" in called.stdout

    # Taken back: a new version with the old words; it is in the record.
    page.goto(PAGE)
    page.click("#editions a >> text='1'")
    expect(page.locator(".diff .new", has_text=NEW)).to_be_visible()
    page.click("#back")
    expect(page.locator(".told")).to_contain_text("опубликована заново")
    in_force(page)
    expect(page.locator("#editions tbody tr").first).to_contain_text("возврат 1")
    again = phone(page)
    expect(again.locator(".bubble.assistant").first).to_contain_text("голосовой ассистент")
    hang_up(again)
    page.goto("/console/acts")
    for did in ("изменил черновик", "задал пробный вопрос", "опубликовал версию", "вернул версию"):
        expect(page.locator("main")).to_contain_text(did)


def test_the_folder_waits_until_somebody_goes_back_to_it(page, server):
    """It is told that the folder has changed; then its words are heard, and the next ones, too."""
    page.goto(PAGE)
    profile = Path(server.folder) / "assistants" / "halo.toml"
    expect(page.locator("#folder-differs")).to_have_count(0)
    profile.write_text(profile.read_text("utf-8").replace(OLD, f"{OLD} Слушаю."), "utf-8")
    page.goto(PAGE)
    expect(page.locator("#folder-differs")).to_be_visible()
    page.click("#folder")
    expect(page.locator("#state")).to_have_text("действует папка")
    in_force(page)
    expect(page.locator("#preview .bubble")).to_contain_text("Слушаю.")


def test_two_editors_and_a_text_that_is_not_saved(page):
    """The second is refused, sees both texts, saves knowingly; no page is left by mistake."""
    page.goto(f"{PAGE}?file=1-company.md")
    other = page.context.new_page()
    other.goto(f"{PAGE}?file=1-company.md")
    page.fill("#text", "## Где вы?\n\nНа Лесной улице.\n")
    page.click("#save")
    other.fill("#text", "## Где вы?\n\nНа Садовой улице.\n")
    other.click("#save")
    expect(other.locator("#refused")).to_contain_text("черновик изменил другой человек")
    expect(other.locator("#text")).to_have_value(re.compile("Садовой"))
    expect(other.locator(".unsaved .gone")).to_contain_text("Лесной")
    other.click("#save")
    expect(other.locator(".told")).to_have_text("Черновик сохранён.")
    page.reload()
    expect(page.locator("#text")).to_have_value(re.compile("Садовой"))

    page.on("dialog", lambda dialog: dialog.dismiss())
    page.locator("#text").press_sequentially("ещё")
    with page.expect_event("dialog") as asked:
        page.click(".menu a >> nth=0", no_wait_after=True)
    assert asked.value.type == "beforeunload"
    assert page.url.endswith("1-company.md")
    other.click("#drop")
    expect(other.locator("#state")).to_have_text("действует папка")
    other.close()


def test_a_new_text_with_a_script_is_only_text(page):
    """F79: written, shown in the list, the difference and the answer; then left out again."""
    script = "<script>document.title='x'</script>"
    page.goto(PAGE)
    page.fill("input[placeholder='faq.md']", "<b>.md")
    page.click(".add button")
    page.fill("#text", f"## Что такое абракадабра?\n\nЭто {script} такое.\n")
    page.click("#save")
    expect(page.locator("#changes .new", has_text=script)).to_be_visible()
    expect(page.locator(".files [aria-current]")).to_contain_text("<b>.md")
    page.fill("input[name=question]", script)
    page.click("#try")
    expect(page.locator("#answers .bubble")).to_have_count(2)
    expect(page.locator("input[name=question]")).to_have_value(script)
    assert page.title() == "halo · HALO"
    page.goto(f"{PAGE}?file=%3Cb%3E.md")
    page.click("#remove")
    expect(page.locator(".files")).not_to_contain_text("<b>.md")


def test_it_fits_a_telephone(page):
    """At 360 pixels, with a difference and a fault."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(PAGE)
    change(page, "turns = 12", "turns = 900 # " + "д" * 300)
    expect(page.locator(".faults")).to_be_visible()
    for path in (PAGE, "/console/assistants", f"{PAGE}/editions/2"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
