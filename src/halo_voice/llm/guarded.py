"""Several models as one: the next one speaks when one fails before its first word.

Once a word has been given out, the caller may have heard it; a failure after that is passed on,
because a second model cannot carry on the first one's sentence. The last model of the list is the
net (the offline assistant): some time is always kept for it.

`_first_piece` is where hedging will come in (start the next model before this one has failed), and
`_candidates` is where a circuit breaker will (leave out who keeps failing).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Self

import structlog

from halo_voice.core.errors import ConfigurationError, ModelBroken, ModelError, ModelTimeout
from halo_voice.core.ports import LanguageModel, Message

_log = structlog.get_logger(__name__)

LAST_S_MIN = 0.3


class GuardedModel:
    """A `LanguageModel` made of several, tried in order within one deadline."""

    def __init__(self, models: Sequence[LanguageModel], *, last_s_min: float = LAST_S_MIN) -> None:
        """`last_s_min`: seconds of the deadline that the others must leave to the last model."""
        if not models:
            raise ConfigurationError(["No language model is configured."])
        self.models = tuple(models)
        self.name = self.models[0].name
        self._last_s_min = last_s_min

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, deadline_s: float
    ) -> GuardedAnswer:
        """The answer of the first model that gives a word; its `source` says which one that was."""
        return GuardedAnswer(self._candidates(), messages, max_tokens, deadline_s, self._last_s_min)

    async def warm_up(self) -> None:
        await asyncio.gather(*(model.warm_up() for model in self.models))

    async def close(self) -> None:
        for model in self.models:
            await model.close()

    def _candidates(self) -> Sequence[LanguageModel]:
        return self.models


class GuardedAnswer:
    """Iterate for the text. `source` names the model that answers, "" until its first piece."""

    def __init__(
        self,
        models: Sequence[LanguageModel],
        messages: Sequence[Message],
        max_tokens: int,
        deadline_s: float,
        last_s_min: float,
    ) -> None:
        self.source = ""
        #: The model's own answer object, once it speaks: it may know more (`finish_reason`).
        self.answer: AsyncIterator[str] | None = None
        self._models = models
        self._messages = messages
        self._max_tokens = max_tokens
        self._last_s_min = last_s_min
        self._end = asyncio.get_running_loop().time() + deadline_s
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        if self._closed:
            raise StopAsyncIteration
        if self.answer is not None:
            return await anext(self.answer)
        try:
            return await self._first_piece()
        except BaseException:
            self._closed = True
            raise

    async def aclose(self) -> None:
        """Stop reading; closes the model's connection if its answer has not ended."""
        self._closed = True
        if self.answer is not None:
            await _close(self.answer)

    async def _first_piece(self) -> str:
        """The first piece of the first model that has one. Raises the last model's error."""
        last = len(self._models) - 1
        for position, model in enumerate(self._models):
            left_s = self._end - asyncio.get_running_loop().time()
            if position == last:
                return await self._ask(model, max(left_s, self._last_s_min), None)
            share_s = (left_s - self._last_s_min) / (last - position)
            if share_s <= 0:
                continue
            try:
                return await self._ask(model, left_s, share_s)
            except ModelError as error:
                status = getattr(error, "status", None)
                _log.warning("model_failed", model=model.name, code=error.code, status=status)
        raise AssertionError("the last model either answers or raises")

    async def _ask(self, model: LanguageModel, deadline_s: float, first_s: float | None) -> str:
        """The model's first piece, awaited for `first_s` seconds at most."""
        answer = model.stream(self._messages, max_tokens=self._max_tokens, deadline_s=deadline_s)
        try:
            async with asyncio.timeout(first_s):
                piece = await anext(answer)
            self.answer, self.source = answer, model.name
        except TimeoutError:
            raise ModelTimeout("The model's time for its first word is up.") from None
        except StopAsyncIteration:
            raise ModelBroken("The model's answer is empty.") from None
        finally:
            if self.answer is None:
                await _close(answer)
        return piece


async def _close(answer: AsyncIterator[str]) -> None:
    close = getattr(answer, "aclose", None)
    if close is not None:
        await close()
