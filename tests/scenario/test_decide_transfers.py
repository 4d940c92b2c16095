"""The scenario's state table: a call is put through to a person, or is not."""

from __future__ import annotations

from tests.scenario.table import done, spoken, waits
from tests.scenario.test_decide_keys import TRANSFER, staffed

TO = {"kind": "pstn", "address": "74950000001", "caller_id": "74950000000"}
SORRY = "Извините, не вышло."


def ringing(brief=""):
    table = staffed().greeted()
    table.see("key", 100, digit="0")
    table.speak_out()
    actions = table.see("arranged", 100, transfer=1, refused="", to=TO, brief=brief)
    return table, actions


def joined():
    table, _ = ringing()
    return table, table.see("legConnected", 5000, transfer=1)


def test_the_backend_alone_knows_whom_to_call():
    """F71: what is dialled is its answer for this transfer; one for another is dropped."""
    table = staffed().greeted()
    table.see("key", 100, digit="0")
    other = table.see("arranged", 100, transfer=2, refused="", to=TO | {"address": "1"}, brief="")
    assert other == []
    [dialled] = [a for a in table.see("arranged", 100, transfer=1, refused="", to=TO, brief="")
                 if a["do"] == "dial"]  # fmt: skip
    assert dialled["to"] == TO


def test_the_backend_has_three_seconds():
    """Then the caller is told that it cannot be."""
    table = staffed().greeted()
    table.see("key", 100, digit="0")
    phrase = table.state["voice"]["phrase"]
    assert waits(table.see("phraseStarted", 200, phrase=phrase, duration=4000)) == 2800
    actions = table.see("expired", 2800)
    assert "соединить сейчас не получилось" in spoken(actions)
    assert table.state["transfers"] == [{"transfer": 1, "outcome": "unreachable", "talk_ms": 0}]


def test_a_telephone_rings_for_so_long():
    """And is hung up then; what comes of it later is dropped."""
    table, actions = ringing()
    assert waits(actions) == 30_000
    actions = table.see("expired", 30_000)
    assert {"dropLeg", "unring", "tellTransfer"} <= set(done(actions))
    assert "никто пока не отвечает" in spoken(actions)
    assert table.see("legConnected", 50, transfer=1) == []


def queued(wait_ms=120_000):
    table = staffed().greeted()
    table.see("key", 100, digit="0")
    table.speak_out()
    to = {"kind": "queue", "address": "support", "caller_id": "", "wait_ms": wait_ms, "priority": 5}
    return table, table.see("arranged", 100, transfer=1, refused="", to=to, brief="")


def test_a_queue_is_waited_in_for_so_long():
    """Longer than a telephone rings, and no longer; what comes of it later is dropped."""
    table, actions = queued()
    assert waits(actions) == 120_000
    actions = table.see("expired", 120_000)
    assert {"dropLeg", "unring", "tellTransfer"} <= set(done(actions))
    assert "никто пока не отвечает" in spoken(actions)
    assert table.state["transfers"][0]["outcome"] == "no_answer"
    assert table.see("legConnected", 50, transfer=1) == []


def test_a_wait_in_a_queue_is_given_back():
    """The call's limit does not run meanwhile; a telephone that rings is of the call's time."""
    table, actions = queued(400_000)
    assert "unlimitCall" in done(actions)
    before = table.state["transfer"]["called"] - table.state["connectedAt"]
    actions = table.see("legEnded", 300_000, transfer=1, outcome="queue_full")
    assert "линия сейчас занята" in spoken(actions)
    assert [each["ms"] for each in actions if each["do"] == "limitCall"] == [600_000 - before]
    table, actions = ringing()
    assert "unlimitCall" not in done(actions)
    assert "limitCall" not in done(table.see("legEnded", 9_000, transfer=1, outcome="busy"))


def test_whoever_takes_a_call_of_a_queue_is_joined():
    """As who picks up a telephone."""
    table, _ = queued()
    assert "join" in done(table.see("legConnected", 90_000, transfer=1))
    assert table.name == "joined"


def test_the_announcement_is_heard_out_before_the_tone():
    """One voice: the tone begins when the words are over, or were not heard at all."""
    table = staffed().greeted()
    assert "ring" not in done(table.see("key", 100, digit="0"))
    assert "ring" not in done(table.see("arranged", 50, transfer=1, refused="", to=TO, brief=""))
    assert done(table.see("expired", 2_450)) == ["hush", "ring", "wait"]


def test_a_talk_is_left_alone():
    """Recogniser, voice, tone and the call's limit are gone before the lines are joined; nothing
    that is heard or pressed then does anything."""
    table, actions = joined()
    order = done(actions)
    for gone in ("hush", "unring", "deafen", "stopEars", "unlimitCall"):
        assert order.index(gone) < order.index("join")
    assert waits(actions) == 1_800_000
    for kind, more in [
        ("key", {"digit": "0"}),
        ("key", {"digit": "#"}),
        ("heard", {"text": "алло", "confidence": 0.9}),
        ("interim", {"text": "алло это я"}),
        ("speechStarted", {}),
        ("voiceStarted", {}),
    ]:
        assert table.see(kind, 100, **more) == []
    assert table.name == "joined"


