"""What a receiver is told of a call, as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from halo_voice.core.ports import CallRecord, TurnRecord
from halo_voice.core.review import Review

CALL_ENDED = "call.ended"


def body(call: CallRecord, turns: Sequence[TurnRecord], review: Review) -> bytes:
    """The same bytes for the same call, however often it is sent."""
    told = {
        "type": CALL_ENDED,
        "timestamp": _moment(review.made_at),
        "data": call_told(call) | {"turns": turns_told(turns)} | review_told(review),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def call_told(call: CallRecord) -> dict[str, Any]:
    return {
        "call_id": call.call_id,
        "caller": call.caller,
        "called": call.called,
        "direction": call.direction,
        "profile": call.profile,
        "profile_version": call.profile_version,
        "started_at": _moment(call.started_at),
        "ended_at": _moment(call.ended_at),
        "end_reason": call.end_reason,
        "duration_ms": call.duration_ms,
        "cost_micros": asdict(call.cost),
        "late_texts": list(call.late_texts),
        "recording_text": call.recording_text,
    }


def turns_told(turns: Sequence[TurnRecord]) -> list[dict[str, Any]]:
    return [
        {
            "turn": turn.turn,
            "at": _moment(turn.accepted_at),
            "caller": turn.revised_text or turn.user_text,
            "reply": turn.reply,
            "heard": turn.heard,
            "outcome": turn.outcome.value,
            "source": turn.source,
        }
        for turn in turns
    ]


def review_told(review: Review) -> dict[str, Any]:
    return {
        "summary": review.summary,
        "outcome": review.outcome,
        "topics": list(review.topics),
        "fields": dict(review.fields),
        "marks": dict(review.marks),
        "reviewed_by": review.source,
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
