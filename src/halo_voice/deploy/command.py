"""`halo deploy`: its options, the plan, its progress. Of this part it alone is no island."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Self

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from halo_voice.deploy.account import Account
    from halo_voice.deploy.plan import Plan, Step
    from halo_voice.deploy.wanted import Wanted
    from halo_voice.deploy.work import Planner
    from halo_voice.settings import Settings

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)

NO_CREDENTIALS = (
    "HALO_VOX_CREDENTIALS is empty: make a service account with the role Developer in Voximplant's "
    "control panel, download its key, and name the file there or with --credentials."
)
NO_KEYS = (
    "HALO_KEYS is empty: the scenario signs what it sends. Make a key, `openssl rand -hex 32`, and "
    "set HALO_KEYS=k1:<the key>, the same where HALO serves."
)


def deploy(
    credentials: Annotated[
        Path | None, typer.Option(help="The service account's file; else HALO_VOX_CREDENTIALS.")
    ] = None,
    application: Annotated[
        str | None, typer.Option(help="The application; else HALO_VOX_APPLICATION.")
    ] = None,
    number: Annotated[
        list[str] | None, typer.Option(help="A rented number; repeat it; else HALO_VOX_NUMBERS.")
    ] = None,
    public_url: Annotated[
        str | None, typer.Option(help="Where the cloud reaches HALO; else HALO_PUBLIC_URL.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Show the plan, change nothing.")] = False,
    rollback: Annotated[bool, typer.Option(help="Go back to the script before this one.")] = False,
    secure_records: Annotated[
        bool, typer.Option(help="Records and session logs for holders of a key only.")
    ] = True,
) -> None:
    """Put the scenario on the line, with all it needs; what is there already is left alone."""
    from halo_voice.core.errors import ConfigurationError
    from halo_voice.deploy.faults import AccountFault
    from halo_voice.deploy.plan import plan, plan_rollback
    from halo_voice.settings import load_settings

    given = {
        "vox_credentials": str(credentials) if credentials else None,
        "vox_application": application,
        "vox_numbers": tuple(number) if number else None,
        "public_url": public_url,
    }
    try:
        settings = load_settings(**{k: v for k, v in given.items() if v is not None})
        wanted = wanted_of(settings, secure=secure_records, going_back=rollback)
    except ConfigurationError as error:
        _stop(*error.faults)
    if not rollback:
        _check(settings.scenario)
    try:
        account = account_of(settings)
        try:
            _deploy(account, wanted, plan_rollback if rollback else plan, dry_run=dry_run)
        finally:
            account.close()
    except AccountFault as fault:
        _stop(str(fault))
    except KeyboardInterrupt:
        _stop("Interrupted. Run it again: it carries on where it stopped.")


def _check(scenario: Path) -> None:
    """As `halo lint`: what breaks on the line is found before it is there."""
    from halo_voice.simulator.lint import lint

    report = lint(scenario)
    if report.findings:
        told = (f"{scenario}:{each.line}: {each.message}" for each in report.findings)
        _stop(*told, "Nothing was changed on the platform.")


def wanted_of(settings: Settings, *, secure: bool = True, going_back: bool = False) -> Wanted:
    """What the settings want of the account. Raises `ConfigurationError` with all faults."""
    from halo_voice.core.errors import ConfigurationError
    from halo_voice.deploy.wanted import Wanted, digits, faults_of, url_fault

    faults = []
    script = ""
    try:
        script = settings.scenario.read_bytes().decode("utf-8")
    except OSError as error:
        faults.append(f"{settings.scenario}: {error.strerror}. Set HALO_SCENARIO.")
    except UnicodeDecodeError:
        faults.append(f"{settings.scenario}: is not UTF-8 text. Set HALO_SCENARIO.")
    secrets: dict[str, str] = {}
    if not going_back:
        url = settings.public_url.rstrip("/")
        if fault := url_fault(url):
            faults.append(f"HALO_PUBLIC_URL {fault}.")
        if not settings.keys:
            faults.append(NO_KEYS)
        else:
            key_id, key = next(iter(settings.keys.items()))
            secrets = {
                "HALO_URL": url,
                "HALO_KEY_ID": key_id,
                "HALO_KEY": key.get_secret_value(),
            }
    wanted = Wanted(
        application=settings.vox_application,
        script=script,
        secrets=secrets,
        numbers=() if going_back else tuple(dict.fromkeys(map(digits, settings.vox_numbers))),
        secure=secure,
    )
    faults += faults_of(wanted) if script else []
    if faults:
        raise ConfigurationError(faults)
    return wanted


def account_of(settings: Settings, **limits: Any) -> Account:
    """The account of the settings' key. Raises `AccountFault`; asks nothing yet."""
    from halo_voice.deploy.account import open_account
    from halo_voice.deploy.faults import AccountFault

    if not settings.vox_credentials:
        raise AccountFault(NO_CREDENTIALS)
    path = Path(settings.vox_credentials)
    return open_account(path, settings.vox_api, settings.secrets, **limits)


def _deploy(account: Account, wanted: Wanted, planner: Planner, *, dry_run: bool) -> None:
    from halo_voice.deploy.found import look
    from halo_voice.deploy.work import carry_out

    with _err.status("Looking at the account"):
        found = look(account, wanted)
    drawn = planner(wanted, found)
    _out.print(
        f"Account {found.owner.name} ({found.owner.number}), application {wanted.application}",
        markup=False,
    )
    _show(drawn)
    if drawn.faults:
        _stop(*drawn.faults)
    if not drawn.steps:
        _out.print("✔ Everything is there already: nothing was changed.")
        return
    if dry_run:
        _out.print("Nothing was changed: --dry-run.")
        return
    with _Shown(len(drawn.steps)) as progress:
        carry_out(account, wanted, planner, found, progress)
    _out.print(
        "✔ Read back and compared: the account holds what was wanted. "
        "`halo doctor` looks at the rest."
    )


def _show(drawn: Plan) -> None:
    if drawn.steps:
        _out.print("The plan:")
    for step in drawn.steps:
        _out.print(f"  · {step}", soft_wrap=True, markup=False)


class _Shown:
    """A line for each step that is done, and a bar below them."""

    def __init__(self, steps: int) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=_err, transient=True)
        self._line = self._bar.add_task("", total=steps)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begin(self, step: Step) -> None:
        self._bar.update(self._line, description=str(step)[:60])

    def done(self, step: Step) -> None:
        self._bar.advance(self._line)
        _out.print(f"[green]✔[/green] {escape(str(step))}", soft_wrap=True)

    def again(self, why: str) -> None:
        _err.print(f"[yellow]…[/yellow] {escape(why)} Looking again.", soft_wrap=True)


def _stop(*faults: str) -> NoReturn:
    for fault in faults:
        _err.print(f"[red]✘[/red] {escape(fault)}", soft_wrap=True)
    raise typer.Exit(2)
