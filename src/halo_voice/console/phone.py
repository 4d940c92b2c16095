"""One call of the browser phone: the shipped scenario in the simulator, in real time."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from halo_voice.console.faulty import DOWN, IN_CALL, SILENT_MODEL, FaultyNetwork, SilentModel
from halo_voice.console.look import Look
from halo_voice.console.narrator import Narrator
from halo_voice.core.profile import Profile
from halo_voice.simulator import (
    AsgiNetwork,
    Faults,
    Line,
    Recogniser,
    ScriptedCaller,
    Spread,
    Voice,
    place_call,
)
from halo_voice.simulator.recogniser import PROMPT, TARDY, VENDORS

HOST = "localhost"  # the gate lets nobody else in without a signature
CALLS_MAX = 4
CALL_MS_MAX = 15 * 60_000
KEPT_S = 60.0  # a finished call's events can be read for so long
TEXT_CHARS_MAX = 500
NOBODY = "+74950000000"  # no profile's number: the default one answers
EVENTS_MAX = 20_000

_log = structlog.get_logger(__name__)

# Hears at once what the browser has understood: its own delay is real, and enough.
AS_HEARD = Recogniser(
    "browser",
    capture=Spread(1, 0),
    endpoint=Spread(1, 0),
    final=Spread(1, 0),
    interim_every=Spread(50, 0),
)
RECOGNISERS: Mapping[str, Recogniser | None] = {
    "heard": AS_HEARD,
    "profile": None,
    "fast": PROMPT,
    "slow": TARDY,
    "noisy": Recogniser("noisy", final=Spread(1200, 0.4), rewrites=0.4),
    "yandex": VENDORS["Yandex"],
    "blind": VENDORS["YandexV3"],
}
"""By the name that the page uses."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of a call. `ms_per_character`: the pace of the browser's voice."""

    profile: str = ""
    recogniser: str = "profile"
    faults: frozenset[str] = frozenset()
    ms_per_character: float = 65.0


class Browser:
    """The caller: does what the page says. A `simulator.Caller`."""

    def __init__(self) -> None:
        self.line: Line | None = None

    def hear(self, line: Line) -> None:
        self.line = line

    def ended(self, line: Line) -> None:  # noqa: ARG002
        self.line = None


@dataclass
class PhoneCall:
    """A call as it goes on. `events` are those of `Narrator`, in their order."""

    id: str
    call_id: str
    caller: Browser = field(default_factory=Browser)
    network: FaultyNetwork | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    over: bool = False
    ended_s: float = 0.0
    task: asyncio.Task[None] | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, event: dict[str, Any]) -> None:
        if len(self.events) < EVENTS_MAX:
            self.events.append(event)
        self._news.set()

    async def follow(self, after: int = 0) -> AsyncIterator[tuple[int, dict[str, Any]]]:
        """Each event with its number, from the one behind `after` on, until the call is over."""
        number = max(0, after)
        while True:
            while number < len(self.events):
                number += 1
                yield number, self.events[number - 1]
            if self.over:
                return
            self._news.clear()
            await self._news.wait()

    # ---- what the page does ----------------------------------------------------------------------

    def say(self, text: str) -> None:
        """A typed line, said at a person's pace."""
        if self.caller.line is not None:
            self.caller.line.say(text[:TEXT_CHARS_MAX])

    def hear(self, text: str, *, over: bool) -> None:
        """What the browser's recogniser has of an utterance; `over`: it has ended."""
        line = self.caller.line
        if line is None:
            return
        line.speak_on(text[:TEXT_CHARS_MAX])
        if over:
            line.fall_silent()

    def press(self, key: str) -> None:
        if self.caller.line is not None and key in "0123456789*#" and len(key) == 1:
            self.caller.line.press(key)

    def hang_up(self) -> None:
        if self.caller.line is not None:
            self.caller.line.hang_up()
        elif self.task is not None:
            self.task.cancel()  # not answered yet

    def break_backend(self, *, down: bool) -> None:
        if self.network is not None:
            self.network.down = down
            self.tell({"type": "fault", "name": DOWN, "on": down})


