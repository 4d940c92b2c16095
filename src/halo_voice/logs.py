"""How log lines look: one event a line, as text for a person or as JSON for a machine.

Log lines hold no caller's word, number or name: what was said is in the store and nowhere else.
"""

from __future__ import annotations

import logging
import sys

import structlog


def set_up(form: str, level: str) -> None:
    """`form` is `text` or `json`; lines of libraries that use `logging` take the same way."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
        if form == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                sort_keys=False,
                # A pretty traceback shows local variables, and those hold callers' words.
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    quiet = max(number, logging.WARNING)  # libraries: some lower their own logger's level
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(quiet)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=quiet, force=True)
