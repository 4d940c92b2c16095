"""One effect, whatever happens: retries, interruptions, restarts, a killed process."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from halo_voice.core.errors import StoreBusy, ToolError
from halo_voice.core.messages import Calls, ToolCall
from halo_voice.core.ports import Outcome
from halo_voice.core.tools import ToolStart, ToolState
from halo_voice.store.memory import MemoryStore
from halo_voice.tools import ToolUnsure
from tests.halo import virtually
from tests.one_call import Listening, asking, heard, until
from tests.tooling import BOOKED, Diary, ScriptedModel, call_with, script, states, using

# -------------------------------------------------------------------------------- in one call


async def test_a_turn_asked_again_does_nothing_twice():
    """F41, F51: over HTTP and on a stream, meanwhile and afterwards."""
    diary, store = Diary(), MemoryStore()
    call = await call_with(script(), diary.tool, store=store)
    first, again = asking(call, 1, "Запишите"), asking(call, 1, "Запишите")
    assert [(await first).reply, (await again).reply] == [BOOKED, BOOKED]
    assert (await call.take(heard(1, "Запишите"))).reply == BOOKED
    assert (len(diary.keys), await states(store)) == (1, ["done"])


async def test_the_same_tool_with_the_same_arguments_is_done_once_in_a_call():
    """F41: a model that repeats itself, in this turn or in a later one, is told what was done."""
    diary, model = (
        Diary(),
        script([using("book", day="завтра")], [BOOKED], [using("book", day="завтра")], [BOOKED]),
    )
    call = await call_with(model, diary.tool)
    await call.take(heard(1, "Запишите"))
    await call.take(heard(2, "Так вы записали?"))
    assert len(diary.keys) == 1
    assert model.told(-1)[-1] == "Записано: завтра."


async def test_a_tool_with_an_effect_is_used_once_in_a_turn():
    """F41: a model that asks anew with slightly other arguments does not book twice."""
    diary, model = Diary(), script([using("book", day="завтра утром")], [BOOKED])
    call = await call_with(model, diary.tool)
    await call.take(heard(1, "Запишите"))
    assert list(diary.done.values()) == ["завтра"]
    assert "второй раз не вызывается" in model.told(2)[-1]
    assert "Записано: завтра." in model.told(2)[-1]


async def test_two_of_them_in_one_answer_are_one():
    """F41: the second is refused, with the first one's outcome."""
    calls = tuple(ToolCall(f"m{n}", "book", f'{{"day": "{n}"}}') for n in (1, 2))
    diary, model = Diary(), ScriptedModel([Calls(calls)], [BOOKED])
    await (await call_with(model, diary.tool)).take(heard(1, "Запишите"))
    assert list(diary.done.values()) == ["1"]


async def test_a_refusal_answers_its_own_arguments_only():
    """F41: what the tool refuses may be asked otherwise in the same turn, and is done once."""
    diary, store = Diary(), MemoryStore()
    diary.full = {"завтра"}
    model = script([using("book", day="среда")], [using("book", day="четверг")], ["В среду."])
    turn = await (await call_with(model, diary.tool, store=store)).take(heard(1, "Запишите"))
    assert (turn.reply, list(diary.done.values())) == ("В среду.", ["среда"])
    assert model.told(1) == ["Не выполнено. завтра: занято."]
    assert model.told(2)[-1] == "Записано: среда."
    assert "второй раз не вызывается" in model.told(3)[-1]
    assert (await states(store), len(set(diary.keys))) == (["failed", "done"], 2)


async def test_what_was_refused_is_not_tried_again_in_its_turn():
    """F41: the same arguments have the same answer."""
    diary = Diary()
    diary.full = {"завтра", "среда"}
    model = script([using("book", day="среда")], [using("book", day="завтра")], ["Всё занято."])
    await (await call_with(model, diary.tool)).take(heard(1, "Запишите"))
    assert model.told(3)[-1] == "Не выполнено. завтра: занято."
    assert len(diary.keys) == 2


