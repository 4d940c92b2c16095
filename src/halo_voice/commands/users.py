"""`halo user`: who may use the console, with what role, and with what besides a password."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from halo_voice.core.desk import Desk
    from halo_voice.settings import Settings

TRIES = 3
BLOCKS = " ▄▀█"
QUIET = 2  # modules of white around a picture

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, help="Who may use the console."
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Name = Annotated[str, typer.Argument(help="The name to sign in with.")]


def _stop(*faults: str) -> NoReturn:
    for fault in faults:
        err.print(f"[red]✘[/red] {escape(fault)}", soft_wrap=True)
    raise typer.Exit(2)


@app.command("add")
def add_user(
    name: Name, role: Annotated[str, typer.Option(help="viewer, editor or admin.")] = "admin"
) -> None:
    """Create a user of the console, or give one another role and password."""
    from halo_voice.console.sign_in import hashed, name_fault, password_fault
    from halo_voice.core.desk import ROLES, User

    if role not in ROLES:
        _stop(f"--role: there is no role {role}: viewer, editor or admin.")
    if fault := name_fault(name):
        _stop(f"NAME: {fault}.")
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if fault := password_fault(password):
        _stop(f"The password: {fault}.")
    kept = User(name, role, hashed(password))  # type: ignore[arg-type]
    _at_desk(lambda desk: desk.keep_user(kept))
    out.print(f"✔ {name} ({role}) may sign in to the console.", markup=False)


@app.command("list")
def list_users() -> None:
    """Print the users of the console with their roles, and who has a second factor."""

    async def ask(desk: Desk) -> list[str]:
        found = []
        for each in await desk.users():
            second = await desk.find_factor(each.name)
            left = f"  second factor, {len(second.marks)} recovery codes left" if second else ""
            found.append(f"{each.name}  {each.role}{left}")
        return found

    found = _at_desk(ask)
    for line in found:
        out.print(line, markup=False, soft_wrap=True)
    if not found:
        out.print("There is no user yet: make one with `halo user add NAME`.")


@app.command("remove")
def remove_user(name: Annotated[str, typer.Argument(help="Whose access ends.")]) -> None:
    """End a user's access; running consoles notice within seconds."""
    if not _at_desk(lambda desk: desk.forget_user(name)):
        _stop(f"There is no user {name}: see `halo user list`.")
    out.print(f"✔ {name} may no longer sign in.", markup=False)


@app.command("second-factor")
def second_factor(
    name: Name, off: Annotated[bool, typer.Option("--off", help="Take it away.")] = False
) -> None:
    """Give a user a second factor, codes of an app, in place of the one there was."""
    from halo_voice.console.second_factor import key_fault

    if off:
        if not _at_desk(lambda desk: desk.forget_factor(name)):
            _stop(f"{name} has no second factor: see `halo user list`.")
        out.print(f"✔ {name} signs in with the password alone.", markup=False)
        return
    settings = _settings()
    key = settings.console_key.get_secret_value()
    if fault := key_fault(key):
        _stop(f"{fault}: make one, `openssl rand -hex 32`, and set it where HALO serves, too.")
    if _at_desk(lambda desk: desk.find_user(name)) is None:
        _stop(f"There is no user {name}: see `halo user list`.")
    _make_factor(name, key)


def _make_factor(name: str, key: str) -> None:
    """Show a new secret, see a code of it, and only then keep it."""
    import secrets

    from halo_voice.console import second_factor as factor

    secret = secrets.token_bytes(factor.SECRET_BYTES)
    address = factor.address(secret, name)
    out.print("Add an account to an authenticator app (any that knows TOTP): by this picture,\n")
    if out.options.ascii_only:
        out.print("  (not shown: this terminal has no characters for it)")
    else:
        _draw(address)
    out.print("\nby this key,")
    out.print(f"\n  {factor.typed(secret)}\n")
    out.print("or, on the telephone itself, by this address:")
    out.print(f"\n  {address}\n", markup=False, soft_wrap=True)
    for _ in range(TRIES):
        step = factor.step_of(secret, _code(), time.time())
        if step is not None:
            break
        err.print("That is none of its codes. Is this machine's clock right?")
    else:
        _stop("Nothing was changed.")
    codes = factor.recovery_codes()
    made = factor.new_factor(key, name, secret, step, codes)
    _at_desk(lambda desk: desk.keep_factor(made))
    out.print(
        f"✔ {escape(name)} signs in with the password and a code. Without the app, once each:"
    )
    out.print("\n" + "\n".join(f"  {each}" for each in codes) + "\n")
    out.print("Print them, or keep them where passwords are kept: they are shown only now.")


def _draw(address: str) -> None:
    """A QR picture of half blocks, black on white whatever the terminal's colours are."""
    import segno

    rows = [*segno.make_qr(address, error="m").matrix_iter(border=QUIET)]
    rows += [bytes(len(rows[0]))] * (len(rows) % 2)
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        line = "".join(BLOCKS[2 * above + below] for above, below in zip(upper, lower, strict=True))
        out.print(line, style="black on bright_white", soft_wrap=True)


def _code() -> str:
    if sys.stdin.isatty():
        return "".join(typer.prompt("The code that it shows").split())
    out.print("The code that it shows:")
    sys.stdout.flush()
    return "".join(sys.stdin.readline().split())


def _settings() -> Settings:
    from halo_voice.core.errors import ConfigurationError
    from halo_voice.settings import load_settings

    try:
        return load_settings()
    except ConfigurationError as error:
        _stop(*error.faults)


def _at_desk(ask: Callable[[Desk], Awaitable[Any]]) -> Any:
    """What the store's desk answers."""
    from halo_voice.core.errors import StoreError
    from halo_voice.store import open_store

    settings = _settings()

    async def asked() -> Any:
        store = await open_store(settings.store_url, busy_ms=settings.store_busy_ms)
        try:
            return await ask(store.desk)  # type: ignore[attr-defined]
        finally:
            await store.close()

    try:
        return asyncio.run(asked())
    except StoreError as error:
        _stop(error.message)
