"""Finds the words of a turn: the model's, else the net's, else an apology."""

from __future__ import annotations

import time

import structlog

from halo_voice.core.dialogue import Dialogue, Say
from halo_voice.core.errors import ModelError
from halo_voice.core.ports import LanguageModel, Message, Outcome
from halo_voice.core.sentences import whole_sentences

RAW_CHARS_PER_SPOKEN = 3
"""Raw text may be so much longer than what is spoken of it (markup); then the model is stopped."""

NET_S = 0.3
"""The net has this long, in seconds, whatever is left of the turn's time."""

_log = structlog.get_logger(__name__)


class Words:
    """What one profile asks for words. `net` answers without a network when `model` has nothing
    that can be spoken: a torn first sentence, blanks, markup. Nothing of those was heard yet."""

    def __init__(
        self, model: LanguageModel, *, net: LanguageModel | None = None, max_tokens: int
    ) -> None:
        self._model = model
        self._net = net
        self._max_tokens = max_tokens

    async def find(self, dialogue: Dialogue, messages: list[Message], deadline_s: float) -> Say:
        """What to say within `deadline_s` seconds. Never raises a `ModelError`."""
        due = time.monotonic() + deadline_s
        say = await self._ask(self._model, dialogue, messages, deadline_s)
        if say.outcome is Outcome.APOLOGISED and self._net is not None:
            left_s = max(NET_S, due - time.monotonic())
            say = await self._ask(self._net, dialogue, messages, left_s)
        return say

    async def _ask(
        self, model: LanguageModel, dialogue: Dialogue, messages: list[Message], deadline_s: float
    ) -> Say:
        limit = dialogue.profile.limits.phrase_chars * RAW_CHARS_PER_SPOKEN
        answer = model.stream(messages, max_tokens=self._max_tokens, deadline_s=deadline_s)
        pieces: list[str] = []
        raw = 0
        try:
            async for piece in answer:
                pieces.append(piece)
                raw += len(piece)
                if raw > limit:
                    break
        except ModelError as error:
            # Of a torn answer the whole sentences are kept.
            pieces = [whole_sentences("".join(pieces))]
            _log.warning("answer_failed", code=error.code, kept=bool(pieces[0]))
        finally:
            close = getattr(answer, "aclose", None)
            if close is not None:
                await close()
        return dialogue.answered("".join(pieces), getattr(answer, "source", model.name))
