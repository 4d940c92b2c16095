"""The type check on the shipped scenario and on small scripts, good and bad."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from halo_voice.simulator.lint import NoTypeScript, lint
from halo_voice.simulator.lint.script import Script
from halo_voice.simulator.lint.typecheck import Compiler, findings

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "scenario" / "voximplant_scenario_ASR.js"
NOTE = Path(__file__).parent / "note_scenario.js"
HINT = "ASREvents.SpeechDetected does not exist; did you mean ASREvents.CaptureStarted?"

GOOD = """
require(Modules.ASR);
VoxEngine.addEventListener(AppEvents.CallAlerting, (alerting) => {
  const call = alerting.call;
  const asr = VoxEngine.createASR({
    profile: ASRProfileList.Google.ru_RU, model: ASRModelList.Google.phone_call,
  });
  asr.addEventListener(ASREvents.Result, (e) => e.text.trim() + e.confidence.toFixed(2));
  call.addEventListener(CallEvents.Disconnected, (e) => Logger.write(e.reason.trim()));
  call.say("Да", { voice: VoiceList.Yandex.Neural.ru_RU_alena });
  const player = VoxEngine.createTTSPlayer("Да", { voice: VoiceList.Yandex.Neural.ru_RU_alena });
  player.addEventListener(PlayerEvents.PlaybackMarkerReached, (e) => e.offset.toFixed());
  player.sendMediaTo(call);
  const profile = "Google.ru_RU".split(".").reduce((at, key) => at && at[key], ASRProfileList);
  VoxEngine.createASR({ profile });
  clearTimeout(setTimeout(() => call.hangup(), 5));
});
"""


@pytest.fixture(scope="session")
def compiler() -> Compiler:
    try:
        return Compiler.find(ROOT)
    except NoTypeScript as reason:
        pytest.skip(f"TypeScript is not here: {reason}")


def errors(compiler: Compiler, source: str) -> list[tuple[int, str]]:
    script = Script(source.encode())
    return [(finding.line, finding.message) for finding in findings(script, compiler)]


@pytest.mark.node
def test_the_declarations_check_by_themselves(compiler, tmp_path):
    """Without `--skipLibCheck` the declarations have no error either."""
    flags = ["--noEmit", "--target", "es2022", "--lib", "es2022", "--strict", "false"]
    command = [compiler.node, str(compiler.tsc), *flags, "voxengine.d.ts"]
    shutil.copy(ROOT / "scenario" / "voxengine.d.ts", tmp_path)
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.node
def test_a_good_script_has_no_type_error(compiler):
    """Payloads are inferred from their events, and voices, profiles and models fit."""
    assert errors(compiler, GOOD) == []


@pytest.mark.node
def test_every_invented_name_is_a_type_error(compiler):
    """One compiler run over one fault a line finds each, in our words."""
    faults = {
        "ASREvents.SpeechDetected;": HINT,
        "VoxEngine.createASR(null).start();": "did you mean VoxEngine.createASR?",
        "VoxEngine.callPSTN('1', '2').startASR();": "did you mean VoxEngine.createASR?",
        "PlayerEvents.PlaybackError;": "did you mean PlayerEvents.Error?",
        "fetch('x');": "fetch does not exist; did you mean Net.httpRequestAsync?",
        "console.log('x');": "console does not exist; did you mean Logger.write?",
        "new URL('x');": "URL does not exist",
        "Buffer.from('x');": "Buffer does not exist; did you mean str2bytes?",
        "ASRProfileList.Deepgram.ru_RU;": "did you mean ASRProfileList.Deepgram.ru?",
        "VoxEngine.createASR({ profile: 'Google' });": "not assignable to type 'ASRProfile'",
        "VoxEngine.callPSTN('1', '2').say(5);": "not assignable to parameter of type 'string'",
        "VoxEngine.createASR(null).addEventListener(ASREvents.Result, (e) => e.txt);": (
            "_ASRResultEvent.txt does not exist; did you mean _ASRResultEvent.text?"
        ),
        "VoxEngine.createASR(null).addEventListener(CallEvents.Connected, () => 1);": "_ASREvents",
    }
    found = dict(errors(compiler, "\n".join(faults)))
    assert sorted(found) == list(range(1, len(faults) + 1))
    for line, part in enumerate(faults.values(), 1):
        assert part in found[line]


@pytest.mark.node
def test_a_syntax_error_is_told_with_its_place(compiler):
    """What cannot be parsed is a finding of rule `syntax`."""
    found = list(findings(Script(b"let a = 1;\nlet b = ;\n"), compiler))
    assert [(finding.line, finding.rule) for finding in found] == [(2, "syntax")]


@pytest.mark.node
def test_a_platform_name_declared_anew_is_told_once(compiler):
    """The clash is placed in the scenario, not in the declarations."""
    found = errors(compiler, "\n\nlet Logger = 1;\n")
    assert [line for line, _ in found] == [3]
    assert "Logger" in found[0][1]


@pytest.mark.node
def test_the_shipped_scenario_has_no_type_error(compiler):
    """The production file passes the type check."""
    assert errors(compiler, SHIPPED.read_text(encoding="utf-8")) == []


@pytest.mark.node
def test_the_note_fails_with_exactly_the_hint(compiler):
    """With the type check on, one mistake is told once."""
    report = lint(NOTE, types=True)
    assert [finding.message for finding in report.findings] == [HINT]


def test_the_note_fails_without_node():
    """Reading alone finds the note's mistake, and the report says what was not checked."""
    report = lint(NOTE, types=False)
    assert [finding.message for finding in report.findings] == [HINT]
    line = NOTE.read_text(encoding="utf-8").splitlines()[report.findings[0].line - 1]
    assert "SpeechDetected" in line
    assert "type check skipped" in str(report)


