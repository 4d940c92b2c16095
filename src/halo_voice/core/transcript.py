"""What was said in a call, in order, and how it is told to a language model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from halo_voice.core.heard import note_of, told
from halo_voice.core.ports import Message, Outcome, TurnNote, TurnRecord

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
        """Add the turn, or replace it; what was noted of it stays."""
        known = self._turns.get(turn.turn)
        self._turns[turn.turn] = turn
        if known is not None and (known.heard is not None or known.revised_text or known.latency):
            self._add(turn.turn, known.heard, known.revised_text, {**known.latency, **turn.latency})

    def note(self, note: TurnNote) -> None:
        """Add what became known of a turn, as `Store.note_turn` does; unknown turns are ignored."""
        if note.turn in self._turns:
            latency = {**self._turns[note.turn].latency, **note.latency}
            self._add(note.turn, note.heard, note.revised_text, latency)

    def _add(
        self, number: int, heard: str | None, revised_text: str, latency: Mapping[str, int]
    ) -> None:
        turn = self._turns[number]
        self._turns[number] = replace(
            turn,
            heard=turn.heard if heard is None else heard,
            revised_text=revised_text or turn.revised_text,
            latency=latency,
        )

    def messages(self, persona: str, user_text: str, before: int) -> list[Message]:
        """The persona, what was heard before turn `before`, and the caller's new words.

        Turns that a newer one took over are left out. Of an interrupted answer only its heard part
        is there; a note before the caller's next words tells what was cut.
        """
        messages = [Message("system", persona)]
        past = sorted(
            number
            for number, turn in self._turns.items()
            if number < before and turn.outcome is not Outcome.SUPERSEDED
        )
        note = ""
        for number in past[-HISTORY_TURNS:]:
            turn = told(self._turns[number])
            messages.append(Message("user", note + turn.user))
            if turn.assistant:
                messages.append(Message("assistant", turn.assistant))
            note = note_of(turn.cut, heard=bool(turn.assistant)) if turn.cut else ""
        messages.append(Message("user", note + user_text))
        return messages
