"""The channels of a recording, each as a WAV file of its own."""

from __future__ import annotations

import io
import wave

RATE_HZ = 16_000
SECONDS_MAX = 2 * 3_600


def channels(audio: bytes) -> list[bytes]:
    """One file for each channel: two of a stereo recording. None for what cannot be decoded."""
    import miniaudio  # here: only what is transcribed needs it

    try:
        sound = miniaudio.decode(
            audio, miniaudio.SampleFormat.SIGNED16, nchannels=2, sample_rate=RATE_HZ
        )
    except miniaudio.DecodeError:
        return []
    pcm = sound.samples[: 2 * RATE_HZ * SECONDS_MAX]
    left, right = pcm[0::2], pcm[1::2]
    if left == right:  # mono, or as good as that
        return [_wav(left.tobytes())]
    return [_wav(left.tobytes()), _wav(right.tobytes())]


def _wav(pcm: bytes) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(pcm)
    return written.getvalue()
