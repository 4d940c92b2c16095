"""A recorded caller: the same words, after the same phrases of ours, as long after them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from halo_voice.core.ports import TurnRecord
from halo_voice.core.trace import Step
from halo_voice.repeat.recorded import Recorded
from halo_voice.simulator import Line

UNDERSTOOD_MS = 700  # from a first sound to the first words of an interim result
CLOSED_MS = 900  # from the last sound until a turn was asked, where that is not known
SPOKEN_MS = 65  # a character
SOUND_MS = 400
PAUSED_MS = 1_000  # from a sound without words until the phrase goes on
MISSED_MS = 6_000  # a phrase that does not come any more is waited for no longer
CUT_MS = 1_500  # from a first sound until the phrase is cut
BETWEEN_MS = 50  # two utterances
UNCLEAR, UNCLEAR_MS = "неразборчиво", 600
OVER = ("asked", "silence", "gone", "ended")  # what the caller said last

Phrase = tuple[int, int]
"""Turn and phrase; (0, 0): the stream is there."""


@dataclass(frozen=True, slots=True)
class Act:
    """What the caller does, `after_ms` after a phrase of ours became audible. `kind`: words, a
    sound without words, the receiver put down."""

    ms: int  # of the recording
    kind: str
    text: str = ""
    lasts_ms: int = 0
    after: Phrase = (0, 0)
    after_ms: int = 0


def acts_of(recorded: Recorded) -> list[Act]:
    """In order. A step tells when the backend learned of something: what the caller did was a
    little earlier."""
    found = list(_utterances(recorded))
    for step in recorded.steps:
        if step.what == "resumed":
            found.append(Act(step.ms - PAUSED_MS, "sound", lasts_ms=SOUND_MS))
        elif step.what == "gone" and recorded.call.end_reason == "caller_hung_up":
            found.append(Act(step.ms, "hang_up"))
    found.sort(key=lambda act: act.ms)
    return [_anchored(act, recorded) for act in found]


def _utterances(recorded: Recorded) -> Iterator[Act]:
    free_ms = 0
    before: TurnRecord | None = None
    for number, steps in _by_turn(recorded.steps):
        turn = next((each for each in recorded.turns if each.turn == number), None)
        heard = [step.ms for step in steps if step.what == "hearing"]
        asked = [step.ms for step in steps if step.what == "asked"]
        unclear = list(_unclear(recorded, heard))
        for begins_ms, after in unclear:
            begins_ms = max(free_ms, begins_ms - UNDERSTOOD_MS)
            yield _nothing_kept(recorded, begins_ms, after)
            free_ms = begins_ms + SOUND_MS + BETWEEN_MS
        if turn is None or not asked:
            continue
        ends_ms = asked[0] - turn.latency.get("asr_ms", CLOSED_MS)
        said = _new_words(recorded, before, turn)
        if clear := heard[len(unclear) :]:
            begins_ms = max(free_ms, min(clear[0], ends_ms) - UNDERSTOOD_MS)
        else:  # a recogniser that tells nothing until it has all
            begins_ms = max(free_ms, ends_ms - len(said) * SPOKEN_MS)
        lasts_ms = max(SOUND_MS, ends_ms - begins_ms)
        yield Act(begins_ms, "words", said, lasts_ms)
        free_ms, before = begins_ms + lasts_ms + BETWEEN_MS, turn


def _by_turn(steps: Sequence[Step]) -> list[tuple[int, list[Step]]]:
    found: dict[int, list[Step]] = {}
    for step in steps:
        if step.turn:
            found.setdefault(step.turn, []).append(step)
    return sorted(found.items())


def _unclear(recorded: Recorded, heard: Sequence[int]) -> Iterator[tuple[int, Step]]:
    """First words, as the recogniser had them, that came to nothing: when, and what came then."""
    for ms in heard:
        after = (step for step in recorded.steps if step.ms >= ms and step.what in OVER)
        over = next(after, None)
        if over is None or over.what == "asked":
            return
        yield ms, over


def _nothing_kept(recorded: Recorded, begins_ms: int, after: Step) -> Act:
    """Somebody speaks, and the words are not kept: until the caller was asked again, or went."""
    if after.what == "silence":
        lasts_ms = after.ms - int(recorded.final_ms()) - begins_ms
        return Act(begins_ms, "sound", lasts_ms=max(SOUND_MS, lasts_ms))
    lasts_ms = after.ms - begins_ms
    words = " ".join([UNCLEAR] * (1 + lasts_ms // UNCLEAR_MS))
    return Act(begins_ms, "words", words, lasts_ms + CLOSED_MS)


def _new_words(recorded: Recorded, before: TurnRecord | None, turn: TurnRecord) -> str:
    """Words of a turn whose answer was not heard go along with the next turn's."""
    said = turn.user_text
    if before is None or not said.startswith(before.user_text):
        return said
    mine = next(
        step.ms for step in recorded.steps if (step.turn, step.what) == (turn.turn, "asked")
    )
    sounded = [
        step for step in recorded.steps if (step.turn, step.what) == (before.turn, "sounding")
    ]
    if sounded and sounded[0].ms < mine:
        return said
    return said.removeprefix(before.user_text).strip(" .,") or said


