"""`halo simulate`: its options, its progress bar, its exit code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from halo_voice.hunt.crew import Hunt
    from halo_voice.hunt.ledger import Ledger
    from halo_voice.hunt.tally import Failure, Tally

SHOWN = 5  # failures that are shrunk and told in full
_err = Console(stderr=True, highlight=False)
_out = Console(highlight=False)


def simulate(
    calls: Annotated[int, typer.Option(min=1, help="Calls, each of a seed of its own.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    faults: Annotated[
        str, typer.Option(help="These only, as F03,late; else a random third for each call.")
    ] = "",
    jobs: Annotated[int, typer.Option(min=1, help="Processes that play.")] = os.cpu_count() or 1,
    backend: Annotated[
        bool, typer.Option(help="The real app behind the calls, or a stand-in (much faster).")
    ] = True,
    habit: Annotated[
        str, typer.Option(help="Of all callers, as restless or dictating; else each has its own.")
    ] = "",
    replay: Annotated[int | None, typer.Option(min=0, help="Show this seed step by step.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the figures here too.")] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Append failing seeds here: tests/simulated/seeds.toml.")
    ] = None,
    allow: Annotated[
        int, typer.Option(min=0, help="So many broken calls are known of, and fail no run.")
    ] = 0,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Begin no call later: on a slow machine it is fewer."),
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option(help="Write down here what has been played, and go on where it says."),
    ] = None,
    scenario: Annotated[Path, typer.Option(help="The scenario file.")] = Path(
        "scenario/voximplant_scenario_ASR.js"
    ),
) -> None:
    """Hunt: drawn callers and faults against the scenario, every invariant judged on every call."""
    from halo_voice.hunt.crew import Hunt
    from halo_voice.hunt.draw import classes
    from halo_voice.hunt.ledger import Ledger, LedgerFault
    from halo_voice.simulator.faults import APART
    from halo_voice.simulator.people import CHOSEN, HABITS

    _check(scenario)
    known = (*classes(backend=backend), *(() if backend else APART))
    among = tuple(sorted({name.strip() for name in faults.split(",") if name.strip()})) or None
    unknown = sorted(set(among or ()) - set(known))
    if unknown:
        _stop(f"No such fault here: {', '.join(unknown)}. There are: {', '.join(known)}.")
    if habit and habit not in (habits := HABITS | CHOSEN):
        _stop(f"No such habit: {habit}. There are: {', '.join(habits)}.")
    hunt = Hunt(seed, calls, scenario, backend, among, habit)
    if replay is not None:
        raise typer.Exit(_replay(replay, hunt))
    way = "with the backend" if backend else "with a stand-in"
    _err.print(f"{calls:,} calls {way} from seed {seed} on, in {jobs} processes")
    try:
        written = Ledger(ledger, hunt)
        if whole_now := written.judge_again():
            seeds = ", ".join(map(str, whole_now))
            _err.print(f"Whole now, since the judge has changed: {seeds}", soft_wrap=True)
        whole = _hunt(hunt, jobs, minutes, written)
    except LedgerFault as fault:
        _stop(f"{ledger}: {fault}. Choose another file with --ledger.")
    tally, classes = written.tally, among or known
    _tell(hunt, tally, written.seconds, classes, json)
    if not whole:  # nobody waits for its failures to be shrunk
        _tell_seeds("failing seeds", tally.failures)
        raise typer.Exit(130)
    _show_failures(hunt, tally, keep)
    silent = tally.silent(classes)
    if silent:
        _err.print(f"[red]✘[/red] Never struck: {', '.join(silent)}.")
    raise typer.Exit(1 if silent or len(tally.failures) > allow else 0)


def _check(scenario: Path) -> None:
    try:
        scenario.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _stop(f"{scenario}: cannot be read ({error}). Name another with --scenario.")


def _stop(fault: str) -> NoReturn:
    _err.print(f"[red]✘[/red] {escape(fault)}", soft_wrap=True)
    raise typer.Exit(2)


def _hunt(hunt: Hunt, jobs: int, minutes: float | None, ledger: Ledger) -> bool:
    """Whether the calls of the ledger are to be judged: not after Ctrl+C."""
    from halo_voice.hunt.crew import ctrl_c, tallies

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    tally = ledger.tally
    with Progress(*columns, console=_err) as bar, ctrl_c() as stop:
        line = bar.add_task("calls", total=hunt.calls, completed=tally.calls)
        for each in tallies(ledger.rest(), jobs, stop, None if minutes is None else minutes * 60):
            ledger.add(each)
            broken = f", {len(tally.failures)} broken" if tally.failures else ""
            bar.update(line, completed=tally.calls, description=f"calls{broken}")
    ledger.write()
    if tally.calls < hunt.calls:
        _err.print(f"Stopped after {tally.calls} calls.")
    return not stop.is_set()


def _tell(
    hunt: Hunt, tally: Tally, seconds: float, classes: tuple[str, ...], json: Path | None
) -> None:
    """The figures of all that was played."""
    from halo_voice.hunt.report import as_json, show

    show(tally, classes, seconds, _out)
    if json is not None:
        asked = {"first": hunt.first, "backend": hunt.backend, "habit": hunt.habit}
        try:
            json.write_bytes(as_json(tally, classes, seconds, **asked) + b"\n")
        except OSError as error:
            _stop(f"{json}: {error.strerror}. Choose another file with --json.")


def _tell_seeds(what: str, failures: list[Failure]) -> None:
    if failures:
        _out.print(f"\n{what}: {', '.join(str(each.seed) for each in failures)}", soft_wrap=True)


def _show_failures(hunt: Hunt, tally: Tally, keep: Path | None) -> None:
    from halo_voice.hunt import kept
    from halo_voice.hunt.play import one_call
    from halo_voice.hunt.report import show_failure
    from halo_voice.hunt.shrink import shrink

    shrunk = []
    for number, failure in enumerate(tally.failures[:SHOWN]):
        found = one_call(failure.seed, **hunt.how)
        shrunk.append(shrink(found, scenario=hunt.scenario, habit=hunt.habit))
        show_failure(found, shrunk[-1], _out, trace=number == 0)
    _tell_seeds("more failing seeds", tally.failures[SHOWN:])
    if keep is not None and shrunk:
        try:
            _out.print(f"{kept.keep(keep, shrunk)} seeds kept in {escape(str(keep))}")
        except OSError as error:
            _stop(f"{keep}: {error.strerror}. Choose another file with --keep.")


def _replay(seed: int, hunt: Hunt) -> int:
    """The trace of one call as it happens, then what it broke."""
    from halo_voice.hunt.play import one_call
    from halo_voice.hunt.report import show_lines

    outcome = one_call(seed, **hunt.how, on_line=lambda line: show_lines([line], _out))
    _out.print(f"{outcome.habit}; {len(outcome.strikes)} faults struck; trace {outcome.hash}")
    for breach in outcome.breaches:
        _out.print(f"[red]✘[/red] {escape(str(breach))}", soft_wrap=True)
    return 1 if outcome.breaches else 0
