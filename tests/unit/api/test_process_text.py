"""`/process_text`: the stateless turn of the first description, and the turns of a call."""

from __future__ import annotations

import asyncio
import json

import pytest

from halo_voice.core.errors import ModelUnreachable


async def test_user_text_alone_is_answered_by_get_and_post(client):
    """Query, form and JSON give `user_text` and `ai_text`, and nothing else."""
    words = "Где вы"
    expected = {"user_text": words, "ai_text": "Ответ: Где вы."}
    for reply in (
        await client.get("/process_text", params={"user_text": words}),
        await client.post("/process_text", data={"user_text": words}),
        await client.post("/process_text", json={"user_text": words}),
        await client.post("/process_text", params={"user_text": words}),
    ):
        assert reply.status_code == 200
        assert reply.json() == expected


async def test_the_model_is_told_the_persona(client, model):
    """«Вы - вежливый голосовой ассистент компании HALO.» comes before the caller's words."""
    await client.get("/process_text", params={"user_text": "Где вы"})
    [messages] = model.asked
    assert messages[0].role == "system"
    assert messages[0].content.startswith("Вы - вежливый голосовой ассистент компании HALO.")
    assert messages[-1].content == "Где вы"


async def test_a_turn_of_a_call_has_its_history(client, model, call_id):
    """The second turn tells the model of the first."""
    for turn, words in enumerate(("Где вы", "А метро"), 1):
        body = {"call_id": call_id, "turn": turn, "user_text": words}
        reply = (await client.post("/process_text", json=body)).json()
        assert reply["turn"] == turn
        assert reply["action"] == "listen"
        assert reply["outcome"] == "answered"
    told = [(m.role, m.content) for m in model.asked[1][1:]]
    assert told == [
        ("user", "Где вы"),
        ("assistant", "Ответ: Где вы."),
        ("user", "А метро"),
    ]


async def test_a_repeated_turn_gets_the_same_bytes_and_no_second_model_call(client, model, call_id):
    """F51, invariant 14: whatever the number of deliveries."""
    body = {"call_id": call_id, "turn": 1, "user_text": "Где вы?"}
    replies = [await client.post("/process_text", json=body) for _ in range(3)]
    assert len({reply.content for reply in replies}) == 1
    assert len(model.asked) == 1


async def test_deliveries_at_the_same_moment_are_one_turn(client, halo, model, call_id):
    """F51: two copies in flight; one question to the model, one row."""
    body = {"call_id": call_id, "turn": 1, "user_text": "Где вы?"}
    replies = await asyncio.gather(*(client.post("/process_text", json=body) for _ in range(5)))
    assert len({reply.content for reply in replies}) == 1
    assert len(model.asked) == 1
    assert len(await halo.store.turns(call_id)) == 1


async def test_a_newer_turn_ends_the_older(client, halo, model, call_id):
    """F06, F52, F53: two in flight; only the newer is answered, the older has its one outcome."""
    model.gate = asyncio.Event()
    bodies = [{"call_id": call_id, "turn": n, "user_text": f"вопрос {n}"} for n in (1, 2)]
    asking = [asyncio.create_task(client.post("/process_text", json=b)) for b in bodies]
    await model.was_asked(1)
    model.gate.set()
    replies = [await task for task in asking]
    told = [(r.json()["turn"], r.json()["outcome"], r.json()["ai_text"]) for r in replies]
    assert told == [(1, "superseded", ""), (2, "answered", "Ответ: вопрос два.")]
    turns = await halo.store.turns(call_id)
    assert [turn.outcome for turn in turns] == ["superseded", "answered"]
    assert model.running == 0


async def test_calls_do_not_wait_for_each_other(client, model):
    """Invariant 15: a call that thinks does not hold up another one."""
    for name in ("a", "b"):
        await client.post("/call/start", json={"call_id": name})
    model.gate = asyncio.Event()
    asking = [
        asyncio.create_task(
            client.post("/process_text", json={"call_id": c, "turn": 1, "user_text": "да?"})
        )
        for c in ("a", "b")
    ]
    await model.was_asked(2)
    model.gate.set()
    assert [(await task).status_code for task in asking] == [200, 200]
    assert model.together == 2


async def test_a_failing_model_is_replaced_by_the_company_s_texts(client, model, call_id):
    """F33: the offline assistant is the last of the line: an answer, not an error."""
    model.fault = ModelUnreachable()
    body = {"call_id": call_id, "turn": 1, "user_text": "сколько стоит доставка"}
    reply = await client.post("/process_text", json=body)
    assert reply.status_code == 200
    assert reply.json()["outcome"] == "answered"
    assert "триста девяносто" in reply.json()["ai_text"]


