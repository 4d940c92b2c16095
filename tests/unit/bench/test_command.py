"""`halo bench` as a command: what it refuses, and one small measurement from start to end."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from halo_voice.bench import machine
from halo_voice.bench.run import Options, measure
from halo_voice.cli import app

pytestmark = pytest.mark.skipif(not machine.measurable(), reason="reads /proc and pins processes")


def test_without_pipecat_it_says_how_to_get_it():
    """A command to copy, and nothing is started."""
    refused = CliRunner().invoke(app, ["bench", "--vs", "pipecat", "--pipecat-python", "/none"])
    assert refused.exit_code == 2
    assert "pip install" in refused.stderr
    assert "--pipecat-python" in refused.stderr


def test_without_pipecat_nothing_is_measured_beside_it():
    """Not the other server either: a comparison is whole or it is not made."""
    vs = ["--vs", "bare", "--vs", "pipecat"]
    refused = CliRunner().invoke(app, ["bench", *vs, "--pipecat-python", "/none"])
    assert refused.exit_code == 2
    assert "cannot import pipecat" in refused.stderr


@pytest.mark.parametrize(
    ("server", "way"), [("halo", "stream"), ("halo", "http"), ("bare", "stream")]
)
async def test_a_small_load_is_measured_to_the_end(server, way):
    """Server, model and callers start, every turn is answered and has its figure, all end."""
    told = []
    found = await measure(
        Options(calls=2, think_s=0.1, turns=2, seconds=1.0, tokens=16, token_ms=2),
        server=server,
        way=way,
        progress=lambda doing, share, state: told.append(share),
    )
    assert found.faults == {}
    assert found.turns == found.overhead.count > 0
    assert found.idle_mb > 1
    assert told == sorted(told)
