"""A message to the caller: the real app, the real client, the platform's API over a connection."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from halo_voice.app import configure
from halo_voice.core.errors import ConfigurationError
from halo_voice.core.tools import ToolState
from tests.halo import backend, client_of, settings
from tests.standins.management_api import ManagementApi
from tests.tooling import ScriptedModel, script, using

CALLER = "+79161234567"
SENT = ["Отправила вам адрес."]
PROFILE = """
name = "shop"
company = "Лавка"
default = true
[tools]
builtin = ["send_sms"]
[tools.sms]
source = "+7 495 000-00-00"
per_day = 2
[tools.sms.templates.address]
about = "адрес магазина"
text = "Лавка: Садовая, 1."
[tools.sms.templates.order]
about = "номер заказа"
text = "Ваш заказ {number} принят."
fields.number = { kind = "code", about = "номер заказа" }
"""


@pytest.fixture
def api(tmp_path, monkeypatch):
    with ManagementApi() as api:
        api.account.rent("74950000000", sms=True)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(api.write_authority(tmp_path)))
        yield api


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "assistants").mkdir()
    (tmp_path / "assistants" / "shop.toml").write_text(PROFILE, "utf-8")
    return tmp_path / "assistants"


@asynccontextmanager
async def served(api: ManagementApi, folder: Path, model: ScriptedModel, **more):
    model.takes_tools = True
    credentials = api.write_credentials(folder.parent)
    given = {"vox_credentials": str(credentials), "vox_api": api.endpoint, **more}
    async with backend(model=model, assistants=folder, **given) as halo, client_of(halo) as client:
        yield halo, client


async def ask(client, call_id: str, turn: int, caller: str = CALLER) -> str:
    if turn == 1:
        begun = {"call_id": call_id, "caller": caller, "called": "+74950000000"}
        await client.post("/call/start", json=begun)
    said = {"call_id": call_id, "turn": turn, "user_text": "пришлите адрес сообщением"}
    return (await client.post("/process_text", json=said)).json()["ai_text"]


async def test_the_caller_gets_the_profiles_words(api, folder):
    """Once, however often the turn is asked; and the model is told what became of it."""
    model = script([using("send_sms", template="address")], SENT)
    async with served(api, folder, model) as (halo, client):
        replies = [await ask(client, "c-1", 1), await ask(client, "c-1", 1)]
        rows = await halo.store.tools("c-1")
    assert api.account.messages == [("74950000000", "79161234567", "Лавка: Садовая, 1.")]
    assert replies == ["Отправила вам адрес."] * 2
    assert [row.state for row in rows] == [ToolState.DONE]
    assert "«Лавка: Садовая, 1.»" in model.told(-1)[-1]


async def test_a_message_whose_answer_is_lost_is_not_sent_again(api, folder):
    """The platform performed it, or did not: nobody knows, nobody says so, nobody tries again."""
    api.fail("SendSmsMessage", cut="after", times=9)
    model = script([using("send_sms", template="address")], SENT)
    async with served(api, folder, model) as (halo, client):
        reply = await ask(client, "c-1", 1)
        rows = await halo.store.tools("c-1")
    asked = [command for command, _ in api.asked]
    assert asked == ["SendSmsMessage"]
    assert [row.state for row in rows] == [ToolState.UNKNOWN]
    assert "Отправила" not in reply


@pytest.mark.parametrize(
    "how", [{"refusal": (121, "Invalid phone number.")}, {"refusal": (127, "Insufficient money.")}]
)
async def test_a_refusal_is_told_as_nothing_done(api, folder, how):
    """«Отправила» without a success is not said."""
    api.fail("SendSmsMessage", times=9, **how)
    model = script([using("send_sms", template="address")], SENT)
    async with served(api, folder, model) as (halo, client):
        reply = await ask(client, "c-1", 1)
        rows = await halo.store.tools("c-1")
    assert [row.state for row in rows] == [ToolState.FAILED]
    assert "не отправлено" in model.told(-1)[-1]
    assert "Отправила" not in reply


async def test_the_days_messages_of_a_number_count_over_its_calls(api, folder):
    """The third of a day is refused, in whatever call; another number still gets its own."""
    sends = [using("send_sms", template="address")]
    model = script(*[sends, SENT] * 4)
    async with served(api, folder, model) as (_, client):
        for number in (1, 2, 3):
            await ask(client, f"c-{number}", 1)
        assert len(api.account.messages) == 2
        assert "больше сообщений не отправить" in model.told(-1)[-1]
        await ask(client, "c-4", 1, "+79990000001")
    assert [to for _, to, _ in api.account.messages] == ["79161234567"] * 2 + ["79990000001"]


async def test_a_landline_gets_none(api, folder):
    """Nothing is asked of the platform."""
    model = script([using("send_sms", template="address")], ["Прочитаю вслух."])
    async with served(api, folder, model) as (_, client):
        await ask(client, "c-1", 1, "+74951234567")
    assert api.asked == []


async def test_without_an_account_it_is_not_offered(api, folder):
    """A model that asks for it all the same sends nothing."""
    model = script([using("send_sms", template="address")], ["Прочитаю вслух."])
    async with served(api, folder, model, vox_credentials="") as (_, client):
        await ask(client, "c-1", 1)
    assert api.asked == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[tools.sms]\n", "[tools.nothing]\n", "there is no such key"),
        ("Ваш заказ {number}", "Ваш заказ {other}", "must have each of its fields"),
        ("Ваш заказ {number}", "Ваш заказ", "must have each of its fields"),
        ('kind = "code"', 'kind = "text"', 'there is no kind "text"'),
        ('kind = "code"', 'kind = "choice"', 'belong to kind = "choice"'),
        ("+7 495 000-00-00", "HALO", "is not a telephone number"),
    ],
)
def test_a_faulty_table_is_told(folder, old, new, words):
    """With its line, before anything is served."""
    (folder / "shop.toml").write_text(PROFILE.replace(old, new), "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        configure(settings(assistants=folder))
    assert words in "\n".join(raised.value.faults)


def test_the_tool_needs_its_table_and_a_key_that_can_be_read(folder, tmp_path):
    """Both are told by their names."""
    (folder / "shop.toml").write_text(PROFILE[: PROFILE.index("[tools.sms]")], "utf-8")
    with pytest.raises(ConfigurationError, match="needs the table"):
        configure(settings(assistants=folder))
    (folder / "shop.toml").write_text(PROFILE, "utf-8")
    (tmp_path / "key.json").write_text(json.dumps({"account_id": 1}), "utf-8")
    with pytest.raises(ConfigurationError, match="HALO_VOX_CREDENTIALS"):
        configure(settings(assistants=folder, vox_credentials=str(tmp_path / "key.json")))
