"""Lists of calls and their figures: the same questions have the same answers on every store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from store_place import Place

from halo_voice.core.history import OPEN, SLOW_MS, Wanted
from halo_voice.core.money import Cost
from halo_voice.core.ports import CallEnd, CallStart, Outcome, Store, TurnNote

CALLS = {
    "c-1": (("Сколько стоит доставка в Химки?", "Доставка стоит триста рублей."), 900),
    "c-2": (("Где мой заказ ABC-77?", "Назовите номер."), 3_000),
    "c-3": (("Хочу вернуть чайник", "Принесите его в магазин."), None),
}


@pytest.fixture
def place(answering: Place) -> Place:
    return answering


@pytest.fixture
async def store(place: Place) -> Store:
    return await place.open()


async def play(store: Store, place: Place, call_id: str, *, ends: bool = True) -> None:
    """One call of one turn, an hour after the one before."""
    place.clock.advance(3600)
    (user, reply), audible_ms = CALLS[call_id]
    profile = "repair" if call_id == "c-3" else "halo"
    caller = f"+7999000{call_id[-1] * 4}"
    await store.open_call(CallStart(call_id, caller=caller, called="+74950001", profile=profile))
    await store.accept_turn(call_id, 1, user, 0.9)
    outcome = Outcome.APOLOGISED if call_id == "c-2" else Outcome.ANSWERED
    source = "m" if call_id == "c-2" else "offline"
    answer = {"outcome": outcome, "reply": reply, "action": "listen", "source": source}
    await store.settle_turn(call_id, 1, **answer)
    if audible_ms is not None:
        latency = {"audible_ms": audible_ms, "asr_ms": 400}
        await store.note_turn(TurnNote(call_id, 1, latency=latency))
    if ends:
        reason = "no_input" if call_id == "c-2" else "caller_hung_up"
        cost = Cost(model_micros=7, line_micros=3)
        await store.end_call(CallEnd(call_id, reason, 60_000, 1, ("ещё спасибо",), cost))


async def play_all(store: Store, place: Place) -> None:
    for call_id in CALLS:
        await play(store, place, call_id)


async def found(store: Store, limit: int = 10, after: str = "", **wanted) -> list[str]:
    rows = await store.find_calls(Wanted(**wanted), limit=limit, after=after)
    return [row.call.call_id for row in rows]


async def test_the_newest_come_first_page_by_page(store: Store, place: Place) -> None:
    """A page goes on behind the last call of the one before; an unknown call has nothing behind."""
    await play_all(store, place)
    assert await found(store) == ["c-3", "c-2", "c-1"]
    assert await found(store, limit=2) == ["c-3", "c-2"]
    assert await found(store, limit=2, after="c-2") == ["c-1"]
    assert await found(store, after="c-9") == []
    assert await found(store, limit=0) == []


async def test_calls_that_began_together_are_not_lost_between_pages(
    store: Store, place: Place
) -> None:
    """Of one moment they are in the order of their names."""
    for number in range(5):
        await store.open_call(CallStart(f"t-{number}"))
    seen, after = [], ""
    while page := await found(store, limit=2, after=after):
        seen, after = [*seen, *page], page[-1]
    assert seen == [f"t-{number}" for number in range(5)]


async def test_a_row_tells_what_the_call_came_to(store: Store, place: Place) -> None:
    """Turns, apologies and the slowest turn; of an open call only its turns so far."""
    await play(store, place, "c-1")
    await play(store, place, "c-2", ends=False)
    open_, ended = await store.find_calls(Wanted(), limit=10)
    assert (ended.turns, ended.apologies, ended.slowest_ms) == (1, 0, 900)
    assert ended.call == await store.find_call("c-1")
    assert (open_.turns, open_.apologies, open_.slowest_ms) == (1, 0, None)
    assert open_.call.open


@pytest.mark.parametrize(
    ("wanted", "calls"),
    [
        ({"words": "доставка"}, ["c-1"]),
        ({"words": "ДОСТАВКУ, химки"}, ["c-1"]),
        ({"words": "достав"}, ["c-1"]),
        ({"words": "abc 77"}, ["c-2"]),
        ({"words": "магазины"}, ["c-3"]),
        ({"words": "ещё"}, ["c-3", "c-2", "c-1"]),
        ({"words": "доставка чайник"}, []),
        ({"words": "*"}, []),
        ({"words": '"доставка" OR химки NOT'}, []),
        ({"words": "дост'; DROP TABLE calls; --"}, []),
        ({"words": "\x00\ud800"}, []),
        ({"number": "0001111"}, ["c-1"]),
        ({"number": "+7 (999) 000-22"}, ["c-2"]),
        ({"number": "4950001"}, ["c-3", "c-2", "c-1"]),
        ({"number": "8 (999) 000-22-22"}, ["c-2"]),
        ({"number": "9990002222"}, ["c-2"]),
        ({"number": "скрыт"}, []),
        ({"profile": "repair"}, ["c-3"]),
        ({"end_reason": "no_input"}, ["c-2"]),
        ({"end_reason": OPEN}, []),
        ({"slow": True}, ["c-2"]),
        ({"apologies": True}, ["c-2"]),
        ({"apologies": True, "words": "чайник"}, []),
        ({"slow": True, "profile": "halo", "words": "заказ", "number": "2222"}, ["c-2"]),
    ],
)
async def test_calls_are_found_by_what_is_asked(
    store: Store, place: Place, wanted: dict, calls: list[str]
) -> None:
    """Words without their endings, numbers, and the marks of a call, alone and together."""
    await play_all(store, place)
    assert await found(store, **wanted) == calls


async def test_calls_of_a_time(store: Store, place: Place) -> None:
    """From the first moment on, without the last."""
    await play_all(store, place)
    (second,) = [row.call.started_at for row in await store.find_calls(Wanted(slow=True), limit=1)]
    assert await found(store, since=second) == ["c-3", "c-2"]
    assert await found(store, until=second) == ["c-1"]


async def test_an_open_call_is_found_by_its_state_and_not_by_its_words(
    store: Store, place: Place
) -> None:
    """Its words are searched when it has ended."""
    await play(store, place, "c-1", ends=False)
    assert await found(store, end_reason=OPEN) == ["c-1"]
    assert await found(store, words="доставка") == []


async def test_a_word_without_end_does_not_keep_a_call_open(store: Store) -> None:
    """A model that repeats a letter for ever, or a search for that, is none of the database's."""
    await store.open_call(CallStart("c-1"))
    await store.accept_turn("c-1", 1, "а" * 1_100, 0.9)
    await store.settle_turn(
        "c-1", 1, outcome=Outcome.ANSWERED, reply="б" * 5_000, action="listen", source="m"
    )
    assert await store.end_call(CallEnd("c-1", "caller_hung_up", 60_000, 1))
    for said in ("а" * 1_100, "а" * 60, "б" * 5_000):
        assert await found(store, words=said) == ["c-1"]
    assert await found(store, words="в" * 5_000) == []


