"""The workflow of a recording: fetched and kept, then transcribed beside the call's own words.

    recording(call)    fetched ──► fetched again, later … ──► transcribed ──► …

Each attempt is a workflow of its own, which the queue begins when it is time to: what sleeps would
hold one of the few places, and nobody else's recording would be fetched meanwhile.

Which channel is whose is not told by the platform in one voice: it is the caller's whose words are
more like what the caller was recognised to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from dbos import DBOS, DBOSConfiguredInstance, SetEnqueueOptions, SetWorkflowID

from halo_voice.core.errors import (
    RecordingRefused,
    RecordingUnavailable,
    TranscriptionError,
    TranscriptionRefused,
)
from halo_voice.core.ports import RecordingSource, Transcriber, TurnRecord
from halo_voice.core.privacy import Privacy
from halo_voice.core.profile import Profile
from halo_voice.core.recording import Objects
from halo_voice.store.archive import Archive
from halo_voice.store.shelf import playable
from halo_voice.workflows.after import RECOVERIES_MAX, STORE_WAITS
from halo_voice.workflows.aligned import by_turns, likeness
from halo_voice.workflows.sound import channels

RECORDINGS = "halo-recordings"
FETCHED, TRANSCRIBED = "fetched", "transcribed"
WAITS_S = (10, 60, 300, 1_800, 7_200, 21_600)
"""Between attempts, seconds: the platform files a recording some time after its call."""

_STRICTEST = Privacy(keep=())
"""For calls of a profile that is not known any more."""

_log = structlog.get_logger(__name__)


@DBOS.dbos_class()
class Recorded(DBOSConfiguredInstance):
    """Keeps recordings in `objects`. Without `transcriber` they are only kept. `source` and
    `transcriber` are made anew for each use: each step has a loop of its own."""

    def __init__(
        self,
        archive: Archive,
        objects: Objects,
        source: Callable[[], RecordingSource],
        transcriber: Callable[[], Transcriber | None],
        profile: Callable[[str], Profile | None],
        *,
        waits_s: Sequence[float] = WAITS_S,
    ) -> None:
        super().__init__(config_name="recorded")
        self.archive = archive
        self.objects = objects
        self.source = source
        self.transcriber = transcriber
        self.profile = profile
        self.waits_s = waits_s

    def begin(self, call_id: str) -> None:
        self._enqueue(call_id, FETCHED)

    def _enqueue(self, call_id: str, what: str, number: int = 0, wait_s: float = 0.0) -> None:
        with (
            SetWorkflowID(f"recording.{call_id}.{what}.{number}"),
            SetEnqueueOptions(delay_seconds=wait_s or None),
        ):
            DBOS.enqueue_workflow(RECORDINGS, self.recording, call_id, what, number)

    @DBOS.workflow(name="recording", max_recovery_attempts=RECOVERIES_MAX)
    def recording(self, call_id: str, what: str = FETCHED, number: int = 0) -> None:
        """One attempt, the `number`th after the first; what comes next is put in the queue."""
        step = self.fetched if what == FETCHED else self.transcribed
        if not step(call_id, number >= len(self.waits_s)):
            self._enqueue(call_id, what, number + 1, self.waits_s[number])
        elif what == FETCHED:
            self._enqueue(call_id, TRANSCRIBED)

    @DBOS.step(**STORE_WAITS)
    def fetched(self, call_id: str, last: bool) -> bool:
        """Whether no other attempt is needed. Raises `StoreError`."""
        known = self.archive.shelf.find(call_id)
        if known is None or known.state != "wanted":
            return True  # erased, or kept by a process that died before it could say so
        try:
            audio, content_type = asyncio.run(self._fetch(known.url))
        except RecordingRefused as error:
            self.archive.shelf.lose(call_id, error.message)
            return True
        except RecordingUnavailable as error:
            _log.warning("recording_waits", call_id=call_id, code=error.code)
            if last:
                self.archive.shelf.lose(call_id, error.message)
            return last
        self.archive.shelf.keep(call_id, audio, content_type, self.objects)
        return True

    async def _fetch(self, url: str) -> tuple[bytes, str]:
        source = self.source()
        try:
            return await source.fetch(url)
        finally:
            await source.close()

    @DBOS.step(**STORE_WAITS)
    def transcribed(self, call_id: str, last: bool) -> bool:
        """Whether no other attempt is needed. Raises `StoreError`."""
        known = self.archive.shelf.find(call_id)
        file = playable(known, self.objects)
        call = self.archive.call(call_id)
        if known is None or not file or known.said or call is None:
            return True
        found = self.objects.read(file)
        if found is None:
            return True  # erased between
        audio, _ = found
        try:
            heard = asyncio.run(self._heard(audio, known.content_type))
        except TranscriptionError as error:
            _log.warning("recording_untranscribed", call_id=call_id, fault=error.message)
            over = last or isinstance(error, TranscriptionRefused)
            if over:
                self.archive.shelf.fail(call_id, error.message)
            return over
        if heard is None:
            return True
        profile = self.profile(call.profile)
        masked = (_STRICTEST if profile is None else profile.privacy).masked
        said, text = beside([masked(each) for each in heard], self.archive.turns(call_id))
        self.archive.shelf.say(call_id, said, text)
        return True

    async def _heard(self, audio: bytes, content_type: str) -> list[str] | None:
        """What each channel says. Raises `TranscriptionError`."""
        transcriber = self.transcriber()
        if transcriber is None:
            return None
        try:
            several = await asyncio.to_thread(channels, audio)
            if len(several) < 2:
                return [
                    await transcriber.transcribe(audio, content_type=content_type, language="ru")
                ]
            return [
                await transcriber.transcribe(each, content_type="audio/wav", language="ru")
                for each in several
            ]
        finally:
            await transcriber.close()


def beside(heard: Sequence[str], turns: Sequence[TurnRecord]) -> tuple[dict[str, Any], str]:
    """What was heard, by turns, and as one text. One channel holds both voices: it has no turns."""
    if len(heard) < 2:
        return {"channels": 1}, heard[0]
    told = [turn.user_text for turn in turns]
    replies = [turn.reply if turn.heard is None else turn.heard for turn in turns]
    straight = likeness(told, heard[0]) + likeness(replies, heard[1])
    crossed = likeness(told, heard[1]) + likeness(replies, heard[0])
    caller, assistant = heard if straight >= crossed else reversed(heard)
    pairs = zip(turns, by_turns(told, caller), by_turns(replies, assistant), strict=True)
    return (
        {"channels": 2, "turns": [[turn.turn, one, two] for turn, one, two in pairs]},
        f"Абонент: {caller}\nАссистент: {assistant}",
    )
