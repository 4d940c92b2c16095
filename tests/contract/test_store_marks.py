"""What every store promises of a turn's marks: what of it was cut, what was asked in vain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from store_place import Clock

from halo_voice.core.errors import StoreBusy
from halo_voice.core.ports import CallStart, Outcome, Spent, Store, TurnRecord
from halo_voice.store import SpooledStore, open_store
from halo_voice.store.address import read_url
from halo_voice.store.memory import MemoryStore
from halo_voice.store.migrate import upgrade

SPENT = Spent(attempts=2, wasted_chars=140, wasted_prompt_chars=2**40)


async def answered(store: Store, turn: int = 1, *, cut: bool, spent: Spent = SPENT) -> TurnRecord:
    said = {"reply": "Здесь.", "action": "listen", "source": "x"}
    return await store.settle_turn(
        "c-1", turn, outcome=Outcome.ANSWERED, reply_cut=cut, spent=spent, **said
    )


def marks(turn: TurnRecord) -> tuple[bool, bool, Spent]:
    spent = Spent(turn.attempts, turn.wasted_chars, turn.wasted_prompt_chars)
    return turn.text_cut, turn.reply_cut, spent


async def test_text_that_was_cut_is_stored_as_cut(store: Store) -> None:
    """F15: with its turn, once; a later try that tells otherwise changes nothing."""
    await store.open_call(CallStart("c-1"))
    cut = await store.accept_turn("c-1", 1, "Где вы?", 0.5, text_cut=True)
    whole = await store.accept_turn("c-1", 2, "Алло", 0.5)
    assert (cut.text_cut, whole.text_cut) == (True, False)
    assert await store.accept_turn("c-1", 1, "Где вы?", 0.5) == cut
    assert await store.turns("c-1") == [cut, whole]
    assert (await answered(store, cut=False)).text_cut is True


async def test_an_answer_that_broke_off_is_stored_as_cut(store: Store) -> None:
    """F35: with its outcome; the first one holds."""
    await store.open_call(CallStart("c-1"))
    for turn in (1, 2):
        await store.accept_turn("c-1", turn, "Где вы?", 0.5)
    cut, whole = await answered(store, cut=True), await answered(store, 2, cut=False)
    assert (cut.reply_cut, whole.reply_cut) == (True, False)
    assert await answered(store, cut=False) == cut
    assert await store.turns("c-1") == [cut, whole]


async def test_what_was_asked_in_vain_is_stored(store: Store) -> None:
    """F34: attempts and wasted characters are numbers of the turn; the first outcome holds."""
    await store.open_call(CallStart("c-1"))
    pending = await store.accept_turn("c-1", 1, "Где вы?", 0.5)
    assert marks(pending) == (False, False, Spent())
    settled = await answered(store, cut=False)
    assert marks(settled) == (False, False, SPENT)
    assert await answered(store, cut=False, spent=Spent(9, 9, 9)) == settled
    assert await store.turns("c-1") == [settled]


async def test_marks_wait_in_the_spool_with_their_turn(tmp_path: Path) -> None:
    """F15, F34, F35: what was marked while the store was away is marked when it is back."""
    path = tmp_path / "spool.jsonl"
    behind = MemoryStore()
    store = SpooledStore(behind, path)
    await store.start()
    await store.open_call(CallStart("c-1"))
    behind.fault = StoreBusy()
    await store.accept_turn("c-1", 1, "Где вы?", 0.5, text_cut=True)
    settled = await answered(store, cut=True)
    assert marks(settled) == (True, True, SPENT)
    await store.close()
    behind.fault = None
    again = SpooledStore(behind, path)
    await again.start()
    assert await behind.turns("c-1") == [settled]
    await again.close()


async def test_the_spool_of_an_older_version_is_brought_in(tmp_path: Path) -> None:
    """Lines without marks are those of whole turns."""
    path = tmp_path / "spool.jsonl"
    at, with_ = "2026-01-01T10:00:00+00:00", {"call_id": "c-1", "turn": 1}
    accept = with_ | {"user_text": "Алло", "confidence": None}
    settle = with_ | {"outcome": "answered", "reply": "Да.", "action": "listen", "source": "x"}
    settle |= {"model_ms": 3}
    lines = [
        json.dumps({"do": name, "call": "c-1", "at": at, "with": arguments})
        for name, arguments in (("accept_turn", accept), ("settle_turn", settle))
    ]
    path.write_text("\n".join(lines) + "\n")
    behind = MemoryStore()
    await behind.open_call(CallStart("c-1"))
    store = SpooledStore(behind, path)
    await store.start()
    [turn] = await behind.turns("c-1")
    assert (turn.outcome, turn.reply, marks(turn)) == (
        Outcome.ANSWERED,
        "Да.",
        (False, False, Spent()),
    )
    await store.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/halo.sqlite3"
    return request.getfixturevalue("new_database")


async def test_turns_of_before_the_marks_are_whole_ones(url: str) -> None:
    """A store of the version before opens, and its turns count as neither cut nor in vain."""
    engine = create_engine(read_url(url))
    with engine.begin() as connection:
        upgrade(connection, "0002")
        connection.execute(
            text(
                "INSERT INTO calls VALUES ('c-1', '', '', '', '', '', 'incoming',"
                " '2026-01-01 10:00:00.000000', NULL, NULL, NULL, NULL, '[]', NULL)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO turns (call_id, turn, user_text, accepted_at, outcome, reply, action,"
                " source) VALUES ('c-1', 1, 'Алло', '2026-01-01 10:00:01.000000', 'answered',"
                " 'Да.', 'listen', 'model')"
            )
        )
    engine.dispose()
    store = await open_store(url, now=Clock())
    [turn] = await store.turns("c-1")
    assert marks(turn) == (False, False, Spent())
    await store.accept_turn("c-1", 2, "Алло", None, text_cut=True)
    assert marks(await answered(store, 2, cut=True)) == (True, True, SPENT)
    await store.close()
