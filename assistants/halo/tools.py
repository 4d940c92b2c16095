"""SAMPLE: what the assistant of the invented company HALO can do. Needs nothing but SQLite.

Orders and visits lie in one small file, made at its first use. A real company's functions would ask
its shop and its diary in the same places.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, time, timedelta
from typing import Annotated

from halo_voice.tools import ToolError, ToolResult, Use, tool

ORDERS = (
    # number, last four digits of the customer's telephone, what, where it is
    ("4207", "4567", "торшер «Аркос»", "передан курьеру, доставка сегодня до двадцати одного часа"),
    ("4211", "1020", "люстра «Вега»", "собирается на складе, отправка завтра"),
    (
        "4215",
        "7788",
        "светильник «Лайн»",
        "ждёт в пункте самовывоза на Садовой, хранится семь дней",
    ),
)
OPENS, CLOSES = time(9), time(20)  # the last visit begins then
DAYS_AHEAD = 60


@tool(
    "Состояние заказа. Нужны номер и последние четыре цифры телефона из заказа: спросите их.",
    filler="Секунду, смотрю заказ.",
    identity=("number", "phone_end"),
)
def order_status(
    number: Annotated[str, "номер заказа, только цифры"],
    phone_end: Annotated[str, "последние четыре цифры телефона, только цифры"],
    use: Use,
) -> str:
    with _opened(use) as store:
        query = "SELECT goods, state FROM orders WHERE number = ? AND phone_end = ?"
        found = store.execute(query, (number, phone_end)).fetchone()
    # Whoever guesses must not learn which of the two was wrong.
    return f"Заказ {number}, {found[0]}: {found[1]}." if found else "Такого заказа не найдено."


@tool(
    "Записать на консультацию в салон. Нужны день и время; узнайте их у собеседника.",
    effect=True,
    repeatable=True,
    filler="Секунду, смотрю запись.",
    confirm="Записываю вас на консультацию: {day}, в {at}. Верно?",
    spoken={"day": "date", "at": "time"},
    confirms=("запис", "заброниров", "назнач", "оформ", "созда", "готово", "подтверд"),
    done="Готово, вы записаны.",
)
def book_visit(
    day: Annotated[date, "день, ГГГГ-ММ-ДД"],
    at: Annotated[time, "время начала, ЧЧ:ММ, на целый час"],
    use: Use,
) -> ToolResult:
    today = use.now.date()
    if not today <= day <= today + timedelta(DAYS_AHEAD):
        raise ToolError("Записать можно на ближайшие шестьдесят дней.")
    if not OPENS <= at <= CLOSES or at.minute:
        raise ToolError("Записать можно на целый час с девяти до двадцати.")
    with _opened(use) as store:
        place = (day.isoformat(), at.isoformat("minutes"))
        # The key is unique: asked twice under one key, it is one visit.
        store.execute(
            "INSERT OR IGNORE INTO visits VALUES (?, ?, ?, ?)", (use.key, *place, use.caller)
        )
        known = store.execute("SELECT day, at FROM visits WHERE key = ?", (use.key,)).fetchone()
        taken = {row[0] for row in store.execute("SELECT at FROM visits WHERE day = ?", place[:1])}
    if known is None:
        raise ToolError(f"Это время занято. Свободно: {_free(taken)}.")
    return ToolResult(f"Записано: {known[0]}, {known[1]}.", say="Готово, вы записаны.")


def _free(taken: set[str]) -> str:
    hours = (f"{hour:02d}:00" for hour in range(OPENS.hour, CLOSES.hour + 1))
    return ", ".join([hour for hour in hours if hour not in taken][:3]) or "в этот день ничего"


@contextmanager
def _opened(use: Use) -> Iterator[sqlite3.Connection]:
    """The file, made if there is none; what is done is committed at the end."""
    use.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with closing(sqlite3.connect(use.data / "halo-sample.sqlite3", timeout=5)) as store, store:
        store.execute(
            "CREATE TABLE IF NOT EXISTS orders (number TEXT PRIMARY KEY, phone_end TEXT NOT NULL,"
            " goods TEXT NOT NULL, state TEXT NOT NULL)"
        )
        store.execute(
            "CREATE TABLE IF NOT EXISTS visits (key TEXT PRIMARY KEY, day TEXT NOT NULL,"
            " at TEXT NOT NULL, caller TEXT NOT NULL, UNIQUE (day, at))"
        )
        store.executemany("INSERT OR IGNORE INTO orders VALUES (?, ?, ?, ?)", ORDERS)
        yield store
