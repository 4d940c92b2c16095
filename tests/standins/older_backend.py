"""A backend of before: today's, without what its interface has learnt since.

What version 1.0 of the interface knew is written down here, field by field: other fields of a
request it overlooked, other fields of a reply it had not. It had no stream.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from halo_voice.simulator import AsgiNetwork, HttpRequest, HttpResponse, NetworkError
from halo_voice.simulator.network import SocketRequest

ASKED = {
    "/call/start": {"call_id", "caller", "called", "scenario_version"},
    "/process_text": {"call_id", "turn", "user_text", "confidence", "deadline_ms", "start"},
    "/call/end": {"call_id", "reason", "duration_ms", "turns", "late", "start"},
    "/process_audio": {"call_id", "url", "answer"},
}
ANSWERED = {
    "/call/start": {"call_id", "profile"},
    "/process_text": {"user_text", "ai_text", "turn", "action", "outcome"},
    "/call/end": {"call_id", "stored"},
    "/process_audio": {"call_id", "user_text", "ai_text"},
}
PROFILE = {
    "name": None,
    "version": None,
    "asr": {"profile", "model", "interim", "single_utterance", "confidence_scale", "phrase_hints"},
    "voice": None,
    "progressive": None,
    "texts": {
        *("greeting", "filler", "repeat", "apology", "reprompts"),
        *("bye_turns", "bye_silence", "bye_failure", "bye_time"),
    },
    "audio": {"apology", "goodbye"},
    "limits": {
        *("turns", "reprompts", "apologies", "confidence", "phrase_chars", "call_ms"),
        *("no_speech_ms", "capture_ms", "utterance_ms", "result_ms", "filler_ms", "turn_ms"),
        *("connect_ms", "playback_start_ms", "playback_grace_ms", "goodbye_ms"),
    },
    "recording": {"enabled", "stereo"},
}
REASONS = {
    *("caller_hung_up", "turn_limit", "no_input", "backend_down", "time_limit"),
    *("assistant_hung_up", "not_connected", "recogniser_down", "voice_down", "scenario_error"),
    "terminated",
}


class OlderBackend(AsgiNetwork):
    """The app behind the interface of then. `faults`: what a request of now would have broken."""

    def __init__(self, app: Any, host: str) -> None:
        super().__init__(app, host)
        self.faults: list[str] = []

    async def connect(self, request: SocketRequest) -> Any:
        raise NetworkError(-6)  # 403: there was nothing at this path

    async def request(self, request: HttpRequest) -> HttpResponse:
        path = "/" + request.url.split("/", 3)[3]
        if path not in ASKED:
            return HttpResponse(404, b'{"code": "not_found", "message": ""}')
        body = json.loads(request.body)
        if body.get("reason", "terminated") not in REASONS:
            self.faults.append(f"reason {body['reason']}")
            return HttpResponse(422, b'{"code": "unusable_text", "message": ""}')
        known = {name: value for name, value in body.items() if name in ASKED[path]}
        answer = await super().request(replace(request, body=json.dumps(known).encode()))
        if answer.status != 200:
            return answer
        told = {k: v for k, v in json.loads(answer.body).items() if k in ANSWERED[path]}
        if "profile" in told:
            told["profile"] = profile_of_then(told["profile"])
        return replace(answer, body=json.dumps(told).encode())


def profile_of_then(profile: dict[str, Any]) -> dict[str, Any]:
    """The parts that a profile had."""
    return {
        name: value if PROFILE[name] is None else {k: v for k, v in value.items() if k in known}
        for name, value in profile.items()
        if name in PROFILE
        for known in (PROFILE[name] or (),)
    }
