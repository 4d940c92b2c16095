"""Which words became which turn, and which phrases are its answer: read from a call's trace.

With `wire.py` the one place that knows the backend's addresses, messages and fields.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from urllib.parse import urlsplit

from halo_voice.simulator.exchanges import Exchange
from halo_voice.simulator.place import FinishedCall
from halo_voice.simulator.trace import PlaybackSpan
from halo_voice.simulator.wire import Message, fields

TURN, START, END = "/process_text", "/call/start", "/call/end"
TRANSFER = "/call/transfer"
REST_LETTERS_MIN = 6  # a shorter end of an answer may be anybody's words
Texts = Mapping[str, "str | list[str]"]  # as the profile has them
AGAIN = "*"  # the key that has the last answer repeated
RESULT_OR_SPEECH = ("ASR.Result", "ASR.CaptureStarted")
_BY_BEGINNING = {"bye": "goodbye", "transfer": "transfer"}
KINDS = dict.fromkeys(("reprompts", "repeat", "resumed"), "reprompt")
UNSAID = re.compile(r"\bhttps?:\S*|\bwww\.\S*|[\W_]+")


@dataclass(slots=True)
class Turn:
    """Words of the caller that were asked, over HTTP (`exchanges`) or the stream, or both.

    `said` are the phrases that came for it one by one, by their number; `answer` is the whole, as
    soon as the backend gave it, or empty. `apologetic`: the backend calls its answer an apology.
    """

    number: int
    user_text: str
    accepted_ms: int
    exchanges: list[Exchange] = field(default_factory=list)
    asked_ms: list[int] = field(default_factory=list)  # over the stream
    first_asked_ms: int = 0  # by either way
    said: dict[int, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)  # phrases that were taken back
    answer: str = ""
    apologetic: bool = False

    @property
    def words(self) -> str:
        """All that the backend gave to be said."""
        return self.answer or " ".join(self.said[number] for number in sorted(self.said))

    def has(self, spoken: str) -> bool:
        """Whether this phrase is of the answer: one of its phrases, its beginning, or a rest."""
        part = letters(spoken)
        whole = [letters(self.words), *map(letters, (*self.said.values(), *self.dropped))]
        if not part:
            return False
        rest = len(part) >= REST_LETTERS_MIN
        return any(w.startswith(part) or (rest and part in w) for w in whole)


@dataclass(slots=True)
class Phrase:
    """Something the scenario wanted spoken. `spans` is empty when it never sounded, and has several
    when the voice was paused.

    `kind` is answer, again (the same once more, by a key), filler, apology, reprompt, goodbye,
    transfer (one begins, or has failed), greeting or other.
    """

    ordered_ms: int
    text: str
    playback: int
    due_ms: int = 0  # when it was to sound: later than ordered, where it was made in advance
    kind: str = "other"
    turn: Turn | None = None
    spans: list[PlaybackSpan] = field(default_factory=list)
    fault: str = ""  # the fault that kept it from sounding
    is_file: bool = False  # a recording: `text` is its address

    @property
    def span(self) -> PlaybackSpan | None:
        return self.spans[0] if self.spans else None

    @property
    def heard(self) -> str:
        """As far as it was heard, pauses left out."""
        return self.spans[-1].heard if self.spans else ""


@dataclass(frozen=True, slots=True)
class Story:
    """A call as turns and phrases, each in the order of time."""

    turns: list[Turn]
    phrases: list[Phrase]
    reports: list[Exchange]

    def newest(self, ms: int) -> Turn | None:
        """The newest turn accepted before or at a moment."""
        return next((t for t in reversed(self.turns) if t.accepted_ms <= ms), None)


def story(call: FinishedCall, texts: Texts | None = None) -> Story:
    """Reads a finished call. `texts` are those that hold until the backend's first answer."""
    turns = _turns(call)
    known = {**_kinds(texts or {}), **_kinds(_profile_texts(call)), **_refusals(call)}
    phrases = list(_phrases(call))
    wanted = {line.ms for line in call.having("tone") if line.data["tone"] == AGAIN}
    begun = {exchange.sent_ms for exchange in call.requests if path(exchange) == TRANSFER}
    for before, phrase in pairwise([None, *phrases]):
        phrase.kind = known.get(letters(phrase.text), "other")
        announced = phrase.kind == "transfer" and phrase.ordered_ms in begun
        if not announced:  # else by the scenario, though a late answer may have the same words
            phrase.turn = _answered(phrase, turns, ours=phrase.kind != "other")
        once_more = phrase.ordered_ms in wanted or _is_second_try(before, phrase)
        if once_more and phrase.kind in ("other", "greeting", "apology"):
            phrase.kind, phrase.turn = "again", None
        if phrase.turn:
            phrase.kind = "apology" if phrase.turn.apologetic else "answer"
    reports = [exchange for exchange in call.requests if path(exchange) == END]
    return Story(turns, phrases, reports)


