"""The people whom a drawn call may be put through to, and when its caller asks for one."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from halo_voice.simulator.caller import Line, Pickup, Queued, SilentCaller

NUMBER = "74950000001"
QUEUE = "первая линия"
WAIT_MS = (10_000, 30_000, 90_000)
WISH = "соедините с оператором"
TALK_MS = 60_000
SOON_MS = 20_000
CLOSED = 0.15
BUSY, DECLINED, NOWHERE, SILENT = 486, 603, 404, 408
NOBODY_IN_TIME, TOO_LONG, FULL, EMPTY, MISSED, BROKEN = 1001, 1004, 1005, 1006, 1203, 500
BRIEF = "Клиента соединяет с вами автоматический ассистент."


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a call can be put through. `asks_ms`: of the session; `key`: by the key 0, not in
    words. `brief`: who picks up is told of the call first. `queue`: they are reached by a queue of
    the platform, not by telephone."""

    rng: random.Random
    asks_ms: float
    key: bool
    brief: bool
    ring_ms: int
    queue: bool = False

    @classmethod
    def drawn(cls, rng: random.Random, until_ms: int) -> Desk:
        """Asked for while faults may strike."""
        asks_ms = rng.uniform(2_000, min(until_ms, SOON_MS))
        ring_ms = rng.choice([8_000, 30_000])
        return cls(rng, asks_ms, rng.random() < 0.6, rng.random() < 0.5, ring_ms)

    def ask(self, line: Line) -> None:
        """The caller wants a person."""
        if self.key:
            line.press("0")
        elif line.up and not line.speaking:
            line.say(WISH)

    @property
    def limits(self) -> dict[str, int]:
        return {"ring_ms": self.ring_ms, "talk_ms": TALK_MS}

    def directed(self, body: dict[str, Any]) -> dict[str, Any]:
        """The answer of a stand-in to `/call/transfer`."""
        told = {"call_id": body.get("call_id"), "transfer": body.get("transfer")}
        if self.rng.random() < CLOSED:
            return told | {"refused": "closed"}
        to: dict[str, Any] = {"kind": "pstn", "address": NUMBER, "caller_id": "74950000000"}
        if self.queue:
            more = {"wait_ms": self.rng.choice(WAIT_MS), "priority": 50}
            to = {"kind": "queue", "address": QUEUE, "caller_id": ""} | more
        return told | {"to": to, "brief": BRIEF if self.brief else ""}

    def answers(self, number: str) -> Pickup | Queued:
        """What a telephone does that is called now, or a queue that is waited in."""
        if number == QUEUE:
            return self._queued()
        rng, after_ms = self.rng, self.rng.uniform(500, 6_000)
        kind = rng.random()
        if kind < 0.5:
            return Pickup(after_ms, SilentCaller(rng.uniform(5_000, 90_000)))
        if kind < 0.6:  # picks up, and hangs up in the brief or soon after
            return Pickup(after_ms, SilentCaller(rng.uniform(200, 3_000)))
        if kind < 0.7:
            return Pickup(after_ms, SilentCaller())
        code = rng.choice([BUSY, DECLINED, NOWHERE, SILENT])
        return Pickup(60_000 if code == SILENT else after_ms, code=code)

    def _queued(self) -> Queued:
        rng, after_ms = self.rng, self.rng.uniform(500, 40_000)
        kind = rng.random()
        if kind < 0.5:
            return Queued(after_ms, SilentCaller(rng.uniform(5_000, 90_000)))
        if kind < 0.6:  # takes it, and hangs up in the brief or soon after
            return Queued(after_ms, SilentCaller(rng.uniform(200, 3_000)))
        if kind < 0.65:
            return Queued(told=False)
        status = rng.choice([NOBODY_IN_TIME, TOO_LONG, FULL, EMPTY, MISSED, BROKEN])
        return Queued(after_ms, status=status, error=rng.random() < 0.3)
