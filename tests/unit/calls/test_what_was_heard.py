"""What was heard of an answer and what the recogniser understood later reach store and model."""

from __future__ import annotations

import pytest

from halo_voice.core.ports import Outcome
from halo_voice.core.transcript import Transcript
from tests.one_call import asking, until


async def answered(call, model, listener, words="где вы"):
    turn = asking(call, 1, words, listener)
    await model.give("Мы на улице Ленина. ", "Приходите! ", None)
    return await turn


async def test_times_are_written_once_the_answer_was_heard(
    call, model, listener, store, monkeypatch
):
    """One note a turn: recogniser, model, voice, what the caller felt."""
    notes, note_turn = [], store.note_turn

    async def noted(note):
        notes.append(note)
        await note_turn(note)

    monkeypatch.setattr(store, "note_turn", noted)
    turn = asking(call, 1, "где вы", listener, asr_ms=450)
    await model.give("Мы на улице Ленина. ", "Приходите! ", None)
    await turn
    call.phrase_started(1, 1, {"voice_ms": 200, "audible_ms": 900})
    call.phrase_finished(1, 1)
    call.phrase_started(1, 2, {"voice_ms": 5})
    assert notes == []
    call.phrase_finished(1, 2)
    await call.finish()
    [note] = notes
    assert set(note.latency) == {
        "asr_ms",
        "first_token_ms",
        "first_phrase_ms",
        "voice_ms",
        "audible_ms",
    }
    assert (note.latency["asr_ms"], note.latency["voice_ms"]) == (450, 200)
    [record] = await store.turns("c-1")
    assert record.heard is None
    assert record.latency["audible_ms"] == 900


@pytest.mark.parametrize(
    ("phrase", "heard", "stored"),
    [
        (1, "", ""),
        (1, "Мы на", "Мы на"),
        (2, "", "Мы на улице Ленина."),
        (2, "Приход", "Мы на улице Ленина. Приход"),
        (2, "чужое", "Мы на улице Ленина."),
        (9, "", "Мы на улице Ленина. Приходите!"),
    ],
)
async def test_the_heard_part_is_always_a_beginning_of_the_reply(
    call, model, listener, store, phrase, heard, stored
):
    """Invariant 9, whatever the other side says."""
    await answered(call, model, listener)
    call.phrase_started(1, 1, {})
    call.phrase_interrupted(1, phrase, heard)
    await call.finish()
    [record] = await store.turns("c-1")
    assert record.heard == stored


async def test_the_next_answer_is_asked_for_with_what_was_heard(call, model, listener):
    """The model does not refer to what the caller never heard."""
    await answered(call, model, listener)
    call.phrase_started(1, 1, {})
    call.phrase_interrupted(1, 1, "Мы на")
    second = asking(call, 2, "что", listener)
    await model.give("Да.", None, answer=1)
    await second
    assert all("Приходите" not in m.content for m in model.asked[1] if m.role == "assistant")


async def test_an_answer_that_never_began_was_not_heard(call, model, listener, store):
    """F06: the caller went on speaking before a settled answer became audible."""
    call.attach(listener)
    await answered(call, model, listener)
    second = asking(call, 2, "где вы и до скольки", listener)
    await model.give("До девяти.", None, answer=1)
    await second
    await call.finish()
    turns = await store.turns("c-1")
    assert [turn.heard for turn in turns] == ["", None]
    call.detach(listener)


async def test_what_was_cut_by_hanging_up_counts_as_unheard(call, model, listener, store):
    """The second phrase had begun; nobody knows how far it came."""
    await answered(call, model, listener)
    call.phrase_started(1, 1, {})
    call.phrase_finished(1, 1)
    call.phrase_started(1, 2, {})
    call.gone()
    await call.finish()
    [record] = await store.turns("c-1")
    assert record.heard == "Мы на улице Ленина."


async def test_notes_over_http_reach_the_store_and_the_model(call, model, store):
    """They come with the next request."""
    await answered(call, model, None)
    call.note(1, "Мы на улице", {"voice_ms": 300, "audible_ms": 1000})
    call.note(7, "чужое", {"voice_ms": 1})
    second = asking(call, 2, "что")
    await model.give("Да.", None, answer=1)
    await second
    await call.finish()
    first, second = await store.turns("c-1")
    assert first.heard == "Мы на улице"
    assert first.latency["audible_ms"] == 1000
    assert all("Приходите" not in m.content for m in model.asked[1] if m.role == "assistant")


