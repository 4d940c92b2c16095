"""What the dialogue needs from the outside: one protocol per port, with the errors it raises."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from halo_voice.core.admission import Why
from halo_voice.core.attempts import NOTHING_SPENT as NOTHING_SPENT
from halo_voice.core.attempts import Attempted as Attempted
from halo_voice.core.attempts import Fate as Fate
from halo_voice.core.attempts import Spent as Spent
from halo_voice.core.messages import Message as Message
from halo_voice.core.money import Cost, Tokens
from halo_voice.core.tools import ToolLog, ToolState

Action = Literal["listen", "hangup", "transfer"]


class Outcome(StrEnum):
    """What became of an accepted turn (invariant 7). `PENDING` is the only one that can change."""

    PENDING = "pending"
    ANSWERED = "answered"
    APOLOGISED = "apologised"
    SUPERSEDED = "superseded"
    CALLER_GONE = "caller_gone"


@dataclass(frozen=True, slots=True)
class CallStart:
    """A call as it begins. Numbers are as the platform gives them; all may be empty.

    `bucket`: what it shares with other calls of its number (`core.admission`). `refused`: why it
    does not begin; then it is recorded as ended with this reason at once.
    """

    call_id: str
    caller: str = ""
    called: str = ""
    profile: str = ""
    profile_version: str = ""
    scenario_version: str = ""
    direction: Literal["incoming", "outgoing"] = "incoming"
    bucket: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call as the store knows it. Times are UTC, micros millionths of a rouble."""

    call_id: str
    caller: str
    called: str
    profile: str
    profile_version: str
    scenario_version: str
    direction: str
    started_at: datetime
    ended_at: datetime | None = None
    end_reason: str | None = None
    duration_ms: int | None = None
    turns_reported: int | None = None
    late_texts: tuple[str, ...] = ()
    recording_text: str | None = None
    bucket: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    model_micros: int = 0
    asr_micros: int = 0
    tts_micros: int = 0
    line_micros: int = 0

    @property
    def open(self) -> bool:
        return self.ended_at is None

    @property
    def cost(self) -> Cost:
        """What the call cost; nothing as long as it goes on."""
        return Cost(
            self.tokens_in,
            self.tokens_out,
            self.model_micros,
            self.asr_micros,
            self.tts_micros,
            self.line_micros,
        )


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One turn: one row, whatever is retried. `reply` and `action` are set once, with `outcome`.

    `heard`: the beginning of `reply` that the caller heard before interrupting; None: all of it, or
    nothing is known. `revised_text`: what the recogniser made of `user_text` later, "" if nothing.
    `latency`: milliseconds by stage, see `TurnNote`. `text_cut`: the caller said more than
    `user_text` holds. `reply_cut`: the model's answer broke off, or was stopped at the limit. The
    next three are those of `Spent`. Tokens and micros are those that the models took since the turn
    before, what was called off or thrown away included.
    """

    call_id: str
    turn: int
    user_text: str
    confidence: float | None
    accepted_at: datetime
    outcome: Outcome = Outcome.PENDING
    reply: str = ""
    action: Action = "listen"
    source: str = ""
    settled_at: datetime | None = None
    model_ms: int | None = None
    heard: str | None = None
    revised_text: str = ""
    latency: Mapping[str, int] = field(default_factory=dict)
    text_cut: bool = False
    reply_cut: bool = False
    attempts: int = 0
    wasted_chars: int = 0
    wasted_prompt_chars: int = 0

    tokens_in: int = 0
    tokens_out: int = 0
    model_micros: int = 0

    @property
    def cost(self) -> Cost:
        return Cost(self.tokens_in, self.tokens_out, self.model_micros)


@dataclass(frozen=True, slots=True)
class TurnNote:
    """What becomes known of a turn after it was accepted. Only what is given changes the turn.

    Keys of `latency`, all in ms: `asr_ms` caller stopped → turn asked; `first_token_ms` and
    `first_phrase_ms` turn received → the model's first token, the first phrase sent; `voice_ms`
    phrase received by the scenario → audible; `audible_ms` caller stopped → audible.
    """

    call_id: str
    turn: int
    heard: str | None = None
    revised_text: str = ""
    latency: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallEnd:
    """The final report of a call, as the scenario or the reconciler gives it, and its cost.

    `faults`: what failed in the call though it did not end for it, as reasons of an end.
    """

    call_id: str
    reason: str
    duration_ms: int
    turns: int
    late_texts: tuple[str, ...] = field(default=())
    cost: Cost = field(default_factory=Cost)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the company's texts. `score` is 0..1, comparable between questions."""

    text: str
    title: str
    source: str
    score: float


class Knowledge(Protocol):
    """The company's texts of one profile. Never raises: what fits nothing finds nothing."""

    def search(self, question: str, limit: int = 3) -> list[Passage]:
        """The best passages first."""
        ...


class LanguageModel(Protocol):
    """A language model behind one protocol. Raises `ModelError`s only."""

    name: str

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, deadline_s: float
    ) -> AsyncIterator[str]:
        """Yield the answer's text in pieces as they come, never an empty piece.

        A model whose `takes_tools` is true is offered some with one more argument, `tools:
        Offer`, where there are some. Then `Calls` are pieces too.

        `deadline_s` bounds the whole answer, in seconds from the call. Closing the iterator early
        closes the connection. An answer without a single piece raises `ModelBroken`.

        What is returned may have `async def each(take)` beside: it hands every piece to the
        function `take` in the moment it comes, until `take` returns what is true. Of several
        models in one it may have `tried`, those that were asked, and `speaker`, the one of them
        that is heard; each with `name`, `chars` (read of it in vain) and `fate` (None: at work).
        And `spent(given_chars) -> list[Tokens]`: what it took, once it is closed; without that, it
        was free.
        """
        ...

    async def warm_up(self) -> None:
        """Do ahead what the first answer would wait for (connection, token). Never raises."""
        ...

    async def close(self) -> None: ...


