"""The processes of a measurement: the server that is measured, the stand-in model, the callers."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from halo_voice.bench import bare_server, load, machine, model
from halo_voice.bench.caller import Plan

START_S = 30.0
STOP_S = 20.0
PIPECAT = Path(__file__).with_name("pipecat_server.py")
_SERVE = "from halo_voice.cli import main; main()"
_PROFILED = (
    "import cProfile, sys; run = cProfile.Profile(); out = sys.argv.pop(1)\n"
    "from halo_voice.cli import main\n"
    "try: run.runcall(main)\n"
    "finally: run.dump_stats(out)"
)


class Failed(Exception):
    """A process of the measurement did not come up or went away."""


class Spot(msgspec.Struct, frozen=True):
    """Where a process runs: its core, None for any; whether it goes before all ordinary ones."""

    core: int | None
    first: bool = False

    def take(self, pid: int) -> None:
        if self.core is not None:
            machine.pin(pid, self.core)
        if self.first:
            try:
                machine.prefer(pid)
            except PermissionError:
                raise Failed("--first takes root or CAP_SYS_NICE; leave it out") from None


class Child:
    """A process of ours: started, pinned to a core, told to stop, killed if it does not."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._process = process
        self.name = name
        self.pid = process.pid

    @classmethod
    async def start(
        cls,
        name: str,
        *command: str,
        place: Spot,
        log: Path,
        env: Mapping[str, str] | None = None,
        piped: bool = False,
    ) -> Child:
        """`log` gets what it writes, stdout too unless it is `piped`."""
        with log.open("wb") as written:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE if piped else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if piped else written,
                stderr=written,
                env=env,
            )
        child = cls(process, name)
        try:
            place.take(process.pid)
        except Failed:
            await child.stop()
            raise
        return child

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def line(self) -> bytes:
        """The next line of its stdout. Raises `Failed` at its end."""
        if self._process.stdout is None:
            raise Failed(f"{self.name} is not listened to")
        line = await self._process.stdout.readline()
        if not line:
            raise Failed(f"{self.name} has ended")
        return line

    def tell(self, command: str) -> None:
        if self._process.stdin is None:
            raise Failed(f"{self.name} takes no commands")
        self._process.stdin.write(f"{command}\n".encode())

    async def wait(self, seconds: float) -> None:
        """Until it ends by itself. Raises `Failed` if it does not, or not well."""
        try:
            async with asyncio.timeout(seconds):
                code = await self._process.wait()
        except TimeoutError:
            raise Failed(f"{self.name} does not end") from None
        if code:
            raise Failed(f"{self.name} ended with {code}")

    async def stop(self) -> None:
        if not self.alive:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def new_key() -> tuple[str, str]:
    return "bench", secrets.token_hex(32)


async def start_model(
    folder: Path, place: Spot, *, tokens: int, first_token_ms: float, token_ms: float
) -> tuple[Child, int]:
    """The stand-in and its port; its records are in `model.bin` when it has been stopped."""
    child = await Child.start(
        "the stand-in model",
        *(sys.executable, "-m", model.__name__),
        *(str(tokens), str(first_token_ms), str(token_ms), str(folder / "model.bin")),
        place=place,
        log=folder / "model.log",
        piped=True,
    )
    return child, int(await child.line())


async def start_load(folder: Path, place: Spot, plan: Plan) -> Child:
    """The callers; their records are in `load.bin` when they have ended."""
    return await Child.start(
        "the callers",
        *(sys.executable, "-m", load.__name__),
        *(msgspec.json.encode(plan).decode(), str(folder / "load.bin")),
        place=place,
        log=folder / "load.log",
        piped=True,
    )


async def start_halo(
    folder: Path,
    place: Spot,
    *,
    port: int,
    model_port: int,
    key: tuple[str, str] | None,
    profile: Path | None = None,
) -> Child:
    """`halo serve` with a store of its own, answered by the stand-in, ready to take calls."""
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HALO_MODEL")},
        "HALO_HOST": "127.0.0.1",
        "HALO_PORT": str(port),
        "HALO_KEYS": ":".join(key) if key else "",
        "HALO_STORE_URL": f"sqlite:///{folder / 'halo.sqlite3'}",
        "HALO_STORE_SPOOL": "",
        "HALO_MODEL_URL": f"http://127.0.0.1:{model_port}/v1",
        "HALO_MODEL_KEY": "bench",
        "HALO_MODEL_NAME": "bench",
        # The load, not the caution of the settings, is to find the server's end.
        **dict.fromkeys(("HALO_CALLS_MAX", "HALO_CALL_TOKENS", "HALO_DAY_TOKENS"), "0"),
    }
    python = ["-c", _PROFILED, str(profile)] if profile else ["-c", _SERVE]
    child = await Child.start(
        "halo serve",
        *(sys.executable, *python, "serve"),
        place=place,
        log=folder / "server.log",
        env=env,
    )
    await _listening(child, port, folder / "server.log")
    return child


async def start_pipecat(
    folder: Path, place: Spot, python: str, *, port: int, model_port: int
) -> Child:
    """Pipecat behind the same wire, run by a Python that has it."""
    child = await Child.start(
        "pipecat",
        *(python, str(PIPECAT), str(port), f"http://127.0.0.1:{model_port}/v1"),
        place=place,
        log=folder / "server.log",
    )
    await _listening(child, port, folder / "server.log")
    return child


async def start_bare(
    folder: Path, place: Spot, *, port: int, reports_port: int, model_port: int
) -> Child:
    """The least server that answers the same load."""
    child = await Child.start(
        "the bare server",
        *(sys.executable, "-m", bare_server.__name__),
        *(str(port), str(reports_port), str(model_port)),
        place=place,
        log=folder / "server.log",
    )
    await _listening(child, reports_port, folder / "server.log")
    return child


async def _listening(child: Child, port: int, log: Path) -> None:
    """Until the port takes connections. Raises `Failed` with the log's end if it never does."""
    try:
        async with asyncio.timeout(START_S):
            while child.alive:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                    continue
                writer.close()
                return
    except TimeoutError:
        pass
    await child.stop()
    raise Failed(f"{child.name} does not come up:\n{tail(log)}")


def tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])
