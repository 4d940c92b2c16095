"""Signing in to the console in a real browser: roles, the delay, what is kept of it."""

from __future__ import annotations

import asyncio
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect

from halo_voice.console.second_factor import STEP_S, code_at, new_factor, recovery_codes
from halo_voice.console.sign_in import hashed
from halo_voice.core.desk import User
from halo_voice.store import open_store
from tests.serving import Server

PASSWORD = "очень длинный пароль"
HASH = hashed(PASSWORD)
USERS = {"boss": "admin", "chief": "admin", "eva": "editor", "vera": "viewer"}
KEY = "k" * 32
SECRET = b"12345678901234567890"


async def plant(url: str) -> None:
    store = await open_store(url)
    for name, role in USERS.items():
        await store.desk.keep_user(User(name, role, HASH))
    await store.desk.keep_factor(new_factor(KEY, "chief", SECRET, 0, recovery_codes()))
    await store.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    """With a user of each role."""
    folder = tmp_path_factory.mktemp("halo")
    with ThreadPoolExecutor(1) as thread:  # on this one Playwright has its own loop
        thread.submit(lambda: asyncio.run(plant(f"sqlite:///{folder}/halo.sqlite3"))).result()
    server = Server(folder, HALO_CONSOLE_KEY=KEY).start()
    yield server
    server.stop()


def enter(page: Page, name: str, password: str = PASSWORD) -> None:
    page.fill("[name=name]", name)
    page.fill("[name=password]", password)
    page.click("main button")


def menu(page: Page) -> list[str]:
    return page.locator(".menu a").all_inner_texts()


def test_nobody_sees_a_page_without_signing_in_and_then_sees_the_one_that_was_wanted(page):
    """F83: pages send to the form, and it sends back; the old session is worth nothing then."""
    page.goto("/console/calls?q=доставка")
    expect(page.locator("h1")).to_have_text("Вход")
    before = page.context.cookies()[0]["value"]
    enter(page, "boss")
    expect(page).to_have_url(re.compile(r"/console/calls\?q="))
    cookie = page.context.cookies()[0]
    assert cookie["value"] != before
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    page.goto("/console/acts")
    expect(page.locator("table")).to_contain_text("вошёл")
    page.click(".tools form button")
    expect(page.locator("h1")).to_have_text("Вход")
    page.goto("/console/calls")
    expect(page.locator("h1")).to_have_text("Вход")


@pytest.mark.parametrize(
    ("name", "sees"),
    [("vera", {"Звонки"}), ("eva", {"Звонки", "Телефон"}), ("boss", {"Журнал", "Телефон"})],
)
def test_each_role_sees_what_it_may(page, name, sees):
    """F83: what is not in the menu is not to be had by its address either."""
    page.goto("/console/login?to=/console/calls")
    enter(page, name)
    expect(page.locator("h1")).to_have_text("Звонки")
    assert sees <= set(menu(page))
    may_export = name != "vera"
    expect(page.locator("text=Выгрузить CSV")).to_have_count(int(may_export))
    assert (page.request.get("/console/calls.csv").status == 200) is may_export
    assert (page.request.get("/console/acts").status == 200) is (name == "boss")
    headers = {"origin": page.url.split("/console")[0]}
    reply = page.request.post("/console/phone/calls", data={}, headers=headers)
    assert reply.status == 403  # without the session's token


def test_a_second_factor_is_asked_for_on_a_page_of_its_own(page):
    """F83: the password leads to it; a wrong code is told; the right one leads where one wanted."""
    page.goto("/console/acts")
    enter(page, "chief")
    expect(page.locator("h1")).to_have_text("Код")
    expect(page.locator(".menu a")).to_have_count(0)
    page.fill("[name=code]", "000000")
    page.click("main button")
    expect(page.locator(".fault")).to_contain_text("Код не подходит")
    page.fill("[name=code]", code_at(SECRET, int(time.time()) // STEP_S))
    page.click("main button")
    expect(page.locator("h1")).to_have_text("Журнал")
    expect(page.locator("table")).to_contain_text("вошёл с кодом")


def test_a_wrong_password_is_told_and_delayed(page):
    """F83: five wrong ones, and for a while the right one does not help."""
    page.goto("/console/login")
    for _ in range(4):
        enter(page, "nobody", "не тот пароль")
        expect(page.locator(".fault")).to_contain_text("не подходят")
    enter(page, "nobody", "не тот пароль")
    expect(page.locator(".fault")).to_contain_text("Слишком много попыток")
    enter(page, "boss")
    expect(page.locator(".fault")).to_contain_text("Слишком много попыток")


@pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example", "/\\evil.example", "x"])
def test_the_form_leads_nowhere_else(page, to):
    """Where it goes afterwards is always one of our pages."""
    page.goto("/console/login")
    page.evaluate("to => document.querySelector('[name=to]').value = to", to)
    assert page.request.get(f"/console/login?to={to}").status == 200
    expect(page.locator("h1")).to_have_text("Вход")