def _is_second_try(before: Phrase | None, phrase: Phrase) -> bool:
    """Whether this is what was to be said again, and did not sound."""
    if before is None or before.kind != "again" or before.span:
        return False
    return letters(before.text).startswith(letters(phrase.text))


@lru_cache(maxsize=4096)
def letters(text: str) -> str:
    """A text as two people would say it: without case, addresses, punctuation and spaces."""
    return UNSAID.sub("", text.casefold())


def path(exchange: Exchange) -> str:
    return urlsplit(exchange.url).path


def _turns(call: FinishedCall) -> list[Turn]:
    """HTTP and stream ask for turns by number; what both ask for is one turn."""
    asked = _Asked(call)
    for exchange in call.requests:
        asked.by_http(exchange)
    for message in call.messages:
        asked.by_stream(message)
    for turn in asked.turns.values():
        turn.first_asked_ms = turn.accepted_ms
        turn.accepted_ms = asked.accepted_ms(turn)
    return sorted(asked.turns.values(), key=lambda turn: (turn.accepted_ms, turn.number))


class _Asked:
    """The turns of a call, as they come together from both ways."""

    def __init__(self, call: FinishedCall) -> None:
        self.turns: dict[int, Turn] = {}
        self._heard = [e for e in call.recognition if e.data["event"] in RESULT_OR_SPEECH]
        self._sounds = [s for s in (*call.speech, *call.playbacks) if s.call == "call:1"]
        sounded = {span.number for span in call.playbacks}
        ordered = call.having("phrase")
        self._unheard_ms = [p.ms for p in ordered if p.data["playback"] not in sounded]
        self._patience: list[tuple[int, int]] = [(0, 0)]  # from when, how much

    def by_http(self, exchange: Exchange) -> None:
        asked = fields(exchange.body) if path(exchange) == TURN else {}
        number, text = asked.get("turn"), asked.get("user_text")
        if not isinstance(number, int) or not isinstance(text, str):
            return
        turn = self._turn(number, text, exchange.sent_ms)
        turn.exchanges.append(exchange)
        reply = fields(exchange.text) if exchange.code == 200 else {}
        if isinstance(reply.get("ai_text"), str):
            self._answered(turn, reply["ai_text"], reply.get("outcome"))
            self._be_patient(exchange.done_ms or exchange.sent_ms, reply.get("patience_ms"))

    def by_stream(self, message: Message) -> None:
        number = message.turn
        if message.type == "listen" and not message.up:
            self._be_patient(message.ms, message.fields.get("patience_ms"))
        if number is None:
            return
        if message.type == "final" and message.up:
            self._turn(number, message.text(), message.ms).asked_ms.append(message.ms)
        turn = self.turns.get(number)
        if turn is None or message.up:
            return
        if message.type == "clear":
            turn.dropped.extend(turn.said.values())
            turn.said.clear()
        elif message.type == "say":
            turn.said[message.number("phrase")] = message.text()
        elif message.type == "answered":
            self._answered(turn, message.text(), message.fields.get("outcome"))
            self._be_patient(message.ms, message.fields.get("patience_ms"))

    def accepted_ms(self, turn: Turn) -> int:
        """When its words were a result and nobody spoke; where more was waited for, so much later.

        Words that were no result as they stand (a stable interim, two results joined), or whose
        speaker had begun to speak again, were accepted when they were asked.
        """
        asked_ms = turn.accepted_ms
        before = max(
            (t.accepted_ms for t in self.turns.values() if t.number < turn.number), default=0
        )
        heard = [line for line in self._heard if before < line.ms <= asked_ms]
        if not heard or not _same(heard[-1].data, turn.user_text):
            return asked_ms
        self._patience.sort()
        patience = self._patience[bisect_right(self._patience, (asked_ms, 10**9)) - 1][1]
        # Somebody who speaks on is heard out, and a nod is an answer when its question is over.
        ended = [s.ended_ms or asked_ms for s in self._sounds if s.started_ms < asked_ms]
        ended += [ms + 1 for ms in self._unheard_ms if ms < asked_ms]  # were tried to the last
        return min(asked_ms, max([heard[-1].ms, *ended]) + patience)

    def _turn(self, number: int, text: str, ms: int) -> Turn:
        found = self.turns.setdefault(number, Turn(number, text, ms))
        if ms < found.accepted_ms:
            found.accepted_ms, found.user_text = ms, text
        return found

    def _answered(self, turn: Turn, text: str, outcome: object) -> None:
        if not turn.answer:
            turn.answer = text
            turn.apologetic = outcome == "apologised"

    def _be_patient(self, ms: int, patience: object) -> None:
        self._patience.append((ms, patience if isinstance(patience, int) else 0))


