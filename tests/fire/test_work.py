"""The worker on ended calls is killed, and its receiver goes away: each effect is seen once."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from halo_voice.core.ports import CallEnd, CallStart, Outcome
from halo_voice.store import open_store
from halo_voice.store.archive import open_archive
from halo_voice.store.memory import utc_now
from halo_voice.workflows.after import WAITS_S
from tests.contract import postgres
from tests.halo import ROOT
from tests.sounds import loudness, stereo
from tests.standins.recording_server import RecordingServer, reply
from tests.standins.services import Services, listening, on, serving
from tests.standins.transcription_server import TranscriptionServer
from tests.standins.webhook_receiver import WebhookReceiver, receiving


class Victims:
    """Workers that run one after the other on one database."""

    def __init__(self, database: str, steps: str, receiver: WebhookReceiver) -> None:
        self.database = database
        self._order = {"database": database, "steps": steps, "receiver": receiver.url}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fire.work_victim"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout.readline() == "ready\n"

    def work(self, **how: Any) -> dict[str, int]:
        """Until nothing is left to do, or until it dies."""
        self._process.stdin.write(json.dumps(self._order | how) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def end(self, *call_ids: str) -> None:
        """These calls have just ended, one after the other."""
        asyncio.run(self._end(call_ids))

    def miss(self, call_id: str) -> None:
        """The company has called, and nobody picked up."""
        asyncio.run(self._miss(call_id))

    async def _miss(self, call_id: str) -> None:
        store = await open_store(self.database)
        made = CallStart(call_id, "+79161234567", profile="halo", direction="outgoing")
        await store.open_call(made)
        await store.end_call(CallEnd(call_id, "not_connected", 0, 0))
        await store.close()

    async def _end(self, call_ids: tuple[str, ...]) -> None:
        store = await open_store(self.database)
        for call_id in call_ids:
            await store.open_call(CallStart(call_id, "+79161234567", profile="halo"))
            await store.accept_turn(call_id, 1, "сколько стоит доставка", 0.9)
            await store.settle_turn(
                call_id,
                1,
                outcome=Outcome.ANSWERED,
                reply="Триста рублей.",
                action="listen",
                source="offline",
            )
            await store.end_call(CallEnd(call_id, "caller_hung_up", 9_000, 1))
        await store.close()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def services() -> Iterator[Services]:
    with serving() as found:
        yield found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def victims(request, tmp_path, receiver) -> Iterator[Victims]:
    if request.param == "sqlite":
        database = f"sqlite:///{tmp_path}/halo.sqlite3"
        found = Victims(database, f"sqlite:///{tmp_path}/work.sqlite3", receiver)
        yield found
        found.close()
        return
    with postgres.server() as server, postgres.database(server) as database:
        found = Victims(database, database, receiver)
        yield found
        found.close()


def test_killed_at_any_step_each_effect_is_seen_once(victims, receiver, services):
    """Before and after each write, request and step: another worker ends it, nothing is doubled.

    A request that was answered while the process died is sent again under the same id: a receiver
    that knows the id does nothing twice, and a CRM that can tell what it has is asked first.
    """
    victims.end("c-0")
    whole = victims.work(services=services.url)
    assert whole["code"] == 0
    assert whole["points"] >= 20

    for die_at in range(1, whole["points"] + 1):
        call_id = f"c-{die_at}"
        victims.end(call_id)
        died = victims.work(die_at=die_at, services=services.url)
        assert died["code"] == 9, die_at
        assert victims.work(services=services.url)["code"] == 0

    told = [effect["data"]["call_id"] for effect in receiver.effects]
    assert told == [f"c-{n}" for n in range(whole["points"] + 1)]
    leads = [lead["ORIGIN_ID"] for lead in services.of("bitrix24")]
    assert leads == [f"call.ended.{call_id}.crm" for call_id in told]
    assert receiver.unverified == 0
    archive = open_archive(victims.database)
    assert {each.state for each in archive.deliveries(limit=1_000)} == {"delivered"}
    assert archive.review("c-3").outcome == "answered"
    archive.close()


def test_a_receiver_that_was_away_gets_everything_in_order(victims, receiver):
    """Sixty attempts in vain are its absence, with a kill in it; then each event once, in order."""
    receiver.answer = lambda number: 200 if number >= 60 else (503, 500, 429)[number % 3]
    calls = [f"c-{n}" for n in range(8)]
    victims.end(*calls)
    waits_s = [0.02] * 200
    assert victims.work(waits_s=waits_s, die_announced=len(calls))["code"] == 9
    archive = open_archive(victims.database)
    announced = [delivery.call_id for delivery in archive.deliveries()]
    archive.close()
    assert announced == calls

    assert victims.work(waits_s=waits_s)["code"] == 0

    assert [effect["data"]["call_id"] for effect in receiver.effects] == calls
    assert receiver.unverified == 0
    assert {delivery_id for delivery_id, _ in receiver.requests[:60]} == {"call.ended.c-0"}


def test_a_day_of_absence_ends_with_everything_in_order(victims, receiver):
    """The real waits, on a clock that is handed in: away for a day, then each event once, in order,
    verified by the standard's own library; nothing was given up."""
    day_s = 24 * 3_600
    passed_s = [sum(WAITS_S[:number]) for number in range(len(WAITS_S) + 1)]
    back = next(number for number, seconds in enumerate(passed_s) if seconds >= day_s)
    receiver.answer = lambda number: 200 if number >= back else 503
    calls = [f"c-{n}" for n in range(6)]
    victims.end(*calls)

    assert victims.work(day=True)["code"] == 0

    assert [effect["data"]["call_id"] for effect in receiver.effects] == calls
    assert [each[0] for each in receiver.requests[:back]] == ["call.ended.c-0"] * back
    assert receiver.unverified == 0
    archive = open_archive(victims.database)
    assert {each.state for each in archive.deliveries()} == {"delivered"}
    assert len(archive.attempts("c-0")) == back + 1
    archive.close()


