"""Calls that are put through to a person: each end of a transfer, told to the caller and stored.

Scenario, wire, backend and store are the real ones; the telephone that is called is the
simulator's. Invariant 22 is judged with the others.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from halo_voice.calls.reconciler import Reconciler
from halo_voice.calls.transfers import Transfers
from halo_voice.core.errors import NoOperator
from halo_voice.core.ports import CallStart
from halo_voice.core.tools import ToolState
from halo_voice.simulator import (
    AsgiNetwork,
    Cough,
    HttpResponse,
    Interrupt,
    Pickup,
    Press,
    ScriptedCaller,
    ScriptedNetwork,
    SilentCaller,
    When,
)
from halo_voice.simulator.faults import Faults
from halo_voice.simulator.invariants import breaches
from halo_voice.simulator.transfers import talks
from tests.halo import HOST, ROOT, HttpOnly, call_to
from tests.operators import (
    BUSY,
    DECLINES,
    SALES,
    SERVICE,
    SILENT,
    Impatient,
    limited,
    staffed,
    takes_it,
)
from tests.standins.older_backend import OlderBackend

TRANSFER = "Минутку, я соединю вас с сотрудником. Пожалуйста, оставайтесь на линии."
GOODBYE = "спасибо до свидания"


def heard(call):
    return [span.text for span in call.playbacks if span.call == "call:1"]


def called(call):
    return [line.data["called"] for line in call.trace if "called" in line.data]


FAILED = {
    "busy": (BUSY, "линия сейчас занята", "Линия занята"),
    "no answer": (SILENT, "никто пока не отвечает", "Никто не ответил"),
    "declined": (DECLINES, "сотрудник сейчас не может ответить", "отклонил"),
    "nowhere": (Pickup(2_000, code=404), "соединить сейчас не получилось", "не удалось"),
    "no money": (Pickup(2_000, code=402), "соединить сейчас не получилось", "не удалось"),
}


@pytest.mark.parametrize("way", [None, HttpOnly], ids=["stream", "http"])
@pytest.mark.parametrize("name", FAILED)
async def test_nobody_takes_the_call(put_through, name, way):
    """Each end has words of its own, is stored as what it is, and the talk with the assistant goes
    on: nobody is lost, and nobody waits in silence."""
    answer, said, stored = FAILED[name]
    lines = [Press("0"), "сколько стоит доставка", GOODBYE]
    call, record, [row], turns = await put_through(lines, answer, network=way)
    phrases = heard(call)
    assert phrases[1] == TRANSFER
    assert any(said in phrase for phrase in phrases)
    assert (row.state, stored in row.result) == (ToolState.FAILED, True)
    assert json.loads(row.arguments) == {"operator": "отдел продаж", "why": "key"}
    assert [turn.user_text for turn in turns] == lines[1:]
    assert record.end_reason == "assistant_hung_up"
    assert called(call) == [SALES]


async def test_the_ringing_is_heard(put_through):
    """While a telephone rings the caller hears it ring: first the words, then the tone."""
    call, *_ = await put_through([Press("0"), GOODBYE], SILENT)
    tone = next(span for span in call.playbacks if span.text.startswith("425@"))
    before = call.playbacks[call.playbacks.index(tone) - 1]
    assert before.text == TRANSFER
    assert tone.started_ms - before.ended_ms < 200
    assert tone.ended_ms - tone.started_ms > 20_000


@pytest.mark.parametrize("way", [None, HttpOnly], ids=["stream", "http"])
async def test_two_people_talk(put_through, way):
    """Invariant 22: the line is joined both ways, no recogniser hears it, nothing is said into it;
    when the operator hangs up the caller's line ends too, and the call is stored as put through."""
    call, record, [row], _ = await put_through([Press("0"), "здравствуйте"], takes_it(20_000),
                                               network=way, hang_up_after=False)  # fmt: skip
    [(begin, end)] = talks(call)
    assert end - begin > 15_000
    assert {span.call for span in call.playbacks if span.text.startswith("(call:")} == {
        "call:1",
        "call:out1",
    }
    assert record.end_reason == "transferred"
    assert row.state is ToolState.DONE
    assert row.result == f"Собеседник поговорил с сотрудником: {round((end - begin) / 1000)} с."
    assert call.legs[0].ended_ms <= call.disconnected_ms


