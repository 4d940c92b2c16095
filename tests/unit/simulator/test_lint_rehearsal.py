"""The rehearsal: what only shows when a call runs through the scenario."""

from __future__ import annotations

import pytest

from halo_voice.simulator.lint.rehearsal import UNTAKEN, rehearse

ANSWERING = """
VoxEngine.addEventListener(AppEvents.CallAlerting, (alerting) => {{
  const call = alerting.call;
  call.addEventListener(CallEvents.Connected, () => {{
    {connected}
  }});
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  call.answer();
}});
"""


def played(connected: str) -> tuple[list[tuple[int, str, str]], list[str]]:
    """Findings and notes of a scenario that does something once the call is up."""
    findings, notes = rehearse(ANSWERING.format(connected=connected))
    return [(found.line, found.rule, found.message) for found in findings], notes


def test_a_sound_scenario_has_nothing_to_say():
    """A call that is answered, greeted and ended leaves no finding and no note."""
    assert played('call.say("Да", { voice: VoiceList.Yandex.Neural.ru_RU_alena });') == ([], [])


def test_a_name_made_at_run_time_is_found_inside_a_handler():
    """What reading cannot see, because the name is put together, shows when it runs."""
    findings, _ = played('ASREvents["Speech" + "Detected"];')
    assert findings == [
        (
            5,
            "run-unknown",
            "ASREvents.SpeechDetected does not exist; did you mean ASREvents.CaptureStarted?",
        )
    ]


def test_a_broken_rule_of_the_platform_is_found():
    """A timer that is too quick, and a listener for an undefined event, with their lines."""
    findings, _ = played(
        "setInterval(() => 1, 20);\nconst none = {}; call.addEventListener(none.such, () => 1);"
    )
    assert [(line, rule) for line, rule, _ in findings] == [(5, "run-misuse"), (6, "run-unknown")]
    assert "the event is undefined" in findings[1][2]


def test_the_call_goes_on_after_a_violation():
    """Violations are collected: the second is found too."""
    findings, _ = played('PlayerEvents["Fin" + "ished"];\n\nglobalThis.fetch; fetch("x");')
    assert [line for line, _, _ in findings] == [5, 7]


def test_both_lines_of_the_caller_are_heard():
    """The rehearsal speaks, presses a key and speaks again, and a backend answers with a text."""
    findings, _ = played("""
    require(Modules.ASR);
    const asr = VoxEngine.createASR({ profile: ASRProfileList.Google.ru_RU });
    let turns = 0;
    asr.addEventListener(ASREvents.Result, async (e) => {
      const reply = await Net.httpRequestAsync("https://backend.example/");
      turns += 1;
      call.say(JSON.parse(reply.text).ai_text, { voice: VoiceList.Yandex.Neural.ru_RU_alena });
    });
    call.handleTones(true);
    call.addEventListener(CallEvents.ToneReceived, () => {
      call.say("Да.", { voice: VoiceList.Yandex.Neural.ru_RU_alena });
    });
    call.addEventListener(CallEvents.Disconnected, () => ASREvents["Turns" + turns]);
    call.sendMediaTo(asr);
    call.say("Здравствуйте.", { voice: VoiceList.Yandex.Neural.ru_RU_alena });
    """)
    assert [message.split(" ")[0] for _, _, message in findings] == ["ASREvents.Turns2"]


def test_what_we_do_not_emulate_is_a_note():
    """A name of the platform that the simulator lacks is our gap, not the scenario's fault."""
    findings, notes = played("VoxEngine.createConference({ hd_audio: true });")
    assert findings == []
    assert notes == ["rehearsal, line 5: VoxEngine.createConference exists but is not emulated"]


def test_what_fails_on_the_rehearsals_own_reply_is_a_note():
    """A scenario may want another answer than ours: its error then is no violation."""
    findings, notes = played(
        'Net.httpRequest("https://backend.example/", (r) => JSON.parse(r.text).choices[0]);'
    )
    assert findings == []
    assert len(notes) == 1
    assert "line 5" in notes[0]


def test_an_error_of_the_scenario_alone_is_a_finding():
    """A throw in a handler would end the session."""
    findings, _ = played("null.length;")
    assert [(line, rule) for line, rule, _ in findings] == [(5, "run-throw")]


@pytest.mark.parametrize(
    "script",
    [
        "",
        "VoxEngine.addEventListener(AppEvents.CallAlerting, () => Logger.write('Да'));",
        "VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => e.call.startEarlyMedia());",
    ],
)
def test_a_scenario_that_lets_callers_ring_is_found(script):
    """A file without a handler has no wrong name, and no caller is ever answered."""
    findings, _ = rehearse(script)
    assert [(found.line, found.rule, found.message) for found in findings] == [
        (1, "run-untaken", UNTAKEN)
    ]


@pytest.mark.parametrize(
    "script",
    [
        "VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => e.call.reject(486));",
        "VoxEngine.addEventListener(AppEvents.CallAlerting, () => VoxEngine.terminate());",
        'VoxEngine.addEventListener(AppEvents.Started, () => VoxEngine.callPSTN("+7", "+8"));',
        "VoxEngine.addEventListener(AppEvents.Started, () => Logger.write('Да'));",
    ],
)
def test_a_scenario_may_refuse_callers_or_have_none(script):
    """A call that is turned away is taken; one that StartScenarios begins has no caller."""
    assert rehearse(script) == ([], [])


def test_a_script_that_cannot_be_loaded_says_so():
    """A syntax error is found by the engine too."""
    findings, _ = rehearse("let a = ;")
    assert [(found.line, found.rule) for found in findings] == [(1, "run-throw")]
    assert "SyntaxError" in findings[0].message
