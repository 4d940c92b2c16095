"""The tables of a profile that tell who is there, when, and how they are reached."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from halo_voice.core.telephones import meant_digits
from halo_voice.profiles.strict import Shape, fault

QUEUE_CHARS = 100
WAIT_MS_MIN, WAIT_MS_MAX = 10_000, 600_000
"""How long a caller may have to wait in a queue, until somebody has taken the call."""

_HOURS = re.compile(r"([01]?\d|2[0-3]):[0-5]\d[-–]([01]?\d|2[0-4]):[0-5]\d")


def telephone(number: str) -> str:
    digits = meant_digits(number)
    if not 2 <= len(digits) <= 15:
        raise fault("is not a telephone number; write 2 to 15 digits, like +7 495 123-45-67")
    return digits


def _hours(hours: str) -> str:
    if hours and not _HOURS.fullmatch(hours):
        raise fault("must be like 9:00-21:00, or empty for a day off")
    return hours.replace("-", "–")


def _queue(name: str) -> str:
    if not 1 <= len(name) <= QUEUE_CHARS or name != name.strip() or not name.isprintable():
        raise fault(f"must be the name of a queue of the platform, 1 to {QUEUE_CHARS} characters")
    return name


def _key(key: str) -> str:
    if key and key not in tuple("0123456789*#"):
        raise fault("must be one of 0-9, * and #, or empty for none")
    return key


Opening = Annotated[str, AfterValidator(_hours)]


class HoursShape(Shape):
    utc_hours: Annotated[float, Field(ge=-12, le=14)] = 3.0
    monday: Opening = ""
    tuesday: Opening = ""
    wednesday: Opening = ""
    thursday: Opening = ""
    friday: Opening = ""
    saturday: Opening = ""
    sunday: Opening = ""


class OperatorShape(Shape):
    """A destination: one of `number`, `sip`, `user` and `queue`."""

    number: Annotated[str, AfterValidator(telephone)] | None = None
    sip: Annotated[str, Field(pattern=r"^sips?:[^\s@]{1,64}@[^\s@]{1,128}$")] | None = None
    user: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] | None = None
    queue: Annotated[str, AfterValidator(_queue)] | None = None
    wait_ms: Annotated[int, Field(ge=WAIT_MS_MIN, le=WAIT_MS_MAX)] = 120_000
    priority: Annotated[int, Field(ge=1, le=100)] = 50
    caller_id: Annotated[str, AfterValidator(telephone)] | None = None
    brief: bool = False
    hours: HoursShape | None = None

    @model_validator(mode="before")
    @classmethod
    def _a_number_alone(cls, given: Any) -> Any:
        return {"number": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_address(self) -> OperatorShape:
        ways = self.number, self.sip, self.user, self.queue
        if sum(each is not None for each in ways) != 1:
            raise fault("needs one of number, sip, user and queue")
        if self.queue is None and self.model_fields_set & {"wait_ms", "priority"}:
            raise fault("has wait_ms or priority, which only a queue has; remove them")
        if self.queue is not None and self.caller_id is not None:
            raise fault("has caller_id, which a queue does not show; remove it")
        return self


class KeysShape(Shape):
    operator: Annotated[str, AfterValidator(_key)] = "0"
    repeat: Annotated[str, AfterValidator(_key)] = "*"
    end: Annotated[str, AfterValidator(_key)] = "#"

    @model_validator(mode="after")
    def _each_its_own(self) -> KeysShape:
        used = [each for each in (self.operator, self.repeat, self.end) if each]
        if len(used) != len(set(used)):
            raise fault("has one key for two things")
        return self


class NoticesShape(Shape):
    assistant: bool = True
    recording: bool = True
