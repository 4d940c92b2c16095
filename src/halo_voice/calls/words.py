"""Finds the words of a turn: the model's, else the net's, else an apology."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import structlog

from halo_voice.calls.draft import Draft
from halo_voice.core.dialogue import Dialogue, Say
from halo_voice.core.errors import ModelError
from halo_voice.core.ports import LanguageModel, Message

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

    def begin(self, dialogue: Dialogue, messages: Sequence[Message], due: float) -> Draft:
        """An answer that will be whole at `due` on the event loop's clock. Never a `ModelError`."""
        draft = Draft(messages)
        draft.writing = asyncio.create_task(self._write(draft, dialogue, due))
        draft.writing.add_done_callback(_seen)
        return draft

    def begin_within(
        self, dialogue: Dialogue, longest_s: float, messages: Sequence[Message]
    ) -> Draft:
        """As `begin`, whole after `longest_s` seconds at the latest."""
        return self.begin(dialogue, messages, asyncio.get_running_loop().time() + longest_s)

    async def _write(self, draft: Draft, dialogue: Dialogue, due: float) -> Say:
        loop = asyncio.get_running_loop()
        source = await self._ask(self._model, draft, dialogue, due - loop.time())
        if not draft.phrases and self._net is not None:
            left_s = max(NET_S, due - loop.time())
            source = await self._ask(self._net, draft, dialogue, left_s)
        say = dialogue.answered(draft.phrases, source)
        if not draft.phrases:
            draft.add([say.text])
        return say

    async def _ask(
        self, model: LanguageModel, draft: Draft, dialogue: Dialogue, deadline_s: float
    ) -> str:
        """Write what `model` says into the draft. Returns who spoke."""
        phraser = dialogue.phraser()

        def take(piece: str) -> bool:
            if draft.first_token_at is None:
                draft.begun()
            draft.chars += len(piece)
            phrases = phraser.feed(piece)
            if phrases:
                draft.add(phrases)
            return phraser.full

        answer = model.stream(draft.messages, max_tokens=self._max_tokens, deadline_s=deadline_s)
        broken_off = False
        try:
            await _each(answer, take)
            # A model may stop by itself where its answer had become too long.
            broken_off = phraser.full or getattr(answer, "truncated", False)
            draft.add(phraser.finish(torn=broken_off))
        except ModelError as error:
            broken_off = True
            draft.add(phraser.finish(torn=True))
            _log.warning("answer_failed", code=error.code, kept=bool(draft.phrases))
        finally:
            close = getattr(answer, "aclose", None)
            if close is not None:
                await close()
        source = getattr(answer, "source", model.name)
        # The net knows no more than it said: it cannot go on.
        if broken_off and (self._net is None or source != self._net.name):
            draft.add(dialogue.go_on(draft.phrases))
        return source


async def _each(answer: AsyncIterator[str], take: Callable[[str], bool]) -> None:
    """Give `take` each piece until it has enough; without a task's switch where the model can."""
    each = getattr(answer, "each", None)
    if each is not None:
        await each(take)
        return
    async for piece in answer:
        if take(piece):
            return


def _seen(writing: asyncio.Task[Say]) -> None:
    """A fault of an answer that nobody waits for any more is told here, not by the interpreter."""
    try:
        fault = writing.exception()
    except asyncio.CancelledError:
        return  # asked for, a task gives it up: it would hold its frames, and they the task
    if fault is not None:
        _log.error("draft_failed", fault=type(fault).__name__)