def test_one_way_that_is_down_holds_up_no_other(victims, receiver, services):
    """While the receiver is away the CRM gets its leads, in the order of the calls."""
    receiver.answer = lambda _: 503
    calls = [f"c-{n}" for n in range(4)]
    victims.end(*calls)

    assert victims.work(services=services.url, waits_s=[0.2] * 3)["code"] == 0

    leads = [lead["ORIGIN_ID"] for lead in services.of("bitrix24")]
    assert leads == [f"call.ended.{call_id}.crm" for call_id in calls]
    archive = open_archive(victims.database)
    dead = archive.deliveries(state="dead")
    assert [each.channel for each in dead] == ["webhook"] * 4
    first = min(each.last_at for each in dead)
    taken = [each.last_at for each in archive.deliveries(state="delivered")]
    assert min(taken) < first
    archive.close()


def test_a_lead_that_was_given_up_is_sent_again(victims, receiver, services):
    """By the way that it had; the webhook's is not sent a second time."""
    services.status = lambda _: 422
    victims.end("c-0")
    assert victims.work(services=services.url)["code"] == 0
    services.status = lambda _: 0
    archive = open_archive(victims.database)
    assert archive.send_again() == 1
    archive.close()

    assert victims.work(services=services.url)["code"] == 0

    assert len(services.of("bitrix24")) == 1
    assert len(receiver.requests) == 1


def test_what_is_given_up_can_be_sent_again(victims, receiver):
    """After its attempts a delivery is dead, the next ones go on, and a person sends it anew."""
    receiver.answer = lambda _: 400
    victims.end("c-0")
    assert victims.work()["code"] == 0
    archive = open_archive(victims.database)
    (dead,) = archive.deliveries(state="dead")
    assert (dead.attempts, dead.last_fault) == (1, "HTTP 400")

    receiver.answer = lambda _: 503
    victims.end("c-1")
    assert victims.work(waits_s=[0.02, 0.02])["code"] == 0
    assert [each.attempts for each in archive.deliveries(state="dead")] == [1, 3]

    receiver.answer = lambda _: 200
    assert archive.send_again("call.ended.c-1") == 1
    assert victims.work()["code"] == 0
    assert [effect["data"]["call_id"] for effect in receiver.effects] == ["c-1"]
    assert archive.send_again() == 1
    assert victims.work()["code"] == 0
    assert [effect["data"]["call_id"] for effect in receiver.effects] == ["c-1", "c-0"]
    assert archive.send_again() == 0
    archive.close()


