"""A call that has ended, as channels are told of it; all of it by somebody who means no good."""

from __future__ import annotations

from datetime import UTC, datetime

from halo_voice.core.ports import CallRecord, Outcome, TurnRecord
from halo_voice.core.review import Review
from halo_voice.workflows.channel import Told

BEGAN = datetime(2026, 3, 1, 11, 58, tzinfo=UTC)
ENDED = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARKUP = "<b>&amp;</b> *_[x](http://evil.example)"

CALL = CallRecord(
    "c-1",
    "+79161234567",
    "+74950000000",
    "halo",
    "1",
    "1",
    "incoming",
    BEGAN,
    ENDED,
    "caller_hung_up",
    83_000,
    1,
)
TURN = TurnRecord(
    "c-1",
    1,
    f"где мой заказ\r\nBcc: evil@example.com {MARKUP}",
    0.9,
    BEGAN,
    Outcome.ANSWERED,
    "Завтра привезём. Ждите.",
    heard="Завтра привезём.",
)
REVIEW = Review(
    "c-1",
    ENDED,
    f"Спросили о заказе. {MARKUP}",
    "callback",
    ("заказ",),
    {"order": "1005", "urgent": True},
    {"promised": ["перезвонить"]},
    "test-model",
)
TOLD = Told(CALL, (TURN,), REVIEW, "Ассистент HALO", 3.0)
