"""Rendering a call: placing, cutting, pacing and mixing, with a synthesiser that counts letters."""

from __future__ import annotations

import shutil
import wave
from dataclasses import dataclass

import numpy as np
import pytest

from halo_voice.simulator.audio import RATE, EspeakNg, NoVoice, Phrase, mix, phrases, render

MS = RATE // 1000


def hum(text: str, who: str, pace: float) -> np.ndarray:
    """100 ms of the value 1000 for each letter, quicker by the pace."""
    return np.full(round(len(text) * 100 * MS / pace), 1000, dtype=np.int16)


def sounding(channel: np.ndarray) -> tuple[int, int]:
    """When a channel begins and ends to sound, in ms."""
    loud = np.flatnonzero(channel)
    return int(loud[0]) // MS, int(loud[-1] + 1) // MS


def test_each_side_has_its_channel_and_time():
    """The assistant is on the left, the caller on the right, both when they spoke."""
    said = [Phrase(200, "абв", "assistant"), Phrase(1000, "да", "caller")]
    sound = mix(said, hum)
    assert sound.shape == (1200 * MS, 2)
    assert sounding(sound[:, 0]) == (200, 500)
    assert sounding(sound[:, 1]) == (1000, 1200)


def test_mono_adds_both_sides():
    """Where both speak, mono has the sum."""
    said = [Phrase(0, "абв", "assistant"), Phrase(100, "д", "caller")]
    sound = mix(said, hum, stereo=False)
    assert sound.shape == (300 * MS, 1)
    assert sound[[50 * MS, 150 * MS, 250 * MS], 0].tolist() == [1000, 2000, 1000]


def test_a_cut_phrase_ends_where_it_was_cut():
    """After a barge-in nothing of the phrase is left, and it ends without a click."""
    sound = mix([Phrase(100, "абвгдежз", "assistant", 450, cut=True)], hum)[:, 0]
    assert len(sound) == 450 * MS
    assert sound[430 * MS] == 1000
    assert 0 < sound[445 * MS] < 1000
    assert sound[-1] == 0


def test_a_whole_phrase_is_spoken_quicker_rather_than_cut():
    """A phrase that the call gave less time is heard to its end, at most twice as fast."""
    assert len(mix([Phrase(0, "абвг", "caller", 250)], hum)) == 250 * MS
    assert len(mix([Phrase(0, "абвг", "caller", 50)], hum)) == 200 * MS
    assert len(mix([Phrase(0, "абвг", "caller", 0)], hum)) == 200 * MS


def test_a_phrase_shorter_than_its_time_is_left_alone():
    """Nobody is slowed down."""
    assert len(mix([Phrase(0, "аб", "caller", 900)], hum)) == 200 * MS


def test_loud_overlaps_are_clipped():
    """A sum over 16 bits stays at the limit instead of wrapping round."""
    loud = [Phrase(0, "а", "caller"), Phrase(0, "а", "assistant")]
    sound = mix(loud, lambda *_: np.full(10, 30_000, dtype=np.int16), stereo=False)
    assert sound.max() == sound.min() == 32_767


def test_an_address_is_not_read_out():
    """A recorded file sounds as a tone for as long as it played."""

    def refuse(*_: object) -> np.ndarray:
        raise AssertionError("an address was spoken")

    sound = mix([Phrase(0, "https://halo.example/a.mp3", "assistant", 300)], refuse)
    assert len(sound) == 300 * MS
    assert sound.any()


def test_a_silent_call_is_an_empty_file(tmp_path):
    """A call in which nobody spoke is rendered without an error."""
    assert render(tmp_path / "call.wav", [], synthesise=hum) == 0
    assert (tmp_path / "call.wav").stat().st_size == 44


def test_the_file_is_16_khz_stereo(tmp_path):
    """The written file has the announced format and length."""
    path = tmp_path / "call.wav"
    assert render(path, [Phrase(500, "абвгд", "caller")], synthesise=hum) == 1.0
    with wave.open(str(path)) as file:
        assert file.getparams()[:4] == (2, 2, 16_000, 16_000)


@dataclass
class Span:
    text: str
    started_ms: int
    ended_ms: int | None
    complete: bool = True


def test_a_trace_becomes_phrases_in_order():
    """Both sides are sorted by time, and an incomplete playback counts as cut."""
    spans = [Span("один", 900, 1200, complete=False), Span("ноль", 0, 300)]
    assert phrases(spans, [Span("да", 400, None)]) == [
        Phrase(0, "ноль", "assistant", 300),
        Phrase(400, "да", "caller"),
        Phrase(900, "один", "assistant", 1200, cut=True),
    ]


def test_without_espeak_the_error_says_how_to_install_it(monkeypatch, tmp_path):
    """Whoever asks for audio without the synthesiser is told what to do."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoVoice, match="apt-get install espeak-ng"):
        render(tmp_path / "call.wav", [])


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_espeak_speaks_both_voices():
    """The real synthesiser gives audible Russian, other for each side, quicker when asked."""
    voice = EspeakNg.find()
    usual = voice("-- Здравствуйте!", "assistant", 1.0)
    assert len(usual) > 300 * MS
    assert np.abs(usual).max() > 3000
    assert len(voice("-- Здравствуйте!", "assistant", 2.0)) < 0.8 * len(usual)
    assert not np.array_equal(usual, voice("-- Здравствуйте!", "caller", 1.0))
