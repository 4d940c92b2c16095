"""The process that works on calls that have ended: finds them, and takes over what others left."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from dbos import DBOS, SetWorkflowID

from halo_voice.core.errors import StoreError
from halo_voice.core.ports import CallRecord
from halo_voice.store.archive import Archive
from halo_voice.workflows.after import CALLS, DELIVERIES, OUTLETS, AfterCall
from halo_voice.workflows.funds import Funds
from halo_voice.workflows.orphans import Orphans
from halo_voice.workflows.recorded import RECORDINGS, Recorded

VERSION = "1"
"""Of the workflows' steps, not of HALO: what an older HALO began, a newer one carries on with.
Raise it only with steps that cannot follow on those before them."""

LOOK_S = 2.0
POLL_S = 1.0
SILENT_S = 60.0
"""A worker that was not heard of for so long is dead: its work is begun again by others."""

BEAT_S = 10.0
EXPIRE_S = 3_600.0
STOP_S = 5
AT_ONCE = 4
BATCH = 200
PROFILE_WAIT = timedelta(hours=1)
"""Calls of a profile that is not known wait so long for it; then they are reviewed without one, and
nothing goes through channels."""

LEFT_FOR = timedelta(days=30)
"""Of calls that are left alone those are counted that ended since then."""

_log = structlog.get_logger(__name__)


def worker_name() -> str:
    """Of this process, and no other, on this machine or elsewhere."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"


@contextmanager
def launched(
    database_url: str, name: str, *, poll_s: float = POLL_S, at_once: int = AT_ONCE
) -> Iterator[None]:
    """DBOS on its tables. What runs when this ends is left to whoever comes next.

    `at_once`: calls that this process reviews; it waits for the model, most of the time.
    """
    DBOS(
        config={
            "name": "halo",
            "system_database_url": database_url,
            "executor_id": name,
            "application_version": VERSION,
            "log_level": "WARNING",
        }
    )
    DBOS.launch()
    try:
        DBOS.register_queue(CALLS, worker_concurrency=at_once, polling_interval_sec=poll_s)
        DBOS.register_queue(DELIVERIES, global_concurrency=1, polling_interval_sec=poll_s)
        DBOS.register_queue(RECORDINGS, worker_concurrency=2, polling_interval_sec=poll_s)
        DBOS.register_queue(OUTLETS, partition_concurrency=1, polling_interval_sec=poll_s)
        yield
    finally:
        DBOS.destroy(workflow_completion_timeout_sec=STOP_S)


