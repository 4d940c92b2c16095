"""The tables of a profile that tell who is there, when, and how they are reached."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from halo_voice.core.profile import number_digits
from halo_voice.profiles.strict import Shape, fault

_HOURS = re.compile(r"([01]?\d|2[0-3]):[0-5]\d[-–]([01]?\d|2[0-4]):[0-5]\d")


def telephone(number: str) -> str:
    digits = number_digits(number)
    if not 2 <= len(digits) <= 15:
        raise fault("is not a telephone number; write 2 to 15 digits, like +7 495 123-45-67")
    return digits


def _hours(hours: str) -> str:
    if hours and not _HOURS.fullmatch(hours):
        raise fault("must be like 9:00-21:00, or empty for a day off")
    return hours.replace("-", "–")


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
    """A destination: one of `number`, `sip` and `user`."""

    number: Annotated[str, AfterValidator(telephone)] | None = None
    sip: Annotated[str, Field(pattern=r"^sips?:[^\s@]{1,64}@[^\s@]{1,128}$")] | None = None
    user: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] | None = None
    caller_id: Annotated[str, AfterValidator(telephone)] | None = None
    brief: bool = False
    hours: HoursShape | None = None

    @model_validator(mode="before")
    @classmethod
    def _a_number_alone(cls, given: Any) -> Any:
        return {"number": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_address(self) -> OperatorShape:
        if sum(each is not None for each in (self.number, self.sip, self.user)) != 1:
            raise fault("needs one of number, sip and user")
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
