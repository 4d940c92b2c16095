"""`halo campaign`: many people by a file, through the platform's call lists; and who is not."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from halo_voice.core.counts import counted, verb
from halo_voice.core.dials import OUTCOMES, Campaign
from halo_voice.core.table_file import BOM, lines
from halo_voice.dialling.order import number_of
from halo_voice.dialling.place import Place, at_place, err, out, stop
from halo_voice.dialling.results import Result, results_of

SHOWN = 200
HEAD = ("row", "number", "attempts", "result", "platform")
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Call many people by a file: create, list, show, stop; who wants no calls.",
)
optout = typer.Typer(no_args_is_help=True, help="Who wants no calls: add, list, remove.")
app.add_typer(optout, name="optout")

Id = Annotated[str, typer.Argument(help="The campaign, as `halo campaign list` names it.")]
Number = Annotated[str, typer.Argument(help="A telephone number, however it is written.")]


@app.command()
def create(
    file: Annotated[Path, typer.Argument(help="A table (CSV): number, consent, what is known.")],
    name: Annotated[str | None, typer.Option(help="Its name; else the file's.")] = None,
    profile: Annotated[str | None, typer.Option(help="The assistant; else the default.")] = None,
    attempts: Annotated[int, typer.Option(help="For each person.", min=1, max=5)] = 2,
    pause_minutes: Annotated[int, typer.Option(help="Between two attempts.", min=5, max=1440)] = 60,
    together: Annotated[int, typer.Option(help="Calls at one moment.", min=1, max=100)] = 2,
    dry_run: Annotated[bool, typer.Option(help="Say who would be called; call nobody.")] = False,
    yes: Annotated[bool, typer.Option(help="Do not ask.")] = False,
) -> None:
    """Call everybody in a file who has consented, within the hours of their own clock."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        stop(f"{file}: {error.strerror}.")

    async def work(place: Place) -> None:
        from halo_voice.dialling import account as at
        from halo_voice.dialling.order import NotCalled, caller_id_of
        from halo_voice.dialling.rows import list_of, orders_of, read_rows

        assistant = place.profile(profile)
        shown = caller_id_of(assistant, place.settings.vox_numbers)
        never = {each.number for each in await place.dials.opt_outs(10**6)}
        try:
            rows = read_rows(raw, assistant, never)
        except NotCalled as fault:
            raise NotCalled(f"{file}: {fault}") from None
        _plan([row.outcome for row in rows])
        if dry_run or not any(not row.outcome for row in rows):
            out.print("Nobody is called.")
            return
        if not yes and not typer.confirm("Call them?"):
            return
        rule = await asyncio.to_thread(at.rule_id, place.account(), place.settings.vox_application)
        now = place.dials.now()
        made = Campaign(secrets.token_hex(4), name or file.stem, assistant.name, now)
        orders = orders_of(rows, assistant, shown, now, campaign=made.campaign, attempts=attempts)
        await place.dials.keep_campaign(made, [order.dial for order in orders])
        limits = {"together": together, "attempts": attempts, "pause_s": pause_minutes * 60}
        await _list(place, made, rule, list_of(orders, assistant), limits)
        out.print(f"✔ Campaign {made.campaign} is running: `halo campaign show {made.campaign}`.")

    at_place(work)


_HINTS = {"invalid": "; a foreign one needs a plus and its country's code"}


def _plan(outcomes: list[str]) -> None:
    rows = Counter(outcomes)
    out.print(f"{counted(len(outcomes), 'row')}: {rows.pop('', 0)} to be called")
    for outcome, count in sorted(rows.items()):
        out.print(f"  · {count} not: {OUTCOMES[outcome]}{_HINTS.get(outcome, '')}")


async def _list(place: Place, made: Campaign, rule: int, text: str, limits: dict[str, int]) -> None:
    """A list is made once: where its answer was lost, it is looked for by its name. Whatever goes
    wrong, Ctrl+C included, no order stays that calls somebody."""
    from halo_voice.deploy.faults import AccountFault, Unreadable, Unsure
    from halo_voice.dialling import account as at

    account, number, why = place.account(), 0, "unsure"
    try:
        try:
            number = await asyncio.to_thread(
                at.create_list, account, rule, _title(made), text, **limits
            )
        except (Unsure, Unreadable):
            found = await asyncio.to_thread(at.lists_of, account, _title(made))
            if not found:
                raise
            number = found[0]
        except AccountFault:
            why = "refused"
            raise
        await place.dials.set_list(made.campaign, number)
    except BaseException:  # it goes on its way
        await _taken_back(place, made, why, number)
        raise


def _title(made: Campaign) -> str:
    return f"{made.name[:200].replace('/', '-')} {made.campaign}"


async def _taken_back(place: Place, made: Campaign, why: str, number: int) -> None:
    """In our store, where the gate looks; and at the platform, if it is known to have the list."""
    from halo_voice.core.errors import StoreError
    from halo_voice.deploy.faults import AccountFault
    from halo_voice.dialling import account as at

    kept = stopped = True
    try:
        await place.dials.call_off(made.campaign, why)
    except StoreError:
        kept = False
    try:
        if number:
            await asyncio.to_thread(at.stop_list, place.account(), number)
    except AccountFault:
        stopped = False
    if not kept or not stopped or (why == "unsure" and not number):
        said = "Its orders are taken back: nobody is called. " if kept else ""
        words = f"The platform may have its list: `halo campaign stop {made.campaign}` ends it."
        err.print(f"[red]✘[/red] {said}{words}", soft_wrap=True)