class Worker:
    """Runs inside `launched`. `hours`: calls that ended longer ago are left alone.

    `recorded` keeps recordings, where they are kept; where the platform can be asked, `orphans`
    completes calls whose end was never told, and `funds` looks at the account's money. `wanted`:
    whether the calls of this profile are reviewed; None: no such one is known, and its calls wait
    a while for it. `renew` takes up profiles that have changed, when it is time to. `keep`: words
    and calls are kept for so long, zero for ever.
    """

    def __init__(
        self,
        name: str,
        archive: Archive,
        after: AfterCall,
        *,
        now: Callable[[], datetime],
        wanted: Callable[[str], bool | None],
        hours: float,
        renew: Callable[[], None] = lambda: None,
        keep: tuple[timedelta, timedelta] = (timedelta(), timedelta()),
        look_s: float = LOOK_S,
        silent_s: float = SILENT_S,
        recorded: Recorded | None = None,
        orphans: Orphans | None = None,
        funds: Funds | None = None,
    ) -> None:
        self._orphans = orphans
        self._funds = funds
        self._recorded = recorded
        self._name = name
        self._archive = archive
        self._after = after
        self._now = now
        self._wanted = wanted
        self._renew = renew
        self._hours = timedelta(hours=hours)
        self._unknown: set[str] = set()
        self._held: set[str] = set()
        self._keep = keep
        self._look_s = look_s
        self._silent_s = silent_s
        self._begun: set[str] = set()
        self._fetching: set[str] = set()
        self._next_beat = self._next_expiry = 0.0
        self._left_told = False

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set. A store that is away is waited for."""
        while not stop.is_set():
            try:
                self.look()
            except StoreError as error:
                _log.warning("worker_waits", code=error.code)
            stop.wait(self._look_s)

    def look(self) -> None:
        """Once. Raises `StoreError`."""
        moment = time.monotonic()
        if moment >= self._next_beat:
            self._archive.beat(self._name, None if self._funds is None else self._funds.balance)
            self._next_beat = moment + min(BEAT_S, self._silent_s / 4)
            self._take_over()
        self._renew()
        if not self._left_told:
            self.tell_left()
            self._left_told = True
        if self._funds is not None:
            self._funds.look()
        if self._orphans is not None:
            self._orphans.look()
        self._begin()
        self._send_again()
        self._fetch()
        if moment >= self._next_expiry:
            self._next_expiry = moment + EXPIRE_S
            self._expire()

    def _take_over(self) -> None:
        for name in self._archive.gone(self._silent_s):
            # Whoever is first has it: a workflow leaves its dead process once.
            taken = DBOS._recover_pending_workflows([name])
            self._archive.dismiss(name)
            _log.info("worker_replaced", workflows=len(taken))

    def tell_left(self) -> None:
        """Say how many calls will never be reviewed, nor told to anybody: nobody worked for longer
        than calls wait. Raises `StoreError`."""
        now = self._now()
        found = self._archive.left(now - LEFT_FOR, now - self._hours)
        count = sum(calls for profile, calls in found.items() if self._wanted(profile) is not False)
        if count:
            _log.warning("calls_left_alone", calls=count, hours=self._hours / timedelta(hours=1))

    def _begin(self) -> None:
        """Begin what is due; what another process has begun already is begun no second time."""
        for call_id in self.due():
            with SetWorkflowID(f"after.{call_id}"):
                DBOS.enqueue_workflow(CALLS, self._after.after_call, call_id)

    def due(self) -> Iterator[str]:
        """Calls to be reviewed now; each is told once. Raises `StoreError`."""
        many = BATCH + len(self._begun) + len(self._held)
        due = self._archive.unreviewed(self._now() - self._hours, many)
        self._begun &= set(due)
        self._held.clear()
        for call_id in due:
            call = None if call_id in self._begun else self._archive.call(call_id)
            if call is None or (self._orphans is not None and self._orphans.waits(call)):
                continue
            wanted = self._wanted(call.profile)
            if wanted is None and self._waits(call):
                self._held.add(call_id)
                continue
            self._begun.add(call_id)
            if wanted is not False:
                yield call_id

    def _waits(self, call: CallRecord) -> bool:
        """Whether the profile of this call, which is not known, may yet come: a new one's fault is
        mended, a review is made once."""
        if call.profile not in self._unknown:
            self._unknown.add(call.profile)
            _log.warning("profile_unknown", profile=call.profile)
        ended = call.ended_at
        return ended is not None and self._now() - ended < min(PROFILE_WAIT, self._hours / 2)

    def _fetch(self) -> None:
        """Begin to keep what is wanted; what another process has begun is begun no second time."""
        if self._recorded is None:
            return
        wanted = self._archive.shelf.wanted(BATCH + len(self._fetching))
        for call_id in wanted:
            if call_id not in self._fetching:
                self._recorded.begin(call_id)
        self._fetching = set(wanted)

    def _send_again(self) -> None:
        for delivery in self._archive.deliveries(state="again"):
            workflow_id = f"{delivery.delivery_id}.again.{delivery.rounds}"
            self._after.enqueue(workflow_id, delivery.delivery_id, self._after.way(delivery))
            self._archive.taken_again(delivery.delivery_id)

    def _expire(self) -> None:
        texts, calls = (self._now() - keep if keep else None for keep in self._keep)
        changed = self._archive.expire(texts_before=texts, calls_before=calls)
        if changed:
            _log.info("calls_expired", calls=changed)
