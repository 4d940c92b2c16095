"""One session of the telephony cloud: takes the scenario's commands and tells it what happens."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from halo_voice.simulator.amd import Amd
from halo_voice.simulator.caller import Caller, Pickup, SilentCaller
from halo_voice.simulator.chance import Chance, Spread
from halo_voice.simulator.clock import Clock, RealClock, Timer, VirtualClock, Wall
from halo_voice.simulator.connections import Connections
from halo_voice.simulator.engine import Command, Engine
from halo_voice.simulator.exchanges import Exchanges
from halo_voice.simulator.faults import KNOWN, Dice, Faults
from halo_voice.simulator.leg import HANG_UP, Leg
from halo_voice.simulator.network import Network
from halo_voice.simulator.orders import Orders
from halo_voice.simulator.recogniser import Recogniser
from halo_voice.simulator.report import Violation, thrown, violation
from halo_voice.simulator.smart_queue import PROMPT, Answers
from halo_voice.simulator.trace import PlaybackSpan, SpeechSpan, Trace, TraceLine
from halo_voice.simulator.voice import Voice

SCENARIO_BYTES_MAX = 128 * 1024  # a larger one cannot be uploaded
UNANSWERED_MS = 60_000  # an incoming call rings no longer
IDLE_MS = 60_000  # a session without calls ends
TOGGLED = ("Call.MicStatusChange",)  # a state that changes to and fro is told in order, if late
LAST_REQUESTS_MS = 90_000  # how long requests are waited for after terminate()
STEPS_MAX = 200_000
STEPS_AT_ONCE_MAX = 5_000  # without the clock moving
ALERT = Spread(40, 0.3)

FinishReason = Literal["Normal termination", "JS session error", "Timeout"]


@dataclass(frozen=True, slots=True)
class Control:
    """A request from outside to the session's access URL; of headers only X-* pass."""

    at_ms: int
    content: str = ""
    method: str = "POST"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class World:
    """What a session runs in: everything that is not the scenario."""

    caller: Caller
    network: Network
    chance: Chance
    faults: Faults = field(default_factory=Faults)
    voice: Voice = field(default_factory=Voice)
    recogniser: Recogniser | None = None  # None: by the profile's vendor
    callerid: str = ""
    destination: str = ""
    session_id: int = 1
    real_time: bool = False
    max_ms: int = 3_600_000
    throw_ends_session: bool = True
    storage: dict[str, tuple[str, int]] = field(default_factory=dict)
    control: Sequence[Control] = ()
    # Who picks up outgoing calls, or a failure code.
    answers: Answers | None = None
    # Nobody calls: this telephone, or whose number it is, is what the scenario calls first.
    dialled: Pickup | Callable[[str], Pickup] | None = None


