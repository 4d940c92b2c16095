"""What the environment and a file `.env` say: all faults in one list, none of them a traceback."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from halo_voice.app import configure, load_configuration
from halo_voice.core.errors import ConfigurationError
from halo_voice.settings import load_settings
from tests.halo import ROOT, settings

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder and nothing of this machine's environment."""
    for name in os.environ:
        if name.startswith("HALO_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HALO_ASSISTANTS", str(ROOT / "assistants"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def faults_of_file(content: bytes) -> list[str]:
    Path(".env").write_bytes(content)
    with pytest.raises(ConfigurationError) as error:
        load_configuration()
    assert KEY not in str(error.value)
    return list(error.value.faults)


def test_a_file_that_is_not_utf_8_is_named_with_its_line(folder: Path) -> None:
    """An editor's other encoding is told, not shown as a traceback."""
    assert faults_of_file(b"HALO_PORT=1\n# \xef\xf0\n") == [
        ".env:2: is not UTF-8; save it as UTF-8"
    ]


def test_a_folder_in_the_place_of_the_file_is_named(folder: Path) -> None:
    """Container tools make one where a file was to be mounted: it must not pass as no settings."""
    Path(".env").mkdir()
    with pytest.raises(ConfigurationError, match=r"^\.env: is a folder"):
        load_settings()


def test_lines_that_are_no_settings_are_named(folder: Path, caplog, capfd) -> None:
    """Each by its number and without its words, beside the faults of the lines that are."""
    found = faults_of_file(f"\n\nHALO_KEYS {KEY}\n\n# well\nHALO_PORT\nHALO_PORT=x\n".encode())
    assert [fault.split(": ")[0] for fault in found] == [".env:3", ".env:6", "HALO_PORT"]
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_a_file_with_a_byte_order_mark_is_read_from_its_first_name(folder: Path) -> None:
    """Windows writes one before the first line."""
    Path(".env").write_bytes(b"\xef\xbb\xbfHALO_PORT=8123\n")
    assert load_settings().port == 8123


def test_one_wrong_setting_hides_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fields, keys, models, recordings, transcription and profiles: one start tells all."""
    wrong = {
        "PORT": "x",
        "KEYS": "a:short",
        "MODEL_URL": "hello",
        "MODEL_HEADERS": "[]",
        "MODEL2_PRESET": "gpt",
        "RECORDING_HOSTS": "10.0.0.1",
        "TRANSCRIPTION_URL": "hello",
        "TRANSCRIPTION_KEY": "ключ",
        "TRANSCRIPTION_CA_FILE": "/no/such",
        "PROT": "1",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(f"HALO_{name}", value)
    monkeypatch.setenv("HALO_ASSISTANTS", "nowhere")
    with pytest.raises(ConfigurationError) as error:
        load_configuration()
    named = {fault.split(":")[0] for fault in error.value.faults}
    assert named == {f"HALO_{name}" for name in wrong} | {"HALO_MODEL_NAME", "nowhere"}
    assert "ключ" not in str(error.value)


def test_a_key_id_may_not_be_given_twice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the two secrets would be dropped in silence."""
    monkeypatch.setenv("HALO_KEYS", f"a:{KEY},a:{KEY[::-1]}")
    with pytest.raises(ConfigurationError, match="HALO_KEYS: two keys have the same id"):
        load_configuration(host="0.0.0.0")


def test_settings_of_transcription_that_work_are_taken() -> None:
    """An address, a key and no file of authorities."""
    given = settings(transcription_url="http://127.0.0.1:9/v1", transcription_key="k")
    assert configure(given).settings is given


def test_a_key_that_seals_nothing_well_is_refused(folder: Path) -> None:
    """A second factor that could not be read again would lock its user out; none is none."""
    assert faults_of_file(b"HALO_CONSOLE_KEY=short\n") == [
        "HALO_CONSOLE_KEY: has less than 32 bytes: `openssl rand -hex 32`"
    ]
    Path(".env").write_text(f"HALO_CONSOLE_KEY={KEY}\n", "utf-8")
    assert load_settings().console_key.get_secret_value() == KEY


@pytest.mark.parametrize("value", ["inf", "nan", "1e308", "-1"])
@pytest.mark.parametrize("name", ["CALL_ROUBLES", "DAY_ROUBLES", "PRICE_TTS", "VOX_BALANCE_MIN"])
def test_money_is_a_sum_that_can_be_counted(folder: Path, name: str, value: str) -> None:
    """Infinity would be a traceback at the start; no limit is 0."""
    [fault] = faults_of_file(f"HALO_{name}={value}\n".encode())
    assert fault.startswith(f"HALO_{name}: Input should be ")


@pytest.mark.parametrize("name", ["TOOL_PRIVATE_HOSTS", "DELIVERY_PRIVATE_HOSTS"])
@pytest.mark.parametrize("value", ["http://crm.local", "db.local,crm.local/", "10.0.0.0/8"])
def test_a_host_that_is_an_address_is_refused(folder: Path, name: str, value: str) -> None:
    """Nothing would ever be found to be it."""
    [fault] = faults_of_file(f"HALO_{name}={value}\n".encode())
    assert fault.startswith(f"HALO_{name}: no «/» here: crm.local, or crm.local:8080")


def test_all_keys_are_known_as_secrets() -> None:
    """Signing keys, and the keys of models and servers: none of them may be said or shown."""
    given = settings(keys=f"k1:{KEY}", model_key="m" * 20, transcription_key="t" * 20)
    assert sorted(given.secrets) == sorted([KEY, "m" * 20, "t" * 20])


HEADERS = {"Authorization": "Bearer h" + "1" * 20, "X-Key": "x" * 20}


def test_values_of_headers_are_secrets() -> None:
    """F76: of both models, with and without their scheme; of what is no JSON, all of it."""
    given = settings(model_headers=json.dumps(HEADERS), model2_headers="{torn " + "t" * 20)
    known = {*HEADERS.values(), "h" + "1" * 20, "{torn " + "t" * 20}
    assert set(given.secrets) == known
    assert len(given.secrets) == len(known)


@pytest.mark.parametrize(
    ("url", "passwords"),
    [
        ("postgresql://halo:correct%20horse@db/halo", {"correct%20horse", "correct horse"}),
        ("postgresql://halo:a/b@c:d@db:5432/halo", {"a/b@c:d"}),
        ("postgresql://db/halo?password=battery%2Bpin", {"battery%2Bpin", "battery+pin"}),
        ("postgresql://halo@db/halo", set()),
        ("sqlite:///var/halo.sqlite3", set()),
        ("memory:", set()),
    ],
)  # fmt: skip
def test_the_password_of_the_store_is_a_secret(url: str, passwords: set[str]) -> None:
    """F76: as it is written and as it is meant, in an address that is mistyped too."""
    assert set(settings(store_url=url).secrets) == passwords


def test_a_number_that_nobody_could_call_is_refused(folder: Path) -> None:
    """And named: the platform would be shown nothing."""
    found = faults_of_file(b"HALO_VOX_NUMBERS=+7 (495) 000-00-00,abc\n")
    assert len(found) == 1
    assert found[0].startswith("HALO_VOX_NUMBERS: 'abc' is no telephone number")
