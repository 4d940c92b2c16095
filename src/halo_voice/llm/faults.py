"""What a failure means: statuses, error bodies and foreign exceptions become `ModelError`s.

A provider's message may quote the caller or a piece of the key, so none of it is kept: an error
of ours names the status and the provider's own short code, nothing else.
"""

from __future__ import annotations

import math
import re
import ssl
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httptools
import msgspec

from halo_voice.core.errors import (
    ModelBroken,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelTimeout,
    ModelUnreachable,
)

#: May work a little later: request timeout, too early, too many requests, overloaded.
_BUSY = frozenset({408, 425, 429, 503, 529})
_BUSY_WORDS = ("rate_limit", "too_many", "overload", "insufficient_quota", "unavailable")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_RETRY_AFTER_S_MAX = 3600.0


class TokenRefused(ModelRefused):
    """The model's server takes the short-lived token no more: the next turn has another one."""


def fault_of_status(status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
    """The error that an answer with another status than 200 stands for.

    Redirects and every 4xx of our making are `ModelRefused`; 5xx other than 503 and 529 are
    `ModelUnreachable`: behind a broken server or gateway a retry may or may not find a model.
    """
    code = _code_in(body)
    words = f"The model's server answered {status}{f' ({code})' if code else ''}."
    if status in _BUSY:
        return ModelBusy(words, retry_after_s(headers))
    if status >= 500:
        return ModelUnreachable(words)
    if 300 <= status < 400:
        hint = "Redirects are not followed: correct HALO_MODEL_URL (HALO_MODEL2_URL)."
        return ModelRefused(f"{words} {hint}", status)
    if status >= 400:
        hint = "Check key, name and folder of the model: HALO_MODEL_… or HALO_MODEL2_…."
        return ModelRefused(f"{words} {hint}", status)
    return ModelBroken(words)


def fault_of_connection(error: Exception | None) -> ModelError:
    """Our word for what the HTTP parser and the system raise; None: the connection ended early.

    Keeps no header or text of theirs.
    """
    kind = type(error).__name__ if error is not None else "closed"
    if isinstance(error, TimeoutError):
        return ModelTimeout(f"The model's server was not reached in time ({kind}).")
    if isinstance(error, ssl.SSLCertVerificationError):
        return ModelUnreachable(
            "The server's certificate is not trusted: see HALO_MODEL_CA_FILE (HALO_MODEL2_CA_FILE)."
        )
    if isinstance(error, httptools.HttpParserError | httptools.HttpParserUpgrade):
        return ModelBroken(f"The model's server does not speak HTTP as it should ({kind}).")
    return ModelUnreachable(f"The connection to the model's server failed ({kind}).")


def fault_in_stream(error: Any) -> ModelError:
    """The error that an `error` object inside a 200 answer stands for."""
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, str) and code.isascii() and code.isdigit():
        code = int(code[:4])
    if isinstance(code, int) and 400 <= code < 600:
        return fault_of_status(code, {}, b"")
    word = _short_code(error) if isinstance(error, dict) else ""
    words = f"The model's server broke off with an error{f' ({word})' if word else ''}."
    if any(sign in word for sign in _BUSY_WORDS):
        return ModelBusy(words)
    return ModelBroken(words)


def fault_of_event(event: bytes) -> ModelError | None:
    """The error that an event without an answer in it stands for, where a server puts its fields in
    place of an `error` object; None if it is none."""
    try:
        found = msgspec.json.decode(event.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    code, message = found.get("code"), found.get("message")
    says_so = message and isinstance(message, str) if code is None else code not in (0, 200, "")
    return fault_in_stream(found) if says_so or found.get("object") == "error" else None


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds until a retry makes sense, from `retry-after-ms` or `Retry-After`; None if unsaid.

    `headers`: their names in lower case.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _sensible(milliseconds / 1000)
    said = headers.get("retry-after")
    seconds = _number(said)
    if seconds is None and said:
        try:
            seconds = parsedate_to_datetime(said).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
        seconds = max(seconds, 0.0)
    return None if seconds is None else _sensible(seconds)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _sensible(seconds: float) -> float | None:
    if not math.isfinite(seconds) or seconds < 0:
        return None
    return min(seconds, _RETRY_AFTER_S_MAX)


def _code_in(body: bytes) -> str:
    try:
        found = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return ""
    error = found.get("error", found) if isinstance(found, dict) else None
    return _short_code(error) if isinstance(error, dict) else ""


def _short_code(error: Mapping[str, Any]) -> str:
    for field in ("code", "type"):
        value = error.get(field)
        if isinstance(value, str) and _CODE.fullmatch(value):
            return value
    return ""
