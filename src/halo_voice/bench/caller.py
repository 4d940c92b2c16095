"""One caller who talks to the backend as the scenario does, over the stream or over HTTP."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from halo_voice.bench.mark import mark
from halo_voice.bench.wire import Broken, Http, Signer, Socket, connect

WORDS = "Скажите, пожалуйста, сколько стоит доставка {} светильника по городу"
INTERIM_S = 0.18  # recognisers send one about so often; the backend may guess after 0.25 s
PING_S = 5.0
REPLY_S = 10.0
READY_S = 5.0
LEAVE_S = 2.0

_encode = msgspec.json.encode
_marks = itertools.count(1)
_run = random.SystemRandom().randrange(10**9)


class Turn(msgspec.Struct, gc=False, array_like=True):
    """One turn as the caller saw it; times are monotonic, s; 0 where it did not come to it."""

    mark: int
    sent: float
    phrase_at: float = 0.0
    phrase: str = ""
    phrases: int = 0
    answered_at: float = 0.0
    fault: str = ""


class Message(msgspec.Struct, gc=False):
    """What comes down the stream; fields as in the protocol."""

    type: str
    seq: int
    turn: int = 0
    phrase: int = 0
    text: str = ""
    outcome: str = ""
    action: str = ""
    code: str = ""


class Reply(msgspec.Struct, gc=False):
    """What `/process_text` returns."""

    ai_text: str
    outcome: str = ""
    action: str = ""


_message = msgspec.json.Decoder(Message).decode
_reply = msgspec.json.Decoder(Reply).decode


class Plan(msgspec.Struct, frozen=True):
    """How callers behave. `think_s` between a reply and the next words; `early_s`: the recogniser
    has the whole text so long before it is sure (0: not), which is what lets a backend guess.
    `reports_port`: where starts and ends of calls go, 0: to `port`."""

    way: str
    host: str
    port: int
    calls: int
    turns: int
    think_s: float
    interims: int = 3
    early_s: float = 0.0
    key: tuple[str, str] | None = None
    seed: int = 0
    reports_port: int = 0


class Place:
    """What all calls share: the server's address, the records, the count of faults."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.signer = Signer(plan.key)
        self.http = Http(plan.host, plan.reports_port or plan.port, self.signer)
        self.chance = random.Random(plan.seed)
        self.turns: list[Turn] = []
        self.faults: Counter[str] = Counter()
        self.open = 0
        self.stopped = asyncio.Event()

    async def pause(self, seconds: float) -> bool:
        """Whether there was time to wait so long: not when the load has been stopped."""
        try:
            async with asyncio.timeout(seconds):
                await self.stopped.wait()
        except TimeoutError:
            return True
        return False

    async def think(self) -> bool:
        spread = self.chance.uniform(0.5, 1.5)
        talking = self.plan.interims * INTERIM_S if self.plan.way == "stream" else 0.0
        return await self.pause(max(0.0, self.plan.think_s * spread - talking))


