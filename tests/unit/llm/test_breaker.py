"""Who keeps failing is left out for a while, and tried by one turn before all come back."""

from __future__ import annotations

import pytest

from halo_voice.core.errors import ModelBusy, ModelError, ModelRefused, ModelUnreachable
from halo_voice.llm.breaker import Breaker, State
from halo_voice.llm.faults import TokenRefused


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(now=clock)


def fail(breaker: Breaker, times: int = 1, error: ModelError | None = None) -> list[float | None]:
    """Ask so often, in vain."""
    return [breaker.failed(breaker.admit(), error or ModelUnreachable()) for _ in range(times)]


def succeed(breaker: Breaker) -> bool:
    return breaker.succeeded(breaker.admit())


def test_three_failures_in_a_row_open_it(breaker: Breaker, clock: Clock) -> None:
    """F33: after the third nobody is let in, until 5 s have passed."""
    assert fail(breaker, 3) == [None, None, 5.0]
    assert (breaker.state, breaker.failures) == (State.OPEN, 3)
    clock.s += 4.9
    assert breaker.admit() is None
    clock.s += 0.1
    assert breaker.state is State.HALF_OPEN
    assert breaker.admit() is not None


def test_a_success_between_begins_the_count_anew(breaker: Breaker) -> None:
    """Two failures, an answer, two failures: still asked."""
    fail(breaker, 2)
    succeed(breaker)
    fail(breaker, 2)
    assert breaker.state is State.CLOSED


def test_half_of_the_last_answers_failing_opens_it(breaker: Breaker) -> None:
    """A model that fails every other time never fails three times in a row."""
    for _ in range(4):
        fail(breaker)
        succeed(breaker)
    fail(breaker)
    assert breaker.state is State.CLOSED, "nine answers are too few to judge"
    succeed(breaker)
    assert fail(breaker) == [5.0]


def test_few_failures_among_many_answers_leave_it_closed(breaker: Breaker) -> None:
    """One failure in three is lived with: the next model covers it."""
    for _ in range(30):
        fail(breaker)
        succeed(breaker)
        succeed(breaker)
    assert breaker.state is State.CLOSED


def test_one_turn_tries_and_closes_it(breaker: Breaker, clock: Clock) -> None:
    """Half-open, the others are still kept out; when the one has its answer, all are let in."""
    fail(breaker, 3)
    clock.s += 5
    trial = breaker.admit()
    assert breaker.admit() is None
    assert breaker.succeeded(trial)
    assert (breaker.state, breaker.failures) == (State.CLOSED, 0)
    assert breaker.admit() is not None
    assert fail(breaker, 3)[-1] == 5.0, "the back-off begins anew"


def test_the_back_off_doubles_up_to_a_minute(breaker: Breaker, clock: Clock) -> None:
    """5, 10, 20, 40, 60, 60 s: a dead model is tried ever more rarely, and never given up."""
    pauses = [fail(breaker, 3)[-1]]
    for _ in range(5):
        clock.s += pauses[-1]
        pauses += fail(breaker)
    assert pauses == [5, 10, 20, 40, 60, 60]
    clock.s += 60
    assert succeed(breaker)


def test_what_began_before_it_opened_counts_for_nothing(breaker: Breaker, clock: Clock) -> None:
    """Twenty calls that failed together are one reason, and an old success is no trial."""
    eras = [breaker.admit() for _ in range(20)]
    assert [breaker.failed(era, ModelUnreachable()) for era in eras[:18]].count(5.0) == 1
    clock.s += 5
    trial = breaker.admit()
    assert not breaker.succeeded(eras[18])
    assert breaker.failed(eras[19], ModelUnreachable()) is None
    assert breaker.state is State.HALF_OPEN
    assert breaker.succeeded(trial)


def test_a_trial_that_was_called_off_lets_the_next_turn_try(breaker: Breaker, clock: Clock) -> None:
    """The caller hung up: nothing is known, nothing is lengthened."""
    fail(breaker, 3)
    clock.s += 5
    breaker.undecided(breaker.admit())
    assert succeed(breaker)


def test_a_trial_without_an_outcome_does_not_bar_the_model_for_ever(
    breaker: Breaker, clock: Clock
) -> None:
    """After half a minute another turn may try."""
    fail(breaker, 3)
    clock.s += 5
    assert breaker.admit() is not None
    clock.s += 29
    assert breaker.admit() is None
    clock.s += 1
    assert succeed(breaker)


@pytest.mark.parametrize("status", [0, 302, 401, 403, 404])
def test_a_wrong_configuration_opens_it_at_once_for_minutes(breaker: Breaker, status: int) -> None:
    """A refused key is refused again: no other turn asks for it."""
    assert fail(breaker, 1, ModelRefused("", status)) == [300.0]
    assert breaker.admit() is None


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_request_is_one_failure(breaker: Breaker, status: int) -> None:
    """Invariant 15: the words of one caller do not take the model from all others."""
    assert fail(breaker, 1, ModelRefused("", status)) == [None]
    assert breaker.admit() is not None


def test_a_refused_token_is_one_failure(breaker: Breaker) -> None:
    """The next turn has another token."""
    assert fail(breaker, 1, TokenRefused("", 401)) == [None]


def test_retry_after_is_obeyed(breaker: Breaker, clock: Clock) -> None:
    """F33: whoever says when to come back is asked then; without a word it is a failure."""
    assert fail(breaker, 1, ModelBusy()) == [None]
    assert fail(breaker, 1, ModelBusy("", 7.0)) == [7.0]
    clock.s += 6.9
    assert breaker.admit() is None
    clock.s += 0.1
    assert succeed(breaker)
    assert fail(breaker, 1, ModelBusy("", 1e6)) == [600.0], "and not for ever"