async def test_an_interruption_does_not_stop_it_and_the_next_turn_knows():
    """F41, F14: the caller breaks in while it runs; it is not done again, and is told as done."""
    diary, store = Diary(), MemoryStore()
    diary.gate = asyncio.Event()
    model = script([using("book", day="завтра")], [BOOKED])
    call, listener = await call_with(model, diary.tool, store=store), Listening()
    first = asking(call, 1, "Запишите", listener)
    await until(lambda: diary.keys)
    second = asking(call, 2, "Алло, вы записали?", listener)
    assert (await first).outcome is Outcome.SUPERSEDED
    await until(lambda: len(model.asked) == 2)
    assert model.told(1)[0].startswith("Ещё выполняется")  # and it calls the tool again
    diary.gate.set()
    assert (await second).reply == BOOKED
    assert (len(diary.keys), await states(store)) == (1, ["done"])
    assert model.told(2)[-1] == "Записано: завтра."


async def hung_up_on():
    """A call whose caller is gone while its tool runs, up to the diary's gate."""
    diary, store = Diary(), MemoryStore()
    diary.gate = asyncio.Event()
    call = await call_with(script(), diary.tool, store=store)
    turn = asking(call, 1, "Запишите")
    await until(lambda: diary.keys)
    call.gone()
    await asyncio.gather(turn, return_exceptions=True)
    return diary, store, call


async def test_the_end_of_the_call_does_not_stop_it():
    """F41: the caller hangs up; what was begun is done, and written down."""
    diary, store, call = await hung_up_on()
    diary.gate.set()
    await call.finish()
    assert await states(store) == ["done"]


@virtually
async def test_a_tool_that_takes_longer_than_the_end_of_the_call_is_done():
    """F41: nobody follows a call that is over, so its own process sees to the end."""
    diary, store, call = await hung_up_on()
    await call.finish()
    assert await states(store) == ["running"]
    diary.gate.set()
    await asyncio.sleep(1.0)
    assert (list(diary.done.values()), await states(store)) == (["завтра"], ["done"])


@pytest.mark.parametrize(("over", "left"), [(True, "unknown"), (False, "running")])
@virtually
async def test_a_process_that_stops_lets_go_of_what_runs(over, left):
    """F43, F45: who carries the call on finds the row; of one that is over it says so itself."""
    diary, store, call = await hung_up_on()
    await call.words.errands.stop(over=over)
    diary.gate.set()
    await asyncio.sleep(1.0)
    assert await states(store) == [left]


@pytest.mark.parametrize("confirm", ["", "Записываю на {day}. Верно?"])
@virtually
async def test_an_interruption_while_the_row_is_written_leaves_no_row_without_its_tool(confirm):
    """F41, F14: what is written down as running runs."""
    diary, store = Diary(confirm=confirm), MemoryStore()
    move, begin = store.move_tool, store.begin_tool

    async def slowly(write, *given):
        written = await write(*given)
        await asyncio.sleep(0.2)
        return written

    store.move_tool, store.begin_tool = partial(slowly, move), partial(slowly, begin)
    call = await call_with(script(), diary.tool, store=store)
    number = 1
    if confirm:
        await call.take(heard(number, "Запишите"))
        number += 1
    first = asking(call, number, "Да")
    await until(lambda: call.words.errands.busy)
    await call.take(heard(number + 1, "Спасибо большое"))
    await asyncio.gather(first, return_exceptions=True)
    await asyncio.sleep(1.0)
    assert (list(diary.done.values()), await states(store)) == (["завтра"], ["done"])


async def test_words_that_are_revised_do_not_do_it_twice():
    """F41: the late result of the turn makes the answer anew while the tool runs."""
    diary = Diary()
    diary.gate = asyncio.Event()
    model = script([using("book", day="в четверг")], [BOOKED])
    call, listener = await call_with(model, diary.tool), Listening()
    turn = asking(call, 1, "Запишите меня", listener)
    await until(lambda: diary.keys)
    call.revise(1, "Запишите меня к мастеру на четверг пожалуйста вечером")
    await until(lambda: len(model.asked) == 2)
    diary.gate.set()
    await turn
    assert list(diary.done.values()) == ["завтра"]
    assert "второй раз не вызывается" in model.told(2)[-1]


# ------------------------------------------------------------------------------ speculation


async def test_nothing_runs_before_the_turn_is_written_down(monkeypatch):
    """F41: the store is slow, the model quick."""
    diary = Diary()
    store = MemoryStore()
    written, accept = asyncio.Event(), store.accept_turn

    async def slowly(*given, **marks):
        await written.wait()
        return await accept(*given, **marks)

    monkeypatch.setattr(store, "accept_turn", slowly)
    model = ScriptedModel([using("book", day="завтра")], ["Вы записаны."])
    call = await call_with(model, diary.tool, store=store)
    turn = asking(call, 1, "Запишите на завтра")
    for _ in range(50):
        await asyncio.sleep(0)
    assert (len(model.asked), diary.keys, await store.tools("c-1")) == (1, [], [])
    written.set()
    assert (await turn).reply == "Вы записаны."
    assert len(diary.keys) == 1


