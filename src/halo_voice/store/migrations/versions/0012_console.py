"""Second factors of the console's users, traces of calls; outcomes counted without the calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "factors",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "factor_marks",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("mark", sa.Text(), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "traces",
        sa.Column("call_id", sa.Text(), primary_key=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("lines", sa.JSON(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.add_column("reviews", sa.Column("began_at", sa.DateTime(timezone=True)))
    began = "SELECT started_at FROM calls WHERE calls.call_id = reviews.call_id"
    op.execute(f"UPDATE reviews SET began_at = ({began})")  # noqa: S608 - nobody's words
    op.drop_index("reviews_by_call", "reviews")
    op.create_index("reviews_by_start", "reviews", ["began_at", "outcome"])
