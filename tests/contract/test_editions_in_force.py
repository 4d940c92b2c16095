"""What is published holds for new calls, in every process on the store, and after a restart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from halo_voice.core.editions import PROFILE
from halo_voice.core.workshop import TooMuch
from tests.halo import TalkingModel, backend, client_of, until

PROFILE_TEXT = (
    'name = "shop"\ncompany = "Лавка"\ndefault = true\nknowledge = "texts"\n'
    '[texts]\ngreeting = "Здравствуйте! Это автоответчик лавки, первый."\n'
)
EVERY_S = 0.05


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "texts").mkdir()
    (tmp_path / "shop.toml").write_text(PROFILE_TEXT, "utf-8")
    text = "## Сколько стоит доставка?\n\nДоставка стоит триста рублей.\n"
    (tmp_path / "texts" / "delivery.md").write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/halo.sqlite3"


def shop_of(halo):
    """The workshop that the pages of this HALO use."""
    return halo.front._make.args[-1]


async def greeting(client, call_id: str) -> str:
    begun = {"call_id": call_id, "caller": "+79161234567", "called": "+74950000000"}
    return (await client.post("/call/start", json=begun)).json()["profile"]["texts"]["greeting"]


async def ask(client, call_id: str, turn: int) -> str:
    said = {"call_id": call_id, "turn": turn, "user_text": "сколько стоит доставка"}
    return (await client.post("/process_text", json=said)).json()["ai_text"]


async def changed(halo):
    """The folder's text with another greeting and another price."""
    origin = (await shop_of(halo).folders())["shop"].content
    content = origin.with_text(PROFILE, origin.profile.replace("первый", "второй"))
    text = content.text("delivery.md").replace("триста", "пятьсот")
    return content.with_text("delivery.md", text)


async def publish(halo, number: int, content, **how) -> bool:
    return await shop_of(halo).publish("shop", number, content, by="anna", origin="console", **how)


async def test_a_new_call_gets_what_was_published_and_a_running_one_keeps_its_own(folder, url):
    """F65: greeting and texts; also when the running call is let go of and taken up again."""
    async with backend(assistants=folder, store_url=url) as halo, client_of(halo) as client:
        assert "первый" in await greeting(client, "c-1")
        assert "триста" in await ask(client, "c-1", 1)
        assert await publish(halo, 1, await changed(halo))
        await until(lambda: shop_of(halo).standing == {"shop": 1})

        assert "второй" in await greeting(client, "c-2")
        assert "пятьсот" in await ask(client, "c-2", 1)
        assert "триста" in await ask(client, "c-1", 2)
        halo.switchboard._live.clear()  # idle for a quarter of an hour
        assert "триста" in await ask(client, "c-1", 3)
        assert "пятьсот" in await ask(client, "c-2", 2)
        versions = [(await halo.store.find_call(c)).profile_version for c in ("c-1", "c-2")]
        assert versions[0] != versions[1]
        newest = (await halo.store.editions.newest())["shop"]
        assert newest.version == versions[1]


async def test_other_processes_follow_and_a_restart_changes_nothing(folder, url):
    """The store has it, the folder has not."""
    settings = {"assistants": folder, "store_url": url}
    async with (
        backend(**settings) as one,
        backend(**settings, watch_s=EVERY_S) as two,
        client_of(two) as client,
    ):
        assert await publish(one, 1, await changed(one))
        await until(lambda: shop_of(two).standing == {"shop": 1})
        assert "второй" in await greeting(client, "c-1")
    async with backend(**settings) as halo, client_of(halo) as client:
        assert "второй" in await greeting(client, "c-2")
        assert "пятьсот" in await ask(client, "c-2", 1)


async def test_a_changed_folder_does_not_undo_what_was_published(folder, url):
    """The folder waits until somebody goes back to it, and is followed again from then on."""
    async with (
        backend(assistants=folder, store_url=url, watch_s=EVERY_S) as halo,
        client_of(halo) as client,
    ):
        shop = shop_of(halo)
        assert await publish(halo, 1, await changed(halo))
        await until(lambda: shop.standing == {"shop": 1})
        (folder / "shop.toml").write_text(PROFILE_TEXT.replace("первый", "третий"), "utf-8")
        await asyncio.sleep(6 * EVERY_S)
        assert "второй" in await greeting(client, "c-1")

        content = (await shop.folders())["shop"].content
        assert await shop.publish("shop", 2, content, by="anna", origin="folder")
        await until(lambda: shop.standing == {})
        assert "третий" in await greeting(client, "c-2")
        (folder / "shop.toml").write_text(PROFILE_TEXT.replace("первый", "четвёртый"), "utf-8")
        version = halo.switchboard.profiles.default.version
        await until(lambda: halo.switchboard.profiles.default.version != version)
        assert "четвёртый" in await greeting(client, "c-3")


