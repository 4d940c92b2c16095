"""Finds the words of a turn: the model's, else the net's, else an apology."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from copy import copy
from typing import Any

import structlog

from halo_voice.calls.account import Question
from halo_voice.calls.draft import Draft
from halo_voice.calls.errands import Errands
from halo_voice.calls.given import Given
from halo_voice.calls.listener import Uncounted
from halo_voice.calls.purse import Purse
from halo_voice.calls.steps import Asked, Steps
from halo_voice.core import aside
from halo_voice.core.dialogue import Dialogue, Say
from halo_voice.core.errors import ModelError, ModelTimeout
from halo_voice.core.guard import Guard
from halo_voice.core.messages import Calls, Message, ToolCall
from halo_voice.core.phrases import Phraser
from halo_voice.core.ports import Fate, LanguageModel, Meter
from halo_voice.core.tools import Offer

NET_S = 0.3
"""The net has this long, in seconds, whatever is left of the turn's time."""

_log = structlog.get_logger(__name__)


class Words:
    """What one profile asks for words. `net` answers without a network when `model` has nothing
    that can be spoken: a torn first sentence, blanks, markup. Nothing of those was heard yet.
    What `guard` finds in an answer ends it, before it is given out. `inform` adds what `model` is
    to know besides; it takes no time and raises nothing. `ready` is awaited before, for what
    `inform` has from elsewhere, and keeps its own short deadline; `foresee` is told what may be
    asked soon."""

    def __init__(
        self,
        model: LanguageModel,
        *,
        net: LanguageModel | None = None,
        max_tokens: int,
        guard: Guard | None = None,
        meter: Meter | None = None,
        inform: Callable[[Sequence[Message]], Sequence[Message]] | None = None,
        ready: Callable[[Sequence[Message]], Awaitable[None]] | None = None,
        foresee: Callable[[Sequence[Message]], None] | None = None,
    ) -> None:
        #: What pays for the answers; where it allows no more, the net answers.
        self.purse = Purse()
        #: The tools of the call, if it has some.
        self.errands: Errands | None = None
        self._model = model
        self.net = net
        self._max_tokens = max_tokens
        self._guard = guard
        self._meter = meter or Uncounted()
        self._inform = inform
        self._ready = ready
        self.foresee = foresee

    def paid_by(self, purse: Purse, errands: Errands | None = None) -> Words:
        """The same, at another's cost, with the tools of a call."""
        paid = copy(self)
        paid.purse = purse
        paid.errands = errands
        return paid

    async def reload_tools(self) -> None:
        """Learn what tools were called in the call, by whatever process. Raises `StoreError`."""
        if self.errands is not None:
            await self.errands.reload()

    async def finish(self) -> None:
        """The call is over, or goes on elsewhere: let tools that run come to an end."""
        if self.errands is not None:
            await self.errands.finish()

    def begin(self, dialogue: Dialogue, messages: Sequence[Message], due: float) -> Draft:
        """An answer that will be whole at `due` on the event loop's clock. Never a `ModelError`."""
        draft = Draft(messages)
        if self.errands is None:
            draft.writing = asyncio.create_task(self._write(draft, dialogue, due))
        else:
            draft.awaits = asyncio.get_running_loop().create_future()
            draft.writing = asyncio.create_task(
                self._write_with(self.errands, draft, dialogue, due)
            )
        draft.writing.add_done_callback(_seen)
        return draft

    def begin_within(
        self, dialogue: Dialogue, longest_s: float, messages: Sequence[Message]
    ) -> Draft:
        """As `begin`, whole after `longest_s` seconds at the latest."""
        return self.begin(dialogue, messages, asyncio.get_running_loop().time() + longest_s)

    async def _write(self, draft: Draft, dialogue: Dialogue, due: float) -> Say:
        loop = asyncio.get_running_loop()
        source, cut = "", False
        told = await self._informed(draft.messages)
        held = self.purse.hold(told, self._max_tokens)
        if held is not None:
            try:
                left_s = due - loop.time()
                source, cut = await self._ask(self._model, draft, dialogue, left_s, Asking(told))
            finally:
                self.purse.settle(held, draft.taken)
        return await self._end(draft, dialogue, due, source, cut)

    async def _informed(self, messages: Sequence[Message]) -> Sequence[Message]:
        """With what the company's texts have on the question."""
        if self._ready is not None:
            await self._ready(messages)
        return messages if self._inform is None else self._inform(messages)

    async def _end(
        self, draft: Draft, dialogue: Dialogue, due: float, source: str, cut: bool
    ) -> Say:
        """What the net has to say if nobody else had; else an apology."""
        if source == aside.SOURCE:
            say = dialogue.asked_to_repeat()
            draft.add([say.text])
            return say
        if not draft.phrases and self.net is not None:
            left_s = max(NET_S, due - asyncio.get_running_loop().time())
            source, cut = await self._ask(self.net, draft, dialogue, left_s)
        say = dialogue.answered(draft.phrases, source, cut=cut)
        if not draft.phrases:
            draft.add([say.text])
        return say

    async def _write_with(
        self, errands: Errands, draft: Draft, dialogue: Dialogue, due: float
    ) -> Say:
        """As `_write`, for a call with tools."""

        async def ask(messages: Sequence[Message], offer: Offer | None, due: float) -> Asked:
            return await self._step(draft, dialogue, messages, offer, due)

        steps = Steps(draft, dialogue, errands, ask, due)
        say = await steps.write()
        return say or await self._end(draft, dialogue, due, steps.source, False)

    async def _step(
        self,
        draft: Draft,
        dialogue: Dialogue,
        messages: Sequence[Message],
        offer: Offer | None,
        due: float,
    ) -> Asked:
        """One question to the models, paid for; its phrases go to the draft."""
        messages = await self._informed(messages)
        offered = [] if offer is None else [Message("system", " " * offer.chars)]
        held = self.purse.hold([*messages, *offered], self._max_tokens)
        if held is None:
            return Asked("", False, (), given=False)
        before, called = len(draft.phrases), Called(messages, draft, offer)
        left_s = due - asyncio.get_running_loop().time()
        draft.taken = ()
        try:
            source, cut = await self._ask(self._model, draft, dialogue, left_s, called)
        finally:
            self.purse.settle(held, draft.taken)
        if cut or source == aside.SOURCE or source.startswith("guard:"):
            called.calls = ()  # what is torn, or should not be said, does nothing either
        if called.calls and draft.question is not None:
            draft.question.stepped = True
            draft.steps.append(draft.question)
            draft.question = None
        return Asked(source, cut, called.calls, given=len(draft.phrases) > before)

    async def _ask(
        self,
        model: LanguageModel,
        draft: Draft,
        dialogue: Dialogue,
        deadline_s: float,
        asking: Asking | None = None,
    ) -> tuple[str, bool]:
        """Write what `model` says into the draft. Returns who spoke, and whether it was cut."""
        asking = asking or Asking(draft.messages)
        offer = None if self.errands is None else self.errands.toolbox.offer()
        can_act = offer is not None and offer.acts
        given = Given(draft, self._guard, asking.messages, can_act=can_act)
        phraser = dialogue.phraser(given.see, used=asking.used)
        asked, how = given.messages, asking.how
        answer = model.stream(asked, max_tokens=self._max_tokens, deadline_s=deadline_s, **how)
        question = Question(asked, answer, model.name)
        if model is not self.net:  # it costs nothing
            draft.question = question

        def take(piece: str) -> bool:
            if draft.first_token_at is None:
                draft.begun()
            if not piece:
                asking.told(piece)
            question.chars += len(piece)
            phrases = phraser.feed(piece)
            if phrases:
                given.add(phrases)
            return phraser.full or given.over

        broken_off = False
        try:
            await _each(answer, take)
            broken_off = phraser.full or _torn(answer, phraser, asking)
            given.add(phraser.finish(torn=broken_off))
            question.fate = Fate.ENDLESS if broken_off else Fate.USED
        except ModelError as error:
            broken_off = True
            late = Fate.SILENT if isinstance(error, ModelTimeout) else Fate.FAILED
            question.fate = Fate.TORN if question.chars else late
            given.add(phraser.finish(torn=True))
            _log.warning("answer_failed", code=error.code, kept=bool(draft.phrases))
        finally:
            await _close(answer, draft, question)
        question.over(draft.phrases, withheld=given.withheld is not None)
        if given.aside:
            return aside.SOURCE, False
        if given.withheld is not None:
            self._meter.withheld(given.withheld)
            return given.refuse(dialogue), False
        given.keep_word(dialogue, acts=bool(asking.calls))
        source = getattr(answer, "source", model.name)
        # The net knows no more than it said: it cannot go on.
        if broken_off and (self.net is None or source != self.net.name):
            draft.add(dialogue.go_on(draft.phrases))
        return source, broken_off


