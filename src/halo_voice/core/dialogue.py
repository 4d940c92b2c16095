"""The conversation of one call: what was heard comes in, what to do about it goes out.

Theory. A dialogue is a table from events to actions. It owns no time and no connection: whoever
drives it asks the model, keeps the deadlines and writes to the store, and tells it what came of
that. So each rule below can be tried without a call.

    event                     state of the turn          action
    ------------------------  -------------------------  ------------------------------------
    hear(turn, words)         new, number follows        Ask the model
                              new, caller says goodbye   Say the farewell, hang up
                              new, wants no calls of us  Say so, hang up; no model
                              the same, number withheld  Say so, listen; no model
                              new, beyond the limit      Say goodbye, hang up; no model
                              new, in another language   Say so, listen; no model
                              new, asks for a person     Say so, transfer; no model
                              pending, same words        Ask again (a lost process began it)
                              settled, same words        Repeat the stored reply
                              known, other words         TurnConflict
                              unknown, but older         TurnConflict
    answered(phrases)         some                       Say them, listen
                              none                       Say the apology
    torn, endless             phrases are out            offer to go on as the last one
    not meant for us          few in a row               Say that it was not understood, listen
                              as many as may be          Say goodbye, hang up
    cut off(phrases)          heard by the caller        Say: what was given out
                              not heard                  nothing: superseded, or the caller is gone
    foresee(turn, words)      the next turn, for a model Ask, before the caller has ended
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from halo_voice.core import aside
from halo_voice.core.errors import TurnConflict
from halo_voice.core.farewell import says_goodbye
from halo_voice.core.language import language_of
from halo_voice.core.operators import wanted
from halo_voice.core.phrases import Phraser
from halo_voice.core.ports import Action, Message, Outcome, TurnRecord
from halo_voice.core.privacy import same_heard
from halo_voice.core.profile import Profile
from halo_voice.core.refusal import refused, wants_no_calls
from halo_voice.core.speakable import same_words
from halo_voice.core.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the model with these messages."""

    messages: list[Message]


@dataclass(frozen=True, slots=True)
class Say:
    """Say this to the caller, then do `action`. `source` tells who found the words; `cut`: more of
    them was to come."""

    text: str
    outcome: Outcome
    action: Action = "listen"
    source: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Repeat:
    """This turn was settled before: the same reply again."""

    turn: TurnRecord


