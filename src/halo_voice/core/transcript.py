"""What was said in a call, in order, and how it is told to a language model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from halo_voice.core.ports import Message, Outcome, TurnRecord

HISTORY_TURNS = 12
"""A model is told at most so many turns: the whole of a call within its limits."""


@dataclass(slots=True)
class Transcript:
    """The turns of one call by number. A turn is replaced, never doubled."""

    _turns: dict[int, TurnRecord] = field(default_factory=dict)

    @classmethod
    def of(cls, turns: Iterable[TurnRecord]) -> Transcript:
        return cls({turn.turn: turn for turn in turns})

    def __len__(self) -> int:
        return len(self._turns)

    @property
    def last(self) -> int:
        """The newest turn's number; 0 before the first."""
        return max(self._turns, default=0)

    def turn(self, number: int) -> TurnRecord | None:
        return self._turns.get(number)

    def keep(self, turn: TurnRecord) -> None:
        self._turns[turn.turn] = turn

    def messages(self, persona: str, user_text: str, before: int) -> list[Message]:
        """The persona, what was said before turn `before`, and the caller's new words."""
        told = [Message("system", persona)]
        past = sorted(number for number in self._turns if number < before)
        for number in past[-HISTORY_TURNS:]:
            turn = self._turns[number]
            told.append(Message("user", turn.user_text))
            if turn.outcome in (Outcome.ANSWERED, Outcome.APOLOGISED):
                told.append(Message("assistant", turn.reply))
        told.append(Message("user", user_text))
        return told
