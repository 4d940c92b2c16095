"""A stand-in for the backend: answers over HTTP and the stream as docs/wire.md says, by a seed.

It thinks of nothing: what it says tells which turn it answers, and when it says it is drawn. A
turn is answered once, whichever way and however often it is asked; a newer one stops an older one.
What it does seldom, or what our own backend would never do, are its quirks.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec

from halo_voice.simulator.desk import Desk
from halo_voice.simulator.network import (
    IN_PROCESS,
    ONE_WAY,
    HttpRequest,
    HttpResponse,
    opened,
)
from halo_voice.simulator.ordered import Order
from halo_voice.simulator.quirks import SENTENCES, Quirks
from halo_voice.simulator.sockets import (
    AsgiSocket,
    Closed,
    ServerEnd,
    SocketRequest,
    scripted,
)
from halo_voice.simulator.wire import fields

APOLOGY = "Извините, я сейчас не могу ответить. Спросите, пожалуйста, ещё раз."
PUT_THROUGH = "Соединяю вас с сотрудником."
FAREWELL = "Спасибо за звонок, до свидания!"
DICTATED = ("девятьсот", "восемь")  # who says this is likely to dictate
PATIENCE_MS = 1_500
GAP_S = 2.0
SILENT_S = 10.0

BUSY = "Здравствуйте! Все линии заняты, позвоните позже. До свидания!"
_encode = msgspec.json.encode


@dataclass
class Reply:
    """One turn's answer as it is made. `text` is the whole, once `done`."""

    number: int
    asked: str
    phrases: list[str] = field(default_factory=list)
    text: str = ""
    outcome: str = "answered"
    action: str = "listen"
    patience_ms: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)
    making: asyncio.Task[None] | None = None

    def settle(self, text: str, outcome: str = "answered", action: str = "listen") -> None:
        if not self.done.is_set():
            self.text, self.outcome, self.action = text, outcome, action
            self.done.set()