class Call:
    """A call from its start to its report. Subclasses say how words travel."""

    def __init__(self, place: Place) -> None:
        self.place = place
        number = next(_marks)
        self.call_id = f"bench-{_run}-{number}"
        self.start = {
            "call_id": self.call_id,
            "caller": f"+7999{number % 10_000_000:07}",  # the calls of one number are limited
            "called": "+74950000000",
            "scenario_version": "bench",
        }
        self.number = 0
        self.over = False

    async def play(self, turns: int, opened: Callable[[], None] = lambda: None) -> None:
        """So many turns, or until the load is stopped. Faults are counted, never raised."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(READY_S):
                await self._begin()
            self.place.open += 1
            opened()
            try:
                while self.number < turns and not self.over and await self.place.think():
                    self.number += 1
                    await self._take_turn()
            finally:
                self.place.open -= 1
                await self._end(int((time.monotonic() - began) * 1000))
        except (Broken, OSError, TimeoutError, msgspec.DecodeError) as error:
            self.place.faults[f"call: {error or type(error).__name__}"] += 1

    async def _begin(self) -> None:
        await self._post("/call/start", self.start)

    async def _end(self, duration_ms: int) -> None:
        end = {
            "call_id": self.call_id,
            "reason": "caller_hung_up",
            "duration_ms": duration_ms,
            "turns": self.number,
            "late": [],
            "start": self.start,
        }
        async with asyncio.timeout(READY_S):
            await self._post("/call/end", end)

    async def _post(self, path: str, message: dict[str, Any]) -> tuple[bytes, float, float]:
        status, body, sent, came = await self.place.http.post(path, _encode(message))
        if status != 200:
            raise Broken(f"{path} was answered with {status} {_code(body)}")
        return body, sent, came

    async def _take_turn(self) -> None:
        number = next(_marks)
        turn = await self._ask(number, WORDS.format(mark(number)))
        if turn.fault:
            self.place.faults[f"turn: {turn.fault}"] += 1
        self.place.turns.append(turn)

    async def _ask(self, mark: int, words: str) -> Turn:
        raise NotImplementedError


class HttpCall(Call):
    """Every turn is one request; the reply comes when it is whole."""

    async def _ask(self, mark: int, words: str) -> Turn:
        message = {
            "user_text": words,
            "call_id": self.call_id,
            "turn": self.number,
            "confidence": 0.93,
            "deadline_ms": 6000,
        }
        turn = Turn(mark, time.monotonic())
        try:
            async with asyncio.timeout(REPLY_S):
                body, turn.sent, turn.answered_at = await self._post("/process_text", message)
            reply = _reply(body)
        except (Broken, TimeoutError, msgspec.DecodeError) as error:
            turn.fault = str(error) or type(error).__name__
            return turn
        turn.phrase_at, turn.phrase, turn.phrases = turn.answered_at, reply.ai_text, 1
        turn.fault = "" if reply.outcome == "answered" else f"outcome {reply.outcome}"
        self.over = reply.action == "hangup"
        return turn


class StreamCall(Call):
    """Words go up as they are recognised, phrases come down as they are made, and are reported."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._stream: Socket
        self._seq = 0
        self._heard_seq = 0
        self._turn: Turn | None = None
        self._reply: asyncio.Future[Message] | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lost = asyncio.Event()
        self._ping: asyncio.TimerHandle | None = None

    async def _begin(self) -> None:
        await super()._begin()
        plan = self.place.plan
        self._stream = await connect(
            plan.host, plan.port, self.place.signer, heard=self._hear, lost=self._lose
        )
        try:
            self._send("call", version=1, call_id=self.call_id, turn=0, start=self.start)
            await self._ready
        except BaseException:
            self._stream.drop()
            raise
        self._keep_alive()

    async def _ask(self, mark: int, words: str) -> Turn:
        await self._say_interims(words)
        turn = self._turn = Turn(mark, 0.0)
        self._reply = asyncio.get_running_loop().create_future()
        if self._lost.is_set():
            turn.fault, self.over = "the stream is lost", True
            return turn
        final = self._message(
            "final",
            turn=self.number,
            text=words,
            confidence=0.93,
            deadline_ms=6000,
            closed="final",
            have=0,
            asr_ms=350,
        )
        turn.sent = time.monotonic()
        self._stream.send(final)
        try:
            async with asyncio.timeout(REPLY_S):
                reply = await self._reply
        except (Broken, TimeoutError) as error:
            turn.fault, self.over = str(error) or "no answer in time", True
            return turn
        turn.fault = _fault(reply, turn)
        self.over = self.over or reply.action == "hangup"
        for phrase in range(1, turn.phrases + 1):
            self._send("phrase_finished", turn=self.number, phrase=phrase)
        return turn

    async def _say_interims(self, words: str) -> None:
        plan = self.place.plan
        many = plan.interims
        for n in range(1, many + 1):
            part = words[: 30 + (len(words) - 30) * n // (many + 1)]
            self._send("interim", turn=self.number, text=part, quiet=False)
            await asyncio.sleep(INTERIM_S)
        if plan.early_s:
            self._send("interim", turn=self.number, text=words, quiet=True)
            await asyncio.sleep(plan.early_s)

    def _hear(self, text: bytes, came: float) -> None:
        try:
            message = _message(text)
        except msgspec.DecodeError:
            self._break("a message that is none of the protocol's")
            return
        self._heard_seq += 1
        if message.seq != self._heard_seq:
            self._break("a gap in the server's numbers")
            return
        if message.type == "ready" and not self._ready.done():
            self._ready.set_result(None)
        elif message.type == "hangup":
            self.over = True
        elif message.turn == self.number and self._turn is not None:
            self._hear_answer(message, came, self._turn)

    def _hear_answer(self, message: Message, came: float, turn: Turn) -> None:
        if message.type == "say":
            if message.phrase == 1:
                turn.phrase_at, turn.phrase = came, message.text
            turn.phrases = message.phrase
            self._send(
                "phrase_started",
                turn=message.turn,
                phrase=message.phrase,
                voice_ms=180,
                audible_ms=900,
            )
        elif message.type in ("answered", "failed"):
            turn.answered_at = came
            if self._reply is not None and not self._reply.done():
                self._reply.set_result(message)

    def _message(self, kind: str, **fields: Any) -> bytes:
        self._seq += 1
        return _encode({"type": kind, "seq": self._seq, **fields})

    def _send(self, kind: str, **fields: Any) -> None:
        if not self._lost.is_set():
            self._stream.send(self._message(kind, **fields))

    def _keep_alive(self) -> None:
        self._send("ping")
        self._ping = asyncio.get_running_loop().call_later(PING_S, self._keep_alive)

    def _break(self, why: str) -> None:
        self.place.faults[f"stream: {why}"] += 1
        self._stream.drop()

    def _lose(self, code: int) -> None:
        self._lost.set()
        if self._ping is not None:
            self._ping.cancel()
        gone = Broken(f"the stream was closed with {code}")
        for waiting in (self._ready, self._reply):
            if waiting is not None and not waiting.done():
                waiting.set_exception(gone)

    async def _end(self, duration_ms: int) -> None:
        if self._ping is not None:
            self._ping.cancel()
        self._send("ended", reason="caller_hung_up")
        if not self._lost.is_set():
            self._stream.close()
        try:
            async with asyncio.timeout(LEAVE_S):
                await self._lost.wait()
        except TimeoutError:
            self.place.faults["stream: was not closed by the server"] += 1
            self._stream.drop()
        await super()._end(duration_ms)


WAYS: dict[str, type[Call]] = {"stream": StreamCall, "http": HttpCall}


def _fault(reply: Message, turn: Turn) -> str:
    if reply.type == "failed":
        return f"failed {reply.code}"
    if reply.outcome != "answered":
        return f"outcome {reply.outcome}"
    return "" if turn.phrases else "answered without a phrase"


def _code(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body)["code"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return ""
