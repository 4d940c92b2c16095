"""What calls, turns and days cost, and what the calls of one number have in common."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

OF_MODELS = ("tokens_in", "tokens_out", "model_micros")
OF_CALLS = (*OF_MODELS, "asr_micros", "tts_micros", "line_micros")


def upgrade() -> None:
    # Each has a default that the database itself knows: no row is written anew.
    op.add_column("calls", sa.Column("bucket", sa.Text(), nullable=False, server_default=""))
    for table, names in (("calls", OF_CALLS), ("turns", OF_MODELS)):
        for name in names:
            column = sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
            op.add_column(table, column)
    op.create_index("calls_by_bucket", "calls", ["bucket", "started_at"])
    op.create_table(
        "spending",
        sa.Column("day", sa.Text(), primary_key=True),
        sa.Column("writer", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in OF_CALLS),
        sqlite_with_rowid=False,
    )
