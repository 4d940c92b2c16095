"""`halo calls`: what is kept of calls, and of a number; shown, exported, erased, sent again."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from halo_voice.core.counts import counted, verb

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Calls that are kept: list, show, export, erase; deliveries that failed.",
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

PLATFORM_DAYS = 1_095
"""So far back the platform is asked for recordings of a number; it keeps them by its tariff."""

ROOMY = 110
"""So many columns leave room for a call's summary."""

PIPED_WIDTH = 10_000

Number = Annotated[str, typer.Argument(help="A telephone number, however it is written.")]


def _stop(*faults: str) -> NoReturn:
    for fault in faults:
        err.print(f"[red]✘[/red] {escape(fault)}", soft_wrap=True)
    raise typer.Exit(2)


def _with_archive(command: Callable[..., None]) -> Callable[..., None]:
    """Gives the command the archive as its first argument; faults become one line."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        from halo_voice.core.errors import ConfigurationError, StoreError
        from halo_voice.outgoing.bucket import bucket_of
        from halo_voice.settings import load_settings
        from halo_voice.store.archive import open_archive

        try:
            settings = load_settings()
            archive = open_archive(settings.store_url, bucket=bucket_of(*settings.bucket))
            asyncio.run(_migrated(settings.store_url))
            try:
                command(archive, *arguments, **options)
            finally:
                archive.close()
        except ConfigurationError as error:
            _stop(*error.faults)
        except StoreError as error:
            _stop(error.message)

    # Typer reads the options from the signature: the archive is none.
    run.__signature__ = _without_first(command)  # type: ignore[attr-defined]
    return run


def _without_first(command: Callable[..., None]) -> Any:
    from inspect import signature

    known = signature(command, eval_str=True)
    return known.replace(parameters=list(known.parameters.values())[1:])


async def _migrated(url: str) -> None:
    from halo_voice.store import open_store

    await (await open_store(url, busy_ms=10_000)).close()


@app.command("list")
@_with_archive
def list_calls(
    archive: Any,
    limit: Annotated[int, typer.Option(min=1, help="So many of the newest.")] = 20,
    number: Annotated[str, typer.Option(help="Those of this telephone number only.")] = "",
) -> None:
    """List calls, the newest first, with their outcomes; → before whom the company called."""
    calls = archive.of_number(number)[::-1][:limit] if number else archive.recent(limit)
    # What is copied or searched for stays whole; what is read by a program has no width.
    width = out.width if out.is_terminal else PIPED_WIDTH
    table = Table(show_edge=False)
    for column in ("call", "began (UTC)", "from"):
        table.add_column(column, no_wrap=True)
    for column in ("s", "ended by", "outcome", "summary")[: 4 if width >= ROOMY else 3]:
        table.add_column(column, overflow="fold")
    for call in calls:
        review = archive.review(call.call_id)
        cells = (
            escape(call.call_id),
            f"{call.started_at:%Y-%m-%d %H:%M}",
            f"{'→ ' * (call.direction == 'outgoing')}{escape(call.caller or '—')}",
            "…" if call.open else str((call.duration_ms or 0) // 1000),
            escape(call.end_reason or "goes on"),
            review.outcome if review else "—",
            escape(review.summary if review else ""),
        )
        table.add_row(*cells[: len(table.columns)])
    Console(highlight=False, width=width).print(table, crop=False)


@app.command()
@_with_archive
def show(
    archive: Any,
    call_id: Annotated[str, typer.Argument(help="As `list` shows it.")],
    trace: Annotated[
        bool, typer.Option("--trace", help="With its steps, ms since it began.")
    ] = False,
) -> None:
    """Show a call: what was said, what is made of it, what was delivered."""
    call = _known_call(archive, call_id)
    out.print(f"[bold]{escape(call.call_id)}[/bold] {call.started_at:%Y-%m-%d %H:%M:%S} UTC")
    for turn in archive.turns(call_id):
        out.print(f"  ☎ {escape(turn.revised_text or turn.user_text)}", soft_wrap=True)
        heard = (
            "" if turn.heard in (None, turn.reply) else f" [dim](heard: {escape(turn.heard)})[/dim]"
        )
        out.print(
            f"  ♪ {escape(turn.reply)}{heard} [dim]{escape(turn.source)}[/dim]", soft_wrap=True
        )
    review = archive.review(call_id)
    if review is not None:
        out.print(f"{review.outcome}: {escape(review.summary)}", soft_wrap=True)
        for told, values in (("topics", review.topics), ("fields", review.fields),
                             ("marks", review.marks)):  # fmt: skip
            if values:
                out.print(f"  {told}: {escape(_json(values, indent=None))}", soft_wrap=True)
    for each in archive.deliveries(call_id=call_id):
        out.print(
            f"  {escape(each.channel)} {escape(each.delivery_id)}: "
            f"{each.state}, attempts {each.attempts}"
            f"{f', last {escape(each.last_fault)}' if each.last_fault else ''}",
            soft_wrap=True,
        )
    for each in archive.traces(call_id) if trace else ():
        out.print(
            f"[dim]from {each.begun_at:%Y-%m-%d %H:%M:%S.%f} UTC on: ms, what, turn, phrase[/dim]"
        )
        for line in each.lines:
            out.print(f"  {line}", soft_wrap=True, markup=False)


@app.command()
@_with_archive
def export(
    archive: Any,
    number: Number,
    to: Annotated[Path | None, typer.Option(help="A file; else the terminal.")] = None,
) -> None:
    """Write all that is known of a telephone number, as JSON."""
    from halo_voice.commands.person import known_of

    told = known_of(archive, number)
    text = _json(told)
    if to is None:
        typer.echo(text)
        return
    try:
        to.touch(0o600)
        to.write_text(text, "utf-8")
    except OSError as error:
        _stop(f"{to}: {error.strerror}. Choose another file with --to.")
    kept = f"{counted(len(told['calls']), 'call')}, {_orders(len(told['orders']))}"
    out.print(f"✔ {to}: {kept}", markup=False)


@app.command()
@_with_archive
def erase(
    archive: Any,
    number: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    platform: Annotated[
        bool, typer.Option(help="The recordings that the platform keeps of it as well.")
    ] = True,
) -> None:
    """Erase all that is known of a telephone number: calls, words, reviews, deliveries, orders to
    call it, and the platform's recordings."""
    calls, orders = archive.of_number(number), len(archive.orders(number))
    live = [call.call_id for call in calls if call.open]
    if live:
        _stop("Calls of this number that go on, or whose end was never told: "
              f"{', '.join(live)}. End them first.")  # fmt: skip
    waiting = _spooled([call.call_id for call in calls])
    if waiting:
        what = f"{counted(waiting, 'write')} of this number {verb(waiting, 'waits', 'wait')}"
        _stop(f"{what} in the spool until the store is back: let `halo serve` bring all in, then "
              "erase again.")  # fmt: skip
    history = _history() if platform else None
    both = [counted(len(calls), "call")] * bool(calls) + [_orders(orders)] * bool(orders)
    ours = " and ".join(both)
    if not ours:
        out.print(f"Nothing is known of this number.{_listed(archive, number)}")
        if history is None:
            return
    if not yes and not typer.confirm(f"Erase {ours or 'what the platform keeps of it'} for good?"):
        raise typer.Exit(1)
    if history is not None:
        # First: when ours are gone, nobody knows any more what the platform has of them.
        count = _erase_there(history, number, calls)
        what = counted(count, "recording")
        out.print(f"✔ {what} {verb(count, 'is', 'are')} erased on the platform.")
    archive.erase([call.call_id for call in calls])
    archive.forget_number(number)
    gone = f"{ours or '0 calls'} {verb(len(calls) + orders, 'is', 'are')} erased"
    out.print(f"✔ {gone}.{_listed(archive, number)} "
              "What was delivered is the receiver's to erase, backups keep their own; the "
              "platform's list of calls and its session logs cannot be erased by a program: see "
              "docs/privacy.md.")  # fmt: skip