async def test_the_caller_hangs_up_in_the_talk(put_through):
    """The operator's line ends with the caller's."""
    caller = Impatient({6_000: "0"}, 30_000)
    call, record, [row], _ = await put_through(caller, takes_it(after_ms=1_000))
    assert record.end_reason == "transferred"
    assert row.state is ToolState.DONE
    assert abs(call.legs[0].ended_ms - call.disconnected_ms) < 500


@pytest.mark.parametrize("leaves_ms", [6_200, 9_000, 14_000])
async def test_the_caller_does_not_wait(put_through, leaves_ms):
    """Who hangs up in the announcement, or while it rings, leaves no telephone ringing."""
    caller = Impatient({6_000: "0"}, leaves_ms)
    call, record, [row], _ = await put_through(caller, Pickup(30_000, SilentCaller()))
    assert record.end_reason == "caller_hung_up"
    left = ToolState.FAILED, "Собеседник положил трубку, не дождавшись."
    assert (row.state, row.result) == left
    assert all(leg.ended_ms - call.disconnected_ms < 500 for leg in call.legs)


async def test_a_name_in_the_callers_words_chooses(put_through):
    """F71: «соедините с мастерской» calls the destination of that name; its number is in no
    message but the backend's answer for this transfer."""
    call, _, [row], [turn] = await put_through(["соедините с мастерской"], takes_it(20_000))
    assert called(call) == [SERVICE]
    assert (turn.action, turn.reply) == ("transfer", TRANSFER)
    assert json.loads(row.arguments) == {"operator": "мастерская", "why": "asked"}
    told = [line.what for line in call.trace if SERVICE in line.what]
    assert len(told) == 1, "only the platform is told"
    [asked] = [each for each in call.requests if each.url.endswith("/call/transfer")]
    assert SERVICE not in asked.body
    assert SERVICE in asked.text


async def test_who_picks_up_is_told_first(put_through):
    """The brief is spoken to the operator alone; the caller hears the tone, and then they talk."""
    call, _, [row], _ = await put_through(["соедините с мастерской"], takes_it(30_000))
    [brief] = [span for span in call.playbacks if span.text.startswith("Клиента соединяет")]
    assert brief.call == "call:out1"
    assert brief.text.endswith("Последние слова клиента: соедините с мастерской.")
    tone = next(span for span in call.playbacks if span.text.startswith("425@"))
    assert tone.started_ms < brief.started_ms < brief.ended_ms <= tone.ended_ms
    assert talks(call)[0][0] >= brief.ended_ms
    assert row.state is ToolState.DONE


async def test_who_hangs_up_in_the_brief_has_not_talked(put_through):
    """Another end than a talk: the caller comes back to the assistant."""
    lines = ["соедините с мастерской", GOODBYE]
    call, record, [row], _ = await put_through(lines, takes_it(1_500))
    assert talks(call) == []
    assert row.result.startswith("Сотрудник положил трубку, не поговорив.")
    assert any("соединить сейчас не получилось" in phrase for phrase in heard(call))
    assert record.end_reason == "assistant_hung_up"


async def test_a_brief_without_a_voice_joins_all_the_same(put_through):
    """F20: nobody waits for a voice that never sounds."""
    faults = Faults({"F20": When(probability=1, where="Клиента")})
    call, _, [row], _ = await put_through(
        ["соедините с мастерской"], takes_it(20_000), faults=faults
    )
    assert call.struck == {"F20": 1}
    assert len(talks(call)) == 1
    assert row.state is ToolState.DONE


async def test_so_many_and_no_more(put_through):
    """F71: two attempts; a third press of the key says at once that it cannot be."""
    lines = [Press("0"), Press("0"), Press("0"), GOODBYE]
    call, _, rows, _ = await put_through(lines, BUSY)
    assert len(rows) == 2
    assert len(call.legs) == 2
    assert sum("соединить сейчас не получилось" in phrase for phrase in heard(call)) == 1


CLOSED = """
[operators."ночная смена"]
number = "+7 495 000-00-03"
[operators."ночная смена".hours]
sunday = "0:00-0:01"
[operators."дежурный"]
user = "duty"
"""


