"""The figures as tables for people and as JSON for programs."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from halo_voice.bench import machine
from halo_voice.bench.figures import Result, Spread
from halo_voice.bench.run import Options, places

_WHAT = {
    "overhead": "overhead over the model",
    "asking": "  final words → model asked",
    "saying": "  phrase told → with caller",
    "settling": "last token → turn stored",
    "first_phrase": "final words → first phrase",
    "head_start": "model asked before final words",
}
_BESIDE: dict[str, Callable[[Result], float]] = {
    "overhead p50, ms": lambda r: r.overhead.p50,
    "overhead p95, ms": lambda r: r.overhead.p95,
    "overhead p99, ms": lambda r: r.overhead.p99,
    "processor ms a turn": lambda r: r.cpu_ms_a_turn,
    "memory a live call, KB": lambda r: r.memory_kb_a_call,
    "memory of the idle process, MB": lambda r: r.idle_mb,
}


def show(results: Sequence[Result], options: Options, out: Console) -> None:
    out.print(
        f"\n{_counted(options.calls, 'call')}, {options.think_s:g} s between reply and next words; "
        f"the model sends {options.tokens} tokens, the first after {options.first_token_ms:g} ms, "
        f"one every {options.token_ms:g} ms. {_where()}{_first(options)}\n",
        soft_wrap=True,
    )
    for result in results:
        _show_times(result, options, out)
    _show_costs(results, out)
    for result in results:
        for fault, times in sorted(result.faults.items()):
            out.print(f"[red]✘[/red] {_name(result)}: {escape(fault)} ({times})", soft_wrap=True)
    _show_ratios(results, out)


def _where() -> str:
    own, other = places()
    if own is None:
        return "All processes share one core: the times hold the measure's own work."
    return f"The server is alone on core {own}, callers and model are on core {other}."


def _first(options: Options) -> str:
    return " They go before all other programs of the machine." if options.first else ""


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _name(result: Result) -> str:
    return f"{result.server} {result.way}"


def _show_times(result: Result, options: Options, out: Console) -> None:
    table = Table(title=f"{_name(result)}: {_counted(result.turns, 'turn')}", title_justify="left")
    table.add_column("ms")
    for name in ("p50", "p95", "p99", "max"):
        table.add_column(name, justify="right")
    for field, words in _WHAT.items():
        if field == "head_start" and not options.early_ms:
            continue
        table.add_row(words, *_cells(getattr(result, field)))
    table.add_section()
    table.add_row("noise: model's timers late", *_cells(result.model_late))
    table.add_row("noise: callers' timers late", *_cells(result.client_late))
    out.print(table)


def _cells(spread: Spread) -> list[str]:
    return [f"{value:.2f}" for value in (spread.p50, spread.p95, spread.p99, spread.max)]


def _show_costs(results: Sequence[Result], out: Console) -> None:
    rows: list[tuple[str, Any]] = [
        ("processor ms a turn", lambda r: f"{r.cpu_ms_a_turn:.2f}"),
        ("turns a second a core", lambda r: f"{r.turns_a_s_a_core}"),
        ("calls a core holds at this pace", lambda r: f"{r.calls_a_core}"),
        ("seconds from turn to turn", lambda r: f"{r.turn_cycle_s:.2f}"),
        ("memory a live call, KB", lambda r: f"{r.memory_kb_a_call:.0f}"),
        ("memory of the idle process, MB", lambda r: f"{r.idle_mb:.0f}"),
        ("memory at the end, MB", lambda r: f"{r.last_mb:.0f}"),
        ("its growth while measured, %", lambda r: f"{r.memory_growth * 100:.1f}"),
        ("descriptors left behind", lambda r: f"{r.files_growth}"),
        ("idle processor share, %", lambda r: f"{r.idle_cpu_share * 100:.1f}"),
        ("the server's core: server busy, %", lambda r: f"{r.server_busy_share * 100:.0f}"),
        ("the server's core: others, %", lambda r: _share(r.others_share)),
        ("errors", lambda r: f"{sum(r.faults.values())}"),
        (
            "stand-in could give, turns/s",
            lambda r: f"{1000 / max(r.model_cpu_ms_a_turn, 1e-3):.0f}",
        ),
        (
            "callers could take, turns/s",
            lambda r: f"{1000 / max(r.client_cpu_ms_a_turn, 1e-3):.0f}",
        ),
    ]
    table = Table(title="what it costs", title_justify="left")
    table.add_column("")
    for result in results:
        table.add_column(_name(result), justify="right")
    for words, value in rows:
        table.add_row(words, *(value(result) for result in results))
    out.print(table)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value * 100:.0f}"


def _show_ratios(results: Sequence[Result], out: Console) -> None:
    ours, others = _sides(results)
    if ours is None or not others:
        return
    table = Table(title="side by side, on the stream", title_justify="left")
    table.add_column("")
    table.add_column("halo", justify="right")
    for other in others:
        table.add_column(other.server, justify="right")
        table.add_column(f"halo / {other.server}", justify="right")
    for words, value in _BESIDE.items():
        cells = [f"{value(ours):.2f}"]
        for other in others:
            cells += [f"{value(other):.2f}", f"{_ratio(value(ours), value(other)):.2f}"]
        table.add_row(words, *cells)
    out.print(table)


def ratios(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    """By server and figure, how many times as much ours takes on the stream."""
    ours, others = _sides(results)
    if ours is None:
        return {}
    return {
        other.server: {
            words: round(_ratio(value(ours), value(other)), 3) for words, value in _BESIDE.items()
        }
        for other in others
    }


def _sides(results: Sequence[Result]) -> tuple[Result | None, list[Result]]:
    ours = next((r for r in results if r.server == "halo" and r.way == "stream"), None)
    return ours, [r for r in results if r.server != "halo"]


def _ratio(ours: float, other: float) -> float:
    return ours / max(other, 1e-3)


def as_json(results: Sequence[Result], options: Options) -> bytes:
    """Options, machine and every figure; times in ms."""
    own, other = places()
    found = {
        "options": options,
        "machine": {
            "processor": machine.processor(),
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()}",
            "server_core": own,
            "other_core": other,
        },
        "results": results,
        "ratios": ratios(results),
    }
    return msgspec.json.format(msgspec.json.encode(found), indent=2)
