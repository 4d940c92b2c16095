"""What is made of a call after it has ended, what was delivered of it, and who works on it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    json = JSONB() if dialect == "postgresql" else sa.JSON()
    op.create_table(
        "reviews",
        sa.Column("call_id", sa.Text(), primary_key=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("fields", json, nullable=False),
        sa.Column("marks", json, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.Text(), primary_key=True),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("rounds", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("last_at", sa.DateTime(timezone=True)),
        sa.Column("last_status", sa.BigInteger()),
        sa.Column("last_fault", sa.Text(), nullable=False, server_default=""),
        sqlite_with_rowid=False,
    )
    op.create_index("deliveries_by_call", "deliveries", ["call_id"])
    op.create_index("deliveries_by_state", "deliveries", ["state", "made_at"])
    op.create_index("calls_by_end", "calls", ["ended_at"])
    op.create_table(
        "workers",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sqlite_with_rowid=False,
    )
