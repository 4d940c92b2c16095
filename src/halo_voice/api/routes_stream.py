"""The stream of a call: one WebSocket, each message one method of the call. Decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import structlog

from halo_voice.api import wire
from halo_voice.api.gate import UNFORESEEN, App, where
from halo_voice.api.outbox import Outbox
from halo_voice.api.sequence import Sequence, TooManyHeld
from halo_voice.api.websocket import DIRECT, AsgiSocket, Receive, Send, Socket
from halo_voice.calls.call import Call
from halo_voice.calls.diaries import Diaries, Diary
from halo_voice.calls.switchboard import Switchboard
from halo_voice.calls.turn import Heard
from halo_voice.core.admission import BUSY
from halo_voice.core.errors import CallClosed, CallRefused, HaloError, UnknownCall, UnusableText
from halo_voice.core.patience import patience_ms
from halo_voice.core.ports import CallStart, Outcome, TurnRecord

SILENT_S_MAX = 10.0
"""The scenario pings every 5 s: who misses two is gone."""

GAP_S_MAX = 2.0
ASKING_MAX = 32
"""Turns asked and not answered yet: far more than a call has."""

FAREWELL_S = 1.0
"""So long a stream that ends waits for a reader to take what is left, in seconds."""

_TRACED: dict[type, tuple[str, str]] = {
    wire.Interim: ("hearing", ""),
    wire.Revised: ("revised", ""),
    wire.PhraseStarted: ("sounding", "audible_ms"),
    wire.PhraseFinished: ("heard", ""),
    wire.PhraseInterrupted: ("interrupted", "heard_ms"),
    wire.PhraseResumed: ("resumed", ""),
    wire.Key: ("key", ""),
    wire.Silence: ("silence", "count"),
    wire.Ended: ("gone", ""),
}
"""What each message is in a call's trace, and which of its fields is told there."""

_log = structlog.get_logger(__name__)


def stream_app(switchboard: Switchboard, diaries: Diaries) -> App:
    """`/stream`."""

    async def serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        offered = scope.get("subprotocols", [])
        if offered and wire.PROTOCOL not in offered:
            return await send({"type": "websocket.close", "code": 1002})
        chosen = wire.PROTOCOL if offered else None
        await send({"type": "websocket.accept", "subprotocol": chosen})
        # uvicorn's own connection spares a queue, two tasks and several futures a message.
        direct = scope.get("extensions", {}).get(DIRECT)
        await Stream(switchboard, diaries, direct or AsgiSocket(receive, send)).run()

    return serve


class _End(NamedTuple):
    """Why a stream ends. Without a code: the other side is gone."""

    code: int | None
    reason: str = ""


class _Asking(NamedTuple):
    """A turn that was asked here, and who is told its end."""

    asked: wire.Final
    answering: asyncio.Task[TurnRecord]
    told: Callable[[asyncio.Task[TurnRecord]], None]


