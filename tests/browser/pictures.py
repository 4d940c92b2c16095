"""Pictures of the console's pages for docs/console: `python -m tests.browser.pictures FOLDER`."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from halo_voice.console.second_factor import new_factor, recovery_codes
from halo_voice.console.sign_in import hashed
from halo_voice.core.desk import User
from halo_voice.store import open_store
from halo_voice.store.archive import open_archive
from tests.campaigns import plant as campaigns
from tests.contract.deploying import KEY, NUMBER, URL
from tests.halo import ROOT
from tests.serving import HALO, Server
from tests.standins.management_api import ManagementApi

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
PAGES = ("calls", "campaigns", "campaigns/3f9c0a71", "live", "figures", "gaps", "state", "acts")
REVIEWED_S_MAX = 120
NAME, PASSWORD = "анна.смирнова", "очень длинный пароль"
SEAL, CODES = "s" * 32, recovery_codes()


def place(server: Server, lines: list[str], *options: str) -> None:
    said = [part for line in lines for part in ("--say", line)]
    command = [HALO, "call", "--url", server.url, *said, *options]
    subprocess.run(command, env=server.environment, cwd=ROOT, capture_output=True)


def review(server: Server, calls: int) -> None:
    """Have what has ended reviewed, by the rules."""
    worker = subprocess.Popen([HALO, "work"], env=server.environment, cwd=ROOT)
    archive = open_archive(server.environment["HALO_STORE_URL"])
    until = time.monotonic() + REVIEWED_S_MAX
    while time.monotonic() < until:
        if len(archive.reviews([call.call_id for call in archive.recent(99)])) >= calls:
            break
        time.sleep(0.5)
    archive.close()
    worker.terminate()
    worker.wait(30)


def line(api: ManagementApi, folder: Path) -> dict[str, str]:
    """An account with a rented number, and how HALO finds it."""
    api.account.rent(NUMBER)
    return {
        "REQUESTS_CA_BUNDLE": str(api.write_authority(folder)),
        "HALO_KEYS": f"k1:{KEY}",
        "HALO_PUBLIC_URL": URL,
        "HALO_VOX_CREDENTIALS": str(api.write_credentials(folder)),
        "HALO_VOX_API": api.endpoint,
        "HALO_VOX_NUMBERS": NUMBER,
        "HALO_CONSOLE_KEY": SEAL,
    }


async def plant(url: str) -> None:
    """Somebody who may see it all."""
    store = await open_store(url)
    await store.desk.keep_user(User(NAME, "admin", hashed(PASSWORD)))
    await store.desk.keep_factor(new_factor(SEAL, NAME, b"12345678901234567890", 0, CODES))
    await store.close()


def enter(page: Page, folder: Path, theme: str) -> None:
    page.goto("/console/calls")
    page.fill("[name=name]", NAME)
    page.fill("[name=password]", PASSWORD)
    take(page, folder, "login", theme)
    page.click("main button")
    page.wait_for_selector("[name=code]")
    take(page, folder, "code", theme)
    page.fill("[name=code]", CODES.pop())
    page.click("main button")
    page.wait_for_selector(".menu")


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
    with tempfile.TemporaryDirectory() as store, ManagementApi() as api:
        server = Server(Path(store), **line(api, Path(store)))
        subprocess.run([HALO, "deploy"], env=server.environment, cwd=ROOT, capture_output=True)
        for planted in (plant, campaigns):
            asyncio.run(planted(server.environment["HALO_STORE_URL"]))
        server.start()
        talks = [
            threading.Thread(target=place, args=(server, lines, "--real-time")) for lines in CALLS
        ]
        for talk in talks:
            talk.start()
        for talk in talks:
            talk.join()
        review(server, len(CALLS))
        photograph(server, folder)
        server.stop()


def photograph(server: Server, folder: Path) -> None:
    """Each page, light and dark."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for theme in ("light", "dark"):
            context = browser.new_context(
                base_url=server.url, viewport=WIDE, color_scheme=theme, locale="ru-RU"
            )
            page = context.new_page()
            enter(page, folder, theme)
            phone(page)
            take(page, folder, "phone", theme)
            page.set_viewport_size(NARROW)
            take(page, folder, "phone-narrow", theme)
            page.set_viewport_size(WIDE)
            page.click("#hang")
            page.goto("/console/calls?q=доставка")
            page.locator("table.list a").last.click()
            page.click("#trace summary")
            page.screenshot(path=folder / f"call-{theme}.png", full_page=True)
            assistant(page, theme)
            page.screenshot(path=folder / f"assistant-{theme}.png", full_page=True)
            edition(page)
            take(page, folder, "edition", theme)
            talk = threading.Thread(target=place, args=(server, CALLS[0], "--real-time"))
            talk.start()
            page.goto("/console/live")
            page.wait_for_selector("article.live .bubble.assistant", timeout=30_000)
            for name in PAGES:
                page.goto(f"/console/{name}")
                if name == "state":
                    page.wait_for_selector("#account .tag", timeout=60_000)
                page.wait_for_timeout(500)
                take(page, folder, "campaign" if "/" in name else name, theme)
            talk.join()
            context.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
