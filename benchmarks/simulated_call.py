"""What a simulated call costs in CPU, without a backend: `python benchmarks/simulated_call.py`."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from pathlib import Path

from halo_voice.simulator import (
    Engine,
    HttpRequest,
    HttpResponse,
    ScriptedCaller,
    ScriptedNetwork,
    place_call,
)

SCENARIO = Path(__file__).parents[1] / "scenario" / "voximplant_scenario_ASR.js"
TURNS = 12
CALLS = 60
UNSIGNED = {"HALO_URL": "https://halo.test"}
SIGNED = {**UNSIGNED, "HALO_KEY_ID": "k1", "HALO_KEY": "x" * 32}


def backend(request: HttpRequest) -> HttpResponse:
    """Answers at once, so that only the simulator and the scenario are measured."""
    asked = json.loads(request.body)
    reply = {"ai_text": "Доставка по городу стоит триста рублей.", "action": "listen", **asked}
    return HttpResponse(200, json.dumps(reply).encode())


def engine_ms() -> float:
    """One context with the emulated platform, made and closed."""
    began = time.process_time()
    Engine().close()
    return (time.process_time() - began) * 1000


async def call_ms(secrets: dict[str, str], seed: int) -> tuple[float, int]:
    """CPU time of one call, and its trace's length."""
    caller = ScriptedCaller(["Сколько стоит доставка?"] * TURNS)
    began = time.process_time()
    call = await place_call(
        SCENARIO, caller=caller, network=ScriptedNetwork(backend), secrets=secrets, seed=seed
    )
    passed = (time.process_time() - began) * 1000
    asked = [e for e in call.requests if e.url.endswith("/process_text")]
    assert (len(asked), call.failures) == (TURNS, [])
    return passed, len(call.trace)


def show(name: str, figures: list[float]) -> None:
    print(f"{name:<34} median {statistics.median(figures):6.2f}   best {min(figures):6.2f} ms")


async def main() -> None:
    show("a context, made and closed", [engine_ms() for _ in range(CALLS)])
    for name, secrets in (("unsigned", UNSIGNED), ("signed", SIGNED)):
        results = [await call_ms(secrets, seed) for seed in range(CALLS)]
        lines = round(statistics.mean(length for _, length in results))
        show(f"{TURNS} turns, {name}, {lines} lines", [ms for ms, _ in results])


if __name__ == "__main__":
    asyncio.run(main())