async def test_turns_of_the_calls_that_go_on_come_at_once(store: Store, place: Place) -> None:
    """Of the newest so many; what has ended, or began long ago, is not among them."""
    for call_id in CALLS:
        await play(store, place, call_id, ends=call_id == "c-2")
    await store.accept_turn("c-1", 2, "ещё", 0.9)
    long_ago = place.clock() - timedelta(days=1)
    turns = await store.open_turns(long_ago, limit=9)
    assert [(turn.call_id, turn.turn) for turn in turns] == [("c-1", 1), ("c-1", 2), ("c-3", 1)]
    assert turns[:2] == await store.turns("c-1")
    assert {turn.call_id for turn in await store.open_turns(long_ago, limit=1)} == {"c-3"}
    assert await store.open_turns(place.clock() + timedelta(seconds=1), limit=9) == []


async def test_figures_by_day_hour_and_end(store: Store, place: Place) -> None:
    """Days and hours are those of the asker's time zone; latencies are sorted."""
    await play_all(store, place)  # at 13:00, 14:00 and 15:00 UTC
    since = datetime(2026, 11, 1, tzinfo=UTC)
    whole = await store.figures(since, since + timedelta(days=60), utc_hours=9.5, turns_max=100)
    assert [(d.day, d.calls) for d in whole.days] == [("2026-11-22", 2), ("2026-11-23", 1)]
    first = whole.days[0]
    assert (first.duration_ms, first.turns, first.apologies) == (120_000, 2, 1)
    assert (first.slow, first.micros) == (1, 20)
    assert whole.ends == {"caller_hung_up": 2, "no_input": 1}
    assert [hour for hour, calls in enumerate(whole.hours) if calls] == [0, 22, 23]
    assert [hour for hour, ms in enumerate(whole.hours_ms) if ms == 60_000] == [0, 22, 23]
    assert whole.sources == {"offline": 2, "m": 1}
    assert whole.latencies == {"audible_ms": (900, 3_000), "asr_ms": (400, 400)}
    fewer = await store.figures(since, since + timedelta(days=60), utc_hours=0, turns_max=0)
    assert fewer.latencies == {}
    nothing = await store.figures(since, since, utc_hours=0, turns_max=100)
    assert (nothing.days, nothing.ends) == ((), {})


async def test_open_calls_count_as_open(store: Store, place: Place) -> None:
    """They have no reason of an end yet, and no turns in the figures."""
    await play(store, place, "c-2", ends=False)
    now = place.clock()
    whole = await store.figures(
        now - timedelta(days=1), now + timedelta(days=1), utc_hours=-3, turns_max=100
    )
    assert whole.ends == {OPEN: 1}
    assert (whole.days[0].turns, whole.days[0].slow) == (0, 0)


def test_slow_is_what_the_goal_for_nine_of_ten_turns_calls_slow():
    """The limit is the latency goal's."""
    assert SLOW_MS == 2_500
