"""What a tool needs besides a model's wish: the caller's yes, his own words; and what it allows."""

from __future__ import annotations

import asyncio
from datetime import date, time
from typing import Annotated

import pytest

from halo_voice.core.errors import ToolError
from halo_voice.core.tools import ToolResult
from halo_voice.store.memory import MemoryStore
from halo_voice.tools import tool
from tests.one_call import Listening, heard
from tests.tooling import BOOKED, Diary, ScriptedModel, Tools, call_with, script, states, using

# -------------------------------------------------------------------------- confirmation


def confirmed():
    done: list[tuple[date, time, str | None]] = []

    @tool(
        "Записать.",
        effect=True,
        confirm="Записываю: {day}, {at}, телефон {phone}. Верно?",
        spoken={"day": "date", "at": "time", "phone": "phone"},
        absent={"phone": "тот, с которого вы звоните"},
    )
    async def book(day: date, at: time, phone: Annotated[str | None, "номер"] = None) -> str:
        done.append((day, at, phone))
        return "Записано."

    return book, done


VISIT = {"day": "2026-12-03", "at": "15:30", "phone": "+79161234567"}
QUESTION = (
    "Записываю: четверг, третье декабря, пятнадцать тридцать, телефон плюс семь, девятьсот "
    "шестнадцать, сто двадцать три, сорок пять, шестьдесят семь. Верно?"
)


async def test_it_is_read_back_and_runs_after_a_yes():
    """Date, time and telephone in words; nothing before the yes; the proposal is in the store."""
    book, done = confirmed()
    store, model = MemoryStore(), ScriptedModel([using("book", **VISIT)], [BOOKED])
    call = await call_with(model, book, store=store)
    turn = await call.take(heard(1, "Запишите на третье в полчетвёртого"))
    assert (turn.reply, turn.source, done) == (QUESTION, "tool:readback", [])
    assert await states(store) == ["proposed"]
    turn = await call.take(heard(2, "Да, всё верно"))
    assert (turn.reply, done) == (BOOKED, [(date(2026, 12, 3), time(15, 30), "+79161234567")])
    assert (model.told(1), await states(store)) == (["Записано."], ["done"])


@pytest.mark.parametrize("action", ["hangup", "transfer"])
async def test_what_a_confirmed_tool_comes_to_ends_the_turn(action):
    """As it does where nothing had to be confirmed."""

    @tool("Закрыть обращение.", effect=True, confirm="Закрываю обращение. Верно?")
    async def close_ticket() -> ToolResult:
        return ToolResult("Обращение закрыто.", action=action)

    call = await call_with(ScriptedModel([using("close_ticket")], ["Что-то ещё?"]), close_ticket)
    assert (await call.take(heard(1, "Закройте"))).action == "listen"
    assert (await call.take(heard(2, "Да"))).action == action


async def test_an_absent_argument_is_read_back_too():
    """Otherwise nobody would know what was meant."""
    book, _ = confirmed()
    call = await call_with(ScriptedModel([using("book", day="2026-12-03", at="09:00")]), book)
    reply = (await call.take(heard(1, "Запишите"))).reply
    assert reply.endswith("девять часов, телефон тот, с которого вы звоните. Верно?")


async def test_a_value_that_cannot_be_said_is_not_proposed():
    """The model is told which, and asks."""
    book, _ = confirmed()
    model = ScriptedModel([using("book", **VISIT | {"phone": "12345"})], ["Повторите номер."])
    call = await call_with(model, book)
    assert (await call.take(heard(1, "Запишите"))).reply == "Повторите номер."
    assert model.told(1)[0].startswith("Не выполнено. phone:")


@pytest.mark.parametrize(
    "said", ["Нет", "Да, но в четыре", "Подождите", "Да?", "А сколько это стоит?", "Верно ли это"]
)
async def test_anything_but_a_yes_runs_nothing(said):
    """F42: the model is asked; a later yes to something else does not run it either."""
    book, done = confirmed()
    store = MemoryStore()
    model = ScriptedModel([using("book", **VISIT)], ["Хорошо, тогда как?"])
    call = await call_with(model, book, store=store)
    await call.take(heard(1, "Запишите"))
    assert (await call.take(heard(2, said))).reply == "Хорошо, тогда как?"
    assert model.told(1)[0].startswith("Не выполнено: собеседник ещё не подтвердил")
    await call.take(heard(3, "Да"))
    assert (done, await states(store)) == ([], ["declined"])


async def test_who_did_not_hear_the_question_has_not_agreed():
    """F14, F42: the read-back was cut in its middle."""
    book, done = confirmed()
    model = ScriptedModel([using("book", **VISIT)], ["Повторю."])
    call, listener = await call_with(model, book), Listening()
    await call.take(heard(1, "Запишите"), listener)
    call.phrase_interrupted(1, 1, "Записываю: четверг,")
    assert (await call.take(heard(2, "Да"), listener)).reply == "Повторю."
    assert done == []


