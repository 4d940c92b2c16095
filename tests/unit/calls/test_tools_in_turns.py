"""Tools in a call's turns: offered, used, told; what hangs, fails or is called without end."""

from __future__ import annotations

import asyncio
from typing import Annotated

import pytest

from halo_voice.core.errors import ModelTimeout, ToolError, ToolUnsure
from halo_voice.core.messages import Calling, Calls, Returned, ToolCall
from halo_voice.core.ports import Outcome
from halo_voice.core.tools import RESULT_CHARS_MAX, ToolState
from halo_voice.store.memory import MemoryStore
from halo_voice.tools import ToolResult, Use, tool
from halo_voice.tools.box import RULES
from halo_voice.tools.builtin import end_call
from tests.halo import TalkingModel, virtually
from tests.one_call import Listening, heard
from tests.tooling import ScriptedModel, Tools, call_with, using

NUMBER = "Где мой заказ 42?"


@tool("Состояние заказа.", filler="Секунду, смотрю заказ.")
async def order(number: Annotated[str, "номер"]) -> str:
    return f"Заказ {number} в пути."


def booking(**marks):
    """A tool with an effect, and what it has done."""
    done: list[tuple[str, str]] = []

    @tool("Записать.", name="book", effect=True, done="Готово, вы записаны.", **marks)
    async def book(day: str, use: Use) -> str:
        done.append((day, use.key))
        return "Записано."

    return book, done


async def test_what_a_tool_found_is_told_and_spoken():
    """Asked, used, asked again with the result; the answer is the second one's."""
    model = ScriptedModel([using("order", number="42")], ["Ваш заказ уже в пути."])
    store, meter = MemoryStore(), Tools()
    call = await call_with(model, order, store=store, meter=meter)
    listener = Listening()
    turn = await call.take(heard(1, NUMBER), listener)
    assert (turn.reply, turn.source, turn.attempts) == ("Ваш заказ уже в пути.", "scripted", 2)
    assert listener.said(1) == ["Ваш заказ уже в пути."]
    assert [spec.name for spec in model.offers[0].specs] == ["order"]
    calling, returned = model.asked[1][-2:]
    assert isinstance(calling, Calling)
    assert [(c.id, c.name) for c in calling.calls] == [("m1", "order")]
    assert (returned.content, returned.call_id) == ("Заказ 42 в пути.", "m1")
    [row] = await store.tools("c-1")
    assert (row.turn, row.tool, row.arguments, row.effect) == (
        1,
        "order",
        '{"number": "42"}',
        False,
    )
    assert (row.state, row.result) == (ToolState.DONE, "Заказ 42 в пути.")
    assert meter.ended == [("order", "done")]


async def test_the_next_turn_knows_what_was_found():
    """The history tells the call and its result, in its place."""
    model = ScriptedModel([using("order", number="42")], ["В пути."], ["Завтра."])
    call = await call_with(model, order)
    await call.take(heard(1, NUMBER))
    await call.take(heard(2, "А когда будет?"))
    kinds = [(type(m).__name__, m.role) for m in model.asked[2]]
    assert kinds == [
        *(("Message", "system"), ("Message", "user")),
        *(("Calling", "assistant"), ("Returned", "tool")),
        *(("Message", "assistant"), ("Message", "user")),
    ]
    assert model.told(2) == ["Заказ 42 в пути."]


async def test_the_model_is_told_how_tools_are_used():
    """Behind the persona: what code enforces anyway."""
    model = ScriptedModel(["Завтра суббота."])
    await (await call_with(model, order)).take(heard(1, "Какой завтра день?"))
    assert RULES in model.asked[0][0].content


async def test_a_loop_of_calls_ends_after_three_steps():
    """F40, invariant 10: then the model is asked once more, and may call nothing."""
    model = ScriptedModel(lambda m: [using("order", number=str(len(m)))])
    call = await call_with(model, order, net=TalkingModel())
    turn = await call.take(heard(1, NUMBER))
    assert [offer.closed for offer in model.offers] == [False, False, False, True]
    assert len(call.words.errands.records) == 3
    assert turn.reply == call.dialogue.profile.texts.unknown  # it still has nothing to say


async def test_after_three_steps_it_answers_with_what_it_has():
    """F40: the fourth question is answered in words."""
    script = [[using("order", number=str(n))] for n in (1, 2, 3)]
    call = await call_with(ScriptedModel(*script, ["Все три в пути."]), order)
    assert (await call.take(heard(1, NUMBER))).reply == "Все три в пути."


async def test_many_calls_in_one_answer_are_one_step():
    """Each is used, and each has its result."""
    both = Calls(tuple(ToolCall(f"m{n}", "order", f'{{"number": "{n}"}}') for n in (1, 2)))
    model = ScriptedModel([both], ["Оба в пути."])
    await (await call_with(model, order)).take(heard(1, NUMBER))
    assert model.told(1) == ["Заказ 1 в пути.", "Заказ 2 в пути."]


