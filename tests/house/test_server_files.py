"""Dockerfile, compose.yaml, Caddyfile and unit, against the project: paths, settings, commands."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import typer
import yaml

from halo_voice.app import SERVING
from halo_voice.cli import app
from halo_voice.serving import GRACE_S
from halo_voice.settings import Settings, variable

ROOT = Path(__file__).parents[2]
SETTINGS = {variable(name) for name in Settings.model_fields}
PINNED = re.compile(r"[a-z]+:\d+\.\d+(?:\.\d+)?(?:-[a-z]+)+")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, lines joined, comments gone."""
    text = re.sub(r"^#.*\n", "", read("Dockerfile"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    pairs = (line.strip().partition(" ") for line in lines if line.strip())
    return [(word, rest.strip()) for word, _, rest in pairs]


def of(kind: str) -> list[str]:
    return [rest for word, rest in instructions() if word == kind]


def compose() -> dict:
    return yaml.safe_load(read("compose.yaml"))


def unit() -> dict[str, list[tuple[str, str]]]:
    """Sections with their lines in order; a name may come more than once."""
    sections: dict[str, list[tuple[str, str]]] = {}
    current = ""
    for line in read("server/halo@.service").splitlines():
        if line.startswith("["):
            current = line.strip("[]")
            sections[current] = []
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            sections[current].append((name, value))
    return sections


# ---------------------------------------------------------------------------------- Dockerfile


def test_the_image_is_pinned_and_runs_as_nobody():
    """Bases by their full version; a user by number, without a name that a base could change."""
    bases = [each.split()[0] for each in of("FROM")]
    assert all(PINNED.fullmatch(base.partition("@")[0]) for base in bases)
    assert len(set(bases)) == 1, "what was built runs on what it was built for"
    assert of("USER") == ["10001:10001"]
    words = [word for word, _ in instructions()]
    assert words.index("USER") > max(i for i, word in enumerate(words) if word == "COPY")


def test_the_image_installs_what_is_locked_and_nothing_else():
    """Every `pip install` takes hashes, or no dependency at all."""
    installs = re.findall(r"pip install (.*?)(?:&&|$)", " && ".join(of("RUN")))
    assert len(installs) == 2
    assert all("--require-hashes" in each or "--no-deps" in each for each in installs)


def test_everything_that_is_copied_exists_and_is_let_in():
    """Sources of COPY are in the repository, and `.dockerignore` does not hold them back."""
    ignored = read(".dockerignore").split()
    copied = [rest.split()[:-1] for rest in of("COPY") if not rest.startswith("--from")]
    for source in (name for names in copied for name in names):
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored, source


def test_the_image_starts_a_command_that_exists_with_settings_that_exist():
    """Its variables are settings with values they take; its command is one of `halo`."""
    pairs = dict(each.split("=", 1) for rest in of("ENV") for each in shlex.split(rest))
    ours = {name: value for name, value in pairs.items() if name.startswith("HALO_")}
    assert set(ours) <= SETTINGS
    given = {name.removeprefix("HALO_").lower(): value for name, value in ours.items()}
    assert Settings(_env_file=None, **given).port == int(of("EXPOSE")[0])
    (command,) = yaml.safe_load(of("CMD")[0])
    assert command in typer.main.get_command(app).commands
    assert f"127.0.0.1:{of('EXPOSE')[0]}/readyz" in of("HEALTHCHECK")[0]


def test_what_is_built_has_every_file_that_runs(tmp_path):
    """The wheel that the image installs holds each file of the package, data included."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs git and the repository: which files are the project's?")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    listed = subprocess.run(
        ["git", "ls-files", "src"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert {name.removeprefix("src/") for name in listed.stdout.split()} <= packed


# ------------------------------------------------------------------------------------- compose


def test_every_service_is_pinned_and_may_do_little():
    """No image floats; HALO and its proxy have no more rights than they need."""
    services = compose()["services"]
    for name, service in services.items():
        assert "build" in service or PINNED.fullmatch(service["image"]), name
    for name in ("halo", "work", "proxy"):
        assert services[name]["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in services[name]["security_opt"]
    assert all(services[name]["read_only"] is True for name in ("halo", "work"))
    assert [name for name in services if "ports" in services[name]] == ["proxy"]


def test_compose_gives_halo_settings_that_exist():
    """Its variables are settings, or uvicorn's; the spool lies in the image's volume; a stop has
    its time; what runs after calls has all of it, too, and is a command of `halo`."""
    halo, work = (compose()["services"][name] for name in ("halo", "work"))
    assert set(halo["environment"]) - SETTINGS == {"FORWARDED_ALLOW_IPS"}
    assert {name for name, value in work.items() if value != halo.get(name)} == {
        "command",
        "healthcheck",
    }
    assert work["command"][0] in typer.main.get_command(app).commands
    assert halo["environment"]["HALO_PORT"] == of("EXPOSE")[0]
    assert f"spool:{of('VOLUME')[0]}" in halo["volumes"]
    assert float(halo["stop_grace_period"].rstrip("s")) > GRACE_S + 2
    named = set(re.findall(r"\$\{?(HALO_\w+)", read("compose.yaml") + read("server/Caddyfile")))
    assert named <= SETTINGS


def test_every_file_and_volume_that_compose_names_is_there():
    """Mounted files exist, but for what holds secrets; volumes are declared."""
    whole = compose()
    secret = {"./credentials"}
    for service in whole["services"].values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if not source.startswith("./"):
                assert source in whole["volumes"]
            elif source not in secret:
                assert (ROOT / source).exists(), source


def test_the_proxy_leads_to_halo_and_changes_nothing_that_is_signed():
    """The Caddyfile's braces match; it names the service and its port; it rewrites nothing."""
    text = "\n".join(line for line in read("server/Caddyfile").splitlines() if line[:1] != "#")
    text = text.replace("{$HALO_PUBLIC_URL}", "address")
    assert text.count("{") == text.count("}") == 4
    assert f"reverse_proxy halo:{of('EXPOSE')[0]}" in text
    assert not re.search(r"rewrite|uri |handle_path|header_up|header_down|encode|\blog\b", text)


def test_the_proxy_gives_up_an_idle_connection_first():
    """Were HALO the first, a request could be on its way when it closes, and be lost."""
    (kept_s,) = re.findall(r"^\s*keepalive (\d+)s$", read("server/Caddyfile"), re.MULTILINE)
    assert int(kept_s) + 5 <= SERVING["timeout_keep_alive"]


# ---------------------------------------------------------------------------------------- unit


def blocks() -> list[dict[str, str]]:
    """The settings of each file that docs/real-line.md has written."""
    found = re.findall(
        r"<<EOF\n(.*?)^    EOF$", read("docs/real-line.md"), re.DOTALL | re.MULTILINE
    )
    lines = [[line.strip().partition("=") for line in block.splitlines()] for block in found]
    return [{name: value for name, _, value in block} for block in lines]


def test_the_settings_that_are_written_down_exist_and_hold():
    """With containers and without; without, whatever is written lies where the unit may write."""
    with_containers, without = blocks()
    (state,) = [value for name, value in unit()["Service"] if name == "StateDirectory"]
    for given in (with_containers, without):
        ours = {name: value for name, value in given.items() if name != "POSTGRES_PASSWORD"}
        assert set(ours) <= SETTINGS
        ours["HALO_KEYS"] = ours["HALO_KEYS"].replace("$(openssl rand -hex 32)", "k" * 64)
        Settings(_env_file=None, **{n.removeprefix("HALO_").lower(): v for n, v in ours.items()})
    defaults = {name: str(field.default) for name, field in Settings.model_fields.items()}
    written = {name for name, value in defaults.items() if re.search(r"\bvar\b", value)}
    assert written == {"store_url", "tool_data", "embeddings_file"}
    for name in (*written, "store_spool"):
        assert f"/var/lib/{state}" in without[variable(name)]


def test_the_unit_starts_commands_that_exist():
    """Those that the papers enable; a stop has its time; nothing but its state may be written."""
    service = unit()["Service"]
    only = dict(service)
    assert only["ExecStart"].split()[-1] == "%i"
    enabled = set(re.findall(r"halo@(\w+)", read("docs/real-line.md")))
    assert enabled == {"serve", "work"} <= set(typer.main.get_command(app).commands)
    assert only["ProtectSystem"] == "strict"
    assert only["User"] not in ("", "root")
    assert float(only["TimeoutStopSec"]) > GRACE_S + 2


def test_a_command_runs_with_the_settings_of_the_services():
    """The file they read, their user, their folder."""
    said = dict(unit()["Service"])
    script = read("server/halo")
    assert f". {said['EnvironmentFile']}\n" in script
    assert f"cd {said['WorkingDirectory']}\n" in script
    assert f"runuser -u {said['User']} -- .venv/bin/halo" in script
    assert (ROOT / "server" / "halo").stat().st_mode & 0o111
    subprocess.run(["sh", "-n", str(ROOT / "server" / "halo")], check=True)


def test_systemd_understands_the_unit(tmp_path):
    """Where systemd is at hand it is asked, with a program in the place of HALO's."""
    if shutil.which("systemd-analyze") is None:
        return
    path = tmp_path / "halo@.service"
    text = read("server/halo@.service").replace("/opt/halo/.venv/bin/halo", sys.executable)
    path.write_text(text)
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True
    )
    ours = [line for line in said.stderr.splitlines() if "halo@" in line]
    assert ours == []
