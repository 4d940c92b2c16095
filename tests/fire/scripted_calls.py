"""Calls that remember what was acknowledged to them, so that another process can be held to it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import psycopg

from tests.fire.processes import Process
from tests.streams import Scenario

Rows = list[Any]
"""Of a call's turns: number, words, outcome, reply."""


class Remembered:
    """A call as its scenario knows it: what was sent, and what came back before the line broke."""

    def __init__(self, call_id: str, folder: Path, database: str = "") -> None:
        """`database` is PostgreSQL's address; without one the store is a file in `folder`."""
        self.call_id = call_id
        self.database = database
        self.folder = folder
        self.asked: dict[int, str] = {}
        self.accepted: set[int] = set()
        self.replies: dict[int, tuple[str, str]] = {}  # outcome and text
        self.streamed: set[int] = set()  # a stream that goes may leave them unheard
        self.started = False
        self.ending = False
        self.ended = False

    def words(self, turn: int) -> str:
        return f"Вопрос {turn} звонка {self.call_id}"

    async def start(self, halo: Process) -> None:
        status, _ = await halo.post("/call/start", call_id=self.call_id)
        assert status == 200
        self.started = True

    async def ask(self, halo: Process, turn: int, **more: Any) -> None:
        """Over HTTP; `start` travels along until the call is known to have begun."""
        self.asked[turn] = self.words(turn)
        if not self.started:
            more["start"] = {"call_id": self.call_id}
        said = {"call_id": self.call_id, "turn": turn, "user_text": self.words(turn)}
        status, reply = await halo.post("/process_text", **said, **more)
        assert status == 200, reply
        self._answered(turn, reply["outcome"], reply["ai_text"])
        self.started = True

    @asynccontextmanager
    async def stream(self, halo: Process) -> AsyncIterator[Scenario]:
        async with halo.stream() as scenario:
            await scenario.begin(self.call_id)
            self.started = True
            yield scenario

    async def ask_on(self, scenario: Scenario, turn: int, *, until: str = "answered") -> None:
        self.asked[turn] = self.words(turn)
        self.streamed.add(turn)
        await scenario.ask(turn, self.words(turn))
        await self.listen(scenario, turn, until)

    async def listen(self, scenario: Scenario, turn: int, until: str = "answered") -> None:
        while True:
            message = await scenario.next()
            assert message["type"] != "failed", message
            if message["type"] == "accepted":
                self.accepted.add(message["turn"])
            if message["type"] == "answered":
                self._answered(message["turn"], message["outcome"], message["text"])
            if (message["type"], message.get("turn")) == (until, turn):
                return

    async def end(self, halo: Process) -> bool:
        self.ending = True
        report = {"call_id": self.call_id, "reason": "caller_hung_up", "turns": len(self.asked)}
        status, reply = await halo.post("/call/end", **report, start={"call_id": self.call_id})
        if status == 409 and reply["code"] == "call_closed":  # the first report closed it
            reply = {"stored": False}
        self.ended = True
        return bool(reply["stored"])

    def _answered(self, turn: int, outcome: str, text: str) -> None:
        told = self.replies.setdefault(turn, (outcome, text))
        assert told == (outcome, text), f"turn {turn} was answered as {told} before"
        self.accepted.add(turn)

    # ------------------------------------------------------------ after the process has died

    async def go_on(self, halo: Process, *, by_stream: bool) -> None:
        """Ask the last turn again, then the next one, then end the call, and judge each."""
        if self.ended or self.ending:
            was_told = self.ended
            assert not (await self.end(halo) and was_told)
            return self.judge()
        last = max(self.asked, default=0)
        if last:
            await self._ask_either_way(halo, last, by_stream)
        before = self.rows()
        await self._ask_either_way(halo, last + 1, not by_stream)
        self._judge_history(before, last + 1)
        assert await self.end(halo)
        self.judge()

    async def _ask_either_way(self, halo: Process, turn: int, by_stream: bool) -> None:
        if not by_stream:
            return await self.ask(halo, turn)
        async with self.stream(halo) as scenario:
            await self.ask_on(scenario, turn)

    def judge(self) -> None:
        """Every acknowledged turn is there once, as it was acknowledged, and nothing is open."""
        rows = self.rows()
        assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
        kept = {turn: (words, outcome, reply) for turn, words, outcome, reply in rows}
        assert self.accepted <= kept.keys() <= self.asked.keys()
        for turn, (words, outcome, reply) in kept.items():
            assert words == self.asked[turn]
            assert outcome != "pending"
            assert self.replies.get(turn, (outcome, reply)) == (outcome, reply)
        for turn in self.replies:
            assert len(self.questions(turn)) <= 2  # once in each process at most
        assert self._select("SELECT ended_at IS NULL FROM calls WHERE call_id = ?") in (
            [(False,)],
            [],  # its start never came through
        )

    def _judge_history(self, before: Rows, turn: int) -> None:
        """The model was told every turn before this one, once, in order, each with its own answer
        as far as it was heard: of one that was given to a stream, perhaps nothing.
        """
        [history] = self.questions(turn)
        told: list[tuple[str, list[str]]] = []
        for role, words in history:
            if role == "user":
                told.append((words, []))
            elif role == "assistant":
                told[-1][1].append(words)
        wanted = [row for row in before if row[2] != "superseded"]
        assert len(told) == len(wanted) + 1
        assert told[-1][0].endswith(self.words(turn))
        for (asked, answers), (number, words, outcome, reply) in zip(told, wanted, strict=False):
            assert asked.endswith(words)
            if outcome != "answered":
                assert not answers
            elif number not in self.streamed:
                assert len(answers) == 1
            assert len(answers) <= 1
            assert all(reply.startswith(answer) for answer in answers)

    def questions(self, turn: int) -> list[list[list[str]]]:
        """What the model was asked for this turn, each time with its history."""
        lines = (self.folder / "asked.jsonl").read_text("utf-8").splitlines()
        asked = [json.loads(line)["asked"] for line in lines]
        return [history for history in asked if history[-1][1].endswith(self.words(turn))]

    def rows(self) -> Rows:
        """What the store has of the call's turns."""
        query = "SELECT turn, user_text, outcome, reply FROM turns WHERE call_id = ? ORDER BY turn"
        return self._select(query)

    def _select(self, query: str) -> Rows:
        """Read without HALO."""
        if self.database:
            with psycopg.connect(self.database) as store:
                return store.execute(query.replace("?", "%s"), [self.call_id]).fetchall()
        with closing(sqlite3.connect(self.folder / "halo.sqlite3")) as store:
            return store.execute(query, [self.call_id]).fetchall()


