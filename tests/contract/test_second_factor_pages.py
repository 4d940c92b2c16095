"""F83: signing in with two factors, and showing again who one is before what leaves the house."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager

import httpx
import pytest

from halo_voice.console.door import AWAITED_S, PROVED_S
from halo_voice.console.second_factor import STEP_S, code_at, new_factor, recovery_codes
from halo_voice.console.server import CHECKED_S
from halo_voice.console.sign_in import hashed
from halo_voice.core.desk import User
from tests.halo import backend

KEY = "k" * 32
SECRET = b"12345678901234567890"
NOW = 1_790_000_000
PASSWORD = "a long password"
HASH = hashed(PASSWORD)
CODES = recovery_codes()
CSV = "/console/calls.csv"
PUBLISH = "/console/assistants/halo/publish"
OUTSIDE, HERE = "https://halo.example", "http://localhost"
FORM = re.compile(r'<main>.*?<form method="post" action="([^"]*)">(.*?)</form>', re.DOTALL)


@asynccontextmanager
async def desk(*, second: bool = True, **values):
    """One admin, `anna`, and an editor, `eva`, without a second factor."""
    async with backend(console_key=KEY, **values) as halo:
        await halo.store.desk.keep_user(User("anna", "admin", HASH))
        await halo.store.desk.keep_user(User("eva", "editor", HASH))
        if second:
            await halo.store.desk.keep_factor(new_factor(KEY, "anna", SECRET, 0, CODES))
        yield halo


class Visitor:
    """A browser: it keeps cookies, and sends what the page that it saw last has hidden."""

    def __init__(self, halo, base: str = HERE) -> None:
        transport = httpx.ASGITransport(halo.front)
        self.client = httpx.AsyncClient(
            transport=transport,
            base_url=base,
            headers={"origin": base, "accept": "text/html"},
            follow_redirects=True,
        )
        self.halo = halo
        self.hidden: dict[str, str] = {}
        self.action = ""

    def seen(self, answer: httpx.Response) -> httpx.Response:
        self.halo.front._made().second._now = lambda: NOW
        form = FORM.search(answer.text)
        if form:
            self.action = form[1].replace("&amp;", "&")
            self.hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[2]))
        return answer

    async def see(self, path: str) -> httpx.Response:
        return self.seen(await self.client.get(path))

    async def send(self, **form: str) -> httpx.Response:
        """The form of the page."""
        return self.seen(await self.client.post(self.action, data={**self.hidden, **form}))

    async def enter(self, name: str = "anna", to: str = "/console/acts") -> httpx.Response:
        await self.see(f"/console/login?to={to}")
        return await self.send(name=name, password=PASSWORD)

    def later(self, seconds: float) -> None:
        """The console's clock goes on by so much."""
        sessions = self.halo.front._made().sessions
        now = sessions.now
        sessions.now = lambda: now() + seconds

    async def acts(self) -> list[str]:
        return [act.what for act in await self.halo.store.desk.acts(50)][::-1]


