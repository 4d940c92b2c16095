"""Recordings after the call: fetched, transcribed, and kept with their call."""

from __future__ import annotations

from halo_voice.core.errors import TranscriptionError, UnknownCall
from halo_voice.core.ports import RecordingSource, Store, Transcriber


class Recordings:
    """What `/process_audio` asks for. `answer_s`: time for an answer to a recording, seconds."""

    answer_s = 20.0

    def __init__(
        self, store: Store, source: RecordingSource, transcriber: Transcriber | None
    ) -> None:
        self._store = store
        self._source = source
        self._transcriber = transcriber

    async def transcribe(self, call_id: str, url: str) -> str:
        """The text of a known call's recording; stored with the call.

        Raises `UnknownCall`, `RecordingError`, `TranscriptionError`, `StoreError`.
        """
        if await self._store.find_call(call_id) is None:
            raise UnknownCall
        if self._transcriber is None:
            raise TranscriptionError("No transcription server is set: see HALO_TRANSCRIPTION_URL.")
        audio, content_type = await self._source.fetch(url)
        text = await self._transcriber.transcribe(audio, content_type=content_type, language="ru")
        await self._store.keep_recording_text(call_id, text)
        return text
