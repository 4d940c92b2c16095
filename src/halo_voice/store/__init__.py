"""Calls and turns on disk. Implements `core.ports.Store`; knows no other part of ours.

Open one with `open_store(url)`: SQLite (`sqlite:///path`), PostgreSQL (`postgresql://…`) or, for
tests and demonstrations, a store that forgets (`memory:`). `SpooledStore` around it keeps the
conversation going while it is locked, full or gone.
"""

from halo_voice.store.address import redact_url, spool_path
from halo_voice.store.opening import open_store
from halo_voice.store.shared import Shared
from halo_voice.store.spool import SpooledStore

__all__ = ["Shared", "SpooledStore", "open_store", "redact_url", "spool_path"]