def test_without_node_the_check_is_skipped_visibly(monkeypatch):
    """Nobody takes a skipped type check for a passed one."""
    monkeypatch.setenv("PATH", "")
    assert "type check skipped: no Node.js" in lint(NOTE).notes
    with pytest.raises(NoTypeScript):
        lint(NOTE, types=True)


@pytest.fixture(scope="session")
def eslint() -> list[str]:
    node, program = shutil.which("node"), ROOT / "node_modules/eslint/bin/eslint.js"
    if node is None or not program.is_file():
        pytest.skip("ESLint is not here: no Node.js, or `npm ci` was not run")
    return [node, str(program)]


@pytest.fixture
def promises(tmp_path, eslint) -> Path:
    """A copy of ESLint's set-up around a script that forgets two promises."""
    scenario = tmp_path / "scenario"
    scenario.mkdir()
    for name in ("eslint.config.js", "package.json"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("tsconfig.json", "voxengine.d.ts"):
        shutil.copy(ROOT / "scenario" / name, scenario)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (scenario / "forgets.js").write_text(
        'Net.httpRequestAsync("u");\n'
        'void Net.httpRequestAsync("u");\n'
        'Net.httpRequestAsync("u").then((r) => r.code);\n'
        'Net.httpRequestAsync("u").then((r) => r.code, () => 0);\n'
    )
    return tmp_path


@pytest.mark.node
def test_a_forgotten_promise_is_an_eslint_error(promises, eslint):
    """A promise that is neither waited for, nor caught, nor marked with `void` is refused."""
    done = subprocess.run(
        [*eslint, "scenario"], cwd=promises, capture_output=True, text=True, timeout=60, check=False
    )
    lines = re.findall(r"^\s+(\d+):\d+\s+error .*no-floating-promises", done.stdout, re.M)
    assert (done.returncode, lines) == (1, ["1", "3"])


@pytest.mark.node
def test_the_shipped_scenario_forgets_no_promise(eslint):
    """`npx eslint scenario` is clean from the repository's root."""
    done = subprocess.run(
        [*eslint, "scenario"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_shipped_scenario_passes_without_node():
    """Reading the production file and rehearsing a call finds nothing."""
    report = lint(SHIPPED, types=False)
    assert report.findings == ()


def test_what_cannot_be_loaded_is_not_rehearsed(tmp_path):
    """A syntax error is told, and that the rest was not tried."""
    path = tmp_path / "broken.js"
    path.write_text("let a = ;\n", encoding="utf-8")
    report = lint(path, types=False)
    assert [(finding.line, finding.rule) for finding in report.findings] == [(1, "syntax")]
    assert "rehearsal skipped" in str(report)