class StandIn:
    """The backend of one call. `conflicts`: turns that were asked again with other words."""

    latency = IN_PROCESS
    way = ONE_WAY

    def __init__(
        self,
        rng: random.Random,
        profile: dict[str, Any] | None = None,
        calm_ms: int = 10**9,
        *,
        quirks: Quirks | None = None,
        chance: random.Random | None = None,
        desk: Desk | None = None,
        order: Order | None = None,
        dismissed_ms: float | None = None,
    ) -> None:
        """To be made just before the call; from `calm_ms` on it finds an answer to everything.

        `chance` draws what `quirks` do, so that they change nothing else. `desk`: whom calls may be
        put through to. `order`: whom the session is to call. At `dismissed_ms` it ends the call.
        """
        self.replies: dict[int, Reply] = {}
        self.conflicts: list[str] = []
        self._rng = rng
        self.quirks = quirks or Quirks()
        self._chance = chance or random.Random(0)
        self._profile = profile if profile is not None else drawn_profile(rng)
        if self.quirks.patient:
            self._profile = self._profile | {"asr": {"interim": False}}
        if self.quirks.refuses:
            self._profile["texts"] = {**self._profile["texts"], "bye_busy": BUSY}
        self._desk, self._order = desk, order
        if desk is not None:
            limits = self._profile["limits"] | desk.limits
            self._profile = self._profile | {"operators": True, "limits": limits}
        self._first_s = rng.uniform(0.1, 1.5)
        self._sorry = rng.choice([0.0, 0.0, 0.0, 0.3])  # how often no answer is found
        self._parts = rng.randint(1, 4)
        now_s = asyncio.get_running_loop().time()
        self._calm_s = now_s + calm_ms / 1000
        self.dismissed_s = None if dismissed_ms is None else now_s + dismissed_ms / 1000
        self._known = False
        self._ended = False
        self._stream: Stream | None = None

    # ---- HTTP ------------------------------------------------------------------------------------

    async def request(self, request: HttpRequest) -> HttpResponse:
        path, body = urlsplit(request.url).path, fields(request.body.decode())
        start = body.get("start") if path != "/call/start" else body
        if isinstance(start, dict) and not self._ended:
            self._known = True
        if not self._known:
            return _answer(404, {"code": "unknown_call"})
        if path == "/call/end":
            first, self._ended = not self._ended, True
            self._leave()
            stored = first and not self.quirks.refuses
            return _answer(200, {"call_id": body.get("call_id"), "stored": stored})
        if path == "/process_audio":
            return _answer(200, {"call_id": body.get("call_id"), "user_text": ""})
        if path == "/call/transferred":
            return _answer(200, {"call_id": body.get("call_id"), "transfer": body.get("transfer")})
        if path == "/call/transfer" and self._desk is not None:
            return _answer(200, self._desk.directed(body))
        if self._ended:
            return _answer(409, {"code": "call_closed"})
        if path == "/call/start":
            told = {"call_id": body.get("call_id"), "profile": self._profile}
            refused = {"refused": "busy"} if self.quirks.refuses else {}
            return _answer(200, told | refused | ({} if self._order is None else self._order.told))
        if self.quirks.refuses:
            return self._refuse_turn(body)
        return await self._answer_turn(body)

    def _refuse_turn(self, body: dict[str, Any]) -> HttpResponse:
        if not isinstance(body.get("start"), dict):
            return _answer(409, {"code": "call_closed"})
        told = {"turn": body["turn"], "user_text": body["user_text"], "ai_text": BUSY}
        told |= {"action": "hangup", "outcome": "answered", "patience_ms": 0}
        return _answer(200, told | {"refused": "busy"})

    async def _answer_turn(self, body: dict[str, Any]) -> HttpResponse:
        reply = self.ask(int(body["turn"]), str(body["user_text"]))
        if reply is None:
            return _answer(409, {"code": "turn_conflict"})
        deadline_s = body.get("deadline_ms", 6000) / 1000
        try:
            async with asyncio.timeout(deadline_s):
                await reply.done.wait()
        except TimeoutError:
            self.stop(reply, "")
            if not reply.text:
                reply.text, reply.outcome = APOLOGY, "apologised"
        told = {"turn": reply.number, "user_text": reply.asked, "ai_text": reply.text}
        told |= {"action": reply.action, "outcome": reply.outcome}
        return _answer(200, told | {"patience_ms": reply.patience_ms})

    # ---- turns -----------------------------------------------------------------------------------

    def ask(self, number: int, text: str) -> Reply | None:
        """The answer to a turn, begun now or before; None where the number cannot be."""
        known = self.replies.get(number)
        if known is not None and known.asked == text:
            return known
        newest = max(self.replies, default=0)
        if known is not None or number < newest or not text.strip():
            if known is not None:  # an older number may well have been on its way for long
                self.conflicts.append(f"turn {number} was «{known.asked}», then «{text}»")
            return None
        for older in self.replies.values():
            self.stop(older, "superseded")
        reply = self.replies[number] = Reply(number, text)
        reply.making = asyncio.create_task(self._make(reply))
        return reply

    def stop(self, reply: Reply, outcome: str) -> None:
        """Nobody waits for the rest of it."""
        if reply.done.is_set():
            return
        if reply.making is not None:
            reply.making.cancel()
        unheard = outcome == "superseded"
        reply.settle("" if unheard else " ".join(reply.phrases), outcome or "answered")

    async def _make(self, reply: Reply) -> None:
        rng, number = self._rng, reply.number
        if any(word in reply.asked for word in DICTATED):
            reply.patience_ms = PATIENCE_MS
        await asyncio.sleep(self._first_s * rng.uniform(0.5, 1.5))
        wild = asyncio.get_running_loop().time() < self._calm_s
        if rng.random() < self._sorry and wild:
            await asyncio.sleep(rng.uniform(0, 4))
            reply.settle(APOLOGY, "apologised")
            return
        if self._desk is not None and "оператор" in reply.asked:
            reply.phrases.append(PUT_THROUGH)
            if self._stream is not None:
                self._stream.say(reply)
            reply.settle(PUT_THROUGH, action="transfer")
            return
        goodbye = "спасибо" in reply.asked and rng.random() < 0.2
        parts = [FAREWELL] if goodbye else rng.sample(SENTENCES, self._parts)
        for place, part in enumerate(parts):
            part = self.quirks.said(part, self._chance)
            reply.phrases.append(part if place or goodbye else f"Ответ {number}: {part}")
            if self._stream is not None:
                self._stream.say(reply)
            usual_s = rng.uniform(0.05, 0.8)
            # Who asks calmly is answered in good time: that, too, is judged.
            await asyncio.sleep(self.quirks.pause_s(usual_s, self._chance) if wild else usual_s)
        reply.settle(" ".join(reply.phrases), action="hangup" if goodbye else "listen")

    # ---- the stream ------------------------------------------------------------------------------

    async def connect(self, request: SocketRequest) -> AsgiSocket:
        return await opened(scripted(self._talk, request))

    async def _talk(self, end: ServerEnd) -> None:
        await Stream(self, end).run()

    def attach(self, stream: Stream, message: dict[str, Any]) -> int:
        """0, or the code with which the stream is refused."""
        if self._ended:
            return 4409
        if not self._known and not isinstance(message.get("start"), dict):
            return 4404
        self._known = True
        if self._stream is not None:
            self._stream.leave(4409)
        self._stream = stream
        return 0

    def detach(self, stream: Stream) -> None:
        if self._stream is stream:
            self._stream = None

    def _leave(self) -> None:
        for reply in self.replies.values():
            self.stop(reply, "caller_gone")
        if self._stream is not None:
            self._stream.leave(4409)


