"""An answer as it is being written: its phrases, each as soon as it is certain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from halo_voice.calls.account import Question
from halo_voice.core.dialogue import Say
from halo_voice.core.money import Tokens
from halo_voice.core.ports import Message


@dataclass(frozen=True, slots=True)
class Commitment:
    """The turn whose answer this is, once it is written down: only then tools may run.

    `received`, `due`: on the event loop's clock. `streamed`: whether phrases are heard as they
    come, now.
    """

    turn: int
    received: float
    due: float
    streamed: Callable[[], bool]


class Draft:
    """One answer, made by one task. Nobody need wait for it yet: then its phrases are held.

    `messages`: what was asked. `taken`: what it took of the models. `steps`: questions that were
    answered with calls of tools. `*_at`: on the event loop's clock, in seconds; None as long as it
    has not come.
    """

    writing: asyncio.Task[Say]

    def __init__(self, messages: Sequence[Message]) -> None:
        self.messages = messages
        self.phrases: list[str] = []
        self.question: Question | None = None
        self.steps: list[Question] = []
        self.taken: Sequence[Tokens] = ()
        self.first_token_at: float | None = None
        self.first_phrase_at: float | None = None
        self.on_phrase: Callable[[], None] | None = None
        self.awaits: asyncio.Future[Commitment] | None = None  # of who runs tools
        self._loop = asyncio.get_running_loop()

    def begun(self) -> None:
        """The model has given its first token."""
        self.first_token_at = self._loop.time()

    def add(self, phrases: Sequence[str]) -> None:
        """These are certain."""
        if not phrases:
            return
        if self.first_phrase_at is None:
            self.first_phrase_at = self._loop.time()
        self.phrases += phrases
        if self.on_phrase is not None:
            self.on_phrase()

    def settle(self) -> list[Question]:
        """What was asked of models for it, to be accounted for: once."""
        asked = [*self.steps, *([self.question] if self.question is not None else [])]
        self.question, self.steps = None, []
        return asked

    def commit(self, commitment: Commitment) -> None:
        """This is the answer of a turn that is written down."""
        if self.awaits is not None and not self.awaits.done():
            self.awaits.set_result(commitment)

    def drop(self) -> None:
        """Nobody wants the rest: the model is stopped."""
        self.on_phrase = self.awaits = None
        self.writing.cancel()
