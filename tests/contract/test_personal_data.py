"""Planted personal data over a real server: none of it in a log line, a figure or an error."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from halo_voice.core.errors import ModelUnreachable
from halo_voice.core.ports import CallEnd
from tests.halo import TalkingModel
from tests.private import CALLER, DISPLAY_NAME, MARKERS, MASKED, SPOKEN, found, written
from tests.streams import served

START = {"call_id": "c-1", "caller": CALLER, "called": "+74950000000"}
HEADERS = {"X-Display-Name": DISPLAY_NAME.partition("\r")[0], "User-Agent": "Markerov 9167770001"}
KEPT = ("name", "words", "caller_id")
"""What a store holds: the words but for what is masked, and who called."""


class Talking(TalkingModel):
    """Says of others what it was not told, and fails with it."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = lambda words: f"Вы Маркеров. {words} Карта 4276 5500 4444 3336. {SPOKEN}"


def unforeseen(*_: object, **__: object) -> None:
    raise RuntimeError(f"{SPOKEN} {CALLER} {DISPLAY_NAME}")


@pytest.fixture(params=["json", "text"])
def log(request):
    with written(request.param) as out:
        yield out


def fields(value: object, fill: str) -> list[object]:
    """A body again and again, each time with `fill` in another of its fields."""
    if not isinstance(value, dict):
        return [fill]
    return [{**value, name: each} for name in value for each in fields(value[name], fill)]


TURN = {"call_id": "c-1", "turn": 7, "user_text": "да", "confidence": 0.5, "deadline_ms": 6000}
END = {"call_id": "c-1", "reason": "no_input", "duration_ms": 1, "late": [], "notes": []}
AUDIO = {"call_id": "c-1", "url": "x", "answer": True}
BODIES = {"/call/start": START, "/process_text": TURN, "/call/end": END, "/process_audio": AUDIO}


async def test_no_request_of_any_shape_brings_a_caller_into_the_log(log, tmp_path):
    """F79, F80, invariant 20: good and bad requests, in body, query, headers and path."""
    replies: list[str] = []
    url = f"sqlite:///{tmp_path}/halo.sqlite3"
    async with served(Talking(), store_url=url) as halo, halo.http() as http:
        await http.post("/call/start", json=START, headers=HEADERS)
        good = {**TURN, "turn": 1, "user_text": SPOKEN}
        reply = (await http.post("/process_text", json=good, headers=HEADERS)).json()
        assert found(reply["user_text"]) == ["Маркеров", "тайное слово"]
        assert found(reply["ai_text"], but=("name", "words")) == []
        await http.get("/process_text", params={"user_text": SPOKEN}, headers=HEADERS)
        for path, body in BODIES.items():
            for bad in fields(body, SPOKEN):
                if isinstance(bad, dict) and bad.get("user_text") != SPOKEN:
                    replies.append((await http.post(path, json=bad, headers=HEADERS)).text)
            for raw in (SPOKEN, f'{{"call_id": "{SPOKEN}', f'"{SPOKEN}"', f"[{SPOKEN}]"):
                replies.append((await http.post(path, content=raw.encode())).text)
            replies.append((await http.get(path, params={"x": SPOKEN, "turn": SPOKEN})).text)
        replies.append((await http.get(f"/{MARKERS['phone'][0]}/{SPOKEN}")).text)
        replies.append((await http.request("PATCH", "/process_text", content=SPOKEN)).text)
        late = {**END, "late": [SPOKEN], "notes": [{"turn": 1, "heard": SPOKEN}]}
        assert (await http.post("/call/end", json=late)).status_code == 200
        again = {**TURN, "turn": 9, "user_text": SPOKEN}
        replies.append((await http.post("/process_text", json=again)).text)
        replies += [(await http.get(page)).text for page in ("/metrics", "/readyz", "/healthz")]
        await garbage(halo.port)
    assert found("\n".join(replies)) == []
    assert found(log.getvalue()) == []
    assert "reply_withheld" in log.getvalue()
    rows = stored(tmp_path / "halo.sqlite3")
    assert [form for form in found(rows) if form not in sum((MARKERS[k] for k in KEPT), ())] == []
    assert "[номер карты], паспорт [паспорт], почта [почта], номер соседа [телефон]" in rows


