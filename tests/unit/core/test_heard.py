"""A model is told what the caller heard, and nothing of turns that a newer one took over."""

from datetime import UTC, datetime

import pytest

from halo_voice.core.heard import CUT_CHARS_MAX, told
from halo_voice.core.ports import Message, Outcome, TurnNote, TurnRecord
from halo_voice.core.transcript import Transcript


def turn(number, text="Вопрос", reply="Да. Нет.", outcome=Outcome.ANSWERED, **more):
    return TurnRecord(
        "c", number, text, None, datetime.now(UTC), outcome=outcome, reply=reply, **more
    )


def told_to_model(*turns, text="Ещё"):
    messages = Transcript.of(turns).messages("П", text, before=100)
    assert messages[0] == Message("system", "П")
    return [(message.role[0], message.content) for message in messages[1:]]


def test_what_was_heard_whole_is_told_whole():
    """Without a word about hearing, the reply was heard."""
    assert told_to_model(turn(1)) == [("u", "Вопрос"), ("a", "Да. Нет."), ("u", "Ещё")]
    assert told_to_model(turn(1, heard="Да. Нет.")) == told_to_model(turn(1))
    assert told_to_model(turn(1, heard="Да. Нет")) == [
        ("u", "Вопрос"),
        ("a", "Да. Нет"),
        ("u", "Ещё"),
    ]


def test_of_an_interrupted_answer_the_heard_part_is_told():
    """F53: what was cut stands before the caller's next words, once."""
    assert told_to_model(turn(1, heard="Да."), turn(2, "Стоп", "Ладно.")) == [
        ("u", "Вопрос"),
        ("a", "Да."),
        ("u", "[Собеседник перебил и не услышал конец ответа: «Нет.»] Стоп"),
        ("a", "Ладно."),
        ("u", "Ещё"),
    ]


def test_an_answer_of_which_nothing_was_heard_is_left_out():
    """The assistant did not say what nobody heard."""
    assert told_to_model(turn(1, heard="")) == [
        ("u", "Вопрос"),
        ("u", "[Собеседник перебил и не услышал ответ: «Да. Нет.»] Ещё"),
    ]


def test_a_long_cut_is_told_by_its_beginning():
    """A model is not told the whole answer again."""
    (_, last) = told_to_model(turn(1, reply="слово " * 100, heard=""))
    assert len(last[1]) <= CUT_CHARS_MAX + 70
    assert last[1].endswith("слово…»] Ещё")


def test_superseded_turns_are_left_out_and_the_note_goes_on():
    """The caller's words of a superseded turn stand in the next one."""
    gone = turn(2, "Стоп", "", Outcome.SUPERSEDED)
    assert told_to_model(turn(1, heard="Да."), gone, turn(3, "Стоп. Алло", "Да?")) == [
        ("u", "Вопрос"),
        ("a", "Да."),
        ("u", "[Собеседник перебил и не услышал конец ответа: «Нет.»] Стоп. Алло"),
        ("a", "Да?"),
        ("u", "Ещё"),
    ]


def test_twelve_turns_are_told_whatever_was_superseded_between():
    """The limit counts what is told."""
    turns = [
        turn(n, outcome=Outcome.SUPERSEDED if n % 2 else Outcome.ANSWERED) for n in range(1, 41)
    ]
    assert len(told_to_model(*turns)) == 2 * 12 + 1


def test_the_revised_words_are_told():
    """F06: what the recogniser made of it in the end."""
    assert told_to_model(turn(1, revised_text="Совопрос"))[0] == ("u", "Совопрос")


@pytest.mark.parametrize(
    ("reply", "plain"),
    [
        ("Откройте зам+ок и замо\u0301к.", "Откройте замок и замок."),
        ("+Окна, C++ и 2+2, +7 900", "Окна, C++ и 2+2, +7 900"),
        ("+окна", "окна"),
    ],
)
def test_stress_marks_are_for_the_voice_only(reply, plain):
    """A model would learn to write them."""
    assert told(turn(1, reply=reply)).assistant == plain


def test_a_note_changes_only_what_it_has():
    """As in the store: latency is merged, the rest set when given; unknown turns are ignored."""
    transcript = Transcript.of([turn(1, latency={"asr_ms": 5})])
    transcript.note(TurnNote("c", 1, latency={"voice_ms": 7}))
    transcript.note(TurnNote("c", 1, heard=""))
    transcript.note(TurnNote("c", 1, revised_text="Слова", latency={"asr_ms": 6}))
    transcript.note(TurnNote("c", 2, heard="Да."))

    noted = transcript.turn(1)
    assert (noted.heard, noted.revised_text) == ("", "Слова")
    assert noted.latency == {"asr_ms": 6, "voice_ms": 7}
    assert transcript.turn(2) is None


def test_a_turn_that_is_settled_keeps_its_notes():
    """The caller may interrupt before the answer is stored."""
    transcript = Transcript.of([turn(1, reply="", outcome=Outcome.PENDING)])
    transcript.note(TurnNote("c", 1, heard="Да.", latency={"asr_ms": 6}))
    transcript.keep(turn(1, latency={"voice_ms": 7}))

    kept = transcript.turn(1)
    assert (kept.reply, kept.heard) == ("Да. Нет.", "Да.")
    assert kept.latency == {"asr_ms": 6, "voice_ms": 7}
