"""The event loop's pulse: a standstill is told with its length and its place."""

from __future__ import annotations

import asyncio
import time

from structlog.testing import capture_logs

from halo_voice.metrics import Metrics
from halo_voice.pulse import LAG_S_MAX, Pulse


def hold_up(seconds: float) -> None:
    """What no coroutine may do."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


async def test_a_blocked_loop_is_an_alarm_that_says_where():
    """F45: one line with the time and the place, no word of what was going on; two figures."""
    metrics, told = Metrics(), asyncio.Event()

    def blocked(seconds: float) -> None:
        metrics.loop_blocked(seconds)
        told.set()

    with capture_logs() as logs, Pulse(blocked).beating():
        hold_up(6 * LAG_S_MAX)
        await told.wait()
    alarm = next(line for line in logs if line["event"] == "loop_blocked")
    assert alarm["log_level"] == "error"
    assert alarm["ms"] >= 4 * LAG_S_MAX * 1000
    assert any("test_pulse.py" in place and "hold_up" in place for place in alarm["at"])
    figures = metrics.text().decode()
    assert "halo_loop_blocks_total 0.0" not in figures
    assert "halo_loop_blocked_seconds_total 0.0" not in figures


async def test_a_loop_that_turns_is_no_alarm(monkeypatch):
    """F45: what is late by less than the limit is not told, and nothing is left behind."""
    monkeypatch.setattr("halo_voice.pulse.LAG_S_MAX", 60.0)
    before, blocks = asyncio.all_tasks(), []
    pulse = Pulse(blocks.append)
    with pulse.beating():
        hold_up(0.01)
        pulse._beat.cancel()
        pulse._turned()
        pulse._over.set()  # the thread need not sleep for a minute
    assert blocks == []
    assert asyncio.all_tasks() == before


async def test_who_holds_it_up_on_purpose_says_so():
    """While nobody waits: no alarm, and the next standstill is one again."""
    blocks = []
    pulse = Pulse(blocks.append)
    with pulse.beating():
        hold_up(3 * LAG_S_MAX)
        pulse.forgive()
        await asyncio.sleep(0.01)
        assert blocks == []
        hold_up(3 * LAG_S_MAX)
        await asyncio.sleep(0.01)
        assert len(blocks) == 1
