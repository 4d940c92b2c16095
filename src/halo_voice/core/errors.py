"""Every fault that crosses a port, each with a stable code and words that say what to do.

HaloError
├── RequestError            the caller of our API is wrong; `status` is the HTTP answer
│   ├── BadRequest          400  cannot be read: not UTF-8, not JSON, wrong shape
│   ├── Unauthorised        401  unsigned, stale, altered or replayed
│   ├── NoSuchPath          404
│   ├── NoSuchMethod        405
│   ├── UnknownCall         404
│   ├── CallClosed          409
│   ├── CallRefused         409  a new call: all lines are busy
│   ├── TurnConflict        409  a number that cannot follow, or other words under a stored one
│   ├── TooSlow             408
│   ├── TooLarge            413
│   └── UnusableText        422  missing, blank or mistyped field
├── Stopping                the process ends before the turn is answered
├── ModelError              the language model gave no usable answer
│   ├── ModelUnreachable    no connection, broken connection
│   ├── ModelTimeout        no first token, a stall, or the whole answer over its limit
│   ├── ModelBusy           429 and 503: may work later
│   ├── ModelRefused        401, 403, 404, 400 …: our configuration is wrong, a retry is useless
│   └── ModelBroken         an answer that is not the protocol, or that is empty
├── StoreError
│   ├── StoreBusy           locked for longer than the busy limit
│   │   └── StoreFull       so much waits for the store that no new call is begun
│   └── StoreUnavailable    gone, full, read-only
├── ToolError               a tool failed, and nothing has happened
│   ├── ToolMisused         its arguments are wrong: the model may try again
│   └── ToolUnsure          whether it happened is not known
├── PlatformError           the platform's Management API could not be asked, or refused
├── RecordingError          a recording after the call
│   ├── RecordingRefused    the address is not one we may fetch
│   └── RecordingUnavailable it could not be fetched
├── TranscriptionError
│   └── TranscriptionRefused another attempt will do no better
└── ConfigurationError      settings, profiles or knowledge: all faults at once
"""

from __future__ import annotations

from collections.abc import Sequence


class HaloError(Exception):
    """The tree's root. `code` is stable and travels to log, console and scenario."""

    code = "halo_error"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])

    @property
    def message(self) -> str:
        return str(self)


class RequestError(HaloError):
    """The request cannot be served as it is."""

    code = "bad_request"
    status = 400


class BadRequest(RequestError):
    """The request cannot be read."""


class Unauthorised(RequestError):
    """The request is not signed with a live key, or its signature is stale, wrong or used."""

    code = "unauthorised"
    status = 401


class NoSuchPath(RequestError):
    """There is nothing at this path: docs/http.md lists the paths."""

    code = "not_found"
    status = 404


class NoSuchMethod(RequestError):
    """This path does not take this method: see docs/http.md."""

    code = "method_not_allowed"
    status = 405


class UnknownCall(RequestError):
    """No call of this call_id is known: start it with POST /call/start first."""

    code = "unknown_call"
    status = 404


class CallClosed(RequestError):
    """The call has ended; nothing can be said in it any more."""

    code = "call_closed"
    status = 409


class NoOperator(RequestError):
    """The call cannot be put through: its profile has no operators, or its scenario is older."""

    code = "no_operator"
    status = 409


class CallRefused(RequestError):
    """The call may not begin: all lines are busy, or its number calls too often.

    `said`: what the caller is to hear before the line is closed.
    """

    code = "call_refused"
    status = 409

    def __init__(self, said: str) -> None:
        super().__init__()
        self.said = said


class TurnConflict(RequestError):
    """The turn does not follow the call's last turn, or its number holds other words."""

    code = "turn_conflict"
    status = 409


class TooSlow(RequestError):
    """The request did not arrive whole in time."""

    code = "too_slow"
    status = 408


class TooLarge(RequestError):
    """The request is larger than the limit."""

    code = "too_large"
    status = 413


class UnusableText(RequestError):
    """A field is missing, blank or of the wrong type."""

    code = "unusable_text"
    status = 422


class Stopping(HaloError):
    """This process is about to stop: ask again, another one answers."""

    code = "stopping"


class ModelError(HaloError):
    """The language model gave no usable answer."""

    code = "model_error"


class ModelUnreachable(ModelError):
    """The model's server cannot be reached: check HALO_MODEL_URL and the network."""

    code = "model_unreachable"


class ModelTimeout(ModelError):
    """The model did not answer within its limit."""

    code = "model_timeout"


class ModelBusy(ModelError):
    """The model's server is overloaded or the quota is used up."""

    code = "model_busy"

    def __init__(self, message: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ModelRefused(ModelError):
    """The model's server refuses the request: check the key, the model's name and the folder."""

    code = "model_refused"

    def __init__(self, message: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class ModelBroken(ModelError):
    """The model's server does not speak the protocol, or its answer is empty or torn."""

    code = "model_broken"


class StoreError(HaloError):
    """The store failed."""

    code = "store_error"


class StoreBusy(StoreError):
    """The store stayed locked for longer than HALO_STORE_BUSY_MS."""

    code = "store_busy"


class StoreFull(StoreBusy):
    """Too much waits for the store: no new call is begun until it is back."""

    code = "store_full"


class StoreUnavailable(StoreError):
    """The store is gone, full or read-only: check HALO_STORE_URL, the disk and its rights."""

    code = "store_unavailable"


class ToolError(HaloError):
    """The tool failed; nothing has happened. The message is for the model."""

    code = "tool_failed"


class ToolMisused(ToolError):
    """The tool's arguments are wrong. The message tells the model which and why."""

    code = "tool_misused"


class ToolUnsure(ToolError):
    """The tool gave no answer: whether it happened is not known."""

    code = "tool_unsure"


class PlatformError(HaloError):
    """The platform's Management API could not be asked, or refused."""

    code = "platform_error"


class RecordingError(HaloError):
    """The recording cannot be used."""

    code = "recording_error"


class RecordingRefused(RecordingError):
    """The recording's address is not on an allowed host: see HALO_RECORDING_HOSTS."""

    code = "recording_refused"


class RecordingUnavailable(RecordingError):
    """The recording could not be fetched."""

    code = "recording_unavailable"


class TranscriptionError(HaloError):
    """The recording could not be transcribed: check HALO_TRANSCRIPTION_URL."""

    code = "transcription_failed"


class TranscriptionRefused(TranscriptionError):
    """The recording will not be transcribed, however often it is tried."""


class ConfigurationError(HaloError):
    """The configuration has faults; each line names its place."""

    code = "configuration"

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)
