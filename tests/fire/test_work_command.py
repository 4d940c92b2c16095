"""`halo work` beside `halo serve`: real processes, a real receiver, a call through the scenario."""

from __future__ import annotations

import subprocess
import time

import pytest

from halo_voice.store.archive import open_archive
from tests.halo import ROOT
from tests.serving import HALO, Server, clean_environment
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
