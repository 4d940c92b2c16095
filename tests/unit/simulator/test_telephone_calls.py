"""Calls: answered or not, ended by either side, joined to others."""

from __future__ import annotations

import pytest

from halo_voice.simulator import Press, ScriptedCaller, SilentCaller


def events(call, name: str) -> list[int]:
    """When an event was reported."""
    return [line.ms for line in call.trace if line.data.get("event") == name]


async def test_an_unanswered_call_is_dropped_after_a_minute(play):
    """A scenario that does not answer loses the caller at 60 s, and the session a minute later."""
    call = await play(
        """
        VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
          call.addEventListener(CallEvents.Disconnected, (e) => Logger.write(e.reason));
        })
        """
    )
    assert call.connected_ms is None
    assert call.log == ["No answer"]
    assert 60_000 <= call.disconnected_ms < 60_200
    assert 120_000 <= call.terminated_ms < 120_500


async def test_the_alerting_event_tells_who_calls(play):
    """CallAlerting carries numbers and the call, whose methods agree with it."""
    call = await play(
        """
        VoxEngine.addEventListener(AppEvents.Started, (e) => Logger.write("" + e.sessionId));
        VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => {
          Logger.write([e.callerid, e.destination, e.call.callerid(), e.call.number()].join(" "));
          Logger.write([e.call.state(), e.call.incoming(), typeof e.call.id()].join(" "));
          e.call.reject(486);
          VoxEngine.terminate();
        })
        """,
        callerid="+7900",
        destination="+7495",
        session_id=77,
    )
    assert call.log == ["77", "+7900 +7495 +7900 +7495", "ALERTING true string"]
    assert call.connected_ms is None


async def test_the_caller_hangs_up(connected):
    """Disconnected follows a moment after the caller has gone, with the duration in seconds."""
    call = await connected(
        "call.addEventListener(CallEvents.Disconnected, (e) => log(e.duration, e.internalCode, call.state()))",
        caller=SilentCaller(5_000),
    )
    assert call.log == ["5 200 TERMINATED"]
    assert call.disconnected_ms - call.connected_ms == 5_000
    assert events(call, "Call.Disconnected")[0] > call.disconnected_ms


@pytest.mark.parametrize(
    "order", ["call.say('Алло', VOICE)", "call.sendMediaTo(ears())", "call.record({})"]
)
async def test_an_ended_call_cannot_be_used(connected, order):
    """What needs a living call throws after Disconnected."""
    call = await connected(f"call.addEventListener(CallEvents.Disconnected, () => {{ {order}; }})")
    assert "the call has ended" in call.failures[0]


@pytest.mark.parametrize("order", ["hangup()", "stopPlayback()", "answer()"])
async def test_tidying_up_after_an_ended_call_does_no_harm(connected, order):
    """hangup and stopPlayback on a dead call are ignored, and the trace says so."""
    call = await connected(f"call.addEventListener(CallEvents.Disconnected, () => call.{order})")
    assert call.failures == []
    assert any(line.what.startswith("ignored") for line in call.trace)


async def test_speaking_before_the_call_is_connected_throws(play):
    """A call that was not answered has no audio."""
    call = await play(
        "VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => call.say('Да', {}))"
    )
    assert "the call is not connected" in call.failures[0]


async def test_custom_data_is_200_bytes(connected):
    """Bytes of UTF-8, not characters, for the call and for the session."""
    call = await connected(
        """
        log(VoxEngine.customData(), call.customData("я".repeat(100)).length);
        try { call.customData("я".repeat(101)); } catch (e) { log(e.message); }
        try { VoxEngine.customData("x".repeat(201)); } catch (e) { log(e.message); }
        """,
        custom_data="token",
    )
    assert call.log == [
        "token 100",
        "Call.customData: 202 bytes are over the limit of 200",
        "VoxEngine.customData: 201 bytes are over the limit of 200",
    ]


async def test_tones_are_heard_only_when_asked_for(connected):
    """Keys come as ToneReceived after handleTones(true), and not at all without."""
    body = """
    call.addEventListener(CallEvents.ToneReceived, (e) => log(e.tone));
    call.say("Нажмите", VOICE);
    """
    keys = lambda: ScriptedCaller([Press("1#")])  # noqa: E731
    assert (await connected("call.handleTones(true);" + body, caller=keys())).log == ["1", "#"]
    assert (await connected(body, caller=keys())).log == []


async def test_the_microphone_is_a_crude_voice_detector(connected):
    """handleMicStatus reports when the caller begins and ends to speak."""
    call = await connected(
        """
        call.addEventListener(CallEvents.MicStatusChange, (e) => log(e.active));
        call.handleMicStatus(true);
        call.say("Алло", VOICE);
        """,
        caller=ScriptedCaller(["Да"], polite=False),
    )
    assert call.log == ["true", "false"]


async def test_a_recording_ends_after_the_call(connected):
    """RecordStarted comes at once with the address, RecordStopped after Disconnected."""
    call = await connected(
        """
        call.addEventListener(CallEvents.RecordStarted, (e) => log("started", e.url.slice(0, 8)));
        call.addEventListener(CallEvents.RecordStopped, (e) => log("stopped", e.duration));
        call.record({ stereo: true });
        """,
        caller=SilentCaller(4_000),
    )
    assert call.log == ["started https://"]  # the prelude terminates at Disconnected
    call = await connected(
        """
        call.removeEventListener(CallEvents.Disconnected);
        call.addEventListener(CallEvents.RecordStopped, (e) => log("stopped", e.duration));
        call.record({ stereo: true });
        """,
        caller=SilentCaller(4_000),
    )
    assert call.log == ["stopped 4"]
    assert events(call, "Call.RecordStopped")[0] > events(call, "Call.Disconnected")[0]


OUTGOING = """
const other = VoxEngine.callPSTN("+74951112233", "+74950000000");
for (const name of ["Ringing", "Connected", "Failed", "Disconnected"]) {
  other.addEventListener(CallEvents[name], (e) => log(name, name === "Failed" ? e.code : ""));
}
"""


async def test_an_outgoing_call_rings_and_is_answered(connected):
    """callPSTN gives a call that is connected when somebody picks up."""
    call = await connected(
        OUTGOING, caller=SilentCaller(40_000), answers=lambda number: SilentCaller(2_000)
    )
    assert call.log == ["Ringing", "Connected", "Disconnected"]


async def test_an_outgoing_call_fails_with_its_code(connected):
    """A busy line is Failed with 486."""
    call = await connected(OUTGOING, answers=lambda number: 486)
    assert call.log == ["Ringing", "Failed 486"]


async def test_easy_process_joins_two_calls_and_ends_with_either(connected):
    """Media goes both ways; when one hangs up, the other and the session end."""
    call = await connected(
        "const other = VoxEngine.callPSTN('+7495', '+7496'); VoxEngine.easyProcess(call, other, () => log('joined'))",
        caller=SilentCaller(None),
        answers=lambda number: SilentCaller(20_000),
    )
    assert call.log == ["joined"]
    assert [span.text for span in call.playbacks] == ["(call:1)", "(call:out1)"]
    assert call.finish_reason == "Normal termination"
    assert call.disconnected_ms < 40_000


async def test_play_sound_and_hangup(play):
    """The platform's one-line scenario."""
    call = await play(
        "VoxEngine.playSoundAndHangup('https://halo.test/a.mp3')", caller=SilentCaller()
    )
    assert [(span.text, span.complete) for span in call.playbacks] == [
        ("https://halo.test/a.mp3", True)
    ]
    assert call.terminated_ms < 10_000