Script = Callable[[Remembered, Process], Coroutine[Any, Any, None]]


async def by_http(call: Remembered, halo: Process) -> None:
    """Start, two turns, what was heard of the first, the end."""
    await call.start(halo)
    await call.ask(halo, 1)
    await call.ask(halo, 2, notes=[{"turn": 1, "heard": "Говорит процесс"}])
    await call.end(halo)


async def by_stream(call: Remembered, halo: Process) -> None:
    """An answer that is begun ahead and interrupted, and a second turn."""
    async with call.stream(halo) as scenario:
        await scenario.send("interim", turn=1, text=call.words(1), quiet=True)
        await call.ask_on(scenario, 1)
        await scenario.send("phrase_started", turn=1, phrase=1, voice_ms=150, audible_ms=800)
        heard = {"heard_ms": 300, "heard": "Говорит"}
        await scenario.send("phrase_interrupted", turn=1, phrase=1, **heard)
        await call.ask_on(scenario, 2)
        await scenario.send("phrase_finished", turn=2, phrase=1)
        await scenario.send("ended", reason="caller_hung_up")
    await call.end(halo)


async def impatiently(call: Remembered, halo: Process) -> None:
    """A caller who goes on speaking: the first turn is taken over by the second."""
    async with call.stream(halo) as scenario:
        await call.ask_on(scenario, 1, until="accepted")
        await call.ask_on(scenario, 2)
        await scenario.send("ended", reason="caller_hung_up")
    await call.end(halo)


async def failing_over(call: Remembered, halo: Process) -> None:
    """The stream breaks after `accepted`; the turn is asked again over HTTP, and another one."""
    async with call.stream(halo) as scenario:
        await call.ask_on(scenario, 1, until="accepted")
        scenario.socket.transport.abort()
    await call.ask(halo, 1)
    await call.ask(halo, 2)
    await call.end(halo)


async def locked_out(call: Remembered, halo: Process) -> None:
    """Somebody else holds the store's lock: everything but the start goes to the spool."""
    await call.start(halo)
    other = sqlite3.connect(call.folder / "halo.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        await call.ask(halo, 1)
        async with call.stream(halo) as scenario:
            await call.ask_on(scenario, 2)
        await call.end(halo)
    finally:
        other.close()