def code(ahead: int = 0) -> str:
    return code_at(SECRET, NOW // STEP_S + ahead)


async def test_the_password_alone_opens_nothing():
    """It leads to the page of the code; by address, nothing else is to be had; the code opens."""
    async with desk() as halo:
        anna = Visitor(halo)
        asked = await anna.enter()
        assert asked.url.path == "/console/code"
        for path in ("/console/acts", "/console/calls", CSV):
            assert (await anna.client.get(path)).url.path == "/console/login"
        await anna.see("/console/code?to=/console/acts")
        assert (await anna.send(code="000000")).status_code == 401
        assert (await anna.send(code=code())).url.path == "/console/acts"
        assert (await anna.see("/console/acts")).status_code == 200
        assert await anna.acts() == ["code_failed", "signed_in_twice"]


async def test_a_code_opens_one_door_and_a_recovery_code_one():
    """Somebody who saw it typed comes too late."""
    async with desk() as halo:
        for given, opens in ((code(), True), (code(), False), (CODES[0], True), (CODES[0], False)):
            anna = Visitor(halo)
            await anna.enter()
            assert ((await anna.send(code=given)).status_code == 200) is opens
        (last,) = [act for act in await halo.store.desk.acts(2) if act.what == "signed_in_twice"]
        assert (last.by, last.of) == ("anna", str(len(CODES) - 1))


async def test_nobody_waits_for_long_before_the_second_door():
    """Five minutes; and a password that was changed meanwhile opens nothing."""
    async with desk() as halo:
        anna = Visitor(halo)
        await anna.enter()
        anna.later(AWAITED_S + 1)
        assert (await anna.send(code=code())).status_code == 403
        await anna.enter()
        await halo.store.desk.keep_user(User("anna", "admin", "another"))
        assert (await anna.send(code=code())).status_code == 403
        assert (await anna.see("/console/acts")).url.path == "/console/login"


async def test_a_factor_sealed_with_another_key_lets_nobody_in_and_says_so():
    """Without HALO_CONSOLE_KEY, too."""
    for key in ("z" * 32, ""):
        async with desk() as halo:
            anna = Visitor(halo)
            await anna.see("/console/login")
            halo.front._made().second._key = key
            await anna.enter()
            refused = await anna.send(code=code())
            assert refused.status_code == 401
            assert "HALO_CONSOLE_KEY" in refused.text


async def test_from_outside_an_admin_without_a_second_factor_is_an_editor():
    """The page says what to do; on this machine, and with the factor, it is an admin."""
    async with desk(second=False, console="outside", keys={"k": "s" * 32}) as halo:
        outside = Visitor(halo, OUTSIDE)
        page = await outside.enter(to="/console/calls")
        assert "halo user second-factor anna" in page.text
        assert (await outside.see("/console/acts")).status_code == 403
        assert (await outside.see(CSV)).status_code == 200
        here = Visitor(halo)
        assert "second-factor" not in (await here.enter()).text
        assert (await here.see("/console/acts")).status_code == 200
        await halo.store.desk.keep_factor(new_factor(KEY, "anna", SECRET, 0, CODES))
        again = Visitor(halo, OUTSIDE)
        await again.enter()
        assert (await again.send(code=code())).status_code == 200
        assert (await again.see("/console/acts")).status_code == 200


async def test_a_changed_factor_ends_the_sessions():
    """Given, taken or made anew: within ten seconds of the console's clock."""
    async with desk(second=False) as halo:
        anna = Visitor(halo)
        await anna.enter()
        await halo.store.desk.keep_factor(new_factor(KEY, "anna", SECRET, 0, CODES))
        anna.later(11)
        assert (await anna.see("/console/acts")).url.path == "/console/login"
        await anna.enter()
        assert (await anna.send(code=code())).status_code == 200
        await halo.store.desk.forget_factor("anna")
        anna.later(11)
        assert (await anna.see("/console/acts")).url.path == "/console/login"


@pytest.mark.parametrize("now", [None, User("eva", "editor", "new"), User("eva", "viewer", HASH)])
async def test_who_is_removed_or_changed_is_out_within_seconds(now):
    """F83: a running console asks again, ten seconds after it asked last; not before."""
    async with desk() as halo:
        eva = Visitor(halo)
        assert (await eva.enter("eva", "/console/calls")).url.path == "/console/calls"
        if now is None:
            await halo.store.desk.forget_user("eva")
        else:
            await halo.store.desk.keep_user(now)
        assert (await eva.see("/console/calls")).url.path == "/console/calls"
        eva.later(CHECKED_S)
        assert (await eva.see("/console/calls")).url.path == "/console/login"


@pytest.mark.parametrize("name", ["anna", "eva"])
async def test_a_file_of_calls_leaves_only_with_whoever_is_still_there(name):
    """Ten minutes after the sign-in it is asked for: the code, or the password of who has none."""
    async with desk() as halo:
        visitor = Visitor(halo)
        await visitor.enter(name)
        if name == "anna":
            await visitor.send(code=code(-1))
        assert (await visitor.see(CSV)).headers["content-type"].startswith("text/csv")
        visitor.later(PROVED_S + 1)
        asked = await visitor.see(f"{CSV}?q=%D0%B0")
        assert asked.status_code == 403
        assert (await visitor.send(proof="wrong")).status_code == 403
        assert visitor.action == "/console/confirm"
        right = code() if name == "anna" else PASSWORD
        file = await visitor.send(proof=right)
        assert file.headers["content-type"].startswith("text/csv")
        assert file.url.query == b"q=%D0%B0"
        assert (await visitor.see(CSV)).status_code == 200
        assert (await visitor.acts())[-4:] == [
            *("confirm_failed", "confirmed", "calls_exported", "calls_exported")
        ]


async def test_what_was_to_be_published_waits_for_the_code():
    """The form is sent as it was once the code is right; until then nothing has happened."""
    async with desk() as halo:
        anna = Visitor(halo)
        await anna.enter()
        await anna.send(code=code(-1))
        content = (await halo.front._made().look.workshop.folders())["halo"].content
        await halo.store.editions.keep_draft("halo", content, by="anna", base=0, seen="")
        draft = await halo.store.editions.draft("halo")
        await anna.see("/console/assistants/halo")
        anna.later(PROVED_S + 1)
        anna.action = PUBLISH
        anna.hidden |= {"seen": draft.revision, "newest": "0"}
        assert (await anna.send()).status_code == 403
        assert await halo.store.editions.newest() == {}
        assert (anna.hidden["seen"], anna.hidden["newest"]) == (draft.revision, "0")
        assert (await anna.send(proof=code(-1))).status_code == 403  # taken already
        assert (await anna.send(proof=code())).status_code == 200
        assert [act.what for act in await halo.store.desk.acts(1)] == ["edition_published"]


async def test_who_did_not_have_to_sign_in_is_not_asked():
    """On this machine, without users: there is nothing to show."""
    async with backend() as halo:
        visitor = Visitor(halo)
        await visitor.see("/console/calls")
        visitor.later(PROVED_S + 1)
        assert (await visitor.see(CSV)).status_code == 200
