"""What a run of the mutants looks like: a bar while it lasts, then a table, survivors last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.mutants.hunters import Find
from tests.mutants.table import Mutant

WIDTH = 150


@contextmanager
def watch(total: int) -> Iterator[Callable[[Find], None]]:
    """A progress bar on a terminal's stderr, else a line for each find; give it each find."""
    console = Console(stderr=True, soft_wrap=True)
    columns = (TextColumn("mutants"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(
        *columns,
        TextColumn("{task.description}"),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=total)

        def done(find: Find) -> None:
            told = f"{find.mutant}: {_told(find, '')}"
            bar.update(task, advance=1, description=told[:60])
            if not console.is_terminal:
                console.print(f"{told} ({find.seconds:.1f} s)", markup=False)

        yield done


def show(
    mutants: Sequence[Mutant], finds: Sequence[Find], false: Sequence[Find], seconds: float
) -> None:
    """The table and its sum on stdout; then what was noticed although no guard was removed."""
    table = Table(box=None, pad_edge=False)
    table.add_column("mutant", no_wrap=True)
    table.add_column("protects", max_width=24)
    table.add_column("noticed by")
    table.add_column("calls", justify="right")
    table.add_column("s", justify="right")
    of = {mutant.id: mutant for mutant in mutants}
    for find in sorted(finds, key=lambda find: not find.by):
        mutant = of[find.mutant]
        calls = str(find.calls) if find.calls else ""
        told = escape(_told(find, mutant.survives))
        table.add_row(find.mutant, mutant.protects, told, calls, f"{find.seconds:.1f}")
    console = Console(width=WIDTH)
    console.print(table)
    killed = sum(bool(find.by) for find in finds)
    hunted = sum(find.by == "hunt" for find in finds)
    console.print(
        f"{killed} of {len(finds)} mutants killed ({killed / len(finds):.1%}), {hunted} of them by"
        f" drawn calls, {killed - hunted} by tests, in {seconds:.0f} s"
    )
    for find in false:
        if find.by or find.broken:
            console.print(escape(f"{find.mutant}, and yet: {_told(find, '')}"), style="bold red")


def _told(find: Find, reason: str) -> str:
    if find.broken:
        return f"BROKEN: {find.broken}"
    if find.by:
        test = find.told.removeprefix("tests/").partition("[")[0]
        return test if find.by == "test" else find.told
    return f"ALIVE: {reason}" if reason else "not noticed"
