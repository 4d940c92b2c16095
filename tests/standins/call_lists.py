"""The platform's call lists: tasks with attempts and hours, and what their sessions report.

A task whose session ended without a word counts as done, as the platform has it: `Processed`.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from typing import Any

from tests.standins.voximplant_parts import Form, Refusal, need

OURS = "__"  # columns that the platform reads itself


@dataclass
class Task:
    """`begin` and `end`: seconds of the day in UTC. `due_s`: not before this moment (UNIX)."""

    number: int
    data: dict[str, str]
    begin: int
    end: int
    attempts_left: int
    status: str = "New"
    result: str = ""
    due_s: float = 0.0
    reports: list[list[str]] = field(default_factory=list)  # of each session

    @property
    def open(self) -> bool:
        return self.status in ("New", "In progress")

    def may_begin(self, now_s: float) -> bool:
        time = int(now_s) % 86_400
        day = self.begin <= time <= self.end
        within = day if self.begin <= self.end else time >= self.begin or time <= self.end
        return self.open and now_s >= self.due_s and within

    def session_data(self) -> str:
        return json.dumps(self.data)

    def ended(self, told: list[tuple[str, str]], now_s: float, interval_s: int) -> None:
        """A session of it is over; `told`: what it reported, by name."""
        self.reports.append([name for name, _ in told])
        self.attempts_left -= 1
        self.status = "In progress"
        name, data = told[0] if told else ("reportResult", "")
        self.result = data
        if name == "reportResult":
            self.status = "Processed"
            return
        wanted = json.loads(data) if name == "requestNextAttempt" else {}
        self.attempts_left = int(wanted.get("attempts_left", self.attempts_left))
        self.due_s = float(wanted.get("start_at", now_s + interval_s))
        if self.attempts_left <= 0:
            self.status = "Error"

    def row(self, number: int) -> dict[str, Any]:
        return {
            "list_id": number,
            "task_id": self.number,
            "custom_data": self.session_data(),
            "status": self.status,
            "attempts_left": self.attempts_left,
            "result_data": self.result,
        }


@dataclass
class CallList:
    name: str
    rule: int
    together: int
    interval_s: int
    tasks: list[Task]
    status: str = "In progress"

    def stop(self) -> None:
        self.status = "Canceled"
        for task in self.tasks:
            if task.open:
                task.status = "Canceled"


def list_of(form: Form, rule: int) -> CallList:
    """Of the command's fields; what the platform refuses is refused."""
    attempts, together = int(need(form, "num_attempts")), int(need(form, "max_simultaneous"))
    name = need(form, "name")
    if not 1 <= attempts <= 5 or together < 1 or "/" in name or len(name) > 255:
        raise Refusal(101, "Invalid arguments.")
    tasks = tasks_of(need(form, "file_content"), form.get("delimiter", ";"), attempts)
    return CallList(name, rule, together, int(form.get("interval_seconds", 0)), tasks)


def tasks_of(text: str, delimiter: str, attempts: int) -> list[Task]:
    rows = list(csv.DictReader(io.StringIO(text), delimiter=delimiter))
    if not rows or any(None in row or None in row.values() for row in rows):
        raise Refusal(101, "Invalid arguments.")
    return [
        Task(
            number=number,
            data={name: value for name, value in row.items() if not name.startswith(OURS)},
            begin=_seconds(row.get("__start_execution_time") or "00:00:00"),
            end=_seconds(row.get("__end_execution_time") or "23:59:59"),
            attempts_left=attempts,
        )
        for number, row in enumerate(rows, 1)
    ]


def _seconds(clock: str) -> int:
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    if hours > 23 or minutes > 59 or seconds > 59:
        raise Refusal(101, "Invalid arguments.")
    return hours * 3600 + minutes * 60 + seconds