async def garbage(port: int) -> None:
    """What is no HTTP at all; uvicorn's own lines are read as well."""
    for raw in (
        f"{SPOKEN}\r\n\r\n",
        f"GET /{SPOKEN} HTTP/1.1\r\nHost: x\r\n{SPOKEN}\r\n\r\n",
        f"GET /stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: {CALLER}\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw.encode())
        writer.write_eof()
        await reader.read(1000)
        writer.close()


def stored(database: Path) -> str:
    """Every value of every table."""
    with closing(sqlite3.connect(database)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return "\n".join(
            str(row) for (table,) in tables for row in connection.execute(f"SELECT * FROM {table}")
        )


async def test_no_message_of_a_stream_brings_a_caller_into_the_log(log, tmp_path):
    """F79, F80, invariant 20: what is understood, what is not, and how the stream is closed."""
    reasons: list[str] = []
    url = f"sqlite:///{tmp_path}/halo.sqlite3"
    async with served(Talking(), store_url=url) as halo:
        async with halo.stream(start=START) as scenario:
            await scenario.send("interim", turn=1, text=SPOKEN, quiet=True)
            await scenario.ask(1, SPOKEN)
            await scenario.hear("answered")
            assert found(" ".join(scenario.said(1)), but=("name", "words")) == []
            await scenario.send("phrase_interrupted", turn=1, phrase=1, heard=SPOKEN)
            await scenario.send("revised", turn=1, text=f"{SPOKEN} и ещё")
            await scenario.send("key", digit="1")
            await scenario.send("ended", reason=SPOKEN[:64])
            await scenario.closed()
        for bad in (SPOKEN, {"type": "final", "seq": 2, "turn": SPOKEN, "text": SPOKEN},
                    {"type": "final", "seq": 2, "turn": 2, "text": "да", "closed": SPOKEN},
                    {"type": "key", "seq": 2, "digit": SPOKEN}, b"\xff" + SPOKEN.encode(),
                    {"type": SPOKEN, "seq": SPOKEN}):  # fmt: skip
            async with halo.stream("c-2", start={**START, "call_id": "c-2"}) as scenario:
                await scenario.raw(bad)
                assert await scenario.closed() in (4400, 1007)
                reasons.append(scenario.socket.close_reason or "")
    assert found("\n".join(reasons)) == []
    assert found(log.getvalue()) == []
    rows = stored(tmp_path / "halo.sqlite3")
    assert found(rows, but=KEPT) == []
    assert "[номер карты]" in rows


async def test_no_fault_brings_a_caller_into_the_log(log, monkeypatch):
    """F79, F80, invariant 20: a model that fails, a store that is away, and what nobody foresaw."""
    model = Talking()
    async with served(model) as halo, halo.http() as http:
        await http.post("/call/start", json=START)
        replies: list[str] = []

        async def ask(turn: int) -> None:
            body = {**TURN, "turn": turn, "user_text": f"{SPOKEN} {turn}"}
            replies.append((await http.post("/process_text", json=body)).json().get("message", ""))

        model.fault = ModelUnreachable(SPOKEN)
        await ask(1)
        model.fault, model.answer = None, unforeseen
        await ask(2)
        model.answer = lambda _: "Да."
        store = halo.halo.store
        monkeypatch.setattr(store, "settle_turn", unforeseen)
        await ask(3)
        monkeypatch.setattr(store, "accept_turn", unforeseen)
        await ask(4)
        async with halo.stream() as scenario:
            await scenario.ask(5, SPOKEN)
            replies.append(json.dumps(await scenario.hear("failed", "answered")))
        monkeypatch.setattr(store, "note_turn", unforeseen)
        monkeypatch.setattr(store, "end_call", unforeseen)
        replies.append((await http.post("/call/end", json={**END, "late": [SPOKEN]})).text)
        monkeypatch.setattr(store, "find_call", unforeseen)
        async with halo.socket() as scenario:
            await scenario.send("call", version=1, call_id="c-9", start={**START, "call_id": "c-9"})
            assert await scenario.closed() == 1011
        monkeypatch.setattr(store, "ping", unforeseen)
        replies.append((await http.get("/readyz")).text)
        monkeypatch.undo()
    assert found("\n".join(replies)) == []
    assert found(log.getvalue()) == []
    assert log.getvalue().count("RuntimeError") >= 6


async def test_a_spool_is_named_after_nobody_and_holds_what_is_masked(log, tmp_path):
    """F54, F70, invariant 20: what waits for a locked store waits as the store would have it."""
    database = tmp_path / "halo.sqlite3"
    async with served(Talking(), store_url=f"sqlite:///{database}", store_busy_ms=50) as halo:
        store = halo.halo.store
        async with halo.http() as http:
            await http.post("/call/start", json=START)
            with closing(sqlite3.connect(database, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                body = {**TURN, "turn": 1, "user_text": SPOKEN}
                assert (await http.post("/process_text", json=body)).status_code == 200
                assert store.spooled > 0
                waiting = {p.name: p.read_bytes().decode() for p in tmp_path.iterdir()
                           if "sqlite3" not in p.suffix}  # fmt: skip
                shown = [(await http.get(page)).text for page in ("/readyz", "/metrics")]
                other.execute("ROLLBACK")
            assert await store.end_call(CallEnd("c-1", "no_input", 1, 1))
    assert found(" ".join((*waiting, *map(str, tmp_path.iterdir())))) == []
    assert found("\n".join(waiting.values()), but=KEPT) == []
    assert any("[номер карты]" in text for text in waiting.values())
    assert found("\n".join(shown)) == []
    assert found(log.getvalue()) == []
    assert set(MASKED) | set(KEPT) == set(MARKERS)
