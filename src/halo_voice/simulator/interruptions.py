"""What must hold when a caller speaks over the assistant, and of what is told of it afterwards.

An interruption is *confirmed* when the scenario was given an interim or final result of speech that
began while a phrase was audible, with two words in it of which one at least is no nod and which are
not the assistant's own, and the speech is 300 ms old. The scenario was told of its beginning, and
in order: without that nobody tells its words from what was said before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from halo_voice.simulator.case import Breach, Case
from halo_voice.simulator.place import FinishedCall
from halo_voice.simulator.trace import PlaybackSpan, SpeechSpan
from halo_voice.simulator.turns import Phrase, Texts, letters, story

SPEECH_MS = 300
WORDS = 2
ECHO_MS = 600  # speech that begins later after a phrase is no echo of it
CONFIDENCE = 0.3
ECHO = 0.5  # with more of its words from the phrase, speech may be taken for its echo
RESULTS = ("ASR.InterimResult", "ASR.Result")
SPARED = ("goodbye",)  # the last words of a call are not taken back, nor those of a dismissed one
NODS = {
    *("угу", "ага", "да", "да-да", "так", "понятно", "ясно", "хорошо", "ладно", "слушаю"),
    *("м", "мм", "хм", "э", "ну", "окей", "ок"),
}
GOODBYE = "до свидания"
FAREWELLS = {
    *("спасибо", "благодарю", "до", "свидания", "свиданья", "вам", "и", "всего", "доброго", "а"),
}


def interruption(case: Case) -> Iterator[Breach]:
    """4. After confirmed speech the voice stops in time, and what was cut is not taken up again."""
    for phrase in case.story.phrases:
        if phrase.kind in SPARED:
            continue
        since = _answer_began(case, phrase) if phrase.spans else 0
        for span in phrase.spans:
            # What was told late, or in another order, nobody can act on.
            known = _confirmed(case.call, span, since)
            if known and known[1] < case.dismissed_ms and not case.late_ms(*known):
                yield from _stopped(case, phrase, span, known[1])


def _stopped(case: Case, phrase: Phrase, span: PlaybackSpan, confirmed_ms: int) -> Iterator[Breach]:
    due_ms = confirmed_ms + case.limits.hush_ms
    ended_ms = case.end_ms if span.ended_ms is None else span.ended_ms
    if min(ended_ms, case.end_ms) > due_ms:
        yield Breach(4, confirmed_ms, f"«{span.text}» goes on for {ended_ms - confirmed_ms} ms")
    for later in case.story.phrases:
        same = later is phrase or (later.turn is not None and later.turn is phrase.turn)
        for other in later.spans if same else ():
            if other.started_ms > max(due_ms, ended_ms):
                yield Breach(4, other.started_ms, f"«{other.text}» is heard after the interruption")


def _answer_began(case: Case, phrase: Phrase) -> int:
    """When the first phrase of the same answer was heard: who speaks from then on interrupts."""
    if phrase.turn is None:
        return phrase.spans[0].started_ms
    return min(p.span.started_ms for p in case.story.phrases if p.turn is phrase.turn and p.span)


def _confirmed(call: FinishedCall, span: PlaybackSpan, since_ms: int) -> tuple[int, int] | None:
    """When the caller began to interrupt this phrase, and when the scenario could know; None:
    never."""
    end = call.terminated_ms if span.ended_ms is None else span.ended_ms
    over = [s for s in call.speech if s.call == span.call and since_ms <= s.started_ms < end]
    for speech in over:
        begun = False
        failed: set[str] = set()  # what a recogniser tells after its error, nobody listens to
        for line in call.recognition:
            event, unit = str(line.data.get("event")), str(line.data.get("unit"))
            if event == "ASR.Error":
                failed.add(unit)
            if speech.started_ms <= line.ms:
                begun = begun or event == "ASR.CaptureStarted"
            told = line.data.get("text", line.data.get("transcript"))
            if (
                begun
                and speech.started_ms + SPEECH_MS <= line.ms < end
                and event in RESULTS
                and unit not in failed
                and isinstance(told, str)
                and line.data.get("of", speech.started_ms) == speech.started_ms
                and not _is_doubtful(line.data)
                and _is_of(speech, told)
                and _interrupts(told, _just_said(call, speech, line.ms))
            ):
                return min(speech.started_ms, span.started_ms), line.ms
    return None


def _just_said(call: FinishedCall, speech: SpeechSpan, ms: int) -> str:
    """What the assistant says, or said so shortly before the speech that this may be its echo. One
    that failed, and is said once more and shorter, is known as it was to be."""
    since = speech.started_ms - ECHO_MS
    near = [
        span.text
        for span in call.playbacks
        if span.started_ms <= ms and (span.ended_ms is None or span.ended_ms > since)
    ]
    wanted = [str(line.data["phrase"]) for line in call.having("phrase") if line.ms <= ms]
    shortened = [w for w in wanted if any(letters(w).startswith(letters(said)) for said in near)]
    return " ".join([*near, *shortened])


def _is_doubtful(told: Mapping[str, Any]) -> bool:
    """A confidence too low for words to be acted on over a phrase; a 1 may be either scale's."""
    value = told.get("confidence") or 0
    return 0 < (value / 100 if value >= 1 else value) < CONFIDENCE


def _is_of(speech: SpeechSpan, told: str) -> bool:
    return letters(speech.text).startswith(letters(told))


def _interrupts(told: str, spoken: str) -> bool:
    words, own = _words(told), set(_words(spoken))
    echo = sum(word in own for word in words) > ECHO * len(words)
    return len(words) >= WORDS and not echo and any(word not in _wantless(spoken) for word in words)


def _wantless(spoken: str) -> set[str]:
    """The words that want no answer; after a goodbye those that one says back, too."""
    return NODS | FAREWELLS if GOODBYE in spoken.casefold() else NODS


def check_heard(
    call: FinishedCall,
    turns: Sequence[Mapping[str, Any]],
    texts: Texts | None = None,
    *,
    words: int = 1,
) -> list[Breach]:
    """9. What is stored as heard is what was played of an answer, give or take so many words.

    A turn is a mapping with `turn`, `reply` and `heard`; `heard` None claims the whole reply. Turns
    of which nothing was played are not looked at, nor are answers that the end of the call cut.
    """
    told = story(call, texts)
    found = []
    for turn in turns:
        phrases = [p for p in told.phrases if p.turn and p.turn.number == turn["turn"] and p.spans]
        if not phrases or any(s.cut_by == "call over" for p in phrases for s in p.spans):
            continue
        stored = turn["reply"] if turn["heard"] is None else turn["heard"]
        played = " ".join(p.heard for p in phrases)
        if not _about(_words(stored), _words(played), words):
            text = f"turn {turn['turn']}: «{stored}» is stored as heard, «{played}» was"
            found.append(Breach(9, phrases[-1].ordered_ms, text))
    return found


def _about(stored: list[str], played: list[str], words: int) -> bool:
    """The one is the beginning of the other, and no longer than it by more than so many words."""
    common = min(len(stored), len(played))
    # A word that was cut in the middle may be on either side of the cut.
    sure = max(0, common - words)
    return stored[:sure] == played[:sure] and abs(len(stored) - len(played)) <= words


def _words(text: str) -> list[str]:
    return re.findall(r"[\w-]+", text.casefold())
