"""What is kept of ended calls, on SQLite and PostgreSQL: found, reviewed once, forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import select, update

from halo_voice.core.admission import BUSY, bucket_of
from halo_voice.core.errors import StoreUnavailable
from halo_voice.core.history import Wanted
from halo_voice.core.ports import CallEnd, CallStart, Outcome
from halo_voice.core.review import Delivery, Review
from halo_voice.core.sessions import LOST
from halo_voice.core.tools import ToolStart
from halo_voice.core.trace import Trace
from halo_voice.store import open_store
from halo_voice.store.archive import open_archive
from halo_voice.store.schema import attempts, calls, reviews, rollups, turns
from halo_voice.store.shelf import Folder
from tests.contract import postgres

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
NUMBER = "+79161234567"


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/halo.sqlite3"
        return
    with postgres.server() as server, postgres.database(server) as database:
        yield database


@pytest.fixture
async def store(url, clock) -> AsyncIterator:
    found = await open_store(url, now=clock)
    yield found
    await found.close()


@pytest.fixture
def archive(store, url, clock):
    found = open_archive(url, now=clock)
    yield found
    found.close()


async def ended(store, call_id: str, caller: str = NUMBER, **more) -> None:
    start = CallStart(call_id, caller, "+74950000000", bucket=bucket_of(caller))
    await store.open_call(replace(start, **more))
    await store.accept_turn(call_id, 1, "сколько стоит доставка", 0.9)
    await store.settle_turn(
        call_id, 1, outcome=Outcome.ANSWERED, reply="Триста.", action="listen", source="x"
    )
    await store.end_call(CallEnd(call_id, "caller_hung_up", 9_000, 1, ("поздно",)))


def used(call_id: str) -> ToolStart:
    return ToolStart(
        call_id=call_id, turn=1, key="o", tool="orders", arguments='{"name":"Иван"}', effect=False
    )


def review(call_id: str, summary: str = "Спросили о доставке.") -> Review:
    return Review(
        call_id,
        NOON,
        summary,
        "answered",
        ("доставка",),
        {"order": "A-1", "sum": 2.5},
        {"turns": 1},
    )


async def test_ended_calls_wait_for_their_review(store, archive, clock):
    """Those that go on, were refused or ended too long ago do not; the first to end comes first."""
    await store.open_call(CallStart("live"))
    await store.open_call(CallStart("busy", refused=BUSY))
    await ended(store, "old")
    clock.now += timedelta(hours=2)
    await ended(store, "b")
    clock.now += timedelta(seconds=1)
    await ended(store, "a")

    since = NOON + timedelta(hours=1)
    assert archive.unreviewed(since, 10) == ["b", "a"]
    assert archive.unreviewed(since, 1) == ["b"]
    archive.keep_review(review("b"))
    assert archive.unreviewed(since, 10) == ["a"]


async def test_the_first_review_is_kept(store, archive):
    """Whoever reviews a call a second time gets the first one; an erased call gets none."""
    await ended(store, "a")

    assert archive.keep_review(review("a")) == review("a")
    assert archive.keep_review(review("a", "Другое.")).summary == "Спросили о доставке."
    assert archive.review("a") == review("a")
    archive.keep_review(review("gone"))
    assert archive.review("gone") is None


async def test_a_review_does_not_outlive_an_erasure_at_the_same_time(store, archive, url):
    """The erasure comes between the look for the call and the row of its review."""
    await ended(store, "a")
    clerk = open_archive(url)
    erasure = Thread(target=clerk.erase, args=[["a"]])
    plain = archive._insert

    def late(table):
        if not erasure.ident:
            erasure.start()
            erasure.join(1.0)  # it waits, or is through
        return plain(table)

    archive._insert = late
    archive.keep_review(review("a"))
    erasure.join()
    clerk.close()
    assert archive.call("a") is None
    assert archive.review("a") is None
    assert archive.outcomes(LONG_AGO, NOON + timedelta(days=1)) == {}


async def test_hostile_letters_do_not_reach_the_database(store, archive):
    """What a model wrote may hold anything: it is kept without what no database takes."""
    await ended(store, "a")
    hostile = replace(review("a"), summary="\0\ud800", fields={"a\0": ["\0б", {"в": "\ud800"}]})

    kept = archive.keep_review(hostile)

    assert "\0" not in kept.summary + repr(dict(kept.fields))
    assert "б" in repr(kept.fields)


async def test_reviews_of_a_list_and_how_many_ended_how(store, archive, clock):
    """By their calls; counted by when the calls began."""
    await ended(store, "a")
    clock.now += timedelta(hours=1)
    await ended(store, "b")
    archive.keep_review(review("a"))
    archive.keep_review(replace(review("b"), outcome="callback"))

    assert archive.reviews(["a", "none"]) == {"a": review("a")}
    assert archive.outcomes(NOON, clock.now) == {"answered": 1}
    both = archive.outcomes(NOON, clock.now + timedelta(seconds=1))
    assert both == {"answered": 1, "callback": 1}


async def test_whom_we_did_not_reach_asked_nothing(store, archive, clock):
    """A call of ours in which nobody said a word is in no share of what was resolved; one that was
    talked in is, and so is who hung up on us before a word. What is erased is taken off once."""
    for call_id, direction, said in (
        ("missed", "outgoing", 0),
        ("talked", "outgoing", 2),
        ("left", "incoming", 0),
    ):
        await ended(store, call_id, direction=direction)
        archive.keep_review(replace(review(call_id), outcome="other", marks={"turns": said}))
    until = clock.now + timedelta(hours=1)

    assert archive.outcomes(LONG_AGO, until) == {"other": 2}
    archive.erase(["missed"])
    assert archive.outcomes(LONG_AGO, until) == {"other": 2}
    archive.erase(["talked"])
    assert archive.outcomes(LONG_AGO, until) == {"other": 1}


async def test_a_delivery_has_one_row_whatever_is_repeated(store, archive, clock):
    """Announced twice it is one; its attempts are counted; only a dead one is sent again."""
    delivery = Delivery("d", "a", "call.ended", NOON)
    archive.keep_delivery(delivery)
    archive.note_attempt("d", state="waiting", status=503, fault="HTTP 503")
    archive.keep_delivery(delivery)

    (kept,) = archive.deliveries(call_id="a")
    assert (kept.attempts, kept.last_status, kept.state) == (1, 503, "waiting")
    assert archive.send_again("d") == 0
    archive.note_attempt("d", state="dead", status=None, fault="x" * 1_000)
    tries = [(each.number, each.status, each.fault) for each in archive.attempts("a")]
    assert tries == [(1, 503, "HTTP 503"), (2, None, "x" * 300)]
    assert archive.attempts("b") == []
    assert (archive.send_again(), archive.send_again()) == (1, 0)
    assert archive.delivery("d").rounds == 1
    archive.taken_again("d")
    assert archive.delivery("d").state == "waiting"


async def test_all_of_a_number_is_found_and_erased(store, archive):
    """However it is written, old rows without a bucket and outgoing calls too; others stay."""
    await ended(store, "new")
    await ended(store, "old", "79161234567", bucket="")
    await ended(store, "out", "+74950000000", called=NUMBER, direction="outgoing", bucket="x")
    await ended(store, "other", "+79160000000")
    archive.keep_review(review("new"))
    archive.keep_delivery(Delivery("d", "new", "call.ended", NOON))
    archive.note_attempt("d", state="waiting", status=503, fault="")
    await store.begin_tool(used("new"))
    await store.traces.keep("new", Trace(NOON, ["0 started 0 0"]))
    assert len(await store.traces.of("new")) == 1
    assert [list(each.lines) for each in archive.traces("new")] == [["0 started 0 0"]]
    assert len(await store.find_calls(Wanted(words="триста"), limit=9)) == 4

    found = [call.call_id for call in archive.of_number("8 (916) 123-45-67")]
    assert sorted(found) == ["new", "old", "out"]
    assert archive.of_number("") == archive.of_number("89990000000") == []

    archive.erase(found)
    assert [call.call_id for call in archive.recent(9)] == ["other"]
    assert archive.deliveries() == []
    assert archive._rows(select(attempts.c.number)) == []
    assert archive.review("new") is None
    assert await store.turns("new") == []
    assert await store.tools("new") == []
    assert await store.traces.of("new") == []
    assert len(await store.find_calls(Wanted(words="триста"), limit=9)) == 1
    assert len(await store.turns("other")) == 1


async def test_words_go_first_and_calls_later(store, archive, clock):
    """After their time the words of a call are empty, its cost stays; then it goes as a whole."""
    await ended(store, "old")
    archive.keep_review(review("old"))
    await store.begin_tool(used("old"))
    await store.traces.keep("old", Trace(NOON, ["0 started 0 0"]))
    assert len(await store.traces.of("old")) == 1
    clock.now += timedelta(days=10)
    await ended(store, "new")

    day = clock.now - timedelta(days=5)
    assert archive.expire(texts_before=day, calls_before=None) == 1
    assert archive.expire(texts_before=day, calls_before=None) == 0
    (turn,) = archive.turns("old")
    assert (turn.user_text, turn.reply, turn.outcome) == ("", "", Outcome.ANSWERED)
    assert archive.call("old").late_texts == ()
    assert archive.review("old").summary == ""
    assert [each.arguments for each in archive.tools("old")] == [""]
    assert await store.traces.of("old") == []
    found = await store.find_calls(Wanted(words="триста"), limit=9)
    assert [row.call.call_id for row in found] == ["new"]
    assert len(await store.find_calls(Wanted(), limit=9)) == 2
    assert archive.turns("new")[0].reply == "Триста."

    assert archive.expire(texts_before=None, calls_before=day) == 1
    assert [call.call_id for call in archive.recent(9)] == ["new"]
    assert archive.expire(texts_before=None, calls_before=None) == 0


async def test_words_that_are_in_no_turn_go_too(store, archive, clock, tmp_path):
    """Late ones, a review's, a tool's, a recording's and its sound; what is written of a call whose
    words were emptied before."""
    kinds = ("late", "reviewed", "used", "recorded", "transcribed")
    for call_id in kinds:
        await store.open_call(CallStart(call_id))
        late = ("меня зовут Иван",) if call_id == "late" else ()
        await store.end_call(CallEnd(call_id, "transferred", 9_000, 0, late))
    archive.keep_review(review("reviewed"))
    await store.begin_tool(used("used"))
    archive.shelf.want("recorded", "https://records.example.com/a")
    archive.shelf.keep("recorded", b"sound", "audio/mpeg", Folder(tmp_path / "sounds"))
    await store.keep_recording_text("transcribed", "меня зовут Иван")

    later = clock.now + timedelta(days=1)
    assert archive.expire(texts_before=NOON, calls_before=None) == 0
    assert archive.expire(texts_before=later, calls_before=None) == len(kinds)
    assert archive.expire(texts_before=later, calls_before=None) == 0
    assert archive.call("late").late_texts == ()
    assert archive.review("reviewed").summary == ""
    assert [each.arguments for each in archive.tools("used")] == [""]
    assert archive.shelf.find("recorded") is None
    assert list((tmp_path / "sounds").iterdir()) == []
    assert archive.call("transcribed").recording_text is None

    await store.keep_recording_text("late", "меня зовут Иван")
    assert archive.expire(texts_before=later, calls_before=None) == 1
    assert archive.call("late").recording_text is None


async def test_what_was_promised_is_no_figure(store, archive, clock):
    """The other marks stay. Where older versions left it, it goes, too."""
    for call_id in ("new", "emptied"):
        await ended(store, call_id)
        marks = {"turns": 1, "promised": ["перезвонить Ивану"]}
        archive.keep_review(replace(review(call_id), marks=marks))
    archive._do(update(turns).where(turns.c.call_id == "emptied").values(user_text="", reply=""))
    archive._do(update(calls).where(calls.c.call_id == "emptied").values(late_texts=()))
    archive._do(update(reviews).where(reviews.c.call_id == "emptied").values(summary=""))

    later = clock.now + timedelta(days=1)
    assert archive.expire(texts_before=later, calls_before=None) == 2
    assert archive.expire(texts_before=later, calls_before=None) == 0
    kept = archive.reviews(["new", "emptied"]).values()
    assert [each.marks for each in kept] == [{"turns": 1}, {"turns": 1}]
    assert {each.outcome for each in kept} == {"answered"}


async def test_how_the_work_stands(store, archive, clock):
    """The call that waits longest, of the profiles that are reviewed; deliveries; who lives."""
    await ended(store, "a", profile="halo")
    await ended(store, "other", profile="unreviewed")
    archive.keep_delivery(Delivery("d", "a", "call.ended", NOON))
    archive.note_attempt("d", state="dead", status=400, fault="HTTP 400")
    archive.shelf.want("a", "https://records.example.com/a")
    archive.beat("w")
    clock.now += timedelta(seconds=30)

    found = archive.work(LONG_AGO, ["halo"])
    assert (found.lag_s, found.workers) == (30.0, 1)
    assert (found.deliveries, found.recordings) == ({"dead": 1}, {"wanted": 1})
    archive.keep_review(review("a"))
    clock.now += timedelta(minutes=2)
    found = archive.work(LONG_AGO, ["halo"])
    assert (found.lag_s, found.workers) == (0.0, 0)


async def test_a_silent_worker_is_found(archive, clock):
    """One that does not beat is gone after its time, one that leaves at once."""
    archive.beat("a")
    clock.now += timedelta(seconds=61)
    archive.beat("b")

    assert archive.gone(60) == ["a"]
    archive.dismiss("a")
    assert archive.gone(60) == []
    archive.leave("b")
    assert archive.gone(60) == ["b"]


def test_a_store_that_forgets_has_no_archive():
    """It says what to set instead."""
    with pytest.raises(StoreUnavailable, match="HALO_STORE_URL"):
        open_archive("memory:")


async def test_a_fault_is_told_without_what_callers_said(store, archive, url):
    """The error is ours; neither the driver's text nor its exception hangs on it."""
    from sqlalchemy import text

    with pytest.raises(Exception, match="store") as caught:
        archive._do(text("SELECT 'секрет' FROM nowhere"))
    assert "секрет" not in str(caught.value)
    assert caught.value.__context__ is None


async def test_a_lost_call_is_completed_once_and_counted_anew(store, archive, clock):
    """F59: only as long as it stands as it was read; the figures of its half hour follow."""
    start = CallStart("c-1", NUMBER, bucket=bucket_of(NUMBER))
    await store.open_call(start)
    await store.end_call(CallEnd("c-1", LOST, 1_000, 0))
    (lost,) = archive.orphaned.ended_as(LOST, clock.now - timedelta(hours=1), 10)
    assert archive.orphaned.ended_as(LOST, clock.now + timedelta(hours=1), 10) == []

    assert archive.orphaned.complete(lost, "unreported", 42_000)
    assert not archive.orphaned.complete(lost, "scenario_error", 1)

    found = archive.call("c-1")
    assert (found.end_reason, found.duration_ms) == ("unreported", 42_000)
    rows = archive._rows(select(rollups.c.end_reason, rollups.c.calls, rollups.c.duration_ms))
    assert [tuple(row) for row in rows] == [("unreported", 1, 42_000)]