class Stream:
    """A `Listener` of its call and the `Reader` of its socket.

    Its end stops no turn: the scenario asks again, on another stream or over HTTP.
    """

    def __init__(self, switchboard: Switchboard, diaries: Diaries, socket: Socket) -> None:
        self._switchboard = switchboard
        self._diaries = diaries
        self._diary: Diary | None = None
        self._meter = switchboard.meter
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._call: Call | None = None
        self._order: Sequence[wire.Up | None] = Sequence()
        self._heard_at = self._loop.time()
        self._gap_due: float | None = None
        self._watching: asyncio.TimerHandle | None = None
        self._outbox = Outbox(socket)
        self._beginning: asyncio.Task[None] | None = None
        self._early: list[wire.Up | None] = []  # came while the call was being looked for
        self._asking: list[_Asking] = []
        self._end: asyncio.Future[_End] = self._loop.create_future()
        self._draining = False

    async def run(self) -> None:
        """Serve the stream to its end."""
        self._meter.stream_opened()
        self._watch()
        self._socket.listen(self)
        try:
            end = await self._end
            over = end.code in (1000, 1012) or (end.code == 4409 and end.reason == "")
            self._meter.stream_closed(lost=not over)
            await self._leave(end)
        finally:
            self._socket.listen(None)
            if self._watching is not None:
                self._watching.cancel()
            if self._beginning is not None:
                self._beginning.cancel()
            self._forget()
            if self._call is not None:
                self._call.detach(self)
                self._step("left")
                self._call = None  # it may know us still, and only the collector parts a pair

    def _forget(self) -> None:
        """The turns go on, but this stream tells nothing of them any more."""
        for each in self._asking:
            each.answering.remove_done_callback(each.told)
        self._asking = []

    async def _leave(self, end: _End) -> None:
        """Send what waits and say goodbye, to whoever still reads."""
        self._forget()
        self._outbox.close()
        if end.code is None:
            return
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self._outbox.flush()
                await self._socket.close(end.code, end.reason[:120])
        except (TimeoutError, OSError):
            pass  # nobody reads any more

    def _stop(self, code: int | None, reason: str = "") -> None:
        if not self._end.done():
            self._end.set_result(_End(code, reason))

    def _fail(self, error: Exception) -> None:
        """End the stream with what went wrong."""
        match error:
            case wire.BadMessage():
                _log.error("message_unusable", alarm=True)
                self._switchboard.alarms.raised("request_unusable")
                self._stop(4400, error.message)
            case TooManyHeld():
                self._stop(4400, "Messages are missing.")
            case UnknownCall():
                self._stop(4404, error.message)
            case CallClosed():
                self._stop(4409, error.message)
            case _:
                _log.error("stream_failed", **where(error))
                self._stop(1011)

    # ---------------------------------------------------------------- what comes on the socket

    def heard(self, text: str | bytes | None) -> None:
        if self._end.done():
            return
        self._heard_at = self._loop.time()
        try:
            for message in self._in_order(text):
                self._take(message)
        except Exception as error:
            # The top of a message: whatever was not foreseen ends its stream.
            self._fail(error)

    def gone(self, fault: Exception | None) -> None:
        if fault is None or isinstance(fault, OSError):  # the connection is gone
            self._stop(None)
        elif not self._end.done():
            self._fail(fault)

    def resumed(self) -> None:
        self._outbox.resume()

    def _in_order(self, text: str | bytes | None) -> list[wire.Up | None]:
        if text is None:
            raise wire.BadMessage("A binary frame: send JSON as text.")
        ready = self._order.take(*wire.decode(text))
        if not self._order.gap:
            self._gap_due = None
        elif ready or self._gap_due is None:
            self._gap_due = self._loop.time() + GAP_S_MAX
            self._watch()
        return ready

    def _watch(self) -> None:
        """End the stream if nothing, or not what is missing, has come for too long."""
        if self._watching is not None:
            self._watching.cancel()
        due = self._heard_at + SILENT_S_MAX
        if self._gap_due is not None:
            due = min(due, self._gap_due)
        if self._loop.time() >= due:
            self._stop(4400, "Nothing was heard for too long.")
        else:
            self._watching = self._loop.call_at(due, self._watch)

    def _take(self, message: wire.Up | None) -> None:
        call = self._call
        if call is None:
            return self._before(message)
        self._trace(message)
        match message:
            case wire.Final():
                self._answer(call, message)
            case wire.Interim():
                call.foresee(message.turn, message.text, quiet=message.quiet)
            case wire.PhraseStarted():
                times = {"voice_ms": message.voice_ms, "audible_ms": message.audible_ms}
                known = {name: value for name, value in times.items() if value is not None}
                call.phrase_started(message.turn, message.phrase, known)
            case wire.PhraseFinished():
                call.phrase_finished(message.turn, message.phrase)
            case wire.PhraseInterrupted():
                call.phrase_interrupted(message.turn, message.phrase, message.heard)
            case wire.Revised():
                call.revise(message.turn, message.text)
            case wire.Ping():
                self._put(wire.Pong())
            case wire.Ended():
                call.gone()
                self._stop(1000)
            case _:
                self._count(message)

    def _count(self, message: wire.Up | None) -> None:
        """What changes nothing in the call. A newer scenario may say more: that is nothing here."""
        match message:
            case wire.PhraseResumed():
                self._meter.interrupted(real=False)
            case wire.Key():
                self._meter.key_pressed()
            case wire.Silence():
                self._meter.reprompted()

    def _before(self, message: wire.Up | None) -> None:
        """A message to nobody yet: the first one, or one that has to wait."""
        if self._beginning is not None:
            return self._early.append(message)
        if not isinstance(message, wire.CallMessage):
            raise wire.BadMessage("The first message of a stream is `call`.")
        start = message.start
        if start is not None and start.call_id != message.call_id:
            raise wire.BadMessage("start is of another call.")
        begun = CallStart(message.call_id) if start is None else start.begun()
        self._socket.hold(reading=False)
        self._beginning = asyncio.create_task(self._begin(begun, opens=start is not None))

    async def _begin(self, start: CallStart, *, opens: bool) -> None:
        try:
            self._call = await self._switchboard.attach(self, start, opens=opens)
            self._diary = self._diaries.of(start.call_id)
            self._step("joined")
            self._put(wire.Ready())
            if self._call.ending:
                self.hang_up()
            early, self._early = self._early, []
            for message in early:
                self._take(message)
        except CallRefused as refused:
            self._put(wire.Ready(refused=BUSY, text=refused.said))
            self._stop(1000)
        except Exception as error:
            # The top of a stream's beginning: without a call there is no stream.
            self._fail(error)
        finally:
            self._socket.hold(reading=True)

    # --------------------------------------------------------------------------------- turns

    def _answer(self, call: Call, asked: wire.Final) -> None:
        for note in asked.notes:
            call.note(note.turn, note.heard, note.of(call.call_id).latency)
        if not asked.text.strip():
            return self._failed(asked, UnusableText("text is blank: send what the caller said."))
        if len(self._asking) >= ASKING_MAX:
            raise wire.BadMessage("Too many turns are asked at once.")
        sure = "" if asked.confidence is None else f" {asked.confidence:.2f}"
        self._step("asked", asked, asked.closed + sure)
        said = asked.turn, asked.text, asked.confidence, asked.deadline_ms / 1000
        try:
            answering = call.ask(Heard(*said, asked.have, asked.asr_ms, asked.cut), self)
        except Exception as error:
            return self._failed(asked, error)
        told = partial(self._told, call, asked)
        self._asking.append(_Asking(asked, answering, told))
        answering.add_done_callback(told)

    def _told(self, call: Call, asked: wire.Final, answering: asyncio.Task[TurnRecord]) -> None:
        """One turn is at its end: exactly one `answered` or `failed`."""
        self._asking = [each for each in self._asking if each.asked is not asked]
        if not answering.cancelled():
            fault = answering.exception()
            if fault is None:
                self._answered(call, asked, answering.result())
            else:
                self._failed(asked, fault)
        if self._draining and not self._asking:
            self._stop(1012)

    def _answered(self, call: Call, asked: wire.Final, turn: TurnRecord) -> None:
        phrases = call.phrases(turn.turn)
        self._step("answered", turn, f"{turn.outcome} {turn.source}")
        unheard = turn.outcome is Outcome.SUPERSEDED
        self._put(
            wire.Answered(
                turn=turn.turn,
                phrases=0 if unheard else asked.have + 1 if phrases is None else phrases,
                action=turn.action,
                outcome=turn.outcome,
                text=turn.reply,
                patience_ms=patience_ms(turn.reply),
            )
        )

    def _failed(self, asked: wire.Final, error: BaseException) -> None:
        if not isinstance(error, HaloError):
            # The top of a turn: whatever was not foreseen is one line of the log, and this.
            _log.error("turn_failed", **where(error))
            error = UNFORESEEN
        self._step("failed", asked, error.code)
        self._put(wire.Failed(turn=asked.turn, code=error.code, message=error.message))

    # ------------------------------------------------------------------- listening to the call

    def accepted(self, turn: int) -> None:
        self._put(wire.Accepted(turn=turn))

    def say(self, turn: int, phrase: int, text: str) -> None:
        if self._diary is not None:
            self._diary.add("given", turn, phrase)
        self._put(wire.Say(turn=turn, phrase=phrase, text=text))

    def clear(self, turn: int) -> None:
        if self._diary is not None:
            self._diary.add("cleared", turn)
        self._put(wire.Clear(turn=turn))

    def listen(self, turn: int, patience_ms: int) -> None:
        self._put(wire.Listen(turn=turn, patience_ms=patience_ms))

    def hang_up(self) -> None:
        self._step("hangup")
        self._put(wire.Hangup())

    def transfer(self) -> None:
        self._step("transfer")
        self._put(wire.Transfer())

    def leave(self, *, closed: bool) -> None:
        self._stop(4409, "" if closed else "A newer stream of this call has taken over.")

    def drain(self) -> None:
        self._draining = True
        if not self._asking:
            self._stop(1012)

    # ------------------------------------------------------------------------------- writing

    def _trace(self, message: wire.Up | None) -> None:
        """What came up, unless it says nothing of the call or is noted where it is done."""
        traced = _TRACED.get(type(message))
        if traced is None:
            return
        what, field = traced
        if what != "hearing":
            value = getattr(message, field) if field else None
            self._step(what, message, "" if value is None else value)
        elif self._diary is not None:
            self._diary.add_once(what, getattr(message, "turn", 0))

    def _step(self, what: str, of: Any = None, value: object = "") -> None:
        """One line of the call's trace; `of`: what has a turn, and perhaps a phrase."""
        if self._diary is not None:
            turn, phrase = getattr(of, "turn", 0), getattr(of, "phrase", 0)
            self._diary.add(what, turn, phrase, str(value))

    def _put(self, message: wire.Down) -> None:
        if not self._outbox.put(message):
            self._stop(4429, "Messages are not read as fast as they are sent.")
