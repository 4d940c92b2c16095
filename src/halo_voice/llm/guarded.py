"""Several models as one: the next one speaks when one is slow or fails before its first word.

Of the real models two at most are asked in one turn (invariant 10): the first, and another one when
the first has failed or is slower than usual; the first piece wins (`race`). A model that keeps
failing is not asked at all for a while (`breaker`). The last of the list is the net (the offline
assistant): it is no rival of the others, and asked only when they have failed or their time is up.
Some time is always kept for it.

Once a word has been given out, the caller may have heard it; a failure after that is passed on,
because a second model cannot carry on the first one's sentence.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Self

from halo_voice.core.errors import ConfigurationError, ModelBroken, ModelError
from halo_voice.core.messages import plain
from halo_voice.core.money import Tokens
from halo_voice.core.ports import LanguageModel, Message
from halo_voice.core.tools import Offer
from halo_voice.llm.provider import Attempt, ModelState, Provider
from halo_voice.llm.race import Race, close

LAST_S_MIN = 0.3


class GuardedModel:
    """A `LanguageModel` made of several, tried in order within one deadline."""

    def __init__(
        self,
        models: Sequence[LanguageModel | Provider],
        *,
        last_s_min: float = LAST_S_MIN,
    ) -> None:
        """All but the last may be `Provider`s, shared with other guarded models.

        `last_s_min`: seconds of the deadline that the others must leave to the last model.
        """
        if not models or isinstance(models[-1], Provider):
            raise ConfigurationError(["No language model is configured."])
        self.last: LanguageModel = models[-1]
        self.providers = tuple(m if isinstance(m, Provider) else Provider(m) for m in models[:-1])
        self.name = models[0].name
        self._last_s_min = last_s_min

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        tools: Offer | None = None,
    ) -> GuardedAnswer:
        """The answer of the model that first gives a word; its `source` says which one that was.

        Only that one's calls of tools are given out. The last model is offered none.
        """
        return GuardedAnswer(self, messages, max_tokens, deadline_s, self._last_s_min, tools)

    def states(self) -> list[ModelState]:
        """What is known of each model but the last, in the order in which they are asked."""
        return [provider.state for provider in self.providers]

    async def warm_up(self) -> None:
        await asyncio.gather(*(model.warm_up() for model in (*self.providers, self.last)))

    async def close(self) -> None:
        for model in (*self.providers, self.last):
            await model.close()


class GuardedAnswer:
    """Iterate for the text.

    `source` names the model that answers, "" until its first piece. `tried`: real models asked;
    `speaker`: the one that answers, None while nobody, or the last model, does. `hedged`: one was
    started beside a slow one. `wasted`: attempts called off, paid for in vain.
    """

    def __init__(
        self,
        model: GuardedModel,
        messages: Sequence[Message],
        max_tokens: int,
        deadline_s: float,
        last_s_min: float,
        tools: Offer | None = None,
    ) -> None:
        self.source = ""
        self.tried: list[Attempt] = []
        self.speaker: Attempt | None = None
        self.hedged = False
        self.wasted = 0
        #: The model's own answer object, once it speaks: it may know more (`finish_reason`).
        self.answer: AsyncIterator[str] | None = None
        self._following: Callable[[], Awaitable[str]] | None = None  # its next piece
        self._model = model
        self._left = iter(model.providers)
        self._messages = messages
        self._max_tokens = max_tokens
        self._last_s_min = last_s_min
        self._tools = tools
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + deadline_s
        self._closed = False

    @property
    def attempts(self) -> int:
        """How many real models were asked."""
        return len(self.tried)

    @property
    def truncated(self) -> bool:
        """The model that spoke had more to say than it may."""
        return bool(getattr(self.answer, "truncated", False))

    @property
    def filtered(self) -> bool:
        """A filter stopped the model that spoke."""
        return bool(getattr(self.answer, "filtered", False))

    def spent(self, given_chars: int) -> list[Tokens]:
        """What the real models took, those that were called off or failed too (F34); the last one
        of the list is ours and costs nothing. `given_chars`: the answer's, as its reader counts.
        """
        of_each = (each.tokens(given_chars * (each is self.speaker)) for each in self.tried)
        return [tokens for tokens in of_each if tokens is not None]

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        following = self._following
        try:
            return await (self._first_piece() if following is None else following())
        except BaseException as error:
            self._finish(error)
            raise

    async def each(self, take: Callable[[str], object]) -> None:
        """Give every piece to `take` as it comes, without waking anybody for it where the model
        can do that. `take` must not wait; if it returns what is true, that was enough.

        Raises `ModelError` as the iteration does, and what `take` raises.
        """
        if self._following is None:
            try:
                piece = await self.__anext__()
            except StopAsyncIteration:
                return
            if take(piece):
                await self.aclose()
                return
        answer = self.answer
        each = getattr(answer, "each", None)
        try:
            await (_each(answer, take) if each is None else each(take))
        except ModelError as error:
            self._finish(error)
            raise
        await self.aclose()

    async def aclose(self) -> None:
        """Stop reading; closes the model's connection if its answer has not ended."""
        self._closed = True
        self._following = None
        if self.answer is not None:
            await close(self.answer)
        if self.speaker is not None:
            self.speaker.ended()

    def _finish(self, error: BaseException) -> None:
        """What the answer's end tells of the model that spoke."""
        if self.answer is None:
            self._closed = True
        elif self.speaker is not None:
            if isinstance(error, ModelError):
                self.speaker.failed(error)
            elif isinstance(error, StopAsyncIteration):
                self.speaker.ended()

    async def _first_piece(self) -> str:
        """The first piece of the first model that has one. Raises the last model's error."""
        if self._closed:
            raise StopAsyncIteration
        give_up = self._end - self._last_s_min
        if self._model.providers and self._loop.time() < give_up:
            race = Race(self._begin, give_up, alone=len(self._model.providers) == 1)
            try:
                piece = await race.run()
            finally:
                self.hedged, self.wasted = race.hedged, race.wasted
            if piece is not None:
                assert race.winner is not None
                self.speaker = race.winner
                self._hear(race.winner.answer, race.winner.name)
                return piece
        return await self._ask_last()

    def _hear(self, answer: AsyncIterator[str], source: str) -> None:
        self.answer, self.source = answer, source
        self._following = answer.__anext__

    def _begin(self) -> Attempt | None:
        """Ask the next model that its breaker does not leave out."""
        for provider in self._left:
            attempt = provider.begin(
                self._messages,
                max_tokens=self._max_tokens,
                deadline_s=self._end - self._loop.time(),
                tools=self._tools,
            )
            if attempt is not None:
                self.tried.append(attempt)
                return attempt
        return None

    async def _ask_last(self) -> str:
        model = self._model.last
        left_s = max(self._end - self._loop.time(), self._last_s_min)
        told = self._messages if self._tools is None else plain(self._messages)
        answer = model.stream(told, max_tokens=self._max_tokens, deadline_s=left_s)
        try:
            piece = await anext(answer)
            self._hear(answer, model.name)
        except StopAsyncIteration:
            raise ModelBroken("The model's answer is empty.") from None
        finally:
            if self.answer is None:
                await close(answer)
        return piece


async def _each(answer: AsyncIterator[str], take: Callable[[str], object]) -> None:
    async for piece in answer:
        if take(piece):
            return
