"""The dialogue's table: what was heard comes in, what to do about it goes out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from halo_voice.core.dialogue import Ask, Dialogue, Repeat, Say
from halo_voice.core.errors import TurnConflict
from halo_voice.core.ports import Outcome, TurnRecord
from halo_voice.core.profile import Profile
from halo_voice.core.transcript import HISTORY_TURNS, Transcript

PROFILE = Profile()
THEN = datetime(2026, 1, 1, tzinfo=UTC)


def turn(number: int, words: str, outcome: Outcome = Outcome.ANSWERED) -> TurnRecord:
    return TurnRecord("c", number, words, 0.9, THEN, outcome, reply=f"ответ {number}")


def after(*turns: TurnRecord) -> Dialogue:
    return Dialogue(PROFILE, Transcript.of(turns))


def test_new_words_are_asked_about_with_persona_and_history():
    """Persona, what was said before, the new words."""
    step = after(turn(1, "раз")).hear(2, "два")
    assert isinstance(step, Ask)
    assert [(m.role, m.content) for m in step.messages] == [
        ("system", PROFILE.persona),
        ("user", "раз"),
        ("assistant", "ответ 1"),
        ("user", "два"),
    ]


def test_the_model_is_told_only_what_the_caller_heard():
    """An unanswered, dropped or abandoned turn has words of the caller and none of ours."""
    told = after(
        turn(1, "раз", Outcome.PENDING),
        turn(2, "два", Outcome.SUPERSEDED),
        turn(3, "три", Outcome.APOLOGISED),
    ).hear(4, "четыре")
    assert [m.content for m in told.messages if m.role == "assistant"] == ["ответ 3"]


def test_the_history_is_bounded():
    """A long call does not make ever longer requests."""
    long = after(*(turn(n, f"в {n}") for n in range(1, 40)))
    profile_limit = len(long.transcript.messages("", "новое", before=40))
    assert profile_limit == 2 + 2 * HISTORY_TURNS


@pytest.mark.parametrize("words", ["раз", "Раз!", " РАЗ "])
def test_a_settled_turn_is_repeated(words):
    """The same words, whatever their case and punctuation."""
    step = after(turn(1, "раз")).hear(1, words)
    assert isinstance(step, Repeat)
    assert step.turn.reply == "ответ 1"


def test_a_pending_turn_is_asked_again():
    """A lost process began it."""
    assert isinstance(after(turn(1, "раз", Outcome.PENDING)).hear(1, "раз"), Ask)


@pytest.mark.parametrize(("number", "words"), [(1, "другое"), (2, "новое")])
def test_numbers_go_upwards_and_hold_one_sentence(number, words):
    """Other words under a known number, or an unknown older number: a conflict."""
    with pytest.raises(TurnConflict):
        after(turn(1, "раз"), turn(3, "три")).hear(number, words)


def test_a_gap_is_no_fault():
    """A turn whose request never arrived leaves one."""
    assert isinstance(after(turn(1, "раз")).hear(5, "пять"), Ask)


def test_a_goodbye_is_answered_without_a_model():
    """And the line is closed."""
    step = after().hear(1, "Спасибо, до свидания!")
    assert step == Say(PROFILE.texts.farewell, Outcome.ANSWERED, "hangup", "farewell")


def test_beyond_the_limit_there_is_only_goodbye():
    """Invariant 10: no model, whatever the scenario does."""
    step = after().hear(PROFILE.limits.turns + 1, "ещё")
    assert isinstance(step, Say)
    assert step.action == "hangup"


def phrases_of(dialogue: Dialogue, words: str) -> list[str]:
    phraser = dialogue.phraser()
    return [*phraser.feed(words), *phraser.finish()]


@pytest.mark.parametrize("words", ["", "  ", "**", "🙂", "<b></b>"])
def test_nothing_to_speak_is_an_apology(words):
    """F23, F38."""
    dialogue = after()
    assert dialogue.answered(phrases_of(dialogue, words), "m").outcome is Outcome.APOLOGISED


def test_an_answer_is_made_speakable():
    """Markup goes, the source is kept, the phrases are the reply."""
    dialogue = after()
    phrases = phrases_of(dialogue, "**Да**, с [сайта](https://x.ru/a). Звоните!")
    said = dialogue.answered(phrases, "yandexgpt")
    assert len(phrases) == 2
    assert said == Say("Да, с сайта. Звоните!", Outcome.ANSWERED, "listen", "yandexgpt")


def test_an_endless_answer_leaves_room_for_the_offer_to_go_on():
    """F39: all of it together is no longer than one phrase may be."""
    dialogue = after()
    phrases = phrases_of(dialogue, "Это предложение. " * 100)
    whole = [*phrases, *dialogue.go_on(phrases)]
    assert whole[-1] == PROFILE.texts.go_on
    assert len(" ".join(whole)) <= PROFILE.limits.phrase_chars


def test_there_is_nothing_to_go_on_with_after_nothing():
    """An offer alone is no answer."""
    assert after().go_on([]) == []


def test_what_is_cut_off_counts_as_said_only_if_it_was_heard():
    """F53: an answer that nobody heard was none."""
    dialogue = after()
    unheard = dialogue.cut_off(["Раз."], Outcome.SUPERSEDED, heard=False)
    assert (unheard.outcome, unheard.text) == (Outcome.SUPERSEDED, "")
    heard = dialogue.cut_off(["Раз.", "Два."], Outcome.SUPERSEDED, heard=True)
    assert (heard.outcome, heard.text) == (Outcome.ANSWERED, "Раз. Два.")


def test_a_turn_that_is_answered_elsewhere_is_known_as_the_newest():
    """Heard and not stored yet: an older number no longer follows, the same one does."""
    dialogue = after(turn(1, "раз"))
    dialogue.hear(3, "три")
    assert dialogue.newest == 3
    with pytest.raises(TurnConflict):
        dialogue.hear(2, "два")
    assert isinstance(dialogue.hear(3, "три"), Ask)


def test_what_may_be_foreseen_is_a_question_of_the_coming_turn():
    """No model is asked ahead for a goodbye, for silence, for an old turn, or beyond the limit."""
    dialogue = after(turn(1, "раз"))
    assert dialogue.foresee(2, "Где вы?") == dialogue.hear(2, "Где вы?")
    assert dialogue.foresee(2, "Где вы?") is None
    assert dialogue.foresee(3, " ") is None
    assert dialogue.foresee(3, "Спасибо, до свидания!") is None
    assert dialogue.foresee(PROFILE.limits.turns + 1, "ещё") is None
