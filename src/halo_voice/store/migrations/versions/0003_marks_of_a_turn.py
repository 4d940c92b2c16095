"""What is short of a turn (its words, its reply), and what of it was asked of models in vain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Each has a default that the database itself knows: no row is written anew.
    for name in ("text_cut", "reply_cut"):
        op.add_column(
            "turns", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        )
    for name in ("attempts", "wasted_chars", "wasted_prompt_chars"):
        op.add_column("turns", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