def _orders(count: int) -> str:
    return counted(count, "order to call it", "orders to call it")


def _listed(archive: Any, number: str) -> str:
    stays = " It stays on the opt-out list; `halo campaign optout remove` takes it off."
    return stays if archive.opt_out(number) else ""


def _history() -> Any:
    """The platform's history; None where no account is set. Raises `ConfigurationError`."""
    from halo_voice.settings import load_settings

    settings = load_settings()
    if not settings.vox_credentials:
        return None
    from halo_voice.management.history import history_of

    return history_of(settings.vox_credentials, settings.vox_api, settings.vox_application)


def _erase_there(history: Any, number: str, calls: Sequence[Any]) -> int:
    """Remove the platform's recordings of the number. How many they were."""
    from halo_voice.core.errors import PlatformError

    long_ago = datetime.now(UTC) - timedelta(days=PLATFORM_DAYS)
    since = min([long_ago, *(call.started_at - timedelta(days=1) for call in calls)])
    try:
        found = history.sessions([call.call_id for call in calls], since)
        found |= history.sessions_of(number, since)
        records = {each.record_id: each for session in found.values() for each in session.records}
        for record in records.values():
            history.delete(record)
    except PlatformError as error:
        _stop(f"{error.message} Nothing of ours was erased; with --no-platform it is.")
    finally:
        history.close()
    return len(records)


