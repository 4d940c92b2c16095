"""The scenario's state table: a call that we make, until a person hears the greeting."""

from __future__ import annotations

import pytest

from tests.scenario.table import Table, done, spoken, waits

DIAL = {"to": "74951234567", "caller_id": "74950000000", "ring_ms": 30_000, "detect_ms": 4_000}


def ordered(**settings) -> Table:
    table = Table(**settings)
    table.evaluate("(state = { ...START_STATE, ...state, name: 'ordered' }, 1)")
    table.see("ordered")
    return table


def told(actions):
    return [each["outcome"] for each in actions if each["do"] == "tellTask"]


def dialling(**fields) -> tuple[Table, list]:
    table = ordered()
    dial = {**DIAL, "message": "", **fields}
    return table, table.see("profiled", 100, confirmed=True, dial=dial, barred="", retry=None)


def judging(**fields) -> Table:
    table, _ = dialling(**fields)
    table.see("connected", 5_000)
    return table


@pytest.mark.parametrize(
    ("machine", "message", "name"),
    [(True, "", "hanging"), (True, "Перезвоните.", "beeping"), (False, "", "speaking")],
)
def test_a_verdict_that_overtakes_the_pick_up_holds(machine, message, name):
    """Both are events of the platform, and one of them may be late: a machine is not talked to,
    and a person is not kept waiting."""
    table, _ = dialling(message=message)
    assert table.see("judged", 5_000, machine=machine) == []
    table.see("connected", 800)
    assert table.name == name


def test_the_backend_alone_knows_whom_to_dial():
    """F71: the number, and the one that is shown, are those of its answer."""
    _, actions = dialling()
    [dialled] = [each for each in actions if each["do"] == "callOut"]
    assert (dialled["to"], dialled["caller_id"]) == (DIAL["to"], DIAL["caller_id"])
    assert waits(actions) == 30_000


def test_without_an_answer_nobody_is_dialled():
    """F28: three attempts, some time apart; then the session ends and says so."""
    table = ordered()
    for _ in range(2):
        assert waits(table.see("profiled", 100, confirmed=False, dial=None)) == 1_500
        assert "fetchProfile" in done(table.see("expired", 1_500))
    table.see("profiled", 100, confirmed=False, dial=None)
    assert told(table.see("expired", 1_500)) == ["failed"]
    assert table.name == "closing"


@pytest.mark.parametrize("barred", ["opted_out", "closed", ""])
def test_whom_nobody_may_call_is_not_dialled(barred):
    """And the backend, which has said so, is not told again; an older one gives no number at
    all."""
    table = ordered()
    actions = table.see("profiled", 100, confirmed=True, dial=None, barred=barred, retry=None)
    assert told(actions) == [barred or "failed"]
    assert done(actions)[-1] == "terminate"
    assert done(table.see("terminating", 10)) == []


@pytest.mark.parametrize("outcome", ["busy", "no_answer", "declined", "invalid", "failed"])
def test_a_call_that_fails_is_told_as_what_it_was(outcome):
    """Once: the report at the end has the same word."""
    table, _ = dialling()
    assert told(table.see("disconnected", 900, outcome=outcome)) == [outcome]
    [report] = [each for each in table.see("expired", 1_000) if each["do"] == "report"]
    assert (report["dialled"], report["reason"]) == (outcome, "not_connected")


def test_a_telephone_rings_for_so_long():
    """Then it is hung up on, and nobody has answered."""
    table, _ = dialling()
    actions = table.see("expired", 30_000)
    assert told(actions) == ["no_answer"]
    assert "hangup" in done(actions)


def test_nothing_is_said_before_it_is_known_to_whom():
    """Invariant 23: the greeting waits for the detector, half a second longer than it may take."""
    table, _ = dialling()
    actions = table.see("connected", 5_000)
    assert spoken(actions) is None or spoken(actions) == ""
    assert waits(actions) == 4_500
    assert table.name == "judging"


def test_a_person_is_greeted_and_reported_at_once():
    """Whatever comes of the talk, they were reached."""
    table = judging()
    actions = table.see("judged", 1_500, machine=False)
    assert told(actions) == ["answered"]
    assert "Здравствуйте" in spoken(actions)
    table.speak_out()
    assert table.name == "listening"
    assert told(table.see("disconnected", 100)) == []


def test_in_doubt_it_is_a_person():
    """A detector that says nothing at all."""
    table = judging()
    assert told(table.see("expired", 4_500)) == ["answered"]


def test_a_machine_is_hung_up_on():
    """Where the profile has no message."""
    table = judging()
    actions = table.see("judged", 1_500, machine=True)
    assert told(actions) == ["machine"]
    assert "hangup" in done(actions)


@pytest.mark.parametrize("event", ["beeped", "expired"])
def test_a_machine_takes_the_message_after_its_signal(event):
    """Or after 8 s; then the call ends, and nobody listens."""
    table = judging(message="Перезвоните нам.")
    assert waits(table.see("judged", 1_500, machine=True)) == 8_000
    actions = table.see(event, 3_000)
    assert (told(actions), spoken(actions)) == (["message"], "Перезвоните нам.")
    assert "hangup" in done(table.speak_out())


def test_a_machine_that_hangs_up_before_its_signal_took_nothing():
    """No message was left."""
    table = judging(message="Перезвоните нам.")
    table.see("judged", 1_500, machine=True)
    assert told(table.see("disconnected", 1_000)) == ["machine"]


def test_keys_mean_nothing_before_the_greeting():
    """A machine's tones put nobody through, and end nothing."""
    table = judging()
    for digit in "0#*5":
        assert "arrange" not in done(table.see("key", 50, digit=digit))
    assert table.name == "judging"


@pytest.mark.parametrize("at", ["ordered", "dialling"])
def test_a_fault_before_the_call_is_up_speaks_to_nobody(at):
    """F66: it ends, and says that nothing came of it."""
    table = ordered() if at == "ordered" else dialling()[0]
    actions = table.see("broke", 10)
    assert told(actions) == ["failed"]
    assert "say" not in done(actions)
    assert table.name == "closing"


def test_a_call_that_fails_without_a_reason_has_failed():
    """A code that the platform does not tell is no reason to dial again at once."""
    table, _ = dialling()
    assert told(table.see("disconnected", 500)) == ["failed"]


def test_a_fault_of_ours_before_anybody_was_met_is_a_failed_call():
    """Whoever picked up hears a goodbye, and the backend learns that nobody was talked to."""
    table = judging()
    table.see("broke", 100)
    table.speak_out()
    table.see("disconnected", 100)
    [report] = [each for each in table.see("expired", 1_000) if each["do"] == "report"]
    assert (report["dialled"], report["reason"]) == ("failed", "scenario_error")
