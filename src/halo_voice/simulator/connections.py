"""The session's WebSockets: each opened, carrying messages both ways in their order, closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from halo_voice.simulator.chance import Spread
from halo_voice.simulator.clock import Timer
from halo_voice.simulator.network import Network, NetworkError
from halo_voice.simulator.sockets import Closed, Socket, SocketRequest
from halo_voice.simulator.stage import Stage

HANDSHAKES = 3  # TCP, TLS and HTTP: so many times there and back
HELD_MS = 1_000  # a message that waits to be overtaken waits no longer
UNANSWERED_CLOSE_MS = 10_000  # inferred: then a close that nobody answers is over
PROBLEMS = {-2: "malformed address", -3: "host not found", -6: "the server does not accept it"}

Work = Callable[[], Coroutine[Any, Any, None]]


class Dialler(Stage, Protocol):
    """Who has a way to the backend."""

    network: Network


class Way:
    """One direction of a connection: what is sent first arrives first, unless a fault strikes."""

    def __init__(self, arrow: str) -> None:
        self.arrow = arrow
        self.due_ms = 0
        self.held: tuple[Timer, Callable[[], object]] | None = None


class Connections:
    """All sockets of one session, by the name of their unit."""

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler
        self._all: dict[str, Connection] = {}

    def __getitem__(self, unit: str) -> Connection:
        return self._all[unit]

    def open(self, command: dict[str, Any]) -> None:
        request = SocketRequest(
            command["url"],
            tuple((name, value) for name, value in command["headers"]),
            tuple(command["protocols"]),
        )
        connection = Connection(self._dialler, command["socket"], request)
        self._all[command["socket"]] = connection
        connection.start(statistics=command["statistics"])

    def hang_up(self) -> None:
        """The session ends: every server is told, the scenario is not."""
        for connection in self._all.values():
            connection.hang_up()

    async def release(self) -> None:
        for connection in self._all.values():
            await connection.release()


class Connection:
    """One socket. In virtual time the clock stands until the server has had its say."""

    def __init__(self, dialler: Dialler, unit: str, request: SocketRequest) -> None:
        self.unit = unit
        self.state = "connecting"  # → open → closing → closed
        self._stage = dialler
        self._network = dialler.network
        self._request = request
        self._socket: Socket | None = None
        self._out, self._in = Way("→"), Way("←")
        self._dumb = False  # half open: nothing arrives any more, at either end
        self._settling_at: float | None = None  # real seconds: the clock stands since then
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, *, statistics: bool) -> None:
        data = {"statisticsUrl": f"https://logs.simulated/{self.unit}"} if statistics else {}
        self._report("Created", data, f"socket to {self._request.url}")
        self._stage.after(0, self._begin(self._connect))

    def send(self, text: str) -> None:
        """Inferred: what is sent into a connection that has just gone is lost in silence."""
        self._stage.write("backend", f"→ «{text}»", socket=self.unit, message=text)
        if self.state == "open" and self._socket is not None:
            self._carry(self._out, text, self._begin(lambda: self._deliver(text)))
        else:
            self._stage.write("cloud", "lost: the connection is gone", socket=self.unit)

    def close(self) -> None:
        self._stage.write("scenario", f"{self.unit} close")
        if self.state == "connecting":
            self._stage.after(0, lambda: self._finish(Closed(1006)))
        elif self.state == "open":
            self.state = "closing"
            if self._dumb:
                self._stage.after(UNANSWERED_CLOSE_MS, lambda: self._finish(Closed(1006)))
            else:
                self._later(self._out, self._begin(self._shake_hands))

    def hang_up(self) -> None:
        if self.state in ("connecting", "open"):
            self.state = "closed"
            if self._socket is not None and not self._dumb:
                self._stage.write("cloud", f"{self.unit} closed with the session")
                self._stage.after(0, self._begin(lambda: self._tell_server(1001)))

    async def release(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            if self.state != "closed" and not self._dumb:
                await self._socket.close(1001)
            await self._socket.release()

    # ---- opening ---------------------------------------------------------------------------------

    async def _connect(self) -> None:
        delay = sum(self._draw() for _ in range(HANDSHAKES * 2))
        if self._stage.dice.strikes("refused", self._request.url):
            self._stage.after(delay, lambda: self._fail("connection error"))
            return
        # A network of a test may carry requests only.
        connect = getattr(self._network, "connect", None)
        try:
            if connect is None:
                raise NetworkError(-4)
            socket: Socket = await connect(self._request)
        except NetworkError as error:
            problem = PROBLEMS.get(error.code, "connection error")
            self._stage.after(delay, lambda: self._fail(problem))
            return
        self._socket = socket
        if self.state != "connecting":  # closed in the meantime, in real time
            await socket.close(1001)
            return
        self._later(self._in, self._opened, delay)
        self._spawn(self._read(socket))
        await self._settle()

    def _opened(self) -> None:
        if self.state == "connecting":
            self.state = "open"
            self._report("Open", {}, "socket opens")

    def _fail(self, problem: str) -> None:
        if self.state == "connecting":
            self._report("Error", {}, f"socket fails: {problem}")
            self._finish(Closed(1006))

    # ---- carrying --------------------------------------------------------------------------------

    async def _read(self, socket: Socket) -> None:
        while True:
            message = await socket.receive()
            if isinstance(message, Closed):
                if not self._dumb:
                    self._later(self._in, lambda end=message: self._finish(end))
                return
            self._carry(self._in, message, lambda text=message: self._arrive(text))

    def _carry(self, way: Way, text: str, arrive: Callable[[], object]) -> None:
        """Sends a message on its way, through whatever faults strike there."""
        dice, subject = self._stage.dice, f"{way.arrow} {text}"
        if dice.strikes("F47", subject):
            self._dumb = True
        if self._dumb:
            return
        if dice.strikes("cut", subject):
            self._later(way, self._begin(self._cut))
            return
        if way.held is None and dice.strikes("F49", subject):
            self._hold(way, arrive)
            return
        slow = dice.delay_ms("slow", 300, 3000) if dice.strikes("slow", subject) else 0
        self._later(way, arrive, self._draw() + self._lag() + slow)
        if dice.strikes("F48", subject):
            self._later(way, arrive)
        self._let_go(way)

    def _hold(self, way: Way, arrive: Callable[[], object]) -> None:
        way.held = (self._stage.after(HELD_MS, lambda: self._let_go(way)), arrive)

    def _let_go(self, way: Way) -> None:
        if way.held is not None:
            (timer, arrive), way.held = way.held, None
            timer.cancel()
            self._later(way, arrive)

    def _arrive(self, text: str) -> None:
        if self.state == "open":
            self._report("Message", {"text": text}, f"← «{text}»")

    async def _deliver(self, text: str) -> None:
        if self._socket is not None and self.state in ("open", "closing"):
            await self._socket.send(text)
            await self._settle()

    # ---- closing ---------------------------------------------------------------------------------

    async def _shake_hands(self) -> None:
        await self._tell_server(1000)
        self._later(self._in, lambda: self._finish(Closed(1000)))

    async def _cut(self) -> None:
        """Both ends see the connection go, neither says good-bye."""
        if self.state != "closed":
            self._finish(Closed(1006))
            await self._tell_server(1006)

    async def _tell_server(self, code: int) -> None:
        if self._socket is not None:
            await self._socket.close(code)
            await self._settle()

    def _finish(self, closed: Closed) -> None:
        if self.state == "closed":
            return
        unopened = self.state == "connecting" and self._socket is not None
        self.state = "closed"
        data = {"code": closed.code, "reason": closed.reason, "wasClean": closed.clean}
        how = "closes" if closed.clean else "is cut"
        self._report("Close", data, f"socket {how}: {closed.code} {closed.reason}".rstrip())
        if unopened:
            self._stage.after(0, self._begin(lambda: self._tell_server(1006)))

    # ---- time ------------------------------------------------------------------------------------

    def _later(self, way: Way, action: Callable[[], object], delay_ms: float | None = None) -> None:
        """After the way's delay, and never before what was sent earlier."""
        now = self._stage.clock.now
        delay = self._draw() if delay_ms is None else delay_ms
        due = max(way.due_ms, now + round(delay))
        way.due_ms = self._stage.after(due - now, action).due_ms

    def _draw(self) -> float:
        spread: Spread | None = getattr(self._network, "way", None)
        return 0.0 if spread is None else self._stage.chance.draw("sockets", spread)

    def _lag(self) -> float:
        """How long a real server took for what it says while the session's clock stands."""
        if self._settling_at is None or getattr(self._network, "way", None) is not None:
            return 0.0
        return (asyncio.get_running_loop().time() - self._settling_at) * 1000

    async def _settle(self) -> None:
        if self._socket is None or self._stage.real_time:
            return
        self._settling_at = asyncio.get_running_loop().time()
        try:
            await self._socket.settle()
        finally:
            self._settling_at = None

    def _begin(self, work: Work) -> Callable[[], object]:
        """In virtual time the session's loop awaits it; in real time it runs beside."""

        def begin() -> object:
            if not self._stage.real_time:
                return work()
            self._spawn(work())
            return None

        return begin

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ran)

    def _ran(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            self._stage.after(0, task.result)  # raised where the session is played

    def _report(self, event: str, data: dict[str, Any], what: str) -> None:
        self._stage.report(self.unit, f"WebSocket.{event}", data, who="backend", what=what)
