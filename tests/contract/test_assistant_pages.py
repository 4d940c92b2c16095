"""The assistants' pages over HTTP: who may what, what is refused, and that nothing is lost."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path

import httpx
import pytest

from halo_voice.console.sign_in import hashed
from halo_voice.core.desk import User
from halo_voice.core.editions import PAPER_CHARS_MAX, PROFILE
from tests.halo import backend

TEXT = 'name = "shop"\ncompany = "Лавка"\ndefault = true\nknowledge = "texts"\n'
PASSWORD = "a long password"
HASH = hashed(PASSWORD)
SHOP = "/console/assistants/shop"
HEAD = {"origin": "http://localhost", "accept": "text/html"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "texts").mkdir()
    (tmp_path / "shop.toml").write_text(TEXT, "utf-8")
    (tmp_path / "texts" / "a.md").write_text("## Где вы?\n\nНа Лесной улице.\n", "utf-8")
    return tmp_path


class Editor:
    """A browser with a session: it knows its token, and what the page that it sees holds."""

    def __init__(self, halo, name: str = "") -> None:
        transport = httpx.ASGITransport(halo.front)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        self.client.headers.update(HEAD)
        self.name = name

    async def enter(self) -> Editor:
        if self.name:
            await self.see("/console/login")
            await self.send("/console/login", name=self.name, password=PASSWORD, to=SHOP)
        await self.see(SHOP)
        return self

    async def see(self, path: str = SHOP) -> str:
        answer = await self.client.get(path, follow_redirects=True)
        self.look(answer)
        return answer.text

    def look(self, answer: httpx.Response) -> None:
        found = dict(re.findall(r'name="(token|seen|newest)" value="([^"]*)"', answer.text))
        self.known = {**getattr(self, "known", {}), **found}

    async def send(self, path: str, **form: str) -> httpx.Response:
        """With what the page that was seen last has hidden; followed to the next page."""
        answer = await self.client.post(path, data={**self.known, **form}, follow_redirects=True)
        self.look(answer)
        return answer

    async def save(self, text: str, file: str = PROFILE) -> httpx.Response:
        return await self.send(f"{SHOP}/save", file=file, text=text)


@asynccontextmanager
async def desk(folder: Path, *users: str):
    """A HALO with a user of each role that is named."""
    async with backend(assistants=folder) as halo:
        for role in users:
            await halo.store.desk.keep_user(User(role, role, HASH))
        yield halo


def greeting(text: str) -> str:
    return f'{TEXT}[texts]\ngreeting = "{text}"\n'


WRITING = {
    f"{SHOP}/save": ("editor", {"file": "", "text": greeting("Это автоответчик.")}),
    f"{SHOP}/remove": ("editor", {"file": "a.md"}),
    f"{SHOP}/try": ("editor", {"question": "Где вы?"}),
    f"{SHOP}/publish": ("admin", {}),
    f"{SHOP}/folder": ("admin", {}),
    f"{SHOP}/editions/1/back": ("admin", {}),
    f"{SHOP}/drop": ("editor", {}),
}
RANK = ("viewer", "editor", "admin")


async def test_each_role_may_what_it_may_and_nothing_more(folder):
    """Viewers read; editors write drafts and ask; admins publish and take back."""
    async with desk(folder, *RANK) as halo:
        await halo.store.editions.publish(
            "shop", 1, await origin(halo), by="", origin="folder", version="x"
        )
        for role in RANK:
            editor = await Editor(halo, role).enter()
            page = await editor.see()
            assert "shop.toml" in page
            assert ('id="save"' in page) is (role != "viewer")
            for path, (needed, form) in WRITING.items():
                answer = await editor.send(path, **form)
                refused = answer.status_code == 403
                assert refused is (RANK.index(role) < RANK.index(needed)), (role, path)


async def test_nothing_is_done_without_the_sessions_token_or_from_another_page(folder):
    """F83: each of the routes that change something."""
    async with desk(folder) as halo:
        editor = await Editor(halo).enter()
        for path, (_, form) in WRITING.items():
            answer = await editor.send(path, **form, token="x")
            assert answer.status_code == 403, path
            elsewhere = {"origin": "https://evil.example"}
            answer = await editor.client.post(path, data=editor.known | form, headers=elsewhere)
            assert answer.status_code == 403, path
        assert await halo.store.editions.draft("shop") is None


async def origin(halo):
    return (await halo.front._make.args[-1].folders())["shop"].content


async def test_what_two_editors_write_is_kept_or_shown_again(folder):
    """The second is told who was first, sees the difference, and has not lost a letter."""
    async with desk(folder, "editor", "admin") as halo:
        one, two = await Editor(halo, "editor").enter(), await Editor(halo, "admin").enter()
        await one.save(greeting("Это автоответчик Анны."))
        answer = await two.save(greeting("Это автоответчик Бориса."))
        assert answer.status_code == 409
        assert "черновик изменил другой человек" in answer.text
        textarea = re.search(r"<textarea.*?>\n(.*?)</textarea>", answer.text, re.DOTALL)[1]
        assert unescape(textarea) == greeting("Это автоответчик Бориса.")
        assert "Анны" in answer.text  # the difference
        assert "Анны" in (await halo.store.editions.draft("shop")).content.profile
        answer = await two.save(greeting("Это автоответчик Бориса."))  # knowingly
        assert answer.status_code == 200
        assert (await halo.store.editions.draft("shop")).by == "admin"
        assert (await one.send(f"{SHOP}/drop")).status_code == 409


async def test_only_what_was_seen_is_published(folder):
    """Neither a draft that has changed since, nor over an edition that nobody looked at."""
    async with desk(folder, "editor", "admin") as halo:
        editor, admin = await Editor(halo, "editor").enter(), await Editor(halo, "admin").enter()
        await editor.save(greeting("Это автоответчик, первый."))
        await admin.see()
        await editor.save(greeting("Это автоответчик, второй."))
        assert (await admin.send(f"{SHOP}/publish")).status_code == 409
        answer = await admin.send(f"{SHOP}/publish")  # it has seen the page again
        assert "Опубликовано" in answer.text
        newest = (await halo.store.editions.newest())["shop"]
        assert (newest.number, newest.by, newest.origin) == (2, "admin", "console")
        known = await halo.store.editions.editions("shop")
        assert [(each.number, each.origin) for each in known][1] == (1, "folder")
        stale = await admin.send(f"{SHOP}/editions/1/back", newest="1")
        assert stale.status_code == 409
        assert "вернул" not in (await admin.see("/console/acts"))
        await admin.see()
        answer = await admin.send(f"{SHOP}/editions/1/back")
        assert answer.status_code == 200
        newest = (await halo.store.editions.newest())["shop"]
        assert (newest.number, newest.origin, newest.of) == (3, "back", 1)
        acts = [(act.by, act.what, act.of) for act in await halo.store.desk.acts(20)]
        assert ("admin", "edition_restored", "shop 3") in acts
        assert ("admin", "edition_published", "shop 2") in acts
        assert ("editor", "draft_kept", "shop") in acts


async def test_a_faulty_draft_is_kept_and_told_but_not_published(folder):
    """With file, line and key, in the page's language."""
    async with desk(folder) as halo:
        editor = await Editor(halo).enter()
        answer = await editor.save(TEXT + "[limits]\nturns = 900\n")
        assert "shop.toml:6" in answer.text
        assert "сейчас 900, нужно не больше 100" in answer.text
        assert (await editor.send(f"{SHOP}/publish")).status_code == 409
        assert await halo.store.editions.newest() == {}
        answer = await editor.save("name = ")
        assert "это не TOML" in answer.text
        await editor.see(f"{SHOP}?lang=en")
        assert "is not TOML" in await editor.see()


