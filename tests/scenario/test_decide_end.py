"""The scenario's state table: after the call."""

from __future__ import annotations

import random

import pytest

from tests.scenario.table import Table, any_event, done, spoken, waits


@pytest.mark.parametrize("seed", range(40))
def test_after_hang_up_nothing_is_said(seed):
    """F25, invariant 12: no voice and no question after Disconnected, from any state."""
    rng = random.Random(seed)
    table = Table().greeted()
    for _ in range(rng.randint(0, 25)):
        kind, fields = any_event(rng, table.state)
        table.see(kind, 50, **fields)
    said = done(table.see("disconnected", 10))
    for _ in range(60):
        kind, fields = any_event(rng, table.state)
        said += done(table.see(kind, 50, **fields))
    assert not {"say", "ask", "listen", "play"} & set(said)
    assert said.count("report") <= 1


def test_the_report_counts_turns_and_time():
    """Reason, duration in ms and accepted turns."""
    table = Table().asked()
    table.see("replied", 100, turn=1, text="Ответ.", action="listen")
    table.speak_out()
    table.see("disconnected", 700)
    report = table.see("expired", 500)[1]
    assert report["turns"] == 1
    assert report["duration_ms"] == 7500
    assert report["reason"] == "caller_hung_up"
    assert done(table.see("reported", 100, ok=True)) == ["terminate"]


def test_a_recording_is_posted_when_its_address_comes():
    """The address comes after hang-up; the session waits for it, but not for ever."""
    table = Table(recording__enabled=True)
    table.see("alerted")
    table.see("profiled", 10, confirmed=True)
    table.see("connected", 10)
    assert "record" in done(table.speak_out())
    table.see("recordingStarted", 10, url="https://r/start")
    table.see("disconnected", 100)
    table.see("expired", 500)
    table.see("reported", 50, ok=True)
    assert table.name == "filing"
    posted = table.see("recorded", 900, url="https://r/final")
    assert posted[0]["url"] == "https://r/final"
    assert done(table.see("filed", 100)) == ["terminate"]


def test_a_recording_that_never_comes_does_not_hold_the_session():
    """The address from the start is used, and the session ends within twenty seconds."""
    table = Table(recording__enabled=True).greeted()
    table.see("recordingStarted", 10, url="https://r/start")
    table.see("disconnected", 100)
    waited = 1000
    waited += waits(table.see("expired", 500))
    waited += waits(table.see("expired", 5000))
    actions = table.see("expired", 8000)
    assert actions[0]["url"] == "https://r/start"
    waited += waits(actions)
    assert done(table.see("expired", 5000)) == ["terminate"]
    assert waited <= 20_000


def test_a_session_that_is_ended_from_outside_still_reports():
    """The one request that is allowed while terminating."""
    table = Table().asked()
    actions = table.see("terminating", 10)
    assert done(actions) == ["report"]
    assert actions[0]["reason"] == "terminated"


@pytest.mark.parametrize(("ok", "again"), [(True, []), (False, ["report"])])
def test_a_report_that_got_lost_is_sent_once_more_while_terminating(ok, again):
    """F59: and one that arrived is not."""
    table = Table().asked()
    table.see("disconnected", 10)
    table.see("expired", 500)
    assert done(table.see("reported", 100, ok=ok)) == ["terminate"]
    assert done(table.see("terminating", 10)) == again
    assert table.see("terminating", 10) == []


def test_a_fault_of_the_scenario_says_goodbye_once():
    """F66: not silence; the second fault ends the call."""
    table = Table().greeted()
    assert "неполадки" in spoken(table.see("broke", 10))
    assert done(table.see("broke", 10))[0] == "hangup"
    assert table.name == "closing"


