"""Addresses of stores: what is read, and that a password is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.core.errors import StoreUnavailable
from halo_voice.store.address import read_url, redact_url, spool_path, sqlite_path


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///var/halo.sqlite3", "sqlite:///var/halo.sqlite3"),
        ("postgresql://halo:secret@db:5432/halo", "postgresql://halo:***@db:5432/halo"),
        ("postgresql://halo@db/halo", "postgresql://halo@db/halo"),
        ("postgresql:///halo?host=/run", "postgresql:///halo?host=/run"),
        ("postgresql://u:p@ss/w@db/halo", "postgresql://u:***@db/halo"),
        (
            "postgresql://db/halo?user=u&password=a@b:c&x=1",
            "postgresql://db/halo?user=u&password=***&x=1",
        ),
        ("memory:", "memory:"),
        ("secret", "(not an address)"),
    ],
)
def test_a_shown_address_has_no_password(url: str, shown: str) -> None:
    """Everything but the password stays readable."""
    assert redact_url(url) == shown


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="&#"), min_size=6).map(
        lambda tail: f"зzQ{tail}"
    )
)
def test_no_password_gets_through(password: str) -> None:
    """Whatever the password is made of, escaped or not, nothing of it is shown."""
    assert "зzQ" not in redact_url(f"postgresql://halo:{password}@db/halo")
    assert "зzQ" not in redact_url(f"postgresql://db/halo?password={password}")


@pytest.mark.parametrize(
    "url", ["", "halo", "mysql://u:secret@h/d", "postgresql://h:port/d", "://"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """The words show both forms of an address, and no secret."""
    with pytest.raises(StoreUnavailable, match=r"sqlite:///.*postgresql://") as fault:
        read_url(url)
    assert "secret" not in repr(fault.value)
    assert fault.value.__context__ is None


@pytest.mark.parametrize("port", [0, 65536, 99999])
def test_a_port_that_cannot_be_is_named(port: int) -> None:
    """It is the address that is wrong, not the server."""
    with pytest.raises(StoreUnavailable, match="The port must be from 1 to 65535") as fault:
        read_url(f"postgresql://halo:secret@db:{port}/halo")
    assert "secret" not in fault.value.message


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true"])
def test_sqlite_needs_a_file(url: str) -> None:
    """A database in memory would be another one for each connection."""
    with pytest.raises(StoreUnavailable, match="needs a file"):
        sqlite_path(read_url(url))


def test_a_relative_path_is_below_the_working_folder() -> None:
    """The path is made absolute once, at the start."""
    assert sqlite_path(read_url("sqlite:///var/h.sqlite3")) == Path.cwd() / "var" / "h.sqlite3"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_reached_through_psycopg(scheme: str) -> None:
    """Both common spellings of the scheme work."""
    assert read_url(f"{scheme}://u@h/d").drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("memory:", None),
        ("sqlite:////srv/halo/halo.sqlite3", Path("/srv/halo/halo.spool.jsonl")),
        ("postgresql://halo@db/halo", Path("var/spool.jsonl").absolute()),
    ],
)
def test_a_spool_lies_beside_its_store(url: str, path: Path | None) -> None:
    """SQLite's spool is beside its file, a server's in var; what forgets needs none."""
    assert spool_path(url) == path
