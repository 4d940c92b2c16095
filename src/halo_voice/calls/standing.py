"""What the switchboard hands out: how a call ended, and what a version of an assistant is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from halo_voice.calls.words import Words
from halo_voice.core.money import Cost
from halo_voice.core.profile import Profile
from halo_voice.core.tools import Toolbox


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
