"""The sample's own tools: orders and visits in a small SQLite file, through the shipped profile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

import pytest

from halo_voice.core.errors import ConfigurationError, ToolError
from halo_voice.core.tools import Use
from halo_voice.profiles import load_profiles
from halo_voice.tools.kit import kits_of
from tests.halo import ROOT
from tests.one_call import heard
from tests.tooling import ScriptedModel, call_with, using

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=timezone(timedelta(hours=3)))


@pytest.fixture
def tools():
    kit = kits_of(load_profiles(ROOT / "assistants"), secrets={}, private=())["halo"]
    return {each.spec.name: each for each in kit.tools}


@pytest.fixture
def use(tmp_path: Path):
    return lambda key: Use(
        key=key, call_id="c-1", turn=1, caller="+79161234567", now=NOW, data=tmp_path
    )


async def booked(tool, use, key, day="2026-12-03", at="15:00") -> str:
    return (await tool.run(tool.check(f'{{"day": "{day}", "at": "{at}"}}'), use(key))).text


async def test_an_order_is_found_by_its_number_and_the_telephones_end(tools, use):
    """F69: by both; who guesses is not told which was wrong."""
    status = tools["order_status"]
    assert status.spec.identity == ("number", "phone_end")
    found = await status.run({"number": "4207", "phone_end": "4567"}, use("k"))
    assert "передан курьеру" in found.text
    wrong = [
        (await status.run({"number": n, "phone_end": p}, use("k"))).text
        for n, p in (("4207", "1020"), ("9999", "4567"))
    ]
    assert wrong == ["Такого заказа не найдено."] * 2


async def test_a_visit_is_booked_once_a_key_and_once_an_hour(tools, use):
    """F41: the same key again is the same visit; another one finds the hour taken."""
    book = tools["book_visit"]
    assert (book.spec.effect, book.spec.repeatable, bool(book.spec.confirm)) == (True, True, True)
    assert await booked(book, use, "a") == "Записано: 2026-12-03, 15:00."
    assert await booked(book, use, "a") == "Записано: 2026-12-03, 15:00."
    assert await booked(book, use, "a", at="16:00") == "Записано: 2026-12-03, 15:00."
    with pytest.raises(ToolError, match="занято"):
        await booked(book, use, "b")


def test_threads_that_book_one_hour_get_it_once(tools, use):
    """F41: SQLite decides."""
    function = tools["book_visit"].function

    def attempt(number: int) -> bool:
        try:
            function(date(2026, 12, 4), time(12), use(f"k{number}"))
        except ToolError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(attempt, range(8))) == 1


@pytest.mark.parametrize(
    ("day", "at"),
    [
        ("2026-11-26", "15:00"),
        ("2027-06-01", "15:00"),
        ("2026-12-03", "15:30"),
        ("2026-12-03", "08:00"),
    ],
)
async def test_what_cannot_be_booked_is_told(tools, use, day, at):
    """Yesterday, next summer, between the hours, before the doors open."""
    with pytest.raises(ToolError, match="Записать можно"):
        await booked(tools["book_visit"], use, "k", day, at)


async def test_a_caller_books_a_visit(tools, tmp_path, monkeypatch):
    """The read-back in words, the yes, the visit, the model's own words."""
    monkeypatch.chdir(tmp_path)
    model = ScriptedModel(
        [using("book_visit", day="2026-12-03", at="15:00")], ["Вы записаны, ждём вас в четверг."]
    )
    call = await call_with(model, *tools.values())
    question = (await call.take(heard(1, "Запишите меня на третье на три часа"))).reply
    assert question == (
        "Записываю вас на консультацию: четверг, третье декабря, в пятнадцать часов. Верно?"
    )
    assert (await call.take(heard(2, "Да"))).reply == "Вы записаны, ждём вас в четверг."
    assert model.told(1) == ["Записано: 2026-12-03, 15:00."]


def test_faults_of_all_tools_are_told_at_once(tmp_path: Path):
    """With the profile's and the tool's name."""
    (tmp_path / "t.py").write_text("1 / 0")
    (tmp_path / "x.toml").write_text(
        'name = "x"\ncompany = "X"\ndefault = true\n[tools]\npython = ["t.py"]\n'
        '[[tools.http]]\nname = "a"\ndescription = "a"\nurl = "http://a.example.ru/"\n'
        '[[tools.http]]\nname = "a"\ndescription = "a"\nurl = "https://a.example.ru/"\n'
        'headers = { X = "{no}" }\n'
    )
    with pytest.raises(ConfigurationError) as caught:
        kits_of(load_profiles(tmp_path), secrets={}, private=())
    told = caught.value.faults
    assert len(told) == 3
    assert told[0].startswith("x: tools.python:")
    assert told[1].startswith("x: tools.a: url must begin with https://")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[tools]\nbuiltin = ["end"]', 'there is no built in tool "end"'),
        ('[tools]\npython = ["nowhere.py"]', "tools.python[0]: cannot be read"),
        ('[[tools.http]]\nname = "a"\ndescription = "a"\nulr = "x"', 'did you mean "url"?'),
        ('[[tools.mcp]]\nname = "a"\ncommand = ["x"]\nurl = "https://x.ru/"', "one of the two"),
        ('[hours]\nmonday = "nine to five"', "must be like 9:00-21:00"),
        ('[operators]\nsales = "x"', "is not a telephone number"),
    ],
)
def test_what_the_file_has_wrong_is_told_with_its_line(tmp_path: Path, text: str, fault: str):
    """As all faults of a profile."""
    head = 'name = "x"\ncompany = "X"\ndefault = true\n'
    (tmp_path / "x.toml").write_text(head + text)
    with pytest.raises(ConfigurationError) as caught:
        load_profiles(tmp_path)
    assert fault in str(caught.value)
