"""What the console asks of a store with many calls; milliseconds of each.

A list is asked with its calls' reviews, figures with how the reviewed calls came out; then
whole pages, as a browser gets them.

    python benchmarks/history.py [--calls 100000] [URL ...]

Without a URL: SQLite in a new folder below the working folder. For PostgreSQL name an empty
database; it is filled with calls. Each question is asked seven times; the median is shown, and the
worst. The console's goal for each is 300 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine, insert, text

from halo_voice.app import configure, running
from halo_voice.core.history import SLOW_MS, Wanted
from halo_voice.core.ports import Outcome, TurnRecord
from halo_voice.settings import Settings
from halo_voice.store import open_store, redact_url
from halo_voice.store.address import read_url
from halo_voice.store.archive import Archive, open_archive
from halo_voice.store.digest import digest_of
from halo_voice.store.ended import slot_of
from halo_voice.store.outcomes import count_all
from halo_voice.store.schema import ROLLED_UP, calls, digests, reviews, rollups, turns

GOAL_MS = 300
PAGES = {
    "page, list": "calls",
    "page, a common word": "calls?q=чайник",
    "page, two common words": "calls?q=чайник+утюг",
    "page, digits of a number": "calls?number=1234567",
    "page, figures of 90 days": "figures?days=90",
}
KEYS = ("slot", "end_reason")
ASKED = 7
TURNS = 5
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
SPAN = timedelta(days=90)
SUBJECTS = ("доставка", "заказ", "чайник", "утюг", "склад", "курьер", "возврат", "гарантия")
SUBJECTS += ("оплата", "карта", "счёт", "магазин", "адрес", "время", "скидка", "акция", "ремонт")
SUBJECTS += ("мастер", "запись", "приём", "договор", "номер", "документ", "товар", "размер", "цена")
FRAME = "Здравствуйте, подскажите, пожалуйста, мне нужна {} и ещё {}"
REPLY = "Конечно. По вопросу {} мы ответим сегодня, {} есть в наличии. Подсказать что-нибудь ещё?"
RARE = "эдельвейс"  # one call in ten thousand
OUTCOMES = ("answered", "answered", "unanswered", "callback", "silent")
SUMMARY = "Абонент спросил про {}; ответ найден в текстах компании, обещаний не было."


Row = dict[str, Any]


def made(count: int) -> Iterator[tuple[Row, list[Row], Row, Row]]:
    """Rows of a call, its turns, its digest and its review; always the same ones."""
    rng = random.Random(1)
    for number in range(count):
        call_id = f"{number:032}"
        began = NOW - SPAN * (1 - number / count)
        of_call = []
        for turn in range(1, TURNS + 1):
            one, two = rng.sample(SUBJECTS, 2)
            two = RARE if number % 10_000 == 5_000 and turn == 1 else two
            audible = int(rng.lognormvariate(7.0, 0.35))
            of_call.append(
                TurnRecord(
                    call_id,
                    turn,
                    FRAME.format(one, two),
                    0.9,
                    began + timedelta(seconds=10 * turn),
                    Outcome.APOLOGISED if rng.random() < 0.01 else Outcome.ANSWERED,
                    REPLY.format(one, two),
                    settled_at=began + timedelta(seconds=10 * turn + 1),
                    latency={"asr_ms": 600, "first_phrase_ms": 300, "audible_ms": audible},
                )
            )
        digest = digest_of(of_call)
        call = {
            "call_id": call_id,
            "caller": f"+7999{rng.randrange(10**7):07}",
            "called": "+74950000000",
            "profile": "halo" if number % 4 else "halo-repair",
            "profile_version": "1",
            "scenario_version": "1",
            "direction": "incoming",
            "started_at": began,
            "ended_at": began + timedelta(minutes=1),
            "end_reason": rng.choice(("caller_hung_up", "assistant_hung_up", "no_input")),
            "duration_ms": 60_000,
            "turns_reported": TURNS,
            "late_texts": (),
            "model_micros": 100_000,
        }
        row = {"call_id": call_id, "started_at": began, "words": digest.words}
        row |= {"turns": TURNS, "apologies": digest.apologies, "slowest_ms": digest.slowest_ms}
        review = {
            "call_id": call_id,
            "made_at": began + timedelta(minutes=2),
            "summary": SUMMARY.format(", ".join(rng.sample(SUBJECTS, 4))),
            "outcome": rng.choice(OUTCOMES),
            "topics": tuple(rng.sample(SUBJECTS, 2)),
            "fields": {"number": call["caller"]},
            "marks": {"apologies": digest.apologies},
            "source": "rules",
            "began_at": began,
        }
        names = [column.name for column in turns.c]
        yield call, [{n: getattr(t, n) for n in names} for t in of_call], row, review


def fill(url: str, count: int) -> None:
    """Put the calls in as they would be after their ends, in large pieces."""
    engine = create_engine(read_url(url))
    pending: tuple[list[Row], ...] = ([], [], [], [])
    rolled: dict[tuple[Any, str], dict[str, Any]] = {}

    def flush() -> None:
        with engine.begin() as connection:
            for table, rows in zip((calls, turns, digests, reviews), pending, strict=True):
                if rows:
                    connection.execute(insert(table), rows)
        for rows in pending:
            rows.clear()

    for call, of_call, digest, review in made(count):
        pending[0].append(call)
        pending[1].extend(of_call)
        pending[2].append(digest)
        pending[3].append(review)
        key = (slot_of(call["started_at"]), call["end_reason"])
        row = rolled.setdefault(
            key, dict.fromkeys(ROLLED_UP, 0) | dict(zip(KEYS, key, strict=True))
        )
        row["calls"] += 1
        row["duration_ms"] += call["duration_ms"]
        row["turns"] += TURNS
        row["apologies"] += digest["apologies"]
        row["slow"] += int(digest["slowest_ms"] > SLOW_MS)
        row["micros"] += call["model_micros"]
        if len(pending[0]) == 2_000:
            flush()
    flush()
    with engine.begin() as connection:
        connection.execute(insert(rollups), list(rolled.values()))
        count_all(connection)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()


def questions(store: Any, archive: Archive) -> dict[str, Callable[[], Awaitable[Any]]]:
    def rows(**wanted: Any) -> Callable[[], Awaitable[Any]]:
        after = wanted.pop("after", "")

        async def ask() -> Any:
            found = await store.find_calls(Wanted(**wanted), limit=51, after=after)
            ids = [row.call.call_id for row in found]
            if ids:
                await asyncio.to_thread(archive.reviews, ids)
            return found

        return ask

    def figures(days: int) -> Callable[[], Awaitable[Any]]:
        since = NOW - timedelta(days=days)

        async def ask() -> Any:
            found, _ = await asyncio.gather(
                store.figures(since, NOW, utc_hours=3, turns_max=5_000),
                asyncio.to_thread(archive.outcomes, since, NOW),
            )
            return found

        return ask

    week = NOW - timedelta(days=7)
    return {
        "list, first page": rows(),
        "list, in the middle": rows(after=f"{50_000:032}"),
        "list of a week, one profile": rows(since=week, profile="halo-repair"),
        "list, one outcome": rows(end_reason="no_input"),
        "list, open calls (none)": rows(end_reason="open"),
        "list, slow": rows(slow=True),
        "list, apologies": rows(apologies=True),
        "number (one call)": rows(number="1234567"),
        "search, a word of every call": rows(words="пожалуйста"),
        "search, a common word": rows(words="чайник"),
        "search, two common words": rows(words="чайник утюг"),
        "search, a rare word": rows(words=RARE),
        "search, a word nobody said": rows(words="квазар"),
        "search, with filters": rows(words="доставка", slow=True, profile="halo", since=week),
        "figures of 7 days": figures(7),
        "figures of 30 days": figures(30),
        "figures of 90 days": figures(90),
    }


async def measured(url: str, count: int) -> float:
    """Prints a table; the worst median in ms."""
    await (await open_store(url)).close()
    began = time.perf_counter()
    await asyncio.to_thread(fill, url, count)
    print(f"\n{redact_url(url)}: {count:,} calls in {time.perf_counter() - began:.0f} s")
    store, archive = await open_store(url), open_archive(url)
    worst = [await timed(name, ask) for name, ask in questions(store, archive).items()]
    archive.close()
    await store.close()
    async with running(configure(Settings(store_url=url, _env_file=None))) as halo:
        transport = httpx.ASGITransport(halo.front)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for name, path in PAGES.items():
                worst.append(await timed(name, partial(client.get, f"/console/{path}")))
    return max(worst)


async def timed(name: str, ask: Callable[[], Awaitable[Any]]) -> float:
    """Prints a line; the median in ms."""
    taken = []
    for _ in range(ASKED):
        began = time.perf_counter()
        answer = await ask()
        taken.append((time.perf_counter() - began) * 1000)
    median = statistics.median(taken)
    print(f"  {name:32} {median:8.1f} ms   worst {max(taken):8.1f} ms   {size_of(answer)}")
    return median


def size_of(answer: Any) -> str:
    if isinstance(answer, httpx.Response):
        assert answer.status_code == 200, answer.status_code
        return f"{len(answer.content) // 1024} KB"
    return f"{len(answer)} rows" if isinstance(answer, list) else f"{len(answer.days)} days"


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("urls", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="history-") as folder:
        urls = options.urls or [f"sqlite:///{folder}/halo.sqlite3"]
        worst = [await measured(url, options.calls) for url in urls]
    print(f"\nworst median {max(worst):.0f} ms, the goal is {GOAL_MS} ms")


if __name__ == "__main__":
    asyncio.run(main())
