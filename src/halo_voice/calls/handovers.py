"""The transfers of one call, written down as rows beside the tools' calls.

A row is `running` until its end is told, then `done` if two people talked. A store that is away
keeps no caller from a person: what it misses comes again with the call's final report.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import fields, replace
from datetime import UTC, datetime

from halo_voice.core.errors import StoreError
from halo_voice.core.operators import TRANSFER, Outcome, Why
from halo_voice.core.tools import ToolLog, ToolRecord, ToolStart, ToolState

ENDS: dict[Outcome, str] = {
    "talked": "Собеседник поговорил с сотрудником.",
    "busy": "Линия занята.",
    "no_answer": "Никто не ответил.",
    "declined": "Сотрудник отклонил звонок.",
    "hung_up": "Сотрудник положил трубку, не поговорив.",
    "failed": "Соединение не удалось.",
    "closed": "Сейчас там не работают.",
    "caller_left": "Собеседник положил трубку, не дождавшись.",
    "unreachable": "Соединить было нельзя.",
    "queue_full": "В очереди нет места.",
    "no_operators": "В очереди нет свободных сотрудников.",
}
"""What a model, and the console, are told."""

_TOLD = " Собеседнику об этом сказали и предложили обратный звонок."
_UNTOLD = ("talked", "caller_left")


class Handovers:
    """`records`: where the call's rows are kept, by turn and key; those of its tools, if it has
    some, so that a model is told of both."""

    def __init__(
        self, call_id: str, log: ToolLog, records: dict[tuple[int, str], ToolRecord] | None
    ) -> None:
        self._call_id = call_id
        self._log = log
        self._records = {} if records is None else records
        self._missed: set[int] = set()  # ended, and the store does not know it

    def __len__(self) -> int:
        """How many were tried."""
        return sum(record.tool == TRANSFER for record in self._records.values())

    def named(self, number: int) -> str | None:
        """Whom the transfer with this number was for; None: there is none."""
        row = self._row(number)
        return None if row is None else json.loads(row.arguments)["operator"]

    async def reload(self) -> None:
        """Another process may have begun some. Raises `StoreError`."""
        for record in await self._log.tools(self._call_id):
            self._records.setdefault((record.turn, record.key), record)

    async def begin(self, number: int, turn: int, name: str, why: Why) -> None:
        """Never raises."""
        arguments = json.dumps({"operator": name, "why": why}, ensure_ascii=False, sort_keys=True)
        place = self._call_id, turn, f"{TRANSFER}:{number}", TRANSFER
        now = datetime.now(UTC)
        record = ToolRecord(*place, arguments, True, ToolState.RUNNING, "", now)
        self._keep(record)
        with contextlib.suppress(StoreError):
            self._keep((await self._log.begin_tool(_start(record)))[0])

    async def end(self, number: int, outcome: Outcome, talk_ms: int) -> ToolRecord | None:
        """How it ended; may be told again. The row, if that is the first word of it. No errors."""
        row = self._row(number)
        if row is None or (row.ended and number not in self._missed):
            return None
        first = not row.ended
        if first:
            text = ENDS[outcome] + ("" if outcome in _UNTOLD else _TOLD)
            if outcome == "talked":
                text = f"{text[:-1]}: {round(talk_ms / 1000)} с."
            state = ToolState.DONE if outcome == "talked" else ToolState.FAILED
            row = replace(row, state=state, result=text, ended_at=datetime.now(UTC))
            self._keep(row)
        self._missed.add(number)
        with contextlib.suppress(StoreError):
            await self._log.begin_tool(_start(row))  # its beginning may not be there
            place = self._call_id, row.turn, row.key
            self._keep((await self._log.move_tool(*place, row.state, row.result))[0])
            self._missed.discard(number)
        return row if first else None

    def _keep(self, record: ToolRecord) -> None:
        self._records[record.turn, record.key] = record

    def _row(self, number: int) -> ToolRecord | None:
        key = f"{TRANSFER}:{number}"
        return next((each for each in self._records.values() if each.key == key), None)


def _start(record: ToolRecord) -> ToolStart:
    known = {each.name: getattr(record, each.name) for each in fields(ToolStart)}
    return ToolStart(**{**known, "state": ToolState.RUNNING})
