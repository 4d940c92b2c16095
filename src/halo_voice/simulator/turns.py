"""Which result became which turn, and which phrase is its answer: read from a call's trace.

The one place that knows the backend's addresses and fields (docs/http.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec

from halo_voice.simulator.exchanges import Exchange
from halo_voice.simulator.place import FinishedCall
from halo_voice.simulator.trace import PlaybackSpan

TURN, START, END = "/process_text", "/call/start", "/call/end"
Texts = Mapping[str, "str | list[str]"]  # as the profile has them
KINDS = {"reprompts": "reprompt", "repeat": "reprompt"}


@dataclass(slots=True)
class Turn:
    """One accepted result. `answer` is what the backend answered with status 200, or empty.

    `apologetic` is true when the backend says that its answer is an apology.
    """

    number: int
    user_text: str
    accepted_ms: int
    exchanges: list[Exchange] = field(default_factory=list)
    answer: str = ""
    apologetic: bool = False


@dataclass(slots=True)
class Phrase:
    """Something the scenario wanted spoken. `span` is None when it never sounded.

    `kind` is answer, filler, apology, reprompt, goodbye, greeting or other.
    """

    ordered_ms: int
    text: str
    playback: int
    kind: str = "other"
    turn: Turn | None = None
    span: PlaybackSpan | None = None
    fault: str = ""  # the fault that kept it from sounding


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
    """Reads a finished call. `texts` are the profile's, where the first answer has none."""
    turns = _turns(call)
    known = _kinds({**(texts or {}), **_profile_texts(call)})
    phrases = list(_phrases(call))
    for phrase in phrases:
        phrase.turn = _answered(phrase, turns)
        phrase.kind = known.get(letters(phrase.text), "other")
        if phrase.turn:
            phrase.kind = "apology" if phrase.turn.apologetic else "answer"
    reports = [exchange for exchange in call.requests if path(exchange) == END]
    return Story(turns, phrases, reports)


def letters(text: str) -> str:
    """A text as two people would say it: without case, punctuation and spaces."""
    return re.sub(r"[\W_]+", "", text.casefold())


def path(exchange: Exchange) -> str:
    return urlsplit(exchange.url).path


def fields(text: str) -> dict:
    """The fields of a JSON object; none when it is something else."""
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _turns(call: FinishedCall) -> list[Turn]:
    results = [line for line in call.trace if line.data.get("event") == "ASR.Result"]
    turns: dict[int, Turn] = {}
    for exchange in call.requests:
        asked = fields(exchange.body) if path(exchange) == TURN else {}
        number, text = asked.get("turn"), asked.get("user_text")
        if not isinstance(number, int) or not isinstance(text, str):
            continue
        if number not in turns:
            heard = [
                line.ms
                for line in results
                if line.ms <= exchange.sent_ms and _same(line.data, text)
            ]
            turns[number] = Turn(number, text, heard[-1] if heard else exchange.sent_ms)
        turns[number].exchanges.append(exchange)
        reply = fields(exchange.text) if exchange.code == 200 else {}
        if isinstance(reply.get("ai_text"), str) and not turns[number].answer:
            turns[number].answer = reply["ai_text"]
            turns[number].apologetic = reply.get("outcome") == "apologised"
    return sorted(turns.values(), key=lambda turn: turn.accepted_ms)


def _same(result: Mapping, text: str) -> bool:
    heard = result.get("text", result.get("transcript"))
    return isinstance(heard, str) and letters(heard) == letters(text)


def _phrases(call: FinishedCall) -> Iterator[Phrase]:
    spans = {span.number: span for span in call.playbacks if span.call == "call:1"}
    faults = [line for line in call.trace if line.data.get("fault") in ("F20", "F21")]
    for line in call.trace:
        if "phrase" not in line.data:
            continue
        phrase = Phrase(line.ms, line.data["phrase"], line.data["playback"])
        phrase.span = spans.get(phrase.playback)
        if phrase.span is None:
            phrase.fault = next(
                (f.data["fault"] for f in faults if f.data.get("playback") == phrase.playback), ""
            )
        yield phrase


def _answered(phrase: Phrase, turns: list[Turn]) -> Turn | None:
    """The newest turn whose answer this is; it may have been cut to a speakable length."""
    said = letters(phrase.text)
    for turn in reversed(turns):
        if turn.accepted_ms <= phrase.ordered_ms and said and letters(turn.answer).startswith(said):
            return turn
    return None


def _profile_texts(call: FinishedCall) -> Texts:
    for exchange in call.requests:
        if path(exchange) == START and exchange.code == 200:
            profile = fields(exchange.text).get("profile")
            texts = profile.get("texts") if isinstance(profile, dict) else None
            return texts if isinstance(texts, dict) else {}
    return {}


def _kinds(texts: Texts) -> dict[str, str]:
    """letters of a text -> kind of the phrase."""
    kinds = {}
    for name, value in texts.items():
        kind = "goodbye" if name.startswith("bye_") else KINDS.get(name, name)
        for text in [value] if isinstance(value, str) else value:
            kinds[letters(text)] = kind
    return kinds
