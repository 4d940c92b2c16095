"""The tables of the store.

What is here must equal what the migrations make: a test compares them. A change of a table is a
change here and a new file in `migrations/versions`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from halo_voice.store.columns import (
    Facts,
    Milliseconds,
    Moment,
    OutcomeName,
    StateName,
    WordList,
    Words,
)

ROLLED_UP = ("calls", "duration_ms", "turns", "apologies", "slow", "micros")

metadata = MetaData()

# The columns of `calls` and `turns` are in the order of CallRecord's and TurnRecord's fields.
# Without rowids a row lies in its key's own tree: one page less to write and sync per turn.
calls = Table(
    "calls",
    metadata,
    Column("call_id", Words, primary_key=True),
    Column("caller", Words, nullable=False),
    Column("called", Words, nullable=False),
    Column("profile", Words, nullable=False),
    Column("profile_version", Words, nullable=False),
    Column("scenario_version", Words, nullable=False),
    Column("direction", Words, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("end_reason", Words),
    Column("duration_ms", BigInteger),
    Column("turns_reported", BigInteger),
    Column("late_texts", WordList, nullable=False),
    Column("recording_text", Words),
    Column("bucket", Words, nullable=False, server_default=""),
    Column("tokens_in", BigInteger, nullable=False, server_default="0"),
    Column("tokens_out", BigInteger, nullable=False, server_default="0"),
    Column("model_micros", BigInteger, nullable=False, server_default="0"),
    Column("asr_micros", BigInteger, nullable=False, server_default="0"),
    Column("tts_micros", BigInteger, nullable=False, server_default="0"),
    Column("line_micros", BigInteger, nullable=False, server_default="0"),
    Index("calls_by_start", "started_at", "call_id", "caller", "called"),
    Index("calls_by_bucket", "bucket", "started_at"),
    Index("calls_by_end", "ended_at"),
    Index(
        "calls_open",
        "started_at",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    sqlite_with_rowid=False,
)

turns = Table(
    "turns",
    metadata,
    Column("call_id", Words, ForeignKey("calls.call_id"), primary_key=True),
    Column("turn", BigInteger, primary_key=True, autoincrement=False),
    Column("user_text", Words, nullable=False),
    Column("confidence", Float),
    Column("accepted_at", Moment, nullable=False),
    Column("outcome", OutcomeName, nullable=False),
    Column("reply", Words, nullable=False),
    Column("action", Words, nullable=False),
    Column("source", Words, nullable=False),
    Column("settled_at", Moment),
    Column("model_ms", BigInteger),
    Column("heard", Words),
    Column("revised_text", Words, nullable=False, server_default=""),
    Column("latency", Milliseconds, nullable=False, server_default="{}"),
    Column("text_cut", Boolean, nullable=False, server_default=false()),
    Column("reply_cut", Boolean, nullable=False, server_default=false()),
    Column("attempts", BigInteger, nullable=False, server_default="0"),
    Column("wasted_chars", BigInteger, nullable=False, server_default="0"),
    Column("wasted_prompt_chars", BigInteger, nullable=False, server_default="0"),
    Column("tokens_in", BigInteger, nullable=False, server_default="0"),
    Column("tokens_out", BigInteger, nullable=False, server_default="0"),
    Column("model_micros", BigInteger, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)

# Columns as the fields of `ToolRecord`. A row may be there before its call: that may wait in a
# spool, this never does.
tools = Table(
    "tools",
    metadata,
    Column("call_id", Words, primary_key=True),
    Column("turn", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Words, primary_key=True),
    Column("tool", Words, nullable=False),
    Column("arguments", Words, nullable=False),
    Column("effect", Boolean, nullable=False),
    Column("state", StateName, nullable=False),
    Column("result", Words, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    sqlite_with_rowid=False,
)

# What each process saw of a call: figures and names of ours, no words. One row a process.
traces = Table(
    "traces",
    metadata,
    Column("call_id", Words, primary_key=True),
    Column("begun_at", Moment, primary_key=True),
    Column("lines", WordList, nullable=False),
    sqlite_with_rowid=False,
)

# One row for each process that spent something on that day. Columns as the fields of `Cost`.
spending = Table(
    "spending",
    metadata,
    Column("day", Text, primary_key=True),
    Column("writer", Text, primary_key=True),
    Column("tokens_in", BigInteger, nullable=False),
    Column("tokens_out", BigInteger, nullable=False),
    Column("model_micros", BigInteger, nullable=False),
    Column("asr_micros", BigInteger, nullable=False),
    Column("tts_micros", BigInteger, nullable=False),
    Column("line_micros", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

nonces = Table(
    "nonces",
    metadata,
    Column("nonce", Words, primary_key=True),
    Column("expires_at", Moment, nullable=False),
    Index("nonces_by_expiry", "expires_at"),
    sqlite_with_rowid=False,
)

# One row for each call that has ended; SQLite has its words in the index `digest_index`, too, which
# is no table of its own and is made by DDL.
digests = Table(
    "digests",
    metadata,
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
    Column(
        "call_id",
        Words,
        ForeignKey("calls.call_id", ondelete="CASCADE"),
        nullable=False,
        unique=True,
    ),
    Column("started_at", Moment, nullable=False),
    Column("words", Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
    Column("turns", BigInteger, nullable=False),
    Column("apologies", BigInteger, nullable=False),
    Column("slowest_ms", BigInteger),
    Index("digests_by_start", "started_at"),
    Index("digests_by_words", "words", postgresql_using="gin").ddl_if("postgresql"),
)

# What ended calls came to, by the half hour in which they began (UTC) and the reason of their end.
# It tells nothing of a single call, and outlives them.
rollups = Table(
    "rollups",
    metadata,
    Column("slot", Moment, primary_key=True),
    Column("end_reason", Words, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in ROLLED_UP),
    sqlite_with_rowid=False,
)

users = Table(
    "users",
    metadata,
    Column("name", Words, primary_key=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Words, nullable=False),
    sqlite_with_rowid=False,
)

# A user's second factor; its secret is sealed with a key that is not in the store.
factors = Table(
    "factors",
    metadata,
    Column("name", Words, primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("step", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Recovery codes that are left.
factor_marks = Table(
    "factor_marks",
    metadata,
    Column("name", Words, primary_key=True),
    Column("mark", Text, primary_key=True),
    sqlite_with_rowid=False,
)

acts = Table(
    "acts",
    metadata,
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", Words, nullable=False),
    Column("what", Words, nullable=False),
    Column("of", Words, nullable=False),
    Index("acts_by_time", "at"),
)

# What an assistant is, or was, made of, and what somebody is making of it.
editions = Table(
    "editions",
    metadata,
    Column("profile", Words, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("by", Words, nullable=False),
    Column("origin", Text, nullable=False),
    Column("of", BigInteger, nullable=False),
    Column("version", Text, nullable=False),
    Column("content", Facts, nullable=False),
    sqlite_with_rowid=False,
)

drafts = Table(
    "drafts",
    metadata,
    Column("profile", Words, primary_key=True),
    Column("revision", Text, nullable=False),
    Column("base", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", Words, nullable=False),
    Column("content", Facts, nullable=False),
    sqlite_with_rowid=False,
)

pings = Table(
    "pings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("pinged_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

# What is made of a call after it. `reviews` has the columns of `Review`, and the call's beginning.
# A delivery is waiting, delivered, dead, or again (to be sent anew; `rounds`: how often it was).
reviews = Table(
    "reviews",
    metadata,
    Column("call_id", Words, primary_key=True),
    Column("made_at", Moment, nullable=False),
    Column("summary", Words, nullable=False),
    Column("outcome", Words, nullable=False),
    Column("topics", WordList, nullable=False),
    Column("fields", Facts, nullable=False),
    Column("marks", Facts, nullable=False),
    Column("source", Words, nullable=False),
    Column("began_at", Moment),
    sqlite_with_rowid=False,
)

# How many calls that began in the half hour from `slot` on (UTC) have a review with the outcome.
outcomes = Table(
    "outcomes",
    metadata,
    Column("slot", Moment, primary_key=True),
    Column("outcome", Words, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Words, primary_key=True),
    Column("call_id", Words, nullable=False),
    Column("event", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", BigInteger, nullable=False, server_default="0"),
    Column("rounds", BigInteger, nullable=False, server_default="0"),
    Column("last_at", Moment),
    Column("last_status", BigInteger),
    Column("last_fault", Words, nullable=False, server_default=""),
    Column("channel", Text, nullable=False, server_default="webhook"),
    Index("deliveries_by_call", "call_id"),
    Index("deliveries_by_state", "state", "made_at"),
    sqlite_with_rowid=False,
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", Words, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("status", BigInteger),
    Column("fault", Words, nullable=False),
    sqlite_with_rowid=False,
)

# Columns as the fields of `Recording`.
recordings = Table(
    "recordings",
    metadata,
    Column("call_id", Words, primary_key=True),
    Column("url", Words, nullable=False),
    Column("noted_at", Moment, nullable=False),
    Column("state", Text, nullable=False, server_default="wanted"),
    Column("file", Words, nullable=False, server_default=""),
    Column("content_type", Words, nullable=False, server_default=""),
    Column("bytes", BigInteger, nullable=False, server_default="0"),
    Column("fault", Words, nullable=False, server_default=""),
    Column("said", Facts, nullable=False, server_default="{}"),
    Index("recordings_by_state", "state", "noted_at"),
    sqlite_with_rowid=False,
)

# Calls that the company makes. Columns as the fields of `core.dials`.
campaigns = Table(
    "campaigns",
    metadata,
    Column("campaign", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("profile", Words, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("list_id", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

dials = Table(
    "dials",
    metadata,
    Column("dial_id", Words, primary_key=True),
    Column("token", Words, nullable=False),
    Column("number", Words, nullable=False),
    Column("profile", Words, nullable=False),
    Column("caller_id", Words, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("data", Facts, nullable=False),
    Column("clock", Float),
    Column("attempts_max", BigInteger, nullable=False),
    Column("campaign", Words, nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("outcome", Words, nullable=False),
    Index("dials_by_token", "token"),
    Index("dials_by_campaign", "campaign", "row"),
    Index("dials_by_number", "number"),
    sqlite_with_rowid=False,
)

tries = Table(
    "tries",
    metadata,
    Column("dial_id", Words, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("call_id", Words, nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", Words, nullable=False),
    Index("tries_by_call", "call_id"),
    sqlite_with_rowid=False,
)

opt_outs = Table(
    "opt_outs",
    metadata,
    Column("number", Words, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", Words, nullable=False),
    sqlite_with_rowid=False,
)

workers = Table(
    "workers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seen_at", Moment, nullable=False),
    Column("balance", Float),
    sqlite_with_rowid=False,
)
