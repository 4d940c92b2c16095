"""Answering machines, as persons on the line: they speak first, and take down what they hear."""

from __future__ import annotations

from typing import Any

ANNOUNCEMENT = "Абонент не может ответить на ваш звонок. Оставьте сообщение после сигнала."


class AnsweringMachine:
    """Says its announcement, beeps if it does, takes down what is said, and hangs up after
    `takes_ms`."""

    machine = True

    def __init__(
        self, announcement: str = ANNOUNCEMENT, *, beeps: bool = True, takes_ms: float = 60_000
    ) -> None:
        self._announcement = announcement
        self._beeps = beeps
        self._takes_ms = takes_ms
        self._begun = False
        self.taken: list[str] = []

    def hear(self, line: Any) -> None:
        if self._begun:
            return
        self._begun = True
        length_ms = len(self._announcement) * 60
        line.say(self._announcement, duration_ms=length_ms)
        if self._beeps:
            line.after(length_ms + 300, line.beep)
        line.after(length_ms + self._takes_ms, line.hang_up)

    def ended(self, line: Any) -> None:
        self.taken = list(line.heard)


class Answering:
    """Whoever picks up says «Алло?», then is the given person."""

    def __init__(self, person: Any, greeting: str = "Алло?") -> None:
        self._person = person
        self._greeting = greeting

    def hear(self, line: Any) -> Any:
        if self._greeting:
            greeting, self._greeting = self._greeting, ""
            line.after(300, lambda: line.say(greeting))
            return None
        return self._person.hear(line)

    def ended(self, line: Any) -> None:
        self._person.ended(line)
