"""People drawn from a seed: talkative, silent, mumbling, and those who do not let others finish."""

from __future__ import annotations

import math
import random
from collections import deque

from halo_voice.simulator.caller import Line
from halo_voice.simulator.clock import Timer

PHRASES = [
    "здравствуйте",
    "скажите пожалуйста",
    "сколько стоит доставка",
    "когда вы работаете",
    "хочу записаться на завтра",
    "позовите оператора",
    "я не понял",
    "повторите ещё раз",
    "мне привезли не то",
    "заказ номер пять семь",
    "спасибо",
    "да",
    "нет",
]


class RandomCaller:
    """Talkative, silent, mumbling or long-winded, interrupts, and hangs up when it likes.

    What is not given is drawn: how often (0..1) an end of a phrase is answered (`talk`), and how
    often an utterance is a mumble, a ramble or a key instead; when the caller leaves.
    """

    def __init__(
        self,
        rng: random.Random,
        *,
        talk: float | None = None,
        mumbles: float | None = None,
        rambles: float | None = None,
        keys: float = 0.03,
        leaves_ms: float | None = None,
    ) -> None:
        self._rng = rng
        drawn = rng.uniform(0.3, 1.0)
        self._talk = drawn if talk is None else talk
        self._interrupts = rng.choice([0.0, 0.0, 0.2])
        drawn = rng.choice([0.0, 0.1, 0.5])
        self._mumbles = drawn if mumbles is None else mumbles
        drawn = rng.choice([0.0, 0.05])
        self._rambles = drawn if rambles is None else rambles
        self._keys = keys
        drawn = rng.choice([rng.expovariate(1 / 20_000), rng.expovariate(1 / 120_000), 10**9])
        self._leaves_ms = drawn if leaves_ms is None else leaves_ms
        self._pending: Timer | None = None
        self._begun = False

    def hear(self, line: Line) -> None:
        if not self._begun:
            self._begun = True
            line.after(self._leaves_ms, line.hang_up)
        if self._pending:
            self._pending.cancel()
        rng = self._rng
        if line.speaking or rng.random() > (self._interrupts if line.audible else self._talk):
            return
        pause = rng.lognormvariate(6.4, 0.8)  # about 600 ms, with a long tail
        self._pending = line.after(pause, lambda: self._speak(line))

    def ended(self, line: Line) -> None:  # noqa: ARG002
        if self._pending:
            self._pending.cancel()

    def _speak(self, line: Line) -> None:
        rng = self._rng
        if rng.random() < self._keys:
            line.press(rng.choice("0123456789*#"))
        elif rng.random() < self._rambles:
            line.say(
                ", ".join(rng.choices(PHRASES, k=50)), duration_ms=rng.randint(40_000, 150_000)
            )
        elif rng.random() < self._mumbles:
            line.say(rng.choice(["", "э", "мм"]), confidence=rng.uniform(0, 0.3))
        else:
            words = ", ".join(rng.choices(PHRASES, k=rng.randint(1, 4)))
            line.say(words, confidence=rng.uniform(0.5, 1))


NODS = ["угу", "да-да", "ага", "так", "понятно"]
WISHES = [
    "подождите я другое хотел спросить",
    "нет мне нужен адрес вашего магазина",
    "а сколько это стоит с доставкой за город",
    "стойте повторите пожалуйста цену",
    "хочу записаться на завтра на десять утра",
    "скажите до скольки вы сегодня работаете",
]
NUMBERS = ["восемь", "девятьсот шестнадцать", "сто двадцать три", "сорок пять", "шестьдесят семь"]


