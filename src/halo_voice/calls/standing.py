"""What the switchboard hands out: how a call ended, and what a version of an assistant is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from halo_voice.calls.words import Words
from halo_voice.core.clock import Clock
from halo_voice.core.dialogue import Dialogue
from halo_voice.core.money import Cost
from halo_voice.core.profile import Profile
from halo_voice.core.tools import Toolbox
from halo_voice.core.transcript import Transcript


class Report(NamedTuple):
    """What became of a call's final report. `stored`: it was the first one."""

    stored: bool
    cost: Cost


class Standing(NamedTuple):
    """A version of an assistant, with all that calls with it need."""

    profile: Profile
    words: Words
    spoken: Callable[[str], str]
    box: Toolbox | None

    def briefing(self) -> str:
        """What a model is told besides the persona: the day, and how tools are used."""
        day = Clock(self.profile.hours).briefing()
        return day if self.box is None else f"{day} {self.box.briefing()}"

    def dialogue(self, transcript: Transcript, *, context: str = "", **more: Any) -> Dialogue:
        """A call's conversation. `context`: of whom we called; `more`: as for a `Dialogue`."""
        profile = self.profile.calling() if context else self.profile
        more |= {"context": context, "spoken": self.spoken, "briefing": self.briefing}
        return Dialogue(profile, transcript, **more)
