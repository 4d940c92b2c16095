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
    answered(turn, words)     speakable                  Say it, listen
                              nothing to speak           Say the apology
    failed(turn)                                         Say the apology
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from halo_voice.core.errors import TurnConflict
from halo_voice.core.farewell import says_goodbye
from halo_voice.core.ports import Action, Message, Outcome, TurnRecord
from halo_voice.core.profile import Profile
from halo_voice.core.speakable import same_words, speakable
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

    def hear(self, turn: int, user_text: str) -> Ask | Say | Repeat:
        """The caller's words as turn `turn`. Raises `TurnConflict`."""
        known = self.transcript.turn(turn)
        if known is not None and not same_words(known.user_text, user_text):
            raise TurnConflict(f"Turn {turn} is stored with other words: send them as a new turn.")
        if known is not None and known.outcome is not Outcome.PENDING:
            return Repeat(known)
        if known is None and turn < self.transcript.last:
            raise TurnConflict(
                f"Turn {turn} comes after turn {self.transcript.last}: number turns upwards."
            )
        if turn > self.profile.limits.turns:
            return Say(self.profile.texts.bye_turns, Outcome.ANSWERED, "hangup", "limit")
        if says_goodbye(user_text):
            return Say(self.profile.texts.farewell, Outcome.ANSWERED, "hangup", "farewell")
        return Ask(self.transcript.messages(self.profile.persona, user_text, before=turn))

    def answered(self, text: str, source: str) -> Say:
        """The model's words: made safe to speak, or an apology if nothing speakable is left."""
        limit = self.profile.limits.phrase_chars
        # Words are longer than digits: what fits is known only when all is written out.
        said = speakable(self._spoken(speakable(text, limit=limit)), limit=limit)
        return Say(said, Outcome.ANSWERED, "listen", source) if said else self.failed()

    def failed(self) -> Say:
        return Say(self.profile.texts.apology, Outcome.APOLOGISED, "listen", "apology")
