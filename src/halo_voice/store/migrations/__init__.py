"""The schema's history, one file per change in `versions`; Alembic runs them, nothing imports them.

A new one, by its number: `alembic -c src/halo_voice/store/migrations/alembic.ini revision
--rev-id 0003 -m "what changes"`. It runs inside the start's transaction and its lock.
Files that have been released never change.
"""
