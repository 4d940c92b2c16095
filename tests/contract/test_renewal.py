"""Profiles and texts that change while HALO serves: another process reads them for new calls."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from halo_voice.assistants import Assistants, Renewal
from halo_voice.profiles import files_of
from tests.halo import TalkingModel, backend, client_of, until
from tests.tooling import script

PROFILE = 'name = "shop"\ncompany = "Лавка"\ndefault = true\nknowledge = "texts"\n'
EVERY_S = 0.05


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "texts").mkdir()
    (tmp_path / "shop.toml").write_text(PROFILE, "utf-8")
    write(tmp_path, "Доставка стоит триста рублей.")
    return tmp_path


def write(folder: Path, answer: str) -> None:
    text = f"## Сколько стоит доставка?\n\n{answer}\n"
    (folder / "texts" / "delivery.md").write_text(text, "utf-8")


async def ask(client, call_id: str, turn: int) -> str:
    said = {"call_id": call_id, "turn": turn, "user_text": "сколько стоит доставка"}
    return (await client.post("/process_text", json=said)).json()["ai_text"]


async def start(client, call_id: str) -> str:
    begun = {"call_id": call_id, "caller": "+79161234567", "called": "+74950000000"}
    answer = await client.post("/call/start", json=begun)
    return answer.json()["profile"]["version"]


async def test_new_calls_get_the_new_texts_and_live_calls_keep_theirs(folder):
    """No restart: the next call hears what the file says now, under another version."""
    async with (
        backend(assistants=folder, watch_s=EVERY_S) as halo,
        client_of(halo) as client,
    ):
        before = await start(client, "c-1")
        assert "триста" in await ask(client, "c-1", 1)

        write(folder, "Доставка стоит пятьсот рублей, спросите по телефону 8 495 123-45-67.")
        await until(lambda: halo.switchboard.profiles.default.version != before)

        assert await start(client, "c-2") != before
        assert "пятьсот" in await ask(client, "c-2", 1)
        assert "триста" in await ask(client, "c-1", 2)
        assert (await halo.store.find_call("c-1")).profile_version == before


async def test_the_guard_knows_the_new_texts_and_the_model_is_told_them(folder):
    """A number that the company has just published may be said, and the canary is the same."""
    model = TalkingModel()
    model.answer = lambda _: "Звоните по номеру 8 495 123-45-67."
    async with (
        backend(model=model, assistants=folder, watch_s=EVERY_S) as halo,
        client_of(halo) as client,
    ):
        before = await start(client, "c-1")
        refused = await ask(client, "c-1", 1)
        write(folder, "Доставка стоит пятьсот рублей, телефон 8 495 123-45-67.")
        await until(lambda: halo.switchboard.profiles.default.version != before)
        await start(client, "c-2")
        allowed = await ask(client, "c-2", 1)

    assert "сто двадцать три" not in refused
    assert "сто двадцать три" in allowed
    old, new = (asked[0].content for asked in model.asked)
    assert ("триста" in old, "пятьсот" in new) == (True, True)
    assert old.partition("метка: ")[2] == new.partition("метка: ")[2]


async def test_faulty_files_change_nothing(folder, caplog):
    """Until the fault is mended calls go on with what there was; then they get the new texts."""
    async with (
        backend(assistants=folder, watch_s=EVERY_S) as halo,
        client_of(halo) as client,
    ):
        before = await start(client, "c-1")
        (folder / "texts" / "faq.csv").write_text("вопрос;ответ\nГде вы?;\n", "utf-8")
        await asyncio.sleep(8 * EVERY_S)
        assert await start(client, "c-2") == before
        assert "триста" in await ask(client, "c-2", 1)

        (folder / "texts" / "faq.csv").unlink()
        write(folder, "Доставка бесплатная.")
        await until(lambda: halo.switchboard.profiles.default.version != before)


async def test_a_folder_is_not_read_while_it_changes(folder):
    """Files that come one after the other are read once, when they are all there."""
    read = []

    class Reading(Renewal):
        async def _renew(self, _) -> None:
            read.append(len(list((folder / "texts").iterdir())))

    async with backend(assistants=folder) as halo:
        assistants = Assistants([], secret=(), max_tokens=100, meter=halo.switchboard.meter)
        reading = Reading(folder, assistants, halo.store.editions)
        watching = asyncio.create_task(reading.watch(files_of(folder), EVERY_S))
        await asyncio.sleep(2 * EVERY_S)
        for number in range(10):
            (folder / "texts" / f"{number}.md").write_text("## А\n\nб", "utf-8")
            await asyncio.sleep(EVERY_S * 0.6)
        await until(lambda: read)
        await asyncio.sleep(4 * EVERY_S)
        watching.cancel()

    assert read == [11]


TOOLS = """
from halo_voice.tools import tool

@tool("Остаток на складе.")
async def {name}() -> str:
    return "{result}"
"""


async def test_changed_tools_hold_for_new_calls_and_live_calls_keep_theirs(folder):
    """A function of another name and result, and a tool that was not declared before, without a
    restart; the call that has begun is offered what it began with, and a fault changes nothing."""
    declared = '[tools]\npython = ["tools.py"]\n'
    (folder / "tools.py").write_text(TOOLS.format(name="stock", result="пять"), "utf-8")
    (folder / "shop.toml").write_text(PROFILE + declared, "utf-8")
    model = script(*[["Хорошо."]] * 4)
    model.takes_tools = True
    offered = []

    async def asked(call_id: str, turn: int) -> None:
        await ask(client, call_id, turn)
        offer = model.offers[-1]
        offered.append([] if offer is None else [spec.name for spec in offer.specs])

    async with (
        backend(model=model, assistants=folder, watch_s=EVERY_S) as halo,
        client_of(halo) as client,
    ):
        before = await start(client, "c-1")
        await asked("c-1", 1)
        with capture_logs() as told:
            (folder / "tools.py").write_text("это не Python", "utf-8")
            await until(lambda: "profiles_not_renewed" in [line["event"] for line in told])
        assert await start(client, "c-2") == before
        await asked("c-2", 1)

        (folder / "tools.py").write_text(TOOLS.format(name="left", result="шесть"), "utf-8")
        more = declared + 'builtin = ["end_call"]\n'
        (folder / "shop.toml").write_text(PROFILE + more, "utf-8")
        await until(lambda: halo.switchboard.profiles.default.version != before)
        await start(client, "c-3")
        await asked("c-3", 1)
        await asked("c-1", 2)
    assert offered == [["stock"], ["stock"], ["end_call", "left"], ["stock"]]
