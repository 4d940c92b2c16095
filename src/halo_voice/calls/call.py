"""One live call: its turns one after the other, each asked once, stored once, answered in time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import structlog

from halo_voice.calls.words import Words
from halo_voice.core.dialogue import Ask, Dialogue, Repeat, Say
from halo_voice.core.errors import CallClosed, TurnConflict
from halo_voice.core.ports import Outcome, Store, TurnRecord
from halo_voice.core.speakable import same_words
from halo_voice.core.transcript import Transcript

STORE_MARGIN_S = 0.3
"""Of a turn's time, so much is kept for writing the reply down and sending it, in seconds."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """The caller's words as they came in. `deadline_s`: seconds until the reply must be there."""

    turn: int
    user_text: str
    confidence: float | None
    deadline_s: float


class Call:
    """A call in progress. Its truth is in the store; this is what the next turn needs at hand."""

    def __init__(
        self,
        call_id: str,
        dialogue: Dialogue,
        *,
        words: Words,
        store: Store,
    ) -> None:
        self.call_id = call_id
        self.dialogue = dialogue
        self.used_at = time.monotonic()
        self._words = words
        self._store = store
        self._order = asyncio.Lock()

    @property
    def busy(self) -> bool:
        return self._order.locked()

    async def take(self, heard: Heard) -> TurnRecord:
        """Answer a turn. Turns of one call are taken one after the other, in order of arrival.

        A repeated turn gets the stored reply. Raises `TurnConflict`, `CallClosed`, `StoreError`.
        """
        due = time.monotonic() + heard.deadline_s - STORE_MARGIN_S
        async with self._order:
            self.used_at = time.monotonic()
            await self._catch_up(heard.turn)
            step = self.dialogue.hear(heard.turn, heard.user_text)
            if isinstance(step, Repeat):
                return self._open(step.turn)
            # The words are written down while the model already thinks.
            accepting = asyncio.create_task(
                self._store.accept_turn(self.call_id, heard.turn, heard.user_text, heard.confidence)
            )
            try:
                say, model_ms = await self._find_words(step, due)
            finally:
                accepted = await accepting
            settled = await self._settle(heard, accepted, say, model_ms)
            self.dialogue.transcript.keep(settled)
            return self._open(settled)

    def _open(self, turn: TurnRecord) -> TurnRecord:
        if turn.outcome is Outcome.CALLER_GONE:
            raise CallClosed
        return turn

    async def _catch_up(self, turn: int) -> None:
        """Turns in between went to another process, or were lost on their way: the store knows."""
        if turn > self.dialogue.transcript.last + 1:
            self.dialogue.transcript = Transcript.of(await self._store.turns(self.call_id))

    async def _find_words(self, step: Ask | Say, due: float) -> tuple[Say, int | None]:
        if isinstance(step, Say):
            return step, None
        started = time.monotonic()
        say = await self._words.find(self.dialogue, step.messages, due - started)
        if say.outcome is Outcome.APOLOGISED:
            _log.warning("turn_unanswered", call_id=self.call_id)
        return say, round((time.monotonic() - started) * 1000)

    async def _settle(
        self, heard: Heard, accepted: TurnRecord, say: Say, model_ms: int | None
    ) -> TurnRecord:
        if not same_words(accepted.user_text, heard.user_text):
            raise TurnConflict
        if accepted.outcome is not Outcome.PENDING:
            return accepted  # another process was first
        return await self._store.settle_turn(
            self.call_id,
            accepted.turn,
            outcome=say.outcome,
            reply=say.text,
            action=say.action,
            source=say.source,
            model_ms=model_ms,
        )
