"""The stream over a real connection: phrases as they come, and every turn answered once."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.exceptions import InvalidStatus

from halo_voice.api import routes_stream
from halo_voice.api.websocket import AsgiSocket
from halo_voice.calls.diaries import Diaries
from halo_voice.core.errors import ModelBroken
from halo_voice.core.ports import Outcome
from tests.streams import KEY, Served, SteppingModel, served, signed


@pytest.fixture
def model():
    return SteppingModel()


@pytest.fixture
async def halo(model):
    async with served(model) as whole:
        yield whole


async def test_a_phrase_is_said_before_the_model_has_finished(halo: Served, model):
    """Written down first, then spoken as it is made; the phrases are the reply."""
    async with halo.stream() as scenario:
        await scenario.ask(1, "Где вы?")
        await model.give("Мы находимся на улице Ленина, ", "дом пять. ")
        first = await scenario.hear("say")
        assert (first["turn"], first["phrase"]) == (1, 1)
        await model.give("Приходите!", None)
        done = await scenario.hear("answered")
        assert scenario.kinds(1)[0] == "accepted"
        assert done["text"] == " ".join(scenario.said(1))
        assert done["phrases"] == len(scenario.said(1)) >= 2
        assert (done["action"], done["outcome"]) == ("listen", "answered")
    [turn] = await halo.halo.store.turns("c-1")
    assert (turn.outcome, turn.reply) == (Outcome.ANSWERED, done["text"])


async def test_a_call_that_nobody_has_started_is_opened(halo: Served, model):
    """Its first message brings what `/call/start` would have brought."""
    async with halo.stream("c-9"):
        record = await halo.halo.store.find_call("c-9")
        assert record.caller == "+79161234567"
    async with halo.socket() as scenario:
        await scenario.send("call", version=1, call_id="nobody")
        assert await scenario.closed() == 4404


async def test_a_call_that_has_ended_is_closed(halo: Served):
    """4409, before any turn; a stream of a call that ends over HTTP goes with it."""
    async with halo.stream() as scenario, halo.http() as http:
        end = {"call_id": "c-1", "reason": "no_input"}
        assert (await http.post("/call/end", json=end)).json()["stored"] is True
        assert await scenario.closed() == 4409
    async with halo.socket() as scenario:
        await scenario.send("call", version=1, call_id="c-1")
        assert await scenario.closed() == 4409


async def test_after_a_reconnect_the_answer_goes_on(halo: Served, model):
    """F48: the phrases that are there are not sent again; one model call."""
    async with halo.stream() as scenario:
        await scenario.ask(1, "Где вы?")
        await model.give("Мы на улице Ленина. ", "Вход со двора. ")
        await scenario.hear("say")
        await scenario.hear("say")
    async with halo.stream(turn=1) as scenario:
        await scenario.ask(1, "Где вы?", have=1)
        await model.give("Приходите!", None)
        done = await scenario.hear("answered")
        assert scenario.said(1) == ["Вход со двора.", "Приходите!"]
        assert done["text"] == "Мы на улице Ленина. Вход со двора. Приходите!"
        assert done["phrases"] == 3
    assert len(model.asked) == 1


async def test_http_and_stream_share_one_answer(halo: Served, model):
    """The scenario may ask on both, and take what comes."""
    async with halo.stream() as scenario, halo.http() as http:
        await scenario.ask(1, "Где вы?")
        await model.was_asked(1)
        body = {"call_id": "c-1", "turn": 1, "user_text": "Где вы?"}
        asking = asyncio.create_task(http.post("/process_text", json=body))
        await model.give("Мы на улице Ленина. ", None)
        done = await scenario.hear("answered")
        reply = (await asking).json()
        assert reply["ai_text"] == done["text"]
        assert reply["patience_ms"] == done["patience_ms"] == 0
        again = (await http.post("/process_text", json=body)).json()
        assert again == reply
    assert len(model.asked) == 1


async def test_a_newer_stream_takes_over(halo: Served, model):
    """The older one is told; the turn goes on and is answered on the newer one."""
    async with halo.stream() as old:
        await old.ask(1, "Где вы?")
        await model.was_asked(1)
        async with halo.stream() as new:
            assert await old.closed() == 4409
            await new.ask(1, "Где вы?")
            await model.give("Мы здесь.", None)
            assert (await new.hear("answered"))["text"] == "Мы здесь."
    assert len(model.asked) == 1


async def test_messages_are_taken_in_the_order_in_which_they_were_sent(halo: Served, model):
    """F49: swapped and doubled on the way, and no turn lost."""
    async with halo.stream() as scenario:
        final = {"type": "final", "turn": 1, "text": "Где вы?"}
        await scenario.raw({"type": "ping", "seq": 3})
        await scenario.raw({"type": "from_the_future", "seq": 4, "what": [1]})
        await scenario.raw({**final, "seq": 2})
        await scenario.raw({**final, "seq": 2})
        await scenario.raw({"type": "ping", "seq": 5})
        await model.give("Мы здесь.", None)
        await scenario.hear("answered")
        kinds = [message["type"] for message in scenario.heard]
        assert kinds.count("answered") == kinds.count("accepted") == 1
        assert len(model.asked) == 1


async def test_a_turn_that_was_overtaken_is_still_the_older_one(halo: Served, model):
    """F49, F53: asked in their order, the older turn is superseded and the newer one answered."""
    async with halo.stream() as scenario:
        await scenario.raw({"type": "final", "turn": 2, "text": "До скольки вы?", "seq": 3})
        await scenario.raw({"type": "final", "turn": 1, "text": "Где вы?", "seq": 2})
        older = await scenario.hear("answered", "failed")
        assert (older["type"], older["turn"], older.get("outcome")) == ("answered", 1, "superseded")
        await model.give("До девяти.", None)
        newer = await scenario.hear("answered", "failed")
        assert (newer["turn"], newer["text"]) == (2, "До девяти.")
        accepted = [each["turn"] for each in scenario.heard if each["type"] == "accepted"]
        assert accepted == [1, 2]


async def test_a_gap_that_is_not_filled_ends_the_stream(halo: Served, monkeypatch):
    """F49: something was lost: a new connection asks again, long before silence would tell."""
    monkeypatch.setattr(routes_stream, "GAP_S_MAX", 0.05)
    async with halo.stream() as scenario:
        await scenario.raw({"type": "ping", "seq": 3})
        assert await scenario.closed() == 4400


async def test_what_waits_for_a_lost_message_is_bounded(halo: Served, monkeypatch):
    """F49, F63: messages that follow a gap are not kept without end."""
    monkeypatch.setattr(routes_stream, "GAP_S_MAX", 60.0)
    async with halo.stream() as scenario:
        for number in range(3, 40):
            await scenario.raw({"type": "ping", "seq": number})
        assert await scenario.closed() == 4400


async def test_a_scenario_that_is_silent_is_taken_for_dead(halo: Served, monkeypatch):
    """F47: half open connections are not kept; pings are answered and keep them."""
    monkeypatch.setattr(routes_stream, "SILENT_S_MAX", 0.2)
    async with halo.stream() as scenario:
        await scenario.send("ping")
        await scenario.hear("pong")
        assert await scenario.closed() == 4400


@pytest.mark.parametrize(
    "message",
    [
        "garbage",
        "[]",
        "{}",
        b'{"type": "ping", "seq": 2}',
        '{"type": "ping"}',
        '{"type": "ping", "seq": 0}',
        '{"type": "ping", "seq": "2"}',
        '{"type": "final", "seq": 2, "turn": 0, "text": "а"}',
        '{"type": "final", "seq": 2, "turn": 1}',
        '{"type": "final", "seq": 2, "turn": 1, "text": "\\ud800"}',
        '{"type": "final", "seq": 2, "turn": 1, "text": "а", "confidence": 2}',
        '{"type": "final", "seq": 2, "turn": 1, "text": "а", "deadline_ms": 1}',
        "[" * 5000,
    ],
    ids=lambda message: str(message)[:40],
)
async def test_what_cannot_be_read_ends_the_stream(halo: Served, model, message):
    """4400; no model is asked."""
    async with halo.stream() as scenario:
        await scenario.raw(message)
        assert await scenario.closed() == 4400
    assert model.asked == []


async def test_a_stream_begins_with_its_call(halo: Served):
    """Anything else first, another version, a start of another call: 4400."""
    other = {"version": 1, "call_id": "c-1", "start": {"call_id": "c-2"}}
    for kind, fields in (
        ("ping", {}),
        ("call", {"version": 2, "call_id": "c-1"}),
        ("call", other),
    ):
        async with halo.socket() as scenario:
            await scenario.send(kind, **fields)
            assert await scenario.closed() == 4400


async def test_a_frame_that_is_too_large_ends_the_stream(halo: Served):
    """The server does not read it to its end."""
    async with halo.stream() as scenario:
        await scenario.ask(1, "а" * 200_000)
        assert await scenario.closed() == 1009


async def test_a_blank_turn_is_no_turn(halo: Served, model):
    """F07: `failed` as over HTTP, and the stream goes on."""
    async with halo.stream() as scenario:
        await scenario.ask(1, "  ")
        assert (await scenario.hear("failed"))["code"] == "unusable_text"
        await scenario.ask(1, "Где вы?")
        await model.give("Здесь.", None)
        assert (await scenario.hear("answered"))["turn"] == 1


async def test_a_conflict_fails_the_turn_only(halo: Served, model):
    """The same number with other words."""
    async with halo.stream() as scenario:
        await scenario.ask(1, "Где вы?")
        await model.give("Здесь.", None)
        await scenario.hear("answered")
        await scenario.ask(1, "Другое")
        assert (await scenario.hear("failed"))["code"] == "turn_conflict"


async def test_the_caller_who_goes_on_speaking_gets_one_answer(halo: Served, model):
    """F06: the older turn is superseded and its model stopped."""
    async with halo.stream() as scenario:
        await scenario.ask(1, "Где вы")
        await model.was_asked(1)
        await scenario.ask(2, "Где вы и до скольки")
        older = await scenario.hear("answered")
        assert (older["turn"], older["outcome"], older["phrases"]) == (1, "superseded", 0)
        await model.give("До девяти.", None)
        newer = await scenario.hear("answered")
        assert (newer["turn"], newer["text"]) == (2, "До девяти.")
    assert model.stopped == 1


async def test_an_answer_begun_while_the_caller_was_speaking_is_there_at_once(halo: Served, model):
    """Nothing of it is heard before the turn is asked."""
    async with halo.stream() as scenario:
        await scenario.send("interim", turn=1, text="где вы", quiet=True)
        await model.give("Мы на улице Ленина. ", None)
        await scenario.send("ping")
        await scenario.hear("pong")
        assert scenario.said(1) == []
        await scenario.ask(1, "Где вы?")
        assert (await scenario.hear("answered"))["text"] == "Мы на улице Ленина."
    assert len(model.asked) == 1


async def test_a_torn_answer_ends_with_an_offer(halo: Served, model):
    """F35: the torn sentence is not spoken."""
    async with halo.stream() as scenario:
        await scenario.ask(1, "Где вы?")
        await model.give("Мы на улице Ленина. ", "Вход со", ModelBroken())
        await scenario.hear("answered")
        assert scenario.said(1) == ["Мы на улице Ленина.", "Продолжить?"]


async def test_what_the_caller_heard_reaches_the_store(halo: Served, model):
    """F14, invariant 9."""
    async with halo.stream() as scenario:
        await scenario.ask(1, "Где вы?", asr_ms=400)
        await model.give("Мы на улице Ленина. ")
        await scenario.hear("say")
        await scenario.send("phrase_started", turn=1, phrase=1, voice_ms=150, audible_ms=800)
        await scenario.send("phrase_interrupted", turn=1, phrase=1, heard_ms=300, heard="Мы на")
        assert (await scenario.hear("answered"))["text"] == "Мы на улице Ленина."
        await scenario.send("ended", reason="caller_hung_up")
        assert await scenario.closed() == 1000
    async with halo.http() as http:
        await http.post("/call/end", json={"call_id": "c-1", "reason": "caller_hung_up"})
    [turn] = await halo.halo.store.turns("c-1")
    assert turn.heard == "Мы на"
    assert turn.latency["audible_ms"] == 800


async def test_nothing_is_left_of_a_stream(halo: Served, model):
    """Invariant 19: no task, no live call, whatever the stream was doing."""
    before = asyncio.all_tasks()
    async with halo.stream() as scenario:
        await scenario.send("interim", turn=1, text="где", quiet=True)
        await scenario.ask(1, "Где вы?")
        await model.was_asked(1)
        scenario.socket.transport.abort()
    async with halo.http() as http:
        await http.post("/call/end", json={"call_id": "c-1", "reason": "caller_hung_up"})
    assert len(halo.halo.switchboard) == 0
    for _ in range(1000):
        left = asyncio.all_tasks() - before
        if not left:
            break
        await asyncio.sleep(0)
    await asyncio.wait(left or {asyncio.create_task(asyncio.sleep(0))}, timeout=5)
    assert asyncio.all_tasks() - before <= {asyncio.current_task()}
    assert model.stopped == len(model.asked)


# ------------------------------------------------------------------------------- who is let in


async def test_only_a_signed_stream_opens(model):
    """Once for each signature, for this path and method alone; the refusal says nothing."""
    async with served(model, keys={"k1": KEY}) as halo:
        async with halo.socket(additional_headers=signed("n-1")) as scenario:
            await scenario.begin()
        refused = [
            {},
            signed("n-1"),
            signed("n-2", "x" * 32),
            signed("n-3", path="/process_text"),
            signed("n-4", method="POST"),
            signed("n-5", body=b"{}"),
        ]
        for headers in refused:
            with pytest.raises(InvalidStatus) as refusal:
                async with halo.socket(additional_headers=headers):
                    pass
            assert refusal.value.response.status_code == 403


@pytest.mark.parametrize(
    "how",
    [
        {"origin": "https://evil.example"},
        {"additional_headers": {"x-forwarded-for": "203.0.113.5"}},
        {"subprotocols": ["other.v1"]},
        {"path": "/process_text"},
        {"path": "/nowhere"},
    ],
    ids=str,
)
async def test_without_a_key_no_page_and_no_proxy_opens_one(halo: Served, how):
    """The loopback rule of HTTP; nor another path or protocol."""
    with pytest.raises(InvalidStatus) as refusal:
        async with halo.socket(**how):
            pass
    assert refusal.value.response.status_code == 403


# ---------------------------------------------------------------------------- other processes


async def test_another_process_carries_the_call_on(tmp_path):
    """F43: what is settled is repeated, what was pending is answered anew from its first phrase."""
    url = f"sqlite:///{tmp_path}/halo.sqlite3"
    first, second = SteppingModel(), SteppingModel()
    async with served(first, store_url=url) as here, served(second, store_url=url) as there:
        async with here.stream() as scenario:
            await scenario.ask(1, "Где вы?")
            await first.give("Мы здесь. Приходите!", None)
            await scenario.hear("answered")
            await scenario.send("phrase_finished", turn=1, phrase=2)
            await scenario.ask(2, "А когда?")
            await first.give("Завтра с утра. ", answer=1)
            await scenario.hear("say")
        async with there.stream(turn=2) as scenario:
            await scenario.ask(1, "Где вы?", have=1)
            done = await scenario.hear("answered")
            assert (done["text"], done["phrases"]) == ("Мы здесь. Приходите!", 2)
            await scenario.ask(2, "А когда?", have=1)
            await second.give("Послезавтра.", None)
            await scenario.hear("answered")
            assert scenario.kinds(2) == ["accepted", "clear", "say", "answered"]
            assert [m.content for m in second.asked[0] if m.role == "user"] == [
                "Где вы?",
                "А когда?",
            ]


async def test_a_server_that_stops_lets_its_turns_end(halo: Served, model):
    """F44: what was asked is answered, then the stream goes with 1012."""
    async with halo.stream() as asking, halo.stream("c-2") as idle:
        await asking.ask(1, "Где вы?")
        await model.was_asked(1)
        stopping = asyncio.create_task(halo.halo.switchboard.drain(10))
        assert await idle.closed() == 1012
        await model.give("Мы здесь.", None)
        assert await asking.closed() == 1012
        assert asking.heard[-1]["type"] == "answered"
        await stopping


async def test_a_reader_that_does_not_read_is_let_go(model, monkeypatch):
    """F50: what waits for it is bounded; the turns are answered all the same."""
    halted, sent = asyncio.Event(), []
    async with served(model) as halo:
        incoming: asyncio.Queue = asyncio.Queue()

        async def send(message):
            sent.append(message)
            if len(sent) > 1:
                await halted.wait()

        def put(seq, kind, **fields):
            text = json.dumps({"type": kind, "seq": seq, **fields})
            incoming.put_nowait({"type": "websocket.receive", "text": text})

        connection = AsgiSocket(incoming.get, send)
        diaries = Diaries(halo.halo.store.traces)
        stream = routes_stream.Stream(halo.halo.switchboard, diaries, connection)
        serving = asyncio.create_task(stream.run())
        put(1, "call", version=1, call_id="c-1", start={"call_id": "c-1"})
        for number in range(2, 102):
            put(number, "final", turn=number - 1, text=" ")
        monkeypatch.setattr(routes_stream, "FAREWELL_S", 0.01)
        await serving
        assert stream._end.result().code == 4429
