"""Pictures of the console's pages for docs/console: `python -m tests.browser.pictures FOLDER`."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.halo import ROOT
from tests.serving import HALO, Server, clean_environment

CHROMIUM = "/usr/bin/chromium"
WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
CALLS = (
    ["Сколько стоит доставка?", "Где вы находитесь?", "Спасибо, до свидания!"],
    ["До скольки вы работаете?", "Спасибо, до свидания!"],
    ["Хочу вернуть чайник"],
    ["Как оплатить заказ?", "А картой можно?", "Спасибо, до свидания!"],
)
GREETINGS = {
    "light": "Добрый день! Вас слушает автоматический ассистент HALO. О чём рассказать?",
    "dark": "Здравствуйте! Это автоответчик магазина HALO. Спрашивайте.",
}
PRICES = {"light": "стоит четыреста рублей", "dark": "стоит триста пятьдесят рублей"}
PAGES = ("calls", "live", "figures", "gaps", "state", "acts")
REVIEWED_S = 40


def place(server: Server, lines: list[str], *options: str) -> None:
    said = [part for line in lines for part in ("--say", line)]
    command = [HALO, "call", "--url", server.url, *said, *options]
    subprocess.run(command, env=clean_environment(server.folder), cwd=ROOT, capture_output=True)


def review(server: Server) -> None:
    """Have what has ended reviewed, by the rules."""
    command = [HALO, "work"]
    worker = subprocess.Popen(command, env=clean_environment(server.folder), cwd=ROOT)
    time.sleep(REVIEWED_S)
    worker.terminate()
    worker.wait(30)


def phone(page: Page) -> None:
    """A call in which the greeting is heard out, and an answer goes on."""
    page.goto("/console/phone")
    page.click("#call")
    page.wait_for_selector("#status[data-state=speaking]")
    page.wait_for_selector("#status[data-state=listening]")
    page.fill("#line", "Сколько стоит доставка?")
    page.press("#line", "Enter")
    page.wait_for_selector(".bubble.assistant >> nth=2", timeout=30_000)


def assistant(page: Page, theme: str) -> None:
    """A draft beside what is in force, and a question to both."""
    page.goto("/console/assistants/halo")
    text = page.locator("#text").input_value()
    page.fill("#text", re.sub('greeting = ".*"', f'greeting = "{GREETINGS[theme]}"', text))
    page.click("#save")
    page.click(".files >> text=2-delivery.md")
    text = page.locator("#text").input_value()
    page.fill("#text", re.sub("стоит .*? рублей", PRICES[theme], text, count=1))
    page.click("#save")
    page.fill("input[name=question]", CALLS[0][0])
    page.click("#try")
    page.wait_for_selector("#answers")


def edition(page: Page) -> None:
    """What has been published, and what it changed."""
    page.click("#publish")
    page.wait_for_selector("#editions")
    page.click("#editions a >> nth=0")


def take(page: Page, folder: Path, name: str, theme: str) -> None:
    page.screenshot(path=folder / f"{name}-{theme}.png")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as store, sync_playwright() as playwright:
        server = Server(Path(store)).start()
        for lines in CALLS:
            place(server, lines)
        review(server)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for theme in ("light", "dark"):
            context = browser.new_context(
                base_url=server.url, viewport=WIDE, color_scheme=theme, locale="ru-RU"
            )
            page = context.new_page()
            phone(page)
            take(page, folder, "phone", theme)
            page.set_viewport_size(NARROW)
            take(page, folder, "phone-narrow", theme)
            page.set_viewport_size(WIDE)
            page.click("#hang")
            page.goto("/console/calls?q=доставка")
            page.locator("table.list a").last.click()
            take(page, folder, "call", theme)
            assistant(page, theme)
            page.screenshot(path=folder / f"assistant-{theme}.png", full_page=True)
            edition(page)
            take(page, folder, "edition", theme)
            talk = threading.Thread(target=place, args=(server, CALLS[0], "--real-time"))
            talk.start()
            page.wait_for_timeout(14_000)
            for name in PAGES:
                page.goto(f"/console/{name}")
                page.wait_for_timeout(500)
                take(page, folder, name, theme)
            talk.join()
            context.close()
        browser.close()
        server.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
