"""Where recordings lie: a folder and a bucket keep the same promises; the bucket's requests are
signed, and checked by a stand-in that works the signature out by itself."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from halo_voice.app import configure
from halo_voice.core.errors import ConfigurationError, StoreUnavailable
from halo_voice.core.ports import CallEnd, CallStart
from halo_voice.outgoing.bucket import ATTEMPTS, Bucket
from halo_voice.outgoing.sigv4 import Key, signed
from halo_voice.store import open_store
from halo_voice.store.archive import open_archive
from halo_voice.store.shelf import Folder, playable
from tests.halo import backend, settings
from tests.standins.object_storage import ObjectStorage

NAME = f"{'0f' * 20}.audio"
SOUND = b"ID3" + bytes(range(256)) * 10
PLACE = "s3://halo-records/calls"


@pytest.fixture
def storage():
    with ObjectStorage() as storage:
        yield storage


def bucket_in(storage: ObjectStorage, place: str = PLACE, **more) -> Bucket:
    key = more.pop("key", Key(storage.key_id, storage.key, storage.region))
    return Bucket(place, storage.url, key, pause=lambda _: None, **more)


@pytest.fixture(params=["folder", "bucket"])
def objects(request, storage, tmp_path):
    if request.param == "folder":
        yield Folder(tmp_path / "records")
        return
    bucket = bucket_in(storage)
    yield bucket
    assert storage.refused == []


def test_what_is_put_is_read_until_it_is_deleted(objects):
    """The same bytes; deleted twice is deleted; what is not there is nothing, and no fault."""
    file = objects.put(NAME, SOUND, "audio/mpeg")
    assert objects.holds(file)
    assert objects.read(file)[0] == SOUND
    objects.put(NAME, SOUND[::-1], "audio/mpeg")
    assert objects.read(file)[0] == SOUND[::-1]
    objects.delete(file)
    objects.delete(file)
    assert objects.read(file) is None


@pytest.mark.parametrize("file", ["/etc/passwd", "s3://other/calls/" + NAME, "s3://halo-records/x"])
def test_another_place_is_not_theirs(objects, file):
    """Whatever a row says."""
    assert not objects.holds(file)


def test_a_piece_is_read_as_a_player_asks_for_it(storage):
    """The service cuts it; what is no range is the whole."""
    bucket = bucket_in(storage)
    file = bucket.put(NAME, SOUND, "audio/mpeg")
    assert bucket.read(file, "bytes=0-3") == (SOUND[:4], f"bytes 0-3/{len(SOUND)}")
    assert bucket.read(file, "bytes=2550-")[0] == SOUND[2550:]
    assert bucket.read(file, "lines=1\r\nX: y") == (SOUND, "")
    assert storage.refused == []


def test_the_signature_is_the_one_of_the_published_example():
    """The example of the scheme's description, to the letter."""
    key = Key("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    url = "https://examplebucket.s3.amazonaws.com/test.txt"
    now = datetime(2013, 5, 24, tzinfo=UTC)
    made = signed(key, "GET", url, {"Range": "bytes=0-9"}, b"", now)
    assert made["Authorization"].endswith(
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"key": Key("YCAJE-stand-in", "another", "ru-central1")}, "SignatureDoesNotMatch"),
        ({"key": Key("nobody", "x", "ru-central1")}, "InvalidAccessKeyId"),
        ({"now": lambda: datetime.now(UTC) - timedelta(hours=1)}, "RequestTimeTooSkewed"),
    ],
)
def test_a_refusal_is_told_once_without_the_key(storage, how, why):
    """With the service's own code; it is not asked again, nothing is kept."""
    bucket = bucket_in(storage, **how)
    with pytest.raises(StoreUnavailable) as raised:
        bucket.put(NAME, SOUND, "audio/mpeg")
    assert why in str(raised.value)
    assert storage.key not in str(raised.value)
    assert (storage.objects, len(storage.asked)) == ({}, 1)


def test_a_service_that_is_busy_is_asked_again(storage):
    """A few times; then the store counts as away, and the step is done again later."""
    bucket = bucket_in(storage)
    storage.fail += [503, 500]
    bucket.put(NAME, SOUND, "audio/mpeg")
    storage.fail += [503] * ATTEMPTS
    with pytest.raises(StoreUnavailable, match=r"HTTP 503 \(SlowDown\)"):
        bucket.put(NAME, SOUND, "audio/mpeg")


def test_a_changed_body_is_not_taken(storage):
    """The stand-in's check of the digest is one: a body of another length has another one."""
    made = signed(
        Key(storage.key_id, storage.key, storage.region),
        "PUT",
        f"{storage.url}/halo-records/calls/{NAME}",
        {},
        SOUND,
        datetime.now(UTC),
    )
    lowered = {name.lower(): value for name, value in made.items()}
    target = f"/halo-records/calls/{NAME}"
    assert storage.fault("PUT", target, lowered, SOUND) == ""
    assert storage.fault("PUT", target, lowered, SOUND + b"x") == "XAmzContentSHA256Mismatch"
    assert storage.fault("PUT", target + "x", lowered, SOUND) == "SignatureDoesNotMatch"