class Store(ToolLog, Protocol):
    """Calls and turns. Raises `StoreError`s only. Every method is one transaction.

    What a method acknowledged by returning survives a kill and a power cut. `within_s`: so long,
    in seconds, a write may wait to share the disk's sync with others; `hurry` ends all such waits.
    """

    async def open_call(self, start: CallStart) -> CallRecord:
        """Record the call, or return the one already recorded under this `call_id`."""
        ...

    async def find_call(self, call_id: str) -> CallRecord | None: ...

    async def accept_turn(
        self,
        call_id: str,
        turn: int,
        user_text: str,
        confidence: float | None,
        *,
        text_cut: bool = False,
        within_s: float = 0.0,
    ) -> TurnRecord:
        """Record the caller's words as a pending turn, or return the turn already recorded.

        In a closed call a new turn is `caller_gone` at once; an unknown call raises `StoreError`.
        """
        ...

    async def settle_turn(
        self,
        call_id: str,
        turn: int,
        *,
        outcome: Outcome,
        reply: str,
        action: Action,
        source: str,
        model_ms: int | None = None,
        reply_cut: bool = False,
        spent: Spent = NOTHING_SPENT,
        cost: Cost | None = None,
        within_s: float = 0.0,
    ) -> TurnRecord:
        """Set the outcome of a pending turn; the first one wins and is returned to everybody."""
        ...

    async def note_turn(self, note: TurnNote) -> None:
        """Add to a turn what became known of it; keys of `latency` are merged.

        May be repeated. A call or turn that is unknown is no error: a note is worth none.
        Durable within a second, and after `close`: a kill may lose the last ones.
        """
        ...

    async def turns(self, call_id: str) -> list[TurnRecord]:
        """All turns of the call, in order."""
        ...

    async def end_call(self, end: CallEnd) -> bool:
        """Close the call once. True for the report that closed it; pending turns of it become
        `caller_gone`. False when it was closed already or is unknown."""
        ...

    async def keep_recording_text(self, call_id: str, text: str) -> None: ...

    async def claim_nonce(self, nonce: str, ttl_s: float) -> bool:
        """True the first time within `ttl_s` seconds; expired nonces are forgotten.

        Survives a kill. A power cut may undo the last claims, since the last turn: a sync would
        cost every request more than they are worth.
        """
        ...

    async def recent_calls(self, limit: int) -> list[CallRecord]:
        """The newest calls first."""
        ...

    async def calls_of(self, bucket: str, since: datetime) -> list[CallRecord]:
        """The calls of a bucket that began then or later, newest first, 500 at most; without those
        that were refused."""
        ...

    async def open_calls(self, since: datetime, before: datetime, limit: int) -> list[CallRecord]:
        """The calls that have not ended and began in this span, the oldest first. Raises
        `StoreBusy` while ends wait to be written."""
        ...

    async def spend(self, day: str, writer: str, cost: Cost) -> Cost:
        """Set what `writer` has spent on a day so far; what all writers have.

        Survives a kill. A power cut may undo the last second.
        """
        ...

    async def ping(self) -> None:
        """Raise unless a read and a write are possible now."""
        ...

    def hurry(self) -> None:
        """Somebody waits now: write at once what waits to share. Never raises, never waits."""
        ...

    async def close(self) -> None: ...


class Meter(Protocol):
    """Counts what happens, for whoever watches the running process. Never raises, never waits."""

    def turn_settled(self, outcome: Outcome) -> None: ...

    def latency(self, stages: Mapping[str, int]) -> None:
        """Stages of one turn as they become known: keys of `TurnNote.latency`, ms."""
        ...

    def interrupted(self, *, real: bool) -> None:
        """The caller's sound stopped the voice; `real`: with words, not by a cough."""
        ...

    def speculated(self, *, adopted: bool) -> None:
        """An answer begun before the turn's end was used, or thrown away."""
        ...

    def attempted(self, attempt: Attempted) -> None:
        """One question to one model is over."""
        ...

    def key_pressed(self) -> None: ...

    def reprompted(self) -> None:
        """The caller was silent, or not understood, and was asked again."""
        ...

    def withheld(self, reason: str) -> None:
        """An answer of a model was not given out: a reason of `core.guard.REASONS`."""
        ...

    def tool_ended(self, tool: str, state: ToolState, seconds: float) -> None:
        """A tool has run for so long, or was not run."""
        ...

    def tool_let_go(self, tool: str) -> None:
        """A tool was too slow: its turn went on without it."""
        ...

    def tokens(self, tokens: Tokens) -> None:
        """A question to a model has ended."""
        ...

    def paid(self, cost: Cost) -> None:
        """Money was spent; only the micros count here."""
        ...

    def refused(self, why: Why) -> None:
        """A call was not let in."""
        ...

    def stream_opened(self) -> None: ...

    def stream_closed(self, *, lost: bool) -> None:
        """`lost`: not by the call's end."""
        ...


class Transcriber(Protocol):
    """Speech of a recording to text. Raises `TranscriptionError`."""

    async def transcribe(self, audio: bytes, *, content_type: str, language: str) -> str: ...

    async def close(self) -> None: ...


class RecordingSource(Protocol):
    """Where recordings are fetched from. Raises `RecordingRefused`, `RecordingUnavailable`.

    `check` looks at the text of an address alone."""

    def check(self, url: str) -> None: ...
    async def fetch(self, url: str) -> tuple[bytes, str]:
        """The audio and its content type."""
        ...

    async def close(self) -> None: ...
