"""Renders a finished call to a WAV file, so that one can listen to how it sounded."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
FADE_MS = 10  # a cut voice stops without a click
PACE_MAX = 2.0  # faster nobody understands it; better let it run over
WORDS_PER_MINUTE = 165
CHANNEL = {"assistant": 0, "caller": 1}
VOICES = {"assistant": "ru", "caller": "ru+f3"}
SECONDS_MAX = 30

Samples = NDArray[np.int16]
Who = Literal["assistant", "caller"]


class NoVoice(Exception):
    """The call cannot be rendered: espeak-ng is not installed, or it failed."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """What one side said. Times in ms of the call.

    `end_ms` is when it ended, None when that is unknown; `cut` says that it was broken off there.
    """

    start_ms: int
    text: str
    who: Who
    end_ms: int | None = None
    cut: bool = False


class Span(Protocol):
    """A phrase or an utterance as the trace of a call has it."""

    text: str
    started_ms: int
    ended_ms: int | None


class Playback(Span, Protocol):
    complete: bool


# (text, who, pace) → samples at RATE; a pace of 2 speaks twice as fast as usual.
Synthesise = Callable[[str, Who, float], Samples]


def phrases(playbacks: Iterable[Playback], utterances: Iterable[Span]) -> list[Phrase]:
    """Both sides of a call in the order of time."""
    said = [
        Phrase(one.started_ms, one.text, "assistant", one.ended_ms, cut=not one.complete)
        for one in playbacks
    ]
    said += [Phrase(one.started_ms, one.text, "caller", one.ended_ms) for one in utterances]
    return sorted(said, key=lambda phrase: phrase.start_ms)


def render(
    path: Path,
    said: Iterable[Phrase],
    *,
    stereo: bool = True,
    synthesise: Synthesise | None = None,
) -> float:
    """Writes the call as 16 kHz WAV and returns its length in seconds.

    Stereo has the assistant on the left and the caller on the right. Raises NoVoice.
    """
    sound = mix(said, synthesise or EspeakNg.find(), stereo=stereo)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(sound.shape[1])
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound.astype("<i2").tobytes())
    return len(sound) / RATE


def mix(said: Iterable[Phrase], synthesise: Synthesise, *, stereo: bool = True) -> Samples:
    """Places each phrase at its time; shape (samples, channels). Loud overlaps are clipped."""
    placed = [
        (phrase.start_ms * RATE // 1000, CHANNEL[phrase.who], spoken(phrase, synthesise))
        for phrase in said
    ]
    length = max((start + len(voice) for start, _, voice in placed), default=0)
    sound = np.zeros((length, 2 if stereo else 1), dtype=np.int32)
    for start, channel, voice in placed:
        sound[start : start + len(voice), channel if stereo else 0] += voice
    return np.clip(sound, -32768, 32767).astype(np.int16)


def spoken(phrase: Phrase, synthesise: Synthesise) -> Samples:
    """The samples of one phrase: quicker where the call left less time, cut where it was cut."""
    length = None
    if phrase.end_ms is not None:
        length = max(0, phrase.end_ms - phrase.start_ms) * RATE // 1000
    if "://" in phrase.text:
        return tone(
            RATE if length is None else length
        )  # a file was played: nobody reads an address
    voice = synthesise(phrase.text, phrase.who, 1.0)
    if length is None or len(voice) <= length:
        return voice
    if phrase.cut:
        return faded(voice[:length])
    pace = len(voice) / length if length else PACE_MAX
    return synthesise(phrase.text, phrase.who, min(pace, PACE_MAX))


def faded(voice: Samples) -> Samples:
    """The samples with a short fall to silence at their end."""
    fall = min(len(voice), FADE_MS * RATE // 1000)
    slope = np.ones(len(voice))
    slope[len(voice) - fall :] = np.linspace(1, 0, fall)
    return (voice * slope).astype(np.int16)


def tone(length: int) -> Samples:
    """A soft A, standing for a recorded file."""
    return faded((2000 * np.sin(2 * np.pi * 440 * np.arange(length) / RATE)).astype(np.int16))


def resampled(voice: Samples, rate: int) -> Samples:
    """The samples at RATE, by cutting the spectrum: speech has no need of more."""
    if rate == RATE or not len(voice):
        return voice
    length = round(len(voice) * RATE / rate)
    spectrum = np.fft.rfft(voice)[: length // 2 + 1]
    sound = np.fft.irfft(spectrum, length) * (length / len(voice))
    return np.clip(np.round(sound), -32768, 32767).astype(np.int16)


@dataclass(frozen=True)
class EspeakNg:
    """The synthesiser espeak-ng, started once for each phrase."""

    program: str

    @staticmethod
    def find() -> EspeakNg:
        """Raises NoVoice, saying how to install it."""
        program = shutil.which("espeak-ng")
        if program is None:
            raise NoVoice(
                "espeak-ng is not installed, and the call cannot be heard without it. Install it: "
                "apt-get install espeak-ng (Debian, Ubuntu), dnf install espeak-ng (Fedora), "
                "brew install espeak-ng (macOS)."
            )
        return EspeakNg(program)

    def __call__(self, text: str, who: Who, pace: float) -> Samples:
        words = str(round(WORDS_PER_MINUTE * pace))
        # By standard input: a text that begins with a dash is no option.
        command = [self.program, "-v", VOICES[who], "-s", words, "-b", "1", "--stdin", "--stdout"]
        try:
            done = subprocess.run(  # noqa: S603 -- no shell, fixed arguments
                command, input=text.encode(), capture_output=True, timeout=SECONDS_MAX, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NoVoice(f"espeak-ng failed: {type(error).__name__}") from error
        if done.returncode != 0 or not done.stdout:
            reason = done.stderr.decode(errors="replace").strip()
            raise NoVoice(f"espeak-ng failed with status {done.returncode}: {reason}")
        with wave.open(io.BytesIO(done.stdout)) as file:
            # Its header promises a length that it does not know: take what is there.
            raw = file.readframes(file.getnframes())
            return resampled(np.frombuffer(raw, dtype="<i2"), file.getframerate())
