"""The real app in this process behind a call: on the call's clock, with moods, and restarts."""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from halo_voice.app import Configuration, Halo, running
from halo_voice.core.errors import StoreError
from halo_voice.core.operators import Operator
from halo_voice.core.profile import Hours, Profiles
from halo_voice.hunt.judge import Evidence
from halo_voice.hunt.model import MoodyModel
from halo_voice.hunt.store import Disk, Handle
from halo_voice.in_process import HOST, configuration, forget_routes, quiet
from halo_voice.simulator import AsgiNetwork, Faults, HttpRequest, HttpResponse, NetworkError
from halo_voice.simulator.desk import NUMBER, QUEUE, TALK_MS, WAIT_MS
from halo_voice.simulator.faults import Dice
from halo_voice.simulator.network import IN_PROCESS, ONE_WAY
from halo_voice.simulator.sockets import AsgiSocket, Overheard, SocketRequest
from halo_voice.store import SpooledStore
from halo_voice.store.memory import MemoryStore

DOWN_S = (0.1, 1.5)  # from a process's end to the next one's beginning
KILLED_MS = 1_500  # after the request at which it strikes, at most
DRAIN_S = 8.0
SETTLE_S = 30.0  # after the call: every deadline of the backend has passed
STORE_MOODS = {"F54", "F55"}


@cache
def with_people(*, queue: bool) -> Configuration:
    """The shipped assistants with somebody to put calls through to, by telephone or by a queue."""
    one = Operator(QUEUE, "queue", wait_ms=WAIT_MS[1], priority=50) if queue else Operator(NUMBER)
    people = {"дежурный": one, "мастерская": replace(one, brief=True)}
    limits = {"talk_ms": TALK_MS}
    known = configuration()
    return replace(
        known,
        profiles=Profiles(
            replace(each, operators=people, hours=Hours(), limits=replace(each.limits, **limits))
            for each in known.profiles
        ),
    )


