"""Whether a number may call once more: its calls at once, in an hour, its minutes in a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from halo_voice.core.admission import LONGEST, WITHHELD, NumberLimits, bucket_of, over
from halo_voice.core.ports import CallRecord

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LIMITS = NumberLimits()


def past(minutes_ago: float, lasted_min: float | None = 1.0, reported: bool = True) -> CallRecord:
    """A call that began so long ago; `lasted_min` None: it goes on."""
    started = NOW - timedelta(minutes=minutes_ago)
    ended = None if lasted_min is None else started + timedelta(minutes=lasted_min)
    length = round(lasted_min * 60_000) if lasted_min is not None and reported else None
    return CallRecord(
        f"c-{minutes_ago}", "", "", "", "", "", "incoming", started, ended, duration_ms=length
    )


def test_the_third_call_at_once_is_one_too_many():
    """F77: two calls of a number go on; a third may not begin, and may when one has ended."""
    assert over([past(1, None)], LIMITS, NOW) is None
    assert over([past(1, None), past(2, None)], LIMITS, NOW) == "number_calls"
    assert over([past(1, None), past(2)], LIMITS, NOW) is None


def test_calls_that_begin_at_the_same_moment_count():
    """F77: those that are not in the store yet are known to the process that lets them in."""
    assert over([past(1, None)], LIMITS, NOW, beginning=1) == "number_calls"


def test_the_eleventh_call_in_an_hour_is_one_too_many():
    """F77: ten calls in 60 minutes; the oldest falls out of the hour to the second."""
    ten = [past(minutes) for minutes in range(2, 12)]
    assert over(ten[:9], LIMITS, NOW) is None
    assert over(ten, LIMITS, NOW) == "number_hour"
    late = [*ten[:9], past(60)]
    assert over(late, LIMITS, NOW) is None
    assert over(late, LIMITS, NOW - timedelta(seconds=1)) == "number_hour"


def test_after_thirty_minutes_in_a_day_no_call_begins():
    """F77: the minutes of 24 hours are added up, those of a call that goes on included."""
    assert over([past(600, 15), past(700, 14.9)], LIMITS, NOW) is None
    assert over([past(600, 15), past(700, 15)], LIMITS, NOW) == "number_minutes"
    assert over([past(600, 25), past(5, None)], LIMITS, NOW) == "number_minutes"
    assert over([past(24 * 60, 15), past(700, 15)], LIMITS, NOW) is None


def test_a_call_whose_end_was_never_told_does_not_block_its_number_for_ever():
    """After a quarter of an hour it is taken for over, and for no longer than that."""
    lost = past(LONGEST.seconds / 60 + 1, None)
    assert over([lost, past(1, None)], LIMITS, NOW) is None
    assert over([past(600, None), past(500, None)], LIMITS, NOW) == "number_minutes"
    assert over([past(600, 29, reported=False)], LIMITS, NOW) is None


def test_a_limit_of_nought_is_none():
    """Each can be switched off by itself."""
    busy = [past(minutes, None) for minutes in range(1, 14)]
    assert over(busy, NumberLimits(together=0), NOW) == "number_hour"
    assert over(busy, NumberLimits(together=0, per_hour=0), NOW) == "number_minutes"
    nothing = NumberLimits(together=0, per_hour=0, minutes_per_day=0)
    assert over(busy, nothing, NOW) is None
    assert not nothing.any


@pytest.mark.parametrize("written", ["+79161234567", "8 (916) 123-45-67", "sip:79161234567@x.ru"])
def test_a_number_is_the_same_however_it_is_written(written):
    """And its digest holds none of it."""
    assert bucket_of(written) == bucket_of("+7 916 123 45 67")
    assert "9161234567" not in bucket_of(written)
    assert bucket_of(written) != bucket_of("+79161234568")


@pytest.mark.parametrize("withheld", ["", "anonymous", "sip:anonymous@anonymous.invalid", "N/A"])
def test_all_who_hide_their_number_share_one_bucket(withheld):
    """F77: withholding the number gains nothing."""
    assert bucket_of(withheld) == WITHHELD