async def test_who_does_not_work_now_is_not_called(put_through):
    """Asked by name outside the hours: the caller hears so, nobody's telephone rings; without a
    name whoever works is called."""
    call, _, [row], _ = await put_through(
        ["соедините с ночной сменой", GOODBYE], BUSY, operators=CLOSED
    )
    assert call.legs == []
    assert any("сотрудники сейчас не работают" in phrase for phrase in heard(call))
    assert row.result.startswith("Сейчас там не работают.")
    call, _, [row], _ = await put_through([Press("0")], takes_it(20_000), operators=CLOSED)
    assert called(call) == ["duty"]
    assert row.state is ToolState.DONE


async def test_a_backend_that_is_gone_keeps_nobody_waiting(put_through):
    """F27, F28: without an answer there is no number; the caller is told within three seconds."""

    def network(web, host):
        inner = AsgiNetwork(web, host)

        async def answer(request):
            if request.url.endswith("/call/transfer"):
                return HttpResponse(503, b"{}")
            return await inner.request(request)

        return ScriptedNetwork(answer)

    call, record, rows, _ = await put_through([Press("0"), GOODBYE], BUSY, network=network)
    assert call.legs == []
    assert rows == []
    assert any("соединить сейчас не получилось" in phrase for phrase in heard(call))
    assert not record.open


MUSIC = '\n[audio]\nhold = "https://files.halo.test/hold.mp3"\n'


async def test_music_is_played_where_there_is_some(put_through):
    """And where it cannot be had (F20, F21), the tone."""
    call, *_ = await put_through([Press("0"), GOODBYE], SILENT, more=MUSIC)
    assert "https://files.halo.test/hold.mp3" in heard(call)
    assert not any(text.startswith("425@") for text in heard(call))
    for fault in ("F20", "F21"):
        faults = Faults({fault: When(probability=1, where="hold.mp3")})
        call, *_ = await put_through([Press("0"), GOODBYE], SILENT, more=MUSIC, faults=faults)
        assert call.struck == {fault: 1}
        assert any(text.startswith("425@") for text in heard(call))


async def test_a_realtime_voice_speaks_again_after_a_tone(put_through):
    """The tone takes the player's place at the caller's ear; the next words are heard as well."""
    call, *_ = await put_through([Press("0"), GOODBYE], SILENT, network=_with_live_voice)
    assert any("никто пока не отвечает" in phrase for phrase in heard(call))
    assert heard(call)[-1] == "Спасибо за звонок. До свидания!"


def _with_live_voice(web, host):
    inner = AsgiNetwork(web, host)

    async def answer(request):
        response = await inner.request(request)
        if not request.url.endswith("/call/start"):
            return response
        content = json.loads(response.body)
        content["profile"]["realtime_voice"] = "Anna"
        return HttpResponse(200, json.dumps(content).encode())

    return ScriptedNetwork(answer)


async def test_a_transfer_in_an_answer_that_is_interrupted_is_not_made(put_through):
    """Who speaks over «соединю вас» has changed their mind, or says more."""
    lines = ["позовите оператора", Interrupt("нет подождите сколько стоит доставка"), GOODBYE]
    call, _, rows, _ = await put_through(lines, takes_it(20_000))
    assert call.legs == []
    assert rows == []


async def test_a_cough_stops_no_transfer(put_through):
    """While it rings nothing that the caller's line brings is taken for words."""
    lines = [Press("0"), Cough()]
    _, record, [row], _ = await put_through(
        lines, takes_it(10_000, after_ms=20_000), hang_up_after=False
    )
    assert row.state is ToolState.DONE
    assert record.end_reason == "transferred"


@pytest.mark.parametrize("fault", ["F60", "late", "F25"])
async def test_an_end_that_is_told_late_ends_both(put_through, fault):
    """F25, F60: whatever the platform forgets to tell, both lines and the session end."""
    faults = Faults({fault: When(probability=1, where="Call." if fault == "late" else "")})
    caller = Impatient({6_000: "0"}, 30_000)
    call, *_ = await put_through(
        caller, takes_it(after_ms=1_000), faults=faults, network=limited(talk_ms=60_000)
    )
    assert call.struck[fault]
    assert call.legs[0].ended_ms is not None


async def test_the_longest_talk_ends(put_through):
    """A talk has a limit of its own; the call's does not cut it short."""
    call, record, [row], _ = await put_through(
        [Press("0")], takes_it(), network=limited(talk_ms=700_000), hang_up_after=False
    )
    [(begin, end)] = talks(call)
    assert 699_000 < end - begin < 702_000
    assert record.end_reason == "transferred"
    assert row.state is ToolState.DONE


