"""One turn while it is being answered: what was given out, who listens, what was decided."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from halo_voice.calls.account import Account
from halo_voice.calls.draft import Commitment, Draft
from halo_voice.calls.listener import Listener
from halo_voice.core.dialogue import Dialogue, Say
from halo_voice.core.money import Cost
from halo_voice.core.ports import Fate, Outcome, Store, TurnRecord

STORE_MARGIN_S = 0.3
"""Of a turn's time, so much is kept for writing the reply down and sending it, in seconds."""

ACCEPT_WITHIN_S = 0.1
SETTLE_WITHIN_S = 0.1
"""So long, in seconds, writing down may wait for others while no ear waits for it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The caller's words as they came in. `deadline_s`: seconds until the reply must be there.

    `have`: phrases of the answer that arrived already, before a connection broke. `asr_ms`: from
    the caller's last sound to the question. `cut`: the caller said more than `user_text` holds.
    """

    turn: int
    user_text: str
    confidence: float | None
    deadline_s: float
    have: int = 0
    asr_ms: int | None = None
    cut: bool = False


class Turn:
    """The answer of one turn on its way to whoever waits for it.

    Phrases are given out only when the turn is written down: `open`; once there is one, `hurry`
    is called until then. `decided` is set once, with
    what the turn's outcome will be.
    """

    answering: asyncio.Task[TurnRecord]

    def __init__(self, heard: Heard, hurry: Callable[[], None], account: Account) -> None:
        loop = asyncio.get_running_loop()
        self.heard = heard
        self.number = heard.turn
        self.received = loop.time()
        self.words = heard.user_text  # what the answer is to: a late final may change it
        self.record: TurnRecord | None = None
        self.draft: Draft | None = None
        self.phrases: list[str] = []
        self.first_phrase_at: float | None = None
        self.decided: asyncio.Future[Say] = loop.create_future()
        self.listener: Listener | None = None
        self.account = account
        self._have = 0
        self._given = 0
        self._hurry = hurry
        self._loop = loop

    @property
    def due(self) -> float:
        """The answer must be whole by then, on the event loop's clock."""
        return self.received + self.heard.deadline_s - STORE_MARGIN_S

    async def accepted_by(self, store: Store, call_id: str, words: str) -> TurnRecord:
        """Write the turn down, with these words. Raises `StoreError`."""
        return await store.accept_turn(
            call_id,
            self.number,
            words,
            self.heard.confidence,
            text_cut=self.heard.cut,
            # As long as there is nothing to say yet, it need not be written down at once.
            within_s=0.0 if self.phrases else ACCEPT_WITHIN_S,
        )

    async def settled_by(self, store: Store, call_id: str, say: Say, cost: Cost) -> TurnRecord:
        """Write down what became of the turn. Raises `StoreError`."""
        return await store.settle_turn(
            call_id,
            self.number,
            outcome=say.outcome,
            reply=say.text,
            action=say.action,
            source=say.source,
            model_ms=None if self.draft is None else self.since(self._loop.time()),
            reply_cut=say.cut,
            spent=self.account.spent,
            cost=cost,
            # The listener to a stream hears phrases meanwhile; otherwise the reply waits for it.
            within_s=0.0 if self.listener is None else SETTLE_WITHIN_S,
        )

    def join(self, listener: Listener, have: int) -> None:
        """From now on `listener` gets the phrases, after the `have` that it has."""
        self.listener, self._have = listener, have
        if self.record is not None:
            listener.accepted(self.number)
            self._resume(known=have <= len(self.phrases))

    def open(self, record: TurnRecord) -> None:
        """The turn is written down: its phrases may be heard, its tools may run."""
        self.record = record
        self._commit()
        if self.listener is not None:
            self.listener.accepted(self.number)
            self._resume(known=not self._have)  # what it has was made by a process that is gone
        else:
            self._give()

    def repeat(self, record: TurnRecord, phrases: Sequence[str] | None) -> None:
        """The turn was settled before; its phrases are given again if they are known."""
        self.drop()
        self.settle()
        self.draft, self.phrases, self.record = None, list(phrases or ()), record
        if self.listener is not None:
            self.listener.accepted(self.number)
            self._resume(known=True)

    def write(self, draft: Draft) -> None:
        """The answer comes from this draft. Another one before it is dropped, and taken back."""
        self.take_back()
        self.draft, self.phrases = draft, draft.phrases
        draft.on_phrase = self._give
        draft.writing.add_done_callback(self._written)
        self._commit()
        self._give()

    def _commit(self) -> None:
        if self.record is not None and self.draft is not None and self.draft.awaits is not None:
            self.draft.commit(
                Commitment(self.number, self.received, self.due, lambda: self.listener is not None)
            )

    def take_back(self) -> None:
        """Nothing of what was given out counts any more."""
        self.drop()
        self.settle()
        if self._given and self.listener is not None:
            self.listener.clear(self.number)
        self._given = 0

    def say(self, say: Say) -> None:
        """The answer is known without a model."""
        self.drop()
        self.phrases = [say.text] if say.text else []
        self.decide(say)
        self._give()

    def decide(self, say: Say) -> None:
        """This is what becomes of the turn; the first decision holds, the model is stopped."""
        if not self.decided.done():
            self.decided.set_result(say)
        self.drop()

    def end(self, dialogue: Dialogue) -> None:
        """The time is up: what there is has to do."""
        offer = dialogue.go_on(self.phrases)
        self.drop()
        if self.draft is not None:
            self.add(offer)
        if self.phrases:
            self.decide(dialogue.answered(self.phrases, "late", cut=True))
        else:
            self.say(dialogue.failed())

    def cut_off(self, dialogue: Dialogue, outcome: Outcome, *, heard: bool) -> None:
        """Nobody waits for the rest. `heard`: something of it was; `outcome`: otherwise."""
        if not self.decided.done():
            given = self.phrases if self.record is not None else []
            self.decide(dialogue.cut_off(given, outcome, heard=heard))

    @property
    def outcome(self) -> Say | None:
        """What was decided; None as long as nothing is."""
        done = self.decided.done() and not self.decided.cancelled()
        return self.decided.result() if done and self.decided.exception() is None else None

    def settle(self, say: Say | None = None) -> None:
        """What was asked of models is over, and became `say`, if anything."""
        said, undecided = "", Fate.UNWANTED
        if say is not None and say.outcome is Outcome.APOLOGISED:
            undecided = Fate.SILENT
        elif say is not None:
            said, undecided = say.text, Fate.ENDLESS if say.cut else Fate.UNWANTED
        if self.draft is not None:
            self.account.add(self.draft.settle(), said, undecided=undecided)

    def since(self, then: float) -> int:
        """Milliseconds from the turn's arrival; an answer begun ahead of it took none."""
        return max(0, round((then - self.received) * 1000))

    def stages(self) -> dict[str, int]:
        """How long what took, in ms: the keys of `TurnNote.latency`."""
        token_at = None if self.draft is None else self.draft.first_token_at
        phrase_at = self.first_phrase_at
        known = {
            "asr_ms": self.heard.asr_ms,
            "first_token_ms": None if token_at is None else self.since(token_at),
            "first_phrase_ms": None if phrase_at is None else self.since(phrase_at),
        }
        return {name: value for name, value in known.items() if value is not None}

    def add(self, phrases: Sequence[str]) -> None:
        """More phrases, after those of the draft."""
        self.phrases += phrases
        self._give()

    def drop(self) -> None:
        if self.draft is not None:
            self.draft.drop()

    def _written(self, writing: asyncio.Task[Say]) -> None:
        if self.draft is None or writing is not self.draft.writing or self.decided.done():
            return
        if writing.cancelled():
            self.decided.cancel()
        elif (error := writing.exception()) is not None:
            self.decided.set_exception(error)
        else:
            self.decided.set_result(writing.result())

    def _resume(self, *, known: bool) -> None:
        """Go on after what the listener has; if that was another answer, it is taken back."""
        self._given = min(self._have, len(self.phrases)) if known else 0
        if not known and self.listener is not None:
            self.listener.clear(self.number)
        self._give()

    def _give(self) -> None:
        """Give out what is certain and was not given yet."""
        if self.record is None:
            if self.phrases:
                self._hurry()
            return
        if self.first_phrase_at is None and self.phrases:
            self.first_phrase_at = self._loop.time()
        if self.listener is None:
            return
        while self._given < len(self.phrases):
            self._given += 1
            self.listener.say(self.number, self._given, self.phrases[self._given - 1])
