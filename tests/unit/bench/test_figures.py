"""The arithmetic of the bench: which token ends a phrase, what is overhead, how it is spread."""

from __future__ import annotations

import pytest

from halo_voice.bench.answer import ScriptedAnswer
from halo_voice.bench.caller import Turn
from halo_voice.bench.figures import Spread, timing
from halo_voice.bench.model import Asked

ANSWER = ScriptedAnswer(44)
CLAUSE = "Доставка по всему городу бесплатная,"


@pytest.mark.parametrize("tokens", [16, 44, 45, 130])
def test_the_answer_has_as_many_tokens_as_wanted(tokens):
    """Whole sentences without a digit, nothing lost in the cuts."""
    answer = ScriptedAnswer(tokens)
    assert len(answer.tokens) == tokens
    assert all(answer.tokens)
    assert answer.text.endswith((".", "?"))
    assert not any(map(str.isdigit, answer.text))


@pytest.mark.parametrize("phrase", [CLAUSE, CLAUSE.rstrip(","), CLAUSE.replace("о", "+о")])
def test_a_phrase_ends_with_the_mark_after_it(phrase):
    """With the mark spoken or not, with a voice's stress marks in it or not."""
    end = ANSWER.ends(phrase)
    assert "".join(ANSWER.tokens[: end + 1]) == CLAUSE


def test_the_first_sentence_ends_with_its_full_stop():
    """Over HTTP that is what could have been spoken."""
    said = "".join(ANSWER.tokens[: ANSWER.first_sentence + 1])
    assert said.endswith("рублей.")
    assert said.count(".") == 1


@pytest.mark.parametrize("phrase", ["", "…", ANSWER.text * 2])
def test_what_is_not_of_the_answer_has_no_end(phrase):
    """An apology longer than the answer must not be measured as a phrase of it."""
    assert ANSWER.ends(phrase) is None


def request(received: float, first: float, step: float = 0.015) -> Asked:
    return Asked(1, received, [first + n * step for n in range(44)])


def test_overhead_is_what_the_model_did_not_take():
    """2 ms before the model is asked, 3 ms after it has told the clause."""
    asked = request(10.002, 10.1)
    told = asked.written[ANSWER.ends(CLAUSE)]
    turn = Turn(1, 10.0, told + 0.003, CLAUSE, 2, asked.written[-1] + 0.004)
    found = timing(turn, [asked], ANSWER, "stream")
    assert found.asking == pytest.approx(2)
    assert found.saying == pytest.approx(3)
    assert found.overhead == pytest.approx(5)
    assert found.settling == pytest.approx(4)
    assert found.head_start == 0


def test_a_model_that_was_asked_early_is_not_counted_twice():
    """Told before the final words: only the time from them on is waited for."""
    asked = request(9.0, 9.1)
    turn = Turn(1, 10.0, 10.001, CLAUSE, 2, 10.002)
    found = timing(turn, [asked], ANSWER, "stream")
    assert found.overhead == pytest.approx(1)
    assert found.settling == pytest.approx(2)
    assert found.head_start == pytest.approx(1000)


def test_of_two_requests_the_one_that_was_spoken_counts():
    """A guess that was dropped, then the turn's own; one whose clause came too late is neither."""
    dropped, own, late = request(9.5, 9.6), request(10.001, 10.1), request(10.2, 11.0)
    told = own.written[ANSWER.ends(CLAUSE)]
    turn = Turn(1, 10.0, told + 0.001, CLAUSE, 2, 12.0)
    assert timing(turn, [dropped, own, late], ANSWER, "stream").asking == pytest.approx(1)


def test_over_http_the_whole_reply_is_held_against_the_first_sentence():
    """The wait for the rest of the answer is in the figure."""
    asked = request(10.0, 10.1)
    turn = Turn(1, 10.0, asked.written[-1] + 0.001, ANSWER.text, 1, asked.written[-1] + 0.001)
    rest = asked.written[-1] - asked.written[ANSWER.first_sentence]
    assert timing(turn, [asked], ANSWER, "http").overhead == pytest.approx(rest * 1000 + 1)


def test_without_a_request_there_is_no_figure():
    """The offline assistant's answer is not the model's."""
    assert timing(Turn(1, 10.0, 10.1, CLAUSE, 1, 10.2), [], ANSWER, "stream") is None


def test_a_spread_has_measured_values_only():
    """Nearest rank; one outlier in a hundred is the maximum, not the 99th."""
    spread = Spread.of([*range(1, 100), 5000])
    assert (spread.p50, spread.p95, spread.p99, spread.max) == (50, 95, 99, 5000)
    assert Spread.of([]) == Spread(0, 0, 0, 0, 0)
