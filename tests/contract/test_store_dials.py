"""Calls that the company makes, their attempts and the opt-out list: the same on every store."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import delete
from store_place import Place

from halo_voice.core.dials import CLAIM_STALE, Campaign, Dial, OptOut, Standing, Tried, digest_of
from halo_voice.core.ports import CallEnd, CallStart
from halo_voice.store.archive import open_archive
from halo_voice.store.schema import dials as dials_table

TOKEN = digest_of("a-token")


@pytest.fixture
async def dials(answering: Place):
    return (await answering.open()).dials


def dial(dials, dial_id="d-1", **fields) -> Dial:
    known = {"token": TOKEN, "number": "79161234567", "profile": "halo", "caller_id": "74950000000"}
    return Dial(dial_id, made_at=dials.now(), **{**known, **fields})


async def test_a_token_serves_one_session(dials) -> None:
    """The same session gets it again, another one never: neither while it is under way nor
    after."""
    wanted = dial(dials, data={"имя": "Иван", "bad": "\x00"}, clock=7.0)
    await dials.keep_dial(wanted)
    kept = replace(wanted, data={"имя": "Иван", "bad": "\ufffd" if _sql(dials) else "\x00"})
    assert await dials.claim(TOKEN, "c-1") == (kept, "")
    assert await dials.claim(TOKEN, "c-1") == (kept, "")
    assert await dials.claim(TOKEN, "c-2") == (kept, "running")
    assert await dials.dial_of_call("c-1") == kept
    assert await dials.dial_of_call("c-2") is None
    assert await dials.settle("c-1", "busy") is True
    assert await dials.settle("c-1", "answered") is False
    assert (await dials.claim(TOKEN, "c-1"))[1] == "busy"
    assert (await dials.claim(TOKEN, "c-2"))[1] == "spent"
    begun = dials.now()
    assert await dials.tried(["d-1"]) == [Tried("d-1", 1, "c-1", begun, begun, "busy")]


def _sql(dials) -> bool:
    return type(dials).__name__ == "SqlDials"


async def test_a_token_that_nobody_gave_out_is_unknown(dials) -> None:
    """Nor is the empty one of a row that is never called."""
    await dials.keep_dial(dial(dials, token="", outcome="opted_out"))
    assert await dials.claim(digest_of("another"), "c-1") is None
    assert await dials.claim("", "c-1") is None


async def test_of_two_sessions_at_once_one_dials(dials) -> None:
    """However close they are."""
    await dials.keep_dial(dial(dials))
    both = await asyncio.gather(*(dials.claim(TOKEN, f"c-{n}") for n in range(6)))
    assert sorted(why for _, why in both) == ["", *["running"] * 5]


async def test_a_row_of_a_campaign_has_as_many_attempts_as_it(dials, answering: Place) -> None:
    """An hour in which nobody may be called, or full lines, cost none; a report that was lost
    blocks it for a while only."""
    await dials.keep_dial(dial(dials, campaign="k", row=1, attempts_max=2))
    for number, outcome in enumerate(("closed", "lines", "busy")):
        assert (await dials.claim(TOKEN, f"c-{number}"))[1] == ""
        assert await dials.settle(f"c-{number}", outcome)
    assert (await dials.claim(TOKEN, "c-lost"))[1] == ""
    assert (await dials.claim(TOKEN, "c-4"))[1] == "running"
    answering.clock.advance(CLAIM_STALE.total_seconds() + 1)
    assert (await dials.claim(TOKEN, "c-4"))[1] == "spent"


@pytest.mark.parametrize(
    "outcome", ["answered", "message", "declined", "hung_up", "invalid", "opted_out"]
)
async def test_who_was_reached_or_declined_is_not_dialled_again(dials, outcome) -> None:
    """By another session of the list, whatever attempts are left; the one that did is told so."""
    await dials.keep_dial(dial(dials, campaign="k", row=1, attempts_max=3))
    assert (await dials.claim(TOKEN, "c-1"))[1] == ""
    await dials.settle("c-1", outcome)
    assert (await dials.claim(TOKEN, "c-2"))[1] == "spent"
    assert (await dials.claim(TOKEN, "c-1"))[1] == outcome


async def test_a_campaign_is_kept_with_all_its_rows(dials) -> None:
    """In their order; the platform's list is noted when it is known."""
    campaign = Campaign("k-1", "Осень", "halo", dials.now())
    rows = [dial(dials, f"d-{n}", token=digest_of(str(n)), campaign="k-1", row=n) for n in (2, 1)]
    await dials.keep_campaign(campaign, rows)
    await dials.set_list("k-1", 77)
    assert await dials.find_campaign("k-1") == replace(campaign, list_id=77)
    assert await dials.find_campaign("k-2") is None
    assert await dials.campaigns(5) == [replace(campaign, list_id=77)]
    assert await dials.dials_of("k-1") == rows[::-1]
    await dials.set_outcome("d-1", "refused")
    assert (await dials.find_dial("d-1")).outcome == "refused"
    assert (await dials.claim(digest_of("1"), "c-1"))[1] == "spent"