class Asking:
    """One question: its messages, and how else it is asked. `used`: characters that were given out
    in the turn before."""

    used = 0
    how: Mapping[str, Any] = {}
    calls: tuple[ToolCall, ...] = ()

    def __init__(self, messages: Sequence[Message]) -> None:
        self.messages = messages

    def told(self, piece: str) -> None:
        """A piece of the answer without text."""


class Called(Asking):
    """One with tools, and what its answer calls."""

    def __init__(self, messages: Sequence[Message], draft: Draft, offer: Offer | None) -> None:
        super().__init__(messages)
        self.used = sum(map(len, draft.phrases))
        self.how = {} if offer is None else {"tools": offer}

    def told(self, piece: str) -> None:
        if isinstance(piece, Calls):
            self.calls = piece.calls


async def _each(answer: AsyncIterator[str], take: Callable[[str], bool]) -> None:
    """Give `take` each piece until it has enough; without a task's switch where the model can."""
    each = getattr(answer, "each", None)
    if each is not None:
        await each(take)
        return
    async for piece in answer:
        if take(piece):
            return


def _torn(answer: AsyncIterator[str], phraser: Phraser, asking: Asking) -> bool:
    """Whether an answer stopped before its end. A model may stop by itself where it had become too
    long. What a server's filter says instead is all that there is; it calls nothing."""
    if not getattr(answer, "filtered", False):
        return bool(getattr(answer, "truncated", False))
    asking.told(Calls())
    return not phraser.whole


async def _close(answer: AsyncIterator[str], draft: Draft, question: Question) -> None:
    """Stop reading an answer; the draft is told what it took."""
    close, spent = getattr(answer, "aclose", None), getattr(answer, "spent", None)
    try:
        if close is not None:
            await close()
    finally:  # who gives up twice has to pay, too
        draft.taken = spent(question.chars) if spent is not None else ()


def _seen(writing: asyncio.Task[Say]) -> None:
    """A fault of an answer that nobody waits for any more is told here, not by the interpreter."""
    try:
        fault = writing.exception()
    except asyncio.CancelledError:
        return  # asked for, a task gives it up: it would hold its frames, and they the task
    if fault is not None:
        _log.error("draft_failed", fault=type(fault).__name__)
