"""Timers: their limits, and that time passes only where the session's clock says so."""

from __future__ import annotations


async def test_timers_fire_in_their_order(connected):
    """A timeout fires once, an interval until it is cleared, at the session's time."""
    call = await connected(
        """
        const begun = Date.now();
        const every = setInterval(() => log("every", Date.now() - begun), 400);
        setTimeout(() => log("once", Date.now() - begun), 500);
        setTimeout(() => clearInterval(every), 1300);
        clearTimeout(setTimeout(() => log("never"), 100));
        """
    )
    assert call.log == ["every 400", "once 500", "every 800", "every 1200"]


async def test_a_hundred_timers_are_all(connected):
    """The hundred and first active timer is refused with an exception that can be caught."""
    call = await connected(
        """
        for (let i = 0; i < 100; i++) setTimeout(() => 1, 1000 + i);
        try { setTimeout(() => 1, 5); } catch (e) { log(e.message); }
        call.addEventListener(CallEvents.PlaybackFinished, () => setTimeout(() => log("free again"), 5));
        call.say("Эта фраза длиннее, чем ждёт последний таймер.", VOICE);
        """
    )
    assert call.log == ["Exceeded the limit of 100 active timers!", "free again"]


async def test_an_interval_below_100_ms_is_a_violation(connected):
    """The platform's smallest interval is 100 ms."""
    call = await connected("setInterval(() => 1, 50);")
    assert "the interval must be at least 100 ms" in call.failures[0]


async def test_extra_arguments_are_a_violation(connected):
    """The platform's setTimeout passes nothing to its callback."""
    call = await connected("setTimeout(log, 10, 'x');")
    assert "passes no extra arguments" in call.failures[0]
