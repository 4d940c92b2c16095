"""Named faults that may strike a call, by chance or at given occasions, drawn from its seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from halo_voice.simulator.chance import Chance

T = TypeVar("T")

CALL = {
    "F01": "the recogniser does not notice that the caller speaks",
    "F02": "speech is noticed, but never captured",
    "F03": "speech is captured, but no result comes",
    "F04": "the result comes after the caller has hung up",
    "F05": "the same result comes twice",
    "F07": "the result's text is blank",
    "F08": "the result has `transcript` instead of `text`",
    "F09": "the confidence is on the other scale",
    "F10": "the confidence is zero or missing",
    "F11": "the recogniser reports an error",
    "F19": "the end of a playback is never reported",
    "F20": "a playback never starts",
    "F21": "a playback finishes with an error",
    "F24": "the end of a playback is reported late",
    "F25": "the hang-up is reported late, after other events",
    "F27": "the backend's host is not found or refuses the connection",
    "F28": "the backend never answers",
    "F29": "the backend answers 500, 502, 503 or 504",
    "F30": "the backend answers 401, 403 or 422",
    "F31": "the backend answers 429 with Retry-After",
    "F32": "the backend's answer is not JSON, of another shape, over 2 MB, or an endless redirect",
    "F51": "a request reaches the backend twice",
    "F60": "the end of the call is never reported",
    "late": "an event is reported up to three seconds late",
}
# Those of a WebSocket. The subject is the address (refused), or arrow and text of a message: "→ …"
# to the server, "← …" from it.
STREAM = {
    "refused": "the stream cannot be opened",
    "cut": "the stream is cut; the message is lost",
    "F47": "the stream is half open: from now on nothing arrives, and nobody is told",
    "F48": "a message of the stream comes twice",
    "F49": "a message of the stream is overtaken by the next",
    "slow": "a message of the stream takes up to three seconds, and all behind it",
}
# Those of an open ear: they strike while the assistant is heard. The subject is the phrase.
DUPLEX = {
    "F12": "the recogniser hears the assistant's own voice",
    "F13": "the caller coughs while the assistant speaks",
}
CATALOGUE = CALL | STREAM | DUPLEX
# Those behind the backend's door. The simulator cannot play them: who stands in for the model, the
# store or the process asks the call's dice (`place_call(behind=…)`).
BEHIND = {
    "F33": "the model says 429 or 500",
    "F34": "the model gives no first token",
    "F35": "the model's answer breaks off",
    "F36": "the model hangs after its first words",
    "F37": "the model gives characters that are none",
    "F38": "the model's answer is empty",
    "F39": "the model's answer has no end",
    "F43": "the backend restarts",
    "F54": "the store is locked",
    "F55": "the store refuses everything for a while",
}
# Of calls that are recorded. These and the next strike only where they are named, so that a seed
# gives what it always gave.
RECORDING = {"unrecorded": "the end of the recording is never reported"}
# Of the machine that runs the scenario. Every step of the session is an occasion; its subject is
# what the scenario is told of.
MACHINE = {"F58": "the machine's clock is set, by an hour at most"}
# Of the place where the caller is: a television, a street.
PLACE = {"F16": "a noise beside the caller, of which the recogniser has no word"}
APART = RECORDING | MACHINE | PLACE
KNOWN = CATALOGUE | BEHIND | APART


@dataclass(frozen=True, slots=True)
class When:
    """When a fault strikes: with a probability, or at the occasions of these numbers (from 1).

    Only occasions whose subject contains `where` are counted: the address of a request, the text
    of a phrase or an utterance.
    """

    probability: float = 0.0
    at: Collection[int] = ()
    where: str = ""


@dataclass(frozen=True)
class Faults:
    """Which faults are switched on for a call: `Faults({"F03": 0.2, "F28": When(at=[2])})`.

    A number is a probability. From `until_ms` of the session on nothing strikes any more. An
    unknown name is a ValueError.
    """

    on: Mapping[str, float | When] = field(default_factory=dict)
    until_ms: int | None = None

    def __post_init__(self) -> None:
        unknown = set(self.on) - set(KNOWN)
        if unknown:
            raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")

    @classmethod
    def drawn(
        cls,
        rng: random.Random,
        share: float = 1 / 3,
        among: Collection[str] = tuple(CALL),
        until_ms: int | None = None,
    ) -> Faults:
        """A random share of the faults, each at a random rate; `among=CATALOGUE` for all.

        Those of a stream and of an open ear are left out unless asked for, so that a seed gives
        what it always gave.
        """
        names = rng.sample(sorted(among), round(len(among) * share))
        return cls({name: rng.uniform(0.02, 0.5) for name in names}, until_ms)


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault that has struck: at which of its occasions (from 1), when, and at what."""

    fault: str
    occasion: int
    ms: int
    subject: str

    def __str__(self) -> str:
        at = f" ({self.subject})" if self.subject else ""
        return (
            f"{self.fault} at its occasion {self.occasion}, {self.ms} ms: {KNOWN[self.fault]}{at}"
        )


class Dice:
    """The faults of one call as they fall. `struck` counts what has happened.

    Every fault has a random stream of its own, and takes the same two draws from it at each of its
    occasions, whether it strikes or not: so a call in which one strike is left out (`When(at=…)`)
    differs only in what follows from that. `now` is the session's clock in ms; `on_strike` is told
    name, subject and data of each.
    """

    def __init__(
        self,
        faults: Faults,
        chance: Chance,
        on_strike: Callable[..., object],
        now: Callable[[], int] = lambda: 0,
    ) -> None:
        self._on = {
            name: when if isinstance(when, When) else When(probability=when)
            for name, when in faults.on.items()
        }
        self._chance = chance
        self._streams: dict[str, random.Random] = {}  # of those that had an occasion
        self._until_ms = faults.until_ms
        self._now = now
        self._on_strike = on_strike
        self._occasions: dict[str, int] = {}
        self._shape: dict[str, float] = {}  # of the present occasion: which form the fault takes
        self.strikes_made: list[Strike] = []

    @property
    def struck(self) -> dict[str, int]:
        """How often each fault has struck."""
        counts: dict[str, int] = {}
        for strike in self.strikes_made:
            counts[strike.fault] = counts.get(strike.fault, 0) + 1
        return counts

    def has(self, name: str) -> bool:
        """Whether the fault may strike at all."""
        return name in self._on

    def strikes(self, name: str, subject: str = "", **data: object) -> bool:
        """Whether the fault strikes at this occasion."""
        when = self._on.get(name)
        if when is None or when.where not in subject:
            return False
        count = self._occasions[name] = self._occasions.get(name, 0) + 1
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = self._chance.stream(f"fault/{name}")
        draw = stream.random
        drawn, self._shape[name] = draw(), draw()
        now = self._now()
        calm = self._until_ms is not None and now >= self._until_ms
        if calm and name not in RECORDING:  # what is recorded ends after everything else
            return False
        if count not in when.at and not drawn < when.probability:
            return False
        self.strikes_made.append(Strike(name, count, now, subject))
        self._on_strike(name, subject, **data)
        return True

    def choice(self, name: str, options: Sequence[T]) -> T:
        """One of the shapes that the fault can take at its present occasion."""
        return options[int(self._shape[name] * len(options))]

    def delay_ms(self, name: str, low: float, high: float) -> float:
        """How long the fault holds something up at its present occasion."""
        return low + self._shape[name] * (high - low)
