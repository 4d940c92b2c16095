"""An answer as it is being written: its phrases, each as soon as it is certain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from halo_voice.core.dialogue import Say
from halo_voice.core.ports import Message


class Draft:
    """One answer, made by one task. Nobody need wait for it yet: then its phrases are held.

    `messages`: what was asked. `chars`: what the model gave, in characters. `*_at`: on the event
    loop's clock, in seconds; None as long as it has not come.
    """

    writing: asyncio.Task[Say]

    def __init__(self, messages: Sequence[Message]) -> None:
        self.messages = messages
        self.phrases: list[str] = []
        self.chars = 0
        self.first_token_at: float | None = None
        self.first_phrase_at: float | None = None
        self.on_phrase: Callable[[], None] | None = None
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

    def drop(self) -> None:
        """Nobody wants the rest: the model is stopped."""
        self.on_phrase = None
        self.writing.cancel()
