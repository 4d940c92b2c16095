"""How Alembic runs the migrations: in the transaction of the connection it is given."""

from __future__ import annotations

from alembic import context

from halo_voice.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # Others may keep their own alembic_version in the same PostgreSQL database.
    version_table="halo_schema_version",
    transactional_ddl=True,
    # SQLite can change a column only by making the table anew; Alembic's batch mode does that.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