async def test_a_key_a_name_and_a_length_are_refused_and_the_text_is_not_lost(folder):
    """F76: nothing of it is in the store; the editor has it on the page."""
    key = "sk-" + "abcdEFGH1234" * 3
    async with desk(folder) as halo:
        editor = await Editor(halo).enter()
        answer = await editor.save(f"{TEXT}# {key}\n")
        assert (answer.status_code, "Строки: 5" in answer.text, key in answer.text) == (
            422, True, True,
        )  # fmt: skip
        for name in ("../a.md", "a/b.md", "a.toml", ".a.md", "~$a.md", "a.pdf", "x" * 120 + ".md"):
            assert (await editor.save("## А\n\nб", name)).status_code == 422, name
            assert (await editor.client.get(SHOP, params={"file": name})).status_code == 404
        answer = await editor.save("б" * (PAPER_CHARS_MAX + 1), "a.md")
        assert (answer.status_code, "слишком длинный" in answer.text) == (422, True)
        assert "б" * PAPER_CHARS_MAX in answer.text
        assert (await editor.save("б" * 100_000, "a.md")).status_code == 413
        assert await halo.store.editions.draft("shop") is None


async def test_hostile_text_is_only_ever_text(folder):
    """F79: in a profile, a text, its name, a question, a difference and an edition."""
    script = "<script>alert(1)</script>"
    async with desk(folder) as halo:
        editor = await Editor(halo).enter()
        await editor.save(greeting(f"Это автоответчик {script}."))
        await editor.save(f"## {script}\n\n{script}\n", f"{script[:8]}.md")
        answer = await editor.send(f"{SHOP}/try", question=f"{script}</textarea>")
        pages = [answer.text, await editor.see(), await editor.see(f"{SHOP}?file=%3Cscript%3E.md")]
        await editor.send(f"{SHOP}/publish")
        pages += [await editor.see(f"{SHOP}/editions/2"), await editor.see("/console/assistants")]
        pages.append(await editor.see("/console/acts"))
    assert "&lt;script&gt;" in pages[1]
    for page in pages:
        assert "<script>" not in page
        assert page.count("</textarea>") <= 1


async def test_nobody_is_not_there(folder):
    """An assistant, a text, an edition."""
    async with desk(folder) as halo:
        editor = await Editor(halo).enter()
        for path in ("nobody", "shop?file=x.exe", "shop/editions/7", "shop/editions/x"):
            answer = await editor.client.get(f"/console/assistants/{path}")
            assert answer.status_code == 404, path
        for path in ("save", "remove", "try", "publish", "folder", "editions/1/back"):
            answer = await editor.send(f"/console/assistants/nobody/{path}", file="a.md")
            assert answer.status_code == 404, path
        assert (await editor.send(f"{SHOP}/editions/{'9' * 30}/back")).status_code in (404, 503)


async def test_a_deleted_draft_leaves_in_force_what_there_is(folder):
    """Where nothing was ever published that is the folder, and the page says so."""
    async with desk(folder, "admin") as halo:
        admin = await Editor(halo, "admin").enter()
        await admin.save(greeting("Это автоответчик."))
        assert "Черновик удалён: действует папка." in (await admin.send(f"{SHOP}/drop")).text
        await admin.save(greeting("Это автоответчик."))
        await admin.send(f"{SHOP}/publish")
        await admin.save(greeting("Это другой автоответчик."))
        assert "действует опубликованная версия" in (await admin.send(f"{SHOP}/drop")).text
