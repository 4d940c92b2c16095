"""The messages of a call's stream, as shapes; docs/wire.md is written from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, get_args, get_type_hints

import msgspec

from halo_voice.api.shapes import CallId, Notes, StartRequest, explained
from halo_voice.core.errors import RequestError

PROTOCOL = "halo.v1"
"""The WebSocket subprotocol."""

VERSION = 1
FRAME_BYTES_MAX = 64 * 1024
SEQ_MAX = 2**53

_Turn = Annotated[int, msgspec.Meta(ge=1, le=10_000, description="the turn's number")]
_Phrase = Annotated[int, msgspec.Meta(ge=1, le=1_000, description="number within the turn, from 1")]
_Text = Annotated[str, msgspec.Meta(max_length=16_000)]
_Millis = Annotated[int, msgspec.Meta(ge=0, le=3_600_000)]


def _told(kind: Any, meaning: str) -> Any:
    return Annotated[kind, msgspec.Meta(description=meaning)]


class BadMessage(RequestError):
    """A message of the stream cannot be read."""

    code = "bad_message"


class Message(msgspec.Struct, tag_field="type", kw_only=True):
    """What every message has. `seq` is set when it is sent."""

    seq: Annotated[int, msgspec.Meta(ge=0, description="1, 2, … per connection and direction")] = 0


# ------------------------------------------------------------------ the scenario to the backend


class CallMessage(Message, tag="call"):
    """The first message: whose stream this is."""

    version: _told(Literal[1], "of this protocol")
    call_id: _told(CallId, "the platform's session id")
    turn: Annotated[
        int, msgspec.Meta(ge=0, le=10_000, description="the last turn that was asked; 0: none")
    ] = 0
    start: _told(StartRequest | None, "the body of `/call/start`: opens a call nobody knows") = None


class Interim(Message, tag="interim"):
    """What was recognised so far. An answer may be begun on it."""

    turn: _Turn
    text: _told(_Text, "the words so far")
    quiet: _told(bool, "the line is silent now") = False


class Final(Message, tag="final"):
    """The caller's turn: answer it. Exactly one `answered` or `failed` follows."""

    turn: _Turn
    text: _told(_Text, "the words")
    confidence: _told(
        Annotated[float, msgspec.Meta(ge=0, le=1)] | None, "of the recogniser; null: unknown"
    ) = None
    deadline_ms: Annotated[
        int, msgspec.Meta(ge=200, le=60_000, description="the answer must be whole within it")
    ] = 6000
    closed: _told(
        Literal["final", "stable"],
        "by the recogniser's final result, or because the words had not changed",
    ) = "final"
    have: Annotated[
        int, msgspec.Meta(ge=0, le=1_000, description="phrases of this turn that are here already")
    ] = 0
    asr_ms: _told(_Millis | None, "the caller stopped → this message; null: unknown") = None
    cut: _told(bool, "the caller said more than `text` holds") = False
    notes: _told(Notes, "of earlier turns, whose stream was not there, as in docs/http.md") = []


class Revised(Message, tag="revised"):
    """The late final result of a turn that was closed before it. Not answered again."""

    turn: _Turn
    text: _told(_Text, "the words as they are understood now")


class PhraseStarted(Message, tag="phrase_started"):
    """The caller hears this phrase."""

    turn: _Turn
    phrase: _Phrase
    voice_ms: _told(_Millis | None, "`say` received → audible") = None
    audible_ms: _told(_Millis | None, "the caller stopped → audible; null: unknown") = None


class PhraseFinished(Message, tag="phrase_finished"):
    """The phrase was heard to its end."""

    turn: _Turn
    phrase: _Phrase


class PhraseInterrupted(Message, tag="phrase_interrupted"):
    """The caller cut the phrase. Later ones of the turn are dropped unheard."""

    turn: _Turn
    phrase: _Phrase
    heard_ms: _told(_Millis, "so much of it was played") = 0
    heard: _told(_Text, "the beginning that was heard; may be empty") = ""


