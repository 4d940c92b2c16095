"""The loop whose time jumps: timers without waiting, threads that hold it, one clock for all."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from halo_voice.simulator import (
    HttpResponse,
    ScriptedCaller,
    ScriptedNetwork,
    Spread,
    place_call,
    run_virtually,
    virtual_loop,
)
from halo_voice.simulator.virtual_loop import Stuck

ASKS = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
  call.addEventListener(CallEvents.Connected, async () => {
    const began = Date.now();
    const answer = await Net.httpRequestAsync("https://backend.test/", { timeout: 2 });
    Logger.write(answer.code + " " + answer.text + " " + (Date.now() - began));
    call.hangup();
  });
  call.answer();
});
"""
TALKS = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
  call.addEventListener(CallEvents.Connected, () => {
    const socket = VoxEngine.createWebSocket("wss://backend.test/");
    let asked = 0;
    socket.addEventListener(WebSocketEvents.OPEN, () => { asked = Date.now(); socket.send("?"); });
    socket.addEventListener(WebSocketEvents.MESSAGE, (e) => {
      Logger.write(e.text + " " + (Date.now() - asked));
      if (e.text === "end") call.hangup();
    });
  });
  call.answer();
});
"""


def sure(median_ms: float) -> Spread:
    return Spread(median_ms, 0)


async def _hour() -> tuple[float, list[str]]:
    order: list[str] = []

    async def wait(seconds: float, name: str) -> None:
        await asyncio.sleep(seconds)
        order.append(name)

    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(wait(3600, "late"), wait(0.01, "soon"), wait(60, "then"))
    return loop.time() - began, order


def test_an_hour_takes_no_time():
    """Timers fire in the order of their time, and the clock has moved by exactly as much."""
    passed, order = run_virtually(_hour())
    assert passed == pytest.approx(3600, abs=1e-6)
    assert order == ["soon", "then", "late"]


def test_the_clock_stands_while_a_thread_works():
    """A timer does not overtake a job in a thread; its time is not counted."""

    async def scene() -> tuple[str, float]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        go = threading.Event()
        job = asyncio.create_task(asyncio.to_thread(go.wait, 10))
        timer = asyncio.create_task(asyncio.sleep(5))
        await asyncio.sleep(0)
        threading.Timer(0.05, go.set).start()
        done, _ = await asyncio.wait({job, timer}, return_when=asyncio.FIRST_COMPLETED)
        return ("thread" if job in done else "timer"), loop.time() - began

    first, passed = run_virtually(scene())
    assert (first, passed) == ("thread", 0)


def test_who_works_unseen_holds_the_clock():
    """`held` is for threads of one's own, which the loop does not know."""

    async def scene() -> str:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str] = loop.create_future()
        answer = lambda: loop.call_soon_threadsafe(done.set_result, "thread")  # noqa: E731
        with loop.held():
            threading.Timer(0.05, answer).start()
            return await asyncio.wait_for(done, 1)

    assert run_virtually(scene()) == "thread"


def test_waiting_for_nothing_is_an_error(monkeypatch):
    """Where a real loop would hang for ever, this one says so."""
    monkeypatch.setattr(virtual_loop, "STUCK_S", 0.01)
    with pytest.raises(Stuck):
        run_virtually(asyncio.Event().wait())


def test_a_request_takes_the_way_and_the_backends_own_time():
    """Half of the drawn latency there, half back, and what the backend sleeps in between."""

    async def answer(_):
        await asyncio.sleep(0.5)
        return HttpResponse(200, b"ok")

    call = _call(ASKS, ScriptedNetwork(answer, sure(100)))
    assert call.log == ["200 ok 600"]


def test_a_backend_that_is_too_slow_is_given_up_in_virtual_time():
    """The platform's time limit of a request holds by the same clock."""

    async def answer(_):
        await asyncio.sleep(30)
        return HttpResponse(200, b"ok")

    call = _call(ASKS, ScriptedNetwork(answer, sure(100)))
    assert call.log[0].startswith("-7 ")
    assert call.log[0].endswith(" 2000")


def test_a_backends_fault_ends_the_test_not_only_the_request():
    """What an application does not catch is raised, as without a shared clock."""

    async def answer(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _call(ASKS, ScriptedNetwork(answer, sure(100)))


def test_messages_take_their_way_and_the_servers_timers():
    """30 ms there, the server's own pause, 30 ms back; the second message after one more."""

    async def talk(end):
        await end.receive()
        await asyncio.sleep(0.2)
        await end.send("first")
        await asyncio.sleep(0.3)
        await end.send("end")
        await end.receive()

    network = ScriptedNetwork(lambda _: HttpResponse(404), sure(100), stream=talk, way=sure(30))
    assert _call(TALKS, network).log == ["first 260", "end 560"]


def _call(scenario: str, network: ScriptedNetwork):
    caller = ScriptedCaller([])
    return run_virtually(place_call(scenario, caller=caller, network=network, real_time=True))


HASH = """
import random
from tests.halo import PacedModel, backend, call_to, run_virtually
from halo_voice.simulator import RandomCaller
from halo_voice.simulator.faults import Faults

async def play():
    rng = random.Random(7)
    async with backend(model=PacedModel()) as halo:
        call = await call_to(halo.web)(
            RandomCaller(rng), faults=Faults.drawn(rng), seed=7, session_id=7, real_time=True
        )
    print(call.hash, len(call.trace))

run_virtually(play())
"""


def test_a_seed_gives_the_same_trace_in_two_processes():
    """Scenario, backend and model on one clock: nothing depends on the machine's pace."""
    root = Path(__file__).parents[3]
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", HASH],
            cwd=root,
            env={"PYTHONHASHSEED": str(number), "PYTHONPATH": str(root)},
            stdout=subprocess.PIPE,
        )
        for number in (1, 2)
    ]
    first, second = (run.communicate(timeout=60)[0].decode().split("\n")[-2] for run in runs)
    assert first == second
    assert int(first.split()[1]) > 50
