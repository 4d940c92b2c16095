"""One model with what is known of it: how it fails (breaker) and how quick it is (pace).

Made once for each model and shared by the guarded models of all profiles: what one call finds out
spares all others the wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from halo_voice.core.errors import (
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelTimeout,
    ModelUnreachable,
)
from halo_voice.core.messages import plain
from halo_voice.core.money import Tokens, tokens_asked, tokens_of
from halo_voice.core.ports import Fate, LanguageModel, Message
from halo_voice.core.tools import Offer
from halo_voice.llm.breaker import Breaker, BreakerLimits, is_ours
from halo_voice.llm.pace import Pace

HEDGE_S = 1.2
PATIENCE_S_MIN = 0.25
"""However quick a model usually is, a second one started earlier than that gains nobody anything
that can be heard."""

PATIENCE_SLACK_S = 0.05
"""A model that always takes the same time is not hedged for a few milliseconds more."""

_DEADLINE_SLACK_S = 0.05

_UNREAD = (ModelUnreachable, ModelBusy, ModelRefused)
"""Failures before the first piece after which no provider bills: the question was not worked on."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ModelState:
    """What `/readyz` tells of a model. `failures`: in a row. `first_piece_ms`: its usual (90th
    percentile) time to the first piece, None while too few answers are known. `tokens_left`: of
    those that were bought beforehand, None where nothing is told of them."""

    name: str
    state: str
    failures: int
    first_piece_ms: int | None
    tokens_left: int | None = None


class Provider:
    """A model that is asked through `begin`.

    `hedge_s`: patience with it while its pace is not known, seconds. `now`: monotonic, seconds;
    the event loop's time if not given.
    """

    def __init__(
        self,
        model: LanguageModel,
        *,
        hedge_s: float = HEDGE_S,
        limits: BreakerLimits | None = None,
        now: Callable[[], float] | None = None,
    ) -> None:
        self.name = model.name
        self.now = now = now or _loop_time
        self.pace = Pace()
        self.breaker = Breaker(limits, now=now)
        self._model = model
        self._hedge_s = hedge_s
        self.tokens_left: int | None = None

    @property
    def patience_s(self) -> float:
        """How long the first piece may take before somebody else is asked as well."""
        usual_s = self.pace.usual_s
        if usual_s is None:
            return self._hedge_s
        return max(usual_s + PATIENCE_SLACK_S, PATIENCE_S_MIN)

    @property
    def state(self) -> ModelState:
        usual_s, breaker = self.pace.usual_s, self.breaker
        usual_ms = None if usual_s is None else round(usual_s * 1000)
        known = breaker.state.value, breaker.failures, usual_ms, self.tokens_left
        return ModelState(self.name, *known)

    def begin(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        tools: Offer | None = None,
    ) -> Attempt | None:
        """Ask the model; None at once while its breaker leaves it out."""
        era = self.breaker.admit()
        if era is None:
            return None
        how: dict[str, Any] = {}
        if tools is not None:
            if getattr(self._model, "takes_tools", False):
                how["tools"] = tools
            else:
                messages, tools = plain(messages), None
        answer = self._model.stream(messages, max_tokens=max_tokens, deadline_s=deadline_s, **how)
        return Attempt(self, era, answer, deadline_s, messages, tools)

    async def count_tokens(self) -> None:
        """Ask for `tokens_left`; None where they are not told. Raises `ModelError`."""
        ask = getattr(self._model, "tokens_left", None)
        try:
            self.tokens_left = None if ask is None else await ask()
        except ModelError:
            self.tokens_left = None  # what was known may be long past
            raise

    async def warm_up(self) -> None:
        await self._model.warm_up()

    async def close(self) -> None:
        await self._model.close()


