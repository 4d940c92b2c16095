"""What was asked of models for a turn, and what of it nobody was told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from halo_voice.core.ports import Attempted, Fate, Message, Meter, Spent


class Question:
    """One question to a model, which may be several. `chars`: of the answer, so far.

    Of whoever speaks: `fate`, and in `used` how many characters became phrases; both None while it
    does. `passed`: nothing of the answer was used. `stepped`: it called tools.
    """

    __slots__ = ("_answer", "_messages", "_model", "chars", "fate", "passed", "stepped", "used")

    def __init__(self, messages: Sequence[Message], answer: AsyncIterator[str], model: str) -> None:
        self.chars = 0
        self.fate: Fate | None = None
        self.used: int | None = None
        self.passed = False
        self.stepped = False
        self._messages = messages
        self._answer = answer
        self._model = model

    def over(self, phrases: Sequence[str], *, withheld: bool) -> None:
        """The answer has ended, and `phrases` of it are given out."""
        self.used = len(" ".join(phrases))
        self.passed = not phrases
        if withheld:
            self.fate = Fate.WITHHELD
        elif not phrases and self.fate is Fate.USED:
            self.fate = Fate.FAILED

    def attempts(self, said: str, undecided: Fate) -> list[Attempted]:
        """Each model's part in it. `said`: what the caller is told of the answer; `undecided`: what
        became of those that were at work still."""
        prompt_chars = sum(len(message.content) for message in self._messages)
        tried = getattr(self._answer, "tried", None)
        if tried is None:
            return [self._speaker(self._model, said, undecided, prompt_chars)]
        speaker = getattr(self._answer, "speaker", None)
        return [
            self._speaker(each.name, said, undecided, prompt_chars)
            if each is speaker
            else Attempted(each.name, each.fate or undecided, each.chars, prompt_chars)
            for each in tried
        ]

    def _speaker(self, model: str, said: str, undecided: Fate, prompt_chars: int) -> Attempted:
        if self.stepped:
            return Attempted(model, Fate.USED)
        fate = self.fate or undecided
        if self.passed or not said:
            fate = undecided if fate is Fate.USED else fate
            return Attempted(model, fate, self.chars, prompt_chars)
        # What is spoken is longer than what was written: numbers are words.
        used = len(said) if self.used is None else self.used
        wasted = 0 if fate is Fate.USED else max(0, self.chars - used)
        return Attempted(model, fate, wasted)


class Account:
    """All attempts at one turn's answer. `meter` counts each."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._attempts: list[Attempted] = []

    @property
    def spent(self) -> Spent:
        return Spent.on(self._attempts)

    def add(
        self, questions: Sequence[Question], said: str = "", *, undecided: Fate = Fate.UNWANTED
    ) -> None:
        """The questions are over: see `Question.attempts`."""
        for question in questions:
            for attempted in question.attempts(said, undecided):
                self._attempts.append(attempted)
                self._meter.attempted(attempted)