class Process:
    """One instance of the app from its start to its end; `death` is set when it is killed."""

    def __init__(
        self, disk: Disk, model: MoodyModel, spool: Path | None, known: Configuration
    ) -> None:
        self._known = known
        self.handle = Handle(disk)
        self.store = SpooledStore(self.handle, spool)  # type: ignore[arg-type]
        self.death: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.halo: Halo | None = None
        self._model = model
        self._network: AsgiNetwork | None = None
        self._sockets: list[AsgiSocket] = []
        self._parts = AsyncExitStack()

    async def begin(self) -> None:
        await self.store.start()
        app = running(self._known, store=self.store, model=self._model)
        self.halo = await self._parts.enter_async_context(app)
        self._network = AsgiNetwork(self.halo.web, HOST)

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Raises NetworkError, also when the process dies before it has answered."""
        assert self._network is not None
        work = asyncio.create_task(self._network.request(request))
        await asyncio.wait({work, self.death}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        work.cancel()
        raise NetworkError(-6)

    async def connect(self, request: SocketRequest) -> AsgiSocket:
        assert self._network is not None
        socket = await self._network.connect(request)
        self._sockets.append(socket)
        return socket

    async def stop(self) -> None:
        """As by SIGTERM: what was asked is answered, then the streams go."""
        assert self.halo is not None
        await self.halo.switchboard.drain(DRAIN_S)
        await self._end()

    async def kill(self) -> None:
        """As by SIGKILL: from now on nothing that it does has an effect."""
        self.handle.dead = True
        await self._end()

    async def _end(self) -> None:
        if not self.death.done():
            self.death.set_result(None)
        for socket in self._sockets:
            socket.sever()
        await self._parts.aclose()


class Backend:
    """What a call's network leads to: one process after the other over one store.

    A `simulator.SocketNetwork`. `suffer` is given the call's dice.
    """

    latency = IN_PROCESS
    way = ONE_WAY

    def __init__(
        self, seed: int, faults: Faults, *, staffed: bool = False, queue: bool = False
    ) -> None:
        self._known = with_people(queue=queue) if staffed else configuration()
        self._rng = random.Random(f"{seed}/hunt/backend")
        self._model = MoodyModel(self._rng)
        self._faults = faults
        self._dice: Dice | None = None
        self._process: Process | None = None
        self._restarting: asyncio.Task[None] | None = None
        self._began_s = 0.0
        self._until_over = AsyncExitStack()
        self._spool: Path | None = None

    async def __aenter__(self) -> Backend:
        self._until_over.enter_context(quiet())
        self._began_s = asyncio.get_running_loop().time()
        calm_ms = self._faults.until_ms
        self._disk = Disk(MemoryStore(), 10**9 if calm_ms is None else calm_ms, self.now_ms)
        if "F43" in self._faults.on and STORE_MOODS & set(self._faults.on):
            # What only memory has when the process dies is lost, as docs/reliability.md says.
            folder = self._until_over.enter_context(_folder())
            self._spool = folder / "spool"
        await self._begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._restarting is not None:
            self._restarting.cancel()
            await asyncio.gather(self._restarting, return_exceptions=True)
        if self._process is not None:
            await self._process.kill()
        await self._until_over.aclose()
        forget_routes()

    def suffer(self, dice: Dice) -> None:
        """From now on faults strike."""
        self._began_s = asyncio.get_running_loop().time()
        self._dice = self._model.dice = self._disk.dice = dice

    def now_ms(self) -> float:
        """Of the session."""
        return (asyncio.get_running_loop().time() - self._began_s) * 1000

    # ---- simulator.SocketNetwork -----------------------------------------------------------------

    async def request(self, request: HttpRequest) -> HttpResponse:
        process = self._reached(request.url)
        return await process.request(request)

    async def connect(self, request: SocketRequest) -> Overheard:
        process = self._reached(request.url)
        return Overheard(await process.connect(request), self._asked)

    def _asked(self, text: str) -> None:
        """A message comes by the stream: it may be what the process dies of."""
        if '"type":"final"' in text:
            self._fall("stream")

    def _reached(self, url: str) -> Process:
        self._fall(url)
        if self._process is None:
            raise NetworkError(-4)
        return self._process

    # ---- restarts --------------------------------------------------------------------------------

    def _fall(self, subject: str) -> None:
        """It strikes now, and takes effect somewhere in what is asked now."""
        if self._dice is None or self._restarting is not None:
            return
        if self._dice.strikes("F43", subject):
            after_ms = self._dice.delay_ms("F43", 0, KILLED_MS)
            self._restarting = asyncio.create_task(self._restart(after_ms))

    async def _restart(self, after_ms: float) -> None:
        await asyncio.sleep(after_ms / 1000)
        process, self._process = self._process, None
        if process is not None:
            await (process.kill() if after_ms < KILLED_MS / 2 else process.stop())
        await asyncio.sleep(self._rng.uniform(*DOWN_S))
        await self._begin()
        self._restarting = None

    async def _begin(self) -> None:
        process = Process(self._disk, self._model, self._spool, self._known)
        await process.begin()
        self._process = process

    # ---- afterwards ------------------------------------------------------------------------------

    async def evidence(self, call_id: str, calm_ms: int) -> Evidence:
        """What is stored and was asked, when every deadline has passed."""
        self._dice = self._model.dice = self._disk.dice = None
        await asyncio.sleep(SETTLE_S)
        process = self._process
        assert process is not None
        assert process.halo is not None
        with contextlib.suppress(StoreError):
            await process.store.recovered()
        record = await process.store.find_call(call_id)
        left = []
        if record is not None and not record.open and len(process.halo.switchboard):
            left.append("a call that is over is live")
        return Evidence(
            calm_ms=calm_ms,
            record=record,
            turns=await process.store.turns(call_id),
            asked=[((at - self._began_s) * 1000, asked) for at, asked in self._model.asked],
            left=left,
            model=self._model.name,
        )


@contextlib.contextmanager
def _folder() -> Any:
    with tempfile.TemporaryDirectory(prefix="halo-hunt-") as name:
        yield Path(name)
