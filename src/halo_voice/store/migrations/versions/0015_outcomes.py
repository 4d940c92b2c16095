"""How reviewed calls came out, by the half hour in which they began."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from halo_voice.store.outcomes import count_all

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "outcomes",
        sa.Column("slot", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("outcome", sa.Text(), primary_key=True),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("LOCK TABLE reviews IN SHARE MODE")  # none may come between
    count_all(op.get_bind())
    op.drop_index("reviews_by_start", "reviews")
