"""How log lines look: one event a line, as text for a person or as JSON for a machine.

Log lines hold no caller's word, number or name: what was said is in the store and nowhere else.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import structlog

FRAMES_MAX = 12
"""So many places of a traceback are told."""

SECRET_CHARS_MIN = 6
"""A shorter secret is none, and would be found in words."""


def set_up(form: str, level: str, secrets: Iterable[str] = ()) -> None:
    """`form` is `text` or `json`; lines of libraries that use `logging` take the same way.

    Whatever a line would tell of `secrets` is taken out of it: the last net, not the first.
    """
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
    last.append(_scrubbed(secrets))
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
            foreign_pre_chain=[_without_words, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=quiet, force=True)


def _scrubbed(secrets: Iterable[str]) -> structlog.typing.Processor:
    """Takes secrets out of the finished line, as they are and as JSON writes them."""
    long = [each for each in secrets if len(each) >= SECRET_CHARS_MIN]
    forms = {
        form
        for each in long
        for quoted in (json.dumps(each), json.dumps(each, ensure_ascii=False), repr(each))
        for form in (each, quoted[1:-1])
    }
    # The longest first: one may be the beginning of another.
    found = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))) or r"(?!)")

    def scrub(_: Any, __: str, line: Any) -> Any:
        return found.sub("[secret]", line) if isinstance(line, str) else line

    return scrub


def _without_words(_: Any, __: str, line: dict[str, Any]) -> dict[str, Any]:
    """A library's line without what it may hold of a call.

    An exception's message may be a caller's word, and asyncio writes the exception into the lines
    below its first; the kind of the fault and its places are enough to find it.
    """
    event = str(line["event"]).partition("\n")[0]
    if getattr(line.get("_record"), "name", "") == "asyncio":  # «Exception in callback f(words)»
        event = event.partition("(")[0]
    line["event"] = event
    line.pop("stack_info", None)
    fault = line.pop("exc_info", None)
    error = fault[1] if isinstance(fault, tuple) else fault
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
        line["fault"] = type(error).__name__
        line["at"] = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]
    return line
