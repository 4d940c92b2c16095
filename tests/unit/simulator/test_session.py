"""The session: how it begins, how errors end it, and what is still allowed at its end."""

from __future__ import annotations

import pytest

from halo_voice.simulator import Control, HttpResponse, ScriptedNetwork, SilentCaller

OK = ScriptedNetwork(lambda request: HttpResponse(200, b"{}"))


async def test_a_session_without_calls_ends_after_a_minute(connected):
    """A scenario that forgets to terminate is ended 60 s after its last call."""
    call = await connected(
        "call.removeEventListener(CallEvents.Disconnected);"
        "VoxEngine.addEventListener(AppEvents.Terminating, () => log('terminating'));"
        "VoxEngine.addEventListener(AppEvents.Terminated, () => log('terminated'));",
        caller=SilentCaller(3_000),
    )
    assert call.log == ["terminating", "terminated"]
    assert 60_000 <= call.terminated_ms - call.disconnected_ms < 60_500
    assert call.finish_reason == "Normal termination"


async def test_one_request_and_no_timer_after_terminating(connected):
    """The last report goes out; a second request and a timer do not."""
    call = await connected(
        """
        VoxEngine.addEventListener(AppEvents.Terminating, () => {
          Net.httpRequest("https://halo.test/report", () => log("never told"));
          Net.httpRequest("https://halo.test/second", () => log("never told"));
          setTimeout(() => log("never"), 1);
        });
        VoxEngine.terminate();
        """,
        network=OK,
    )
    assert call.log == []
    assert [(e.url, e.code) for e in call.requests] == [("https://halo.test/report", 200)]
    assert sum(line.what.startswith("ignored") for line in call.trace) == 2


async def test_terminate_does_not_stop_the_block(connected):
    """What follows terminate() in the same block still runs; later events do not."""
    call = await connected(
        """
        setTimeout(() => log("never"), 10);
        VoxEngine.terminate();
        log("still here");
        """
    )
    assert call.log == ["still here"]


async def test_requests_under_way_are_waited_for(connected):
    """Terminating comes when the pending requests are done; what was queued is never sent."""
    network = ScriptedNetwork(lambda request: HttpResponse(200, latency_ms=4_000))
    call = await connected(
        'for (let i = 0; i < 5; i++) Net.httpRequestAsync("https://halo.test/" + i); VoxEngine.terminate();',
        network=network,
    )
    assert [e.code for e in call.requests] == [200, 200, 200, None, None]
    assert 4_000 <= call.terminated_ms - call.requests[0].sent_ms < 4_500


async def test_a_throw_in_a_handler_ends_the_session(connected):
    """JS session error: file, line and message are reported, the caller is dropped."""
    call = await connected(
        "setTimeout(() => {\n  null.x;\n}, 500); setTimeout(() => log('never'), 900);"
    )
    assert call.finish_reason == "JS session error"
    assert call.failures[0].startswith("scenario.js:15: TypeError")
    assert call.log == []
    assert call.disconnected_ms == call.terminated_ms


async def test_a_throw_may_be_survived_by_choice(connected):
    """`throw_ends_session=False`: recorded, and the session goes on."""
    call = await connected(
        "setTimeout(() => null.x, 500); setTimeout(() => log('after'), 900);",
        throw_ends_session=False,
    )
    assert (call.finish_reason, call.log) == ("Normal termination", ["after"])
    assert len(call.failures) == 1


async def test_a_rejected_handler_is_a_failure_but_no_end(connected):
    """An async handler that throws is recorded with its line; the session lives."""
    call = await connected(
        "setTimeout(async () => {\n  await null;\n  throw new Error('lost');\n}, 100);"
    )
    assert call.finish_reason == "Normal termination"
    assert call.failures == ["scenario.js:16: Error: lost"]


async def test_a_scenario_that_cannot_be_read_ends_at_once(play):
    """A syntax error is a session error with its line."""
    call = await play("let a = ;\n")
    assert call.finish_reason == "JS session error"
    assert call.failures[0].startswith("scenario.js:1: SyntaxError")


async def test_a_scenario_of_128_kilobytes_is_all(connected):
    """A larger file cannot be uploaded."""
    assert (await connected("// " + "x" * 100_000)).failures == []
    call = await connected("// " + "я" * 70_000)
    assert "131072 are the limit" in call.failures[0]


async def test_a_caught_violation_is_still_reported(connected):
    """A scenario's own catch-all cannot hide an invented name."""
    call = await connected("try { call.transfer('+7'); } catch (e) { log('caught'); }")
    assert call.log == ["caught"]
    assert "Call.transfer does not exist; did you mean Call.transferTo?" in call.failures[0]


async def test_the_session_can_be_asked_from_outside(connected):
    """A request to the access URL comes as AppEvents.HttpRequest."""
    call = await connected(
        """
        VoxEngine.addEventListener(AppEvents.HttpRequest, (e) => {
          log(e.method, e.path, e.content, e.headers[0].key);
        });
        """,
        control=[Control(2_000, "hang up", path="/x", headers={"X-Who": "me"})],
    )
    assert call.log == ["POST /x hang up X-Who"]


async def test_secrets_are_read_by_name(connected):
    """An unknown secret is undefined, as on the platform."""
    call = await connected(
        "log(VoxEngine.getSecretValue('KEY'), String(VoxEngine.getSecretValue('NONE')));",
        secrets={"KEY": "abc"},
    )
    assert call.log == ["abc undefined"]


async def test_a_log_line_is_cut(connected):
    """Logger.write takes 15,000 characters."""
    call = await connected("Logger.write('я'.repeat(15001));")
    assert len(call.log[0]) == 15_000


async def test_a_call_that_never_ends_is_a_timeout(connected):
    """Virtual time has an end, so that a runaway is a result and not a hang."""
    call = await connected(
        "setInterval(() => 1, 60000);", caller=SilentCaller(None), max_ms=600_000
    )
    assert call.finish_reason == "Timeout"


@pytest.mark.parametrize("loop", ["setTimeout(again, 0)", "Net.httpRequest('bad', again)"])
async def test_a_loop_without_time_is_a_timeout(connected, loop):
    """So is a loop in which no time passes."""
    call = await connected(f"function again() {{ {loop}; }} again();", caller=SilentCaller(None))
    assert call.finish_reason == "Timeout"


async def test_the_same_seed_gives_the_same_trace(connected):
    """Determinism: hash and lines agree between runs, and differ between seeds."""
    body = "call.sendMediaTo(ears()); log(uuidgen()); call.say('Здравствуйте', VOICE);"
    first, again, other = [await connected(body, seed=seed, network=OK) for seed in (5, 5, 6)]
    assert first.hash == again.hash != other.hash
    assert str(first.trace[0]) == "      0 · cloud · Application.Started"


async def test_lines_are_shown_as_they_happen(connected):
    """`on_line` sees every line of the trace, and log lines verbatim."""
    shown = []
    call = await connected("log('[ASR] Text: да');", on_line=shown.append)
    assert shown == call.trace
    assert [line.what for line in shown if line.who == "log"] == ["[ASR] Text: да"]


async def test_a_scenario_may_be_a_file(tmp_path, connected):
    """A path is read, and reports carry the file's name."""
    from halo_voice.simulator import place_call

    path = tmp_path / "mine.js"
    path.write_text("\nASREvents.SpeechDetected;\n", "utf-8")
    call = await place_call(path, caller=SilentCaller(), network=OK)
    assert call.failures[0].startswith("mine.js:2: ASREvents.SpeechDetected does not exist")