class InterruptingCaller:
    """Speaks whenever it likes: over a phrase, after half a thought, in numbers with pauses.

    Over the assistant it barges in with sentences, nods with words or coughs; in its own turn it
    may go on after a pause, dictate (`dictates`: how often, 0..1), or say the same thing once more.
    """

    def __init__(
        self, rng: random.Random, *, barges: float | None = None, dictates: float = 0.15
    ) -> None:
        self._rng = rng
        self._dictates = dictates
        drawn = rng.choice([0.0, 0.3, 0.7])  # how often a phrase is spoken over
        self._barges = drawn if barges is None else barges
        self._talk = rng.uniform(0.6, 1.0)  # how often silence is
        self._leaves_ms = rng.choice([rng.expovariate(1 / 30_000), rng.uniform(40_000, 150_000)])
        self._rest: deque[str] = deque()  # of what is being said, with pauses between
        self._last = WISHES[0]
        self._pending: Timer | None = None
        self._begun = False

    def hear(self, line: Line) -> None:
        if not self._may_speak(line):
            return
        rng = self._rng
        if self._rest:
            self._later(line, rng.lognormvariate(6.3, 0.5), self._rest.popleft())
        elif line.audible and rng.random() < self._barges:
            self._later(line, rng.uniform(0, 3_500), self._over_a_phrase())
        elif not line.audible and rng.random() < self._talk:
            self._later(line, rng.lognormvariate(6.4, 0.8), self._in_turn())

    def _may_speak(self, line: Line) -> bool:
        """With each change on the line they think anew of what to say, unless they speak."""
        if not self._begun:
            self._begun = True
            line.after(self._leaves_ms, line.hang_up)
        self._cancel()
        return not line.speaking

    def ended(self, line: Line) -> None:  # noqa: ARG002
        self._cancel()

    def _over_a_phrase(self) -> str:
        kind = self._rng.random()
        if kind < 0.2:
            return ""
        return self._rng.choice(NODS if kind < 0.45 else WISHES)

    def _in_turn(self) -> str:
        """What to say next; the rest of it is kept for after the pauses."""
        rng, kind = self._rng, self._rng.random()
        if kind < 0.15:
            return self._last
        if kind < 0.15 + self._dictates:
            self._rest.extend(NUMBERS[1 : rng.randint(2, len(NUMBERS))])
            return NUMBERS[0]
        if kind < 0.2 + self._dictates:
            return rng.choice(NODS)
        self._last = rng.choice(WISHES)
        if kind < 0.55 + self._dictates:
            return self._last
        words = self._last.split()
        half = rng.randint(1, len(words) - 1)
        self._rest.append(" ".join(words[half:]))
        return " ".join(words[:half])

    def _later(self, line: Line, delay_ms: float, words: str) -> None:
        self._pending = line.after(delay_ms, lambda: self._speak(line, words))

    def _speak(self, line: Line, words: str) -> None:
        if words:
            line.say(words, confidence=self._rng.uniform(0.6, 1))
        else:
            line.say("", duration_ms=self._rng.randint(150, 700))

    def _cancel(self) -> None:
        if self._pending:
            self._pending.cancel()


MURMURS = ["мм", "э", "угу", "да", "да-да", "так", "нет"]


class RestlessCaller(InterruptingCaller):
    """Lets nobody finish, nor themselves: half thoughts, murmurs and coughs a moment apart, and
    now and then a key."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng, barges=rng.uniform(0.2, 0.9), dictates=rng.choice([0.2, 0.5]))
        self._leaves_ms = rng.uniform(20_000, 120_000)
        self._talk = rng.uniform(0.7, 1)
        self._pause = (math.log(rng.uniform(150, 700)), rng.uniform(0.4, 1.0))
        self._coughs = rng.choice([0.05, 0.25])
        self._murmurs = rng.choice([0.0, 0.15, 0.3])

    def hear(self, line: Line) -> None:
        if not self._may_speak(line):
            return
        rng = self._rng
        pause = rng.lognormvariate(*self._pause)
        if self._rest:
            self._later(line, pause, self._rest.popleft())
        elif line.audible and rng.random() < self._barges:
            self._later(line, rng.choice([pause, rng.uniform(0, 3_500)]), self._over_a_phrase())
        elif not line.audible and rng.random() < self._talk:
            self._later(line, pause, self._in_turn())

    def _over_a_phrase(self) -> str:
        sound = self._sound()
        return super()._over_a_phrase() if sound is None else sound

    def _in_turn(self) -> str:
        sound = self._sound()
        return super()._in_turn() if sound is None else sound

    def _sound(self) -> str | None:
        """A cough or a murmur, or what they have to say."""
        kind = self._rng.random()
        if kind < self._coughs:
            return ""
        return self._rng.choice(MURMURS) if kind < self._coughs + self._murmurs else None

    def _speak(self, line: Line, words: str) -> None:
        if self._rng.random() < 0.02:
            line.press(self._rng.choice("0123456789*#"))
        else:
            super()._speak(line, words)
