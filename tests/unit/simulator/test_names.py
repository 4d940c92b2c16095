"""Unknown means loud: what the platform does not have, and what we do not emulate."""

from __future__ import annotations

import pytest

from halo_voice.simulator.engine import Engine, Mode
from halo_voice.simulator.report import Violation, thrown, violation


def violations(source: str, mode: Mode = "strict") -> list[Violation]:
    """What is wrong with a script when it is read."""
    engine = Engine(mode=mode)
    found = []
    for command in engine.load(source):
        if command["op"] == "violation":
            fields = (command["kind"], command["name"], command["message"], command["stack"])
            found.append(violation(*fields, "x.js"))
        elif command["op"] == "error" and not found:
            found.append(thrown(command["how"], command["message"], command["stack"], "x.js"))
    engine.close()
    return found


def logged(source: str) -> list[str]:
    engine = Engine()
    lines = [c["text"] for c in engine.load(source) if c["op"] == "log"]
    engine.close()
    return lines


@pytest.mark.parametrize(
    ("source", "report"),
    [
        (
            "\nASREvents.SpeechDetected;",
            "x.js:2: ASREvents.SpeechDetected does not exist; did you mean ASREvents.CaptureStarted?",
        ),
        (
            "PlayerEvents.PlaybackError",
            "x.js:1: PlayerEvents.PlaybackError does not exist; did you mean PlayerEvents.Error?",
        ),
        (
            "VoxEngine.createAsr({})",
            "x.js:1: VoxEngine.createAsr does not exist; did you mean VoxEngine.createASR?",
        ),
        (
            "VoiceList.Yandex.Neural.ru_RU_alyona",
            "x.js:1: VoiceList.Yandex.Neural.ru_RU_alyona does not exist; "
            "did you mean VoiceList.Yandex.Neural.ru_RU_alena?",
        ),
        (
            "Modules.Websocket",
            "x.js:1: Modules.Websocket does not exist",
        ),
        (
            "\n\nfetch('https://halo.test')",
            "x.js:3: ReferenceError: fetch is not defined; did you mean Net.httpRequestAsync?",
        ),
        (
            "console.log(1)",
            "x.js:1: ReferenceError: console is not defined; did you mean Logger.write?",
        ),
    ],
)
def test_an_unknown_name_is_reported_with_its_line_and_the_nearest_name(source, report):
    """A name that is not in the API surface throws; the report says where, and what was meant."""
    assert str(violations(source)[0]).startswith(report)


@pytest.mark.parametrize(
    "name",
    [
        "fetch",
        "URL",
        "btoa",
        "atob",
        "console",
        "TextEncoder",
        "structuredClone",
        "queueMicrotask",
        "performance",
        "DOMException",
        "setImmediate",
        "process",
        "Buffer",
    ],
)
def test_globals_that_the_platform_lacks_are_absent(name):
    """What the engine has and VoxEngine has not cannot be found, and `typeof` says so quietly."""
    assert logged(f"Logger.write(typeof {name} + ' ' + ('{name}' in globalThis))") == [
        "undefined false"
    ]


@pytest.mark.parametrize(
    "expression", ["Object.groupBy", "Promise.withResolvers", "Set.prototype.union", "Promise.try"]
)
def test_features_newer_than_the_platforms_engine_are_absent(expression):
    """The platform's engine is that of Firefox 115; ours is newer."""
    assert logged(f"Logger.write(typeof {expression})") == ["undefined"]


def test_an_existing_name_that_is_not_emulated_says_so():
    """A scenario of somebody else learns that the fault is ours."""
    found = violations("VoxEngine.createConference({})")
    assert found[0].kind == "unemulated"
    assert str(found[0]) == "x.js:1: VoxEngine.createConference exists but is not emulated"


def test_collect_mode_records_and_goes_on():
    """For lint's rehearsal: every violation is recorded and the script runs to its end."""
    source = """
      const client = OpenAI.createRealtimeAPIClient({});
      client.anything().at.all;
      ASREvents.Nope;
      console;
    """
    kinds = [(v.kind, v.name, v.line) for v in violations(source, "collect")]
    assert kinds == [
        ("unemulated", "OpenAI.createRealtimeAPIClient", 2),
        ("unknown", "ASREvents.Nope", 4),
    ]


