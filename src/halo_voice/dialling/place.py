"""What these commands work with: settings, profile, store, account; each fault is one line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from halo_voice.core.dials import Dials
    from halo_voice.core.profile import Profile
    from halo_voice.deploy.account import Account
    from halo_voice.settings import Settings

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Place:
    """`account` is opened when it is asked for, and asks nothing by itself."""

    settings: Settings
    dials: Dials
    account: Callable[[], Account]

    def profile(self, name: str | None) -> Profile:
        """Of this name, or the default. Raises `ConfigurationError`."""
        from halo_voice.core.errors import ConfigurationError
        from halo_voice.profiles import load_profiles

        profiles = load_profiles(self.settings.assistants)
        found = profiles.named(name) if name else profiles.default
        if found is None:
            names = ", ".join(each.name for each in profiles)
            raise ConfigurationError([f"--profile: there is no {name}; there are {names}."])
        return found


def at_place(work: Callable[[Place], Awaitable[Result]]) -> Result:
    """Runs it with everything opened; a fault ends the command with its words and status 2."""
    from halo_voice.core.errors import ConfigurationError, StoreError
    from halo_voice.deploy.faults import AccountFault
    from halo_voice.dialling.order import NotCalled
    from halo_voice.settings import load_settings

    async def run() -> Result:
        async with _place(load_settings()) as place:
            return await work(place)

    try:
        return asyncio.run(run())
    except ConfigurationError as error:
        stop(*error.faults)
    except StoreError as error:
        stop(error.message)
    except (AccountFault, NotCalled) as fault:
        stop(str(fault))


@asynccontextmanager
async def _place(settings: Settings) -> AsyncIterator[Place]:
    from halo_voice.core.errors import ConfigurationError
    from halo_voice.deploy.command import account_of
    from halo_voice.store import open_store

    if settings.store_url.startswith("memory:"):
        words = "a store in memory is this command's alone: the server has to see what is ordered."
        raise ConfigurationError([f"HALO_STORE_URL: {words}"])
    accounts: list[Account] = []

    def account() -> Account:
        if not accounts:
            accounts.append(account_of(settings))
        return accounts[0]

    store: Any = await open_store(settings.store_url, busy_ms=settings.store_busy_ms)
    try:
        yield Place(settings, store.dials, account)
    finally:
        for each in accounts:
            each.close()
        await store.close()


def stop(*faults: str) -> NoReturn:
    for fault in faults:
        err.print(f"[red]✘[/red] {escape(fault)}", soft_wrap=True)
    raise typer.Exit(2)