async def test_speculation_never_runs_a_tool():
    """F41: an answer that is begun on words that change calls a tool in vain; the one that is
    adopted runs it once."""
    diary = Diary()
    model = ScriptedModel(
        [using("book", day="завтра")], [using("book", day="четверг")], ["Вы записаны."]
    )
    call = await call_with(model, diary.tool)
    call.foresee(1, "Запишите на завтра", quiet=True)
    for _ in range(50):
        await asyncio.sleep(0)
    assert (len(model.asked), diary.keys) == (1, [])
    call.foresee(1, "Запишите на завтра нет на четверг вечером", quiet=True)
    for _ in range(50):
        await asyncio.sleep(0)
    assert (len(model.asked), diary.keys) == (2, [])
    turn = await call.take(heard(1, "Запишите на завтра нет на четверг вечером"))
    assert turn.reply == "Вы записаны."
    assert list(diary.done.values()) == ["четверг"]
    assert len(model.asked) == 3


# ---------------------------------------------------------------------- killed and restarted


async def killed_after_the_effect(diary: Diary) -> MemoryStore:
    """A process dies when the effect has happened and nothing of its answer was stored."""
    store = MemoryStore()
    await (await call_with(script(), diary.tool, store=store)).words.errands.reload()
    await store.accept_turn("c-1", 1, "Запишите", 0.9)
    arguments = '{"day": "завтра"}'
    await store.begin_tool(
        ToolStart(call_id="c-1", turn=1, key="book", tool="book", arguments=arguments, effect=True)
    )
    errands = (await call_with(script(), diary.tool, store=store)).words.errands
    await diary.tool.run({"day": "завтра"}, errands._told((await store.tools("c-1"))[0]))
    return store


async def test_a_tool_that_knows_its_key_is_asked_again_after_a_kill():
    """F41, F43, F46: under the same key: one effect, and the right words."""
    diary = Diary(knows_keys=True)
    store = await killed_after_the_effect(diary)
    model = ScriptedModel([BOOKED])
    call = await call_with(model, diary.tool, store=store)
    assert (await call.take(heard(1, "Запишите"))).reply == BOOKED
    assert (len(diary.keys), len(set(diary.keys)), len(diary.done)) == (2, 1, 1)
    assert model.told(0) == ["Записано: завтра."]
    assert await states(store) == ["done"]


@virtually
async def test_a_tool_that_does_not_know_its_key_is_never_asked_again():
    """F41, F42, F46: nobody knows whether it happened, and nobody says that it did."""
    diary = Diary(deadline_s=1.0, longest_s=5.0)
    store = await killed_after_the_effect(diary)
    model = ScriptedModel([using("book", day="завтра")], ["Я вас записала."])
    call = await call_with(model, diary.tool, store=store)
    turn = await call.take(heard(1, "Запишите"))
    assert (len(diary.keys), turn.source) == (1, "tool:later")
    await asyncio.sleep(6.0)
    assert await states(store) == ["unknown"]
    turn = await call.take(heard(2, "Ну что?"))
    assert len(diary.keys) == 1
    assert model.told()[-1].startswith("Неизвестно, выполнено ли")
    assert turn.reply == call.dialogue.profile.texts.unconfirmed


@virtually
async def test_another_process_that_works_on_it_is_waited_for():
    """F41, F44: a turn that failed over while its tool runs elsewhere: one effect, one answer."""
    diary, store = Diary(), MemoryStore()
    diary.gate = asyncio.Event()
    here = await call_with(script(), diary.tool, store=store)
    there = await call_with(script(), diary.tool, store=store)
    first = asking(here, 1, "Запишите")
    await until(lambda: diary.keys)
    second = asking(there, 1, "Запишите")
    await asyncio.sleep(1.0)
    diary.gate.set()
    assert {(await first).reply, (await second).reply} == {BOOKED}
    assert (len(diary.keys), await states(store)) == (1, ["done"])


