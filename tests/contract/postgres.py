"""A PostgreSQL server for the tests: named by HALO_TEST_POSTGRES, or on 127.0.0.1:5432, or our own.

Without one the tests that need it are skipped with a visible line; with HALO_TEST_REQUIRE=1 they
fail instead. Each test session makes databases of its own and drops them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

LOCAL = "postgresql://postgres@127.0.0.1:5432/postgres"


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server where databases may be made; skips or fails the test without one."""
    named = os.environ.get("HALO_TEST_POSTGRES")
    if named:
        yield named
    elif _answers(LOCAL):
        yield LOCAL
    elif (initdb := _initdb()) is not None and _account() is not None:
        with _private_server(initdb) as url:
            yield url
    else:
        missing = "no PostgreSQL: HALO_TEST_POSTGRES, 127.0.0.1:5432 or initdb is needed"
        if os.environ.get("HALO_TEST_REQUIRE") == "1":
            pytest.fail(missing)
        pytest.skip(missing)


@contextmanager
def database(server_url: str) -> Iterator[str]:
    """The URL of a new, empty database, dropped afterwards whoever is still connected."""
    name = f"halo_test_{uuid.uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        before, _, query = server_url.partition("?")
        scheme, _, rest = before.partition("://")
        yield f"{scheme}://{rest.partition('/')[0]}/{name}" + (f"?{query}" if query else "")
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _initdb() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve()
    return max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=None)


def _account() -> str | None:
    """Who runs the server: ourselves, or for root, whom initdb refuses, somebody with fewer rights.

    An empty name means ourselves; None that nobody can.
    """
    if os.geteuid() != 0:
        return ""
    names = {line.split(":")[0] for line in Path("/etc/passwd").read_text().splitlines()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


@contextmanager
def _private_server(initdb: Path) -> Iterator[str]:
    """A server of our own in a new folder, reached by its socket only."""
    folder = Path(tempfile.mkdtemp(prefix="halo-pg-"))
    account = _account()
    if account:
        shutil.chown(folder, account)

    def run(*command: str | Path) -> None:
        subprocess.run(
            [str(word) for word in command],
            check=True,
            cwd=folder,
            user=account or None,
            stdout=subprocess.DEVNULL,
        )

    data, control = folder / "data", initdb.with_name("pg_ctl")
    try:
        run(initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        run(control, "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            run(control, "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
