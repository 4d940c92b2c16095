"""What becomes known of a turn after its reply: what was heard, a later text, how long it took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Each has a default that the database itself knows: no row is written anew.
    latency = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("turns", sa.Column("heard", sa.Text()))
    op.add_column("turns", sa.Column("revised_text", sa.Text(), nullable=False, server_default=""))
    op.add_column("turns", sa.Column("latency", latency, nullable=False, server_default="{}"))
