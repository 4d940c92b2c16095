"""The worker on recordings is killed, and what it asks is away: each is kept and heard once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from halo_voice.store.archive import open_archive
from halo_voice.store.memory import utc_now
from tests.fire.conftest import Victims
from tests.sounds import loudness, stereo
from tests.standins.recording_server import RecordingServer, reply
from tests.standins.services import listening, on
from tests.standins.transcription_server import TranscriptionServer


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