async def test_an_edition_that_no_longer_reads_gives_way_to_the_folder(folder, url, capsys):
    """F65: a caller is greeted in any case, and the log says why it is the old greeting."""
    settings = {"assistants": folder, "store_url": url}
    async with backend(**settings) as halo:
        broken = (await changed(halo)).with_text(PROFILE, 'name = "shop"\ncompany = 7\n')
        assert not await publish(halo, 1, broken)
        args = {"by": "", "origin": "console", "version": "x"}
        await halo.store.editions.publish("shop", 1, broken, **args)  # by an older HALO
    async with backend(**settings) as halo, client_of(halo) as client:
        assert "первый" in await greeting(client, "c-1")
    assert "edition_left_out" in capsys.readouterr().out


async def test_what_the_process_runs_and_reads_is_the_folders_alone(folder, url):
    """F83: no draft names a program, a server or a folder; a forged edition runs nothing either."""
    async with backend(assistants=folder, store_url=url) as halo:
        origin = await changed(halo)
        for added in (
            '[tools]\npython = ["/etc/passwd"]',
            '[[tools.mcp]]\nname="a"\ncommand=["sh"]',
        ):
            content = origin.with_text(PROFILE, f"{origin.profile}\n{added}\n")
            faults = (await shop_of(halo).check("shop", content)).faults
            assert [(fault.key, fault.text) for fault in faults] == [("tools", PROFILE)]
            assert "папке" in faults[0].russian
        moved = origin.with_text(PROFILE, origin.profile.replace('"texts"', '"/etc"'))
        assert [f.key for f in (await shop_of(halo).check("shop", moved)).faults] == ["knowledge"]
        forged = {"by": "", "origin": "console", "version": "x"}
        await halo.store.editions.publish("shop", 1, content, **forged)
    async with backend(assistants=folder, store_url=url) as halo:
        assert halo.switchboard.profiles.default.tools.mcp == ()


async def test_faults_are_told_in_russian_at_their_line(folder, url):
    """Of the profile, and of a text."""
    async with backend(assistants=folder, store_url=url) as halo:
        content = (await changed(halo)).with_text("faq.csv", "вопрос;ответ\nГде вы?;\n")
        content = content.with_text(PROFILE, content.profile + "[limits]\nturns = 900\n")
        one, two = sorted((await shop_of(halo).check("shop", content)).faults, key=lambda f: f.file)
    assert (one.text, one.line, one.russian) == (
        "faq.csv", 2, "в строке нет вопроса или ответа: нужны оба",
    )  # fmt: skip
    assert (two.text, two.line, two.key) == (PROFILE, 8, "limits.turns")
    assert two.russian == "сейчас 900, нужно не больше 100"


async def test_a_question_is_answered_by_the_draft_and_the_published_without_a_call(folder, url):
    """By the model that calls have; nothing is written down; the day's money counts it."""
    model = TalkingModel()
    model.answer = lambda _: "Так стоит доставка."
    async with backend(model=model, assistants=folder, store_url=url) as halo:
        shop, draft = shop_of(halo), await changed(halo)
        published = (await shop.folders())["shop"].content
        old, new = await shop.ask_both("shop", [published, draft], "Сколько стоит доставка?")
        assert old.text == new.text == "Так стоит доставка."
        told = [asked[0].content for asked in model.asked]
        assert ["триста" in told[0], "пятьсот" in told[1]] == [True, True]
        assert old.source == new.source == model.name
        assert await halo.store.recent_calls(5) == []
        assert len(halo.switchboard) == 0
        assert halo.switchboard.profiles.default.texts.greeting.endswith("первый.")


async def test_the_rest_of_the_days_money_is_the_callers(folder, url):
    """F77: one question at a time, and none where little is left."""
    async with backend(assistants=folder, store_url=url) as halo:
        shop, draft = shop_of(halo), await changed(halo)
        first = asyncio.create_task(shop.ask_both("shop", [draft], "Где вы?"))
        await asyncio.sleep(0)
        with pytest.raises(TooMuch, match="busy"):
            await shop.ask_both("shop", [draft], "Где вы?")
        assert (await first)[0].source == "offline"

        class Spent:
            share = 0.8

        shop._budget = Spent()
        with pytest.raises(TooMuch, match="spent"):
            await shop.ask_both("shop", [draft], "Где вы?")
