"""The table of a profile that tells how the assistant calls people."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from halo_voice.core.hours import minutes
from halo_voice.core.outbound import WEEK, Outbound
from halo_voice.core.texts import SPOKEN_CHARS_MAX
from halo_voice.profiles.operators import Opening, telephone
from halo_voice.profiles.strict import Shape, fault

EARLIEST, LATEST = 7 * 60, 22 * 60
CLOCKS_MAX = 1_000


def _decent(hours: str) -> str:
    """No law that was found permits less; who wants a nightly call mistypes, as a rule."""
    if hours:
        begin, end = map(minutes, hours.split("–"))
        if not EARLIEST <= begin < end <= LATEST:
            raise fault(
                "must begin at 7:00 or later and end at 22:00 or earlier: nobody is called at night"
            )
    return hours


def _beginning(digits: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,14}", digits):
        raise fault("must be the beginning of a number: digits with the country's code, like 7916")
    return digits


def _text(text: str) -> str:
    return " ".join(text.split())


CallHours = Annotated[Opening, AfterValidator(_decent)]
Clock = Annotated[float, Field(ge=-12, le=14)]
Text = Annotated[str, Field(max_length=SPOKEN_CHARS_MAX), AfterValidator(_text)]


class OutboundShape(Shape):
    greeting: Annotated[Text, Field(min_length=1)] = Outbound().greeting
    message: Text = ""
    caller_id: Annotated[str, AfterValidator(telephone)] | None = None
    detect_ms: Annotated[int, Field(ge=0, le=20_000)] = Outbound().detect_ms
    monday: CallHours = WEEK[0]
    tuesday: CallHours = WEEK[1]
    wednesday: CallHours = WEEK[2]
    thursday: CallHours = WEEK[3]
    friday: CallHours = WEEK[4]
    saturday: CallHours = WEEK[5]
    sunday: CallHours = WEEK[6]
    clocks: Annotated[
        dict[Annotated[str, AfterValidator(_beginning)], Clock], Field(max_length=CLOCKS_MAX)
    ] = {}
    unknown: Annotated[list[Clock], Field(min_length=1, max_length=24)] = list(Outbound().unknown)

    @model_validator(mode="after")
    def _some_day(self) -> OutboundShape:
        if not any(self.week()):
            raise fault("has no day on which people may be called; leave one")
        return self

    def week(self) -> tuple[str, ...]:
        return (self.monday, self.tuesday, self.wednesday, self.thursday, self.friday,
                self.saturday, self.sunday)  # fmt: skip


def outbound_of(shape: OutboundShape) -> Outbound:
    """The table as the parts use it."""
    return Outbound(
        greeting=shape.greeting,
        message=shape.message,
        caller_id=shape.caller_id or "",
        detect_ms=shape.detect_ms,
        week=shape.week(),
        clocks=dict(shape.clocks),
        unknown=tuple(shape.unknown),
    )
