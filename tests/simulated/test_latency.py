"""How long a caller waits for an answer, on a clock that is the same on every machine."""

from __future__ import annotations

import pytest

from halo_voice.simulator import PROMPT, TARDY, Recogniser, run_virtually
from tests.conversation import Felt, bound_ms, converse, waiting

SEEDS = range(4)


def felt(recogniser: Recogniser) -> Felt:
    return run_virtually(converse(recogniser, SEEDS))


@pytest.mark.parametrize(("recogniser", "most_ms"), [(PROMPT, 1_100), (TARDY, 1_300)])
def test_half_of_all_answers_come_in_time(recogniser, most_ms):
    """From the last sound to the answer's first; no question is lost or asked twice."""
    figures = felt(recogniser)
    assert figures.faults == []
    assert bound_ms(recogniser) <= figures.p50_ms <= most_ms
    assert figures.adopted > figures.turns / 2


def test_without_answers_begun_ahead_the_caller_waits_longer():
    """The same delays, but nothing is known before the final result: about 1,400 ms."""
    figures = felt(waiting(PROMPT))
    assert figures.faults == []
    assert 1_300 < figures.p50_ms < 1_500
    assert (figures.adopted, figures.dropped) == (0, 0)


def test_the_figures_are_the_same_each_time():
    """Nothing of the machine's pace is in them."""
    assert felt(PROMPT) == felt(PROMPT)
