"""`halo bench`: its options, its progress bar, its report."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from halo_voice.bench.figures import Result
    from halo_voice.bench.load import State
    from halo_voice.bench.run import Options

_INSTALL = (
    "{python} cannot import pipecat. Make a Python that can, and name it:\n"
    '  python3 -m venv /tmp/pipecat && /tmp/pipecat/bin/pip install "pipecat-ai[openai]"\n'
    "  halo bench --vs pipecat --pipecat-python /tmp/pipecat/bin/python"
)
_err = Console(stderr=True, highlight=False)


class Way(StrEnum):
    stream = "stream"
    http = "http"
    both = "both"


class Other(StrEnum):
    bare = "bare"
    pipecat = "pipecat"


def bench(
    calls: Annotated[int, typer.Option(min=1, max=5000, help="Calls at once.")] = 200,
    think: Annotated[float, typer.Option(min=0, help="From reply to next words, s, mean.")] = 2.0,
    turns: Annotated[int, typer.Option(min=1, max=11, help="Turns of a call.")] = 10,
    seconds: Annotated[float, typer.Option(min=1, help="Length of a measurement.")] = 15.0,
    way: Annotated[Way, typer.Option(help="How words travel.")] = Way.both,
    tokens: Annotated[int, typer.Option(min=16, max=130, help="Tokens of an answer.")] = 44,
    first_token_ms: Annotated[float, typer.Option(min=0, help="The model's first token.")] = 100.0,
    token_ms: Annotated[float, typer.Option(min=1, help="From token to token.")] = 15.0,
    interims: Annotated[int, typer.Option(min=0, max=20, help="Interim results a turn.")] = 3,
    early_ms: Annotated[
        float, typer.Option(min=0, help="The recogniser has the text so long before it is sure.")
    ] = 0.0,
    keys: Annotated[bool, typer.Option(help="Sign requests.")] = True,
    first: Annotated[
        bool, typer.Option(help="Go before all other programs of this machine; takes root.")
    ] = False,
    settle: Annotated[
        float, typer.Option(min=0, help="All callers talk so long before it is measured, s.")
    ] = 1.0,
    steady: Annotated[
        bool, typer.Option(help="Fail when memory grows by 5 % or descriptors are left.")
    ] = False,
    quick: Annotated[bool, typer.Option(help="A smoke test: 20 calls, 3 s.")] = False,
    json: Annotated[str, typer.Option(help="Write the figures here too; - is stdout.")] = "",
    vs: Annotated[
        list[Other] | None,
        typer.Option(help="The same load on another server too: the least there is, a framework."),
    ] = None,
    pipecat_python: Annotated[
        str, typer.Option(help="The Python that has pipecat; else this one.")
    ] = sys.executable,
    profile: Annotated[
        Path | None, typer.Option(help="Run the server under cProfile, write its figures here.")
    ] = None,
) -> None:
    """Measure the backend under load: what it adds to the model's time, what a turn costs."""
    from halo_voice.bench import machine
    from halo_voice.bench.figures import growth
    from halo_voice.bench.process import Failed
    from halo_voice.bench.run import Options

    if not machine.measurable():
        _stop("It reads processor time and memory from /proc and pins processes: Linux only.")
    others = list(dict.fromkeys(vs or ()))
    if Other.pipecat in others and not _has_pipecat(pipecat_python):
        _stop(_INSTALL.format(python=pipecat_python))
    options = Options(
        calls=20 if quick else calls,
        think_s=0.5 if quick else think,
        turns=turns,
        seconds=3.0 if quick else seconds,
        tokens=tokens,
        first_token_ms=first_token_ms,
        token_ms=token_ms,
        interims=interims,
        early_ms=early_ms,
        settle_s=settle,
        keys=keys,
        first=first,
    )
    ways = ["stream", "http"] if way is Way.both else [str(way)]
    runs = [("halo", each) for each in ways] + [(str(other), "stream") for other in others]
    try:
        results = asyncio.run(_measure(runs, options, pipecat_python, profile))
    except Failed as error:
        _stop(str(error))
    _tell(results, options, json)
    grown = [fault for result in results for fault in growth(result)] if steady else []
    for fault in grown:
        _err.print(f"[red]✘[/red] {escape(fault)}", soft_wrap=True)
    raise typer.Exit(1 if grown or any(result.faults for result in results) else 0)


def _stop(fault: str) -> NoReturn:
    _err.print(f"[red]✘[/red] {escape(fault)}", soft_wrap=True)
    raise typer.Exit(2)


def _has_pipecat(python: str) -> bool:
    try:
        found = subprocess.run(  # noqa: S603 (the user's own Python)
            [python, "-c", "import pipecat"], capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return found.returncode == 0


async def _measure(
    runs: list[tuple[str, str]], options: Options, python: str, profile: Path | None
) -> list[Result]:
    from halo_voice.bench.run import measure

    # Told to end, we still stop what we started.
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    results = []
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    # Few and from this task alone: drawing is work beside what is measured.
    with Progress(*columns, console=_err, auto_refresh=False) as bar:
        for server, way in runs:
            line = bar.add_task(f"{server} {way}", total=1.0)

            def progress(
                doing: str, share: float, state: State | None, line=line, who=f"{server} {way}"
            ) -> None:
                seen = f", {state.open} calls, {state.turns} turns" if state else ""
                bar.update(line, completed=share, description=f"{who}: {doing}{seen}", refresh=True)

            results.append(
                await measure(
                    options,
                    server=server,
                    way=way,
                    progress=progress,
                    pipecat_python=python,
                    profile=profile if server == "halo" else None,
                )
            )
            bar.update(line, completed=1.0, description=f"{server} {way}", refresh=True)
    return results


def _tell(results: list[Result], options: Options, json: str) -> None:
    from halo_voice.bench.report import as_json, show

    if json != "-":
        show(results, options, Console(highlight=False))
    if json == "-":
        sys.stdout.write(as_json(results, options).decode() + "\n")
    elif json:
        try:
            Path(json).write_bytes(as_json(results, options) + b"\n")
        except OSError as error:
            _stop(f"{json}: {error.strerror}. Choose another file with --json.")