@pytest.fixture
def archive(tmp_path, storage):
    url = f"sqlite:///{tmp_path}/halo.sqlite3"

    async def make() -> None:
        store = await open_store(url)
        await store.open_call(CallStart("c-1", "+79161234567"))
        await store.end_call(CallEnd("c-1", "caller_hung_up", 9_000, 1))
        await store.close()

    asyncio.run(make())
    bucket = bucket_in(storage)
    archive = open_archive(url, bucket=bucket)
    archive.shelf.want("c-1", "https://storage.example.com/a.mp3")
    yield archive
    archive.close()


def test_a_call_that_is_erased_takes_its_sound_along(archive, storage):
    """The sound first: a bucket that is away leaves the row, which says that there is one."""
    assert archive.shelf.keep("c-1", SOUND, "audio/mpeg", archive.shelf.bucket)
    kept = archive.shelf.find("c-1")
    assert playable(kept, archive.shelf.bucket) == kept.file
    assert next(iter(storage.objects)).startswith("/halo-records/calls/")
    storage.fail += [403]
    with pytest.raises(StoreUnavailable):
        archive.erase(["c-1"])
    assert archive.shelf.find("c-1") is not None
    archive.erase(["c-1"])
    assert (storage.objects, archive.shelf.find("c-1"), archive.call("c-1")) == ({}, None, None)


def test_a_recording_in_a_bucket_that_is_not_set_is_not_forgotten(archive, tmp_path):
    """Its row would be gone and its sound would stay, with nobody to know of it."""
    archive.shelf.keep("c-1", SOUND, "audio/mpeg", archive.shelf.bucket)
    without = open_archive(f"sqlite:///{tmp_path}/halo.sqlite3")
    with pytest.raises(StoreUnavailable, match="HALO_RECORDINGS"):
        without.erase(["c-1"])
    assert without.shelf.find("c-1") is not None
    without.close()


def test_a_call_that_was_erased_meanwhile_leaves_no_sound(archive, storage):
    """What nobody has a row of is removed again."""
    archive.erase(["c-1"])
    assert not archive.shelf.keep("c-1", SOUND, "audio/mpeg", archive.shelf.bucket)
    assert storage.objects == {}


async def test_the_console_plays_what_lies_in_a_bucket(archive, storage, tmp_path):
    """Whole, and in pieces; what is not there, or cannot be had now, is said."""
    archive.shelf.keep("c-1", SOUND, "audio/mpeg", archive.shelf.bucket)
    given = {
        "store_url": f"sqlite:///{tmp_path}/halo.sqlite3",
        "recordings": PLACE,
        "recordings_url": storage.url,
        "recordings_key_id": storage.key_id,
        "recordings_key": storage.key,
    }
    page, sound = "/console/calls/c-1", "/console/calls/c-1/recording"
    async with backend(**given) as halo:
        transport = httpx.ASGITransport(halo.front)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            shown = await client.get(page, headers={"accept": "text/html"})
            whole = await client.get(sound)
            piece = await client.get(sound, headers={"range": "bytes=0-3"})
            storage.fail += [403]
            away = await client.get(sound)
            storage.objects.clear()
            gone = await client.get(sound)
    assert "<audio" in shown.text
    assert (whole.status_code, whole.content) == (200, SOUND)
    assert whole.headers["content-type"] == "audio/mpeg"
    assert (piece.status_code, piece.content) == (206, SOUND[:4])
    assert piece.headers["content-range"] == f"bytes 0-3/{len(SOUND)}"
    assert (away.status_code, gone.status_code) == (503, 404)


GOOD = {
    "recordings": PLACE,
    "recordings_url": "https://storage.example.com",
    "recordings_key_id": "YCAJE",
    "recordings_key": "secret",
}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"recordings": "s3://"}, "HALO_RECORDINGS: must be a folder"),
        ({"recordings": "s3://bucket/../x"}, "HALO_RECORDINGS: must be a folder"),
        ({"recordings_url": "http://storage.example.com"}, "HALO_RECORDINGS_URL"),
        ({"recordings_url": ""}, "HALO_RECORDINGS_URL"),
        ({"recordings_key": ""}, "HALO_RECORDINGS_KEY: must be set"),
        ({"recordings_key_id": "a b"}, "HALO_RECORDINGS_KEY_ID"),
        ({"recordings_region": "Москва"}, "HALO_RECORDINGS_REGION"),
        ({"recordings": "var/records"}, "HALO_RECORDINGS_URL: has no effect"),
    ],
)
def test_settings_that_cannot_be_used_are_told(wrong, words):
    """By their variables, before anything is served."""
    configure(settings(**GOOD))
    with pytest.raises(ConfigurationError) as raised:
        configure(settings(**(GOOD | wrong)))
    assert words in "\n".join(raised.value.faults)


def test_a_file_in_a_folder_is_its_users_alone(tmp_path):
    """As before: nobody else reads it."""
    file = Path(Folder(tmp_path / "records").put(NAME, SOUND, "audio/mpeg"))
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
