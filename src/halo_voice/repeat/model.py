"""A language model that says again what was said in a recorded call, at the same pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from difflib import SequenceMatcher

from halo_voice.core.aside import MARK, SOURCE
from halo_voice.core.errors import ModelUnreachable
from halo_voice.core.ports import Message, Outcome, TurnRecord
from halo_voice.core.speakable import words
from halo_voice.repeat.recorded import Recorded

UNASKED_S = 5.0  # by HTTP nobody tells when
UNSETTLED_S = 60.0  # an answer that nobody waited for
PIECE_CHARS = 12
CLEARLY = 0.5  # of all words


class RecordedModel:
    """`core.ports.LanguageModel`. A turn that was apologised for fails again; which one is asked
    for is told by its words, also when they have not all come yet."""

    name = "recorded"

    def __init__(self, recorded: Recorded) -> None:
        self._turns = list(recorded.turns)
        self._pace = {turn.turn: _pace(recorded, turn) for turn in recorded.turns}
        self._told = 0
        self._asked_s: dict[int, float] = {}
        self._waiting: set[asyncio.Event] = set()

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,  # noqa: ARG002 - it was short enough once
        deadline_s: float,  # noqa: ARG002 - and in time
    ) -> AsyncIterator[str]:
        turn = self._asked_for(messages[-1].content)
        if turn is None or turn.source == "apology":
            raise ModelUnreachable
        if turn.outcome is not Outcome.ANSWERED:
            await asyncio.sleep(UNSETTLED_S)
            raise ModelUnreachable
        text = MARK if turn.source == SOURCE else turn.reply
        first_s, rest_s = self._pace[turn.turn]
        await self._until_asked(first_s)
        pieces = [text[at : at + PIECE_CHARS] for at in range(0, len(text), PIECE_CHARS)]
        for piece in pieces:
            yield piece
            await asyncio.sleep(rest_s / len(pieces))

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...

    def hearing(self, turn: int, *, asked: bool) -> None:
        """The scenario tells words of this turn, or asks it."""
        self._told = turn
        if asked:
            self._asked_s[turn] = asyncio.get_running_loop().time()
            for each in self._waiting:
                each.set()

    async def _until_asked(self, then_s: float) -> None:
        """An answer that was begun early is as late as it was: so long after its turn was asked."""
        told, news = self._told, asyncio.Event()
        self._waiting.add(news)
        try:
            async with asyncio.timeout(UNASKED_S):
                while told not in self._asked_s:
                    await news.wait()
                    news.clear()
        except TimeoutError:
            return
        finally:
            self._waiting.discard(news)
        await asyncio.sleep(self._asked_s[told] + then_s - asyncio.get_running_loop().time())

    def _asked_for(self, said: str) -> TurnRecord | None:
        """The turn that the scenario names, if these can be its words; else the one whose words are
        most like them."""
        asked = words(said)
        alike = {turn.turn: _likeness(asked, words(turn.user_text)) for turn in self._turns}
        found = max(self._turns, key=lambda turn: alike[turn.turn], default=None)
        named = next((turn for turn in self._turns if turn.turn == self._told), None)
        if found is None or named is None or alike[found.turn] - alike[named.turn] > CLEARLY:
            return found
        return named


def _likeness(asked: list[str], turn: list[str]) -> float:
    """Of words that are still coming, their beginning is compared."""
    return SequenceMatcher(None, asked, turn[: len(asked) + 1], autojunk=False).ratio()


def _pace(recorded: Recorded, turn: TurnRecord) -> tuple[float, float]:
    """Seconds from the question to an answer's first phrase, and from there to its last."""
    mine = [step for step in recorded.steps if step.turn == turn.turn]
    asked = [step.ms for step in mine if step.what == "asked"]
    given = [step.ms for step in mine if step.what == "given"]
    if not asked or not given:
        return 0.0, 0.0
    return max(0, given[0] - asked[0]) / 1000, (given[-1] - given[0]) / 1000
