"""The store's address: reading it, and showing it without its secrets."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from halo_voice.core.errors import StoreUnavailable

_SECRET_FIELD = re.compile(r"(?i)((?:password|passwd|pwd|sslpassword|secret|token)=)[^&#]*")
_FORMS = "Set HALO_STORE_URL to sqlite:///path/halo.sqlite3 or postgresql://user@host/database."


def redact_url(url: str) -> str:
    """The address as it may be shown: without a password, even in an address that is mistyped.

    Everything between the first `:` after the scheme and the last `@` counts as the password, for
    an unescaped `@` or `/` in a password makes parsers take its tail for the host.
    """
    shown = _SECRET_FIELD.sub(r"\1***", url)
    scheme, separator, rest = shown.partition("://")
    if not separator:
        return shown if shown == "memory:" else "(not an address)"
    if scheme.startswith("sqlite"):
        return shown
    user_and_password, at, place = rest.rpartition("@")
    if not at:
        return shown
    user, colon, _ = user_and_password.partition(":")
    return f"{scheme}://{user}{':***' if colon else ''}@{place}"


def read_url(url: str) -> URL:
    """The parsed address. Raises `StoreUnavailable` for one that is not ours to open."""
    fault = f"{redact_url(url)} is not an address of a store."
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None:
        raise StoreUnavailable(f"{fault} {_FORMS}")
    backend = parsed.get_backend_name()
    if backend in ("postgresql", "postgres"):
        if parsed.port is not None and not 0 < parsed.port < 65536:
            raise StoreUnavailable(f"{fault} The port must be from 1 to 65535.")
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return parsed.set(drivername="sqlite")
    raise StoreUnavailable(f"{fault} {_FORMS}")


def sqlite_path(parsed: URL) -> Path:
    """The database file, absolute, so that a later change of the working folder is harmless."""
    database = parsed.database or ""
    if database in ("", ":memory:") or database.startswith("file:"):
        raise StoreUnavailable(
            "SQLite needs a file: sqlite:///path/halo.sqlite3. "
            "For a store that forgets, set HALO_STORE_URL=memory:"
        )
    return Path(database).expanduser().absolute()


def spool_path(url: str) -> Path | None:
    """Where the spool of the store at `url` lies: beside SQLite's file, else in `var`.

    None for the store that forgets. Raises `StoreUnavailable`.
    """
    if url == "memory:":
        return None
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        return sqlite_path(parsed).with_suffix(".spool.jsonl")
    return Path("var/spool.jsonl").absolute()
