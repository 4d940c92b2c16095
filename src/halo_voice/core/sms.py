"""Messages to the caller as the profile words them: templates, and the values that fit in. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, Literal

from halo_voice.core.errors import ToolMisused
from halo_voice.core.telephones import number_digits

FieldKind = Literal["date", "time", "number", "code", "choice"]
FIELD_KINDS: tuple[FieldKind, ...] = ("date", "time", "number", "code", "choice")

TEXT_CHARS_MAX = 765
"""The platform takes no longer message; 70 of them in Russian are one that is paid for."""

SLOT = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"\d{1,9}")
_CODE = re.compile(r"[0-9A-Za-zА-Яа-яЁё-]{1,20}")
_MOBILE = re.compile(r"79\d{9}")


@dataclass(frozen=True, slots=True)
class SmsField:
    """What a model fills in. No kind holds free text: a caller could dictate it. `choices`: of the
    kind `choice`."""

    kind: FieldKind
    about: str = ""
    choices: tuple[str, ...] = ()

    def read(self, name: str, value: Any) -> str:
        """As the message has it. Raises `ToolMisused`."""
        text = str(value).strip()
        found = _READERS[self.kind](self, text)
        if found is None:
            raise ToolMisused(f"{name}: {_WANTED[self.kind]}")
        return found


@dataclass(frozen=True, slots=True)
class SmsTemplate:
    """`about` tells a model what it is for; `text` has `{field}`s."""

    about: str
    text: str
    fields: Mapping[str, SmsField] = field(default_factory=dict)

    def filled(self, values: Mapping[str, Any]) -> str:
        """The message. Raises `ToolMisused` for what is missing, unknown or of another kind."""
        unknown = sorted(set(values) - set(self.fields))
        if unknown:
            raise ToolMisused(f"В этом сообщении нет поля {', '.join(unknown)}.")
        missing = [name for name in self.fields if values.get(name) in (None, "")]
        if missing:
            raise ToolMisused(f"Не хватает поля {', '.join(missing)}: спросите собеседника.")
        read = {name: each.read(name, values[name]) for name, each in self.fields.items()}
        text = SLOT.sub(lambda slot: read[slot[1]], self.text)
        if len(text) > TEXT_CHARS_MAX:
            raise ToolMisused("Сообщение слишком длинное.")
        return text


@dataclass(frozen=True, slots=True)
class Sms:
    """`source`: the number that sends, of the platform's account, digits only. `per_call`,
    `per_day`: to one number, in a call and in 24 hours."""

    source: str
    templates: Mapping[str, SmsTemplate]
    per_call: int = 2
    per_day: int = 4


def mobile(number: str) -> str:
    """The digits of a Russian mobile number, "" for any other: a message elsewhere may cost what
    somebody abroad has agreed on."""
    digits = number_digits(number)
    return digits if _MOBILE.fullmatch(digits) else ""


def _date(_: SmsField, text: str) -> str | None:
    try:
        return date.fromisoformat(text).strftime("%d.%m.%Y")
    except ValueError:
        return None


def _time(_: SmsField, text: str) -> str | None:
    try:
        return time.fromisoformat(text).strftime("%H:%M")
    except ValueError:
        return None


_READERS = {
    "date": _date,
    "time": _time,
    "number": lambda _, text: text if _NUMBER.fullmatch(text) else None,
    "code": lambda _, text: text if _CODE.fullmatch(text) else None,
    "choice": lambda given, text: text if text in given.choices else None,
}
_WANTED = {
    "date": "нужна дата, например 2026-12-03.",
    "time": "нужно время, например 15:30.",
    "number": "нужно целое число, не больше девяти цифр.",
    "code": "нужен номер из букв, цифр и дефисов, не длиннее двадцати знаков.",
    "choice": "выберите одно из перечисленного.",
}