async def test_a_model_that_hangs_is_given_up_within_the_deadline(client, model, call_id):
    """`deadline_ms` is respected: the net answers in what is left."""
    model.gate = asyncio.Event()
    body = {"call_id": call_id, "turn": 1, "user_text": "где вы", "deadline_ms": 700}
    async with asyncio.timeout(0.7):
        reply = await client.post("/process_text", json=body)
    assert reply.json()["outcome"] == "answered"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (5, "Доставка стоит триста рублей."),
        (2, "триста девяносто"),
    ],
)
async def test_of_a_torn_answer_the_whole_sentences_are_said(client, model, call_id, words, said):
    """F35: the torn sentence is dropped; without a whole one the company's texts answer."""
    model.answer = lambda _: "Доставка стоит триста рублей. Привезём завтра."
    model.fault = ModelUnreachable()
    model.fault_after = words
    body = {"call_id": call_id, "turn": 1, "user_text": "сколько стоит доставка"}
    reply = (await client.post("/process_text", json=body)).json()
    assert reply["outcome"] == "answered"
    assert said in reply["ai_text"]
    assert "Привезём" not in reply["ai_text"]


@pytest.mark.parametrize("words", ["🙂 **  **", " ", "<b></b>", "\u200b"])
async def test_words_that_cannot_be_spoken_are_replaced(client, model, call_id, words):
    """F23, F38: only an emoji, only blanks, only markup: the company's texts answer instead."""
    model.answer = lambda _: words
    body = {"call_id": call_id, "turn": 1, "user_text": "сколько стоит доставка"}
    reply = (await client.post("/process_text", json=body)).json()
    assert reply["outcome"] == "answered"
    assert "триста девяносто" in reply["ai_text"]


async def test_an_endless_answer_is_cut(client, model, call_id):
    """F22, F39: at most 400 characters, cut at a sentence, with an offer; the model is stopped."""
    model.answer = lambda _: "Это предложение. " * 5000
    body = {"call_id": call_id, "turn": 1, "user_text": "где вы"}
    text = (await client.post("/process_text", json=body)).json()["ai_text"]
    assert len(text) <= 400
    assert text.endswith("предложение. Продолжить?")
    assert model.running == 0


async def test_a_goodbye_hangs_up_without_a_model(client, model, call_id):
    """`action` is `hangup`."""
    body = {"call_id": call_id, "turn": 1, "user_text": "спасибо, до свидания"}
    reply = (await client.post("/process_text", json=body)).json()
    assert reply["action"] == "hangup"
    assert model.asked == []


async def test_beyond_the_turn_limit_there_is_only_a_goodbye(client, model, call_id):
    """Invariant 10, on our side too."""
    body = {"call_id": call_id, "turn": 13, "user_text": "ещё вопрос"}
    reply = (await client.post("/process_text", json=body)).json()
    assert reply["action"] == "hangup"
    assert model.asked == []


async def test_a_turn_may_carry_the_start_of_its_call(client):
    """A lost start costs nothing."""
    body = {"call_id": "c-9", "turn": 1, "user_text": "где вы", "start": {"call_id": "c-9"}}
    assert (await client.post("/process_text", json=body)).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "unusable_text"),
        ({"user_text": ""}, 422, "unusable_text"),
        ({"user_text": " \n\t "}, 422, "unusable_text"),
        ({"user_text": None}, 422, "unusable_text"),
        ({"user_text": 5}, 422, "unusable_text"),
        ({"user_text": "да", "turn": 1}, 422, "unusable_text"),
        ({"user_text": "да", "call_id": "c-1"}, 422, "unusable_text"),
        ({"user_text": "да", "call_id": "c-1", "turn": 0}, 422, "unusable_text"),
        ({"user_text": "да", "call_id": "c 1", "turn": 1}, 422, "unusable_text"),
        ({"user_text": "да", "deadline_ms": "x"}, 422, "unusable_text"),
        ({"user_text": "да", "call_id": "nobody", "turn": 1}, 404, "unknown_call"),
        ([1], 422, "unusable_text"),
    ],
)
async def test_wrong_fields_get_a_stable_code_and_words(client, call_id, model, body, status, code):
    """A clear error, and no question to the model."""
    reply = await client.post("/process_text", json=body)
    assert reply.status_code == status
    assert reply.json()["code"] == code
    assert len(reply.json()["message"]) > 10
    assert model.asked == []


