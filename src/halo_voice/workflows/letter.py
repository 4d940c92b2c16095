"""A call in words for people: the letter, the message, the note of a lead. Russian, plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from halo_voice.core.heard import told as heard
from halo_voice.workflows.channel import Told

SUBJECT_CHARS_MAX = 150

ENDED: Mapping[str, str] = {
    "answered": "на всё отвечено",
    "partly": "отвечено отчасти",
    "unanswered": "ответа не нашлось",
    "callback": "ждёт звонка",
    "transferred": "передан сотруднику",
    "abandoned": "не дождался ответа",
    "silent": "ни о чём не спросил",
    "other": "другое",
}
"""How a call ended for its caller, by the review's outcome."""

WE_CALLED: Mapping[str, str] = {
    **ENDED,
    "transferred": "разговор передан сотруднику",
    "abandoned": "разговор не состоялся",
    "silent": "в трубке молчали",
}
"""The same of a call that the company made."""


def subject(told: Told) -> str:
    """One line: who called, and how it ended."""
    caller = told.call.caller or "номер скрыт"
    who = f"Мы звонили {caller}" if told.outgoing else f"Звонок {caller}"
    line = f"{who}: {_ended(told)}"
    return _line(line)[:SUBJECT_CHARS_MAX]


def letter(told: Told) -> str:
    """All that is worth reading: the review first, then what was said."""
    return "\n".join(_lines(told))


def _lines(told: Told) -> Iterator[str]:
    call, review = told.call, told.review
    began = call.started_at + timedelta(hours=told.utc_hours)
    seconds = (call.duration_ms or 0) // 1000
    yield f"{told.title}, {began:%d.%m.%Y %H:%M}, {seconds // 60}:{seconds % 60:02}"
    who = "Мы звонили" if told.outgoing else "Звонил"
    yield f"{who}: {_line(call.caller) or 'номер скрыт'}"
    yield f"Итог: {_ended(told)}"
    if review.summary:
        yield f"\n{_line(review.summary)}"
    if review.topics:
        yield f"Темы: {', '.join(map(_line, review.topics))}"
    for name, value in review.fields.items():
        yield f"{name}: {_value(value)}"
    promised = review.marks.get("promised") or ()
    for each in promised if isinstance(promised, list | tuple) else ():
        yield f"Обещано: {_value(each)}"
    if told.turns:
        yield "\nРазговор:"
    for turn in told.turns:
        yield f"— {_line(turn.revised_text or turn.user_text)}"
        said = _line(heard(turn).assistant)
        if said:
            yield f"Ассистент: {said}"
    yield f"\nНомер звонка: {call.call_id}"


def _ended(told: Told) -> str:
    words = WE_CALLED if told.outgoing else ENDED
    return words.get(told.review.outcome, told.review.outcome)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "да" if value else "нет"
    return _line(str(value))


def _line(text: str) -> str:
    """On one line, and nothing in it that is not shown: a caller's words make no line of ours."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
