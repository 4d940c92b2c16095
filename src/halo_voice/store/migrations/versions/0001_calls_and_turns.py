"""Calls, their turns, used nonces, and a row for the ping."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("call_id", sa.Text(), primary_key=True),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("called", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("profile_version", sa.Text(), nullable=False),
        sa.Column("scenario_version", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("end_reason", sa.Text()),
        sa.Column("duration_ms", sa.BigInteger()),
        sa.Column("turns_reported", sa.BigInteger()),
        sa.Column("late_texts", sa.JSON(), nullable=False),
        sa.Column("recording_text", sa.Text()),
        sqlite_with_rowid=False,
    )
    op.create_index("calls_by_start", "calls", ["started_at"])
    op.create_table(
        "turns",
        sa.Column("call_id", sa.Text(), sa.ForeignKey("calls.call_id"), primary_key=True),
        sa.Column("turn", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("user_text", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float()),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("model_ms", sa.BigInteger()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "nonces",
        sa.Column("nonce", sa.Text(), primary_key=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("nonces_by_expiry", "nonces", ["expires_at"])
    op.create_table(
        "pings",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("pinged_at", sa.DateTime(timezone=True), nullable=False),
        sqlite_with_rowid=False,
    )
