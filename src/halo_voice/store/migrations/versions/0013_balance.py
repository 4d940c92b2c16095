"""What the account on the platform has, as a worker last saw it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("workers", sa.Column("balance", sa.Float(), nullable=True))
