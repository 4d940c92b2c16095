"""What the caller heard of each answer and how soon, gathered until it is worth writing down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from halo_voice.core.ports import TurnNote, TurnRecord


@dataclass(slots=True)
class _Heard:
    """One turn's playback. `phrases`: None where another process made them."""

    phrases: Sequence[str] | None = None
    reply: str = ""
    settled: bool = False
    started: int = 0
    finished: int = 0
    heard: str | None = None
    revised_text: str = ""
    latency: dict[str, int] = field(default_factory=dict)
    new: bool = False  # something is not written yet

    @property
    def over(self) -> bool:
        """Nothing more will be heard of it."""
        whole = self.phrases is not None and self.finished >= len(self.phrases)
        return self.settled and (whole or self.heard is not None)

    def prefix(self, phrase: int, heard: str) -> str | None:
        """The reply's beginning up to and with `heard`, a beginning of `phrase`."""
        if self.phrases is not None:
            whole = list(self.phrases[: phrase - 1])
            if 0 < phrase <= len(self.phrases) and self.phrases[phrase - 1].startswith(heard):
                whole.append(heard)
            return " ".join(filter(None, whole)).rstrip()
        if phrase == 1 and not heard:
            return ""
        place = self.reply.find(heard) if heard else -1
        return None if place < 0 else self.reply[: place + len(heard)].rstrip()


class Playback:
    """The answers of one call as they were heard. `write` takes each note once it is whole."""

    def __init__(self, call_id: str, write: Callable[[TurnNote], None]) -> None:
        self._call_id = call_id
        self._write = write
        self._turns: dict[int, _Heard] = {}

    def audible(self, turn: int) -> bool:
        """Whether anything of the turn's answer was heard."""
        return turn in self._turns and self._turns[turn].started > 0

    def phrases(self, turn: int) -> Sequence[str] | None:
        """The phrases of a settled turn's reply, if they were made here."""
        return self._turns[turn].phrases if turn in self._turns else None

    def settled(
        self, record: TurnRecord, phrases: Sequence[str] | None, latency: Mapping[str, int]
    ) -> TurnRecord:
        """The turn's reply is stored. Returns the record with what is known of its playback."""
        turn = self._turn(record.turn)
        turn.phrases, turn.reply, turn.settled = phrases, record.reply, True
        self._add(turn, latency)
        self._flush(record.turn)
        return self.told(record)

    def told(self, record: TurnRecord) -> TurnRecord:
        """The record with what is known of its playback."""
        turn = self._turns.get(record.turn)
        if turn is None or (turn.heard is None and not turn.revised_text):
            return record
        return replace(record, heard=turn.heard, revised_text=turn.revised_text)

    def started(self, number: int, phrase: int, latency: Mapping[str, int]) -> None:
        turn = self._turn(number)
        if not turn.started:  # how soon the answer came is told by its first phrase
            self._add(turn, latency)
        turn.started = max(turn.started, phrase)

    def finished(self, number: int, phrase: int) -> None:
        turn = self._turn(number)
        turn.started = max(turn.started, phrase)
        turn.finished = max(turn.finished, phrase)
        self._flush(number)

    def interrupted(
        self, number: int, phrase: int, heard: str, phrases: Sequence[str] | None, reply: str
    ) -> None:
        """`phrases`: those that were given out, if the turn is still being answered. `reply`: the
        stored one."""
        turn = self._turn(number)
        turn.reply = turn.reply or reply
        if phrases is not None:
            turn.phrases = phrases
        turn.started = max(turn.started, phrase if heard else phrase - 1)
        turn.heard = turn.prefix(phrase, heard)
        turn.new = True
        self._flush(number)

    def noted(self, number: int, heard: str | None, latency: Mapping[str, int]) -> None:
        """The same, told in one go over HTTP."""
        turn = self._turn(number)
        self._add(turn, latency)
        audible = "audible_ms" in latency or "voice_ms" in latency
        if audible and heard is None and turn.phrases:  # nothing was cut
            turn.started = turn.finished = len(turn.phrases)
        elif audible or heard:
            turn.started = max(turn.started, 1)
        if heard is not None:
            turn.heard, turn.new = heard, True

    def revised(self, number: int, text: str) -> None:
        """The recogniser's late final."""
        turn = self._turn(number)
        turn.revised_text, turn.new = text, True

    def flush(self, *, ended: bool = False) -> None:
        """Write what is known. `ended`: nobody listens any more, an unfinished phrase was cut."""
        for number, turn in list(self._turns.items()):
            if ended and turn.phrases and turn.heard is None and turn.finished < turn.started:
                turn.heard, turn.new = " ".join(turn.phrases[: turn.finished]), True
            self._flush(number, over=True)

    def _turn(self, number: int) -> _Heard:
        if number not in self._turns:
            # The last few turns are asked for again or reported late, no others.
            for old in [n for n in self._turns if n < number - 3]:
                del self._turns[old]
            self._turns[number] = _Heard()
        return self._turns[number]

    def _add(self, turn: _Heard, latency: Mapping[str, int]) -> None:
        if latency:
            turn.latency.update(latency)
            turn.new = True

    def _flush(self, number: int, *, over: bool = False) -> None:
        turn = self._turns[number]
        if turn.new and (over or turn.over):
            turn.new = False
            self._write(
                TurnNote(self._call_id, number, turn.heard, turn.revised_text, dict(turn.latency))
            )
