"""The reading pass of lint: what is found without Node.js and without running anything."""

from __future__ import annotations

import pytest

from halo_voice.simulator.lint import read
from halo_voice.simulator.lint.finding import Finding, absent, merged


def said(source: str) -> list[str]:
    """The messages of all findings in a script."""
    return [finding.message for finding in read(source.encode())]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "VoxEngine.createASR({}).addEventListener(ASREvents.SpeechDetected, () => 1);",
            "ASREvents.SpeechDetected does not exist; did you mean ASREvents.CaptureStarted?",
        ),
        (
            "const asr = VoxEngine.createASR({}); asr.start();",
            "ASR.start does not exist; did you mean VoxEngine.createASR?",
        ),
        (
            "VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => { e.call.startASR(); });",
            "Call.startASR does not exist; did you mean VoxEngine.createASR?",
        ),
        (
            "PlayerEvents.PlaybackError;",
            "PlayerEvents.PlaybackError does not exist; did you mean PlayerEvents.Error?",
        ),
        (
            "ASRProfileList.Deepgram.ru_RU;",
            "ASRProfileList.Deepgram.ru_RU does not exist; "
            "did you mean ASRProfileList.Deepgram.ru?",
        ),
        (
            'VoiceList["Yandex"].Neural.ru_RU_alenaa;',
            "VoiceList.Yandex.Neural.ru_RU_alenaa does not exist; "
            "did you mean VoiceList.Yandex.Neural.ru_RU_alena?",
        ),
        (
            "const { Finished } = PlayerEvents;",
            "PlayerEvents.Finished does not exist; did you mean PlayerEvents.PlaybackFinished?",
        ),
        ("var P = CallEvents; P.ASREvents.FINAL;", "CallEvents.ASREvents does not exist"),
    ],
)  # fmt: skip
def test_an_invented_name_is_named_with_what_was_meant(source, message):
    """Every invented member is found with the nearest existing name."""
    assert said(source) == [message]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("fetch", "Net.httpRequestAsync"),
        ("console", "Logger.write"),
        ("btoa", "base64_encode"),
        ("Buffer", "str2bytes"),
        ("process", "VoxEngine.getSecretValue"),
        ("URL", None),
        ("structuredClone", None),
    ],
)
def test_a_global_of_browsers_and_node_is_absent(name, meant):
    """Globals that VoxEngine lacks are violations, with their counterpart where there is one."""
    hint = f"; did you mean {meant}?" if meant else ""
    assert said(f"{name};") == [f"{name} does not exist{hint}"]


def test_typeof_may_ask_for_anything():
    """A script may ask whether a global exists."""
    assert said('if (typeof fetch !== "undefined") Logger.write("browser");') == []


@pytest.mark.parametrize(
    "source",
    [
        "VoxEngine.addEventListener(AppEvents.CallAlerting, on); function on(e) { e.call.x1(); }",
        "VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => call.x1());",
        "let c; VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => (c = e.call)); c.x1();",
        "const c = VoxEngine.callPSTN('1', '2'); setup(c); function setup(k) { k.x1(); }",
        "const c = VoxEngine.callPSTN('1', '2'); const setup = (k) => k.x1(); setup(c);",
        "VoxEngine.easyProcess(a(), a(), (one, two) => two.x1()); function a() {}",
    ],
)  # fmt: skip
def test_a_call_is_known_however_it_arrives(source):
    """A call is recognised in handlers, destructuring, outer variables and own functions."""
    assert said(source) == ["Call.x1 does not exist"]


def test_a_variable_of_two_kinds_is_left_alone():
    """Where the class cannot be told, lint says nothing rather than something wrong."""
    source = """
        let unit = VoxEngine.createASR({});
        unit = VoxEngine.callPSTN("1", "2");
        unit.start();
        function any(thing) { thing.start(); }
        any(unit);
        for (const one of [unit]) one.start();
    """
    assert said(source) == []


def test_inherited_methods_and_own_properties_are_fine():
    """A player has its parent's methods, objects have the language's, and may be written to."""
    source = """
        const player = VoxEngine.createTTSPlayer("да", {});
        player.stop(); player.toString(); player.mark = 1;
        ASREvents.Result.length; VoiceList.hasOwnProperty("Yandex");
        Logger.write.call(null, "x");
    """
    assert said(source) == []


def test_payload_fields_are_known_through_promises_and_callbacks():
    """A misread field of an event or a reply is a violation that lists what there is."""
    source = """
        Net.httpRequestAsync("u").then((r) => r.texxt);
        Net.httpRequest("u", (r) => r.codee);
        (async () => { const reply = await Net.httpRequestAsync("u"); reply.heders; })();
        VoxEngine.createASR({}).addEventListener(ASREvents.Stopped, (e) => e.quux);
    """
    reply = "Net.HttpRequestResult"
    assert said(source) == [
        f"{reply}.texxt does not exist; did you mean {reply}.text?",
        f"{reply}.codee does not exist; did you mean {reply}.code?",
        f"{reply}.heders does not exist; did you mean {reply}.headers?",
        "_ASRStoppedEvent.quux does not exist; it has asr, cost, duration",
    ]


