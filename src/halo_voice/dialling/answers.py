"""What a live check's findings mean: open questions about the platform, and their answers. Pure.

`found` are the values of scenario/live_check.js by name. A question whose step has begun and told
nothing has an answer as well: that the session did not survive it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_FOX = b"The quick brown fox jumps over the lazy dog"
FOX = hmac.new(b"key", _FOX, "sha256").hexdigest()
"""What the platform's `hmac_sha256` makes of the same."""

Found = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """`as_assumed`: whether our code assumes so; None: nothing was found out."""

    question: str
    said: str
    as_assumed: bool | None = None

    @property
    def mark(self) -> str:
        return {True: "✔", False: "✘", None: "?"}[self.as_assumed]


def answers_of(found: Found, session: Mapping[str, Any], prices: int | None) -> list[Answer]:
    """`session`: the platform's own record of it; `prices`: how many it told."""
    answers = [_answered(name, question, read, found) for name, question, read in QUESTIONS]
    reason = str(session.get("finish_reason") or "")
    said = f"the platform's record says {reason!r}" if reason else "no record of the session yet"
    answers.append(Answer("how the session ended", said))
    said = f"{prices} of them: GetResourcePrice" if prices else "none were told"
    answers.append(Answer("prices", said, True if prices else None))
    return answers + [Answer(question, how) for question, how in NOT_BY_A_CALL]


def _answered(
    name: str, question: str, read: Callable[[Mapping[str, Any]], Answer], found: Found
) -> Answer:
    value = found.get(name)
    if value is None:
        return Answer(question, "not asked: the session ended before")
    if value == {"begun": True}:
        ends = name in ("rejection", "thrown")
        return Answer(question, "the session did not survive it", ends and name == "thrown")
    if "error" in value and name not in ("players",):
        return Answer(question, f"failed: {value['error']}", False)
    said = read(value)
    return Answer(question, said.said, said.as_assumed)


def _say(said: str, as_assumed: bool | None = None) -> Answer:
    return Answer("", said, as_assumed)


def _amd(value: Mapping[str, Any]) -> Answer:
    verdict = value.get("verdict")
    return _say(f"{verdict}, {value.get('ms')} ms after the pick-up", verdict == "HUMAN")


def _hmac(value: Mapping[str, Any]) -> Answer:
    same = str(value.get("value", "")).lower() == FOX
    return _say("hexadecimal, as everywhere" if same else "another form than hexadecimal", same)


def _listener(value: Mapping[str, Any]) -> Answer:
    thrown = value.get("throws")
    return _say(f"throws: {thrown}" if thrown else "is taken without a word", bool(thrown))


def _duration(value: Mapping[str, Any]) -> Answer:
    told, ms = value.get("duration"), value.get("ms") or 0
    if not value.get("started") or not told:
        return _say("no PlayerEvents.Started with a duration", False)
    unit = "s" if abs(told * 1000 - ms) < abs(told - ms) else "ms"
    end = "PlaybackFinished came" if value.get("finished") else "PlaybackFinished did not come"
    fits = (unit == "s") == (told < 300) and bool(value.get("finished"))
    return _say(f"{told} {unit} of {ms} ms that were measured; {end}", fits)


def _confidence(value: Mapping[str, Any]) -> Answer:
    said, fits = [], True
    for name, heard in value.items():
        if "error" in heard:
            said.append(f"{name}: {heard['error']}")
            continue
        scale, interims = heard.get("confidence"), heard.get("interims")
        said.append(f"{name}: confidence {scale}, {interims} interim results")
        fits = fits and heard.get("results", 0) > 0
    return _say("; ".join(said), fits)


def _after_stop(value: Mapping[str, Any]) -> Answer:
    if not value.get("captured"):
        return _say("nothing was captured: say the words when asked")
    came = value.get("after", 0)
    return _say("comes, too" if came else "does not come", True)


def _paused(value: Mapping[str, Any]) -> Answer:
    end = value.get("stopped") or {}
    told, fed = end.get("duration"), value.get("fed_s")
    if told is None:
        return _say("no Stopped with a duration", None)
    return _say(f"{told} s are billed of {fed} s that it was fed; cost {end.get('cost')}", True)


def _players(value: Mapping[str, Any]) -> Answer:
    heard, error = value.get("heard", 0), value.get("error")
    if heard >= 12:
        return _say("do not count: twelve in a row were heard", True)
    return _say(f"count: {heard} were heard ({error}); each has to be stopped", True)


def _microphone(value: Mapping[str, Any]) -> Answer:
    changes = value.get("changes", 0)
    return _say(f"{changes} in the call", changes > 0)


def _hang_up(value: Mapping[str, Any]) -> Answer:
    told = value.get("told")
    return _say("Disconnected is told" if told else "no Disconnected within 5 s", bool(told))


def _lives(_: Mapping[str, Any]) -> Answer:
    return _say("the session goes on", True)


QUESTIONS: tuple[tuple[str, str, Callable[[Mapping[str, Any]], Answer]], ...] = (
    ("amd", "a detector that is given to callPSTN", _amd),
    ("hmac", "the form of hmac_sha256", _hmac),
    ("undefined_listener", "addEventListener(undefined)", _listener),
    ("duration", "the unit of PlayerEvents.Started.duration", _duration),
    ("confidence", "confidence of each recogniser", _confidence),
    ("result_after_stop", "a Result after stop()", _after_stop),
    ("paused_recogniser", "billing of a recogniser that is not fed", _paused),
    ("players", "players that have finished, and the limit of ten", _players),
    ("microphone", "MicStatusChange", _microphone),
    ("hang_up", "our own hang-up", _hang_up),
    ("rejection", "a rejection that nobody handles", _lives),
    ("thrown", "an error that nobody catches", _lives),
)

NOT_BY_A_CALL = (
    ("the WebSocket's largest message, ping, reconnect", "not asked: watch a call with the stream"),
    ("the log's total size, the longest session", "not asked: a long call of one's own"),
    ("the channels of a stereo recording", "not asked: record a call and listen"),
    ("the nesting of `tag` in media", "not asked: no audio passes through HALO"),
)
