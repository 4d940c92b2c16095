"""What was said in a call, in order, and how it is told to a language model."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from halo_voice.core.aside import is_idle
from halo_voice.core.heard import note_of, told
from halo_voice.core.ports import Message, Outcome, TurnNote, TurnRecord
from halo_voice.core.tools import ToolRecord, messages_of

HISTORY_TURNS = 12
"""A model is told at most so many turns: the whole of a call within its limits."""


RESULT_CHARS = 600
"""Of each result of a tool, in the history."""

CUT = " … (дальше не поместилось)"
"""After the caller's words, where a model is told not all of them."""


@dataclass(slots=True)
class Transcript:
    """The turns of one call by number. A turn is replaced, never doubled."""

    _turns: dict[int, TurnRecord] = field(default_factory=dict)
    tools: Mapping[tuple[int, str], ToolRecord] = field(default_factory=dict)
    """What tools were called, by turn and key; whoever calls them keeps it."""

    @classmethod
    def of(
        cls,
        turns: Iterable[TurnRecord],
        tools: Mapping[tuple[int, str], ToolRecord] | None = None,
    ) -> Transcript:
        return cls({turn.turn: turn for turn in turns}, {} if tools is None else tools)

    def __len__(self) -> int:
        return len(self._turns)

    @property
    def last(self) -> int:
        """The newest turn's number; 0 before the first."""
        return max(self._turns, default=0)

    @property
    def turns(self) -> list[TurnRecord]:
        """In order."""
        return [self._turns[number] for number in sorted(self._turns)]

    @property
    def answered(self) -> TurnRecord | None:
        """The newest turn that is over and was not taken over by a newer one."""
        over = (Outcome.ANSWERED, Outcome.APOLOGISED, Outcome.CALLER_GONE)
        numbers = [n for n, turn in self._turns.items() if turn.outcome in over]
        return self._turns[max(numbers)] if numbers else None

    @property
    def characters(self) -> int:
        """Of all replies."""
        return sum(len(turn.reply) for turn in self._turns.values())

    @property
    def idle(self) -> int:
        """How many of the last answered turns led nowhere, one after the other."""
        answered = [t for t in self._turns.values() if t.outcome is Outcome.ANSWERED]
        sources = [t.source for t in sorted(answered, key=lambda t: t.turn)]
        return next(
            (count for count, source in enumerate(reversed(sources)) if not is_idle(source)),
            len(sources),
        )

    def turn(self, number: int) -> TurnRecord | None:
        return self._turns.get(number)

    def lacks(self, number: int, *, asked: Collection[int] = ()) -> bool:
        """Whether a turn before this one is not here, nor being asked."""
        return any(n not in self._turns and n not in asked for n in range(1, number))

    def reply_before(self, number: int) -> str:
        """What the assistant said last before turn `number`, "" if nothing."""
        earlier = [n for n, turn in self._turns.items() if n < number and turn.reply]
        return self._turns[max(earlier)].reply if earlier else ""

    def keep(self, turn: TurnRecord) -> None:
        """Add the turn, or replace it; what was noted of it stays."""
        known = self._turns.get(turn.turn)
        self._turns[turn.turn] = turn
        if known is not None and (known.heard is not None or known.revised_text or known.latency):
            self._add(turn.turn, known.heard, known.revised_text, {**known.latency, **turn.latency})

    def learn(self, turns: Iterable[TurnRecord]) -> None:
        """What a store has of the call, which may not have heard of an outcome yet."""
        for turn in turns:
            known = self._turns.get(turn.turn)
            if known is None or turn.outcome is not Outcome.PENDING:
                self.keep(turn)

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

    def messages(
        self, persona: str, user_text: str, before: int, *, input_chars: int = 2000
    ) -> list[Message]:
        """The persona, what was heard before turn `before`, and the caller's new words.

        Turns that a newer one took over are left out. Of an interrupted answer only its heard part
        is there; a note before the caller's next words tells what was cut. Of the caller's words
        in one turn, `input_chars` characters are told.
        """
        messages = [Message("system", persona)]
        past = sorted(
            number
            for number, turn in self._turns.items()
            if number < before and turn.outcome is not Outcome.SUPERSEDED
        )
        used = self._used() if self.tools else {}
        past = sorted({*past, *(number for number in used if number < before)}) if used else past
        note = ""
        for number in past[-HISTORY_TURNS:]:
            if number not in self._turns:  # its row waits in a spool: what was done is known
                messages += used[number]
                continue
            turn = told(self._turns[number])
            messages.append(Message("user", note + within(turn.user, input_chars)))
            messages += used.get(number, ())
            if turn.assistant:
                messages.append(Message("assistant", turn.assistant))
            note = note_of(turn.cut, heard=bool(turn.assistant)) if turn.cut else ""
        messages.append(Message("user", note + within(user_text, input_chars)))
        messages += used.get(before, ())
        return messages

    def _used(self) -> dict[int, list[Message]]:
        """What a model is told of tools, by turn. What a newer turn took over is told as well:
        what a tool did in it has happened."""
        turns: dict[int, list[ToolRecord]] = {}
        for record in sorted(self.tools.values(), key=lambda each: each.started_at):
            turns.setdefault(record.turn, []).append(record)
        return {
            number: messages_of(records, characters=RESULT_CHARS)
            for number, records in turns.items()
        }


def within(text: str, characters: int) -> str:
    """The text, or its beginning up to a whole word, marked as cut."""
    if len(text) <= characters:
        return text
    end = text.rfind(" ", 0, characters + 1)
    return text[: end if end > 0 else characters].rstrip() + CUT