def test_an_event_of_another_object_is_a_violation():
    """A recogniser never sends a call's events, and events are named, not spelled."""
    messages = said(
        "const asr = VoxEngine.createASR({});"
        "asr.addEventListener(CallEvents.Connected, () => 1);"
        'asr.addEventListener("ASR.Result", () => 1);'
    )
    assert len(messages) == 2
    assert "ASR has no event CallEvents.Connected" in messages[0]
    assert "by its name" in messages[1]


def test_a_name_of_another_function_is_not_in_scope():
    """A variable is looked for where JavaScript would look for it."""
    source = "function a() { let inner = 1; return inner; } a(); Logger.write(inner);"
    assert said(source) == ["inner does not exist here; it is declared in another function"]


@pytest.mark.parametrize(
    "source",
    [
        "var { a, b: [c], d = 1, ...r } = {}; [a, c, d, r];",
        "f(); function f(x, { y }, [z] = [], ...w) { return [x, y, z, w, arguments]; }",
        "try { null.x; } catch (error) { Logger.write(error.message); }",
        "for (var i = 0; i < 3; i++); for (const k in {}) k; for (let [m] of []) m; i;",
        "class A { static make() { return new A(); } } A.make();",
        "const B = class C { m() { C; } }; B;",
        "outer: for (;;) { break outer; }",
        "const o = { m() { return this; }, get g() { return 1; }, ['k' + 1]: 2 }; o.m().g;",
        "const h = (x) => x; h(1); const g = function deep(n) { return n && deep(n - 1); }; g(2);",
        "const v = 1n ** 2n; v?.toString() ?? globalThis;",
        "switch (1) { case 1: let q = 1; q; }",
    ],
)  # fmt: skip
def test_ordinary_javascript_is_silent(source):
    """Declarations of every kind are understood."""
    assert said(source) == []


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("let a; a ??= 1;", "es2020"),
        ("let a; a ||= 1;", "es2020"),
        ("let a; a &&= 1;", "es2020"),
        ("class A { x = 1; }", "es2020"),
        ("class A { #x() {} }", "es2020"),
        ("class A { static { Logger.write('x'); } }", "es2020"),
        ("await Net.httpRequestAsync('u');", "es2020"),
        ("for await (const x of []) x;", "es2020"),
        ("1_000;", "es2020"),
        ("/x/d;", "es2020"),
        ("/x/v;", "es2020"),
        ("import x from 'y';", "module"),
        ("export const x = 1;", "module"),
        ("import('y');", "module"),
        ("require('fs');", "module"),
        ("return 1;", "syntax"),
        ("function (", "syntax"),
        ("let a = ;", "syntax"),
    ],
)
def test_syntax_that_the_platform_may_not_know_is_found(source, rule):
    """Only classic scripts in ES2020 pass."""
    assert rule in {finding.rule for finding in read(source.encode())}


def test_es2020_is_allowed():
    """Optional chaining, `??`, BigInt and await inside async functions stay silent."""
    assert said("(async () => { await Promise.resolve(1n ?? 2); })();") == []


def test_a_file_over_128_kilobytes_is_refused():
    """One byte over the limit is a violation, the limit itself is not."""
    line = b"//" + b"x" * 61 + b"\n"
    assert read(line * 2048) == ()
    assert [finding.rule for finding in read(line * 2048 + b";")] == ["size"]


def test_a_written_text_over_1500_characters_is_refused():
    """Text that the platform would refuse to speak is found, also when it is put together."""
    start = "const c = VoxEngine.callPSTN('1', '2'); c.say('" + "а" * 1000 + "' + '"
    assert said(f"{start}{'б' * 500}');") == []
    assert said(f"{start}{'б' * 501}');") == ["1501 characters to speak; the platform takes 1500"]


def test_places_count_characters_from_one():
    """Cyrillic before the fault does not shift the column."""
    assert read('Logger.write("Да"); fetch;'.encode())[0] == Finding(
        1, 21, "unknown-global", absent("fetch")
    )


def test_a_file_that_is_not_utf8_is_refused():
    """The line of the first broken byte is named."""
    assert read(b"let a;\nlet b = '\xff';") == (Finding(2, 1, "encoding", "the file is not UTF-8"),)


def test_endless_nesting_is_a_finding_not_a_crash():
    """A script that no person wrote does not break the tool."""
    assert [f.rule for f in read(b"[" * 5000 + b"]" * 5000)] == ["depth"]


def test_a_later_pass_is_silent_about_known_lines():
    """Passes are merged by line, so that one mistake is told once."""
    first = [Finding(3, 1, "a", "x"), Finding(3, 9, "a", "y")]
    later = [Finding(3, 1, "b", "z"), Finding(1, 1, "b", "z")]
    assert merged(first, later) == (later[1], *first)
