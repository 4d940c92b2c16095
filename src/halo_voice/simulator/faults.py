"""Named faults that may strike a call, by chance or at given occasions, drawn from its seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

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

    A number is a probability. An unknown name is a ValueError.
    """

    on: Mapping[str, float | When] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = set(self.on) - set(CATALOGUE)
        if unknown:
            raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")

    @classmethod
    def drawn(
        cls, rng: random.Random, share: float = 1 / 3, among: Collection[str] = tuple(CALL)
    ) -> Faults:
        """A random share of the faults, each at a random rate; `among=CATALOGUE` for all.

        Those of a stream and of an open ear are left out unless asked for, so that a seed gives
        what it always gave.
        """
        names = rng.sample(sorted(among), round(len(among) * share))
        return cls({name: rng.uniform(0.02, 0.5) for name in names})


class Dice:
    """The faults of one call as they fall. `struck` counts what has happened.

    `on_strike` is told name, subject and data of each.
    """

    def __init__(
        self, faults: Faults, rng: random.Random, on_strike: Callable[..., object]
    ) -> None:
        self._on = {
            name: when if isinstance(when, When) else When(probability=when)
            for name, when in faults.on.items()
        }
        self._rng = rng
        self._on_strike = on_strike
        self._occasions: dict[str, int] = {}
        self.struck: dict[str, int] = {}

    def strikes(self, name: str, subject: str = "", **data: object) -> bool:
        """Whether the fault strikes at this occasion."""
        when = self._on.get(name)
        if when is None or when.where not in subject:
            return False
        count = self._occasions[name] = self._occasions.get(name, 0) + 1
        if count not in when.at and not self._rng.random() < when.probability:
            return False
        self.struck[name] = self.struck.get(name, 0) + 1
        self._on_strike(name, subject, **data)
        return True

    def choice(self, options: Collection) -> object:
        """One of the shapes that a fault can take."""
        return self._rng.choice(list(options))

    def delay_ms(self, low: float, high: float) -> float:
        return self._rng.uniform(low, high)