class Dialogue:
    """One call's conversation. Pure: the same events give the same actions."""

    def __init__(
        self,
        profile: Profile,
        transcript: Transcript | None = None,
        *,
        spoken: Callable[[str], str] = str,
        briefing: Callable[[], str] | None = None,
        transfers: Callable[[], bool] = lambda: False,
        context: str = "",
        caller: str | None = None,
    ) -> None:
        """`spoken` writes numbers and abbreviations out in words; without it they stay. `briefing`:
        what a model is told besides the persona. `transfers`: whether the call may be put through
        now. `context`: what a model is told of whom the company called, "" where it was called.
        `caller`: the number of who called, "" where it is withheld; None: nobody did."""
        self.profile = profile
        self.context = context
        self._caller = caller
        self.transcript = Transcript() if transcript is None else transcript
        self._spoken = spoken
        self._briefing = briefing
        self._transfers = transfers
        self.put_through = False
        """Somebody wants the call put through, and no stream could tell so."""
        self._asked = 0

    @property
    def newest(self) -> int:
        """The highest number heard of, stored or not; 0 before the first turn."""
        return max(self._asked, self.transcript.last)

    def check(self, turn: int, user_text: str) -> TurnRecord | None:
        """The turn's record if it is settled, else None. Raises `TurnConflict`."""
        known = self.transcript.turn(turn)
        if known is None:
            if turn < self.newest:
                raise TurnConflict(
                    f"Turn {turn} comes after turn {self.newest}: number turns upwards."
                )
            return None
        if not same_heard(known.user_text, user_text):
            raise TurnConflict(f"Turn {turn} is stored with other words: send them as a new turn.")
        return None if known.outcome is Outcome.PENDING else known

    def hear(self, turn: int, user_text: str) -> Ask | Say | Repeat:
        """The caller's words as turn `turn`. Raises `TurnConflict`."""
        known = self.check(turn, user_text)
        if known is not None:
            return Repeat(known)
        self._asked = max(self._asked, turn)
        return self.step(turn, user_text)

    def step(self, turn: int, user_text: str) -> Ask | Say:
        """What these words call for, whether or not others were heard as the turn before."""
        if turn > self.profile.limits.turns:
            return Say(self.profile.texts.bye_turns, Outcome.ANSWERED, "hangup", "limit")
        if self._wants_no_calls(user_text):
            if self.context or self._caller:
                return Say(self.profile.texts.no_calls, Outcome.ANSWERED, "hangup", "opted_out")
            return Say(self.profile.texts.no_number, Outcome.ANSWERED, "listen", "no_number")
        if says_goodbye(user_text, self.transcript.reply_before(turn)):
            return Say(self.profile.texts.farewell, Outcome.ANSWERED, "hangup", "farewell")
        language = language_of(user_text)
        if language not in self.profile.languages:
            return self._led_nowhere(self.profile.texts.foreign, f"{aside.FOREIGN}{language}")
        if self._puts_through(user_text):
            return Say(self.profile.texts.transfer, Outcome.ANSWERED, "transfer", "operator")
        return Ask(self.messages(turn, user_text))

    def _wants_no_calls(self, user_text: str) -> bool:
        called_us = self._caller is not None and not self.context
        return (called_us or bool(self.context)) and wants_no_calls(user_text, called_us=called_us)

    def refused(self, late: Sequence[str]) -> bool:
        """Whether somebody whose number is known has asked for no more calls, `late`, too late for
        a turn, included."""
        if not self.context and not self._caller:
            return False
        return refused(self.transcript.turns, late, called_us=not self.context)

    def messages(self, turn: int, user_text: str) -> list[Message]:
        """What a model is told with these words as turn `turn`."""
        briefing = "" if self._briefing is None else self._briefing()
        told = "\n\n".join(filter(None, (self.profile.persona, briefing, self.context)))
        input_chars = self.profile.limits.input_chars
        return self.transcript.messages(told, user_text, before=turn, input_chars=input_chars)

    @property
    def can_transfer(self) -> bool:
        """Whether the call may be put through to somebody."""
        return bool(self.profile.operators) and self._transfers()

    def _puts_through(self, user_text: str) -> bool:
        if not self.can_transfer:
            return False
        return self.put_through or wanted(user_text, self.profile.operators) is not None

    def foresee(self, turn: int, user_text: str) -> Ask | None:
        """What a model would be asked if these were the coming turn's words; None: nothing."""
        step = self.step(turn, user_text) if turn > self.newest and user_text.strip() else None
        return step if isinstance(step, Ask) else None

    def masked(self, turn: int, heard: str) -> str:
        """The words `heard` as turn `turn`, without what the profile masks; as they were masked
        at first where they are known."""
        known, privacy = self.transcript.turn(turn), self.profile.privacy
        masked = heard
        if not privacy.plain(heard):
            masked = privacy.masked(heard, reply=self.transcript.reply_before(turn))
        if known is None or same_words(known.user_text, masked):
            return masked
        return known.user_text if same_heard(known.user_text, heard) else masked

    def foreseeable(self, turn: int, heard: str) -> str:
        """What a model may be shown of words that still change: masked, and nothing as long as
        they may be the beginning of what is masked."""
        privacy = self.profile.privacy
        if privacy.plain(heard):
            return heard
        reply = self.transcript.reply_before(turn)
        masked = privacy.masked(heard, reply=reply)
        return "" if privacy.unfinished(masked, reply=reply) else masked

    def phraser(self, watch: Callable[[str], None] = lambda _: None, *, used: int = 0) -> Phraser:
        """Makes the phrases of one answer; room for the offer to go on is left. `watch` is shown
        each phrase before its numbers are written out. `used`: characters that were given out in
        this turn before."""

        def spoken(text: str) -> str:
            watch(text)
            return self._spoken(text)

        limit = self.profile.limits.phrase_chars
        offer = min(len(self.profile.texts.go_on) + 1, limit // 4)
        return Phraser(limit=max(limit - offer - used, limit // 4), spoken=spoken)

    def go_on(self, phrases: Sequence[str]) -> list[str]:
        """What ends an answer that broke off, or had no end; nothing if there is no room for it."""
        return self.ended(phrases, self.profile.texts.go_on) if phrases else []

    def ended(self, phrases: Sequence[str], text: str) -> list[str]:
        """`text` as the end of an answer, if there is room for it; alone there always is."""
        room = self.profile.limits.phrase_chars - len(" ".join(phrases)) - 1
        return [text] if not phrases or len(text) <= room else []

    def answered(self, phrases: Sequence[str], source: str, *, cut: bool = False) -> Say:
        """The model's phrases, or an apology if there are none. `cut`: it broke off."""
        if not phrases:
            return self.failed()
        return Say(" ".join(phrases), Outcome.ANSWERED, "listen", source, cut)

    def asked_to_repeat(self) -> Say:
        """The model says that the words were not meant for us."""
        return self._led_nowhere(self.profile.texts.repeat, aside.SOURCE)

    def _led_nowhere(self, text: str, source: str) -> Say:
        """`text`, or the goodbye where that many turns in a row led nowhere."""
        if self.transcript.idle + 1 >= self.profile.limits.idle_turns:
            return Say(self.profile.texts.bye_idle, Outcome.ANSWERED, "hangup", source)
        return Say(text, Outcome.ANSWERED, "listen", source)

    def dismissed(self) -> Say:
        """The call is ended from our side, whatever was said last."""
        return Say(self.profile.texts.farewell, Outcome.ANSWERED, "hangup", "dismissed")

    def failed(self) -> Say:
        return Say(self.profile.texts.apology, Outcome.APOLOGISED, "listen", "apology")

    def cut_off(self, phrases: Sequence[str], outcome: Outcome, *, heard: bool) -> Say:
        """Nobody waits for the rest: `outcome` tells why, unless the caller has `heard` some."""
        if heard and phrases:
            return Say(" ".join(phrases), Outcome.ANSWERED)
        return Say("", outcome)
