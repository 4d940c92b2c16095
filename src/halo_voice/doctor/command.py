"""`halo doctor`: one line for each thing that a call on the real line needs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from halo_voice.doctor.check import Check

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)


def doctor() -> None:
    """Look at everything that a real call needs: one line each, and what helps."""
    checks = 0
    wrong = 0
    for check in _checks():
        mark = "[green]✔[/green]" if check.ok else "[red]✘[/red]"
        _out.print(f"{mark} {escape(str(check))}", soft_wrap=True)
        checks += 1
        wrong += not check.ok
    _out.print(f"{wrong} of {checks} need something." if wrong else "All is well.")
    raise typer.Exit(1 if wrong else 0)


def _checks() -> Iterator[Check]:
    """In the order in which one thing needs the other; each as soon as it is known."""
    from halo_voice.core.errors import ConfigurationError
    from halo_voice.doctor import home
    from halo_voice.doctor.check import broken
    from halo_voice.doctor.line import check_line
    from halo_voice.doctor.road import check_road
    from halo_voice.settings import read_settings

    try:
        settings, faults = read_settings()
    except ConfigurationError as error:
        yield from broken("settings", error.faults, "correct it: nothing else can be looked at")
        return
    checks, configuration = home.check_settings(settings, faults)
    yield from checks
    yield from home.check_signature(settings)
    yield from asyncio.run(home.check_store(settings))
    with _err.status("Asking the model"):
        models = asyncio.run(home.check_models(configuration))
    yield from models
    with _err.status("Going round to HALO's own door"):
        road = check_road(settings)
    yield from road
    with _err.status("Looking at the account"):
        line = check_line(settings)
    yield from line
