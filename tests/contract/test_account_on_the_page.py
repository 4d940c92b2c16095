"""The console's page of the state: the account at Voximplant, from the doctor's own check."""

from __future__ import annotations

import asyncio
import os
import re
from html import unescape

import httpx
import pytest
from deploying import KEY, NUMBER, URL, Line, wanted

from halo_voice.console.sign_in import hashed
from halo_voice.core.desk import User
from tests.halo import ROOT, backend
from tests.standins.management_api import ManagementApi

STATE = "/console/state"
PASSWORD = "a long password"


@pytest.fixture
def line(tmp_path, monkeypatch):
    """An account with a rented number; what a process of ours needs to find it."""
    for name in [name for name in os.environ if name.startswith("HALO_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(ROOT)
    with ManagementApi() as api:
        api.account.rent(NUMBER)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(api.write_authority(tmp_path)))
        monkeypatch.setenv("HALO_KEYS", f"k1:{KEY}")
        yield Line(api, tmp_path)


def served(line: Line):
    return backend(
        keys={"k1": KEY},
        public_url=URL,
        vox_credentials=str(line.api.write_credentials(line.folder)),
        vox_api=line.api.endpoint,
        vox_numbers=(NUMBER,),
    )


class Visitor:
    def __init__(self, halo) -> None:
        transport = httpx.ASGITransport(halo.front)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost")

    async def enter(self, halo) -> None:
        await halo.store.desk.keep_user(User("vera", "viewer", hashed(PASSWORD)))
        form = (await self.client.get("/console/login", headers={"accept": "text/html"})).text
        token = re.search(r'name="token" value="([^"]*)"', form)[1]
        sent = {"token": token, "name": "vera", "password": PASSWORD}
        await self.client.post("/console/login", data=sent, headers={"origin": "http://localhost"})

    async def see(self, language: str = "ru") -> str:
        self.client.cookies.set("halo_lang", language)
        page = await self.client.get(STATE)
        assert page.status_code == 200
        return unescape(re.search(r'id="account".*?</section>', page.text, re.DOTALL)[0])

    async def wait(self) -> dict:
        return (await self.client.get(f"{STATE}/line")).json()


async def test_where_nothing_is_deployed_the_page_says_how(line):
    """Nobody is asked anything."""
    async with backend() as halo:
        visitor = Visitor(halo)
        await visitor.enter(halo)
        page = await visitor.see()
        assert "halo deploy" in page
        assert "data-asking" not in page
        assert await visitor.wait() == {"asked": False}
    assert line.api.asked == []


async def test_the_account_is_shown_once_it_was_asked_and_kept_for_a_while(line):
    """The page comes at once, and waits for nobody; then all is there; nobody asks twice."""
    line.run(wanted())
    line.api.forget()
    async with served(line) as halo:
        visitor = Visitor(halo)
        await visitor.enter(halo)
        page = await visitor.see()
        assert "data-asking" in page
        assert "Спрашиваем" in page
        assert await visitor.wait() == {"asked": True}
        asked = len(line.api.asked)
        page = await visitor.see()
        assert "всё на месте" in page
        for part in ("romashka", "100,00 ₽", "совпадает с файлом", f"+{NUMBER} ведёт на halo"):
            assert part in page
        assert "data-asking" not in page
        assert "equals the file" in await visitor.see("en")
        assert KEY not in page
    assert asked == len(line.api.asked)
    assert line.api.writes == []


async def test_what_is_wrong_in_it_is_told_with_what_helps(line):
    """In Russian: no money, a script that somebody changed, a number that leads nowhere."""
    line.run(wanted())
    account = line.api.account
    account.balance = -3
    next(iter(account.scenarios.values())).script = "// somebody else's"
    next(iter(account.numbers.values())).rule = None
    async with served(line) as halo:
        visitor = Visitor(halo)
        await visitor.enter(halo)
        await visitor.see()
        await visitor.wait()
        page = await visitor.see()
    assert "нужно внимание: 3" in page
    assert page.count("halo deploy") == 2
    assert "пополните счёт" in page
    assert "заменит сценарий halo" in page


async def test_an_account_that_does_not_answer_holds_nothing_up(line, monkeypatch):
    """The page says so; the process that asked is gone, and the next page does not ask again."""
    monkeypatch.setattr("halo_voice.desk.LINE_S_MAX", 0.01)
    line.api.fail("GetAccountInfo", hang=True, times=99)
    async with served(line) as halo:
        visitor = Visitor(halo)
        await visitor.enter(halo)
        await visitor.see()
        assert await visitor.wait() == {"asked": True}
        page = await visitor.see()
    assert "halo doctor" in page
    assert "data-asking" not in page


async def test_a_console_that_closes_leaves_nobody_asking(line, monkeypatch):
    """The process that asks is ended with it."""
    started = []
    real = asyncio.create_subprocess_exec

    async def start(*given, **how):
        started.append(await real(*given, **how))
        return started[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start)
    line.api.fail("GetAccountInfo", hang=True, times=99)
    async with served(line) as halo:
        visitor = Visitor(halo)
        await visitor.enter(halo)
        await visitor.see()
        assert await asyncio.to_thread(line.api.hangs.wait, 20)
        assert started[0].returncode is None
    assert started[0].returncode is not None
