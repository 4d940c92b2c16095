"""Calls that a drawn session is to make: whom it may dial, who picks up, what a detector says."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from halo_voice.simulator.caller import Caller, Pickup
from halo_voice.simulator.machine import Answering, AnsweringMachine

NUMBER, OURS = "74951234567", "74950000000"
MESSAGE = "Это компания HALO. Перезвоните нам, пожалуйста."
STRANGE = ("promo-7", '{"dial":"x"}', '{"name":"Иван"}', "{}")
BARRED = ("opted_out", "closed", "lines", "running", "spent", "unknown")
CODES = (486, 408, 480, 603, 404, 402, 500)
VERDICTS = ("", "", "TIMEOUT", "ERROR", "HUMAN", "VOICEMAIL")
DETECT_MS = (0, 4_000, 4_000)
RING_MS = (8_000, 30_000)
NOT_OURS, REFUSED, OLDER = 0.05, 0.1, 0.03


@dataclass(frozen=True, slots=True)
class Order:
    """One session that nobody called. `custom_data`: what began it; `told`: what the backend says
    of it. Who picks up: a machine, if there is one, else whoever is given; nobody where there is a
    `code`."""

    custom_data: str
    told: Mapping[str, Any]
    after_ms: float
    machine: AnsweringMachine | None
    greets: bool
    code: int
    verdict: str

    @classmethod
    def drawn(cls, rng: random.Random) -> Order:
        """A person picks up in half of the calls."""
        token = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789_-", k=43))
        data = msgspec.json.encode({"dial": token}).decode() if rng.random() < 0.5 else token
        dial = {"to": NUMBER, "caller_id": OURS, "ring_ms": rng.choice(RING_MS)}
        dial |= {"detect_ms": rng.choice(DETECT_MS), "message": rng.choice(("", MESSAGE))}
        told: dict[str, Any] = {"dial": dial}
        kind = rng.random()
        if kind < NOT_OURS:
            data = rng.choice(STRANGE)
        elif kind < NOT_OURS + REFUSED:
            told = {"barred": rng.choice(BARRED), "retry_at": rng.choice((0, 1_900_000_000))}
            told["attempts_left"] = rng.choice((0, 1))
        elif kind < NOT_OURS + REFUSED + OLDER:
            told = {}
        who = rng.random()
        machine = AnsweringMachine(beeps=rng.random() < 0.5) if 0.5 <= who < 0.7 else None
        code = rng.choice(CODES) if who >= 0.7 else 0
        after_ms, greets = rng.uniform(1_000, 12_000), rng.random() < 0.5
        return cls(data, told, after_ms, machine, greets, code, rng.choice(VERDICTS))

    def answered_by(self, person: Caller) -> Pickup:
        """What the telephone does that is dialled first."""
        if self.code:
            return Pickup(60_000 if self.code == 408 else self.after_ms, code=self.code)
        someone = self.machine or (Answering(person) if self.greets else person)
        return Pickup(self.after_ms, someone, verdict=self.verdict)
