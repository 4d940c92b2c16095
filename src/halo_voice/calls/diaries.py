"""The traces of live calls: held in memory while they last, kept when they end.

A step costs a call an entry in a list; nothing is written before the call is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from halo_voice.core.errors import StoreError
from halo_voice.core.trace import Step, Trace, Traces

STEPS_MAX = 500
"""Of one call: four times what the longest one usually has."""

CALLS_MAX = 2_000
IDLE_S = 30 * 60.0
"""A call of which nothing was heard for so long ended elsewhere: what is known of it is kept."""

VALUE_CHARS = 120
_log = structlog.get_logger(__name__)


class Diary:
    """Of one call, in this process."""

    __slots__ = ("_clock", "_from_s", "begun_at", "last_s", "steps")

    def __init__(self, begun_at: datetime, clock: Callable[[], float]) -> None:
        self.begun_at = begun_at
        self._clock = clock
        self._from_s = self.last_s = clock()
        self.steps: list[tuple[int, str, int, int, str]] = []  # as in a `Step`

    def add(
        self,
        what: str,
        turn: int = 0,
        phrase: int = 0,
        value: str = "",
        *,
        at_s: float | None = None,
    ) -> None:
        """Note a step; `value` holds figures and names of ours, never a word that was said.

        `at_s`: when it was, by the loop's clock; now without it.
        """
        self.last_s = then_s = self._clock()
        if len(self.steps) < STEPS_MAX:
            if at_s is not None:
                then_s = max(at_s, self._from_s)
            self.steps.append((int((then_s - self._from_s) * 1000), what, turn, phrase, value))

    def add_once(self, what: str, turn: int) -> None:
        """Note it unless it is what came last, too."""
        if not self.steps or self.steps[-1][1:3] != (what, turn):
            self.add(what, turn)

    def trace(self) -> Trace:
        lines = [
            Step(*where, one_line(value) if value else "").line() for *where, value in self.steps
        ]
        return Trace(self.begun_at, lines)


class Diaries:
    """The diaries of this process's calls. `now` gives the UTC time."""

    def __init__(
        self, traces: Traces, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._traces = traces
        self._now = now
        self._known: dict[str, Diary] = {}
        self._keeping: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._known)

    @staticmethod
    def clock() -> float:
        """The loop's, in seconds."""
        return asyncio.get_running_loop().time()

    def of(self, call_id: str) -> Diary:
        """The call's; of a call that is known."""
        diary = self._known.get(call_id)
        if diary is None:
            self._make_room()
            diary = self._known[call_id] = Diary(self._now(), asyncio.get_running_loop().time)
        return diary

    def audible(self, call_id: str) -> tuple[int, int] | None:
        """The newest answer that a live caller hears, or has heard: its turn, and how long the
        caller waited for it, in ms. None where no stream of this process has told of one."""
        diary = self._known.get(call_id)
        for _, what, turn, phrase, value in reversed(diary.steps if diary else ()):
            if what == "sounding" and phrase == 1 and value.isdecimal():
                return turn, int(value)
        return None

    def begin(self, call_id: str, *, admitted: bool) -> None:
        """A call is let in, or told so again; one that is not has no trace."""
        if admitted:
            self.of(call_id).add_once("started", 0)

    def end(self, call_id: str, why: str = "") -> None:
        """The call is over, or is so here: what is known of it is kept, soon, and nobody waits for
        it. `why`: the end is this one's to tell."""
        if why:
            self.of(call_id).add("ended", value=why)
        diary = self._known.pop(call_id, None)
        if diary is None:
            return
        keeping = asyncio.create_task(self._keep(call_id, diary))
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)

    async def close(self) -> None:
        """Keep all there is: the calls go on elsewhere."""
        for call_id in list(self._known):
            self.end(call_id)
        await asyncio.gather(*self._keeping)

    async def _keep(self, call_id: str, diary: Diary) -> None:
        try:
            await self._traces.keep(call_id, diary.trace())
        except StoreError as error:
            _log.warning("trace_unwritten", call_id=call_id, code=error.code)

    def _make_room(self) -> None:
        oldest_s = self.clock() - IDLE_S
        idle = [i for i, diary in self._known.items() if diary.last_s < oldest_s]
        crowd = list(self._known)[: max(0, len(self._known) - CALLS_MAX + 1)]
        for call_id in {*idle, *crowd}:
            self.end(call_id)


def one_line(value: str) -> str:
    """What came from outside as a value: bounded, and no line of its own."""
    return " ".join(value[:VALUE_CHARS].split())
