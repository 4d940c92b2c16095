"""The report: our server beside the others."""

from __future__ import annotations

import io

import msgspec
from rich.console import Console

from halo_voice.bench.figures import Result, Spread, growth
from halo_voice.bench.report import ratios, show
from halo_voice.bench.run import Options

SPREAD = Spread(10, 2.0, 4.0, 6.0, 9.0)


def measured(server: str, way: str, **figures: object) -> Result:
    kinds = {field.name: field.type for field in msgspec.structs.fields(Result)}
    values = {name: SPREAD if kind is Spread else 4 for name, kind in kinds.items()}
    return Result(**{**values, "server": server, "way": way, "faults": {}, **figures})


OURS = measured("halo", "stream")
BARE = measured("bare", "stream", cpu_ms_a_turn=1.0, overhead=Spread(10, 0.5, 2.0, 12.0, 20.0))


def test_ratios_say_how_many_times_as_much_ours_takes():
    """Of the stream, not of HTTP; below one where ours takes less."""
    found = ratios([measured("halo", "http", cpu_ms_a_turn=9.0), OURS, BARE])
    assert list(found) == ["bare"]
    assert found["bare"]["processor ms a turn"] == 4.0
    assert found["bare"]["overhead p50, ms"] == 4.0
    assert found["bare"]["overhead p99, ms"] == 0.5


def test_without_another_server_or_a_stream_of_ours_there_is_no_ratio():
    assert ratios([OURS]) == {}
    assert ratios([measured("halo", "http"), BARE]) == {}


def test_the_table_has_every_server_and_its_ratio():
    """Both others in one run, each with a column of its own."""
    out = io.StringIO()
    show([OURS, BARE, measured("pipecat", "stream")], Options(), Console(file=out, width=200))
    side = out.getvalue().partition("side by side")[2]
    assert "halo / bare" in side
    assert "halo / pipecat" in side
    row = next(line for line in side.splitlines() if "processor ms" in line)
    assert [cell.strip() for cell in row.split("│")[2:-1]] == [
        "4.00",
        "1.00",
        "4.00",
        "4.00",
        "1.00",
    ]


def test_growth_is_told_in_words():
    """Memory from five per cent on, and every descriptor that is left; what shrinks is none."""
    steady = measured("halo", "stream", memory_growth=0.0499, files_growth=-2)
    assert growth(steady) == []
    grown = growth(measured("halo", "http", memory_growth=0.05, files_growth=1))
    assert grown == [
        "halo http: memory grew by 5.0 % while it was measured",
        "halo http: 1 descriptors are left",
    ]