async def test_a_yes_into_the_last_word_is_one():
    """The caller knows what he is asked before «Верно?» is over."""
    book, done = confirmed()
    model = ScriptedModel([using("book", **VISIT)], [BOOKED])
    call, listener = await call_with(model, book), Listening()
    await call.take(heard(1, "Запишите"), listener)
    call.phrase_interrupted(1, 1, QUESTION.removesuffix(" Верно?"))
    assert (await call.take(heard(2, "Да"), listener)).reply == BOOKED
    assert len(done) == 1


async def test_a_yes_that_comes_twice_runs_it_once():
    """F41: the second yes's turn is asked again, and in another process."""
    book, done = confirmed()
    store = MemoryStore()
    model = ScriptedModel([using("book", **VISIT)], [BOOKED])
    call = await call_with(model, book, store=store)
    await call.take(heard(1, "Запишите"))
    there = await call_with(ScriptedModel([BOOKED]), book, store=store)
    both = await asyncio.gather(call.take(heard(2, "Да")), there.take(heard(2, "Да")))
    assert {turn.reply for turn in both} == {BOOKED}
    assert len(done) == 1


async def test_a_yes_that_was_written_down_before_a_kill_still_counts():
    """F43: the turn of the yes is pending in the store; asked again, it runs what was read back."""
    book, done = confirmed()
    store = MemoryStore()
    await (await call_with(ScriptedModel([using("book", **VISIT)]), book, store=store)).take(
        heard(1, "Запишите")
    )
    await store.accept_turn("c-1", 2, "Да", 0.9)
    call = await call_with(ScriptedModel([BOOKED]), book, store=store)
    assert (await call.take(heard(2, "Да"))).reply == BOOKED
    assert len(done) == 1


async def test_the_yes_may_come_to_another_process():
    """F43: the proposal is in the store; and speculation on the yes runs nothing."""
    book, done = confirmed()
    store = MemoryStore()
    await (await call_with(ScriptedModel([using("book", **VISIT)]), book, store=store)).take(
        heard(1, "Запишите")
    )
    call = await call_with(ScriptedModel([BOOKED]), book, store=store)
    call.foresee(2, "Да", quiet=True)
    for _ in range(50):
        await asyncio.sleep(0)
    assert done == []
    assert (await call.take(heard(2, "Да"))).reply == BOOKED
    assert len(done) == 1


# ------------------------------------------------------------------------------- claims


@pytest.mark.parametrize(
    "claim", ["Я вас записала на завтра.", "Готово, вы записаны!", "Хорошо. Оформила вашу заявку."]
)
async def test_a_claim_without_a_tool_is_caught_and_counted(claim):
    """F42: the model says «готово» and has called nothing."""
    diary, meter = Diary(), Tools()
    call = await call_with(ScriptedModel([claim]), diary.tool, meter=meter)
    turn = await call.take(heard(1, "Запишите меня"))
    assert turn.reply.endswith(call.dialogue.profile.texts.unconfirmed)
    assert claim.rstrip("!.").lower() not in turn.reply.lower()
    assert (meter.reasons, diary.keys) == (["claim"], [])


async def test_who_says_what_they_do_and_does_it_is_let():
    """F42: «записываю вас», and the call of the tool behind it."""
    diary = Diary()
    steps = [["Записываю вас на завтра. ", using("book", day="завтра")], [BOOKED]]
    call = await call_with(ScriptedModel(*steps), diary.tool)
    turn = await call.take(heard(1, "Запишите"))
    assert turn.reply == f"Записываю вас на завтра. {BOOKED}"
    assert len(diary.keys) == 1


@pytest.mark.parametrize(
    "said", ["Хорошо, записываю вас на завтра.", "Минутку. Записываю вас на завтра, ждём вас!"]
)
async def test_who_says_what_they_do_and_does_not_do_it_is_corrected(said):
    """F42: the caller is not left with a promise that nobody keeps; the second try does it."""
    diary = Diary()
    call = await call_with(
        ScriptedModel([said], [using("book", day="завтра")], [BOOKED]), diary.tool
    )
    turn = await call.take(heard(1, "Запишите"))
    assert turn.reply == f"{said} {call.dialogue.profile.texts.unconfirmed}"
    assert diary.keys == []
    assert (await call.take(heard(2, "Запишите же"))).reply == BOOKED


@pytest.mark.parametrize(
    "said",
    [
        "Записываю вас на завтра. На какое имя?",
        "Записываю вас на завтра. Назовите имя, пожалуйста.",
    ],
)
async def test_who_asks_for_more_first_is_let(said):
    """F42: what is still to be known is asked for; then the tool is called."""
    call = await call_with(ScriptedModel([said]), Diary().tool)
    assert (await call.take(heard(1, "Запишите"))).reply == said


