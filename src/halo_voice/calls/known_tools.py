"""What is known of the tools that were called in a call, by whatever process."""

from __future__ import annotations

from collections.abc import Sequence

from halo_voice.core.operators import TRANSFER
from halo_voice.core.tools import Tool, Toolbox, ToolRecord, ToolState

IDENTITIES_MAX = 3
"""About so many people a tool may be asked in one call (F69)."""

_UNDONE = (ToolState.FAILED, ToolState.DECLINED, ToolState.PROPOSED)


class KnownTools:
    """`records`: every call of a tool in this call, by turn and key; the transcript reads it."""

    def __init__(self, toolbox: Toolbox) -> None:
        self.toolbox = toolbox
        self.records: dict[tuple[int, str], ToolRecord] = {}

    def learn(self, records: Sequence[ToolRecord]) -> None:
        """What the store says. What ended here stays as it ended."""
        for record in records:
            known = self.records.get((record.turn, record.key))
            if known is None or not known.ended:
                self.records[record.turn, record.key] = record

    def unended(self) -> list[ToolRecord]:
        """What was begun, and is not known to have ended, or may be asked again how it did."""
        found = []
        for record in self.records.values():
            tool = self.toolbox.find(record.tool)
            again = tool is not None and tool.spec.repeatable
            left = record.state is ToolState.RUNNING or (
                record.state is ToolState.UNKNOWN and again
            )
            if left and record.tool != TRANSFER:
                found.append(record)
        return found

    def proposed(self) -> list[ToolRecord]:
        """What waits for the caller's yes."""
        return [r for r in self.records.values() if r.state is ToolState.PROPOSED]

    def same(self, tool: str, arguments: str, turn: int) -> ToolRecord | None:
        """An effect that this one would repeat: of the same tool in the same turn, or with the same
        arguments in this call, if that has happened, may have, or may still."""
        for record in reversed(self.records.values()):
            again = record.turn == turn or record.arguments == arguments
            if record.effect and record.tool == tool and again and record.state not in _UNDONE:
                return record
        return None

    def used_up(self, tool: Tool) -> bool:
        """The tool has been used as often as one call may."""
        used = [r for r in self.records.values() if r.tool == tool.spec.name]
        most = tool.spec.per_call
        return most > 0 and sum(record.state not in _UNDONE for record in used) >= most

    def may_ask_of(self, tool: Tool, arguments: str) -> bool:
        """Whether one more person may be asked about: whoever guesses is stopped."""
        asked = {r.arguments for r in self.records.values() if r.tool == tool.spec.name}
        return arguments in asked or len(asked) < IDENTITIES_MAX