def test_asking_whether_a_name_exists_does_not_throw():
    """`in`, keys, JSON and promises may look at platform objects."""
    source = """
      Logger.write(String("SpeechDetected" in ASREvents) + ("Result" in ASREvents));
      Logger.write(String(Object.keys(ASREvents).includes("Result")));
      Logger.write(JSON.stringify({ voice: VoiceList.Google.ru_RU_Wavenet_A }));
      Promise.resolve(VoxEngine).then(() => Logger.write(String(ASREvents[Symbol.toPrimitive])));
    """
    assert logged(source) == [
        "falsetrue",
        "true",
        '{"voice":"VoiceList.Google.ru_RU_Wavenet_A"}',
        "undefined",
    ]


def test_a_platform_name_may_be_declared_again():
    """A classic script may shadow a global, as it may on the platform."""
    assert logged(
        "const Call = 5; function trace() { return 6; } Logger.write('' + Call + trace())"
    ) == ["56"]


def test_enums_cannot_be_changed():
    """Setting a member of the platform's enums is a mistake that would be silent elsewhere."""
    assert violations("ASREvents.SpeechDetected = 'x'")[0].kind == "misuse"


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("VoxEngine.addEventListener(undefined, () => 1)", "the event is undefined"),
        ("VoxEngine.addEventListener('CallAlerting', () => 1)", "is no event of AppEvents"),
        ("VoxEngine.addEventListener(CallEvents.Connected, () => 1)", "is no event of AppEvents"),
        ("VoxEngine.addEventListener(AppEvents.Started, 5)", "is not a function"),
        (
            "VoxEngine.createASR({profile: ASRProfileList.Google.ru_RU})",
            "needs require(Modules.ASR)",
        ),
        ("require(undefined)", "undefined is no module"),
        ("require(Modules.ASR); VoxEngine.createASR({})", "profile is required"),
        (
            "require(Modules.ASR); VoxEngine.createASR({profile: 'ru'})",
            "a member of ASRProfileList",
        ),
        (
            "require(Modules.ASR); VoxEngine.createASR({profile: ASRProfileList.Google.ru_RU, noise: 1})",
            "ASRParameters.noise does not exist",
        ),
        ("VoxEngine.createTTSPlayer('a', {language: 'ru'})", "TTSPlayerParameters.language"),
        ("VoxEngine.createTTSPlayer('a', {voice: undefined})", "must be a member of VoiceList"),
        ("VoxEngine.createTTSPlayer('a', {ttsOptions: {tempo: 1}})", "TTSOptions.tempo"),
        ("Net.httpRequestAsync('http://a', {body: '1'})", "Net.HttpRequestOptions.body"),
        ("Net.httpRequestAsync('http://a', {method: 'POST', postData: {a: 1}})", "not serialised"),
        ("Net.httpRequest('http://a', {}, () => 1)", "the second argument must be a function"),
    ],
)
def test_misuse_is_reported(source, part):
    """Arguments that the platform would take in silence, or not at all, are refused with the reason."""
    assert any(part in str(found) for found in violations(source))


async def test_an_objects_unknown_method_is_reported(connected):
    """`call.startASR` and `asr.start`, which language models invent, are caught where they are used."""
    call = await connected("call.startASR();")
    assert call.failures == [
        "scenario.js:14: Call.startASR does not exist; did you mean VoxEngine.createASR?"
    ]
    assert call.finish_reason == "JS session error"


async def test_an_events_unknown_field_is_reported(connected):
    """A field that no event of this kind has is not simply undefined."""
    call = await connected(
        "call.addEventListener(CallEvents.PlaybackFinished, (e) => e.errorCode); call.say('Да', VOICE);"
    )
    assert "_PlaybackFinishedEvent.errorCode does not exist" in call.failures[0]


async def test_a_handler_property_is_reported(connected):
    """`call.onDisconnected = …` would never be called."""
    call = await connected("call.onDisconnected = () => 1;")
    assert "Call.onDisconnected does not exist" in call.failures[0]


def test_what_is_read_later_is_part_of_the_platform():
    """A part that is read when first needed reports the scenario's line."""
    source = "\nCrypto.md5(1);\nVoxEngine.callPSTN(2, '3');\nCrypto.md5(4);"
    assert [found.line for found in violations(source, mode="collect")] == [2, 3, 4]
