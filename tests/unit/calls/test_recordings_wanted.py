"""A recording that the worker is to keep: it is asked for, and nobody waits for its text."""

from __future__ import annotations

import pytest

from halo_voice.calls.recordings import Recordings
from halo_voice.core.errors import RecordingRefused, TranscriptionError, UnknownCall
from halo_voice.core.ports import CallStart
from halo_voice.core.profile import Profiles
from halo_voice.speech.recordings import HttpRecordingSource
from tests.one_call import PROFILE

URL = "https://storage-gw-ru-02.voximplant.com/r.mp3"


async def test_the_worker_is_told_of_it_and_the_scenario_gets_no_text(store):
    """Nothing is fetched here: an address that may not be fetched is refused at once."""
    await store.open_call(CallStart("c-1"))
    wanted = []

    async def want(call_id: str, url: str) -> None:
        wanted.append((call_id, url))

    source = HttpRecordingSource()
    recordings = Recordings(store, source, None, lambda: Profiles([PROFILE]), want)
    assert await recordings.transcribe("c-1", URL, at_once=False) == ""
    with pytest.raises(RecordingRefused):
        await recordings.transcribe("c-1", "https://example.com/r.mp3", at_once=False)
    with pytest.raises(UnknownCall):
        await recordings.transcribe("c-2", URL, at_once=False)
    with pytest.raises(TranscriptionError, match="HALO_TRANSCRIPTION_URL"):
        await recordings.transcribe("c-1", URL)
    await source.close()
    assert wanted == [("c-1", URL)]