class Stream:
    """One connection of the call's stream."""

    def __init__(self, home: StandIn, end: ServerEnd) -> None:
        self._home = home
        self._end = end
        self._out: asyncio.Queue[dict[str, Any] | int] = asyncio.Queue()  # messages, or the end
        self._seen = self._told = 0
        self._held: dict[int, dict[str, Any]] = {}
        self._gap: asyncio.TimerHandle | None = None
        self._said: dict[int, int] = {}  # phrases of a turn that have gone out
        self._tasks: set[asyncio.Task[Any]] = set()
        self._take: Callable[[dict[str, Any]], None] = self._begin

    async def run(self) -> None:
        writing = asyncio.create_task(self._write())
        reading = self._spawn(self._read())
        try:
            await writing
        finally:
            self._home.detach(self)
            reading.cancel()
            if self._gap is not None:
                self._gap.cancel()

    def leave(self, code: int) -> None:
        self._out.put_nowait(code)

    def say(self, reply: Reply) -> None:
        """The phrases that have not been said here."""
        first = self._said.get(reply.number)
        if first is None:
            return  # not asked here
        for place in range(first, len(reply.phrases)):
            text = reply.phrases[place]
            self._put("say", turn=reply.number, phrase=place + 1, text=text)
        self._said[reply.number] = len(reply.phrases)

    # ---- reading ---------------------------------------------------------------------------------

    async def _read(self) -> None:
        while True:
            try:
                async with asyncio.timeout(SILENT_S):
                    text = await self._end.receive()
            except TimeoutError:
                self.leave(4400)
                return
            if isinstance(text, Closed):
                self.leave(1000)
                return
            message = fields(text)
            self._held.setdefault(message.get("seq", 0), message)
            while self._seen + 1 in self._held:
                self._seen += 1
                self._take(self._held[self._seen])
            self._held = {seq: m for seq, m in self._held.items() if seq > self._seen}
            self._watch_gap()

    def _watch_gap(self) -> None:
        if not self._held and self._gap is not None:
            self._gap.cancel()
            self._gap = None
        elif self._held and self._gap is None:
            self._gap = asyncio.get_running_loop().call_later(GAP_S, self.leave, 4400)

    def _begin(self, message: dict[str, Any]) -> None:
        code = self._home.attach(self, message)
        if code:
            self.leave(code)
            return
        if self._home.quirks.refuses:
            self._put("ready", version=1, refused="busy", text=BUSY)
            self.leave(1000)
            return
        self._take = self._go_on
        self._put("ready", version=1)
        if self._home.dismissed_s is not None:
            loop = asyncio.get_running_loop()
            loop.call_at(max(loop.time(), self._home.dismissed_s), self._put, "hangup")

    def _go_on(self, message: dict[str, Any]) -> None:
        kind, number = message.get("type"), message.get("turn")
        if kind == "ping":
            self._put("pong")
        elif kind == "final" and isinstance(number, int):
            self._spawn(self._answer(number, message))
        elif kind == "interim" and any(word in message["text"] for word in DICTATED):
            self._put("listen", turn=number, patience_ms=PATIENCE_MS)
        elif kind == "phrase_interrupted" and number in self._home.replies:
            self._home.stop(self._home.replies[number], "")
        elif kind == "ended":
            self.leave(1000)

    async def _answer(self, number: int, message: dict[str, Any]) -> None:
        reply = self._home.ask(number, message["text"])
        if reply is None:
            self._put("failed", turn=number, code="turn_conflict", message="")
            return
        self._put("accepted", turn=number)
        self._said[number] = message.get("have", 0)
        self.say(reply)
        await reply.done.wait()
        unheard = reply.outcome == "superseded"
        told = {"turn": number, "text": reply.text, "outcome": reply.outcome}
        told |= {"phrases": 0 if unheard else len(reply.phrases), "action": reply.action}
        self._put("answered", **told, patience_ms=reply.patience_ms)

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # ---- writing ---------------------------------------------------------------------------------

    def _put(self, kind: str, **told: Any) -> None:
        self._told += 1
        self._out.put_nowait({"type": kind, "seq": self._told, **told})

    async def _write(self) -> None:
        while True:
            message = await self._out.get()
            if isinstance(message, int):
                await self._end.close(message)
                return
            await self._end.send(_encode(message).decode())


def drawn_profile(rng: random.Random) -> dict[str, Any]:
    """What one company's profile may be like, as far as the scenario does something with it."""
    return {
        "name": "simulated",
        "stream": rng.random() < 0.8,
        "barge_in": {"mode": "vad" if rng.random() < 0.15 else "asr"},
        "realtime_voice": "Anna" if rng.random() < 0.15 else "",
        "recording": {"enabled": rng.random() < 0.2, "stereo": True},
        "limits": {"close_ms": rng.choice([700, 1500]), "stall_ms": 3000},
        "texts": {"apology": APOLOGY},
    }


def _answer(status: int, told: dict[str, Any]) -> HttpResponse:
    return HttpResponse(status, _encode(told), (("content-type", "application/json"),))
