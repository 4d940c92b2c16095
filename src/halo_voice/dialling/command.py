"""`halo dial`: calls one person, and tells what came of it."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.markup import escape

from halo_voice.core.dials import OUTCOMES, REACHED, Dial
from halo_voice.dialling.live_command import live_check as live_check
from halo_voice.dialling.place import Place, at_place, err, out
from halo_voice.dialling.rows import EAST_MAX, EAST_MIN

LOOK_S = 1.0
BEGIN_S = 90.0
"""A session that has not asked for its number by then does not come."""


def dial(
    number: Annotated[str, typer.Argument(help="Whom to call: +74951234567.")],
    profile: Annotated[str | None, typer.Option(help="The assistant; else the default.")] = None,
    data: Annotated[
        list[str] | None, typer.Option(help="What is known of them, `name=Иван`; repeat it.")
    ] = None,
    utc_hours: Annotated[
        float | None,
        typer.Option(help="Their clock, hours east of Greenwich.", min=EAST_MIN, max=EAST_MAX),
    ] = None,
    wait: Annotated[bool, typer.Option(help="Wait for the call's end.")] = True,
) -> None:
    """Call somebody, within the hours that the profile permits; tell what came of it."""

    async def work(place: Place) -> str:
        return await _dial(place, number, profile, data or [], utc_hours, wait=wait)

    outcome = at_place(work)
    raise typer.Exit(0 if outcome in REACHED or not outcome else 1)


async def _dial(
    place: Place,
    number: str,
    profile_name: str | None,
    data: list[str],
    clock: float | None,
    *,
    wait: bool,
) -> str:
    from halo_voice.dialling import account as at
    from halo_voice.dialling.order import Whom, caller_id_of, data_of, number_of, order_of

    profile = place.profile(profile_name)
    whom = Whom(number_of(number), data_of(_pairs(data)), clock)
    shown = caller_id_of(profile, place.settings.vox_numbers)
    now = place.dials.now()
    zones = profile.outbound.zones(whom.number, clock)
    why = ""
    if await place.dials.opted_out([whom.number]):
        why = "opted_out"
    elif not zones:
        why = "no_clock"
    elif not profile.outbound.open_at(zones, now):
        why = "closed"
    order = order_of(whom, profile, shown, now, outcome=why)
    if why:
        await place.dials.keep_dial(order.dial)
        err.print(
            f"[red]✘[/red] {OUTCOMES[why]}: nobody is called.{escape(_hint(why))}", soft_wrap=True
        )
        return why
    rule = await asyncio.to_thread(at.rule_id, place.account(), place.settings.vox_application)
    await place.dials.keep_dial(order.dial)
    await _begin(place, order.dial, rule, order.token)
    out.print(f"Calling +{whom.number} as +{shown}, assistant {profile.name}.", markup=False)
    if not wait:
        out.print(f"Not waited for: dial {order.dial.dial_id}.")
        return ""
    longest = profile.limits.call_ms / 1000 + profile.limits.talk_ms / 1000
    return await _result(place, order.dial, longest)


async def _begin(place: Place, dial: Dial, rule: int, token: str) -> None:
    """A call is begun once: where nobody knows whether it was, the order is taken back."""
    from halo_voice.deploy.faults import AccountFault, Unsure
    from halo_voice.dialling import account as at

    try:
        await asyncio.to_thread(at.start, place.account(), rule, token)
    except Unsure:
        await place.dials.set_outcome(dial.dial_id, "unsure")
        if not await place.dials.tried([dial.dial_id]):
            raise
    except AccountFault:
        await place.dials.set_outcome(dial.dial_id, "refused")
        raise


async def _result(place: Place, dial: Dial, longest_s: float) -> str:
    """Looks until the attempt has ended, or does not come."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    with err.status("Waiting for the call's end"):
        while True:
            tried = await place.dials.tried([dial.dial_id])
            waited = loop.time() - begun
            if tried and tried[-1].outcome:
                return _told(tried[-1].outcome)
            if (not tried and waited > BEGIN_S) or waited > BEGIN_S + longest_s:
                await place.dials.set_outcome(dial.dial_id, "lost")
                return _told("lost")
            await asyncio.sleep(LOOK_S)


def _told(outcome: str) -> str:
    mark = "[green]✔[/green]" if outcome in REACHED else "[red]✘[/red]"
    out.print(f"{mark} {outcome}: {OUTCOMES.get(outcome, outcome)}.")
    return outcome


def _hint(why: str) -> str:
    if why == "opted_out":
        return " See `halo campaign optout list`."
    return " Their clock: --utc-hours, or [outbound] in the profile."


def _pairs(data: list[str]) -> dict[str, str]:
    from halo_voice.dialling.order import NotCalled

    pairs = [each.partition("=") for each in data]
    if any(not name.strip() or not separator for name, separator, _ in pairs):
        raise NotCalled("--data: write it as name=value.")
    return {name.strip(): value for name, _, value in pairs}
