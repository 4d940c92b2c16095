"""Recordings after the call: fetched, transcribed, and kept with their call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from halo_voice.core.errors import TranscriptionError, UnknownCall
from halo_voice.core.ports import RecordingSource, Store, Transcriber
from halo_voice.core.profile import Profiles


class Recordings:
    """What `/process_audio` asks for. `answer_s`: time for an answer to a recording, seconds."""

    answer_s = 20.0

    def __init__(
        self,
        store: Store,
        source: RecordingSource,
        transcriber: Transcriber | None,
        profiles: Callable[[], Profiles],
        want: Callable[[str, str], Awaitable[None]] | None = None,
    ) -> None:
        """`want` has a recording fetched, kept and transcribed later, by the worker."""
        self._store = store
        self._profiles = profiles
        self._source = source
        self._transcriber = transcriber
        self._want = want

    async def transcribe(self, call_id: str, url: str, *, at_once: bool = True) -> str:
        """The text of a known call's recording, masked as its profile says; stored with the call.

        Not `at_once`: "" where recordings are kept; the worker does the rest. Raises `UnknownCall`,
        `RecordingError`, `TranscriptionError`, `StoreError`.
        """
        if self._want is not None and not at_once:
            self._source.check(url)
        call = await self._store.find_call(call_id)
        if call is None:
            raise UnknownCall
        if self._want is not None and not at_once:
            await self._want(call_id, url)
            return ""
        if self._transcriber is None:
            raise TranscriptionError("No transcription server is set: see HALO_TRANSCRIPTION_URL.")
        audio, content_type = await self._source.fetch(url)
        text = await self._transcriber.transcribe(audio, content_type=content_type, language="ru")
        profiles = self._profiles()
        profile = profiles.named(call.profile) or profiles.default
        text = profile.privacy.masked(text)
        await self._store.keep_recording_text(call_id, text)
        return text
