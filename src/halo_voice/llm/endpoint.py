"""Where a language model lives and how long it may take: plain values, no connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

KeyStyle = Literal["Bearer", "Api-Key"]
Dialect = Literal["tools", "functions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long each step of an answer may take, in seconds, and how much of it is read.

    The times are those of the reliability budget: a caller hears a filler after 2 s and must
    have an answer or an apology within 7 s, so whatever is later is of no use.
    """

    connect_s: float = 1.0
    first_token_s: float = 2.5
    stall_s: float = 1.5
    answer_s: float = 5.5
    #: How long to wait for the stream's end once the model has said why it finished.
    ending_s: float = 0.25
    answer_chars: int = 20_000
    event_bytes: int = 256 * 1024
    body_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A token server that gives a short-lived key for a long-lived one (GigaChat)."""

    url: str
    scope: str
    key: str = field(repr=False)
    timeout_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An OpenAI-compatible server and how to speak to it.

    `url` is the base, without `/chat/completions`. `extra` goes into every request as it is.
    `ca_file` (PEM) is trusted besides the system's authorities, for this server only. `prefix`:
    what the names of the variables begin with that describe it. `tools`: it takes tools; `dialect`:
    in the OpenAI format, or as GigaChat's `functions`. `packages`: tells what is left of tokens
    that were bought.
    """

    url: str
    model: str
    name: str = ""
    key: str = field(default="", repr=False)
    key_style: KeyStyle = "Bearer"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: str = ""
    max_tokens_field: str = "max_tokens"
    extra: Mapping[str, Any] = field(default_factory=dict)
    sign_in: SignIn | None = None
    limits: Limits = field(default_factory=Limits)
    connections_max: int = 500
    prefix: str = "HALO_MODEL"
    tools: bool = True
    dialect: Dialect = "tools"
    packages: bool = False