def test_the_last_requests_are_over_before_the_platform_ends_the_session():
    """Invariant 11: nobody answers, and the recording's address never comes."""
    table = Table(recording__enabled=True).greeted()
    table.see("recordingStarted", 10, url="https://r/1")
    table.see("disconnected", 100)
    ended = table.now
    actions = table.see("expired", 1_000)
    for _ in range(4):
        if "terminate" in done(actions):
            break
        actions = table.see("expired", waits(actions))
    report = table.see("terminating", 0)[0]
    assert report["do"] == "report"
    assert table.now + report["ms"] - ended <= 17_000


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("key", {"digit": "0"}),
        ("dismissed", {}),
        ("streamLost", {}),
        ("asrFailed", {}),
        ("timeUp", {}),
        ("transferWanted", {}),
        ("phraseEnded", {"phrase": 1, "failed": True}),
        ("said", {"turn": 1, "part": 1, "text": "Да."}),
    ],
)
def test_what_is_told_after_the_call_starts_nothing(kind, fields):
    """Invariant 12: no phrase, no question, no recogniser."""
    table = Table(barge_in__mode="asr").asked()
    table.see("disconnected", 100)
    assert done(table.see(kind, 100, **fields)) == []
    assert table.name == "closing"


def test_an_address_that_comes_when_one_was_filed_is_not_filed_again():
    """The second of two is late; one request is enough."""
    table = Table(recording__enabled=True).greeted()
    table.see("recordingStarted", 10, url="https://r/1")
    table.see("disconnected", 100)
    table.see("expired", 1_000)
    table.see("reported", 100, ok=True)
    assert done(table.see("recorded", 100, url="https://r/2"))[0] == "fileRecording"
    assert done(table.see("recorded", 100, url="https://r/3")) == []


@pytest.mark.parametrize("first", ["profiled", "connected"])
def test_the_call_lasts_as_long_as_its_profile_says(first):
    """Invariant 10: whichever comes first, the profile or the connection; one limit is set."""
    table = Table()
    table.see("alerted")
    second = {"profiled": "connected", "connected": "profiled"}[first]
    profile = table.state["profile"]
    profile["limits"]["call_ms"] = 1_800_000
    said = []
    for kind in (first, second):
        said += table.see(kind, 100, confirmed=True, profile=profile)
    assert [each["ms"] for each in said if each["do"] == "limitCall"] == [1_800_000]


def test_a_call_whose_time_is_up_while_it_is_answered_ends_for_that():
    """Invariant 11: the answer that comes during the goodbye changes nothing."""
    table = Table(barge_in__mode="asr").asked()
    assert "Извините, разговор длится слишком долго" in spoken(table.see("timeUp", 500))
    table.see("replied", 200, turn=1, text="Ответ.", action="listen")
    table.speak_out()
    table.see("disconnected", 100)
    [report] = [each for each in table.see("expired", 1000) if each["do"] == "report"]
    assert report["reason"] == "time_limit"


def test_words_amid_which_the_session_ends_are_reported():
    """F04: the platform ends it while the caller speaks."""
    table = Table().greeted()
    table.see("speechStarted", 500)
    table.see("interim", 300, text="у меня вопрос")
    [report] = [each for each in table.see("terminating", 50) if each["do"] == "report"]
    assert report["late"] == ["у меня вопрос"]


def test_the_backend_ends_a_call_whose_answer_is_being_made():
    """At once: nothing else is waited for."""
    table = Table().asked()
    assert done(table.see("dismissed", 500)) == ["hush", "hangup", "wait"]
    assert (table.name, table.state["reason"]) == ("hanging", "assistant_hung_up")


def test_who_was_not_told_of_a_recording_is_not_recorded():
    """A profile that comes after the greeting has another one, which nobody has heard."""
    table = Table()
    table.see("alerted")
    table.see("connected", 100)
    table.see("expired", 1000)
    profile = table.state["profile"] | {"recording": {"enabled": True, "stereo": True}}
    table.see("profiled", 200, confirmed=True, profile=profile)
    assert "record" not in done(table.speak_out())
    table.see("disconnected", 700)
    table.see("expired", 1000)
    assert done(table.see("reported", 100, ok=True)) == ["terminate"]