class Cloud:
    """Runs from Started to Terminated. One instance, one session."""

    def __init__(self, engine: Engine, file: str, world: World, trace: Trace) -> None:
        self.world = world
        self.network = world.network
        self.voice = world.voice
        self.chance = world.chance
        self.real_time = world.real_time
        self.session_id = world.session_id
        self.storage = world.storage
        self.recogniser = world.recogniser
        self.answers = world.answers
        self.clock: Clock = RealClock() if world.real_time else VirtualClock()
        self.after = self.clock.after
        self.dice = Dice(world.faults, world.chance, self._struck, lambda: self.clock.now)
        self._wall = Wall(self.dice)
        self.exchanges = Exchanges(self)
        self.connections = Connections(self)
        self.legs: dict[str, Leg] = {}
        self.playbacks: list[PlaybackSpan] = []
        self.playbacks_made = 0
        self.speech: list[SpeechSpan] = []
        self.log: list[str] = []
        self.violations: list[Violation] = []
        self.finish_reason: FinishReason | None = None
        self.terminated_ms: int | None = None
        self._engine = engine
        self._file = file
        self._trace = trace
        self._orders = Orders(self)
        self._phase: Literal["running", "ending", "over"] = "running"
        self._idle: Timer | None = None
        self._told_ms: dict[str, int] = {}  # of each unit: when its state is told the last time

    # ---- the session's life ----------------------------------------------------------------------

    async def run(self, source: str) -> None:
        """Plays the whole session; every way ends with a finish reason."""
        try:
            await self._play(source)
        finally:  # also when the one who plays is cancelled
            for leg in self.legs.values():
                leg.end(tell=False)
            await self.exchanges.close()
            await self.connections.release()

    async def _play(self, source: str) -> None:
        size = len(source.encode())
        if size > SCENARIO_BYTES_MAX:
            text = f"the scenario has {size} bytes; {SCENARIO_BYTES_MAX} are the limit"
            self.violations.append(Violation("misuse", "", text, self._file))
        self.obey(self._engine.load(source))
        self.after(0, self._started)
        if self.world.dialled is None:
            self.after(self.chance.draw("calls", ALERT), self._alert)
        for request in self.world.control:
            self.after(request.at_ms, lambda r=request: self._controlled(r))
        self._watch_idle()
        steps = at_once = 0
        while self.finish_reason is None:
            before = self.clock.now
            timer = self.clock.take() or await self.clock.next()
            steps += 1
            at_once = at_once + 1 if self.clock.now == before else 0
            runaway = steps > STEPS_MAX or at_once > STEPS_AT_ONCE_MAX
            if timer is None or runaway or self.clock.now > self.world.max_ms:
                self._finish("Timeout")
                break
            result = timer.action() if timer.action else None
            if result is not None and inspect.isawaitable(result):
                await result

    def _started(self) -> None:
        number = self.session_id
        data = {
            "accessURL": f"http://media.simulated/request/{number}/access",
            "accessSecureURL": f"https://media.simulated/request/{number}/access",
            "logURL": f"https://logs.simulated/{number}",
            "accountId": 1,
            "applicationId": 1,
            "sessionId": number,
            "conference_name": "",
        }
        self._app("Application.Started", data)

    def _alert(self) -> None:
        if self._phase != "running":
            return
        world = self.world
        leg = self.legs["call:1"] = Leg(self, "call:1", world.caller, incoming=True)
        self._watch_idle()
        self.write("caller", f"{world.callerid} calls {world.destination}", call=leg.unit)
        facts = {
            "id": leg.unit,
            "session_call_id": f"{self.chance.stream('ids').getrandbits(64):016X}",
            "incoming": True,
            "callerid": world.callerid,
            "number": world.destination,
            "display_name": world.callerid,
            "client_type": "pstn",
            "custom_data": "",
        }
        data = {
            "name": "Application.CallAlerting",
            "callerid": world.callerid,
            "destination": world.destination,
            "displayName": world.callerid,
            "fromURI": f"sip:{world.callerid}@simulated",
            "toURI": f"sip:{world.destination}@simulated",
            "headers": {},
            "customData": "",
            "scheme": {},
        }
        self._app("Application.CallAlerting", data, call=facts)
        self.after(
            UNANSWERED_MS, lambda: leg.end(reason="No answer") if leg.state == "ringing" else None
        )

    def _controlled(self, request: Control) -> None:
        if self._phase != "running":
            return
        headers = [{"key": k, "value": v} for k, v in request.headers.items()]
        data = {"method": request.method, "path": request.path, "content": request.content}
        self._app("Application.HttpRequest", {**data, "headers": headers})

    def terminate(self) -> None:
        """The scenario wants to end: calls fall, requests are waited for, then Terminating."""
        if self._phase != "running":
            return
        self._phase = "ending"
        for leg in self.legs.values():
            leg.end(tell=False)
        self.exchanges.drop_waiting()
        self.connections.hang_up()
        self._await_requests(self.clock.now + LAST_REQUESTS_MS)

    def _await_requests(self, deadline_ms: int) -> None:
        if self.exchanges.idle or self.clock.now >= deadline_ms:
            self._terminating()
        else:
            self.after(50, lambda: self._await_requests(deadline_ms))

    def _terminating(self) -> None:
        self._app("Application.Terminating", {})
        self.after(20, self._last_request)

    def _last_request(self) -> None:
        """The one request that was allowed in Terminating is sent before the end."""
        if not self.exchanges.idle:
            self.after(20, self._last_request)
            return
        self._app("Application.Terminated", {})
        self._finish("Normal termination")

    def _finish(self, reason: FinishReason) -> None:
        if self._phase == "over":
            return
        self._phase = "over"
        for leg in self.legs.values():
            leg.end(tell=False)
        self.finish_reason = reason
        self.terminated_ms = self.clock.now
        self.write("cloud", f"session ends: {reason}")

    def _watch_idle(self) -> None:
        """A session without calls ends after a minute."""
        busy = any(leg.state != "down" for leg in self.legs.values())
        if busy and self._idle:
            self._idle.cancel()
            self._idle = None
        elif not busy and self._idle is None:
            self._idle = self.after(IDLE_MS, self._idle_end)

    def _idle_end(self) -> None:
        self.write("cloud", f"no calls for {IDLE_MS // 1000} s", idle_ms=IDLE_MS)
        self.terminate()

    # ---- to the scenario -------------------------------------------------------------------------

    def report(
        self,
        unit: str,
        event: str,
        data: Mapping[str, Any],
        *,
        who: str,
        what: str = "",
        **more: Any,
    ) -> None:
        """Tells the scenario of an event of one of its objects: next, or, by a fault, late.

        Never at once: one of its callbacks may still be running.
        """

        late = event != PROMPT and self.dice.strikes("late", event)
        delay = round(self.dice.delay_ms("late", 100, 3000)) if late else 0
        if event in TOGGLED:
            delay = max(delay, self._told_ms.get(unit, 0) - self.clock.now)
            self._told_ms[unit] = self.clock.now + delay
        told = {**data, **more, "late": delay} if delay else {**data, **more}

        def deliver() -> None:
            if self._phase == "running":
                self.write(who, what or event, event=event, unit=unit, **told)
                self._step({"type": "event", "unit": unit, "event": event, "data": data})

        self.after(delay, deliver)

    def timer_fires(self, number: int) -> None:
        if self._phase == "running":
            self.write("timer", f"timer {number} fires", timer=number)
            self._step({"type": "timer", "timer": number})

    def http_done(self, number: int, result: dict[str, Any]) -> None:
        if self._phase == "running":
            self._step({"type": "http", "request": number, "result": result})

    def settle(self, promise: int, value: Any) -> None:
        if self._phase == "running":
            self._step({"type": "settle", "promise": promise, "value": value})

    def _app(self, event: str, data: dict[str, Any], **more: Any) -> None:
        self.write("cloud", event, event=event)
        self._step({"type": "app", "event": event, "data": data, **more})

    def _step(self, event: dict[str, Any]) -> None:
        event["at"] = self._wall.shows(self.clock.now, event.get("event", event["type"]))
        self.obey(self._engine.step(event))

    # ---- from the scenario -----------------------------------------------------------------------

    def obey(self, commands: list[Command]) -> None:
        for command in commands:
            self._orders.obey(command)

    def violated(self, command: Command) -> None:
        found = violation(
            command["kind"], command["name"], command["message"], command["stack"], self._file
        )
        self.violations.append(found)
        self.write("cloud", f"violation: {found}", line=found.line)

    def failed(self, command: Command) -> None:
        """An error left the scenario: by a throw, which ends the session, or in a promise."""
        found = thrown(command["how"], command["message"], command["stack"], self._file)
        known = any(found.message.endswith(each.message) for each in self.violations)
        if not (command.get("reported") or known):
            self.violations.append(found)
        self.write(
            "cloud", f"{'JS error' if command['how'] == 'throw' else 'rejected promise'}: {found}"
        )
        if command["how"] == "throw" and self.world.throw_ends_session:
            self._finish("JS session error")

    # ---- calls -----------------------------------------------------------------------------------

    def call_out(self, unit: str, number: str, amd: Amd | None = None) -> None:
        """Somebody else's telephone rings; in a session that nobody called, the person's own."""
        draw = lambda median: self.chance.draw("calls", Spread(median))  # noqa: E731
        answers = self.world.dialled if unit == "call:1" else None
        if callable(answers):
            answers = answers(number)
        if answers is None:
            answers = self.answers(number) if self.answers else SilentCaller()
        if isinstance(answers, int):
            answers = Pickup(draw(4000), code=answers)
        elif not isinstance(answers, Pickup):
            answers = Pickup(draw(5000), answers)
        leg = Leg(self, unit, answers.person or SilentCaller(), incoming=False)
        self.legs[unit] = leg
        if amd is not None:
            amd.watch(leg, answers.verdict)
        self._watch_idle()
        ring = lambda: self.report(unit, "Call.Ringing", {"headers": {}}, who="cloud")  # noqa: E731
        self.after(min(draw(900), answers.after_ms), ring)
        if answers.person is None:
            self.after(answers.after_ms, lambda: self._call_failed(leg, answers.code))
        else:
            self.after(answers.after_ms, leg.answer)

    def _call_failed(self, leg: Leg, code: int) -> None:
        if leg.state == "ringing":
            leg.end(tell=False)
            self._watch_idle()
            data = {"code": code, "reason": "", "headers": {}}
            self.report(leg.unit, "Call.Failed", data, who="cloud", what=f"Call.Failed {code}")

    def leg_connected(self, leg: Leg) -> None:
        data = {"customData": "", "headers": {}, "scheme": {}}
        self.report(leg.unit, "Call.Connected", data, who="cloud")

    def leg_ended(self, leg: Leg, *, was_up: bool, reason: str) -> None:
        self._watch_idle()
        seconds = (
            round((self.clock.now - leg.connected_ms) / 1000) if leg.connected_ms is not None else 0
        )
        data = {
            "internalCode": 200 if was_up else 487,
            "reason": reason,
            "duration": seconds,
            "cost": 0,
            "direction": "Incoming" if leg.incoming else "Outgoing",
            "headers": {},
        }
        if self.dice.strikes("F60"):
            return
        delay = self.chance.draw("calls", HANG_UP)
        if self.dice.strikes("F25"):
            delay += self.dice.delay_ms("F25", 200, 3000)
        self.after(delay, lambda: self.report(leg.unit, "Call.Disconnected", data, who="cloud"))

    # ---- small things ----------------------------------------------------------------------------

    def write(self, who: str, what: str, **data: Any) -> None:
        self._trace.add(TraceLine(self.clock.now, who, what, data))

    def _struck(self, fault: str, subject: str, **data: Any) -> None:
        what = f"{fault}: {KNOWN[fault]}" + (f" ({subject})" if subject else "")
        self.write("fault", what, fault=fault, **data)

    def next_playback(self) -> int:
        self.playbacks_made += 1
        return self.playbacks_made
