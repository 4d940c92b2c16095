"""The rehearsal: one short call through a scenario, so that what its handlers do wrong shows."""

from __future__ import annotations

import asyncio
import json
import re

from halo_voice.simulator.caller import Press, ScriptedCaller
from halo_voice.simulator.lint.finding import Finding, absent
from halo_voice.simulator.network import HttpRequest, HttpResponse, ScriptedNetwork
from halo_voice.simulator.place import FinishedCall, place_call
from halo_voice.simulator.report import Violation

LINES = ("Здравствуйте, сколько стоит доставка?", Press("1"), "Спасибо, до свидания.")
# Enough for a backend that answers with a text. What a scenario makes of another answer is no
# violation of the platform.
REPLY = {"user_text": LINES[0], "ai_text": "Триста рублей.", "text": "Триста рублей."}
LENGTH_MS_MAX = 180_000
UNTAKEN = (
    "no handler answers a call: VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => "
    "e.call.answer())"
)
# What a scenario does with a call that rings, or instead of one, as the trace says it.
_TAKEN = re.compile(r"call:1 (answer|reject|hangup)|calls |terminate")
# Started by an API request and not by a caller.
_STARTED_OTHERWISE = re.compile(
    r"\bAppEvents\s*\.\s*(Started|HttpRequest)\b|\bcall(PSTN|User|SIP)\b"
)


def rehearse(source: str) -> tuple[list[Finding], list[str]]:
    """Findings and notes of one virtual call. Not to be called from a running event loop."""
    call = asyncio.run(
        place_call(
            source + "\n",  # a text of several lines is never taken for a path
            caller=ScriptedCaller(LINES),
            network=ScriptedNetwork(_reply),
            mode="collect",
            throw_ends_session=False,
            max_ms=LENGTH_MS_MAX,
        )
    )
    findings: list[Finding] = []
    notes: list[str] = []
    for violation in call.violations:
        if proven(violation, call):
            findings.append(finding(violation))
        else:
            notes.append(f"rehearsal, line {violation.line}: {violation.message}")
    if not (findings or notes or taken(call) or _STARTED_OTHERWISE.search(source)):
        findings.append(Finding(1, 1, "run-untaken", UNTAKEN))
    return findings, list(dict.fromkeys(notes))


def taken(call: FinishedCall) -> bool:
    """Whether the scenario answered or refused the caller, called somebody, or ended itself."""
    return any(line.who == "scenario" and _TAKEN.match(line.what) for line in call.trace)


def _reply(_request: HttpRequest) -> HttpResponse:
    headers = (("Content-Type", "application/json"),)
    return HttpResponse(200, json.dumps(REPLY).encode(), headers)


def proven(violation: Violation, call: FinishedCall) -> bool:
    """Whether it is the scenario's fault, and not of the rehearsal's backend or our emulation."""
    if violation.kind == "unemulated":
        return False
    if violation.kind in ("throw", "rejection"):
        told = violation.message.startswith(("SyntaxError", "ReferenceError"))
        return told or not call.requests
    return True


def finding(violation: Violation) -> Finding:
    """A violation in the words of the other passes."""
    message = violation.message
    if violation.name and message.endswith((f"{violation.name} does not exist", "is not defined")):
        message = absent(violation.name)
    elif violation.hint and not message.endswith("?"):
        message += f"; did you mean {violation.hint}?"
    return Finding(violation.line or 1, violation.column or 1, f"run-{violation.kind}", message)
