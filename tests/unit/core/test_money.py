"""Prices, estimates, sums and caps."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.core.money import (
    CHARS_PER_TOKEN,
    MICROS,
    TOKENS_PER_MESSAGE,
    Cap,
    Cost,
    ModelPrice,
    Prices,
    Tokens,
    tokens_asked,
    tokens_of,
)
from halo_voice.core.ports import Message

FIRST, SECOND = ModelPrice(0.4, 1.2), ModelPrice(1.0, 2.0)
PRICES = Prices(models={"first": FIRST, "second": SECOND}, asr_minute=0.6, tts=0.9, line_minute=1.5)
whole = st.integers(0, 10**12)
spendings = st.builds(Cost, *[whole] * len(fields(Cost)))


def test_tokens_cost_what_their_model_costs():
    """Each model by its own prices for 1,000 tokens read and written, to the millionth."""
    spent = PRICES.of_tokens([Tokens("first", 1500, 200), Tokens("second", 1000, 0)])
    assert spent == Cost(2500, 200, round((0.6 + 0.24 + 1.0) * MICROS))
    assert PRICES.of_tokens([]) == Cost()


def test_a_model_without_a_price_costs_what_the_first_does():
    """One that a test or a plug-in brings is not free by mistake; without any price it is."""
    assert PRICES.of_model("unheard of") is FIRST
    assert Prices().of_tokens([Tokens("any", 10, 10)]) == Cost(10, 10)


def test_line_recogniser_and_voice_are_paid_by_length():
    """Minutes of the line and of the ears, characters of the voice; a part of a minute in part."""
    spent = PRICES.of_line(90_000, 500)
    assert spent.micros() == {"model": 0, "asr": 900_000, "tts": 450_000, "line": 2_250_000}
    assert spent.roubles() == {"total": 3.6, "model": 0, "asr": 0.9, "tts": 0.45, "line": 2.25}


def test_what_nobody_counts_is_estimated_upwards():
    """Three characters to a token, never rounded down, and some for each message."""
    assert [tokens_of(n) for n in (0, 1, 3, 4)] == [0, 1, 1, 2]
    messages = [Message("system", "а" * 30), Message("user", "б" * 31)]
    assert tokens_asked(messages) == 10 + 11 + 2 * TOKENS_PER_MESSAGE
    assert CHARS_PER_TOKEN == 3


def test_the_most_that_an_answer_comes_to_is_two_models_whole_answers():
    """Invariant 17 rests on it: both models are asked, and write as much as they may."""
    messages = [Message("user", "а" * 300)]
    asked = tokens_asked(messages)
    most = PRICES.at_most(messages, 300)
    assert most == PRICES.of_tokens([Tokens("first", asked, 300), Tokens("second", asked, 300)])
    assert Prices().at_most(messages, 300) == Cost(asked, 300)


@pytest.mark.parametrize(
    ("cap", "allowed"),
    [
        (Cap(), True),
        (Cap(micros=100), True),
        (Cap(micros=99), False),
        (Cap(tokens=30), True),
        (Cap(tokens=29), False),
        (Cap(micros=1000, tokens=29), False),
    ],
)
def test_a_cap_is_reached_and_not_passed(cap, allowed):
    """Money and tokens, each by itself; none is no cap. The line's money does not count."""
    spent = Cost(10, 20, 100, line_micros=10**9)
    assert cap.allows(spent) is allowed


def test_the_share_is_that_of_the_nearer_cap():
    """Half of the tokens and a tenth of the money is half."""
    assert Cap(micros=1000, tokens=60).share(Cost(10, 20, 100)) == pytest.approx(0.5)
    assert Cap().share(Cost(10, 20, 100)) == 0


@given(spendings, spendings, spendings)
def test_sums_are_the_same_in_every_order(one, two, three):
    """And what was added can be taken away again."""
    assert one + two + three == three + (two + one)
    assert (one + two) - two == one