def test_whoever_hangs_up_ends_both():
    """The operator's end hangs up on the caller, the caller's drops the operator."""
    table, _ = joined()
    actions = table.see("legEnded", 60_000, transfer=1, outcome="hung_up")
    assert "hangup" in done(actions)
    table.see("disconnected", 50)
    assert table.state["reason"] == "transferred"
    assert table.state["transfers"] == [{"transfer": 1, "outcome": "talked", "talk_ms": 60_000}]
    table, _ = joined()
    assert "dropLeg" in done(table.see("disconnected", 20_000))
    assert table.state["transfers"][0]["talk_ms"] == 20_000


def test_a_talk_that_cannot_be_joined_comes_back():
    """With the call's limit as it was."""
    table, _ = joined()
    actions = table.see("legEnded", 0, transfer=1, outcome="failed")
    [limit] = [each["ms"] for each in actions if each["do"] == "limitCall"]
    assert 500_000 < limit < 600_000
    assert table.name == "speaking"
    assert table.state["reason"] == ""


def test_a_brief_comes_first_where_there_is_one():
    """Its end joins, and so does a brief that nobody hears; a hang-up in it is no talk."""
    table, _ = ringing(brief="Вам звонит клиент.")
    assert done(table.see("legConnected", 5000, transfer=1)) == ["brief", "wait"]
    assert "join" in done(table.see("briefEnded", 3000, transfer=1))
    table, _ = ringing(brief="Вам звонит клиент.")
    table.see("legConnected", 5000, transfer=1)
    assert "join" in done(table.see("expired", 2500))
    table, _ = ringing(brief="Вам звонит клиент.")
    table.see("legConnected", 5000, transfer=1)
    table.see("legEnded", 1000, transfer=1, outcome="hung_up")
    assert table.state["transfers"][0]["outcome"] == "hung_up"


def test_an_answer_may_end_in_a_transfer():
    """The tone follows it at once; it was said already."""
    table = staffed().asked()
    table.see("replied", 300, turn=1, text="Соединяю.", action="transfer")
    actions = table.speak_out()
    assert [a["why"] for a in actions if a["do"] == "arrange"] == ["asked"]
    assert "ring" in done(actions)


def test_three_apologies_in_a_row_call_a_person():
    """F64: where the backend is there to name one; else goodbye, as before."""
    table = staffed(limits__apologies=0).asked()
    apology = {"text": SORRY, "action": "listen", "outcome": "apologised"}
    actions = table.see("replied", 300, turn=1, **apology)
    assert spoken(actions) == TRANSFER
    assert [a["why"] for a in actions if a["do"] == "arrange"] == ["apologies"]
    actions = table.see("arranged", 100, transfer=1, refused="unreachable", to=None, brief="")
    assert table.state["reason"] == "backend_down"
    table = staffed(limits__apologies=0).asked()
    assert "arrange" not in done(table.see("failed", 300, turn=1, retry=False))
    assert table.state["reason"] == "backend_down"


def test_somebody_at_the_console_puts_a_call_through():
    """Whatever is said; and only where there is somebody."""
    table = staffed().greeted()
    assert [a["why"] for a in table.see("transferWanted", 100) if a["do"] == "arrange"] == [
        "console"
    ]
    assert table.see("transferWanted", 100) == [], "one at a time"


def test_the_calls_limit_ends_what_rings():
    """And says so; the talk alone has another one."""
    table, _ = ringing()
    actions = table.see("timeUp", 100)
    assert "dropLeg" in done(actions)
    assert table.state["reason"] == "time_limit"


def test_a_fault_of_the_file_leaves_no_leg():
    """F66."""
    table, _ = joined()
    assert "dropLeg" in done(table.see("broke", 100))
    table, _ = ringing()
    [report] = [a for a in table.see("terminating", 100) if a["do"] == "report"]
    assert report["transfers"] == [{"transfer": 1, "outcome": "caller_left", "talk_ms": 0}]


def test_a_timer_that_rings_early_is_set_anew():
    """Neither the announcement nor the ringing is over for it."""
    table, _ = ringing()
    assert [waits([each]) for each in table.see("expired", 10_000)] == [20_000]
    assert table.name == "calling"


def test_the_backend_may_end_a_call_that_is_being_put_through():
    """Both legs end, and who was called hears nothing more of it."""
    table, _ = ringing()
    actions = done(table.see("dismissed", 500))
    assert {"dropLeg", "unring", "hangup"} <= set(actions)
    assert table.state["reason"] == "assistant_hung_up"
