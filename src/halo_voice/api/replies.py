"""The replies' shapes (docs/http.md): what the routes send, and what their description promises."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from starlette.responses import Response

Known = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "object"})]
"""An object that was encoded before."""


class Dialled(msgspec.Struct, frozen=True):
    """Whom a session that nobody called is to call, digits only, and the number that they see.
    `detect_ms`: so long a machine is listened for, 0: not at all; `message`: what it hears, "":
    nothing."""

    to: str
    caller_id: str
    ring_ms: int
    detect_ms: int
    message: str


class Started(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of `/call/start`. `refused`: `busy`, if the call may not begin; else it is left out. `dial`
    answers a start with a token; else `barred` tells why nobody is called, and `retry_at`, in
    seconds since 1970, when it may be, with how many attempts left."""

    call_id: str
    profile: Known
    refused: str = ""
    dial: Dialled | None = None
    barred: str = ""
    retry_at: int = 0
    attempts_left: int = 0


class Answer(msgspec.Struct, frozen=True):
    """Of `/process_text` without a call."""

    user_text: str
    ai_text: str


class TurnAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of `/process_text`, one turn of a call. `refused`: as in `Started`."""

    user_text: str
    ai_text: str
    turn: int
    action: Literal["listen", "hangup", "transfer"]
    outcome: str
    patience_ms: int
    refused: str = ""


class Transcribed(msgspec.Struct, frozen=True):
    """Of `/process_audio`."""

    call_id: str
    user_text: str
    ai_text: str | msgspec.UnsetType = msgspec.UNSET


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom to call, and the number that they see. `address`: a telephone number, a SIP address, a
    user or a queue of the platform, by `kind`. Of a queue alone: `wait_ms`, in which somebody must
    have taken the call, and `priority`, 1 to 100."""

    kind: Literal["pstn", "sip", "user", "queue"]
    address: str
    caller_id: str
    wait_ms: int = 0
    priority: int = 0


class Directed(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of `/call/transfer`. `to`: whom to call for this transfer, and for no other; left out where
    it is `refused`: `closed`, `used_up` or `none`. `brief`: what they are told first."""

    call_id: str
    transfer: int
    to: Address | None = None
    brief: str = ""
    refused: str = ""


class Noted(msgspec.Struct, frozen=True):
    """Of `/call/transferred`."""

    call_id: str
    transfer: int


class HungUp(msgspec.Struct, frozen=True):
    """Of `/call/hangup`. `told`: on its stream; else with its next turn."""

    call_id: str
    told: bool


class Ended(msgspec.Struct, frozen=True):
    """Of `/call/end`, with what the call took of models and what it cost by part."""

    call_id: str
    stored: bool
    tokens: dict[str, int]
    roubles: dict[str, float]


class Alive(msgspec.Struct, frozen=True):
    """Of `/healthz`."""

    status: Literal["ok"] = "ok"


class Fault(msgspec.Struct, frozen=True):
    """Of whatever is refused or fails: a stable code, and words that say what to do."""

    code: str
    message: str


class Readiness(msgspec.Struct, frozen=True):
    """Of `/readyz`; `store` is `ok` or the code of its fault, `warnings` are the last alarms."""

    ready: bool
    store: str
    model: str
    models: list[Any]
    warnings: list[Any]
    profiles: list[str]


def reply(content: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