class PhraseResumed(Message, tag="phrase_resumed"):
    """A sound had paused the phrase and was nothing: the phrase goes on. Counted."""

    turn: _Turn
    phrase: _Phrase


class Key(Message, tag="key"):
    """The caller pressed a key. Counted; dictated digits come as a `final`."""

    digit: Annotated[str, msgspec.Meta(pattern=r"^[0-9*#A-D]$", description="which one")]


class Silence(Message, tag="silence"):
    """The caller had to be asked whether they are there. Counted."""

    count: Annotated[int, msgspec.Meta(ge=1, le=1_000, description="the count-th time in a row")]


class Ended(Message, tag="ended"):
    """The caller is gone: nothing more is generated. `POST /call/end` still reports."""

    reason: Annotated[str, msgspec.Meta(max_length=64, description="as in `/call/end`")] = ""


class Ping(Message, tag="ping"):
    """Every 5 s. Who is silent for 10 s is taken for dead."""


# ------------------------------------------------------------------ the backend to the scenario


class Ready(Message, tag="ready"):
    """The call is known here: the stream may be used. If it is refused, nothing follows."""

    version: _told(int, "of this protocol") = VERSION
    refused: _told(str, "`busy`: say `text` and hang up; else empty") = ""
    text: _told(str, "what a caller who is refused is to hear") = ""


class Accepted(Message, tag="accepted"):
    """The turn is written down; a crash of the backend does not lose it."""

    turn: _Turn


class Say(Message, tag="say"):
    """Speak this after the phrase before it."""

    turn: _Turn
    phrase: _Phrase
    text: Annotated[
        str, msgspec.Meta(min_length=1, max_length=1_500, description="safe to speak as it is")
    ]


class Answered(Message, tag="answered"):
    """The turn is settled and stored."""

    turn: _Turn
    phrases: _told(
        int, "how many in all; with fewer received, what is missing is the rest of `text`"
    )
    action: _told(Literal["listen", "hangup", "transfer"], "what to do after the last phrase")
    outcome: _told(str, "`answered`, `apologised` or `superseded`")
    text: _told(str, "the whole reply: the phrases joined by one space")
    patience_ms: _told(int, "the coming turn's end is waited for so long; 0: as usual")


class Failed(Message, tag="failed"):
    """The turn cannot be answered here; go on as after a failed request."""

    turn: _Turn
    code: _told(str, "as in docs/http.md")
    message: _told(str, "what to do about it")


class Clear(Message, tag="clear"):
    """Drop what is queued of the turn and not audible yet: it is answered anew, from phrase 1."""

    turn: _Turn


class Listen(Message, tag="listen"):
    """The caller dictates, or no longer does."""

    turn: _Turn
    patience_ms: _told(int, "the end of this turn is waited for so long; 0: as usual")


class Hangup(Message, tag="hangup"):
    """Hang up after what is being said: the call is ended from here, outside a turn."""


class Transfer(Message, tag="transfer"):
    """Put the call through to somebody now, as after a key: somebody here wants it."""


class Pong(Message, tag="pong"):
    """The answer to `ping`."""


Up: TypeAlias = (
    CallMessage
    | Interim
    | Final
    | Revised
    | PhraseStarted
    | PhraseFinished
    | PhraseInterrupted
    | PhraseResumed
    | Key
    | Silence
    | Ended
    | Ping
)
Down: TypeAlias = (
    Ready | Accepted | Say | Answered | Failed | Clear | Listen | Hangup | Transfer | Pong
)


class _Envelope(msgspec.Struct):
    type: str
    seq: Annotated[int, msgspec.Meta(ge=1, le=SEQ_MAX)]


_KNOWN = {shape.__struct_config__.tag for shape in get_args(Up)}
_envelope = msgspec.json.Decoder(_Envelope)
_up = msgspec.json.Decoder(Up)
_encode = msgspec.json.Encoder().encode


