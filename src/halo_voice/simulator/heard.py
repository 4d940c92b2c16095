"""Whether every word of the caller that was recognised got somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from halo_voice.simulator.case import LATE_MS, Breach, Case
from halo_voice.simulator.recovery import RECOVERED_MS
from halo_voice.simulator.trace import PlaybackSpan, TraceLine
from halo_voice.simulator.turns import letters
from halo_voice.simulator.wire import fields

LATE_TEXTS = 20  # the report has no more
SOUGHT_CHARS = 150  # of a text in the report: its end may be cut
TURN_CHARS = 2_000
UTTERANCE_MS = 60_000  # who speaks longer is cut
MURMUR_WORDS = 3
CONFIDENCE = 0.3
ASKED_AGAIN_MS = 4_000  # from a result until it is asked for again, a late end of a phrase included
TWICE_MS = 1_500  # until the same result comes once more (F05)
ECHO_MS = 600
ECHO_WORDS, ECHO = 4, 0.75  # of so many words so many are enough, else all
HESITATIONS = {"м", "мм", "ммм", "хм", "э", "эм"}
MURMURS = {
    *HESITATIONS,
    *("угу", "ага", "да", "да-да", "так", "ну", "ясно", "понятно", "хорошо", "ладно", "ок", "окей"),
    *("а", "понял", "поняла", "точно", "слушаю"),
}


def no_lost_word(case: Case) -> Iterator[Breach]:
    """21. What was recognised in the call is in a turn, in the report, or was asked for again."""
    kept = Kept(case)
    told: set[tuple[object, object]] = set()  # what comes twice (F05) is judged once
    for line in case.call.recognition:
        if line.data["event"] != "ASR.Result" or line.data.get("echo", True):
            continue
        text = _told(line)
        if not isinstance(text, str) or not letters(text) or line.ms > kept.until_ms:
            continue
        if (result := (line.data["of"], text)) in told:
            continue
        told.add(result)
        if not kept.has(line, text) and not kept.disordered(line):
            yield Breach(21, line.ms, f"«{text}» was recognised and went nowhere")


class Kept:
    """Where words of the caller went."""

    def __init__(self, case: Case) -> None:
        self.case = case
        told = [e.ms for e in case.call.having("event") if e.data["event"] == "Call.Disconnected"]
        self.until_ms = min([*told, case.end_ms])
        asked = [(turn.first_asked_ms, turn.user_text) for turn in case.story.turns]
        sent = [m for m in case.call.messages if m.up and m.type in ("final", "revised")]
        self.turns = [(ms, letters(t)) for ms, t in [*asked, *((m.ms, m.text()) for m in sent)]]
        self.full_ms = [m.ms for m in sent if m.fields.get("cut")]
        self.full_ms += [e.sent_ms for e in case.call.requests if fields(e.body).get("cut")]
        self.late = [list(_texts(fields(report.body).get("late"))) for report in case.story.reports]

    def has(self, line: TraceLine, text: str) -> bool:
        since = int(line.data["of"])
        wanted = {letters(text), letters(str(line.data["heard"]))}
        turns = [turn for ms, turn in self.turns if ms >= since]
        if any(words in turn for words in wanted for turn in turns):
            return True
        return (
            self._reported(text)
            or any(self._asked_again(each) for each in self._alike(line))
            or self._murmured(text, since, line.ms)
            or self._echoes(text, since, line.ms)
            or self._asked_for_an_echo(text, since, line.ms)
            or self._cut(line, turns, since)
        )

    def disordered(self, line: TraceLine) -> bool:
        """Whether the recogniser's own messages about then came late, and so in another order:
        nobody can know which words are whose."""
        since = int(line.data["of"]) - LATE_MS
        return any(
            each.data.get("late")
            and str(each.data.get("event")).startswith("ASR.")
            and since <= each.ms <= line.ms + LATE_MS
            for each in self.case.call.having("late")
        )

    def _reported(self, text: str) -> bool:
        part = letters(text[:SOUGHT_CHARS])
        return any(
            len(late) >= LATE_TEXTS or any(part in letters(each) for each in late)
            for late in self.late
        )

    def _alike(self, line: TraceLine) -> list[TraceLine]:
        """It, and results of the same words shortly before: nobody can know that these are others,
        and not those once more (F05)."""
        return [
            each
            for each in self.case.call.recognition
            if each.data["event"] == "ASR.Result"
            and line.ms - TWICE_MS <= each.ms <= line.ms
            and _told(each) == _told(line)
        ]

    def _asked_again(self, line: TraceLine) -> bool:
        """The next that is said asks for it; without need only while faults may strike."""
        case, ms = self.case, line.ms
        calm = case.calm_ms is not None and ms >= case.calm_ms + RECOVERED_MS
        confidence = line.data.get("confidence") or 0
        if calm and confidence >= CONFIDENCE:
            return False
        later = [p for p in case.story.phrases if p.ordered_ms >= ms and p.kind != "filler"]
        if not later or later[0].ordered_ms > ms + ASKED_AGAIN_MS + case.late_ms(ms, ms):
            return False
        return later[0].kind in ("reprompt", "goodbye")

    def _asked_for_an_echo(self, text: str, since: int, ms: int) -> bool:
        """The result of an echo with the same words came first, and was taken for it: it was asked
        for again before it came."""
        echoes = [
            each.ms
            for each in self.case.call.recognition
            if each.data["event"] == "ASR.Result"
            and each.data.get("echo")
            and since <= each.ms <= ms
            and letters(text) in letters(str(_told(each)))
        ]
        asked = [p.ordered_ms for p in self.case.story.phrases if p.kind == "reprompt"]
        return any(echo <= asked_ms <= ms for echo in echoes for asked_ms in asked)

    def _murmured(self, text: str, since: int, ms: int) -> bool:
        """Agreement over our voice, or just after it, wants no answer; «э» never does."""
        words = _words(text)
        murmur = len(words) <= MURMUR_WORDS and all(word in MURMURS for word in words)
        hesitates = all(word in HESITATIONS for word in words)
        return hesitates or (murmur and bool(self._said(since, ms)))

    def _echoes(self, text: str, since: int, ms: int) -> bool:
        """Our own words, said over them: nobody can tell them from an echo."""
        words, ours = _words(text), _words(self._said(since, ms))
        enough = len(words) if len(words) < ECHO_WORDS else len(words) * ECHO
        return any(
            sum(a == b for a, b in zip(words, ours[at:], strict=False)) >= enough
            for at in range(len(ours))
        )

    def _said(self, since: int, ms: int) -> str:
        """Our phrases that were audible from shortly before a moment until another, or should have
        been: that a voice has failed (F20) is known later."""
        voice_ms = self.case.limits.voice_ms
        near = [
            (s.started_ms, ms if s.ended_ms is None else self._known_ms(s) + ECHO_MS, s.text)
            for s in self.case.call.playbacks
        ]
        near += [
            (p.ordered_ms, p.due_ms + voice_ms, p.text) for p in self.case.story.phrases if p.fault
        ]
        return " ".join(text for begin, end, text in near if begin <= ms and end >= since)

    def _known_ms(self, span: PlaybackSpan) -> int:
        """Until when it sounded, for all that could be known: whose beginning was told late has its
        known length from then on, unless its end is told."""
        began, ended = span.started_ms, span.ended_ms or 0
        for line in self.case.call.having("late"):
            if line.data["event"] == "Player.Started" and began <= line.ms <= ended + LATE_MS:
                ended = max(ended, line.ms + round(1000 * line.data["duration"]))
        return ended

    def _cut(self, line: TraceLine, turns: list[str], since: int) -> bool:
        """Of who speaks for very long, or again and again, only the beginning is taken."""
        long = line.ms - since > UTTERANCE_MS or len(str(line.data["heard"])) > TURN_CHARS
        return bool(turns) and (long or any(ms >= since for ms in self.full_ms))


def _told(line: TraceLine) -> Any:
    return line.data.get("text", line.data.get("transcript"))


def _words(text: str) -> list[str]:
    return re.findall(r"[0-9a-zа-я]+", text.casefold().replace("ё", "е"))


def _texts(value: Any) -> Iterator[str]:
    yield from (each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
