"""What a profile wants to be made of its calls after they have ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

KINDS = ("text", "number", "date", "phone", "yes_no", "choice")

OUTLET_KEYS: Mapping[str, Mapping[str, bool]] = {
    "email": {"server": True, "sender": True, "recipients": True, "user": False, "password": False},
    "telegram": {"token": True, "chat": True, "url": False},
    "amocrm": {"url": True, "token": True, "pipeline": False, "field": False},
    "bitrix24": {"url": True},
}
"""By the kind of an outlet: its keys, and whether it cannot do without them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One value that is looked for in a call. `about` says what it is; `choices` for a choice."""

    about: str
    kind: Literal["text", "number", "date", "phone", "yes_no", "choice"] = "text"
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where reviews go. `to`: one of `OUTLET_KEYS`. `when`: with these outcomes; empty: with any.
    `table`: its own keys; a `{name}` in a text stands for a secret."""

    to: str
    when: tuple[str, ...] = ()
    table: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class After:
    """Whether calls are reviewed, what values are looked for, and where reviews are delivered."""

    enabled: bool = True
    fields: Mapping[str, Wanted] = field(default_factory=dict)
    deliver: Mapping[str, Outlet] = field(default_factory=dict)
