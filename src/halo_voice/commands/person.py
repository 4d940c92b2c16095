"""All that is known of a telephone number, as it is exported."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from halo_voice.core.dials import Dial, Tried


def known_of(archive: Any, number: str) -> dict[str, Any]:
    """Its calls, what the company wanted to call it for, and whether it wants no calls."""
    out = archive.opt_out(number)
    return {
        "number": number,
        "calls": [_call(archive, call) for call in archive.of_number(number)],
        "orders": [_order(dial, tried) for dial, tried in archive.orders(number)],
        "opt_out": None if out is None else _plain(asdict(out)),
    }


def _call(archive: Any, call: Any) -> dict[str, Any]:
    from halo_voice.workflows.event import call_told, review_told, turns_told

    review = archive.review(call.call_id)
    made = review_told(review) if review else {}
    sent = [
        {"delivery_id": each.delivery_id, "state": each.state, "attempts": each.attempts}
        for each in archive.deliveries(call_id=call.call_id)
    ]
    used = [
        {
            "turn": each.turn,
            "tool": each.tool,
            "arguments": each.arguments,
            "state": each.state.value,
            "result": each.result,
        }
        for each in archive.tools(call.call_id)
    ]
    turns = turns_told(archive.turns(call.call_id))
    seen = [
        {"begun_at": each.begun_at.isoformat(), "steps": list(each.lines)}
        for each in archive.traces(call.call_id)
    ]
    kept = {"deliveries": sent, "traces": seen}
    return call_told(call) | {"turns": turns, "tools": used} | made | kept


def _order(dial: Dial, tried: Sequence[Tried]) -> dict[str, Any]:
    """`token` is a digest, and tells nothing of anybody."""
    told = {name: value for name, value in asdict(dial).items() if name != "token"}
    attempts = [_plain(asdict(each)) for each in tried]
    return _plain(told) | {"data": dict(dial.data), "attempts": attempts}


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in told.items()}
