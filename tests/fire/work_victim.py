"""A worker on ended calls that dies where a test wants it. Imports once, then forks for each order.

    {"database": …, "steps": …, "receiver": …, "die_at": 7, "waits_s": [0.1]}  ->  {"code": 9, …}

What comes back: how it ended, how many points it passed, what time passed on its own clock.

With `records` recordings are kept, and nothing else is done; with `kept` until there are so many,
`record_waits` between attempts. With `services` the profile has a CRM
there. `day`: the real waits pass on a clock of its own. `unknown_s`: so long no profile is known;
`gone`: none is, and calls have waited for it. `away_s`: so long, on that clock, the store can be
read and takes no note of what was sent. `broken`: every channel raises what it must not.

A point is a moment just before or just after something that lasts: a write of ours, a request, a
step that DBOS writes down.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import structlog
from dbos import DBOS, _outcome

from halo_voice.core.after import After, Outlet
from halo_voice.core.errors import ModelUnreachable, StoreUnavailable
from halo_voice.core.profile import Profile
from halo_voice.speech.recordings import HttpRecordingSource
from halo_voice.speech.transcriber import OpenAITranscriber
from halo_voice.store.archive import Archive, open_archive
from halo_voice.store.shelf import Folder
from halo_voice.workflows.after import WAITS_S, AfterCall
from halo_voice.workflows.channel import Attempt, Channel, Told
from halo_voice.workflows.channels import channels_of
from halo_voice.workflows.recorded import Recorded
from halo_voice.workflows.review import Reviewer
from halo_voice.workflows.webhook import Receiver
from halo_voice.workflows.worker import Worker, launched, worker_name
from tests.standins.services import SECRETS
from tests.standins.webhook_receiver import SECRET

RUN_S_MAX = 40.0
KILLED = 9


class Points:
    """Counts them, and ends the process at one, as a kill does: nothing is flushed or closed."""

    def __init__(self, die_at: int) -> None:
        self.passed = 0
        self.passed_s = 0.0
        self._die_at = die_at
        self._lock = threading.Lock()

    def point(self) -> None:
        with self._lock:
            self.passed += 1
            if self.passed == self._die_at:
                os._exit(KILLED)

    def passing(self, seconds: float) -> None:
        """Time passes at once on this clock."""
        self.passed_s += seconds

    def around(self, owner: Any, *names: str) -> None:
        for name in names:
            setattr(owner, name, self._wrapped(getattr(owner, name)))

    def _wrapped(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **how: Any) -> Any:
            self.point()
            done = work(*given, **how)
            self.point()
            return done

        return run


async def unreachable(_: Any) -> tuple[str, str]:
    raise ModelUnreachable


def now() -> datetime:
    return datetime.now(UTC)


def work(order: dict[str, Any], points: Points) -> None:
    archive = open_archive(order["database"])
    points.around(archive, "keep_review", "keep_delivery", "note_attempt")
    if "away_s" in order:
        noting_fails(archive, points, order["away_s"])
    receiver = Broken() if "broken" in order else Receiver(order["receiver"], SECRET)
    watched = Watched(receiver, points)
    table = {"url": f"{order.get('services', '')}/rest/1/{{bitrix}}"}
    outlets = {"crm": Outlet("bitrix24", table=table)} if "services" in order else {}
    profile = Profile(after=After(deliver=outlets))
    made = channels_of([profile], secrets=SECRETS, private_hosts=["127.0.0.1"])
    channels = {
        name: {k: Watched(v, points) for k, v in found.items()} for name, found in made.items()
    }
    known_from = time.monotonic() + order.get("unknown_s", 0)

    def known(_: str) -> Profile | None:
        return profile if time.monotonic() >= known_from and "gone" not in order else None

    def wanted(name: str) -> bool | None:
        return "records" not in order if "gone" in order or known(name) else None

    after = AfterCall(
        archive,
        Reviewer(unreachable, now),
        known,
        watched,
        lambda: channels,
        now=now,
        waits_s=WAITS_S if "day" in order else order.get("waits_s", [0.1] * 50),
        **({"pause": points.passing} if "day" in order else {}),
    )
    name = worker_name()
    worker = Worker(
        name,
        archive,
        after,
        now=now,
        wanted=wanted,
        hours=1,
        look_s=0.05,
        silent_s=order.get("silent_s", 0.2),
        recorded=recorded(archive, order, profile) if "records" in order else None,
    )
    points.around(archive.shelf, "keep", "say", "lose")
    with launched(order["steps"], name, poll_s=0.05, at_once=1):
        points.around(_steps(), "record_operation_result")
        ended = threading.Event()
        many = order.get("die_announced", 0) or order.get("kept", 0)
        idle = _nothing_wanted if "records" in order else _until_idle
        threading.Thread(target=idle, args=(archive, ended, many), daemon=True).start()
        worker.run(ended)
    archive.leave(name)


def noting_fails(archive: Archive, points: Points, away_s: float) -> None:
    """Until so much time has passed, which it does at once: a full disk, say."""
    _outcome.time = SimpleNamespace(sleep=points.passing)
    note = archive.note_attempt

    def noted(*given: Any, **how: Any) -> None:
        if points.passed_s < away_s:
            raise StoreUnavailable
        note(*given, **how)

    archive.note_attempt = noted


def recorded(archive: Archive, order: dict[str, Any], profile: Profile) -> Recorded:
    records = order["records"]

    async def resolve(_: str) -> list[str]:
        return ["127.0.0.1"]

    def source() -> HttpRecordingSource:
        return HttpRecordingSource(
            [records["host"]],
            ca_file=records["ca_file"],
            resolve=resolve,
            allowed=lambda _: True,
            port=records["port"],
        )

    return Recorded(
        archive,
        Folder(Path(records["folder"])),
        source,
        lambda: OpenAITranscriber(records["transcriber"], "", "whisper-1"),
        lambda _: profile,
        waits_s=order.get("record_waits", [0.1] * 20),
    )


def _nothing_wanted(archive: Archive, ended: threading.Event, many: int) -> None:
    """Every recording is kept or lost, and nothing runs; or there are so many that are kept."""
    until = time.monotonic() + RUN_S_MAX
    while time.monotonic() < until:
        time.sleep(0.05)
        kept = archive.work(datetime(2000, 1, 1, tzinfo=UTC), []).recordings.get("kept", 0)
        if many and kept >= many:
            break
        running = DBOS.list_workflows(status=["PENDING", "ENQUEUED", "DELAYED"])
        if not archive.shelf.wanted() and not running:
            break
    ended.set()


def _steps() -> Any:
    from dbos._dbos import _get_dbos_instance

    return _get_dbos_instance()._sys_db


class Watched:
    """A channel, with a point before and after each request."""

    def __init__(self, channel: Channel, points: Points) -> None:
        self._channel = channel
        self._points = points

    async def send(self, delivery_id: str, told: Told) -> Attempt:
        self._points.point()
        attempt = await self._channel.send(delivery_id, told)
        self._points.point()
        return attempt


class Broken:
    """A channel with a fault of our own."""

    async def send(self, delivery_id: str, told: Told) -> Attempt:
        raise LookupError(delivery_id, told)


def _until_idle(archive: Archive, ended: threading.Event, deadly: int) -> None:
    """Every call has its review, and every delivery has come to its end; or there are so many
    deliveries that it has to die."""
    until = time.monotonic() + RUN_S_MAX
    since = datetime(2000, 1, 1, tzinfo=UTC)
    while time.monotonic() < until:
        time.sleep(0.05)
        if deadly and len(archive.deliveries()) >= deadly:
            os._exit(KILLED)
        waiting = archive.unreviewed(since, 1) or [
            each for state in ("waiting", "again") for each in archive.deliveries(state=state)
        ]
        running = DBOS.list_workflows(status=["PENDING", "ENQUEUED"])
        if not waiting and not running:
            break
    ended.set()


def main() -> None:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    logging.disable(logging.CRITICAL)
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            points = Points(order.get("die_at", 0))
            work(order, points)
            os.write(writing, f"{points.passed} {points.passed_s}".encode())
            os._exit(0)
        os.close(writing)
        passed, passed_s = os.read(reading, 40).decode().split() or ("0", "0")
        os.close(reading)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        told = {"code": code, "points": int(passed), "passed_s": float(passed_s)}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
