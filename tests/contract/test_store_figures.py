"""Figures that are kept beside the rows equal those counted from the rows, whatever happened."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from store_place import Place

from halo_voice.core.history import Figures
from halo_voice.core.money import Cost
from halo_voice.core.ports import CallEnd, CallStart, Outcome, Store, TurnNote
from halo_voice.core.review import Review
from halo_voice.core.sessions import LOST
from halo_voice.store.archive import Archive, open_archive
from halo_voice.store.memory import MemoryStore
from halo_voice.store.schema import outcomes, reviews

CAME_OUT = ("answered", "unanswered", "callback", "silent")
REASONS = ("caller_hung_up", "no_input", LOST)
STEPS = 120
HALF = timedelta(minutes=30)
BEGINNING = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def place(durable: Place) -> Place:
    return durable


class Company:
    """What may happen to its calls, in any order. `memory` has the same calls, and forgets none
    that has ended: figures outlive their calls."""

    def __init__(self, seed: int, place: Place, store: Store, archive: Archive) -> None:
        self.rng, self.place, self.store, self.archive = random.Random(seed), place, store, archive
        self.memory = MemoryStore(now=place.clock)
        self.open: list[str] = []
        self.over: list[str] = []
        self.begun = 0
        self.compared = 0

    async def begin(self) -> None:
        self.begun += 1
        call_id = f"c-{self.begun}"
        busy = self.rng.random() < 0.1
        for store in (self.store, self.memory):
            await store.open_call(CallStart(call_id, refused="busy" if busy else ""))
        (self.over if busy else self.open).append(call_id)

    async def talk(self) -> None:
        call_id = self.rng.choice(self.open)
        number = len(await self.memory.turns(call_id)) + 1
        said = Outcome.APOLOGISED if self.rng.random() < 0.3 else Outcome.ANSWERED
        source = self.rng.choice(("m", "offline"))
        answer = {"outcome": said, "reply": "Да.", "action": "listen", "source": source}
        latency = {"audible_ms": self.rng.randrange(5_000), "asr_ms": self.rng.randrange(900)}
        for store in (self.store, self.memory):
            await store.accept_turn(call_id, number, "сколько стоит", 0.9)
            await store.settle_turn(call_id, number, **answer)
            await store.note_turn(TurnNote(call_id, number, latency=latency))

    async def end(self) -> None:
        call_id = self.open.pop(self.rng.randrange(len(self.open)))
        cost = Cost(model_micros=self.rng.randrange(99), line_micros=self.rng.randrange(99))
        report = CallEnd(call_id, self.rng.choice(REASONS), self.rng.randrange(90_000), 1, (), cost)
        for store in (self.store, self.memory):
            await store.end_call(report)
            await store.end_call(replace(report, reason="no_input"))
        self.over.append(call_id)

    async def review(self) -> None:
        """Late, twice, of a call that goes on or that is gone: all of it."""
        call_id = f"c-{self.rng.randrange(self.begun) + 1}"
        came = self.rng.choice(CAME_OUT)
        self.archive.keep_review(Review(call_id, self.place.clock(), "", came, (), {}, {}, "rules"))

    async def complete(self) -> None:
        """What becomes known of the end of a lost call."""
        lost = self.archive.orphaned.ended_as(LOST, BEGINNING, 1_000)
        if lost:
            call, lasted = self.rng.choice(lost), self.rng.randrange(90_000)
            assert self.archive.orphaned.complete(call, "unreported", lasted)
            known = self.memory._calls[call.call_id]
            self.memory._calls[call.call_id] = replace(
                known, end_reason="unreported", duration_ms=lasted
            )

    async def erase(self) -> None:
        gone = self.rng.sample(self.over, min(len(self.over), 2))
        if self.open and self.rng.random() < 0.3:  # it was counted as one that goes on
            gone.append(self.open.pop())
            del self.memory._calls[gone[-1]]
        self.archive.erase(gone)
        self.archive.erase(gone)

    async def expire(self) -> None:
        """Words go, and of the oldest the calls."""
        now = self.place.clock()
        old = now - timedelta(hours=self.rng.randrange(12, 48))
        self.archive.expire(texts_before=now - timedelta(hours=6), calls_before=old)

    async def step(self) -> None:
        self.place.clock.advance(self.rng.choice((1, 60, 1_700, 5_000)))
        what = [self.begin, self.begin, self.review, self.review] if self.begun else [self.begin]
        if self.open:
            what += [self.talk, self.talk, self.talk, self.end, self.end]
        if self.over:
            what += [self.complete, self.rng.choice((self.erase, self.erase, self.expire))]
        await self.rng.choice(what)()

    def span(self) -> tuple[datetime, datetime]:
        """Any half hours."""
        since = BEGINNING + self.rng.randrange(200) * HALF
        return since, since + self.rng.randrange(200) * HALF

    async def compare(self) -> None:
        for since, until in [(BEGINNING - HALF, BEGINNING + 9_999 * HALF), self.span()]:
            reviewed = self.archive.outcomes(since, until)
            assert reviewed == counted(self.archive, since, until)
            self.compared += sum(reviewed.values())
            zone = {"utc_hours": self.rng.choice((0, 3, -5, 5.5, 12)), "turns_max": 5_000}
            kept = await self.store.figures(since, until, **zone)
            told = await self.memory.figures(since, until, **zone)
            assert of_calls(kept) == of_calls(told)
            left = [call for call in self.archive.recent(600) if since <= call.started_at < until]
            turns = [turn for call in left for turn in self.archive.turns(call.call_id)]
            assert kept.sources == Counter(turn.source for turn in turns)
            audible = sorted(turn.latency["audible_ms"] for turn in turns)
            assert list(kept.latencies.get("audible_ms", ())) == audible


def of_calls(figures: Figures) -> tuple[object, ...]:
    return figures.days, dict(figures.ends), figures.hours, figures.hours_ms


def counted(archive: Archive, since: datetime, until: datetime) -> dict[str, int]:
    """From the reviews, one by one."""
    rows = archive._rows(select(reviews.c.outcome, reviews.c.began_at))
    return dict(Counter(came for came, began in rows if since <= began < until))


@pytest.mark.parametrize("seed", range(6))
async def test_figures_equal_what_is_counted_from_the_rows(place: Place, seed: int) -> None:
    """After any calls, turns, reviews, completions, erasures and retentions, in any order."""
    store = await place.open()
    archive = open_archive(place.url, now=place.clock)
    company = Company(seed, place, store, archive)
    for number in range(STEPS):
        await company.step()
        if number % 20 == 19:
            await store.turns("")  # what was noted of turns is written
            await company.compare()
    assert company.compared > 0
    archive.erase([call.call_id for call in archive.recent(1_000)])
    await company_forgets(company)
    assert archive._rows(select(outcomes.c.slot)) == []
    archive.close()


async def company_forgets(company: Company) -> None:
    for call_id in company.open:
        del company.memory._calls[call_id]
    await company.compare()


async def test_several_processes_count_each_review_once(place: Place) -> None:
    """The same calls reviewed by two at once, and some of them erased by two others meanwhile."""
    store = await place.open()
    names = [f"c-{number}" for number in range(30)]
    for call_id in names:
        await store.open_call(CallStart(call_id))
        await store.end_call(CallEnd(call_id, "no_input", 1, 0))
    archives = [open_archive(place.url, now=place.clock) for _ in range(4)]

    def all_reviewed(archive: Archive, came: str, ids: list[str]) -> None:
        for call_id in ids:
            archive.keep_review(Review(call_id, place.clock(), "", came, (), {}, {}, "rules"))

    with ThreadPoolExecutor(4) as threads:
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            loop.run_in_executor(threads, all_reviewed, archives[0], "answered", names),
            loop.run_in_executor(threads, all_reviewed, archives[1], "callback", names[::-1]),
            *(loop.run_in_executor(threads, each.erase, names[:10]) for each in archives[2:]),
        )

    long_ago, after = BEGINNING - HALF, BEGINNING + HALF
    kept = archives[0].outcomes(long_ago, after)
    assert kept == counted(archives[0], long_ago, after)
    assert sum(kept.values()) >= 20
    for archive in archives:
        archive.close()
