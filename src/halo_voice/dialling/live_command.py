"""`halo live-check`: one call to a telephone of one's own answers what the papers leave open."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from halo_voice.dialling.place import Place, at_place, err, out, stop

if TYPE_CHECKING:
    from halo_voice.deploy.account import Account
    from halo_voice.dialling.answers import Answer

APPLICATION = "halo-live-check"
SCRIPT = "live_check.js"
LOOK_S = 2.0
LONGEST_S = 300.0
QUIET_S = 60.0
"""Nothing new was told for so long: the session is gone."""


def live_check(
    number: Annotated[str, typer.Argument(help="A telephone of your own, at hand.")],
    to: Annotated[Path | None, typer.Option(help="Write the answers there, as Markdown.")] = None,
    yes: Annotated[bool, typer.Option(help="Do not ask.")] = False,
) -> None:
    """Call your own telephone once, and fill in what nobody could know before a real call."""
    out.print(
        f"The application {APPLICATION} is made in the account, and your telephone rings. Pick up, "
        "say «алло», and the two words that you are asked for. It takes two minutes and costs as "
        "much; your real line is not touched.",
        soft_wrap=True,
    )
    if not yes and not typer.confirm("Call it?"):
        raise typer.Exit(1)
    answers = at_place(lambda place: _check(place, number))
    for each in answers:
        out.print(f"{each.mark} {each.question}: {each.said}", soft_wrap=True, markup=False)
    if to is not None:
        _write(to, answers)
    wrong = sum(each.as_assumed is False for each in answers)
    out.print(
        f"{wrong} otherwise than our code assumes: see docs/live.md." if wrong else "As assumed."
    )
    raise typer.Exit(1 if wrong else 0)


async def _check(place: Place, number: str) -> list[Answer]:
    from halo_voice.dialling.answers import answers_of
    from halo_voice.dialling.order import caller_id_of, number_of

    whom = number_of(number)
    shown = caller_id_of(place.profile(None), place.settings.vox_numbers)
    script = _script(place.settings.scenario.parent / SCRIPT)
    account = place.account()
    application, rule = await asyncio.to_thread(_deployed, account, script)
    run = secrets.token_hex(4)
    data = json.dumps({"run": run, "to": whom, "caller_id": shown}, separators=(",", ":"))
    session = await asyncio.to_thread(_start, account, rule, data)
    found = await _found(account, application, run)
    if failed := found.get("failed"):
        stop(f"Nobody picked up: code {failed.get('code')}. Try again, or another number.")
    record = await asyncio.to_thread(_record, account, session)
    prices = await asyncio.to_thread(_prices, account)
    return answers_of(found, record, prices)


def _script(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        stop(f"{path}: {error.strerror}. Set HALO_SCENARIO.")


def _deployed(account: Account, script: str) -> tuple[int, int]:
    """The application's number and its rule's, with this script. Raises `AccountFault`."""
    from halo_voice.deploy.faults import AccountFault
    from halo_voice.deploy.found import application_of, look
    from halo_voice.deploy.plan import plan
    from halo_voice.deploy.wanted import Wanted
    from halo_voice.deploy.work import carry_out
    from halo_voice.dialling.account import rule_id

    wanted = Wanted(APPLICATION, script, {})
    found = look(account, wanted)
    drawn = plan(wanted, found)
    if drawn.faults:
        raise AccountFault(" ".join(drawn.faults))
    if drawn.steps:
        carry_out(account, wanted, plan, found, _Silent())
    application = application_of(account, APPLICATION)
    if application is None:
        raise AccountFault(f"The application {APPLICATION} is not there: run it again.")
    return application, rule_id(account, APPLICATION)


class _Silent:
    def begin(self, step: Any) -> None: ...

    def done(self, step: Any) -> None: ...

    def again(self, why: str) -> None:
        err.print(f"… {why}", soft_wrap=True, markup=False)


def _start(account: Account, rule: int, data: str) -> int:
    from halo_voice.dialling.account import start

    return start(account, rule, data)


async def _found(account: Account, application: int, run: str) -> dict[str, Any]:
    """What the session has told, when it is over, or has fallen silent."""
    loop = asyncio.get_running_loop()
    begun = news = loop.time()
    found: dict[str, Any] = {}
    with err.status("The call is going on"):
        while "end" not in found and "failed" not in found:
            read = await asyncio.to_thread(_told, account, application, run)
            if read != found:
                found, news = read, loop.time()
            now = loop.time()
            asked = found.get("thrown") == {"begun": True}  # the last step: it may be the end
            if now - begun > LONGEST_S or now - news > (5 * LOOK_S if asked else QUIET_S):
                break
            if "end" not in found:
                await asyncio.sleep(LOOK_S)
    return found


def _told(account: Account, application: int, run: str) -> dict[str, Any]:
    from halo_voice.deploy.account import reading

    beginning = f"live:{run}:"
    with reading("GetKeyValueItems"):
        rows = account.rows("get_key_value_items", key=beginning, application_id=application)
        told = {row["key"].removeprefix(beginning): json.loads(row["value"]) for row in rows}
    return {name: value for name, value in told.items() if isinstance(value, dict)}


def _record(account: Account, session: int) -> dict[str, Any]:
    """The platform's own; nothing where it has none yet."""
    from datetime import UTC, datetime, timedelta

    from halo_voice.deploy.account import reading

    now = datetime.now(UTC)
    span = {"from_date": now - timedelta(hours=1), "to_date": now + timedelta(minutes=5)}
    answer = account.ask(
        "get_call_history", call_session_history_id=session, with_calls=True, **span
    )
    with reading("GetCallHistory"):
        rows = answer["result"]
        return dict(rows[0]) if rows else {}


def _prices(account: Account) -> int | None:
    """How many there are; None where the key may not see them."""
    from halo_voice.deploy.faults import AccountFault

    try:
        return len(account.ask("get_resource_price").get("result") or ())
    except AccountFault:
        return None


def _write(file: Path, answers: list[Answer]) -> None:
    rows = [f"| {each.mark} | {each.question} | {each.said} |" for each in answers]
    text = "\n".join(("| | question | answer |", "|---|---|---|", *rows, ""))
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        stop(f"{file}: {error.strerror}.")
