"""A number that a drawn caller types on the telephone's keys."""

from __future__ import annotations

import random
from dataclasses import dataclass

from halo_voice.simulator.caller import Line

WISH = "наберу номер, там восемь цифр"  # the stand-in takes it for the beginning of a number
DIGITS_MOST = 8
ENDED = 0.3  # how often with # at the end
ENDINGS = ("", "", "#", "##", "*", "*#")  # of who knows less of telephones
SLOW = 0.1  # how often one looks for the next digit


@dataclass(frozen=True, slots=True)
class Keypad:
    """The caller says at `says_ms` of the session that they will, and presses each key so many ms
    after what came before it: whether the assistant speaks by then or not."""

    says_ms: float
    keys: tuple[tuple[float, str], ...]

    @classmethod
    def drawn(cls, rng: random.Random, until_ms: int, *, clumsy: bool = False) -> Keypad:
        """`clumsy`: with another key behind the number, or the same twice, at any time."""
        says_ms = rng.uniform(2_000, until_ms)
        typed = "".join(rng.choice("0123456789") for _ in range(rng.randint(1, DIGITS_MOST)))
        typed += "#" if rng.random() < ENDED else ""
        if clumsy:
            typed = typed.rstrip("#") + rng.choice(ENDINGS)
        first, *rest = typed
        gaps = [
            rng.uniform(900, 5_000) if rng.random() < SLOW else rng.uniform(100, 900) for _ in rest
        ]
        if clumsy and not typed[-1].isdigit():
            gaps[-1] = rng.uniform(100, 6_000)
        return cls(says_ms, ((rng.uniform(2_000, 8_000), first), *zip(gaps, rest, strict=True)))

    def use(self, line: Line, until_ms: float) -> None:
        """Not after `until_ms` of the session: who is calm speaks."""
        if not line.up or line.speaking:
            return
        line.say(WISH)
        self._press(line, until_ms, 0)

    def _press(self, line: Line, until_ms: float, number: int) -> None:
        if number == len(self.keys):
            return
        after_ms, key = self.keys[number]

        def press() -> None:
            if line.up and line.now < until_ms:
                line.press(key)
                self._press(line, until_ms, number + 1)

        line.after(after_ms, press)
