"""One context: true lines, limits of the platform, memory that is given back, time and chance from outside."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from pathlib import Path

import pytest

from halo_voice.simulator.engine import EPOCH_MS, Engine


def run(source: str, **options) -> list[dict]:
    engine = Engine(**options)
    commands = engine.load(source)
    engine.close()
    return commands


def lines(source: str, **options) -> list[str]:
    return [command["text"] for command in run(source, **options) if command["op"] == "log"]


def test_a_syntax_error_has_its_line():
    """The scenario's lines are those of its file."""
    (error,) = run("let a = 1;\n\nlet b = ;")
    assert error["how"] == "throw"
    assert "<input>:3" in error["stack"]


def test_a_callback_may_run_one_second():
    """An endless loop ends the session instead of the machine's patience; what came before is kept."""
    log, error = run(
        "Logger.write('before'); try { while (true); } catch (e) { Logger.write('caught'); }"
    )
    assert log["text"] == "before"
    assert error["message"] == "InternalError: the callback ran longer than 1 s"


def test_endless_promises_are_cut():
    """A chain of promises that never rests is a runaway too."""
    commands = run("(function again() { Promise.resolve().then(again); })()")
    assert commands[-1]["message"] == "InternalError: endless promises"


def test_memory_is_limited():
    """A session has 16 MB."""
    assert (
        "out of memory"
        in run("const a = []; while (true) a.push('x'.repeat(100000) + a.length)")[-1]["message"]
    )


def test_contexts_give_their_memory_back():
    """Hundreds of contexts made and closed leave memory flat."""

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    for _ in range(60):
        run("const a = Array(1000).fill(VoiceList.Google.ru_RU_Wavenet_A); Logger.write(a.join())")
    before = resident()
    for _ in range(300):
        run("const a = Array(1000).fill(VoiceList.Google.ru_RU_Wavenet_A); Logger.write(a.join())")
    assert resident() - before < 4 * 2**20


def test_time_is_the_sessions():
    """Date follows the session's clock, in UTC, whatever the machine's zone."""
    engine = Engine(epoch_ms=EPOCH_MS)
    engine.load(
        "setTimeout(() => { const d = new Date();"
        "Logger.write(d.toISOString()); Logger.write(d.getHours() + ' ' + Date.now() + ' ' + d.getTimezoneOffset());"
        "Logger.write(new Date(2026, 0, 2, 3).toISOString() + ' ' + (d instanceof Date) + ' ' + typeof Date()); }, 1)"
    )
    texts = [c["text"] for c in engine.step({"type": "timer", "timer": 1, "at": 1500})]
    engine.close()
    assert texts == [
        "2026-03-01T09:00:01.500Z",
        f"9 {EPOCH_MS + 1500} 0",
        "2026-01-02T03:00:00.000Z true string",
    ]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-03-01", "2026-03-01T00:00:00.000Z"),
        ("2026-03-01T10:00:00", "2026-03-01T10:00:00.000Z"),
        ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00.000Z"),
        ("2026-03-01T10:00:00+03:00", "2026-03-01T07:00:00.000Z"),
    ],
)
def test_a_date_without_a_zone_is_utc(text, iso, monkeypatch, request):
    """The platform's machines live in UTC; ours need not."""
    monkeypatch.setenv("TZ", "Asia/Kamchatka")
    time.tzset()
    request.addfinalizer(lambda: (monkeypatch.undo(), time.tzset()))
    assert lines(f"Logger.write(new Date('{text}').toISOString())") == [iso]


def test_local_time_of_russian_zones():
    """getLocalTime shifts a date; a zone that we have no table for says so."""
    source = "Logger.write(getLocalTime('Europe/Moscow', new Date(0)).toISOString())"
    assert lines(source) == ["1970-01-01T03:00:00.000Z"]
    assert run("getLocalTime('America/New_York', new Date(0))")[0]["kind"] == "unemulated"


def test_chance_comes_from_the_seed():
    """uuidgen and Math.random repeat with the seed, and differ between seeds."""
    source = "Logger.write(uuidgen()); Logger.write('' + Math.random())"
    assert lines(source, seed=1) == lines(source, seed=1)
    assert lines(source, seed=1) != lines(source, seed=2)
    assert len(lines(source)[0]) == 36


@pytest.mark.parametrize(
    "text", ["", "abc", "Здравствуйте, 42 ₽ 🙂", "x" * 55, "x" * 64, "y" * 300]
)
def test_digests_agree_with_the_standard_library(text):
    """Crypto's four functions, over UTF-8."""
    source = (
        f"const t = {text!r}; for (const f of ['sha256', 'sha1', 'md5']) Logger.write(Crypto[f](t));"
        "Logger.write(Crypto.hmac_sha256('key', t)); Logger.write(Crypto.hmac_sha256('k'.repeat(80), t));"
    )
    data = text.encode()
    assert lines(source) == [
        hashlib.sha256(data).hexdigest(),
        hashlib.sha1(data).hexdigest(),
        hashlib.md5(data).hexdigest(),
        hmac.new(b"key", data, "sha256").hexdigest(),
        hmac.new(b"k" * 80, data, "sha256").hexdigest(),
    ]


def test_the_signature_of_the_known_request():
    """The vector of tests/unit/api/test_signature.py: both ends of the wire give the same MAC."""
    message = "v1\\nk\\n1\\nn\\nGET\\n/\\n"
    assert lines(f"Logger.write(Crypto.hmac_sha256('s'.repeat(32), '{message}'))") == [
        "ff4a8d4f64d29366bc6cfb8b85b3435f40da14e76768d784dee6de4d40bcae41"
    ]


def test_bytes_and_texts():
    """The platform's conversions, there and back."""
    source = """
      const t = "Привет, мир 🙂";
      Logger.write(base64_encode(t));
      Logger.write(bytes2str(base64_decode(base64_encode(t)), "utf-8"));
      Logger.write(bytes2hex(str2bytes("Яz", "utf-8"), true) + bytes2hex(hex2bytes("00ff"), false));
      Logger.write(levenshtein_distance("кот", "скат") + " " + levenshtein_distance("", "ab"));
    """
    text = "Привет, мир 🙂"
    assert lines(source) == [base64.b64encode(text.encode()).decode(), text, "D0AF7A00ff", "2 2"]
