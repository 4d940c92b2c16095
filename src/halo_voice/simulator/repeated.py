"""Whether the caller hears twice what was to be said once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from halo_voice.simulator.case import Breach, Case
from halo_voice.simulator.turns import Phrase, letters

BEHIND_MS = 1_000  # words are told so long after they were said, as a rule


def spoken_once(case: Case) -> Iterator[Breach]:
    """6. An answer is spoken at most once; a phrase repeats only as a counted re-prompt."""
    why = Why(case)
    heard: dict[int, str] = {}
    for phrase in case.story.phrases:
        if phrase.turn and phrase.span:
            number, said = phrase.turn.number, letters(phrase.text)
            # The same sentence may be in an answer twice.
            times = max(1, letters(phrase.turn.words).count(said))
            if heard.get(number, "").count(said) >= times and not why.unknown(phrase):
                text = f"the answer of turn {number} is spoken again"
                yield Breach(6, phrase.ordered_ms, text)
            heard[number] = heard.get(number, "") + letters(phrase.heard)
    for before, after in pairwise(p for p in case.story.phrases if p.span):
        if before.text == after.text and not (after.turn or why.wanted(before, after)):
            yield Breach(6, after.ordered_ms, f"«{after.text}» is spoken twice in a row")


class Why:
    """What makes it right that something is said again."""

    def __init__(self, case: Case) -> None:
        self.case = case
        events, late = case.call.having("event"), case.call.having("late")
        self._late_error_ms = {e.ms for e in late if e.data["event"] == "Player.Error"}
        self._error_ms = [e.ms for e in events if e.data["event"] == "Player.Error"]
        # Who is told late of speech, or of a key, hears it now.
        self._told_ms = [e.ms for e in late if str(e.data["event"]).startswith("ASR.")]
        self._told_ms += [line.ms for line in case.call.having("tone")]

    def unknown(self, phrase: Phrase) -> bool:
        """Nobody could know that it had been heard: a late error is for all that is known its own,
        and so is what a realtime player told late."""
        if phrase.ordered_ms in self._late_error_ms:
            return True
        since = phrase.turn.first_asked_ms if phrase.turn else phrase.ordered_ms
        return any(since <= ms <= phrase.ordered_ms for ms in self.case.unsure_ms)

    def wanted(self, before: Phrase, after: Phrase) -> bool:
        """It is counted, the caller said something in between, or the first was not heard out."""
        return (
            self._counted(before, after)
            or self._spoke(before, after)
            or self.failed(before, after)
            or self._cut_by_echo(before, after)
        )

    def _counted(self, before: Phrase, after: Phrase) -> bool:
        newest = self.case.story.newest
        another_turn = newest(before.ordered_ms) is not newest(after.ordered_ms)
        once_a_turn = after.kind in ("apology", "filler")
        return after.kind in ("reprompt", "again") or (once_a_turn and another_turn)

    def _spoke(self, before: Phrase, after: Phrase) -> bool:
        return any(
            s.started_ms < after.ordered_ms
            and before.ordered_ms < (s.ended_ms or self.case.end_ms) + BEHIND_MS
            for s in self.case.call.speech
        ) or any(before.ordered_ms < ms <= after.ordered_ms for ms in self._told_ms)

    def _cut_by_echo(self, before: Phrase, after: Phrase) -> bool:
        """A filler, by what may have been the caller's words for all that the clock tells."""
        cut = after.kind == "filler" and before.span is not None and not before.span.complete
        return cut and any(b <= before.ordered_ms <= e for b, e in self.case.after_clock_set)

    def failed(self, before: Phrase, after: Phrase) -> bool:
        """Cut because of an error, it is said once more. Nobody can tell which of its phrases a
        late error of a realtime player is of."""
        cut = before.span is not None and not before.span.complete
        return cut and any(before.ordered_ms < ms <= after.ordered_ms for ms in self._error_ms)