async def test_a_process_that_knows_nothing_finds_what_came_after_a_refusal():
    """F41, F44: its own try is behind the same refusal, where another one's row is already."""
    diary, store = Diary(), MemoryStore()
    diary.full = {"завтра"}
    here, there = [
        (await call_with(script(), diary.tool, store=store)).words.errands for _ in range(2)
    ]
    asked = [f'{{"day": "{day}"}}' for day in ("завтра", "среда", "четверг")]
    told = [
        await (await errands.begin(diary.tool, arguments, 1))
        for errands, arguments in ((here, asked[0]), (here, asked[1]), *((there, a) for a in asked))
    ]
    assert [row.arguments for row in told] == [*asked[:2], *asked[:2], asked[1]]
    assert (await states(store), len(diary.keys)) == (["failed", "done"], 2)


async def test_who_catches_up_knows_what_tools_did_before_and_what_they_do_after():
    """F43: turn 1 was taken by another process; here turn 2 is told of it, and turn 3 of both."""
    diary, store = Diary(), MemoryStore()
    model = ScriptedModel([using("book", day="среда")], [BOOKED], ["Что-то ещё?"])
    here = await call_with(model, diary.tool, store=store)
    there = await call_with(script(), diary.tool, store=store)
    await there.take(heard(1, "Запишите"))
    await here.take(heard(2, "И на среду"))
    assert model.told(0) == ["Записано: завтра."]
    await here.take(heard(3, "Спасибо"))
    assert model.told() == ["Записано: завтра.", "Записано: среда."]


async def test_what_cannot_be_written_down_does_not_happen():
    """F41, F54: the store is away: no effect, and nobody says there was one."""
    diary, store = Diary(), MemoryStore()
    model = script(["Записала вас на завтра."])
    call = await call_with(model, diary.tool, store=store)

    async def refuse(start):
        raise StoreBusy

    store.begin_tool = refuse
    turn = await call.take(heard(1, "Запишите"))
    assert (diary.keys, turn.reply) == ([], call.dialogue.profile.texts.unconfirmed)
    assert "хранилище недоступно" in model.told(1)[0]


@virtually
async def test_an_end_that_cannot_be_written_is_written_later():
    """F41, F54: the effect has happened, the store went away meanwhile; the caller is told."""
    diary, store = Diary(), MemoryStore()
    call = await call_with(script(), diary.tool, store=store)
    move, refused = store.move_tool, []

    async def refuse(*given):
        if len(refused) < 3:
            refused.append(given)
            raise StoreBusy
        return await move(*given)

    store.move_tool = refuse
    assert (await call.take(heard(1, "Запишите"))).reply == BOOKED
    assert await states(store) == ["running"]
    await asyncio.sleep(2.0)
    assert await states(store) == ["done"]


async def test_a_failure_may_be_tried_again_and_an_unsure_one_may_not():
    """F41: what did not happen may; what may have happened may not."""
    for fault, keys in ((ToolError("Занято."), 2), (ToolUnsure("Связь прервалась."), 1)):
        diary = Diary()
        diary.fault = fault
        model = script(["Не вышло."], [using("book", day="завтра")], ["Не вышло."])
        call = await call_with(model, diary.tool)
        await call.take(heard(1, "Запишите"))
        await call.take(heard(2, "Попробуйте ещё раз"))
        assert len(diary.keys) == keys


async def test_the_key_is_the_same_for_every_try_and_another_for_another_turn():
    """F41: made of call, turn and tool; nothing of the caller's is in it."""
    diary = Diary()
    model = script([BOOKED], [using("book", day="среда")], [BOOKED])
    call = await call_with(model, diary.tool)
    await call.take(heard(1, "Запишите"))
    await call.take(heard(2, "И на среду"))
    assert len(set(diary.keys)) == 2
    assert all(len(key) == 32 and key.isalnum() for key in diary.keys)


async def test_a_limit_for_each_call_holds():
    """F71: one transfer a call, whatever the model wants."""
    diary = Diary(per_call=1)
    model = script([BOOKED], [using("book", day="среда")], ["Нет."])
    call = await call_with(model, diary.tool)
    await call.take(heard(1, "Запишите"))
    await call.take(heard(2, "И на среду"))
    assert len(diary.keys) == 1
    assert "больше нельзя" in model.told()[-1]


def test_the_states_are_as_the_tests_name_them():
    """A state that is renamed would make the store forget what it knows."""
    assert {s.value for s in ToolState} == {
        *("proposed", "running", "unknown", "done", "failed", "declined")
    }
