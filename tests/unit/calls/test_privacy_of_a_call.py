"""What a caller's card becomes in a call: nothing of it reaches the model or the store."""

from __future__ import annotations

import asyncio

import pytest

from halo_voice.calls.call import Call
from halo_voice.calls.switchboard import Switchboard
from halo_voice.calls.words import Words
from halo_voice.core.dialogue import Dialogue
from halo_voice.core.errors import TurnConflict
from halo_voice.core.ports import CallEnd, CallStart, Outcome
from halo_voice.core.privacy import Privacy
from halo_voice.core.profile import Profile, Profiles
from tests.one_call import PROFILE, asking, heard, until

CARD = "4276 3800 1234 5679"


def told(model) -> str:
    return " ".join(message.content for asked in model.asked for message in asked)


async def test_a_card_reaches_neither_model_nor_store(call, model, store):
    """F70: of the turn, of the history that the next turn is told, and of the stored row."""
    first = asking(call, 1, f"Моя карта {CARD} не проходит")
    await model.give("Попробуйте другую.", None)
    assert (await first).user_text == "Моя карта [номер карты] не проходит"
    second = asking(call, 2, "А ещё раз?")
    await model.give("Хорошо.", None, answer=1)
    await second
    assert "4276" not in told(model)
    assert "Моя карта [номер карты] не проходит" in told(model)
    stored = await store.turns("c-1")
    assert stored[0].user_text == "Моя карта [номер карты] не проходит"


async def test_nothing_is_guessed_on_while_a_number_is_dictated(call, model, listener):
    """F70: interim results of a card begin no answer beyond what names its bank; a whole one is
    guessed on as it is masked."""
    call.attach(listener)

    async def shown(turn: int, said: str) -> None:
        call.foresee(turn, said, quiet=True)
        for _ in range(3):
            await asyncio.sleep(0)  # not a pause: it lets a model begin

    for length in range(4, len(CARD) + 1):
        await shown(1, CARD[:length])
    assert model.asked[-1][-1].content == "[номер карты]"
    assert max(digits(asked[-1].content) for asked in model.asked) <= 6
    answer = asking(call, 1, CARD, listener)
    await model.give("Понял.", None)
    assert (await answer).user_text == "[номер карты]"
    before = len(model.asked)
    await shown(2, "4508 12345")
    await shown(2, "а почта ivanov собака")
    assert len(model.asked) == before


def digits(text: str) -> int:
    return sum(map(str.isdigit, text))


async def test_an_answer_begun_on_masked_words_is_taken(call, model, listener, meter):
    """F70: the same words, masked alike, are the same words."""
    call.attach(listener)
    call.foresee(1, f"карта {CARD} не проходит", quiet=True)
    await model.was_asked(1)
    answer = asking(call, 1, f"Карта {CARD} не проходит.", listener)
    await model.give("Попробуйте другую.", None)
    await answer
    assert meter.speculations == [True]
    assert len(model.asked) == 1


async def test_a_late_final_is_masked(call, model, store, listener):
    """F70, F06: what the recogniser makes of the turn later, and the answer that is made anew."""
    answer = asking(call, 1, "карта не проходит почему", listener)
    await model.was_asked(1)
    call.revise(1, f"карта {CARD} почта ivan@mail.ru")
    await model.was_asked(2)
    await model.give("Понял.", None, answer=1)
    await answer
    await call.finish()
    [turn] = await store.turns("c-1")
    assert turn.revised_text == "карта [номер карты] почта [почта]"
    assert "4276" not in told(model)
    assert "ivan" not in told(model)


async def test_a_repeated_turn_is_the_same_turn(call, model, store):
    """F51, invariant 14: asked again, while it is answered and after, here and elsewhere."""
    words = f"карта {CARD}"
    first, again = asking(call, 1, words), asking(call, 1, f"Карта {CARD}.")
    await model.give("Понял.", None)
    records = [await first, await again, await call.take(heard(1, words))]
    assert len(model.asked) == 1
    # Another process has begun to think when the store tells it that the answer is there.
    other = Call("c-1", Dialogue(PROFILE), words=Words(model, max_tokens=9), store=store)
    records.append(await other.take(heard(1, words)))
    await until(lambda: model.stopped == len(model.asked) - 1)
    assert {record.reply for record in records} == {"Понял."}
    with pytest.raises(TurnConflict):
        await call.take(heard(1, "совсем другие слова"))


async def test_what_another_process_masked_otherwise_is_still_the_same(call, model, store):
    """F43, invariant 14: it knew that a telephone had been asked for, or did not."""
    await store.accept_turn("c-1", 1, "[телефон]", 0.9)
    answer = asking(call, 1, "8 916 123-45-67")
    await model.give("Хорошо.", None)
    assert (await answer).user_text == "[телефон]"
    await store.accept_turn("c-1", 2, "8 916 123-45-67", 0.9)
    answer = asking(call, 2, "8 916 123-45-67")
    await model.give("Хорошо.", None, answer=1)
    assert (await answer).outcome is Outcome.ANSWERED


async def test_a_telephone_is_kept_when_it_was_asked_for(call, model, store):
    """F70: the profile keeps what the dialogue needs; the model and the store have it then."""
    first = asking(call, 1, "8 916 123-45-67 это мой сосед")
    await model.give("По какому номеру вам перезвонить?", None)
    assert (await first).user_text == "[телефон] это мой сосед"
    second = asking(call, 2, "8 926 765-43-21")
    await model.give("Хорошо.", None, answer=1)
    assert (await second).user_text == "8 926 765-43-21"
    assert model.asked[1][-1].content == "8 926 765-43-21"


async def test_words_that_came_too_late_are_masked(store, model):
    """F70, F09: the report of a call's end brings texts that no turn was made of."""
    profile = Profile(name="main", default=True, privacy=Privacy(mask=("card",)))
    board = Switchboard(Profiles([profile]), {"main": Words(model, max_tokens=9)}, store)
    await board.start(CallStart("c-1"))
    await board.end(CallEnd("c-1", "no_input", 1, 0, (f"карта {CARD}", "ivan@mail.ru")))
    again = Switchboard(Profiles([profile]), {"main": Words(model, max_tokens=9)}, store)
    await store.open_call(CallStart("c-2", profile="main"))
    await again.end(CallEnd("c-2", "no_input", 1, 0, (f"карта {CARD}",)))
    for call_id, late in (("c-1", ("карта [номер карты]", "ivan@mail.ru")),
                          ("c-2", ("карта [номер карты]",))):  # fmt: skip
        assert (await store.find_call(call_id)).late_texts == late


async def test_a_question_outside_a_call_is_masked(store, model):
    """F70: a model is told no card there either."""
    board = Switchboard(Profiles([PROFILE]), {"main": Words(model, max_tokens=9)}, store)
    answer = asyncio.create_task(board.answer(f"карта {CARD}", 5.0))
    await model.give("Понял.", None)
    assert await answer == "Понял."
    await until(lambda: model.asked)
    assert model.asked[0][-1].content == "карта [номер карты]"
