"""`halo knowledge`, as a person uses it."""

from __future__ import annotations

import asyncio

import pytest
from typer.testing import CliRunner

from halo_voice.cli import app
from halo_voice.core.ports import CallStart, Outcome
from halo_voice.core.profile import Texts
from halo_voice.store import open_store
from tests.halo import ROOT

UNKNOWN = Texts().of("HALO").unknown


@pytest.fixture
def halo(monkeypatch, tmp_path):
    """Runs the command on the shipped assistants and a store of its own; what it prints."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HALO_STORE_URL", f"sqlite:///{tmp_path}/halo.sqlite3")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["knowledge", *arguments])
        assert result.exit_code == code, result.output
        return result.output

    return run


def test_a_check_shows_what_a_question_finds_and_why(halo):
    """The passage, its file and score, what each word added, and what no text holds."""
    told = halo("check", "Аристарх, а сколько стоит доставка слона?")

    assert "taken for a name: аристарх" in told
    assert "Сколько стоит доставка? (2-delivery.md; told to a model)" in told
    assert "доставка 0." in told
    assert "in no text: слона (takes off" in told
    assert "told to nobody" in halo("check", "какая погода в марте")
    assert "Nothing is found" in halo("check", "жираф")


def test_free_questions_find_their_passage_among_the_first_three(halo):
    """At least 60 questions to the sample; nine of ten find it, and the share is printed."""
    told = halo("check")
    count, found = map(int, (told.split(" questions:")[0].split()[-1], _number(told, "three for ")))

    assert count >= 60
    assert found >= 0.9 * count
    assert f"({found / count:.0%})" in told


def _number(text: str, before: str) -> str:
    return text.replace("\n", " ").partition(before)[2].split()[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        ("asked = 1", "must hold"),
        ("asked = [['a']]", "must hold"),
        ("[", "is not TOML"),
    ],
)
def test_a_faulty_file_of_questions_is_told(halo, tmp_path, content, words):
    """With what it must hold."""
    path = tmp_path / "q.toml"
    if content is not None:
        path.write_text(content, "utf-8")
    assert words in halo("check", "--questions", str(path), code=2)


def test_an_unknown_profile_is_told(halo):
    """With the ones that there are."""
    assert "halo-repair" in halo("check", "доставка", "--profile", "hallo", code=2)


async def talks(tmp_path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/halo.sqlite3")
    for call, asked in (
        ("c-1", "устанавливаете ли вы натяжные потолки"),
        ("c-2", "натяжной потолок можете установить"),
    ):
        await store.open_call(CallStart(call, profile="halo"))
        for number, (text, reply) in enumerate(
            ((asked, UNKNOWN), ("сколько стоит доставка", "Триста девяносто рублей.")), 1
        ):
            await store.accept_turn(call, number, text, 0.9)
            await store.settle_turn(
                call,
                number,
                outcome=Outcome.ANSWERED,
                reply=reply,
                action="listen",
                source="offline",
            )
    for number in range(3):
        await store.open_call(CallStart(f"d-{number}", profile="halo-repair"))
    await store.close()


def test_gaps_are_what_calls_asked_in_vain(halo, tmp_path):
    """Questions of two calls about one subject are one line; what was answered is none."""

    assert "Nothing is missing" in halo("gaps")
    asyncio.run(talks(tmp_path))
    told = halo("gaps")

    assert "Чего не хватает" in told
    assert "натяжной потолок" in told
    assert "доставка" not in told


def test_a_busy_profile_leaves_another_ones_gaps(halo, tmp_path):
    """So many calls of its own are looked through: those of others are not among them."""
    asyncio.run(talks(tmp_path))

    assert "натяжной потолок" in halo("gaps", "--calls", "2")