async def test_a_campaign_that_is_called_off_begins_no_call(dials) -> None:
    """Who waits, and who was not reached yet; the call under way goes on, what is over stays."""
    outcomes = ("answered", "busy", "", None)
    rows = [
        dial(dials, f"d-{n}", token=digest_of(f"{n}"), campaign="k", row=n, attempts_max=2)
        for n in range(len(outcomes))
    ]
    barred = dial(dials, "d-9", token="", campaign="k", row=9, outcome="no_consent")
    other = dial(dials, "o-1", token=digest_of("o"), campaign="o", row=1)
    await dials.keep_campaign(Campaign("k", "Осень", "halo", dials.now()), [*rows, barred])
    await dials.keep_campaign(Campaign("o", "Зима", "halo", dials.now()), [other])
    for n, outcome in enumerate(outcomes[:3]):
        await dials.claim(digest_of(f"{n}"), f"c-{n}")
        if outcome:
            await dials.settle(f"c-{n}", outcome)
    assert await dials.call_off("k", "cancelled") == 3
    assert [each.outcome for each in await dials.dials_of("k")] == [
        "", "cancelled", "cancelled", "cancelled", "no_consent",
    ]  # fmt: skip
    assert [(await dials.claim(digest_of(f"{n}"), "late"))[1] for n in (1, 2, 3)] == ["spent"] * 3
    assert (await dials.claim(digest_of("2"), "c-2"))[1] == ""
    assert (await dials.claim(digest_of("o"), "c-o"))[1] == ""
    assert await dials.call_off("k", "cancelled") == 0


async def test_a_campaign_tells_how_its_rows_stand(dials) -> None:
    """By the last attempt of each row, and by why it is not called; when the last was reported."""
    for name in ("a", "b"):
        rows = [
            dial(dials, f"{name}-{n}", token=digest_of(f"{name}-{n}"), campaign=name, row=n)
            for n in range(1, 6)
        ]
        rows[4] = replace(rows[4], token="", outcome="no_consent")
        rows[1] = replace(rows[1], attempts_max=2)
        await dials.keep_campaign(Campaign(name, "people.csv", "halo", dials.now()), rows)
    for token, call_id in (("a-1", "c-1"), ("a-2", "c-2"), ("a-3", "c-3")):
        await dials.claim(digest_of(token), call_id)
    await dials.settle("c-1", "answered")
    await dials.settle("c-2", "busy")
    await dials.claim(digest_of("a-2"), "c-4")
    await dials.settle("c-4", "answered")
    at = (await dials.tried(["a-2"]))[-1].ended_at
    assert await dials.standing(["a", "none", ""]) == [
        Standing("a", "answered", 2, at),
        Standing("a", "no_consent", 1),
        Standing("a", "running", 1),
        Standing("a", "waiting", 1),
    ]
    assert [(each.campaign, each.rows) for each in await dials.standing(["b"])] == [
        ("b", 1),
        ("b", 4),
    ]


