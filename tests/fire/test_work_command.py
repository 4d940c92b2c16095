"""`halo work` beside `halo serve`: real processes, a real receiver, a call through the scenario."""

from __future__ import annotations

import asyncio
import subprocess
import time
from datetime import UTC, datetime

import pytest

from halo_voice.core.ports import CallEnd, CallStart
from halo_voice.core.sessions import LOST
from halo_voice.store import open_store
from halo_voice.store.archive import open_archive
from tests.halo import ROOT
from tests.serving import HALO, Server, clean_environment
from tests.standins.management_api import ManagementApi
from tests.standins.webhook_receiver import SECRET, receiving


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


def test_a_call_is_reviewed_and_told_after_its_end(tmp_path, receiver):
    """A sample call to a server that knows nothing of it; the worker tells the receiver, and stops
    when it is asked to, though nothing is awaited more than its next look."""
    server = Server(tmp_path, "--sample-call").start()
    try:
        environment = clean_environment(
            tmp_path, HALO_WEBHOOK_URL=receiver.url, HALO_WEBHOOK_SECRET=SECRET
        )
        worker = subprocess.Popen(
            [HALO, "work"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        until = time.monotonic() + 60
        while not receiver.effects and time.monotonic() < until:
            time.sleep(0.1)
        worker.terminate()
        said, _ = worker.communicate(timeout=30)
    finally:
        server.stop()

    assert worker.returncode == 0, said
    (told,) = receiver.effects
    assert told["type"] == "call.ended"
    assert told["data"]["outcome"] == "answered"
    assert len(told["data"]["turns"]) == 3
    assert receiver.unverified == 0
    assert told["data"]["turns"][0]["caller"] not in said
    archive = open_archive(f"sqlite:///{tmp_path}/halo.sqlite3")
    assert archive.review(told["data"]["call_id"]).source == "rules"
    archive.close()


def test_a_lost_call_is_told_as_the_platform_remembers_it(tmp_path, receiver):
    """F59: the worker asks the platform's history first; what the receiver gets is the call's true
    end and length, and not what was guessed when it was closed."""
    url = f"sqlite:///{tmp_path}/halo.sqlite3"

    async def lose() -> None:
        store = await open_store(url)
        await store.open_call(CallStart("4242", "+79161234567", profile="halo"))
        await store.end_call(CallEnd("4242", LOST, 0, 0))
        await store.close()

    asyncio.run(lose())
    with ManagementApi() as api:
        began = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        api.account.hold(4242, "79161234567", began=began, lasted_s=37)
        environment = clean_environment(
            tmp_path,
            HALO_WEBHOOK_URL=receiver.url,
            HALO_WEBHOOK_SECRET=SECRET,
            HALO_VOX_CREDENTIALS=str(api.write_credentials(tmp_path)),
            HALO_VOX_API=api.endpoint,
            HALO_STORE_URL=url,
            REQUESTS_CA_BUNDLE=str(api.write_authority(tmp_path)),
        )
        worker = subprocess.Popen(
            [HALO, "work"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        until = time.monotonic() + 60
        while not receiver.effects and time.monotonic() < until and worker.poll() is None:
            time.sleep(0.1)
        worker.terminate()
        said, _ = worker.communicate(timeout=30)

    assert receiver.effects, said
    (told,) = receiver.effects
    assert (told["data"]["end_reason"], told["data"]["duration_ms"]) == ("unreported", 37_000)


def test_a_wrong_receiver_is_told_before_anything_is_begun(tmp_path):
    """By its variable; the secret is not shown."""
    environment = clean_environment(
        tmp_path, HALO_WEBHOOK_URL="http://crm.example/", HALO_WEBHOOK_SECRET="whsec_c2VjcmV0"
    )
    done = subprocess.run(
        [HALO, "work"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 2
    assert "HALO_WEBHOOK_URL: must be https://" in done.stderr
    assert "HALO_WEBHOOK_SECRET: must be whsec_" in done.stderr
    assert "c2VjcmV0" not in done.stderr + done.stdout
