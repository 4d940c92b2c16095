"""Calls that are put through to a person: whom to, and what became of it.

The scenario asks for the destination of one transfer, dials it, and tells how it ended. A model
gives a name at most, and the scenario nothing at all (F71).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog

from halo_voice.calls.budget import utc_now
from halo_voice.calls.call import Call
from halo_voice.calls.handovers import ENDS
from halo_voice.calls.switchboard import Switchboard
from halo_voice.core.errors import NoOperator, RequestError, StoreError
from halo_voice.core.operators import Handed, Operator, Outcome, Why, chosen, wanted
from halo_voice.core.ports import CallRecord, Store
from halo_voice.core.tools import ToolRecord, ToolState
from halo_voice.core.versions import queues

WORDS_CHARS = 200
"""Of the caller's last words, in the brief."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to call for one transfer, or why not: `closed`, `used_up` or `none`.

    `caller_id`: the number that they see. `brief`: what they are told first; "": nothing.
    """

    operator: Operator | None
    caller_id: str = ""
    brief: str = ""
    refused: Literal["", "closed", "used_up", "none"] = ""


@dataclass(frozen=True, slots=True)
class Transferred:
    """How a transfer ended, as the scenario tells it."""

    number: int
    outcome: Outcome
    talk_ms: int = 0

    @classmethod
    def of(cls, number: int, outcome: str, talk_ms: int) -> Transferred:
        """What is not known here failed: a report must not be lost for it."""
        return cls(number, outcome if outcome in ENDS else "failed", talk_ms)


class Transfers:
    """Those of all live calls."""

    def __init__(
        self,
        switchboard: Switchboard,
        store: Store,
        *,
        now: Callable[[], datetime] = utc_now,
        count: Callable[[Handed], None] = lambda _: None,
    ) -> None:
        """`count` is told of each end once, as far as this process knows."""
        self._switchboard = switchboard
        self._store = store
        self._now = now
        self._count = count

    async def arrange(self, call_id: str, number: int, turn: int, why: Why) -> Destination:
        """The destination of a call's `number`-th transfer, the same for the same number.

        Raises `UnknownCall`, `CallClosed`, `StoreError`.
        """
        call = await self._switchboard.reach(call_id)
        profile, handovers = call.dialogue.profile, call.handovers
        name = handovers.named(number)
        new = name is None
        if new and not call.dialogue.can_transfer:
            return Destination(None, refused="used_up" if profile.operators else "none")
        asked = _asked_for(call, turn, why) if name is None else name
        record = await self._record(call_id)
        able = _reached_by(record, profile.operators)
        found = chosen(able, asked, profile.hours, self._now())
        if new:
            turn = min(turn, call.dialogue.newest)
            await handovers.begin(number, turn, asked if found is None else found[0], why)
        if found is None:
            return Destination(None, refused="closed")
        _log.info("call_transferred", call_id=call_id, why=why)
        operator = found[1]
        caller_id = operator.caller_id or ("" if record is None else record.called)
        return Destination(operator, caller_id, _brief(call) if operator.brief else "")

    async def settle(
        self, call_id: str, ended: Sequence[Transferred], lasted_ms: int | None = None
    ) -> None:
        """How transfers of a call ended; may be told again. `lasted_ms`: the call, which has ended
        with the talk, if there was one. Raises `UnknownCall`, `CallClosed`, `StoreError`."""
        call = await self._switchboard.reach(call_id)
        for each in ended:
            row = await call.handovers.end(each.number, each.outcome, each.talk_ms)
            if row is not None:
                self._count(await self._handed(call, row, each, lasted_ms))

    async def settle_last(
        self, call_id: str, ended: Sequence[Transferred], lasted_ms: int | None = None
    ) -> None:
        """The same, with the call's final report, which nothing of it holds up."""
        if ended:
            with contextlib.suppress(RequestError, StoreError):
                await self.settle(call_id, ended, lasted_ms)

    async def _handed(
        self, call: Call, row: ToolRecord, ended: Transferred, lasted_ms: int | None
    ) -> Handed:
        operators = call.dialogue.profile.operators
        operator = operators.get(json.loads(row.arguments)["operator"])
        answered_s = None
        if ended.outcome == "talked" and lasted_ms is not None:
            record = await self._record(row.call_id)
            if record is not None:
                joined = record.started_at + timedelta(milliseconds=lasted_ms - ended.talk_ms)
                answered_s = max(0.0, (joined - row.started_at).total_seconds())
        return Handed("none" if operator is None else operator.kind, ended.outcome, answered_s)

    async def put_through(self, call_id: str) -> bool:
        """Somebody at the console wants it. True if the line was told; False: its next turn does.

        Raises `NoOperator`, `UnknownCall`, `CallClosed`, `StoreError`.
        """
        call = await self._switchboard.reach(call_id)
        if not call.dialogue.can_transfer:
            raise NoOperator
        listener = call.listener
        call.dialogue.put_through = listener is None
        if listener is not None:
            listener.transfer()
        _log.info("call_put_through", call_id=call_id, told=listener is not None)
        return listener is not None

    async def _record(self, call_id: str) -> CallRecord | None:
        """With the number that the caller called: the platform lets a call show it."""
        with contextlib.suppress(StoreError):
            return await self._store.find_call(call_id)
        return None


def _reached_by(
    record: CallRecord | None, operators: Mapping[str, Operator]
) -> Mapping[str, Operator]:
    """Those whom this call's scenario can reach."""
    if record is None or queues(record.scenario_version):
        return operators
    return {name: each for name, each in operators.items() if each.kind != "queue"}


def _asked_for(call: Call, turn: int, why: Why) -> str:
    """Whom the turn asked for: what a model's tool was given, or the caller's own words; "": any.
    Whoever it was, a name of the profile: nothing that the scenario sends is one."""
    operators = call.dialogue.profile.operators
    if why != "asked":
        return ""
    used = call.dialogue.transcript.tools.get((turn, "transfer_call"))
    if used is not None and used.state is ToolState.DONE:
        name = json.loads(used.arguments).get("operator", "")
        return name if name in operators else ""
    known = call.dialogue.transcript.turn(turn)
    return "" if known is None else wanted(known.user_text, operators) or ""


def _brief(call: Call) -> str:
    """For who picks up: who calls, and about what, in the caller's last words without what the
    profile masks."""
    texts, last = call.dialogue.profile.texts, call.dialogue.transcript.answered
    said = "" if last is None else (last.revised_text or last.user_text)
    if len(said) > WORDS_CHARS:
        said = said[:WORDS_CHARS].rpartition(" ")[0]
    return f"{texts.brief} Последние слова клиента: {said}." if said else texts.brief
