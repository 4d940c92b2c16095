"""No secret is in the repository or in the scenario, and one that is planted is found."""

from __future__ import annotations

import base64
import hashlib
import random
import subprocess
import sys

import pytest
from supply.leaks import KNOWN, ROOT, SHAPES, fingerprint, leaks, leaks_in

from tests.halo import SCENARIO


def drawn(alphabet: str, length: int, seed: int = 1) -> str:
    rng = random.Random(seed)
    return "".join(rng.choice(alphabet) for _ in range(length))


DIGITS = "0123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" + DIGITS
BASE64 = base64.b64encode(random.Random(2).randbytes(48)).decode()

# Made here, so that this file holds none.
PLANTED = {
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "a key of AWS": "AK" + "IA" + drawn("ABCDEFGH" + DIGITS, 16),
    "a token of GitHub": "gh" + "p_" + drawn(LETTERS, 36),
    "a token of GitLab": "gl" + "pat-" + drawn(LETTERS, 20),
    "a key of a model's provider": "sk" + "-" + drawn(LETTERS, 40),
    "a key of Google": "AI" + "za" + drawn(LETTERS, 35),
    "a token of Slack": "xo" + "xb-" + drawn(LETTERS, 24),
    "a token of Telegram": drawn(DIGITS, 9) + ":AA" + drawn(LETTERS, 33),
    "a key of Yandex Cloud": "AQ" + "VN" + drawn(LETTERS, 40),
    "a token of Yandex": "y0" + "_" + drawn(LETTERS, 55),
    "a JSON web token": ".".join(["ey" + "J" + drawn(LETTERS, 20)] * 2 + [drawn(LETTERS, 30)]),
    "a password in an address": "postgresql://halo:" + "hunter2@db.example/halo",
}
BY_CHANCE = {
    "hex, as openssl rand draws it": hashlib.sha256(b"x").hexdigest(),
    "base64": BASE64,
    "a setting": "HALO_KEYS=" + "prod:" + drawn(LETTERS, 40),
    "an assignment in JavaScript": 'const apiKey = "' + drawn(LETTERS, 24) + '";',
    "a field of JSON": '"client_secret": "' + drawn(LETTERS, 24) + '"',
    "a password in TOML": 'password = "' + drawn(LETTERS, 20) + '"',
}


def test_the_project_holds_no_secret():
    """F76: none in any file under version control, the scenario included."""
    assert [str(leak) for leak in leaks()] == []


def test_every_shape_is_tried():
    """F76: each kind of key that is looked for is planted below."""
    assert set(PLANTED) == set(SHAPES)


@pytest.mark.parametrize(
    "secret", [*PLANTED.values(), *BY_CHANCE.values()], ids=[*PLANTED, *BY_CHANCE]
)
def test_a_secret_in_the_scenario_is_found(tmp_path, secret):
    """F76: wherever it is planted, the command fails, names the line, and does not show it."""
    lines = SCENARIO.read_text(encoding="utf-8").splitlines()
    lines.insert(100, f"  // {secret}" if " " not in secret else secret)
    planted = tmp_path / SCENARIO.name
    planted.write_text("\n".join(lines), encoding="utf-8")
    found = leaks([planted])
    assert {leak.line for leak in found} == {101}
    assert all(secret not in str(leak) for leak in found)


def test_the_command_fails_where_there_is_one(tmp_path):
    """F76: the build stops."""
    planted = tmp_path / "settings.env"
    planted.write_text(BY_CHANCE["a setting"] + "\n")
    command = [sys.executable, "supply/leaks.py", str(planted)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "settings.env:1:" in done.stdout
    assert BY_CHANCE["a setting"][10:] not in done.stdout


@pytest.mark.parametrize(
    "line",
    [
        "    --hash=sha256:" + hashlib.sha256(b"a").hexdigest() + " \\",
        '"integrity": "sha512-' + base64.b64encode(hashlib.sha512(b"a").digest()).decode() + '",',
        "secret = settings.transcription_key.get_secret_value()",
        'HALO_KEY: "the secret of the signature"',
        "test_a_signed_request_is_answered_once_and_never_a_second_time_in_its_life",
        "src/halo_voice/simulator/platform/later/crypto.js",
        "00000000000000000000000000000000",
        "a sentence about tokens: a token of 12345678 characters",
    ],
)
def test_what_is_no_secret_is_let_be(line):
    """F76: hashes, names, paths and code; whoever is warned in vain stops reading."""
    assert leaks_in(line, "x") == []


def test_what_is_known_to_be_none_is_still_there():
    """F76: the list of exceptions has a reason for each line, and no line too many."""
    listed = [line.split(maxsplit=2) for line in KNOWN.read_text().splitlines() if line[:1] != "#"]
    assert all(len(each) == 3 for each in listed)
    text = "\n".join(path.read_text(errors="replace") for path in ROOT.rglob("tests/**/*.py"))
    text += (ROOT / "src/halo_voice/simulator/platform/later/bytes.js").read_text()
    assert {each[0] for each in listed} <= {leak.print for leak in leaks_in(text, "all")}
    assert fingerprint("a") != fingerprint("b")