def test_an_erased_call_is_told_to_nobody(victims, receiver):
    """What waits for the receiver goes with the call: nothing of it is sent afterwards."""
    receiver.answer = lambda _: 503
    victims.end("c-0")
    victims.work(die_at=11)
    archive = open_archive(victims.database)
    archive.erase([call.call_id for call in archive.of_number("8 916 123-45-67")])
    receiver.answer = lambda _: 200

    assert victims.work()["code"] == 0

    assert receiver.effects == []
    assert archive.recent(10) == archive.deliveries() == []
    archive.close()


def test_a_call_waits_for_its_profile(victims, services):
    """A profile that the server took up a moment before the worker: its call is delivered its way,
    and by nobody else's."""
    victims.end("c-0")
    assert victims.work(services=services.url, unknown_s=2)["code"] == 0

    assert [lead["ORIGIN_ID"] for lead in services.of("bitrix24")] == ["call.ended.c-0.crm"]


def test_a_call_that_nobody_picked_up_is_told_to_the_webhook_alone(victims, receiver, services):
    """No lead, no letter: nobody called. The event tells the direction and the end."""
    victims.miss("c-0")
    assert victims.work(services=services.url)["code"] == 0

    assert services.of("bitrix24") == []
    (effect,) = receiver.effects
    told = [effect["data"][name] for name in ("direction", "end_reason", "outcome")]
    assert told == ["outgoing", "not_connected", "other"]


def test_nothing_goes_through_another_profiles_channels(victims, receiver, services):
    """A profile that was removed: what waits for its channels is given up and says why; the
    settings' webhook is told as ever, and the rules review its last calls."""
    services.status = lambda _: 503
    victims.end("c-0")
    assert victims.work(services=services.url, die_announced=2)["code"] == 9
    services.status = lambda _: 0
    victims.end("c-1")

    assert victims.work(services=services.url, gone=True)["code"] == 0

    assert services.of("bitrix24") == []
    assert [effect["data"]["call_id"] for effect in receiver.effects] == ["c-0", "c-1"]
    archive = open_archive(victims.database)
    (dead,) = archive.deliveries(state="dead")
    assert dead.delivery_id == "call.ended.c-0.crm"
    assert "no profile halo is known" in dead.last_fault
    assert archive.review("c-1").source == "rules"
    archive.close()


@pytest.fixture
def records(tmp_path) -> Iterator[Records]:
    with listening() as loop:
        found = Records(RecordingServer(), TranscriptionServer(hears=told_by), tmp_path)
        found.server.answer = reply(stereo(), content_type="audio/wav")
        on(loop, found.server.__aenter__())
        on(loop, found.transcriber.__aenter__())
        found.server.authority.cert_pem.write_to_path(found.authority)
        yield found
        on(loop, found.server.__aexit__())
        on(loop, found.transcriber.__aexit__())


@dataclass
class Records:
    """Where recordings come from, and who transcribes them."""

    server: RecordingServer
    transcriber: TranscriptionServer
    place: Path

    @property
    def authority(self) -> Path:
        return self.place / "authority.pem"

    @property
    def folder(self) -> Path:
        return self.place / "recordings"

    @property
    def order(self) -> dict[str, Any]:
        return {
            "host": self.server.host,
            "port": self.server.port,
            "ca_file": str(self.authority),
            "folder": str(self.folder),
            "transcriber": self.transcriber.url,
        }


def told_by(audio: bytes) -> bytes:
    """The one who speaks up is the caller, whichever channel that is."""
    text = "сколько стоит доставка моя карта 4111 1111 1111 1111"
    said = text if loudness(audio) > 10_000 else "Триста рублей."
    return json.dumps({"text": said}).encode()


def want(victims: Victims, *call_ids: str) -> None:
    """Their recordings are there to be fetched."""
    archive = open_archive(victims.database)
    for call_id in call_ids:
        archive.shelf.want(call_id, f"https://records.example.com/{call_id}.wav?key=capability")
    archive.close()