def decode(text: str | bytes) -> tuple[int, Up | None]:
    """The message's `seq` and the message; None for a type that is not known here.

    Raises `BadMessage`.
    """
    if len(text) > FRAME_BYTES_MAX:
        raise BadMessage(f"A message of more than {FRAME_BYTES_MAX} bytes.")
    try:
        try:
            message = _up.decode(text)
        except msgspec.ValidationError:
            envelope = _envelope.decode(text)
            if envelope.type in _KNOWN:
                raise
            return envelope.seq, None
        if not 1 <= message.seq <= SEQ_MAX:
            raise BadMessage("seq is missing, or no number from 1.")
        return message.seq, message
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadMessage(f"The message cannot be read: {explained(str(error))}") from None


def encode(message: Down, seq: int) -> bytes:
    """The frame's text, with the number that it has on its connection."""
    message.seq = seq
    return _encode(message)


# --------------------------------------------------------------------------------- docs/wire.md

_CLOSES = (
    (1000, "the call is over, or was refused"),
    (1008, "not signed by us: seen as HTTP 403, before the socket opens"),
    (1011, "an unforeseen fault; the log says where"),
    (1012, "the server stops: what was asked is answered, the rest goes elsewhere"),
    (4400, "a message that cannot be read, a gap in `seq`, 33 turns at once, or silence for 10 s"),
    (4404, "the call is unknown and was not opened with `start`"),
    (4409, "the call is closed, or a newer stream of it has taken over"),
    (4429, "the scenario reads too slowly"),
)
_HEAD = f"""# The stream

Written from `src/halo_voice/api/wire.py` by `halo docs`; change it there.

One WebSocket a call, `/stream`, subprotocol `{PROTOCOL}`, text frames of at most
{FRAME_BYTES_MAX // 1024} KiB, each one JSON object. It is opened with the headers of a signed
request ([http.md](http.md), method `GET`, empty body). Every message has `type` and `seq`: 1, 2, …
on each connection and in each direction. A number that was seen already is dropped; a gap is waited
for, 2 s and 32 messages at most. A type that is not known is ignored.

A turn is identified by call and number, here and over HTTP: asked again, on a new connection or by
`/process_text`, it is continued or repeated, never answered twice.
"""


def wire_page() -> str:
    """docs/wire.md."""
    parts = [_HEAD]
    for title, union in (("From the scenario", Up), ("From the backend", Down)):
        parts.append(f"\n## {title}\n")
        for shape in get_args(union):
            parts.append(_section(shape))
    parts.append("\n## Close codes\n\n| code | when |\n|---|---|\n")
    parts += [f"| {code} | {when} |\n" for code, when in _CLOSES]
    return "".join(parts)


def _section(shape: type[msgspec.Struct]) -> str:
    text = f"\n### `{shape.__struct_config__.tag}`\n\n{shape.__doc__}\n"
    rows = []
    hints = get_type_hints(shape, include_extras=True)
    for each in msgspec.structs.fields(shape):
        if each.name == "seq":
            continue
        required = each.default is msgspec.NODEFAULT
        default = "" if required else f", else {msgspec.json.encode(each.default).decode()}"
        meaning = _meaning(hints[each.name])
        rows.append(f"| `{each.name}` | {_kind(hints[each.name])}{default} | {meaning} |\n")
    if rows:
        text += "\n| field | type | meaning |\n|---|---|---|\n" + "".join(rows)
    return text


def _metas(hint: Any) -> list[msgspec.Meta]:
    found = [m for m in getattr(hint, "__metadata__", ()) if isinstance(m, msgspec.Meta)]
    for inner in get_args(hint)[:1]:
        found += _metas(inner)
    return found


def _meaning(hint: Any) -> str:
    return next((m.description for m in reversed(_metas(hint)) if m.description), "")


def _kind(hint: Any) -> str:
    """A type in words: «integer 1–10000», «string or null»."""
    schema = msgspec.json.schema(hint)
    schema.pop("description", None)
    if "$ref" in schema:
        return "object"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    choices = schema.get("anyOf", [schema])
    return " or ".join("object" if "$ref" in each else _range(each) for each in choices)


def _range(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    longest = schema.get("maxLength")
    bounds = f" {low}–{high}" if low is not None and high is not None else ""
    return schema["type"] + bounds + (f" ≤ {longest}" if longest else "")
