"""A campaign's file: a row for each person, and why some of them are not called. Pure."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from halo_voice.core.profile import Profile
from halo_voice.core.telephones import callable_number
from halo_voice.dialling.order import NotCalled, Order, Whom, data_of, order_of

ROWS_MAX = 10_000
BYTES_MAX = 8 * 1024 * 1024
NUMBER, CONSENT, CLOCK = "number", "consent", "utc_hours"
EAST_MIN, EAST_MAX = -12, 14
_SAME = {"номер": NUMBER, "телефон": NUMBER, "phone": NUMBER, "согласие": CONSENT}
_YES = {"да", "yes", "y", "1", "true", "+", "есть"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4}")


@dataclass(frozen=True, slots=True)
class Row:
    """`outcome`: why they are not called; "": they are."""

    number: int
    whom: Whom
    outcome: str = ""


def read_rows(raw: bytes, profile: Profile, opted_out: Iterable[str] = ()) -> list[Row]:
    """All rows of the file, each judged. Raises `NotCalled` if it cannot be read as a whole."""
    if len(raw) > BYTES_MAX:
        raise NotCalled(f"has more than {BYTES_MAX // 1024**2} MB: split it.")
    table = _table(_text(raw))
    header, *lines = [*table, []][: len(table) or 1]
    names = [_SAME.get(each.strip().lower(), each.strip()) for each in header]
    missing = [each for each in (NUMBER, CONSENT) if each not in names]
    if missing:
        raise NotCalled(
            f"has no column {' and no column '.join(missing)}: the first line names the columns. "
            "Only who has consented may be called; `consent` is yes, or the date of it."
        )
    if len(set(names)) < len(names):
        raise NotCalled("has two columns of one name.")
    if len(lines) > ROWS_MAX:
        raise NotCalled(f"has {len(lines)} rows; a campaign may have {ROWS_MAX}: split it.")
    never, seen, rows = set(opted_out), set[str](), []
    for number, line in enumerate(lines, 1):
        if len(line) > len(names):
            raise NotCalled(f"row {number} has {len(line)} cells, the first line {len(names)}.")
        cells = dict(zip(names, [each.strip() for each in line], strict=False))
        rows.append(_judged(number, cells, profile, never, seen))
    return rows


def _judged(
    number: int, cells: dict[str, str], profile: Profile, never: set[str], seen: set[str]
) -> Row:
    written, consent, clock = (cells.pop(each, "") for each in (NUMBER, CONSENT, CLOCK))
    digits = callable_number(written)
    try:
        own, data = _clock(clock), data_of(cells)
    except NotCalled as fault:
        raise NotCalled(f"row {number}: {fault}") from None
    if digits is None:
        return Row(number, Whom(written[:30], data, own), "invalid")
    whom = Whom(digits, data, own)
    if consent.lower() not in _YES and not _DATE.fullmatch(consent):
        return Row(number, whom, "no_consent")
    if digits in never:
        return Row(number, whom, "opted_out")
    if digits in seen:
        return Row(number, whom, "duplicate")
    seen.add(digits)
    if profile.outbound.daily_utc(profile.outbound.zones(digits, own)) is None:
        return Row(number, whom, "no_clock")
    return Row(number, whom)


def _clock(written: str) -> float | None:
    """Raises `NotCalled`: by a clock that no place has they would be called at night."""
    try:
        hours = float(written.replace(",", ".")) if written else None
    except ValueError:
        hours = math.nan
    if hours is None or EAST_MIN <= hours <= EAST_MAX:  # not a number is neither
        return hours
    raise NotCalled(
        f"{CLOCK} is {written[:20]!r}: write the hours east of Greenwich, from {EAST_MIN} to "
        f"{EAST_MAX}, like 3 or 5.5, or nothing."
    )


def orders_of(
    rows: Sequence[Row],
    profile: Profile,
    caller_id: str,
    now: datetime,
    *,
    campaign: str,
    attempts: int,
) -> list[Order]:
    """One for each row, those who are not called included."""
    return [
        order_of(
            row.whom, profile, caller_id, now,
            attempts_max=attempts, campaign=campaign, row=row.number, outcome=row.outcome,
        )
        for row in rows
    ]  # fmt: skip


def list_of(orders: Iterable[Order], profile: Profile) -> str:
    """What the platform is given: a token for each who is called, and the hours of UTC in which it
    may begin. No number, no name."""
    lines = ["dial;__start_execution_time;__end_execution_time"]
    for order in orders:
        if order.token:
            zones = profile.outbound.zones(order.dial.number, order.dial.clock)
            begin, end = profile.outbound.daily_utc(zones) or ("", "")
            lines.append(f"{order.token};{begin};{end}")
    return "\n".join(lines) + "\n"


def _text(raw: bytes) -> str:
    """As tables are saved here: UTF-8, or Windows-1251 by an older Excel."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1251", errors="replace")


def _table(text: str) -> list[list[str]]:
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    read = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        return [row for row in read if any(cell.strip() for cell in row)]
    except csv.Error:
        raise NotCalled("cannot be read as a table (CSV).") from None