@pytest.mark.parametrize(
    ("call_of", "told"),
    [
        (using("nothing"), "Такого инструмента нет."),
        (using("order"), "Не выполнено. Неверные аргументы. number: Field required"),
        (
            using("order", number="1", more=1),
            "Не выполнено. Неверные аргументы. more: Extra inputs",
        ),
        (
            Calls((ToolCall("m1", "order", "{не JSON"),)),
            "Не выполнено. Аргументы должны быть объектом",
        ),
        (Calls((ToolCall("m1", "order", "[1]"),)), "Не выполнено. Аргументы должны быть объектом"),
        (Calls((ToolCall("m1", "order", "[" * 4000),)), "Не выполнено. Аргументы должны быть"),
    ],
)
async def test_a_wrong_call_is_told_as_such(call_of, told):
    """The model may try again; nothing was written down."""
    model = ScriptedModel([call_of], ["Уточните номер."])
    call = await call_with(model, order)
    assert (await call.take(heard(1, NUMBER))).reply == "Уточните номер."
    assert model.told(1)[0].startswith(told)
    assert call.words.errands.records == {}


@tool("Падает.")
async def broken() -> str:
    raise ValueError("secret 4276 of somebody")


@tool("Отказывает.", effect=True)
async def refusing() -> str:
    raise ToolError("Это время занято.")


@tool("Молчит.", effect=True)
async def unsure() -> str:
    raise ToolUnsure("Связь прервалась.")


@tool("Падает с последствиями.", effect=True)
def crashing() -> str:
    raise RuntimeError("half way")


@pytest.mark.parametrize(
    ("failing", "state", "told"),
    [
        (broken, "failed", "Не выполнено. Инструмент не сработал."),
        (refusing, "failed", "Не выполнено. Это время занято."),
        (unsure, "unknown", "Неизвестно, выполнено ли"),
        (crashing, "unknown", "Неизвестно, выполнено ли"),
    ],
)
async def test_a_tool_that_fails_is_told_as_it_is(failing, state, told):
    """F42: failed is failed, unknown is unknown; what was raised is nobody's business."""
    model = ScriptedModel([using(failing.spec.name)], ["К сожалению, не вышло."])
    meter, store = Tools(), MemoryStore()
    call = await call_with(model, failing, meter=meter, store=store)
    assert (await call.take(heard(1, "Запишите"))).reply == "К сожалению, не вышло."
    assert model.told(1)[0].startswith(told)
    assert meter.ended == [(failing.spec.name, state)]
    assert [row.state.value for row in await store.tools("c-1")] == [state]


async def test_ten_megabytes_are_capped():
    """What is stored, and what the model is told."""

    @tool("Всё сразу.")
    def everything() -> str:
        return "я" * 10_000_000

    model = ScriptedModel([using("everything")], ["Много."])
    store = MemoryStore()
    await (await call_with(model, everything, store=store)).take(heard(1, "Всё"))
    assert len(model.told(1)[0]) == RESULT_CHARS_MAX
    assert len((await store.tools("c-1"))[0].result) == RESULT_CHARS_MAX


async def test_the_call_is_ended_by_a_tool():
    """With the model's own goodbye, or with ours."""
    model = ScriptedModel(["Всего доброго! ", using("end_call")])
    turn = await (await call_with(model, end_call)).take(heard(1, "Это всё"))
    assert (turn.reply, turn.action) == ("Всего доброго!", "hangup")
    call = await call_with(ScriptedModel([using("end_call")]), end_call)
    turn = await call.take(heard(1, "Это всё"))
    assert (turn.reply, turn.action) == (call.dialogue.profile.texts.farewell, "hangup")
    assert len(call.words._model.asked) == 1


# ------------------------------------------------------------------------ who finds the words


async def test_after_an_effect_the_tool_itself_has_words():
    """F41, F42: the model that should tell of it is gone; the net knows nothing of it."""
    book, done = booking()
    net = TalkingModel()
    model = ScriptedModel([using("book", day="завтра")], [ModelTimeout()])
    turn = await (await call_with(model, book, net=net)).take(heard(1, "Запишите на завтра"))
    assert (turn.reply, turn.source) == ("Готово, вы записаны.", "tool")
    assert (len(done), net.asked) == (1, [])


async def test_a_tool_may_bring_its_own_words():
    """`say` of its result, before `done`."""

    @tool("Записать.", effect=True)
    async def book() -> ToolResult:
        return ToolResult("Номер записи 7.", say="Записала, номер семь.")

    model = ScriptedModel([using("book")], [ModelTimeout()])
    assert (
        await (await call_with(model, book)).take(heard(1, "Да"))
    ).reply == "Записала, номер семь."


async def test_after_a_failure_nothing_is_confirmed():
    """F42: no model, a tool that failed."""
    call = await call_with(ScriptedModel([using("refusing")], [ModelTimeout()]), refusing)
    turn = await call.take(heard(1, "Запишите"))
    assert turn.reply == call.dialogue.profile.texts.unconfirmed
    assert "пока не получилось" in turn.reply


async def test_without_a_word_and_without_a_tool_the_net_answers():
    """As in a call without tools."""
    net = TalkingModel()
    call = await call_with(ScriptedModel([ModelTimeout()]), order, net=net)
    assert (await call.take(heard(1, "Где вы?"))).reply == "Ответ: Где вы?"
    assert not [m for m in net.asked[0] if isinstance(m, Calling | Returned)]


