"""Begins an answer before the caller's turn has ended, and throws it away if the words change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from halo_voice.calls.account import Account
from halo_voice.calls.draft import Draft
from halo_voice.core.dialogue import Ask
from halo_voice.core.likeness import close_enough
from halo_voice.core.ports import Message, Meter, Outcome
from halo_voice.core.speakable import same_words, words

STILL_S = 0.6
"""Words that have not changed for so long, in seconds, may be the whole turn."""

LOOK_S = 0.2
"""After so long, in seconds, what the answer will need from elsewhere is asked for."""


class Foresight:
    """The one answer that is held for the coming turn.

    `plan` says what would be asked for these words of this turn, or None; `begin` asks. After
    `limit` answers that were thrown away, none is begun any more. `look` is told before, what may
    be asked soon.
    """

    def __init__(
        self,
        plan: Callable[[int, str], Ask | None],
        begin: Callable[[list[Message]], Draft],
        look: Callable[[list[Message]], None] | None = None,
        *,
        limit: int,
        meter: Meter,
    ) -> None:
        self._plan = plan
        self._look = look
        self._begin = begin
        self._left = limit
        self._meter = meter
        self._account = Account(meter)
        self._turn = 0
        self._text = ""
        self._said: list[str] = []  # its words, as they sound
        self._draft: Draft | None = None
        self._timer: asyncio.TimerHandle | None = None

    def see(self, turn: int, text: str, *, quiet: bool) -> None:
        """The coming turn sounds like this so far. `quiet`: the line is silent."""
        said = words(text)
        if turn != self._turn or said != self._said:
            self.drop()
            self._turn, self._text, self._said = turn, text, said
            self._wait(*((STILL_S, self._start) if self._look is None else (LOOK_S, self._near)))
        if quiet and self._timer is not None:
            self._start()

    def adopt(self, turn: int, text: str, messages: list[Message]) -> Draft | None:
        """The answer to these words if it was begun, asked with the same history."""
        draft = self._draft
        if draft is None or not self._fits(draft, turn, text, messages):
            self.drop()
            return None
        self._draft = None
        self.drop()
        self._meter.speculated(adopted=True)
        return draft

    def account(self) -> Account:
        """What was begun in vain since this was asked last: it is the coming turn's."""
        account, self._account = self._account, Account(self._meter)
        return account

    def drop(self) -> None:
        """Forget what was seen; an answer that was begun is thrown away."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        draft, self._draft, self._turn = self._draft, None, 0
        if draft is not None:
            self._left -= 1
            draft.drop()
            self._meter.speculated(adopted=False)
            self._account.add(draft.settle())

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _near(self) -> None:
        """The words may be the turn's: a server that the answer needs may be asked already."""
        step = self._plan(self._turn, self._text)
        if self._look is not None and step is not None:
            self._look(step.messages)
        self._wait(max(0.0, STILL_S - LOOK_S), self._start)

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        step = self._plan(self._turn, self._text) if self._left > 0 else None
        if step is not None:
            self._draft = self._begin(step.messages)

    def _fits(self, draft: Draft, turn: int, text: str, messages: list[Message]) -> bool:
        if turn != self._turn or draft.messages[:-1] != messages[:-1] or _useless(draft):
            return False
        return same_words(text, self._text) or close_enough(self._text, text)


def _useless(draft: Draft) -> bool:
    """Whether it ended without an answer: asked again, a model may have one."""
    if not draft.writing.done():
        return False
    if draft.writing.cancelled() or draft.writing.exception() is not None:
        return True
    return draft.writing.result().outcome is Outcome.APOLOGISED
