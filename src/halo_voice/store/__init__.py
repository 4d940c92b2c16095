"""Calls and turns on disk. Implements `core.ports.Store`; knows no other part of ours.

Open one with `open_store(url)`: SQLite (`sqlite:///path`), PostgreSQL (`postgresql://…`) or, for
tests and demonstrations, a store that forgets (`memory:`).
"""

from halo_voice.store.address import redact_url
from halo_voice.store.opening import open_store

__all__ = ["open_store", "redact_url"]