def _same(result: Mapping, text: str) -> bool:
    heard = result.get("text", result.get("transcript"))
    return isinstance(heard, str) and letters(heard) == letters(text)


def _phrases(call: FinishedCall) -> Iterator[Phrase]:
    struck = [line for line in call.having("fault") if line.data["fault"] in ("F20", "F21")]
    faults = {line.data.get("playback"): line.data["fault"] for line in reversed(struck)}
    due = {line.data.get("playback"): line.ms for line in struck if line.data["fault"] == "F20"}
    faults |= {line.data["behind"]: "F20" for line in call.having("behind")}
    ready = [e for e in call.having("event") if e.data["event"] == "Player.PlaybackReady"]
    made = {line.data["unit"]: line.ms for line in ready}
    for line in call.having("phrase"):
        phrase = Phrase(line.ms, line.data["phrase"], line.data["playback"], due_ms=line.ms)
        if made.get(f"player:{phrase.playback}", math.inf) < due.get(phrase.playback, 0):
            phrase.due_ms = due[phrase.playback]
        phrase.is_file = bool(line.data.get("file"))
        phrase.spans = [
            s for s in call.playbacks if s.number == phrase.playback and s.call == "call:1"
        ]
        if not phrase.spans:
            phrase.fault = faults.get(phrase.playback, "")
        yield phrase


def _answered(phrase: Phrase, turns: list[Turn], *, ours: bool) -> Turn | None:
    """The newest turn whose answer this is; it may have been cut to a speakable length.

    `ours`: a text of the profile, which the scenario says by itself. It is an answer only where the
    newest turn's is that text and nothing else.
    """
    asked = [turn for turn in reversed(turns) if turn.accepted_ms <= phrase.ordered_ms]
    if ours:
        said = letters(phrase.text)
        asked = [turn for turn in asked[:1] if letters(turn.words) == said]
    return next((turn for turn in asked if turn.has(phrase.text)), None)


def _profile_texts(call: FinishedCall) -> Texts:
    for exchange in call.requests:
        if path(exchange) == START and exchange.code == 200:
            profile = fields(exchange.text).get("profile")
            texts = profile.get("texts") if isinstance(profile, dict) else None
            if isinstance(texts, dict):
                return texts
    return {}


def _refusals(call: FinishedCall) -> dict[str, str]:
    """What a call that may not begin is told, by whichever way: the last words of it."""
    replies = [fields(exchange.text) for exchange in call.requests if exchange.code == 200]
    told = [reply.get("ai_text") for reply in replies if reply.get("refused")]
    told += [m.text() for m in call.messages if m.type == "ready" and not m.up]
    return {letters(text): "goodbye" for text in told if isinstance(text, str) and text}


def _kinds(texts: Texts) -> dict[str, str]:
    """letters of a text -> kind of the phrase."""
    kinds = {}
    for name, value in texts.items():
        kind = _BY_BEGINNING.get(name.partition("_")[0], KINDS.get(name, name))
        for text in [value] if isinstance(value, str) else value:
            kinds[letters(text)] = kind
    return kinds