@pytest.mark.parametrize("text", [r"\ud800", r"\ud800x", r"\ud83d\u0041", r"\udc00", r"\\\ud800"])
async def test_half_a_surrogate_pair_is_named(client, model, text):
    """An escape that is no character is told as such, not as a body cut short."""
    head = {"content-type": "application/json"}
    body = f'{{"user_text": "{text}"}}'.encode()
    reply = await client.post("/process_text", content=body, headers=head)
    assert reply.status_code == 400
    assert "half of a surrogate pair" in reply.json()["message"]
    assert not model.asked


@pytest.mark.parametrize(
    "body", [b'{"user_text": "a', rb'{"user_text": "\ud83d', rb'{"a": "\\ud83d']
)
async def test_a_body_cut_short_is_told_as_such(client, body):
    """Even where the cut goes through an escape."""
    head = {"content-type": "application/json"}
    reply = await client.post("/process_text", content=body, headers=head)
    assert "truncated" in reply.json()["message"]


async def test_json_without_a_bottom_is_refused(client, model):
    """Thousands of brackets in a field that nobody reads: 400, not a broken server."""
    # As many as a body can hold, left open: newer Pythons read 7,000 pairs without trouble.
    body = b'{"user_text": "a", "x": ' + b"[" * 16_000
    head = {"content-type": "application/json"}
    reply = await client.post("/process_text", content=body, headers=head)
    assert (reply.status_code, reply.json()["code"]) == (400, "bad_request")
    assert "nested too deeply" in reply.json()["message"]
    assert model.asked == []


async def test_what_is_not_text_is_refused(client):
    """Not UTF-8, not JSON: 400 and which of the two."""
    head = {"content-type": "application/json"}
    bad = await client.post("/process_text", content=b'{"user_text": "\xff"}', headers=head)
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_request")
    assert "UTF-8" in bad.json()["message"]
    assert (await client.post("/process_text", content=b"{", headers=head)).status_code == 400
    assert (await client.get("/process_text?user_text=%ff")).status_code == 400
    assert (await client.post("/process_text", content=b"", headers=head)).status_code == 422


async def test_too_much_is_refused_before_it_is_read(client, model):
    """F63: a body, a query, a header block over the limit; with and without a length."""
    big = json.dumps({"user_text": "а" * 1_000_000}).encode()
    assert (await client.post("/process_text", content=big)).status_code == 413

    async def pieces():
        for _ in range(100):
            yield b"a" * 1024

    assert (await client.post("/process_text", content=pieces())).status_code == 413
    assert (await client.get("/process_text?user_text=" + "a" * 17_000)).status_code == 413
    many = {f"x-{n}": "1" for n in range(10_000)}
    reply = await client.get("/process_text?user_text=a", headers=many)
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")
    assert model.asked == []


async def test_a_turn_whose_caller_has_gone_is_a_conflict(client, model, call_id):
    """The call ends while the model thinks: 409, and the turn is kept as `caller_gone`."""
    model.gate = asyncio.Event()
    body = {"call_id": call_id, "turn": 1, "user_text": "где вы"}
    asking = asyncio.create_task(client.post("/process_text", json=body))
    await model.was_asked(1)
    await client.post("/call/end", json={"call_id": call_id, "reason": "caller_hung_up"})
    model.gate.set()
    reply = await asking
    assert (reply.status_code, reply.json()["code"]) == (409, "call_closed")


async def test_what_is_nowhere_has_the_same_shape(client):
    """404 for an unknown path, 405 for a wrong method, both with code and words."""
    nowhere = await client.get("/nowhere")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
    wrong = await client.get("/call/start")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")


async def test_a_closed_call_is_a_conflict(client, call_id):
    """409, and a clear code."""
    end = {"call_id": call_id, "reason": "caller_hung_up", "duration_ms": 1000, "turns": 0}
    assert (await client.post("/call/end", json=end)).json()["stored"] is True
    body = {"call_id": call_id, "turn": 1, "user_text": "где вы"}
    reply = await client.post("/process_text", json=body)
    assert (reply.status_code, reply.json()["code"]) == (409, "call_closed")


async def test_a_number_cannot_hold_two_sentences(client, call_id):
    """409 for other words under a stored number, and for a number that goes back."""
    for turn, words in ((1, "раз"), (3, "три")):
        body = {"call_id": call_id, "turn": turn, "user_text": words}
        assert (await client.post("/process_text", json=body)).status_code == 200
    for turn, words in ((1, "другое"), (2, "два")):
        body = {"call_id": call_id, "turn": turn, "user_text": words}
        reply = await client.post("/process_text", json=body)
        assert (reply.status_code, reply.json()["code"]) == (409, "turn_conflict")
