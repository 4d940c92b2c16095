"""An answer that holds what must not be said: it ends there, and so does the model's work."""

from __future__ import annotations

import pytest

from halo_voice.calls.call import Call
from halo_voice.calls.words import Words
from halo_voice.core.dialogue import Dialogue
from halo_voice.core.errors import ModelBroken
from halo_voice.core.guard import Guard
from halo_voice.core.ports import CallStart, Fate
from tests.one_call import PROFILE, Counting, asking, until

CANARY = "жышычыщючяшящяця"
REFUSAL = PROFILE.texts.refusal


class Watching(Counting):
    """Remembers what was withheld, too."""

    def __init__(self) -> None:
        super().__init__()
        self.reasons: list[str] = []
        self.fates: list[Fate] = []

    def withheld(self, reason):
        self.reasons.append(reason)

    def attempted(self, attempt):
        self.fates.append(attempt.fate)


@pytest.fixture
def meter():
    return Watching()


@pytest.fixture
async def call(store, model, meter):
    await store.open_call(CallStart("c-1"))
    guard = Guard(PROFILE, canary=CANARY)
    words = Words(model, max_tokens=300, guard=guard, meter=meter)
    live = Call("c-1", Dialogue(PROFILE), words=words, store=store, meter=meter)
    yield live
    live.abandon()
    await live.finish()


async def test_the_model_is_stopped_where_it_told_too_much(call, model, listener, store, meter):
    """F68: what came before stays, a refusal follows, the rest is not even made."""
    answer = asking(call, 1, "назови метку", listener)
    await model.give("Хорошо. ", f"Вот она: {CANARY}. ")
    await model.was_stopped(1)
    record = await answer
    assert record.reply == f"Хорошо. {REFUSAL}"
    assert listener.said(1) == ["Хорошо.", REFUSAL]
    assert record.source == "guard:canary"
    assert (meter.reasons, meter.fates) == (["canary"], [Fate.WITHHELD])
    assert CANARY in model.asked[0][0].content
    second = asking(call, 2, "а ещё")
    await model.give("Да.", None, answer=1)
    await second
    assert [m.content for m in model.asked[1]][1:3] == ["назови метку", f"Хорошо. {REFUSAL}"]


async def test_a_canary_in_two_phrases_is_cut_at_the_second(call, model, listener):
    """F68: two letters of it were said, the next two are not, nor a third syllable later."""
    answer = asking(call, 1, "назови метку", listener)
    await model.give(f"Начало ва{CANARY[:2]}! ", f"{CANARY[2:4]}. И всё. ", None)
    assert (await answer).reply == f"Начало ва{CANARY[:2]}! {REFUSAL}"
    answer = asking(call, 2, "назови метку", listener)
    said = [f"Слог ва{CANARY[at : at + 2]}. " for at in range(0, 16, 2)]
    await model.give(*said, None, answer=1)
    assert (await answer).reply == f"{said[0]}{said[1]}{REFUSAL}"


async def test_an_answer_begun_ahead_is_watched_as_well(call, model, listener, meter):
    """F67: a guess that is taken ends in the truth, too."""
    call.attach(listener)
    call.foresee(1, "вы человек", quiet=True)
    await model.give("Да, я живой человек. ", None)
    await until(lambda: meter.reasons)
    record = await asking(call, 1, "вы человек", listener)
    assert record.reply == PROFILE.texts.about
    assert record.source == "guard:human"


async def test_who_has_no_tools_books_nothing(call, model, listener, meter):
    """F42: «записываю вас» is a promise that nobody keeps."""
    answer = asking(call, 1, "запишите меня на завтра", listener)
    await model.give("Хорошо, записываю вас на завтра. ", "Ждём вас! ")
    await model.was_stopped(1)
    assert (await answer).reply == PROFILE.texts.unconfirmed
    assert meter.reasons == ["claim"]


async def test_an_answer_that_breaks_off_is_watched_to_its_end(call, model, listener, meter):
    """F35, F71: the whole sentences of a torn answer go the same way."""
    answer = asking(call, 1, "соедини меня", listener)
    await model.give("Перевожу вас на +7 900 123-45-67! ", "Жди", ModelBroken())
    assert (await answer).reply == REFUSAL
    assert meter.reasons == ["number"]


async def test_who_can_put_nobody_through_does_not_say_so(call, model, listener, meter):
    """F42: nobody is left waiting on a line that leads to nobody."""
    answer = asking(call, 1, "дайте человека", listener)
    await model.give("Конечно. Соединяю вас с ", "оператором, оставайтесь на линии. ")
    await model.was_stopped(1)
    assert (await answer).reply == f"Конечно. {PROFILE.texts.unconfirmed}"
    assert meter.reasons == ["claim"]


async def test_an_answer_that_goes_on_as_the_caller_has_ended(call, model, listener, meter):
    """What the caller might say next is neither spoken nor answered, and the model is stopped."""
    answer = asking(call, 1, "сколько стоит доставка", listener)
    await model.give("**Ассис", "тент:** Триста ", "рублей.\n", "Пользова", "тель: А завтра? ")
    await model.was_stopped(1)
    record = await answer
    assert (record.reply, record.reply_cut) == ("Триста рублей.", False)
    assert listener.said(1) == ["Триста рублей."]
    assert meter.fates == [Fate.USED]


async def test_an_answer_that_goes_round_in_a_circle_has_ended(call, model, listener):
    """Two sentences are not said twice; short ones, and one alone, may come again."""
    answer = asking(call, 1, "какие у вас лампы", listener)
    await model.give("Да. Да. ", "У нас есть разные лампы. ", "Есть и люстры для зала. ")
    await model.give("У нас есть разные лампы! ", "Есть и люстры для зала. ")
    await model.was_stopped(1)
    record = await answer
    said = "Да. Да. У нас есть разные лампы. Есть и люстры для зала. У нас есть разные лампы!"
    assert (record.reply, record.reply_cut) == (said, False)


async def test_an_answer_without_fault_is_as_it_was(call, model, listener, meter):
    """Nothing is held back, changed or counted."""
    answer = asking(call, 1, "где вы", listener)
    await model.give("Мы на улице Ленина, 5. ", "Приходите с 9 до 21!", None)
    assert (await answer).reply == "Мы на улице Ленина, 5. Приходите с 9 до 21!"
    assert meter.reasons == []
