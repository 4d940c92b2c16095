"""The table of Russian voices against the platform's surface."""

from __future__ import annotations

from halo_voice.core import voices
from halo_voice.simulator.surface import surface


def test_the_table_has_exactly_the_platforms_russian_voices():
    """No voice is invented, none is forgotten."""
    russian = {
        name.removeprefix("VoiceList.")
        for name in surface().names
        if name.startswith("VoiceList.") and ".ru_RU_" in name
    } | {
        name.replace("VoxTTSVoiceList.", "VoxTTS.")
        for name in surface().names
        if name.startswith("VoxTTSVoiceList.")
    }

    assert set(voices.VOICES) == russian
    assert len(voices.VOICES) == len(russian)


def test_progressive_playback_depends_on_the_vendor():
    """Yandex can speak before the phrase is ready, YandexV3 and the default voice cannot."""
    assert voices.progressive("Yandex.Neural.ru_RU_alena")
    assert not voices.progressive("YandexV3.ru_RU_alena")
    assert not voices.progressive("Default.ru_RU_Female")


def test_only_the_platforms_own_voices_are_realtime():
    """They are sent text as it comes, and are no choice of `VoiceList`."""
    assert [voice for voice in voices.VOICES if voices.realtime(voice)] == [
        "VoxTTS.Anna",
        "VoxTTS.Sergey",
    ]
    assert not voices.progressive("VoxTTS.Anna")
