"""What lists of calls show and search, and their figures, of each call that has ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from halo_voice.store.ended import Connected, digest_all

revision = "0007"
down_revision = "0006"

ROLLED_UP = ("calls", "duration_ms", "turns", "apologies", "slow", "micros")

# The index of words in SQLite: its content is the table's own column.
OF_SQLITE = (
    "CREATE VIRTUAL TABLE digest_index USING fts5("
    "words, content='digests', content_rowid='id', tokenize='unicode61', detail='none')",
    "CREATE TRIGGER digest_indexed AFTER INSERT ON digests BEGIN "
    "INSERT INTO digest_index(rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER digest_forgotten AFTER DELETE ON digests BEGIN "
    "INSERT INTO digest_index(digest_index, rowid, words) "
    "VALUES ('delete', old.id, old.words); END",
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "digests",
        sa.Column("id", sa.Integer() if sqlite else sa.BigInteger(), primary_key=True),
        sa.Column(
            "call_id",
            sa.Text(),
            sa.ForeignKey("calls.call_id", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.Text() if sqlite else TSVECTOR(), nullable=False),
        sa.Column("turns", sa.BigInteger(), nullable=False),
        sa.Column("apologies", sa.BigInteger(), nullable=False),
        sa.Column("slowest_ms", sa.BigInteger()),
    )
    op.create_index("digests_by_start", "digests", ["started_at"])
    op.create_table(
        "rollups",
        sa.Column("slot", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("end_reason", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ROLLED_UP),
        sqlite_with_rowid=False,
    )
    still_open = sa.text("ended_at IS NULL")
    op.create_index(
        "calls_open",
        "calls",
        ["started_at"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    if sqlite:
        for statement in OF_SQLITE:
            op.execute(statement)
    else:
        op.create_index("digests_by_words", "digests", ["words"], postgresql_using="gin")
    digest_all(Connected(op.get_bind()))
