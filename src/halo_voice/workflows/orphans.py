"""Calls whose end nobody reported, completed from what the platform remembers of them (F59).

`halo serve` closes such a call; how long it was, why it ended and where its recording is only the
platform knows. Its review waits for that a little, so that what is delivered is right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from halo_voice.core.errors import PlatformError
from halo_voice.core.ports import CallRecord
from halo_voice.core.sessions import LOST, Session, numbered
from halo_voice.store.archive import Archive

LOOK_S = 20.0
REST_S = 120.0
"""The platform is asked so often, and after a failure so much later, in seconds."""

WAIT = timedelta(minutes=5)
"""A review waits so long for the history of a lost call."""

GIVE_UP = timedelta(hours=24)
AT_ONCE = 200

History = Callable[[Sequence[str], datetime], Mapping[str, Session]]
"""What is known of calls, none of which began before the time. Raises `PlatformError`."""

_log = structlog.get_logger(__name__)


class Orphans:
    """`recorded`: whether recordings of this profile's calls are kept."""

    def __init__(
        self,
        archive: Archive,
        history: History,
        *,
        now: Callable[[], datetime],
        recorded: Callable[[str], bool],
    ) -> None:
        self._archive = archive
        self._history = history
        self._now = now
        self._recorded = recorded
        self._next = datetime.min

    def look(self) -> int:
        """Ask, if it is time to. How many calls were completed. Raises `StoreError`."""
        now = self._now()
        if now.replace(tzinfo=None) < self._next:
            return 0
        self._next = now.replace(tzinfo=None) + timedelta(seconds=LOOK_S)
        lost = self._archive.orphaned.ended_as(LOST, now - GIVE_UP, AT_ONCE)
        lost = [call for call in lost if numbered(call.call_id)]
        if not lost:
            return 0
        since = min(call.started_at for call in lost) - timedelta(days=1)
        try:
            known = self._history([call.call_id for call in lost], since)
        except PlatformError as error:
            self._next += timedelta(seconds=REST_S)
            _log.warning("history_unread", code=error.code)
            return 0
        return sum(self._complete(call, known.get(call.call_id)) for call in lost)

    def waits(self, call: CallRecord) -> bool:
        """Whether the call's review had better wait."""
        lost = call.end_reason == LOST and numbered(call.call_id)
        return lost and call.ended_at is not None and self._now() - call.ended_at < WAIT

    def _complete(self, call: CallRecord, session: Session | None) -> bool:
        """It is complete when the platform names an end; its recording may be known before."""
        if session is None:
            return False
        if session.records and self._recorded(call.profile):
            self._archive.shelf.want(call.call_id, session.records[0].url)
        if not session.reason:
            return False
        done = self._archive.orphaned.complete(call, session.reason, session.duration_ms)
        if done:
            _log.info("orphan_completed", call_id=call.call_id, reason=session.reason)
        return done