@app.command("list")
def list_campaigns(limit: Annotated[int, typer.Option(help="So many.", min=1)] = 20) -> None:
    """Print the campaigns, the newest first."""

    async def work(place: Place) -> None:
        found = await place.dials.campaigns(limit)
        if not found:
            out.print("There is no campaign yet: make one with `halo campaign create FILE`.")
        for each in found:
            out.print(
                f"{each.campaign}  {each.made_at:%Y-%m-%d %H:%M}  {each.profile}  {each.name}",
                markup=False,
            )

    at_place(work)


@app.command()
def show(
    campaign: Id,
    file: Annotated[Path | None, typer.Option("--csv", help="Write every row there.")] = None,
) -> None:
    """Print what came of every row; a row that nobody reported is told as such."""

    async def work(place: Place) -> None:
        from halo_voice.dialling import account as at

        made = await _known(place, campaign)
        dials = await place.dials.dials_of(campaign)
        tried = await place.dials.tried([dial.dial_id for dial in dials])
        tasks = None
        if made.list_id:
            tasks = await asyncio.to_thread(at.tasks_of, place.account(), made.list_id)
        results = results_of(dials, tried, tasks)
        if file is not None:
            _write(file, results)
        _show(made, results)
        if any(each.result == "unreported" for each in results):
            err.print(
                "[red]✘[/red] Rows of which nobody reported anything: the platform counts them as "
                "done. See their sessions in its control panel.",
                soft_wrap=True,
            )
            raise typer.Exit(1)

    at_place(work)


@app.command("stop")
def stop_campaign(campaign: Id) -> None:
    """Begin no more calls of it; those under way go on."""

    async def work(place: Place) -> None:
        from halo_voice.deploy.faults import AccountFault
        from halo_voice.dialling import account as at

        made = await _known(place, campaign)
        count = await place.dials.call_off(campaign, "cancelled")
        rows = f"{counted(count, 'row')} {verb(count, 'is', 'are')} cancelled"
        out.print(f"✔ {campaign} begins no more calls: {rows}.", markup=False)
        lists = [made.list_id] if made.list_id else []
        try:
            if not lists:  # nobody may have noted it
                lists = await asyncio.to_thread(at.lists_of, place.account(), _title(made))
            for number in lists:
                await asyncio.to_thread(at.stop_list, place.account(), number)
        except AccountFault as fault:
            words = "The platform's list goes on, and finds nobody to call. Stop it once more."
            raise AccountFault(f"{words} {fault}", code=fault.code) from None
        if not lists:
            out.print("The platform has no list of it.")
        elif not made.list_id:
            await place.dials.set_list(campaign, lists[0])

    at_place(work)


async def _known(place: Place, campaign: str) -> Campaign:
    made = await place.dials.find_campaign(campaign)
    if made is None:
        stop(f"There is no campaign {campaign}: see `halo campaign list`.")
    return made


def _show(made: Campaign, results: list[Result]) -> None:
    out.print(f"{made.campaign}  {made.name}, assistant {made.profile}", markup=False)
    for result, count in sorted(Counter(each.result for each in results).items()):
        out.print(f"  {count:>6}  {result}")
    table = Table(*HEAD, box=None)
    for each in results[:SHOWN]:
        table.add_row(*(escape(str(cell)) for cell in each.cells()))
    out.print(table)
    if len(results) > SHOWN:
        out.print(f"… and {len(results) - SHOWN} more: --csv FILE has all.")


def _write(file: Path, results: list[Result]) -> None:
    try:
        table = lines([HEAD, *(each.cells() for each in results)])
        file.write_text(BOM + table, encoding="utf-8", newline="")
    except OSError as error:
        stop(f"{file}: {error.strerror}.")


@optout.command("add")
def add(number: Number) -> None:
    """Call this number never again; what is ordered already is not dialled either."""

    async def work(place: Place) -> str:
        digits = number_of(number)
        await place.dials.opt_out(digits, "operator")
        return digits

    out.print(f"✔ +{at_place(work)} is called no more.")


@optout.command("list")
def list_numbers(limit: Annotated[int, typer.Option(help="So many.", min=1)] = 1000) -> None:
    """Print who wants no calls, the newest first."""

    async def work(place: Place) -> None:
        found = await place.dials.opt_outs(limit)
        if not found:
            out.print("Nobody has said that they want no calls.")
        for each in found:
            out.print(f"+{each.number}  {each.at:%Y-%m-%d}  {each.by}", markup=False)

    at_place(work)


@optout.command("remove")
def remove(number: Number) -> None:
    """Let a number be called again: only when they have said so."""

    async def work(place: Place) -> bool:
        return await place.dials.opt_in(number_of(number))

    if not at_place(work):
        stop("The number is not on the list: see `halo campaign optout list`.")
    out.print("✔ The number may be called again.")