class Phones:
    """The browser phones of this process."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._calls: dict[str, PhoneCall] = {}

    def find(self, phone_id: str) -> PhoneCall | None:
        return self._calls.get(phone_id)

    def place(self, wish: Wish) -> PhoneCall | None:
        """Begin a call; None when too many go on."""
        self._forget()
        if sum(not call.over for call in self._calls.values()) >= CALLS_MAX:
            return None
        call = PhoneCall(secrets.token_urlsafe(16), _new_id())
        self._calls[call.id] = call
        call.task = asyncio.create_task(self._run(call, wish), name="browser-phone")
        return call

    async def replay(self, said: Sequence[str], *, called: str) -> str:
        """The same words from a script, in virtual time; the new call's id, when it is over."""
        call_id = _new_id()
        await place_call(
            self._look.scenario,
            caller=ScriptedCaller(said),
            network=AsgiNetwork(self._look.rehearsal, HOST, raises=False),
            secrets={"HALO_URL": f"http://{HOST}"},
            callerid=_new_caller(),
            destination=called or NOBODY,
            session_id=int(call_id),
            epoch_ms=int(time.time() * 1000),
            max_ms=CALL_MS_MAX,
        )
        return call_id

    def _secrets(self) -> dict[str, str]:
        return {"HALO_URL": f"http://{HOST}", **self._look.secrets}

    async def close(self) -> None:
        tasks = [call.task for call in self._calls.values() if call.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self) -> None:
        oldest = time.monotonic() - KEPT_S
        gone = [i for i, call in self._calls.items() if call.over and call.ended_s < oldest]
        for phone_id in gone:
            del self._calls[phone_id]

    async def _run(self, call: PhoneCall, wish: Wish) -> None:
        narrator = Narrator(call.tell)
        call.tell({"type": "placed", "call_id": call.call_id})
        reason = "hang_up"
        try:
            async with self._backend(wish) as app:
                call.network = FaultyNetwork(app, HOST, down=DOWN in wish.faults)
                finished = await self._place(call, wish, narrator)
            reason = finished.finish_reason
            narrator.close(finished)
        except asyncio.CancelledError:
            reason = "cancelled"
        except Exception as error:  # the top of a call: the page has to learn that it is over
            reason = "failed"
            _log.error("phone_failed", fault=type(error).__name__)
        finally:
            call.over, call.ended_s = True, time.monotonic()
            call.tell({"type": "over", "reason": reason, "call_id": call.call_id})

    async def _place(self, call: PhoneCall, wish: Wish, narrator: Narrator) -> Any:
        assert call.network is not None
        profile = self._profile(wish.profile)
        return await place_call(
            self._look.scenario,
            caller=call.caller,
            network=call.network,
            secrets=self._secrets(),
            seed=secrets.randbelow(2**31),
            callerid=_new_caller(),
            destination=profile.numbers[0] if profile.numbers else NOBODY,
            session_id=int(call.call_id),
            faults=Faults({name: IN_CALL[name] for name in wish.faults if name in IN_CALL}),
            recogniser=RECOGNISERS.get(wish.recogniser),
            voice=Voice(ms_per_character=wish.ms_per_character),
            real_time=True,
            on_line=narrator.see,
            max_ms=CALL_MS_MAX,
        )

    def _profile(self, name: str) -> Profile:
        profiles = self._look.calls.profiles
        return profiles.named(name) or profiles.default

    @contextlib.asynccontextmanager
    async def _backend(self, wish: Wish) -> AsyncIterator[Callable[..., Any]]:
        """The app that serves live calls; a second one where its model has to be silent."""
        if SILENT_MODEL not in wish.faults:
            yield self._look.app
            return
        async with self._look.booth(SilentModel()) as app:
            yield app


def _new_id() -> str:
    """A session's number, as the platform's: digits only."""
    return str(int(time.time() * 1000) * 1000 + secrets.randbelow(1000))


def _new_caller() -> str:
    """Each a caller of its own: the calls of one number are limited."""
    return f"+7999{secrets.randbelow(10**7):07}"
