"""One live call: each turn asked once, stored once, answered in time, on whatever way it came."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

import structlog

from halo_voice.calls.account import Account
from halo_voice.calls.foresight import Foresight
from halo_voice.calls.handovers import Handovers
from halo_voice.calls.listener import Listener, Uncounted
from halo_voice.calls.notes import Notes
from halo_voice.calls.playback import Playback
from halo_voice.calls.turn import STORE_MARGIN_S, Heard, Turn
from halo_voice.calls.words import Words
from halo_voice.core.dialogue import Ask, Dialogue, Say
from halo_voice.core.errors import CallClosed, StoreError, TurnConflict
from halo_voice.core.likeness import close_enough
from halo_voice.core.patience import patience_ms
from halo_voice.core.ports import Meter, Outcome, Store, TurnRecord
from halo_voice.core.privacy import same_heard
from halo_voice.core.speakable import same_words

FORESEEN_S = 5.0
"""So much longer than a turn an answer may take that is begun before the turn, in seconds."""

_log = structlog.get_logger(__name__)


class Call:
    """A call in progress. Its truth is in the store; this is what the next turn needs at hand."""

    handovers: Handovers

    def __init__(
        self,
        call_id: str,
        dialogue: Dialogue,
        *,
        words: Words,
        store: Store,
        meter: Meter | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.call_id = call_id
        self.dialogue = dialogue
        self.used_at = self._loop.time()
        self.words = words
        self._store = store
        self._meter = meter or Uncounted()
        self._turns: dict[int, Turn] = {}  # those that are being answered
        self._notes = Notes(call_id, store)
        self._playback = Playback(call_id, self._notes.write)
        longest_s = dialogue.profile.limits.turn_ms / 1000 + FORESEEN_S
        # Neither knows the call: a call that is over needs no collector.
        self._foresight = Foresight(
            dialogue.foresee,
            partial(words.begin_within, dialogue, longest_s),
            words.foresee,
            limit=dialogue.profile.limits.speculations,
            meter=self._meter,
        )
        self.listener: Listener | None = None
        self._alone = asyncio.Event()  # no stream listens
        self._alone.set()
        self._streamed: tuple[int, Listener | None] = (0, None)  # the last answer given on a stream
        self._patience_ms = 0
        self._gone = self._ending = False

    @property
    def busy(self) -> bool:
        return bool(self._turns) or self.listener is not None

    @property
    def ending(self) -> bool:
        """The call is to be hung up: whoever speaks to the caller next has to be told."""
        return self._ending

    # -------------------------------------------------------------------------- who listens

    def attach(self, listener: Listener) -> None:
        """`listener` is the call's stream from now on; an older one has to leave."""
        self.used_at = self._loop.time()
        before, self.listener = self.listener, listener
        self._alone.clear()
        if before is not None:
            before.leave(closed=False)

    def detach(self, listener: Listener) -> None:
        """The stream is gone. A turn that is being answered goes on: it is asked for elsewhere."""
        if self.listener is listener:
            self.listener = None
            self._alone.set()
            self._foresight.drop()
        if self._streamed[1] is listener:
            self._streamed = (0, None)  # a stream that is known to nobody is freed at once

    # -------------------------------------------------------------------------------- turns

    async def take(self, heard: Heard, listener: Listener | None = None) -> TurnRecord:
        """As `ask`, to the answer's end. Raises `TurnConflict`, `CallClosed`, `StoreError`."""
        return await asyncio.shield(self.ask(heard, listener))

    def ask(self, heard: Heard, listener: Listener | None = None) -> asyncio.Task[TurnRecord]:
        """Answer a turn; `listener` gets its phrases as they come.

        Whoever asks for a turn that is being answered waits for the same answer; one that is
        settled is repeated. A newer turn stops an older one. Raises `TurnConflict`, `CallClosed`;
        so does the task, and `StoreError`. Nobody but the call may cancel it.
        """
        if self._gone:
            raise CallClosed
        self.used_at = self._loop.time()
        turn = self._turns.get(heard.turn)
        known = turn is not None
        if turn is None:
            turn = Turn(heard, self._store.hurry, Account(self._meter))
        elif not same_words(turn.heard.user_text, heard.user_text):
            raise TurnConflict
        if listener is not None:
            turn.join(listener, heard.have)
        if not known:
            self._begin(turn)
        return turn.answering

    def _begin(self, turn: Turn) -> None:
        """Think at once, unless something of the call has to be read first."""
        behind = self.dialogue.transcript.lacks(turn.number, asked=self._turns)
        words = None if behind else self._think_of(turn)
        self._turns[turn.number] = turn
        turn.answering = self._loop.create_task(self._answer(turn, words))
        turn.answering.add_done_callback(lambda done: self._over(turn, done))

    def phrases(self, number: int) -> int | None:
        """How many phrases a turn's reply has; None where another process made them."""
        known = self._playback.phrases(number)
        return None if known is None else len(known)

    async def _answer(self, turn: Turn, words: str | None) -> TurnRecord:
        """`words`: as they are to be written down; None: nothing was thought of them yet."""
        if words is None:
            await self._catch_up()
            words = self._think_of(turn)
        record = turn.record or await self._write_down(turn, words)
        if record.outcome is Outcome.CALLER_GONE:
            raise CallClosed
        return record

    def _think_of(self, turn: Turn) -> str:
        """Begin the answer, or repeat one that is known. Returns the words as they may be kept."""
        known = self.dialogue.check(turn.number, turn.words)
        if known is not None:
            turn.repeat(known, self._playback.phrases(turn.number))
            return turn.words
        self._supersede(before=turn.number)
        turn.words = words = self.dialogue.masked(turn.number, turn.heard.user_text)
        self._think(turn)
        return words

    async def _write_down(self, turn: Turn, words: str) -> TurnRecord:
        """The turn and, once it is decided, its answer."""
        # A model that does not keep its deadline is stopped in time for the store.
        late = self._loop.call_at(turn.due + STORE_MARGIN_S / 2, self._stop_late, turn)
        try:
            # The words are written down while the model already thinks.
            record = await turn.accepted_by(self._store, self.call_id, words)
            if not same_heard(record.user_text, turn.heard.user_text):
                raise TurnConflict
            if record.outcome is not Outcome.PENDING:  # another process was first
                self.dialogue.transcript.keep(record)
                turn.repeat(record, None)
                return record
            turn.open(record)
            say = await turn.decided
            return await self._settle(turn, record, say)
        finally:
            late.cancel()
            turn.drop()
            turn.settle()

    async def _catch_up(self) -> None:
        """Turns went to another process, or the store was away: by now it may know of them."""
        with suppress(StoreError):
            await self.words.reload_tools()
            self.dialogue.transcript.learn(await self._store.turns(self.call_id))

    def _think(self, turn: Turn) -> None:
        """Begin the answer, or take the one that was begun already."""
        step = self.dialogue.hear(turn.number, turn.words)
        if self._ending:
            step = self.dialogue.dismissed()
        self._patience_ms = 0
        if isinstance(step, Ask):
            begun = self._foresight.adopt(turn.number, turn.words, step.messages)
            turn.account = self._foresight.account()
            turn.write(begun or self.words.begin(self.dialogue, step.messages, turn.due))
        else:
            self._foresight.drop()
            turn.account = self._foresight.account()
            turn.say(step if isinstance(step, Say) else self.dialogue.failed())

    def _supersede(self, *, before: int) -> None:
        """A newer turn is here: the older ones end as they are."""
        for turn in self._turns.values():
            if turn.number < before:
                self._cut_off(turn, Outcome.SUPERSEDED)
        self._note_unheard()
        self._playback.flush()

    def _note_unheard(self) -> None:
        """The last answer given on the stream never began: the stream would have told."""
        number, listener = self._streamed
        told = listener is not None and listener is self.listener
        if told and not self._playback.audible(number):
            self.note(number, "", {})
        self._streamed = (0, None)

    def _stop_late(self, turn: Turn) -> None:
        if turn.decided.done():
            return
        _log.warning("answer_late", call_id=self.call_id)
        turn.end(self.dialogue)

    def _cut_off(self, turn: Turn, outcome: Outcome) -> None:
        """Nobody waits for the rest. `outcome`: if nothing of it was heard."""
        turn.cut_off(self.dialogue, outcome, heard=self._playback.audible(turn.number))
        if turn.record is not None and (say := turn.outcome) is not None:
            self._keep(turn.record, say)

    def _keep(self, record: TurnRecord, say: Say) -> None:
        """What the next turn has to know, though it is not stored yet."""
        kept = replace(record, outcome=say.outcome, reply=say.text, action=say.action)
        self.dialogue.transcript.keep(self._playback.told(kept))

    async def _settle(self, turn: Turn, record: TurnRecord, say: Say) -> TurnRecord:
        if say.outcome is Outcome.APOLOGISED:
            _log.warning("turn_unanswered", call_id=self.call_id)
        self._keep(record, say)
        turn.settle(say)
        try:
            cost = self.words.purse.since_last_turn()
            settled = await turn.settled_by(self._store, self.call_id, say, cost)
        except StoreError:
            self.dialogue.transcript.keep(record)
            raise
        latency = turn.stages()
        self._meter.turn_settled(settled.outcome)
        self._meter.latency(latency)
        ours = settled.reply == say.text
        phrases = tuple(turn.phrases) if ours and say.text else () if ours else None
        settled = self._playback.settled(settled, phrases, latency)
        self.dialogue.transcript.keep(settled)
        self._patience_ms = patience_ms(settled.reply)
        if settled.outcome is not Outcome.SUPERSEDED:
            self._streamed = (turn.number, turn.listener)
        return settled

    def _over(self, turn: Turn, answering: asyncio.Task[TurnRecord]) -> None:
        if self._turns.get(turn.number) is turn:
            del self._turns[turn.number]
        if not answering.cancelled():
            answering.exception()  # told to whoever still waits; nobody may

    # ------------------------------------------------------------- before and after the turn

    def foresee(self, number: int, text: str, *, quiet: bool) -> None:
        """The coming turn sounds like this so far; `quiet`: the line is silent now."""
        if self._gone or number <= (newest := self.dialogue.newest):
            return
        if all(turn.decided.done() for turn in self._turns.values()):  # nobody thinks
            self._foresight.see(number, self.dialogue.foreseeable(number, text), quiet=quiet)
        before = self.dialogue.transcript.turn(newest)
        patience = patience_ms(before.reply if before else "", text)
        if patience != self._patience_ms and self.listener is not None:
            self._patience_ms = patience
            self.listener.listen(number, patience)

    def revise(self, number: int, text: str) -> None:
        """The recogniser has understood a turn otherwise, after it was asked.

        The answer is made anew if the words are others and nothing of it was heard yet.
        """
        turn = self._turns.get(number)
        known = self.dialogue.transcript.turn(number)
        text = self.dialogue.masked(number, text)
        before = turn.words if turn is not None else known.user_text if known is not None else text
        if text == before or not text.strip():
            return
        self._playback.revised(number, text)
        if known is not None:
            self.dialogue.transcript.keep(self._playback.told(known))
        if turn is None or turn.draft is None or turn.decided.done():
            return
        alike = same_words(before, text) or close_enough(before, text)
        turn.words = text
        if not alike and not self._playback.audible(number):
            self._answer_anew(turn)

    def _answer_anew(self, turn: Turn) -> None:
        step = self.dialogue.step(turn.number, turn.words)
        if isinstance(step, Ask):
            turn.write(self.words.begin(self.dialogue, step.messages, turn.due))
        else:
            turn.take_back()
            turn.say(step)

    # ------------------------------------------------------------------------ what was heard

    def phrase_started(self, number: int, phrase: int, latency: Mapping[str, int]) -> None:
        """The caller hears it. `latency`: `voice_ms`, `audible_ms` where known."""
        self._playback.started(number, phrase, latency)
        if phrase == 1:
            self._meter.latency(latency)

    def phrase_finished(self, number: int, phrase: int) -> None:
        self._playback.finished(number, phrase)

    def phrase_interrupted(self, number: int, phrase: int, heard: str) -> None:
        """The caller cut it after `heard`; nothing of the turn is heard after that."""
        self._meter.interrupted(real=True)
        turn = self._turns.get(number)
        given = list(turn.phrases) if turn is not None and turn.record is not None else None
        known = self.dialogue.transcript.turn(number)
        reply = known.reply if known is not None else ""
        self._playback.interrupted(number, phrase, heard, given, reply)
        if turn is not None:
            self._cut_off(turn, Outcome.SUPERSEDED)
        self._tell(number)

    def note(self, number: int, heard: str | None, latency: Mapping[str, int]) -> None:
        """What the scenario tells of an earlier turn with a newer one, or with the call's end: of
        one that is being answered, only that nothing was heard.
        """
        known = self.dialogue.transcript.turn(number)
        if known is None and number not in self._turns:
            return
        reply = known.reply if known is not None else ""
        if heard is not None and not reply.startswith(heard):
            heard = None  # what is stored as heard is a beginning of what was said
        self._playback.noted(number, heard, latency)
        self._meter.latency(latency)
        self._tell(number)

    def _tell(self, number: int) -> None:
        """The history has what was heard of a turn."""
        known = self.dialogue.transcript.turn(number)
        if known is not None:
            self.dialogue.transcript.keep(self._playback.told(known))

    # ------------------------------------------------------------------------------- the end

    def hang_up(self) -> bool:
        """End the call from here. False if nobody listens now: then a next turn or stream does."""
        self._ending = True
        if self.listener is not None:
            self.listener.hang_up()
        return self.listener is not None

    def gone(self) -> None:
        """The caller is gone: no model speaks to nobody."""
        self._gone = True
        self._foresight.drop()
        for turn in list(self._turns.values()):
            self._cut_off(turn, Outcome.CALLER_GONE)
        self._note_unheard()
        self._playback.flush(ended=True)

    async def finish(self) -> None:
        """Let turns and notes be written. The call is over, or goes on elsewhere."""
        self._foresight.drop()
        answering = [turn.answering for turn in self._turns.values()]
        await asyncio.gather(*answering, return_exceptions=True)
        await self.words.finish()
        self._playback.flush()
        await self._notes.written()

    def close(self) -> None:
        """The call is over: its stream has to leave."""
        self.gone()
        if self.listener is not None:
            self.listener.leave(closed=True)

    def abandon(self) -> None:
        """Answer nothing any more: what is not settled is asked again, here or elsewhere."""
        for turn in self._turns.values():
            turn.answering.cancel()

    async def drain(self) -> None:
        """The process is about to stop: let what was asked be answered, and the stream go."""
        if self.listener is not None:
            self.listener.drain()
        await self.finish()
        await self._alone.wait()
