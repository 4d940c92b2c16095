"""What every store promises: in memory, on SQLite, on PostgreSQL."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, timedelta

import pytest
from store_place import Place

from halo_voice.core.errors import StoreError, StoreUnavailable
from halo_voice.core.ports import CallEnd, CallRecord, CallStart, Outcome, Store, TurnRecord

START = CallStart(
    "c-1",
    caller="+79990000001",
    called="+74950000002",
    profile="halo",
    profile_version="3f9c",
    scenario_version="1.0",
    direction="outgoing",
)
HOSTILE = "до\x00по\ud800сле\udfff '; DROP TABLE turns; --"
KEPT = "до\ufffdпо\ufffdсле\ufffd '; DROP TABLE turns; --"


async def settle(store: Store, turn: int, reply: str = "Да.", **changed: object) -> TurnRecord:
    """Answer a turn of the first call."""
    values: dict[str, object] = {
        "outcome": Outcome.ANSWERED,
        "reply": reply,
        "action": "listen",
        "source": "model",
    }
    return await store.settle_turn("c-1", turn, **(values | changed))  # type: ignore[arg-type]


async def test_an_opened_call_is_found_as_it_was_given(store: Store, place: Place) -> None:
    """Every field of a call comes back as it was, with a UTC time."""
    opened = await store.open_call(START)
    assert opened == CallRecord(
        "c-1", "+79990000001", "+74950000002", "halo", "3f9c", "1.0", "outgoing", place.clock.time
    )
    found = await store.find_call("c-1")
    assert found == opened
    assert found.open
    assert found.started_at.tzinfo is UTC


async def test_a_call_opened_again_is_the_first_one(store: Store, place: Place) -> None:
    """A repeated start changes nothing."""
    first = await store.open_call(START)
    place.clock.advance(5)
    assert await store.open_call(CallStart("c-1", caller="another")) == first
    assert await store.recent_calls(10) == [first]


async def test_an_unknown_call_is_none(store: Store) -> None:
    """Looking for what is not there is no error."""
    assert await store.find_call("nobody") is None
    assert await store.turns("nobody") == []
    assert await store.end_call(CallEnd("nobody", "caller_hung_up", 1, 0)) is False


async def test_a_turn_is_accepted_once(store: Store, place: Place) -> None:
    """The same number again gives the stored row, whatever words come with it."""
    await store.open_call(START)
    first = await store.accept_turn("c-1", 1, "Во сколько вы закрываетесь?", 0.75)
    assert first == TurnRecord("c-1", 1, "Во сколько вы закрываетесь?", 0.75, place.clock.time)
    assert first.outcome is Outcome.PENDING
    assert first.accepted_at.tzinfo is UTC
    place.clock.advance(5)
    assert await store.accept_turn("c-1", 1, "Совсем другое", None) == first
    assert await store.turns("c-1") == [first]


async def test_a_turn_of_an_unknown_call_is_refused(store: Store) -> None:
    """No turn without a call, and the words say what is missing."""
    with pytest.raises(StoreError, match="open_call"):
        await store.accept_turn("c-1", 1, "Алло", None)
    assert await store.turns("c-1") == []


async def test_the_first_outcome_wins(store: Store, place: Place) -> None:
    """A second outcome changes nothing and gets the first one."""
    await store.open_call(START)
    accepted = await store.accept_turn("c-1", 1, "Алло", None)
    place.clock.advance(1)
    first = await settle(store, 1, "До восьми.", action="hangup", model_ms=420)
    assert first == TurnRecord(
        "c-1",
        1,
        "Алло",
        None,
        accepted.accepted_at,
        Outcome.ANSWERED,
        "До восьми.",
        "hangup",
        "model",
        place.clock.time,
        420,
    )
    place.clock.advance(1)
    assert await settle(store, 1, "Простите.", outcome=Outcome.APOLOGISED) == first
    assert await store.accept_turn("c-1", 1, "Алло", None) == first
    assert await store.turns("c-1") == [first]


async def test_an_unknown_turn_cannot_be_settled(store: Store) -> None:
    """An outcome without a turn is refused."""
    await store.open_call(START)
    with pytest.raises(StoreError, match="accept_turn"):
        await settle(store, 1)


async def test_pending_is_no_outcome(store: Store) -> None:
    """A turn cannot be settled as unsettled."""
    await store.open_call(START)
    await store.accept_turn("c-1", 1, "Алло", None)
    with pytest.raises(ValueError, match="pending"):
        await settle(store, 1, outcome=Outcome.PENDING)


async def test_turns_come_in_order_and_of_one_call(store: Store) -> None:
    """Turns are ordered by number, not by arrival or as text, and calls do not mix."""
    await store.open_call(START)
    await store.open_call(CallStart("c-2"))
    for turn in (2, 10, 1):
        await store.accept_turn("c-1", turn, f"слово {turn}", 1.0)
    await store.accept_turn("c-2", 1, "чужое", 1.0)
    assert [turn.turn for turn in await store.turns("c-1")] == [1, 2, 10]


async def test_a_call_is_closed_once_and_leaves_nothing_pending(store: Store, place: Place) -> None:
    """The first report closes the call; its pending turns become caller_gone, settled ones stay."""
    await store.open_call(START)
    await store.accept_turn("c-1", 1, "раз", 1.0)
    answered = await settle(store, 1)
    await store.accept_turn("c-1", 2, "два", 1.0)
    place.clock.advance(30)
    assert await store.end_call(
        CallEnd("c-1", "caller_hung_up", 31_000, 2, ("поздно", 'с "кавычкой"'))
    )
    ended_at = place.clock.time
    place.clock.advance(1)
    assert not await store.end_call(CallEnd("c-1", "terminated", 1, 0, ("ещё",)))
    call = await store.find_call("c-1")
    assert call is not None
    assert not call.open
    assert (call.ended_at, call.end_reason) == (ended_at, "caller_hung_up")
    assert (call.duration_ms, call.turns_reported) == (31_000, 2)
    assert call.late_texts == ("поздно", 'с "кавычкой"')
    first, second = await store.turns("c-1")
    assert first == answered
    assert (second.outcome, second.settled_at) == (Outcome.CALLER_GONE, ended_at)


async def test_an_answer_after_the_end_is_too_late(store: Store) -> None:
    """Settling after the end keeps caller_gone."""
    await store.open_call(START)
    await store.accept_turn("c-1", 1, "раз", 1.0)
    await store.end_call(CallEnd("c-1", "caller_hung_up", 1, 1))
    assert (await settle(store, 1)).outcome is Outcome.CALLER_GONE
    assert [turn.reply for turn in await store.turns("c-1")] == [""]


async def test_words_after_the_end_are_kept_as_caller_gone(store: Store) -> None:
    """A turn that comes after the end is not lost and never pending."""
    await store.open_call(START)
    await store.end_call(CallEnd("c-1", "caller_hung_up", 1, 0))
    late = await store.accept_turn("c-1", 1, "постойте", 1.0)
    assert late.outcome is Outcome.CALLER_GONE
    assert late.settled_at == late.accepted_at
    assert await store.turns("c-1") == [late]


async def test_a_turn_and_the_end_at_once_leave_nothing_pending(store: Store) -> None:
    """Whoever is first, no turn stays pending behind a closed call."""
    for number in range(20):
        call_id = f"race-{number}"
        await store.open_call(CallStart(call_id))
        await asyncio.gather(
            store.accept_turn(call_id, 1, "раз", 1.0),
            store.end_call(CallEnd(call_id, "caller_hung_up", 1, 0)),
            store.accept_turn(call_id, 2, "два", 1.0),
        )
        assert {turn.outcome for turn in await store.turns(call_id)} == {Outcome.CALLER_GONE}


async def test_a_burst_of_calls_is_stored_whole(store: Store) -> None:
    """Many calls at once: every one gets its own turn back."""

    async def one_call(number: int) -> None:
        call_id = f"burst-{number}"
        await store.open_call(CallStart(call_id))
        for turn in (1, 2):
            said = f"{number} {turn}"
            assert (await store.accept_turn(call_id, turn, said, 1.0)).user_text == said
        assert [turn.user_text for turn in await store.turns(call_id)] == [
            f"{number} 1",
            f"{number} 2",
        ]

    await asyncio.gather(*(one_call(number) for number in range(100)))


async def test_one_refused_turn_leaves_its_neighbours_alone(store: Store) -> None:
    """A fault of one call among many waiting together stays with that call."""
    await store.open_call(START)
    answers = await asyncio.gather(
        store.accept_turn("c-1", 1, "раз", 1.0),
        store.accept_turn("nobody", 1, "кто", 1.0),
        store.accept_turn("c-1", 2**63, "слишком", 1.0),
        store.accept_turn("c-1", 2, "два", 1.0),
        return_exceptions=True,
    )
    assert isinstance(answers[1], StoreError)
    assert isinstance(answers[2], StoreError)
    assert "too large" in answers[2].message
    assert [turn.turn for turn in await store.turns("c-1")] == [1, 2]


async def test_one_who_waits_no_longer_does_not_disturb_the_others(store: Store) -> None:
    """A cancelled method leaves those that wait beside it their answers."""
    await store.open_call(START)
    tasks = [asyncio.create_task(store.accept_turn("c-1", turn, "да", 1.0)) for turn in range(20)]
    await asyncio.sleep(0)  # not a pause: it lets the tasks begin
    tasks[10].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [turn.turn for turn in answers if isinstance(turn, TurnRecord)] == [
        number for number in range(20) if number != 10 or not tasks[10].cancelled()
    ]


async def test_one_nonce_is_claimed_by_one(store: Store, place: Place) -> None:
    """A nonce can be claimed once until it expires, also by many at once."""
    claims = await asyncio.gather(*(store.claim_nonce("n-1", 180) for _ in range(10)))
    assert sorted(claims) == [False] * 9 + [True]
    place.clock.advance(179.9)
    assert not await store.claim_nonce("n-1", 180)
    assert await store.claim_nonce("n-2", 180)
    place.clock.advance(0.1)
    assert await store.claim_nonce("n-1", 180)
    assert not await store.claim_nonce("n-1", 180)


async def test_the_newest_calls_come_first(store: Store, place: Place) -> None:
    """Recent calls are ordered by start, newest first, no more than asked for."""
    for number in range(4):
        await store.open_call(CallStart(f"c-{number}"))
        place.clock.advance(0.001)
    assert [call.call_id for call in await store.recent_calls(3)] == ["c-3", "c-2", "c-1"]
    assert await store.recent_calls(0) == []
    assert await store.recent_calls(-1) == []


async def test_the_text_of_a_recording_is_kept_with_its_call(store: Store) -> None:
    """The text can be set after the end, and again; an unknown call is refused."""
    await store.open_call(START)
    await store.end_call(CallEnd("c-1", "caller_hung_up", 1, 0))
    await store.keep_recording_text("c-1", "первый")
    await store.keep_recording_text("c-1", "второй")
    call = await store.find_call("c-1")
    assert call is not None
    assert call.recording_text == "второй"
    with pytest.raises(StoreError, match="open_call"):
        await store.keep_recording_text("nobody", "текст")


async def test_hostile_text_is_kept_and_never_an_error(store: Store) -> None:
    """NUL and lone surrogates become U+FFFD everywhere; quotes and statements stay mere text."""
    opened = await store.open_call(CallStart(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE))
    assert (opened.call_id, opened.caller, opened.profile) == (KEPT, KEPT, KEPT)
    assert await store.find_call(HOSTILE) == opened
    accepted = await store.accept_turn(HOSTILE, 1, HOSTILE, float("nan"))
    assert (accepted.user_text, accepted.confidence) == (KEPT, None)
    settled = await store.settle_turn(
        HOSTILE, 1, outcome=Outcome.ANSWERED, reply=HOSTILE, action="listen", source=HOSTILE
    )
    assert (settled.reply, settled.source) == (KEPT, KEPT)
    assert await store.turns(HOSTILE) == [settled]
    await store.keep_recording_text(HOSTILE, HOSTILE)
    assert await store.end_call(CallEnd(HOSTILE, HOSTILE, 1, 1, (HOSTILE, "😀")))
    call = await store.find_call(HOSTILE)
    assert call is not None
    assert (call.end_reason, call.late_texts, call.recording_text) == (KEPT, (KEPT, "😀"), KEPT)
    assert await store.claim_nonce(HOSTILE, 1)
    assert not await store.claim_nonce(HOSTILE, 1)


async def test_long_text_is_kept_whole(store: Store) -> None:
    """Sixteen kibibytes of Cyrillic and an emoji come back letter by letter."""
    text = "ё" * 8192 + "😀"
    await store.open_call(START)
    await store.accept_turn("c-1", 1, text, 0.1)
    assert [turn.user_text for turn in await store.turns("c-1")] == [text]


async def test_ping_is_quiet_and_leaves_no_trace(store: Store) -> None:
    """A ping succeeds again and again and shows nowhere."""
    await store.ping()
    await store.ping()
    assert await store.recent_calls(10) == []


async def test_a_closed_store_says_so(store: Store) -> None:
    """After close every method raises StoreUnavailable; closing again is harmless."""
    await store.open_call(START)
    await store.close()
    await store.close()
    for method in (store.find_call("c-1"), store.open_call(START), store.ping()):
        with pytest.raises(StoreUnavailable, match="closed"):
            await method


async def test_times_keep_their_instant(store: Store, place: Place) -> None:
    """A clock in another zone gives the same instant back in UTC, to the microsecond."""
    place.clock.time += timedelta(microseconds=7)
    await store.open_call(START)
    call = await store.find_call("c-1")
    assert call is not None
    assert call.started_at == place.clock.time
    assert call.started_at.microsecond == place.clock.time.microsecond


async def test_no_word_reaches_the_log(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """Even with every logger at its most talkative, no word, number or name is logged."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="sqlalchemy")
    marker = "МАРКЕР-79990001122"
    store = await place.open()
    await store.open_call(CallStart("c-1", caller=marker, called=marker))
    await store.accept_turn("c-1", 1, marker, 1.0)
    await settle(store, 1, marker)
    await store.turns("c-1")
    await store.keep_recording_text("c-1", marker)
    with pytest.raises(StoreError) as refused:
        await store.accept_turn(marker, 1, marker, 1.0)
    await store.end_call(CallEnd("c-1", "caller_hung_up", 1, 1, (marker,)))
    assert marker not in caplog.text
    assert marker not in repr(refused.value)
    assert refused.value.__context__ is None
