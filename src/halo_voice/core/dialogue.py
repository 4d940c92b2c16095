"""The conversation of one call: what was heard comes in, what to do about it goes out.

Theory. A dialogue is a table from events to actions. It owns no time and no connection: whoever
drives it asks the model, keeps the deadlines and writes to the store, and tells it what came of
that. So each rule below can be tried without a call.

    event                     state of the turn          action
    ------------------------  -------------------------  ------------------------------------
    hear(turn, words)         new, number follows        Ask the model
                              new, caller says goodbye   Say the farewell, hang up
                              new, beyond the limit      Say goodbye, hang up; no model
                              pending, same words        Ask again (a lost process began it)
                              settled, same words        Repeat the stored reply
                              known, other words         TurnConflict
                              unknown, but older         TurnConflict
    answered(phrases)         some                       Say them, listen
                              none                       Say the apology
    torn, endless             phrases are out            offer to go on as the last one
    cut off(phrases)          heard by the caller        Say: what was given out
                              not heard                  nothing: superseded, or the caller is gone
    foresee(turn, words)      the next turn, for a model Ask, before the caller has ended
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from halo_voice.core.errors import TurnConflict
from halo_voice.core.farewell import says_goodbye
from halo_voice.core.phrases import Phraser
from halo_voice.core.ports import Action, Message, Outcome, TurnRecord
from halo_voice.core.profile import Profile
from halo_voice.core.speakable import same_words
from halo_voice.core.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the model with these messages."""

    messages: list[Message]


@dataclass(frozen=True, slots=True)
class Say:
    """Say this to the caller, then do `action`. `source` tells who found the words."""

    text: str
    outcome: Outcome
    action: Action = "listen"
    source: str = ""


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
    ) -> None:
        """`spoken` writes numbers and abbreviations out in words; without it they stay."""
        self.profile = profile
        self.transcript = transcript or Transcript()
        self._spoken = spoken
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
        if not same_words(known.user_text, user_text):
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
        if says_goodbye(user_text):
            return Say(self.profile.texts.farewell, Outcome.ANSWERED, "hangup", "farewell")
        return Ask(self.transcript.messages(self.profile.persona, user_text, before=turn))

    def foresee(self, turn: int, user_text: str) -> Ask | None:
        """What a model would be asked if these were the coming turn's words; None: nothing."""
        step = self.step(turn, user_text) if turn > self.newest and user_text.strip() else None
        return step if isinstance(step, Ask) else None

    def phraser(self) -> Phraser:
        """Makes the phrases of one answer; room for the offer to go on is left."""
        limit = self.profile.limits.phrase_chars
        offer = min(len(self.profile.texts.go_on) + 1, limit // 4)
        return Phraser(limit=limit - offer, spoken=self._spoken)

    def go_on(self, phrases: Sequence[str]) -> list[str]:
        """What ends an answer that broke off, or had no end; nothing if there is no room for it."""
        offer = self.profile.texts.go_on
        room = self.profile.limits.phrase_chars - len(" ".join(phrases)) - 1
        return [offer] if phrases and len(offer) <= room else []

    def answered(self, phrases: Sequence[str], source: str) -> Say:
        """The model's phrases, or an apology if there are none."""
        if not phrases:
            return self.failed()
        return Say(" ".join(phrases), Outcome.ANSWERED, "listen", source)

    def failed(self) -> Say:
        return Say(self.profile.texts.apology, Outcome.APOLOGISED, "listen", "apology")

    def cut_off(self, phrases: Sequence[str], outcome: Outcome, *, heard: bool) -> Say:
        """Nobody waits for the rest: `outcome` tells why, unless the caller has `heard` some."""
        if heard and phrases:
            return Say(" ".join(phrases), Outcome.ANSWERED)
        return Say("", outcome)
