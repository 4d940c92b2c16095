"""The schema's history, one file per change in `versions`; Alembic runs them, nothing imports them.

A new one: `alembic -c src/halo_voice/store/migrations/alembic.ini revision -m "what changes"`.
Files that have been released never change.
"""
