"""What a hunt tells: the figures as a table, as JSON, and each failure with what it takes."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from halo_voice.hunt.play import Outcome
from halo_voice.hunt.tally import Tally
from halo_voice.simulator import TraceLine
from halo_voice.simulator.faults import KNOWN

NEAR_MS = 15_000  # of the trace before a breach
AFTER_MS = 10_000
HOUR_MS = 3_600_000


def show(tally: Tally, classes: Collection[str], seconds: float, console: Console) -> None:
    """Calls, virtual hours, pace; faults by class; broken invariants."""
    grid = Table.grid(padding=(0, 2))
    calls = f"{tally.calls:,} calls, {tally.turns:,} turns, {tally.virtual_ms / HOUR_MS:,.1f} hours"
    grid.add_row("played", f"{calls}, {tally.calls / max(seconds, 1e-9):,.1f} calls a second")
    grid.add_row("callers", _listed({str(k): v for k, v in tally.habits.items()}))
    grid.add_row("violations", _broken(tally))
    console.print(grid)
    table = Table("fault", "what happens", "struck", box=None, padding=(0, 2))
    table.columns[2].justify = "right"
    for name in sorted(classes):
        count = tally.struck[name]
        table.add_row(name, KNOWN[name], Text(f"{count:,}", "" if count else "red"))
    console.print(table)


def _broken(tally: Tally) -> Text:
    if not tally.failures:
        return Text("none", "green")
    counts = {f"invariant {number}": n for number, n in sorted(tally.broken.items())}
    return Text(f"{len(tally.failures)} calls: {_listed(counts)}", "red")


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))


def show_failure(found: Outcome, shrunk: Outcome, console: Console, *, trace: bool) -> None:
    """The seed, what was broken, the strikes that it takes, and the trace around it."""
    way = "--backend" if found.backend else "--no-backend"
    way += f" --habit '{found.asked}'" if found.asked else ""
    told = f"seed {found.seed} ({found.habit}); again: --replay {found.seed} {way}"
    console.print(f"\n[red]✘[/red] {told}", soft_wrap=True)
    for breach in found.breaches:
        console.print(Text(f"    {breach}"), soft_wrap=True)
    taken = f"{len(shrunk.strikes)} of {len(found.strikes)} strikes"
    console.print(f"  it takes {taken}{':' if shrunk.strikes else ''}")
    for strike in shrunk.strikes:
        console.print(Text(f"    {strike}"), soft_wrap=True)
    if trace and shrunk.breaches:
        at = shrunk.breaches[0].ms
        console.print(Text(f"  around {shrunk.breaches[0]}"), soft_wrap=True)
        near = [e for e in shrunk.call.trace if at - NEAR_MS <= e.ms <= at + AFTER_MS]
        show_lines(near, console)


def show_lines(lines: Collection[TraceLine], console: Console) -> None:
    for line in lines:
        console.print(
            Text(safe(str(line)), "red" if line.who == "fault" else "dim"), soft_wrap=True
        )


def safe(text: str) -> str:
    """Without what a terminal, or an encoding, would take for something else."""
    return "".join(c if c.isprintable() else "�" for c in text)


def as_json(tally: Tally, classes: Collection[str], seconds: float, **asked: object) -> bytes:
    """The figures for a machine."""
    told = {
        **asked,
        "calls": tally.calls,
        "turns": tally.turns,
        "virtual_hours": round(tally.virtual_ms / HOUR_MS, 2),
        "seconds": round(seconds, 1),
        "calls_a_second": round(tally.calls / max(seconds, 1e-9), 1),
        "struck": {name: tally.struck[name] for name in sorted(classes)},
        "never_struck": tally.silent(classes),
        "habits": dict(sorted(tally.habits.items())),
        "broken": {str(number): count for number, count in sorted(tally.broken.items())},
        "failures": tally.failures,
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2)
