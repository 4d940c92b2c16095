"""`halo user`: users, and a second factor that is kept once a code of it was right."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import time

import pytest
import segno
from typer.testing import CliRunner

from halo_voice.cli import app
from halo_voice.console.second_factor import STEP_S, code_at
from tests.halo import ROOT
from tests.serving import HALO

PASSWORD = "очень длинный пароль"
KEY = "k" * 32


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("HALO_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HALO_STORE_URL", f"sqlite:///{tmp_path}/halo.sqlite3")
    monkeypatch.setenv("HALO_ASSISTANTS", str(ROOT / "assistants"))
    monkeypatch.setenv("HALO_CONSOLE_KEY", KEY)


def user(*given: str, said: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(app, ["user", *given], input=said)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_users_come_and_go():
    """Added, changed, listed, removed; a short password and an unknown role are refused."""
    assert user("add", "anna", said=PASSWORD + "\n")[0] == 0
    assert user("add", "anna", "--role", "editor", said=PASSWORD + "\n")[0] == 0
    assert user("list") == (0, "anna  editor\n")
    assert user("add", "anna", said="short\n")[0] == 2
    assert user("add", "anna", "--role", "boss", said=PASSWORD + "\n")[0] == 2
    assert user("remove", "anna")[0] == 0
    assert user("remove", "anna")[0] == 2
    assert "no user yet" in user("list")[1]


def picture(text: str) -> list[list[int]]:
    """The modules of its QR code, 1 for black."""
    return [list(row) for row in segno.make_qr(text, error="m").matrix_iter(border=2)]


def drawn(shown: str) -> list[list[int]]:
    """The modules of the picture of half blocks in it."""
    lines = [line for line in shown.splitlines() if re.fullmatch("[ ▄▀█]{20,}", line)]
    halves = [(["▀█", "▄█"][half], line) for line in lines for half in (0, 1)]
    rows = [[int(char in black) for char in line] for black, line in halves]
    return rows[: len(rows[0])]


def test_a_second_factor_is_kept_once_a_code_of_it_was_right(tmp_path):
    """Made with the secret that is shown, in a process of its own; then taken away."""
    user("add", "anna", said=PASSWORD + "\n")
    with subprocess.Popen(
        [HALO, "user", "second-factor", "anna"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        text=True,
    ) as making:
        shown = ""
        while "code that it shows" not in shown:
            shown += making.stdout.readline()
        secret = base64.b32decode(re.search(r"secret=([A-Z2-7]+)", shown)[1])
        assert "".join(re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", shown)[0].split()) in shown
        assert picture(re.search(r"otpauth://\S+", shown)[0]) == drawn(shown)
        assert user("list") == (0, "anna  admin\n")  # not yet
        making.stdin.write(code_at(secret, int(time.time()) // STEP_S) + "\n")
        making.stdin.close()
        rest = making.stdout.read()
    assert making.returncode == 0
    assert len(re.findall(r"^  [A-Z2-7]{5}-[A-Z2-7]{5}$", rest, re.MULTILINE)) == 10
    assert user("list") == (0, "anna  admin  second factor, 10 recovery codes left\n")
    assert user("second-factor", "anna", "--off")[0] == 0
    assert user("second-factor", "anna", "--off")[0] == 2
    assert user("list") == (0, "anna  admin\n")


def test_a_wrong_code_changes_nothing():
    """Three tries; somebody who copied the key wrongly is not locked out."""
    user("add", "anna", said=PASSWORD + "\n")
    code, shown = user("second-factor", "anna", said="000000\n12\n\n")
    assert code == 2
    assert "Nothing was changed" in shown
    assert user("list") == (0, "anna  admin\n")


@pytest.mark.parametrize("key", ["", "short"])
def test_without_a_key_to_seal_it_no_second_factor_is_made(key, monkeypatch):
    """What to do is said; nor is one made for nobody."""
    assert "no user nobody" in user("second-factor", "nobody")[1]
    monkeypatch.setenv("HALO_CONSOLE_KEY", key)
    code, shown = user("second-factor", "anna")
    assert code == 2
    assert "openssl rand" in shown