class Watched(SilentCaller):
    """While they listen to the greeting, somebody at the console has them put through."""

    def __init__(self, halo, told):
        super().__init__()
        self._transfers = Transfers(halo.switchboard, halo.store)
        self._told = told

    def hear(self, line):
        super().hear(line)
        if len(line.heard) == 1 and not self._told:
            self._told.append(None)
            return self._put_through()
        return None

    async def _put_through(self):
        self._told[0] = await self._transfers.put_through("7")


@pytest.mark.parametrize("way", [AsgiNetwork, HttpOnly], ids=["stream", "http"])
async def test_somebody_at_the_console_puts_a_call_through(tmp_path, way):
    """At once where a stream listens; else with the caller's next words."""
    told = []
    async with staffed(tmp_path) as halo:
        caller = Watched(halo, told)
        if way is HttpOnly:
            caller = Both(caller, ScriptedCaller(["сколько стоит доставка"], hang_up_after=False))
        done = await call_to(halo.web)(
            caller, network=way(halo.web, HOST), answers=lambda _: takes_it(20_000), session_id=7
        )
        [row] = await halo.store.tools("7")
        record = await halo.store.find_call("7")
    assert done.failures == []
    assert [str(breach) for breach in breaches(done)] == []
    assert told == [way is AsgiNetwork]
    assert json.loads(row.arguments)["why"] == ("console" if told[0] else "asked")
    assert (row.state, record.end_reason) == (ToolState.DONE, "transferred")


class Both:
    """Two who do what they do on one line."""

    def __init__(self, *people):
        self._people = people

    def hear(self, line):
        return next((done for each in self._people if (done := each.hear(line))), None)

    def ended(self, line):
        for each in self._people:
            each.ended(line)


async def test_nobody_is_put_through_where_nobody_is(halo):
    """The shipped profile names no operators: the console is told so."""
    await halo.switchboard.start(CallStart("c-1", scenario_version="1.3"))
    with pytest.raises(NoOperator):
        await Transfers(halo.switchboard, halo.store).put_through("c-1")


async def test_an_older_scenario_is_promised_nothing(tmp_path):
    """F65: one that cannot put a call through is never told to."""
    async with staffed(tmp_path) as halo:
        done = await call_to(halo.web)(
            ["соедините с оператором"], scenario=ROOT / "tests" / "versions" / "scenario-1.2.js",
            session_id=7, answers=lambda _: takes_it(),
        )  # fmt: skip
        [turn] = await halo.store.turns("7")
    assert done.failures == []
    assert turn.action == "listen"
    assert TRANSFER not in turn.reply
    assert done.legs == []


async def test_an_older_backend_leaves_the_keys_as_they_are(halo):
    """F65: it names nobody, so 0 is explained; * and # do what they say."""
    network = OlderBackend(halo.web, HOST)
    lines = ["сколько стоит доставка", Press("0"), Press("*"), Press("#")]
    done = await call_to(halo.web)(lines, network=network, session_id=7)
    phrases = heard(done)
    assert done.failures == []
    assert network.faults == []
    assert [str(breach) for breach in breaches(done)] == []
    assert phrases[1] == phrases[3]
    assert phrases[2].startswith("Скажите, пожалуйста, вслух")
    assert phrases[-1] == "Спасибо, что позвонили. До свидания!"
    assert (await halo.store.find_call("7")).end_reason == "caller_hung_up"


async def test_a_call_that_is_talked_in_is_not_taken_for_lost(tmp_path):
    """Invariant 11: the talk has a limit of its own, and the reconciler knows it."""
    jump = timedelta(0)
    async with staffed(tmp_path) as halo:
        store, board = halo.store, halo.switchboard
        await board.start(CallStart("c-1", scenario_version="1.3"))
        found = await Transfers(board, store).arrange("c-1", 1, 0, "key")
        assert found.operator.address == SALES
        reconciler = Reconciler(board, store, now=lambda: datetime.now(UTC) + jump)
        jump = timedelta(minutes=25)
        call = (await store.open_calls(datetime.min.replace(tzinfo=UTC), datetime.now(UTC), 9))[0]
        assert await reconciler._talks(call)
        jump = timedelta(minutes=50)
        assert not await reconciler._talks(call)
