"""Sound for tests: two people on a line, of whom the one speaks louder than the other."""

from __future__ import annotations

import array
import io
import wave

LOUD, SOFT = 20_000, 2_000


def stereo(left: int = SOFT, right: int = LOUD, *, ms: int = 200) -> bytes:
    """A WAV file whose channels have these amplitudes."""
    samples = array.array("h")
    for number in range(8 * ms):
        sign = 1 if number // 8 % 2 else -1
        samples.extend((sign * left, sign * right))
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(samples.tobytes())
    return written.getvalue()


def loudness(audio: bytes) -> int:
    """The amplitude of a file with one channel."""
    with wave.open(io.BytesIO(audio)) as file:
        assert file.getnchannels() == 1
        return max(array.array("h", file.readframes(file.getnframes())))
