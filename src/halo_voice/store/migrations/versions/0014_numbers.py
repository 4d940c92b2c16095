"""Digits of a number are looked for in the index that has the calls in their order."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.drop_index("calls_by_start", "calls")
    op.create_index("calls_by_start", "calls", ["started_at", "call_id", "caller", "called"])
