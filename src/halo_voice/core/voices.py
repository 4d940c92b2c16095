"""The platform's Russian voices, and which vendors can start to speak before a phrase is ready.

Names are paths below `VoiceList` (typings of VoxEngine, `VoiceList`). The platform's own voices are
below `VoxTTS.VoiceList` and have a player of their own kind: text is sent to it as it comes.
"""

from __future__ import annotations

_NAMES: dict[str, tuple[str, ...]] = {
    "Yandex.Neural": ("alena", "filipp", "ermil", "jane", "omazh", "zahar", "marina", "madi_ru"),
    "YandexV3": (
        *("alena", "filipp", "ermil", "jane", "omazh", "zahar", "marina", "madi_ru", "dasha"),
        *("julia", "lera", "masha", "alexander", "kirill", "anton", "saule_ru", "lola_ru"),
        *("zhanar_ru", "yulduz_ru"),
    ),
    "SaluteSpeech": ("natalia", "boris", "marfa", "taras", "alexandra", "sergey"),
    "TBank": ("Anna", "Dima"),
    "Google": (
        *(f"{kind}_{letter}" for kind in ("Standard", "Wavenet") for letter in "ABCDE"),
        *("Chirp3_HD_Aoede", "Chirp3_HD_Charon", "Chirp3_HD_Fenrir", "Chirp3_HD_Kore"),
        *("Chirp3_HD_Leda", "Chirp3_HD_Orus", "Chirp3_HD_Puck", "Chirp3_HD_Zephyr"),
    ),
    "Microsoft.Neural": ("SvetlanaNeural", "DmitryNeural", "DariyaNeural"),
    "Amazon": ("Tatyana", "Maxim"),
    "Default": ("Female", "Male"),
}

REALTIME: tuple[str, ...] = ("VoxTTS.Anna", "VoxTTS.Sergey")
"""Voices of a realtime player, `VoxTTS.<name below VoxTTS.VoiceList>` (typings, `VoxTTS`)."""

VOICES: tuple[str, ...] = (
    *(f"{group}.ru_RU_{name}" for group, names in _NAMES.items() for name in names),
    *REALTIME,
)

PROGRESSIVE = frozenset({"Amazon", "Google", "IBM", "Microsoft", "SaluteSpeech", "TBank", "Yandex"})
"""Vendors that know `progressivePlayback` (typings, `TTSPlayerParameters`): not YandexV3."""


def vendor(voice: str) -> str:
    """The vendor of a voice: `Yandex` of `Yandex.Neural.ru_RU_alena`."""
    return voice.partition(".")[0]


def progressive(voice: str) -> bool:
    """Whether the voice can be heard before its whole phrase was synthesised."""
    return vendor(voice) in PROGRESSIVE


def realtime(voice: str) -> bool:
    """Whether the voice has a realtime player (`VoxTTS.createRealtimeTTSPlayer`)."""
    return voice in REALTIME
