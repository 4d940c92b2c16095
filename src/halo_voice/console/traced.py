"""A call's trace as its page shows it: time, who, what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from halo_voice.console.words_of_calls import ENDS, OUTCOMES, SOURCES, WAYS
from halo_voice.core.ports import CallRecord
from halo_voice.core.trace import Step, Trace, read_step

BAD = frozenset({"failed", "left"})
WHAT: dict[str, tuple[str, str]] = {
    "started": ("линия", "звонок принят"),
    "joined": ("линия", "поток открыт"),
    "left": ("линия", "поток закрыт"),
    "hearing": ("абонент", "говорит"),
    "asked": ("абонент", "договорил"),
    "revised": ("абонент", "распознано иначе"),
    "cleared": ("ассистент", "отвечает заново"),
    "given": ("ассистент", "фраза готова"),
    "answered": ("ассистент", "ответ сохранён"),
    "failed": ("ассистент", "ответа нет"),
    "sounding": ("линия", "фраза звучит"),
    "heard": ("линия", "фраза дослушана"),
    "interrupted": ("абонент", "перебил"),
    "resumed": ("линия", "пауза была ложной"),
    "key": ("абонент", "нажал клавишу"),
    "silence": ("линия", "переспросили: тишина"),
    "hangup": ("ассистент", "велено завершить"),
    "transfer": ("ассистент", "велено соединить"),
    "gone": ("абонент", "положил трубку"),
    "ended": ("линия", "звонок окончен"),
}
"""Who did what, by the steps' names."""

UNITS = {"sounding": "мс тишины", "interrupted": "мс услышано", "silence": "раз подряд"}
"""What a step's figure counts."""

NAMES: Mapping[str, Mapping[str, str]] = {
    "asked": WAYS,
    "answered": {**SOURCES, **OUTCOMES},
    "ended": ENDS,
}
"""What parts of a step's value are called."""


class Line(NamedTuple):
    """`ms` since the call's beginning. `said`: a value in words; `unit`: what a figure counts.
    `bad`: something went wrong."""

    ms: int
    who: str
    what: str
    turn: int
    phrase: int
    said: Sequence[str]
    unit: str
    bad: bool


def traced(call: CallRecord, traces: Iterable[Trace]) -> list[Line]:
    """What all processes saw of the call, by the time."""
    found = []
    over_at = None
    for trace in traces:
        ahead = round((trace.begun_at - call.started_at).total_seconds() * 1000)
        for step in filter(None, map(read_step, trace.lines)):
            found.append((max(0, ahead + step.ms), step))
    found.sort(key=lambda each: each[0])
    lines = []
    for ms, step in found:
        if step.what in ("gone", "ended"):
            over_at = ms
        lines.append(_line(ms, step, over=over_at is not None))
    return lines


def _line(ms: int, step: Step, *, over: bool) -> Line:
    """`over`: the call is; a stream that closes then is no fault."""
    who, what = WHAT.get(step.what, ("", step.what))
    unit = UNITS.get(step.what, "") if step.value else ""
    bad = step.what in BAD and not over
    names = NAMES.get(step.what, {})
    said = [names.get(each, each) for each in step.value.split(" ") if each]
    return Line(ms, who, what, step.turn, step.phrase, said, unit, bad)
