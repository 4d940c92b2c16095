"""The real app in this process, for calls that are none: on defaults, in memory, and quiet."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import fastapi.dependencies.models
import structlog

from halo_voice.app import Configuration, configure
from halo_voice.settings import Settings

HOST = "localhost"
"""Under another name requests have to be signed."""


@cache
def configuration(assistants: Path = Path("assistants")) -> Configuration:
    """The assistants of a folder, on defaults; nothing of this machine's environment.

    Raises `ConfigurationError`.
    """
    return configure(
        Settings.model_construct(assistants=assistants, store_url="memory:", watch_s=0.0)
    )


def forget_routes() -> None:
    """FastAPI keeps what it knows of the last thousands of route functions, and with each our whole
    app: 2 MB a call."""
    for kept in vars(fastapi.dependencies.models).values():
        if hasattr(kept, "cache_clear"):
            kept.cache_clear()


@contextmanager
def quiet() -> Iterator[None]:
    """Thousands of calls: nobody reads the app's log lines."""
    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)
