"""One write of the store's port as a value: to be done later, and to be kept as a line of JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from halo_voice.core.money import Cost
from halo_voice.core.ports import CallEnd, CallStart, Outcome, Spent, Store, TurnNote
from halo_voice.store.moments import recorded_at
from halo_voice.store.words import keepable

NAMES = frozenset(
    {"open_call", "accept_turn", "settle_turn", "note_turn", "end_call", "keep_recording_text"}
)


@dataclass(frozen=True, slots=True)
class Operation:
    """`name` is the port's method, `arguments` are its keyword arguments, `at` is UTC."""

    name: str
    call_id: str
    at: datetime
    arguments: dict[str, Any]

    async def apply(self, store: Store) -> Any:
        """Do it there, as of the time when it was asked for. Raises what the method raises."""
        with recorded_at(self.at):
            return await getattr(store, self.name)(**self.arguments)

    def line(self) -> bytes:
        """One line of JSON with its end. What no database can keep is replaced here already."""
        value = {
            "do": self.name,
            "call": self.call_id,
            "at": self.at.isoformat(),
            "with": self.arguments,
        }
        return keepable(json.dumps(value, ensure_ascii=False, default=asdict)).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Operation:
        """The operation of a line. Raises `ValueError` for a line that is none."""
        reason = ""
        try:
            value = json.loads(line)
            name, arguments = value["do"], value["with"]
            if name not in NAMES or not isinstance(value["call"], str):
                raise ValueError
            at = datetime.fromisoformat(value["at"])
            return cls(name, value["call"], at, _revived(name, arguments))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            reason = type(error).__name__
        raise ValueError(f"not an operation: {reason}")


def _revived(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with their own types again."""
    if name == "open_call":
        return {"start": CallStart(**arguments["start"])}
    if name == "end_call":
        end = arguments["end"]
        own = {"late_texts": tuple(end["late_texts"]), "cost": Cost(**end.get("cost", {}))}
        return {"end": CallEnd(**(end | own | {"faults": tuple(end.get("faults", ()))}))}
    if name == "note_turn":
        return {"note": TurnNote(**arguments["note"])}
    if name == "settle_turn":
        settled = arguments | {"outcome": Outcome(arguments["outcome"])}
        # A version before wrote none of them.
        settled["spent"] = Spent(**arguments.get("spent", {}))
        settled["cost"] = Cost(**(arguments.get("cost") or {}))
        return settled
    return arguments