# ----------------------------------------------------------------------------- no dead air


def slow(seconds: float, **marks):
    """A tool that takes its time; what it has begun and done."""
    seen: list[str] = []

    @tool("Медленно.", name="slow", filler="Секунду, смотрю заказ.", **marks)
    async def work() -> str:
        seen.append("begun")
        await asyncio.sleep(seconds)
        seen.append("done")
        return "Нашлось."

    return work, seen


@virtually
async def test_a_quick_tool_needs_no_filler():
    """Nothing is said before the answer."""
    work, _ = slow(0.8)
    call, listener = await call_with(ScriptedModel([using("slow")], ["Вот."]), work), Listening()
    await call.take(heard(1, NUMBER), listener)
    assert listener.said(1) == ["Вот."]


@virtually
async def test_a_slow_tool_is_bridged_after_1200_ms_and_again_after_6_s():
    """No dead air: its own filler, then another one."""
    work, _ = slow(8.0, deadline_s=20.0)
    call, listener = await call_with(ScriptedModel([using("slow")], ["Вот."]), work), Listening()
    loop, said = asyncio.get_running_loop(), []
    began = loop.time()
    listener.say = lambda turn, phrase, text: said.append((round(loop.time() - began, 1), text))
    turn = await call.take(heard(1, NUMBER, deadline_s=15.0), listener)
    assert said == [
        (1.2, "Секунду, смотрю заказ."),
        (6.0, "Ещё немного, пожалуйста."),
        (8.0, "Вот."),
    ]
    assert turn.reply == "Секунду, смотрю заказ. Ещё немного, пожалуйста. Вот."


@virtually
async def test_who_has_just_spoken_needs_no_filler():
    """The model said «минуту» before it called the tool."""
    work, _ = slow(2.0)
    model = ScriptedModel(["Минуту, проверяю наличие. ", using("slow")], ["Есть."])
    call, listener = await call_with(model, work), Listening()
    await call.take(heard(1, NUMBER), listener)
    assert listener.said(1) == ["Минуту, проверяю наличие.", "Есть."]


@virtually
async def test_over_http_nobody_hears_a_filler():
    """The scenario fills that wait: the reply is the answer alone."""
    work, _ = slow(3.0)
    call = await call_with(ScriptedModel([using("slow")], ["Вот."]), work)
    assert (await call.take(heard(1, NUMBER))).reply == "Вот."


@virtually
async def test_a_tool_that_hangs_is_let_go_and_ends_in_the_background():
    """The turn ends in time with an offer to call back; what it did is told in the next one."""
    work, seen = slow(7.0, effect=True, deadline_s=20.0)
    meter, store = Tools(), MemoryStore()
    model = ScriptedModel([using("slow")], ["Нашлось, всё готово к выдаче."])
    call, listener = await call_with(model, work, store=store, meter=meter), Listening()
    loop = asyncio.get_running_loop()
    began = loop.time()
    turn = await call.take(heard(1, NUMBER), listener)
    assert loop.time() - began < 5.0
    assert turn.outcome is Outcome.ANSWERED
    assert turn.source == "tool:later"
    assert turn.reply == f"Секунду, смотрю заказ. {work.spec.later}"
    assert "перезвонят" in turn.reply
    assert (seen, meter.let_go) == (["begun"], ["slow"])
    assert (await store.tools("c-1"))[0].state is ToolState.RUNNING
    await asyncio.sleep(4.0)
    assert (await store.tools("c-1"))[0].state is ToolState.DONE
    await call.take(heard(2, "Ну как?"), listener)
    assert model.told() == ["Нашлось."]
    assert seen == ["begun", "done"]


@virtually
async def test_what_runs_still_is_told_as_running():
    """F42: the next turn's model must not claim it."""
    work, _ = slow(30.0, effect=True, deadline_s=1.0)
    model = ScriptedModel([using("slow")], ["Ещё минуту."])
    call = await call_with(model, work)
    await call.take(heard(1, NUMBER))
    await call.take(heard(2, "Ну как?"))
    assert model.told()[0].startswith("Ещё выполняется")


@virtually
async def test_each_tool_has_its_own_deadline():
    """And a function that blocks its thread holds up nobody."""
    work, _ = slow(30.0, deadline_s=1.0)
    call = await call_with(ScriptedModel([using("slow")]), work)
    loop = asyncio.get_running_loop()
    began = loop.time()
    turn = await call.take(heard(1, NUMBER))
    assert loop.time() - began == pytest.approx(1.0, abs=0.05)
    assert turn.source == "tool:later"


@virtually
async def test_a_tool_that_never_answers_is_given_up():
    """After `longest_s` nobody knows what it did."""
    work, _ = slow(1e6, effect=True, deadline_s=1.0, longest_s=30.0)
    store = MemoryStore()
    call = await call_with(ScriptedModel([using("slow")]), work, store=store)
    await call.take(heard(1, NUMBER))
    await asyncio.sleep(31.0)
    assert (await store.tools("c-1"))[0].state is ToolState.UNKNOWN
