"""The requests' shapes (docs/http.md), and reading them from a query, a form or JSON."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request

from halo_voice.calls.transfers import Transferred
from halo_voice.core.errors import BadRequest, UnusableText
from halo_voice.core.operators import Why
from halo_voice.core.ports import CallStart, TurnNote

CallId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._:-]{1,64}$(?!\n)")]
Number = Annotated[str, msgspec.Meta(max_length=64)]
TransferOutcome = Annotated[str, msgspec.Meta(max_length=32)]
TransferNumber = Annotated[int, msgspec.Meta(ge=1, le=16)]
Millis = Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]
EndReason = Literal[
    "caller_hung_up",
    "turn_limit",
    "no_input",
    "backend_down",
    "time_limit",
    "assistant_hung_up",
    "not_connected",
    "recogniser_down",
    "voice_down",
    "scenario_error",
    "terminated",
    "busy",
    "transferred",
]
FaultInCall = Literal["voice_down", "recogniser_down", "backend_down", "scenario_error"]
FORM = "application/x-www-form-urlencoded"
FIELDS_MAX = 32
# For the description: `_whole` has the better words for it.
_NOT_BLANK = r"[^\s\x1c-\x1f]"
# The first half of a pair, as an escape, without the second behind it.
_HALF_PAIR = re.compile(rb"(?<!\\)(?:\\\\)*\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])")


class StartRequest(msgspec.Struct, frozen=True):
    """`POST /call/start`."""

    call_id: CallId
    caller: Number = ""
    called: Number = ""
    scenario_version: Annotated[str, msgspec.Meta(max_length=32)] = ""
    dial: Annotated[str, msgspec.Meta(max_length=64)] = ""

    def begun(self) -> CallStart:
        """The same for the calls."""
        return CallStart(
            self.call_id,
            caller=self.caller,
            called=self.called,
            scenario_version=self.scenario_version,
        )


class Note(msgspec.Struct, frozen=True):
    """What became known of an earlier turn. `heard`: the reply's beginning that was heard before
    the caller cut it; null: all of it. Times as in `core.ports.TurnNote`, null: unknown."""

    turn: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    heard: Annotated[str, msgspec.Meta(max_length=4000)] | None = None
    voice_ms: Millis | None = None
    audible_ms: Millis | None = None
    asr_ms: Millis | None = None

    def of(self, call_id: str) -> TurnNote:
        """The same for the calls."""
        times = {"voice_ms": self.voice_ms, "audible_ms": self.audible_ms, "asr_ms": self.asr_ms}
        known = {name: value for name, value in times.items() if value is not None}
        return TurnNote(call_id, self.turn, self.heard, latency=known)


Notes = Annotated[list[Note], msgspec.Meta(max_length=100)]


class TurnRequest(msgspec.Struct, frozen=True):
    """`/process_text`. `deadline_ms`: the reply must be there within it."""

    user_text: Annotated[str, msgspec.Meta(extra_json_schema={"pattern": _NOT_BLANK})]
    call_id: CallId | None = None
    turn: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    deadline_ms: Annotated[int, msgspec.Meta(ge=200, le=60_000)] = 6000
    start: StartRequest | None = None
    notes: Notes = []
    cut: bool = False


class TransferRequest(msgspec.Struct, frozen=True):
    """`POST /call/transfer`: where to? `turn`: the last one that was asked, 0 before the first."""

    call_id: CallId
    transfer: TransferNumber
    why: Why
    turn: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    start: StartRequest | None = None


class TransferEnd(msgspec.Struct, frozen=True):
    """How a transfer ended, in the report of a call's end."""

    transfer: TransferNumber
    outcome: TransferOutcome
    talk_ms: Millis = 0

    def told(self) -> Transferred:
        """The same for the calls."""
        return Transferred.of(self.transfer, self.outcome, self.talk_ms)


class TransferredRequest(TransferEnd, frozen=True, kw_only=True):
    """`POST /call/transferred`: how it ended, as soon as it is known."""

    call_id: CallId


class HangupRequest(msgspec.Struct, frozen=True):
    """`POST /call/hangup`."""

    call_id: CallId


class AudioRequest(msgspec.Struct, frozen=True):
    """`POST /process_audio`."""

    call_id: CallId
    url: Annotated[str, msgspec.Meta(max_length=2048)]
    answer: bool = False


class EndRequest(msgspec.Struct, frozen=True):
    """`POST /call/end`."""

    call_id: CallId
    reason: EndReason
    duration_ms: Millis = 0
    turns: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    late: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=4000)]], msgspec.Meta(max_length=50)
    ] = []
    start: StartRequest | None = None
    notes: Notes = []
    faults: Annotated[list[FaultInCall], msgspec.Meta(max_length=16)] = []
    transfers: Annotated[list[TransferEnd], msgspec.Meta(max_length=16)] = []
    dialled: Annotated[str, msgspec.Meta(max_length=32)] = ""

    def ended_transfers(self) -> list[Transferred]:
        """How the call's transfers ended, for the calls."""
        return [each.told() for each in self.transfers]


Shape = TypeVar("Shape", bound=msgspec.Struct)


async def read(request: Request, shape: type[Shape]) -> Shape:
    """The request's fields. Raises `BadRequest` (cannot be read), `UnusableText` (wrong fields)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body() if request.method == "POST" else b""
    try:
        if body and kind != FORM:
            return _whole(_decoded(body, shape))
        return _whole(msgspec.convert(_fields(request, body), shape, strict=False))
    except msgspec.ValidationError as error:
        raise UnusableText(explained(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise BadRequest(_unreadable(error, body)) from None
    except RecursionError:
        raise BadRequest("The JSON is nested too deeply.") from None


def _decoded(body: bytes, shape: type[Shape]) -> Shape:
    """In JSON, 13.0 is an integer too."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        if "got `float`" not in str(error):
            raise
        return msgspec.convert(_with_integers(msgspec.json.decode(body)), shape)


def _with_integers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_integers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_integers(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _fields(request: Request, body: bytes) -> dict[str, Any]:
    query = request.scope["query_string"].decode("latin-1")
    pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    pairs += parse_qsl(
        body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX
    )
    return dict(pairs)


def _whole(shape: Shape) -> Shape:
    """Rules between fields."""
    if isinstance(shape, TurnRequest):
        if not shape.user_text.strip():
            raise UnusableText("user_text is blank: send what the caller said.")
        if (shape.call_id is None) != (shape.turn is None):
            raise UnusableText("call_id and turn go together: send both, or neither.")
        if shape.start is not None and shape.start.call_id != shape.call_id:
            raise UnusableText("start is of another call.")
    return shape


def explained(fault: str) -> str:
    """msgspec's sentence, without its JSON path's dollar: «Expected `int`, got `str`: turn».

    What was sent is not repeated: it may be a caller's word, and this one travels into logs.
    """
    what, _, where = fault.partition(" - at `$")
    place = where.rstrip("`").lstrip(".")
    if what == "Object missing required field `user_text`":
        return "user_text is missing: send what the caller said."
    if what.startswith("Invalid"):
        what = what.partition(" '")[0]
    return f"{place}: {what}" if place else what


def _unreadable(error: Exception, body: bytes) -> str:
    said = str(error)
    # msgspec calls a half that no other escape follows a truncated body.
    halved = "truncated" in said and body.rstrip().endswith(b"}") and _HALF_PAIR.search(body)
    if halved or "surrogate" in said:
        return "A \\u escape is half of a surrogate pair: send whole characters."
    if isinstance(error, UnicodeDecodeError) or "utf-8" in said.lower():
        return "The text is not UTF-8."
    return f"The request cannot be read: {error}."
