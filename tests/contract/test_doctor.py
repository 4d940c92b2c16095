"""`halo doctor`: all is well where it is, and each thing broken in turn is named, with its cure."""

import asyncio
import socket
import threading
from contextlib import AsyncExitStack

import pytest
from deploying import KEY, NUMBER
from typer.testing import CliRunner

from halo_voice.cli import app
from halo_voice.doctor.home import check_settings
from halo_voice.settings import read_settings
from tests.halo import ROOT
from tests.standins.front_door import FrontDoor
from tests.standins.management_api import ManagementApi
from tests.standins.model_server import ModelServer, plain
from tests.streams import served

HOST = "halo.example.ru"
THINGS = (
    *("settings", "profiles", "signature", "store", "model", "public address", "certificate"),
    *("stream", "account", "balance", "clock", "application", "scenario", "rule", "secrets"),
    "number",
)


class Beside:
    """Servers on a loop of their own, as they are in the world."""

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.stack = AsyncExitStack()
        return self

    def __exit__(self, *_):
        self.run(self.stack.aclose())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=20)

    def enter(self, context):
        return self.run(self.stack.enter_async_context(context))


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Everything that a call needs, standing: HALO behind its door, a model, the account."""
    real = socket.getaddrinfo

    def look_up(host, *rest, **how):
        name = host.decode() if isinstance(host, bytes) else host
        return real("127.0.0.1" if name == HOST else host, *rest, **how)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with ManagementApi() as api, Beside() as beside:
        halo = beside.enter(served(keys={"k1": KEY}))
        door = beside.enter(FrontDoor(HOST, halo.port))
        model = beside.enter(ModelServer())
        api.account.rent(NUMBER)
        variables = {
            "REQUESTS_CA_BUNDLE": api.write_authority(tmp_path),
            "SSL_CERT_FILE": door.write_authority(tmp_path / "door.pem"),
            "HALO_STORE_URL": f"sqlite:///{tmp_path}/halo.sqlite3",
            "HALO_MODEL_URL": model.url,
            "HALO_MODEL_NAME": "standin",
            "HALO_MODEL_PRESET": "vllm",
            "HALO_VOX_CREDENTIALS": api.write_credentials(tmp_path),
            "HALO_VOX_API": api.endpoint,
            "HALO_VOX_NUMBERS": f"+{NUMBER}",
            "HALO_PUBLIC_URL": f"https://{HOST}:{door.port}",
            "HALO_KEYS": f"k1:{KEY}",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.chdir(ROOT)
        deployed = CliRunner().invoke(app, ["deploy"])
        assert deployed.exit_code == 0, deployed.output
        yield World(api, beside, door, model, tmp_path)


class World:
    def __init__(self, api, beside, door, model, folder):
        self.api, self.beside, self.door, self.model = api, beside, door, model
        self.folder = folder

    @property
    def rule(self):
        return next(iter(self.api.account.rules.values()))

    def secret(self, name):
        return next(each for each in self.api.account.secrets.values() if each.name == name)


def look(**variables):
    """What the doctor says of each thing: its line, and whether it is broken."""
    seen = CliRunner(env=variables).invoke(app, ["doctor"])
    assert seen.exception is None or isinstance(seen.exception, SystemExit), seen.exception
    assert KEY not in seen.output
    assert "PRIVATE" not in seen.output
    lines = [line for line in seen.stdout.splitlines() if line[:1] in "✔✘"]
    bad = [line[2:] for line in lines if line.startswith("✘")]
    assert seen.exit_code == (1 if bad else 0)
    assert all(" → " in line for line in bad), "each has its cure"
    return lines, bad


def test_all_is_well_where_everything_stands(world):
    """One line for each thing, in the order of need, and nothing is changed."""
    world.api.forget()
    lines, bad = look()
    assert bad == []
    assert tuple(line[2:].partition(":")[0] for line in lines) == THINGS
    assert world.api.writes == []
    assert "first word after" in lines[THINGS.index("model")]


BREAKS = {
    "a setting": ({"HALO_PORT": "x"}, None, "settings", "HALO_PORT"),
    "a profile": ({"HALO_ASSISTANTS": "/none"}, None, "profiles", "docs/profiles.md"),
    "no key": ({"HALO_KEYS": ""}, None, "signature", "openssl rand"),
    "the store": ({"HALO_STORE_URL": "sqlite:////proc/x/h"}, None, "store", "HALO_STORE_URL"),
    "no model": ({"HALO_MODEL_URL": "http://127.0.0.1:1/v1"}, None, "model", "HALO_MODEL"),
    "a model's key": (
        {},
        lambda w: setattr(w.model, "reply", plain({"error": "no"}, status=401)),
        "model",
        "HALO_MODEL",
    ),
    "no address": ({"HALO_PUBLIC_URL": ""}, None, "public address", "https://"),
    "no dns": ({"HALO_PUBLIC_URL": "https://no.invalid"}, None, "public address", "the record"),
    "no proxy": ({"HALO_PUBLIC_URL": f"https://{HOST}:1"}, None, "public address", "start the"),
    "no halo": ({}, lambda w: setattr(w.door, "mode", "empty"), "public address", "start HALO"),
    "elsewhere": ({}, lambda w: setattr(w.door, "mode", "elsewhere"), "public address", "lead to"),
    "no trust": ({"SSL_CERT_FILE": "{other}"}, None, "public address", "public authority"),
    "another key": ({"HALO_KEYS": "k1:" + "z" * 32}, None, "public address", "same HALO_KEYS"),
    "no sockets": ({}, lambda w: setattr(w.door, "mode", "no_sockets"), "stream", "Upgrade"),
    "halo's clock": ({}, lambda w: setattr(w.door, "mode", "late"), "clock", "NTP"),
    "no account": ({"HALO_VOX_CREDENTIALS": ""}, None, "account", "service account"),
    "a wrong key": (
        {},
        lambda w: w.api.write_credentials(w.folder, key_id="deleted"),
        "account",
        "file of a service account",
    ),
    "a role": (
        {},
        lambda w: w.api.account.forbidden.add("GetSecretValue"),
        "account",
        "Developer",
    ),
    "frozen": ({}, lambda w: setattr(w.api.account, "frozen", True), "account", "support"),
    "no money": ({}, lambda w: setattr(w.api.account, "balance", -0.5), "balance", "top"),
    "the clock": ({}, lambda w: setattr(w.api, "clock_s", 15), "clock", "NTP"),
    "readable key": (
        {},
        lambda w: (w.folder / "credentials.json").chmod(0o644),
        "key file",
        "chmod 600",
    ),
    "application": (
        {"HALO_VOX_APPLICATION": "other"},
        None,
        "application",
        "halo deploy",
    ),
    "storage": (
        {},
        lambda w: setattr(next(iter(w.api.account.applications.values())), "secure", False),
        "application",
        "halo deploy",
    ),
    "scenario": (
        {},
        lambda w: setattr(next(iter(w.api.account.scenarios.values())), "script", "x"),
        "scenario",
        "halo deploy",
    ),
    "pattern": ({}, lambda w: setattr(w.rule, "pattern", "7999.*"), "rule", "halo deploy"),
    "binding": ({}, lambda w: w.rule.scenarios.clear(), "rule", "halo deploy"),
    "a secret": (
        {},
        lambda w: setattr(w.secret("HALO_KEY"), "value", "another"),
        "secrets",
        "HALO_KEY",
    ),
    "no secret": ({}, lambda w: w.api.account.secrets.clear(), "secrets", "make the secret"),
    "no number": ({"HALO_VOX_NUMBERS": ""}, None, "number", "HALO_VOX_NUMBERS"),
    "their number": ({"HALO_VOX_NUMBERS": "+79990000000"}, None, "number", "rent it"),
    "unbound": (
        {},
        lambda w: setattr(next(iter(w.api.account.numbers.values())), "rule", None),
        "number",
        "halo deploy",
    ),
    "cancelled": (
        {},
        lambda w: setattr(next(iter(w.api.account.numbers.values())), "canceled", True),
        "number",
        "rent it again",
    ),
}


@pytest.mark.parametrize(("variables", "harm", "thing", "cure"), BREAKS.values(), ids=BREAKS)
def test_each_broken_thing_is_named_with_its_cure(world, variables, harm, thing, cure):
    """Whatever is broken alone, its line is among the bad ones and says what helps."""
    if harm is not None:
        harm(world)
    if variables.get("SSL_CERT_FILE") == "{other}":
        variables = {"SSL_CERT_FILE": str(world.api.write_authority(world.folder))}
    _, bad = look(**variables)
    (line, *_) = [each for each in bad if each.startswith(f"{thing}:")]
    assert cure in line.lower() if cure.islower() else cure in line


def test_what_stands_alone_is_the_only_thing_that_is_named(world):
    """One broken rule is one bad line: nothing else is blamed for it."""
    world.rule.pattern = "7999.*"
    _, bad = look()
    assert [each.partition(":")[0] for each in bad] == ["rule"]


def test_a_certificate_about_to_end_is_named():
    """Two weeks before its end: by then a proxy that renews would have done so."""
    from halo_voice.doctor.road import _certificate

    assert not _certificate(13.0).ok
    assert _certificate(14.5).ok


def test_a_file_that_cannot_be_read_ends_the_look(tmp_path, monkeypatch):
    """Without it most of what else could be said would be wrong."""
    (tmp_path / ".env").mkdir()
    monkeypatch.chdir(tmp_path)
    seen = CliRunner().invoke(app, ["doctor"])
    assert seen.exit_code == 1
    assert "is a folder" in seen.stdout


def test_a_tool_that_does_not_load_is_a_fault_of_its_profile(tmp_path):
    """Not of the settings: the cure is in the profile's file."""
    (tmp_path / "t.py").write_text("not python at all", encoding="utf-8")
    profile = 'name = "x"\ncompany = "X"\ndefault = true\n[tools]\npython = ["t.py"]\n'
    (tmp_path / "x.toml").write_text(profile, encoding="utf-8")
    settings, faults = read_settings(assistants=tmp_path)
    checks, configuration = check_settings(settings, faults)
    assert configuration is None
    assert [(each.name, each.ok) for each in checks] == [("settings", True), ("profiles", False)]
    assert "t.py: SyntaxError" in str(checks[1])
    assert "docs/profiles.md" in str(checks[1])