async def test_who_can_only_look_up_books_nothing():
    """F42: a tool without effect makes no «записываю вас» true."""
    order, _ = lookup()
    call = await call_with(ScriptedModel(["Записываю вас на завтра."]), order)
    turn = await call.take(heard(1, "Запишите"))
    assert turn.reply == call.dialogue.profile.texts.unconfirmed


async def test_a_claim_after_a_failure_is_caught():
    """F42: the tool has failed, and the model says that it went well."""
    diary, meter = Diary(), Tools()
    diary.fault = ToolError("Занято.")
    call = await call_with(script(), diary.tool, meter=meter)
    turn = await call.take(heard(1, "Запишите"))
    assert (turn.reply, meter.reasons) == (call.dialogue.profile.texts.unconfirmed, ["claim"])


async def test_an_answer_that_must_not_be_said_does_nothing():
    """F42: a claim with the call behind it: the call is dropped with the rest of the answer."""
    diary = Diary()
    call = await call_with(
        ScriptedModel(["Я вас записала", using("book", day="завтра")]), diary.tool
    )
    turn = await call.take(heard(1, "Запишите"))
    assert (turn.reply, diary.keys) == (call.dialogue.profile.texts.unconfirmed, [])


class Filtering(ScriptedModel):
    """The server's filter stops each of its answers."""

    def stream(self, *args, **how):
        return Filtered(super().stream(*args, **how))


class Filtered:
    filtered = truncated = True

    def __init__(self, answer):
        self._answer = answer

    def __aiter__(self):
        return self._answer


async def test_an_answer_that_a_filter_stopped_does_nothing():
    """F42: what it says is whole, what it calls is as little wanted as what it would have said."""
    diary, said = Diary(), "Давайте сменим тему."
    call = await call_with(Filtering([said, using("book", day="завтра")]), diary.tool)
    assert (await call.take(heard(1, "Запишите"))).reply == said
    assert diary.keys == []


async def test_a_success_confirms_what_it_is_about_and_nothing_else():
    """F42: a booking confirms no cancellation; it may be told of in later turns."""
    diary = Diary(confirms=("запис",))
    model = script([BOOKED], ["Да, вы записаны."], ["Я отменила вашу запись."])
    call = await call_with(model, diary.tool)
    assert (await call.take(heard(1, "Запишите"))).reply == BOOKED
    assert (await call.take(heard(2, "Точно записали?"))).reply == "Да, вы записаны."
    unconfirmed = call.dialogue.profile.texts.unconfirmed
    assert (await call.take(heard(3, "Отмените"))).reply == unconfirmed


async def test_a_success_hides_no_other_claim_of_the_same_sentence():
    """F42: what was booked is told, and in one breath what nobody has cancelled."""
    both = "Вы записаны на завтра, а ваш старый заказ отменён."
    call = await call_with(script([both]), Diary(confirms=("запис",)).tool)
    turn = await call.take(heard(1, "Запишите"))
    assert turn.reply.endswith(call.dialogue.profile.texts.unconfirmed)
    assert "отменён" not in turn.reply


# ------------------------------------------------------------------------------ whose data


def lookup():
    asked: list[tuple[str, str]] = []

    @tool("Состояние заказа.", identity=("number", "code"))
    async def order(number: str, code: str) -> str:
        asked.append((number, code))
        return "В пути."

    return order, asked


async def test_a_lookup_takes_the_callers_own_words_only():
    """F69: what the model makes up, or knows from elsewhere, opens nothing; digits may be words."""
    order, asked = lookup()
    model = ScriptedModel([using("order", number="4207", code="4567")], ["Скажите код."])
    call = await call_with(model, order)
    await call.take(heard(1, "Где заказ сорок два ноль семь?"))
    assert asked == []
    assert "должен назвать сам собеседник" in model.told(1)[0]
    model.answers = [[using("order", number="4207", code="4567")], ["В пути."]]
    await call.take(heard(2, "Код сорок пять шестьдесят семь"))
    assert asked == [("4207", "4567")]


async def test_the_calling_number_proves_nothing():
    """F69: the last digits of the number that calls are not the caller's words."""
    order, asked = lookup()
    model = ScriptedModel([using("order", number="4207", code="4567")], ["Скажите код."])
    call = await call_with(model, order, caller="+79161234567")
    await call.take(heard(1, "Где мой заказ 4207? Вы же видите мой номер"))
    assert asked == []


async def test_who_guesses_is_stopped():
    """F69: three people in a call, then no more, in the next process either."""
    order, asked = lookup()
    store = MemoryStore()
    for turn in range(1, 6):
        number = f"420{turn}"
        model = ScriptedModel([using("order", number=number, code="4567")], ["Нет такого."])
        call = await call_with(model, order, store=store)
        await call.take(heard(turn, f"Заказ {number}, код 4567"))
        await call.finish()
    assert [number for number, _ in asked] == ["4201", "4202", "4203"]
    assert "слишком много попыток" in model.told()[-1]
