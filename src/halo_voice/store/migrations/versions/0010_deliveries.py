"""Each attempt to deliver, and by which channel; recordings that are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.Text(), primary_key=True),
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.BigInteger()),
        sa.Column("fault", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    channel = sa.Column("channel", sa.Text(), nullable=False, server_default="webhook")
    op.add_column("deliveries", channel)
    # Outcomes of calls are counted without reading what was said in them.
    op.create_index("reviews_by_call", "reviews", ["call_id", "outcome"])
    json = JSONB() if op.get_bind().dialect.name == "postgresql" else sa.JSON()
    op.create_table(
        "recordings",
        sa.Column("call_id", sa.Text(), primary_key=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default="wanted"),
        sa.Column("file", sa.Text(), nullable=False, server_default=""),
        sa.Column("content_type", sa.Text(), nullable=False, server_default=""),
        sa.Column("bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("fault", sa.Text(), nullable=False, server_default=""),
        sa.Column("said", json, nullable=False, server_default="{}"),
        sqlite_with_rowid=False,
    )
    op.create_index("recordings_by_state", "recordings", ["state", "noted_at"])