async def test_who_wants_no_calls_is_known(dials, answering: Place) -> None:
    """The first word's date stays; off the list again is as if never."""
    first = dials.now()
    await dials.opt_out("79161234567", "caller")
    answering.clock.advance(5)
    await dials.opt_out("79161234567", "operator")
    await dials.opt_out("79990000000", "operator")
    assert await dials.opted_out(["79161234567", "70000000000"]) == {"79161234567"}
    assert (await dials.opt_outs(9))[1] == OptOut("79161234567", first, "caller")
    assert await dials.opt_in("79161234567") is True
    assert await dials.opt_in("79161234567") is False
    assert await dials.opted_out(["79161234567"]) == set()


async def test_a_second_process_sees_the_same(durable: Place) -> None:
    """They are in the store, not in the process: the command writes, the backend reads."""
    first, second = await durable.open(), await durable.open()
    await first.dials.keep_dial(dial(first.dials))
    await first.dials.opt_out("79161234567", "operator")
    assert (await second.dials.claim(TOKEN, "c-1"))[1] == ""
    assert (await first.dials.claim(TOKEN, "c-2"))[1] == "running"
    assert await second.dials.opted_out(["79161234567"]) == {"79161234567"}


async def test_what_was_known_of_somebody_is_forgotten(durable: Place) -> None:
    """With the words of calls what is known, with the calls the rest, by the number all of it; who
    wants no calls stays known for that."""
    store = await durable.open()
    dials = store.dials
    for name, number in (("called", "79160000001"), ("waiting", "79160000002")):
        token = digest_of(name)
        await dials.keep_dial(dial(dials, name, token=token, number=number, data={"имя": "Иван"}))
    await dials.claim(digest_of("called"), "c-1")
    await store.open_call(CallStart("c-1", "79160000001", direction="outgoing"))
    await store.end_call(CallEnd("c-1", "caller_hung_up", 1000, 0))
    await dials.opt_out("79160000001", "caller")
    durable.clock.advance(10)
    now = durable.clock()
    archive = open_archive(durable.url, now=durable.clock)
    try:
        archive.expire(texts_before=now, calls_before=None)
        assert [(await dials.find_dial(each)).data for each in ("called", "waiting")] == [{}, {}]
        archive.erase(["c-1"])
        assert await dials.find_dial("called") is None
        assert await dials.tried(["called"]) == []
        assert archive.forget_number("+7 916 000-00-02") == 1
        assert await dials.find_dial("waiting") is None
        await dials.keep_dial(dial(dials, "old"))
        durable.clock.advance(10)
        archive.expire(texts_before=None, calls_before=durable.clock())
        assert await dials.find_dial("old") is None
        assert await dials.opted_out(["79160000001"]) == {"79160000001"}
    finally:
        archive.close()


async def test_an_erased_call_takes_the_other_attempts_along(durable: Place) -> None:
    """They were calls of the same person. What older versions left goes with the old calls."""
    store = await durable.open()
    dials = store.dials
    for name in ("erased", "other"):
        token = digest_of(name)
        await dials.keep_dial(dial(dials, name, token=token, campaign="k", attempts_max=3))
        for number in (1, 2):
            await dials.claim(token, f"{name}-{number}")
            await dials.settle(f"{name}-{number}", "busy")
    archive = open_archive(durable.url, now=durable.clock)
    try:
        archive.erase(["erased-1"])
        assert await dials.find_dial("erased") is None
        assert await dials.tried(["erased"]) == []
        assert len(await dials.tried(["other"])) == 2
        archive._do(delete(dials_table).where(dials_table.c.dial_id == "other"))
        durable.clock.advance(10)
        archive.expire(texts_before=None, calls_before=durable.clock())
        assert await dials.tried(["other"]) == []
    finally:
        archive.close()