def _spooled(call_ids: Sequence[str]) -> int:
    """Lines of the spool that would bring the calls back."""
    from halo_voice.settings import load_settings
    from halo_voice.store import spool_path

    settings = load_settings()
    path = Path(settings.store_spool) if settings.store_spool else spool_path(settings.store_url)
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines() if path else []
    except OSError:
        return 0
    known = [json.dumps(call_id, ensure_ascii=False) for call_id in call_ids]
    return sum(any(call_id in line for call_id in known) for line in lines)


@app.command()
@_with_archive
def repeat(
    archive: Any,
    call_ids: Annotated[
        list[str] | None, typer.Argument(help="As `list` shows them; none: the newest.")
    ] = None,
    last: Annotated[int, typer.Option(min=1, help="So many of the newest.")] = 50,
    assistants: Annotated[Path, typer.Option(help="The assistants of now.")] = Path("assistants"),
    scenario: Annotated[Path, typer.Option(help="The scenario of now.")] = Path(
        "scenario/voximplant_scenario_ASR.js"
    ),
) -> None:
    """Play calls again against the present version, and tell what goes otherwise now.

    The model says what it said; no tool is called, nobody is reached, nothing is stored.
    """
    from halo_voice.in_process import configuration
    from halo_voice.repeat.compare import differences
    from halo_voice.repeat.play import repeated
    from halo_voice.repeat.recorded import recorded

    if not scenario.is_file():
        _stop(f"{scenario}: there is no such file. Name another with --scenario.")
    known = configuration(assistants)
    calls = [_known_call(archive, each) for each in call_ids or ()] or archive.recent(last)
    same, other, left = 0, 0, Counter[str]()
    for call in track(calls, "calls", console=err):
        turns, traces = archive.turns(call.call_id), archive.traces(call.call_id)
        old = recorded(call, turns, traces, tools=bool(archive.tools(call.call_id)))
        why = old.refusal()
        if why:
            left[why] += 1
            continue
        found = differences(old, repeated(old, known, scenario))
        for each in found:
            out.print(f"{escape(call.call_id)}: {escape(str(each))}", soft_wrap=True)
        if any(not each.explained for each in found):
            other += 1
        else:
            same += 1
    out.print(f"{same} go as they did, {other} otherwise, {left.total()} cannot be repeated")
    for why, count in left.most_common():
        out.print(f"  {count}: {why}", markup=False)
    raise typer.Exit(1 if other else 0)


def _known_call(archive: Any, call_id: str) -> Any:
    call = archive.call(call_id)
    if call is None:
        _stop(f"No call {call_id} is kept.")
    return call


@app.command()
@_with_archive
def resend(
    archive: Any,
    delivery: Annotated[str, typer.Argument(help="As `show` tells it; none: all.")] = "",
) -> None:
    """Send dead deliveries again: `halo work` takes them up."""
    count = archive.send_again(delivery)
    if not count:
        _stop("No such delivery is dead." if delivery else "No delivery is dead.")
    out.print(f"✔ {count} will be sent again by `halo work`.")


@app.command()
@_with_archive
def dead(archive: Any) -> None:
    """List deliveries that were given up."""
    found = archive.deliveries(state="dead", limit=1_000)
    for each in found:
        why = f"{each.last_fault}, attempts {each.attempts}"
        out.print(f"{escape(each.delivery_id)}: {escape(why)}", soft_wrap=True)
    out.print(f"{len(found)} dead")


def _json(value: Any, indent: int | None = 2) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)