class Attempt:
    """One question to one model. Whoever asked tells its outcome once; what follows is ignored.

    `fate`: None as long as it is at work, or after it ended well. `chars`: read of it in vain.
    """

    __slots__ = (
        "_deadline_s",
        "_era",
        "_judged",
        "_messages",
        "_provider",
        "_spoke",
        "_tools",
        "_unread",
        "answer",
        "begun",
        "chars",
        "fate",
        "name",
    )

    def __init__(
        self,
        provider: Provider,
        era: int,
        answer: AsyncIterator[str],
        deadline_s: float,
        messages: Sequence[Message],
        tools: Offer | None = None,
    ) -> None:
        self.name = provider.name
        self.answer = answer
        self.begun = provider.now()
        self.chars = 0
        self.fate: Fate | None = None
        self._provider = provider
        self._era = era
        self._deadline_s = deadline_s
        self._messages = messages
        self._tools = tools
        self._unread = False
        self._spoke = False
        self._judged = False

    @property
    def patience_s(self) -> float:
        return self._provider.patience_s

    @property
    def _taken_s(self) -> float:
        return self._provider.now() - self.begun

    def tokens(self, given_chars: int) -> Tokens | None:
        """What it took so far: as the server counts it, else estimated from what was sent and what
        came; `given_chars`: of text, where the answer itself does not know. None: it costs nothing.
        """
        counted = getattr(self.answer, "usage", None)
        if counted is not None and (counted.prompt_tokens or counted.completion_tokens):
            return Tokens(self.name, counted.prompt_tokens, counted.completion_tokens)
        if self._unread:
            return None
        written = tokens_of(getattr(self.answer, "chars", given_chars))
        asked = tokens_asked(self._messages)
        if self._tools is not None:
            asked += tokens_of(self._tools.chars)
        return Tokens(self.name, asked, written)

    def spoke(self) -> None:
        """The first piece is there."""
        self._spoke = True
        self._provider.pace.add(self._taken_s)

    def ended(self) -> None:
        """The answer is whole, or as long as its reader wanted it."""
        if not self._judged:
            self._judged = True
            if self._provider.breaker.succeeded(self._era):
                _log.info("model_back", model=self.name)

    def failed(self, error: ModelError) -> None:
        """The model raised this. Running into a deadline of ours that was too short for anybody is
        not held against it."""
        self._unread = self._unread or (isinstance(error, _UNREAD) and not self._spoke)
        if self._judged:
            return
        status = getattr(error, "status", None)
        _log.warning("model_failed", model=self.name, code=error.code, status=status)
        silent = Fate.SILENT if isinstance(error, ModelTimeout) else Fate.FAILED
        self.fate = Fate.TORN if self._spoke else silent
        late = self._taken_s >= self._deadline_s - _DEADLINE_SLACK_S
        if isinstance(error, ModelTimeout) and late and not self._fairly_asked:
            self._forget()
        else:
            self._blame(error)

    def called_off(self, fate: Fate) -> bool:
        """Nobody waits for it any more: it counts as late if it had its usual time. False when its
        outcome was known already.

        If late, its time so far is kept too. Were only the answers counted that win, a model that
        has become slower would look as quick as before, and be hedged for ever.
        """
        if self._judged:
            return False
        self.fate = fate
        taken_s, fair = self._taken_s, self._fairly_asked
        _log.info("model_called_off", model=self.name, after_ms=round(taken_s * 1000), late=fair)
        if fair and not self._spoke:
            self._blame(ModelTimeout())
            self._provider.pace.add(taken_s)
        else:
            self._forget()
        return True

    @property
    def _fairly_asked(self) -> bool:
        return self._taken_s >= self.patience_s

    def _forget(self) -> None:
        self._judged = True
        self._provider.breaker.undecided(self._era)

    def _blame(self, error: ModelError) -> None:
        self._judged = True
        pause_s = self._provider.breaker.failed(self._era, error)
        if pause_s is None:
            return
        left_out = {"model": self.name, "code": error.code, "for_s": round(pause_s, 1)}
        if is_ours(error):
            _log.error("model_left_out", alarm=True, **left_out)
        else:
            _log.warning("model_left_out", **left_out)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
