"""What a new user does first, with real processes: serve, call, read the error, kill it."""

from __future__ import annotations

import http.server
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from halo_voice.cli import SAMPLE_LINES, _address
from halo_voice.core.ports import Outcome
from halo_voice.simulator import AiohttpNetwork, ScriptedNetwork
from halo_voice.simulator.invariants import breaches
from halo_voice.store import open_store
from tests.halo import ROOT, SCENARIO, call_to
from tests.serving import HALO, Server, clean_environment


def halo(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command, to its end."""
    return subprocess.run(
        [HALO, *words],
        cwd=ROOT,
        env=clean_environment(folder, **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path).start()
    yield running
    running.stop()


def test_serve_shows_a_sample_call_and_keeps_serving(tmp_path):
    """`make run`: three turns, heard as they happen, then the address and how to go on."""
    server = Server(tmp_path, "--sample-call").start()
    try:
        assert "Здравствуйте! Я голосовой ассистент компании HALO" in server.said
        assert all(f"caller     {line}" in server.said for line in SAMPLE_LINES)
        assert server.said.count("the caller waited") >= 3
        assert "offline assistant" in server.said
        assert f"halo call --url {server.url}\n" in server.said
        again = halo(tmp_path, "call", "--url", server.url, "--say", "где вы находитесь")
        assert again.returncode == 0, again.stdout + again.stderr
        assert "Лесной" in again.stdout
    finally:
        code = server.stop()
    assert code == 0


def test_a_scripted_call_prints_its_trace_and_ends_with_a_status(tmp_path, server):
    """`--trace` has the scenario's log lines; 0 when every line was answered."""
    done = halo(tmp_path, "call", "--url", server.url, "--say", "сколько стоит доставка", "--trace")
    assert done.returncode == 0
    for part in ("[ASR] Speech detected!", "[ASR] Backend response: 200", "[ASR] AI: "):
        assert part in done.stdout


def test_a_script_longer_than_the_call_is_told_so(tmp_path, server):
    """Twelve turns and no more: the thirteenth line was not lost but not said, and why."""
    lines = [word for _ in range(13) for word in ("--say", "где вы находитесь")]
    done = halo(tmp_path, "call", "--url", server.url, *lines)
    assert done.returncode == 1
    assert "limit of turns ended the call first: 12 of 13 lines were answered" in done.stderr


@pytest.mark.parametrize(
    ("own", "cure"),
    [("", "Give this command the server's HALO_KEYS"), (f"k1:{'x' * 32}", "Compare HALO_KEYS")],
)
def test_a_call_that_is_not_signed_as_the_server_wants_says_so(tmp_path, own, cure):
    """Not «backend_down»: what is missing is on this side."""
    server = Server(tmp_path, HALO_KEYS=f"k1:{'k' * 32}").start()
    try:
        keys = {"HALO_KEYS": own} if own else {}
        done = halo(tmp_path, "call", "--url", server.url, "--say", "где вы находитесь", **keys)
    finally:
        server.stop()
    assert done.returncode == 1
    assert cure in done.stderr


def test_a_signed_call_that_outruns_the_clock_says_what_to_do(tmp_path):
    """Virtual time is over a minute ahead by its end, whose report the server then refuses."""
    keys = {"HALO_KEYS": f"k1:{'k' * 32}"}
    server = Server(tmp_path, **keys).start()
    lines = [word for _ in range(9) for word in ("--say", "сколько стоит доставка")]
    try:
        done = halo(tmp_path, "call", "--url", server.url, *lines, **keys)
    finally:
        server.stop()
    assert done.returncode == 1
    assert "Use --real-time" in done.stderr


def test_a_terminal_without_russian_does_not_end_the_call(tmp_path, server):
    """What cannot be shown becomes question marks."""
    words = ("call", "--url", server.url, "--say", "где вы находитесь")
    done = halo(tmp_path, *words, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "assistant  ????" in done.stdout
    assert done.stderr == ""


def test_a_typed_call_reads_lines_and_hangs_up_at_the_end(tmp_path, server):
    """`make call`: what is typed is said."""
    typed = subprocess.run(
        [HALO, "call", "--url", server.url],
        cwd=ROOT,
        env=clean_environment(tmp_path),
        input="сколько стоит доставка\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert typed.returncode == 0, typed.stdout + typed.stderr
    assert "триста девяносто" in typed.stdout


def test_ctrl_c_hangs_up_a_typed_call_and_its_end_is_told(tmp_path, server):
    """What a person does who has seen enough: no call stays open, and the summary is shown."""
    typing = subprocess.Popen(
        [HALO, "call", "--url", server.url],
        cwd=ROOT,
        env=clean_environment(tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert typing.stdin is not None
    assert typing.stdout is not None
    typing.stdin.write("сколько стоит доставка\n".encode())
    typing.stdin.flush()
    seen = b""
    while seen.count(b"you") < 2:
        more = os.read(typing.stdout.fileno(), 4096)
        assert more, seen.decode()
        seen += more
    typing.send_signal(signal.SIGINT)
    rest, faults = typing.communicate(timeout=60)
    assert typing.returncode == 0, faults.decode()
    assert "hangs up" in rest.decode()
    assert "1 turn ·" in rest.decode()


class Babbler(http.server.BaseHTTPRequestHandler):
    """Says 200 to everything, as many a server does; `health` is what it says at `/healthz`."""

    health = b"<html>It works!</html>"

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.health if self.path == "/healthz" else b"<html>It works!</html>")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(("health", "status"), [(b"It works!", 2), (b'{"status":"ok"}', 1)])
def test_another_server_is_not_taken_for_halo(tmp_path, health, status):
    """A 200 is not enough: not to begin the call, and not to call its turns answered."""
    kind = type("Kind", (Babbler,), {"health": health})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as other:
        serving = threading.Thread(target=other.serve_forever)
        serving.start()
        url = f"http://127.0.0.1:{other.server_port}"
        done = halo(tmp_path, "call", "--url", url, "--say", "да")
        other.shutdown()
        serving.join()
    assert done.returncode == status, done.stdout + done.stderr


def test_sound_that_cannot_be_written_is_one_line(tmp_path, server):
    """`--audio` to a folder: what is wrong and what to do, no traceback."""
    done = halo(tmp_path, "call", "--url", server.url, "--say", "да", "--audio", str(tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "--audio" in done.stderr


@pytest.mark.parametrize("command", [("call", "--say", "да"), ("serve", "--sample-call")])
@pytest.mark.parametrize("text", [b"\xff\xfe", None])
def test_a_scenario_that_cannot_be_read_is_one_line(tmp_path, command, text):
    """Binary, or not there: told before anything is started."""
    file = tmp_path / "scenario.js"
    if text is not None:
        file.write_bytes(text)
    done = halo(tmp_path, *command, HALO_SCENARIO=str(file))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "HALO_SCENARIO" in done.stderr


def test_a_call_without_a_keyboard_is_one_line(tmp_path):
    """As under a supervisor that closes the standard input."""
    line = f"{HALO} call <&-"
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=ROOT,
        env=clean_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "--say" in done.stderr


def test_an_address_of_ipv6_is_in_brackets():
    """`http://::1:8080` is no address."""
    assert _address("::1", 8080) == "http://[::1]:8080"
    assert _address("127.0.0.1", 8080) == "http://127.0.0.1:8080"


def test_calling_nobody_says_what_to_do(tmp_path):
    """No server: one clear line, and a status."""
    done = halo(tmp_path, "call", "--url", "http://127.0.0.1:9", "--say", "да")
    assert done.returncode == 2
    assert "make run" in done.stderr
    assert "Traceback" not in done.stderr


def test_all_faults_of_the_configuration_are_told_at_once(tmp_path):
    """Settings by variable, profiles by file and line; nothing starts."""
    bad = tmp_path / "assistants"
    bad.mkdir()
    (bad / "x.toml").write_text('name = "x"\ncompany = "X"\n[asr]\nrecogniser = "amazon"\n')
    done = halo(
        tmp_path, "serve", HALO_ASSISTANTS=str(bad), HALO_KEYS="k:short", HALO_MODEL_PRESET="gpt"
    )
    assert done.returncode == 2
    assert "x.toml:4" in done.stderr
    assert "does not speak Russian" in done.stderr
    assert "HALO_KEYS" in done.stderr
    assert "HALO_MODEL_PRESET" in done.stderr
    assert "short" not in done.stderr.replace("shorter", "")


@pytest.mark.parametrize(
    ("variables", "part"),
    [
        ({"HALO_HOST": "0.0.0.0"}, "HALO_KEYS"),
        ({"HALO_PORT": "http"}, "HALO_PORT"),
        ({"HALO_MODLE_KEY": "x"}, "did you mean HALO_MODEL_KEY"),
        ({"HALO_STORE_URL": "mysql://x", "HALO_PORT": "0"}, "HALO_STORE_URL"),
    ],
)
def test_a_wrong_setting_is_told_with_its_name(tmp_path, variables, part):
    """And outside loopback nothing starts without a key."""
    done = halo(tmp_path, "serve", **variables)
    assert done.returncode == 2
    assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_told(tmp_path, server):
    """One line, and which setting changes it."""
    port = server.url.rpartition(":")[2]
    done = halo(tmp_path, "serve", "--port", port)
    assert done.returncode == 2
    assert "HALO_PORT" in done.stderr


def test_a_signed_server_is_called_with_its_key(tmp_path):
    """HALO_KEYS on both sides: the scenario signs, the gate lets it in; a stranger stays out."""
    key = "k1:" + "0123456789abcdef" * 4
    server = Server(tmp_path, HALO_KEYS=key).start()
    try:
        words = ("call", "--url", server.url, "--say", "где вы находитесь")
        assert halo(tmp_path, *words, HALO_KEYS=key).returncode == 0
        other = "k1:" + "f" * 64
        assert halo(tmp_path, *words, HALO_KEYS=other).returncode == 1
        assert halo(tmp_path, *words).returncode == 1
    finally:
        server.stop()


def test_lint_passes_the_shipped_scenario_and_fails_the_note(tmp_path):
    """The first description's own mistake is named, with what was meant."""
    assert halo(tmp_path, "lint", str(SCENARIO)).returncode == 0
    note = halo(tmp_path, "lint", str(ROOT / "tests/scenario/note_scenario.js"))
    assert note.returncode == 1
    hint = "ASREvents.SpeechDetected does not exist; did you mean ASREvents.CaptureStarted?"
    assert hint in note.stderr


async def test_kill_9_between_two_turns_loses_nothing(tmp_path):
    """F43, invariant 8: the process dies, another one carries the call on from the store."""
    server, other = Server(tmp_path).start(), Server(tmp_path).start()
    inner = AiohttpNetwork()
    turns = 0

    async def route(request):
        nonlocal server, turns
        if request.url.endswith("/process_text"):
            turns += 1
            if turns == 2:  # the other one is up already: else its start is a time without answers
                assert server.stop(signal.SIGKILL) == -signal.SIGKILL
                server = other
        address = request.url.replace("http://halo.test", server.url)
        return await inner.request(type(request)(**{**as_dict(request), "url": address}))

    words = ["до скольки вы работаете", "сколько стоит доставка", "где вы находитесь"]
    try:
        done = await call_to(None)(
            words, network=ScriptedNetwork(route), secrets={"HALO_URL": "http://halo.test"}
        )
    finally:
        await inner.close()
        other.stop()
        if server is not other:
            server.stop()
    assert breaches(done) == []
    store = await open_store(f"sqlite:///{tmp_path}/halo.sqlite3")
    [record] = await store.recent_calls(2)
    kept = await store.turns(record.call_id)
    await store.close()
    assert [turn.user_text for turn in kept] == words
    assert {turn.outcome for turn in kept} == {Outcome.ANSWERED}
    assert record.end_reason == "caller_hung_up"


def as_dict(request):
    return {name: getattr(request, name) for name in request.__dataclass_fields__}