def _anchored(act: Act, recorded: Recorded) -> Act:
    """Told by the last phrase that began before it, or that it cut."""
    cut = {
        (step.turn, step.phrase)
        for step in recorded.steps
        if step.what == "interrupted" and act.ms < step.ms < act.ms + CUT_MS
    }
    after, at_ms = (0, 0), next(s.ms for s in recorded.steps if s.what == "joined")
    for step in recorded.steps:
        phrase = step.turn, step.phrase
        if step.what == "sounding" and (step.ms <= act.ms or phrase in cut):
            after, at_ms = phrase, step.ms
    return replace(act, after=after, after_ms=max(0, act.ms - at_ms))


class RecordedCaller:
    """A `simulator.Caller`. `joined` and `sounding` tell it what is heard of us."""

    def __init__(self, acts: Sequence[Act]) -> None:
        self._left = list(acts)
        self._line: Line | None = None
        self._began: dict[Phrase, int] = {}
        self._last_ms = 0  # of the recording, and of this call: when the act before was
        self._acted_ms = 0
        self._waiting = 0

    def hear(self, line: Line) -> None:
        self._line = line

    def ended(self, line: Line) -> None:  # noqa: ARG002
        self._left = []

    def joined(self) -> None:
        """The backend knows the call."""
        self.sounding(0, 0)

    def sounding(self, turn: int, phrase: int) -> None:
        """The caller hears a phrase."""
        if self._line is not None and (turn, phrase) not in self._began:
            self._began[turn, phrase] = self._line.now
            self._look_ahead()

    def _look_ahead(self) -> None:
        """When the next act is due, as far as that is known now."""
        if not self._left or self._line is None:
            return
        act, line = self._left[0], self._line
        anchor_ms = self._began.get(act.after)
        if anchor_ms is not None:
            due_ms = anchor_ms + act.after_ms
        else:
            due_ms = self._acted_ms + act.ms - self._last_ms + MISSED_MS
        self._waiting += 1
        mine = self._waiting
        line.after(max(BETWEEN_MS, due_ms - line.now), lambda: self._act(line, mine))

    def _act(self, line: Line, waiting: int) -> None:
        if waiting != self._waiting or not self._left or not line.up:
            return  # something is known better since
        if line.speaking:
            line.after(BETWEEN_MS, lambda: self._act(line, waiting))
            return
        act = self._left.pop(0)
        self._last_ms, self._acted_ms = act.ms, line.now
        if act.kind == "hang_up":
            line.hang_up()
        else:
            line.say(act.text, duration_ms=act.lasts_ms)  # as sure as need be: it was a turn
            self._look_ahead()
