"""Lists and figures of calls in memory: `core.history.History` for `MemoryStore`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from halo_voice.core.history import OPEN, SLOW_MS, CallRow, Day, Figures, Wanted
from halo_voice.core.ports import CallRecord, TurnRecord
from halo_voice.core.telephones import sought_digits
from halo_voice.store.digest import digest_of, stems
from halo_voice.store.tally import CALLS_OF_LATENCIES, Hour, figures_of, place_of

Turns = Mapping[str, Mapping[int, TurnRecord]]


def newest_first(calls: Mapping[str, CallRecord]) -> list[CallRecord]:
    """Of two that began together, the lesser name first."""
    return sorted(
        sorted(calls.values(), key=lambda call: call.call_id),
        key=lambda call: call.started_at,
        reverse=True,
    )


def find_calls(
    calls: Mapping[str, CallRecord], turns: Turns, wanted: Wanted, limit: int, after: str
) -> list[CallRow]:
    """As the port says."""
    ordered = newest_first(calls)
    if after:
        places = [place for place, call in enumerate(ordered) if call.call_id == after]
        ordered = ordered[places[0] + 1 :] if places else []
    found = [row for call in ordered if (row := _row(call, _turns(turns, call), wanted))]
    return found[: max(0, limit)]


def open_turns(
    calls: Mapping[str, CallRecord], turns: Turns, since: datetime, limit: int
) -> list[TurnRecord]:
    """As the port says."""
    going_on = [call for call in newest_first(calls) if call.open and call.started_at >= since]
    newest = sorted(going_on[: max(0, limit)], key=lambda call: call.call_id)
    return [turn for call in newest for turn in _turns(turns, call)]


def figures(
    calls: Mapping[str, CallRecord],
    turns: Turns,
    since: datetime,
    until: datetime,
    *,
    utc_hours: float,
    turns_max: int,
) -> Figures:
    """As the port says."""
    found = [call for call in newest_first(calls) if since <= call.started_at < until]
    places = [place_of(call.started_at, utc_hours) for call in found]
    days = [
        _day(day, call, _turns(turns, call)) for call, (day, _) in zip(found, places, strict=True)
    ]
    hours = [Hour(hour, 1, day.duration_ms) for day, (_, hour) in zip(days, places, strict=True)]
    newest = [turn for call in found[:CALLS_OF_LATENCIES] for turn in _turns(turns, call)]
    ends = Counter(OPEN if call.open else call.end_reason or "" for call in found)
    told = [(turn.latency, turn.source) for turn in newest[:turns_max]]
    return figures_of(days, hours, ends, told)


def _day(day: str, call: CallRecord, turns: Sequence[TurnRecord]) -> Day:
    if call.open:
        return Day(day, 1)
    digest = digest_of(turns)
    return Day(
        day,
        1,
        duration_ms=call.duration_ms or 0,
        turns=digest.turns,
        apologies=digest.apologies,
        slow=int((digest.slowest_ms or 0) > SLOW_MS),
        micros=sum(call.cost.micros().values()),
    )


def _turns(turns: Turns, call: CallRecord) -> list[TurnRecord]:
    return [turn for _, turn in sorted(turns.get(call.call_id, {}).items())]


def _row(call: CallRecord, turns: Sequence[TurnRecord], wanted: Wanted) -> CallRow | None:
    """The call's row, if it is wanted. Of an open call only its turns are known."""
    digest = digest_of(turns, call.late_texts)
    row = CallRow(
        call,
        digest.turns,
        0 if call.open else digest.apologies,
        None if call.open else digest.slowest_ms,
    )
    said = digest.words.split()
    wanted_stems = stems(wanted.words)
    ended = not call.open
    digits = sought_digits(wanted.number)
    fits = (
        not wanted.words
        or (ended and bool(wanted_stems) and all(_said(stem, said) for stem in wanted_stems)),
        not wanted.number or (digits != "" and (digits in call.caller or digits in call.called)),
        wanted.since is None or call.started_at >= wanted.since,
        wanted.until is None or call.started_at < wanted.until,
        wanted.profile in ("", call.profile),
        wanted.end_reason in ("", OPEN if call.open else call.end_reason),
        not wanted.slow or (row.slowest_ms or 0) > SLOW_MS,
        not wanted.apologies or row.apologies > 0,
    )
    return row if all(fits) else None


def _said(stem: str, words: Sequence[str]) -> bool:
    return any(word.startswith(stem) for word in words)
