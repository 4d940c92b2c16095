"""How much of what a caller said in one turn a model is told."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from halo_voice.core.dialogue import Ask, Dialogue
from halo_voice.core.ports import Outcome, TurnNote, TurnRecord
from halo_voice.core.profile import Limits, Profile
from halo_voice.core.transcript import CUT, Transcript, within

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LONG = "слово " * 300


def test_a_long_turn_is_cut_at_a_word_and_marked():
    """F77: 500 characters by default, in the history too; the profile may say otherwise."""
    before = TurnRecord("c", 1, LONG, None, NOW, Outcome.ANSWERED, "Да.", settled_at=NOW)
    for limits, most in ((Limits(), 500), (Limits(input_chars=60), 60)):
        dialogue = Dialogue(Profile(default=True, limits=limits), Transcript.of([before]))
        step = dialogue.hear(2, LONG)
        assert isinstance(step, Ask)
        told = [message.content for message in step.messages if message.role == "user"]
        assert len(told) == 2
        for words in told:
            assert words.endswith("слово" + CUT)
            assert len(words.removesuffix(CUT)) <= most


def test_what_is_short_enough_is_told_as_it_is():
    """No mark without a cut."""
    assert within("слово " * 80, 500) == "слово " * 80
    assert within("а" * 500, 500) == "а" * 500


@given(st.text(), st.integers(1, 40))
def test_no_more_than_the_limit_is_ever_told(text, most):
    """A text without a space is cut all the same, and what is told is a beginning."""
    told = within(text, most).removesuffix(CUT)
    assert len(told) <= most or told == text
    assert text.startswith(told)


def test_what_a_store_does_not_know_yet_is_not_forgotten():
    """F43, F55: a settled turn whose row is still pending there keeps its answer, and its note."""
    pending = TurnRecord("c", 1, "раз", None, NOW, Outcome.PENDING)
    settled = TurnRecord("c", 1, "раз", None, NOW, Outcome.ANSWERED, "Да.", settled_at=NOW)
    other = TurnRecord("c", 2, "два", None, NOW, Outcome.ANSWERED, "Нет.", settled_at=NOW)
    transcript = Transcript.of([settled])
    transcript.note(TurnNote("c", 1, heard="Д"))
    transcript.learn([pending, other])
    assert (transcript.turn(1).outcome, transcript.turn(1).heard) == (Outcome.ANSWERED, "Д")
    assert transcript.turn(2) == other