def test_a_recording_is_kept_once_whenever_the_worker_is_killed(victims, records):
    """Fetched, kept, transcribed, each channel beside its turn and masked; killed before and after
    each write and step, another worker ends it. The address is forgotten."""
    victims.end("c-0")
    want(victims, "c-0")
    whole = victims.work(records=records.order)
    assert whole["code"] == 0
    assert whole["points"] >= 8
    for die_at in range(1, whole["points"] + 1):
        victims.end(f"c-{die_at}")
        want(victims, f"c-{die_at}")
        assert victims.work(records=records.order, die_at=die_at)["code"] == 9, die_at
        assert victims.work(records=records.order)["code"] == 0

    archive = open_archive(victims.database)
    for number in range(whole["points"] + 1):
        kept = archive.shelf.find(f"c-{number}")
        assert (kept.state, kept.url, kept.fault) == ("kept", "", "")
        assert Path(kept.file).read_bytes() == stereo()
        ((turn, caller, assistant),) = kept.turns
        assert (turn, assistant) == (1, "Триста рублей.")
        assert caller.startswith("сколько стоит доставка")
        assert "4111" not in caller
        assert "Абонент: сколько стоит" in archive.call(f"c-{number}").recording_text
    assert len(list(records.folder.iterdir())) == whole["points"] + 1
    archive.close()


def test_a_recording_that_is_not_there_yet_is_waited_for(victims, records):
    """The platform files it some time after the call; what is no recording is lost at once."""
    good = records.server.answer
    records.server.answer = reply(b"", status="404 Not Found")
    victims.end("c-0")
    want(victims, "c-0")
    assert victims.work(records=records.order, die_at=4)["code"] == 9
    records.server.answer = good
    assert victims.work(records=records.order)["code"] == 0
    records.server.answer = reply(b"<html>", content_type="text/html")
    want(victims, "c-1")
    assert victims.work(records=records.order)["code"] == 0

    archive = open_archive(victims.database)
    assert archive.shelf.find("c-0").state == "kept"
    lost = archive.shelf.find("c-1")
    assert (lost.state, lost.url) == ("lost", "")
    assert "not audio" in lost.fault
    archive.close()


def test_recordings_that_are_awaited_hold_up_no_other(victims, records):
    """More of them than are fetched at once, for hours: the next one is kept now."""
    late = [f"late-{number}" for number in range(3)]
    records.server.absent = ("/late-",)
    victims.end(*late, "c-0")
    want(victims, *late, "c-0")
    assert victims.work(records=records.order, record_waits=[3_600], kept=1)["code"] == 0

    archive = open_archive(victims.database)
    assert archive.shelf.find("c-0").state == "kept"
    assert {archive.shelf.find(each).state for each in late} == {"wanted"}
    assert archive.shelf.wanted(10) == late
    archive.close()
    assert len([each for each in records.server.requests if "/late-" in each]) == 3


@pytest.mark.parametrize("status", [401, 413])
def test_what_the_transcriber_refuses_is_not_asked_again(victims, records, status):
    """The sound stays, and its row says why there are no words to it; an answer that may be
    another one the next time is waited for."""
    records.transcriber.status = status
    victims.end("c-0")
    want(victims, "c-0")
    assert victims.work(records=records.order)["code"] == 0

    archive = open_archive(victims.database)
    kept = archive.shelf.find("c-0")
    assert (kept.state, str(status) in kept.fault) == ("kept", True)
    archive.close()
    assert len(records.transcriber.requests) == 1


def test_an_erased_call_leaves_no_sound(victims, records):
    """Erasure and retention take the file, and words of the recording, with them; the address,
    which opens it to anybody, is not kept for longer than it is needed."""
    victims.end("c-0", "c-1")
    want(victims, "c-0", "c-1")
    assert victims.work(records=records.order)["code"] == 0
    archive = open_archive(victims.database)
    assert len(list(records.folder.iterdir())) == 2
    assert [archive.shelf.find(f"c-{number}").url for number in range(2)] == ["", ""]

    archive.erase(["c-0"])
    assert archive.shelf.find("c-0") is None
    assert [Path(archive.shelf.find("c-1").file)] == list(records.folder.iterdir())

    archive.expire(texts_before=utc_now() + timedelta(days=1), calls_before=None)
    assert list(records.folder.iterdir()) == []
    assert archive.call("c-1").recording_text is None
    archive.close()
