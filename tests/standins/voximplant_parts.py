"""What a stand-in Voximplant account is made of, and how a form's fields are checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

Form = dict[str, str]

SCRIPT_BYTES_MAX = 128 * 1024


class Refusal(Exception):
    """The API says no: with HTTP 200, and `error` in the answer."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


@dataclass
class Application:
    name: str
    secure: bool = False


@dataclass
class Scenario:
    name: str
    script: str
    application: int | None


@dataclass
class Rule:
    name: str
    pattern: str
    application: int
    exclude: str = ""
    scenarios: list[int] = field(default_factory=list)


@dataclass
class Number:
    number: str
    application: int | None = None
    rule: int | None = None
    deactivated: bool = False
    canceled: bool = False
    can_be_used: bool = True
    verification: str = "VERIFIED"
    sms: bool = False  # supported, and switched on


@dataclass
class Record:
    """A recording that the platform keeps."""

    url: str

    def row(self, number: int) -> dict[str, Any]:
        return {"record_id": number, "record_url": self.url, "start_time": "2026-11-01 10:00:01"}


@dataclass
class Held:
    """A session as the history has it. `lasted_s`: of the call; None while it goes on."""

    session: int
    number: str
    began: str = "2026-11-01 10:00:00"
    lasted_s: int | None = 42
    finish: str = "Normal termination"
    records: list[int] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        lasted = None if self.lasted_s is None else self.lasted_s + 3
        row = {"call_session_history_id": self.session, "start_date": self.began}
        row |= {"duration": lasted, "application_name": "halo.romashka.voximplant.com"}
        return row | ({} if self.lasted_s is None else {"finish_reason": self.finish})

    def call(self) -> dict[str, Any]:
        return {
            "call_id": self.session * 10,
            "start_time": self.began,
            "duration": self.lasted_s,
            "remote_number": self.number,
            "incoming": True,
            "successful": True,
        }


@dataclass
class Secret:
    name: str
    value: str
    application: int


def need(form: Form, name: str) -> str:
    if not form.get(name):
        raise Refusal(134, f"The '{name}' parameter is empty.")
    return form[name]


def known(kind: dict[int, Any], form: Form, name: str, code: int) -> int:
    given = form.get(name, "")
    if not given.isdigit() or int(given) not in kind:
        raise Refusal(code, f"The '{name}' parameter is invalid.")
    return int(given)


def truth(given: str) -> bool:
    if given not in ("True", "False", "true", "false"):
        raise Refusal(101, "Invalid arguments.")
    return given.lower() == "true"


def checked(script: str) -> str:
    if len(script.encode()) >= SCRIPT_BYTES_MAX:
        raise Refusal(130, "The script text is too long.")
    return script


def pattern(given: str) -> str:
    try:
        re.compile(given)
    except re.error:
        raise Refusal(148, "The 'rule_pattern' parameter is invalid.") from None
    return given


def page(rows: list[dict[str, Any]], form: Form) -> dict[str, Any]:
    first = int(form.get("offset", 0))
    shown = rows[first : first + int(form.get("count", 20))]
    return {"result": shown, "total_count": len(rows), "count": len(shown)}
