"""One call through scenario and backend on one clock, judged when it is over."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from halo_voice.app import Halo
from halo_voice.core.ports import CallRecord, Outcome, TurnRecord
from halo_voice.core.profile import Texts
from halo_voice.simulator import (
    PROMPT,
    TARDY,
    AsgiNetwork,
    Caller,
    Faults,
    FinishedCall,
    ScriptedCaller,
    When,
)
from halo_voice.simulator.faults import CATALOGUE
from halo_voice.simulator.interruptions import check_heard
from halo_voice.simulator.invariants import breaches
from halo_voice.simulator.trace import PlaybackSpan
from halo_voice.simulator.wire import Message, fields, messages
from tests.conversation import waiting
from tests.halo import HOST, HttpOnly, PacedModel, backend, call_to

ALWAYS = When(probability=1)
EARS = {"prompt": PROMPT, "tardy": TARDY, "no interims": waiting(PROMPT)}
NUMBER = 10**9


@dataclass
class Played:
    """A finished call, what the store has of it, and what its model was asked."""

    call: FinishedCall
    record: CallRecord
    turns: list[TurnRecord]
    model: Any
    texts: Texts

    @property
    def heard(self) -> list[str]:
        """The phrases that the caller heard, in their order."""
        return [span.text for span in self.call.playbacks]

    @property
    def answered(self) -> list[TurnRecord]:
        return [turn for turn in self.turns if turn.outcome is Outcome.ANSWERED]

    def sent(self, kind: str, *, up: bool = True) -> list[Message]:
        """Messages of this type on the stream."""
        return [m for m in messages(self.call.trace) if m.up is up and m.type == kind]

    def by_http(self) -> list[int]:
        """The turns that were asked over HTTP, in their order."""
        bodies = [fields(r.body) for r in self.call.requests if r.url.endswith("/process_text")]
        return [body["turn"] for body in bodies]

    def spans(self, text: str) -> list[PlaybackSpan]:
        return [span for span in self.call.playbacks if span.text == text]

    def misheard(self, words: int = 0) -> list[str]:
        """Invariant 9: answers that are not stored as they were heard, give or take words."""
        kept = [{"turn": t.turn, "reply": t.reply, "heard": t.heard} for t in self.answered]
        return list(map(str, check_heard(self.call, kept, words=words)))


async def play(
    caller: Caller | list,
    *,
    model: Any = None,
    http: bool = False,
    network: Callable[[Halo], Any] | None = None,
    expected: Collection[str] = (),
    seed: int = 3,
    **how: Any,
) -> Played:
    """Plays the call. Faults (`F12=…`) must strike; no invariant may break, but what begins as one
    of `expected`."""
    model = model or PacedModel(0.4)
    faults = {name: how.pop(name) for name in list(how) if name in CATALOGUE}
    how.setdefault("recogniser", PROMPT)
    async with backend(model=model) as halo:
        way = network or (lambda halo: (HttpOnly if http else AsgiNetwork)(halo.web, HOST))
        call = await call_to(halo.web)(
            ScriptedCaller(caller) if isinstance(caller, list) else caller,
            network=way(halo),
            faults=Faults(faults),
            seed=seed,
            session_id=NUMBER,
            real_time=True,
            **how,
        )
        called = halo.switchboard.profiles.of_number(how.get("destination", ""))
        record = await halo.store.find_call(str(NUMBER))
        turns = await halo.store.turns(str(NUMBER))
    for name in faults:
        assert call.struck.get(name), f"{name} never struck"
    judge(call, expected)
    assert record is not None
    assert not record.open
    assert not any(turn.outcome is Outcome.PENDING for turn in turns)
    return Played(call, record, turns, model, called.texts)


def judge(call: FinishedCall, expected: Collection[str] = ()) -> None:
    """No error, no broken invariant, and an end."""
    found = [*call.failures, *map(str, breaches(call))]
    assert [each for each in found if not each.startswith(tuple(expected))] == []
    assert call.finish_reason == "Normal termination"
