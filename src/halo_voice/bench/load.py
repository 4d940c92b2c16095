"""The process that plays the callers: obeys a line a command, tells its state a line at a time.

Commands on stdin: `warm` (a few short calls), `load` (all callers, until told otherwise), `stop`
(finish the turns under way, end the calls, write the records, exit). A closed stdin is `stop`.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
from array import array
from pathlib import Path

import msgspec

from halo_voice.bench.caller import WAYS, Place, Plan, Turn

WARM_CALLS, WARM_TURNS = 16, 2
RAMP_CALLS_A_S = 100
TICK_S = 0.005
TELL_S = 0.5


class State(msgspec.Struct):
    """A line on stdout: `open` calls, `turns` answered so far; `ready`: all callers have come."""

    ready: bool
    open: int
    turns: int
    faults: int


class Played(msgspec.Struct):
    """The records: late timers of this process in ms, its CPU while loaded, every turn."""

    turns: list[Turn]
    faults: dict[str, int]
    late_ms: list[float]
    cpu_ms_a_turn: float


class Load:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.place = Place(plan)
        self.seated = 0
        self._cpu_s = 0.0
        self._callers: list[asyncio.Task[None]] = []
        self._late_s = array("d")

    async def warm(self) -> None:
        """Short calls, so that what a server makes once is made."""
        plan = self.place.plan
        self.place.plan = msgspec.structs.replace(plan, think_s=0.0)
        await asyncio.gather(
            *(WAYS[plan.way](self.place).play(WARM_TURNS) for _ in range(WARM_CALLS))
        )
        self.place.plan = plan
        self.place.turns.clear()

    def begin(self) -> None:
        self._cpu_s = _cpu_s()
        self._callers = [
            asyncio.create_task(self._caller(number)) for number in range(self.plan.calls)
        ]

    async def _caller(self, number: int) -> None:
        """One caller after the other on the same seat, the first in the middle of a call."""
        if not await self.place.pause(number / RAMP_CALLS_A_S):
            return
        turns = self.place.chance.randint(1, self.plan.turns)
        call = WAYS[self.plan.way](self.place)
        await call.play(turns, self._seat)
        while not self.place.stopped.is_set():
            await WAYS[self.plan.way](self.place).play(self.plan.turns)
            await self.place.pause(0.05)  # not a storm, should every call be refused

    def _seat(self) -> None:
        self.seated += 1

    async def finish(self) -> Played:
        self.place.stopped.set()
        await asyncio.gather(*self._callers)
        self.place.http.close()
        turns = self.place.turns
        cpu_ms = (_cpu_s() - self._cpu_s) * 1000 / max(1, len(turns))
        late_ms = [late * 1000 for late in self._late_s]
        return Played(turns, dict(self.place.faults), late_ms, cpu_ms)

    async def watch(self) -> None:
        """How late timers of this process are: what is late in a figure may be the measure's."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + TICK_S, loop.time())
            await asyncio.sleep(due - loop.time())
            self._late_s.append(max(0.0, loop.time() - due))

    async def tell(self) -> None:
        while True:
            place = self.place
            state = State(
                ready=self.seated >= self.plan.calls,
                open=place.open,
                turns=len(place.turns),
                faults=place.faults.total(),
            )
            _print(state)
            await asyncio.sleep(TELL_S)


def _print(state: msgspec.Struct) -> None:
    sys.stdout.write(msgspec.json.encode(state).decode() + "\n")
    sys.stdout.flush()


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def obey(plan: Plan) -> Played:
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    load = Load(plan)
    telling = asyncio.create_task(load.tell())
    watching = None
    while (command := (await commands.readline()).strip()) not in (b"", b"stop"):
        if command == b"warm":
            await load.warm()
            sys.stdout.write("warm\n")
            sys.stdout.flush()
        elif command == b"load":
            load.begin()
            watching = asyncio.create_task(load.watch())
    if watching is not None:
        watching.cancel()
    played = await load.finish()
    telling.cancel()
    return played


def main() -> None:
    plan = msgspec.json.decode(sys.argv[1], type=Plan)
    gc.disable()  # the run is short; a pause would be counted as the server's
    try:
        import uvloop
    except ImportError:
        played = asyncio.run(obey(plan))
    else:
        played = uvloop.run(obey(plan))
    Path(sys.argv[2]).write_bytes(msgspec.msgpack.encode(played))


if __name__ == "__main__":
    main()