async def test_words_that_were_never_said_are_not_noted_as_heard(call, model, store):
    """F14, invariant 9: what is stored as heard is a beginning of what was said, or nothing is."""
    await answered(call, model, None)
    call.note(1, "совсем другое", {"voice_ms": 300})
    second = asking(call, 2, "что")
    await model.give("Да.", None, answer=1)
    await second
    await call.finish()
    first, _ = await store.turns("c-1")
    assert first.heard is None
    assert first.latency["voice_ms"] == 300


async def test_other_words_before_anything_is_heard_are_answered_instead(
    call, model, listener, store
):
    """The phrases that went out are taken back; the recogniser's first words stay on record."""
    turn = asking(call, 1, "сколько стоит доска", listener)
    await model.give("Доски по сто рублей. ")
    await until(lambda: listener.said(1))
    call.revise(1, "сколько стоит доставка")
    await model.was_stopped(1)
    await model.give("Доставка бесплатна.", None, answer=1)
    record = await turn
    assert record.reply == "Доставка бесплатна."
    assert model.asked[1][-1].content == "сколько стоит доставка"
    assert listener.told[2:] == [("clear", 1), ("say", 1, 1, "Доставка бесплатна.")]
    await call.finish()
    [record] = await store.turns("c-1")
    assert (record.user_text, record.revised_text) == (
        "сколько стоит доска",
        "сколько стоит доставка",
    )


@pytest.mark.parametrize("audible", [True, False])
async def test_the_same_words_or_heard_ones_are_only_noted(call, model, listener, store, audible):
    """An answer that the caller hears is not replaced."""
    turn = asking(call, 1, "где вы", listener)
    await model.give("Мы на улице Ленина. ")
    await until(lambda: listener.said(1))
    if audible:
        call.phrase_started(1, 1, {})
    call.revise(1, "а что вы" if audible else "Где вы?")
    await model.give(None)
    assert (await turn).outcome is Outcome.ANSWERED
    await call.finish()
    [record] = await store.turns("c-1")
    assert record.revised_text == ("а что вы" if audible else "Где вы?")
    assert len(model.asked) == 1


async def test_an_answer_of_another_process_may_be_interrupted_too(call, store):
    """Its phrases are not known here, its reply is; words that are none of it are not stored."""
    await store.accept_turn("c-1", 1, "где вы", 0.9)
    reply = "Мы на улице Ленина. Приходите!"
    told = {"reply": reply, "action": "listen", "source": "m"}
    await store.settle_turn("c-1", 1, outcome=Outcome.ANSWERED, **told)
    call.dialogue.transcript = Transcript.of(await store.turns("c-1"))
    call.note(1, "чужое", {})
    call.phrase_interrupted(1, 2, "Прих")
    await call.finish()
    [record] = await store.turns("c-1")
    assert record.heard == "Мы на улице Ленина. Прих"


async def test_an_answer_that_the_end_overtook_was_not_heard(call, model, listener, store):
    """Invariant 9: the caller hung up before the first word of a settled answer."""
    call.attach(listener)
    await answered(call, model, listener)
    call.gone()
    await call.finish()
    [record] = await store.turns("c-1")
    assert (record.outcome, record.heard) == (Outcome.ANSWERED, "")
    call.detach(listener)


@pytest.mark.parametrize("settled", [True, False])
async def test_an_answer_over_http_that_came_too_late_was_not_heard(call, model, store, settled):
    """F06, invariant 9: the note that nothing of turn 1 was heard comes with turn 2, whether turn 1
    is answered by then or not; the model is not told of it."""
    first = asking(call, 1, "где")
    await model.give("Мы на улице Ленина. ", *([None] if settled else []))
    if settled:
        await first
    call.note(1, "", {})
    second = asking(call, 2, "где вы")
    await model.give("Тут.", None, answer=1)
    await second
    await first
    await call.finish()
    record, _ = await store.turns("c-1")
    assert record.outcome is (Outcome.ANSWERED if settled else Outcome.SUPERSEDED)
    assert record.heard == ""
    assert not any(m.role == "assistant" for m in model.asked[1])


async def test_words_of_a_turn_without_a_reply_yet_cannot_have_been_heard(call, model, store):
    """Invariant 9: a note that claims some is not believed."""
    first = asking(call, 1, "где")
    await model.was_asked(1)
    call.note(1, "чужое", {})
    await model.give("Мы на улице Ленина.", None)
    await first
    await call.finish()
    [record] = await store.turns("c-1")
    assert record.heard is None
