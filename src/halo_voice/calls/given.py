"""What of a model's answer is given out: all of it, or all until the guard finds something."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from halo_voice.calls.draft import Draft
from halo_voice.core.actions import asks
from halo_voice.core.aside import is_aside
from halo_voice.core.dialogue import Dialogue
from halo_voice.core.guard import Guard
from halo_voice.core.messages import Message
from halo_voice.core.roles import Told, is_others

_log = structlog.get_logger(__name__)


class Given:
    """One answer on its way into its draft. `messages`: what the model is asked, `told` with the
    guard's mark. `can_act`: the model has tools that change something.

    `withheld`: why the answer ends before its end, a reason of `core.guard.REASONS`. `aside`: the
    model says that the words were not meant for us; nothing of that is given out. `ended`: it goes
    on as the caller, or says itself again. `over`: for one of these reasons nothing more of it is
    wanted.
    """

    def __init__(
        self, draft: Draft, guard: Guard | None, asked: Sequence[Message], *, can_act: bool = False
    ) -> None:
        self.messages = asked if guard is None else guard.marked(asked)
        self.withheld: str | None = None
        self.aside = self.ended = self.over = False
        self._draft = draft
        self._guard = guard
        self._watch = None if guard is None else guard.watch(asked, can_act=can_act)
        self._told = Told()
        self._seen = 0  # phrases since the last ones that were added

    def see(self, phrase: str) -> None:
        """The next phrase, with its numbers in digits."""
        if self._guard is not None and not self._draft.phrases and not self._seen:
            self.aside = self.aside or is_aside(phrase)
        self.ended = self.ended or is_others(phrase) or self._told.again(phrase)
        if self._watch is not None and self.withheld is None and not self.ended:
            self.withheld = self._watch.fault(phrase)
        self.over = self.aside or self.ended or self.withheld is not None
        self._seen += not self.over

    def add(self, phrases: Sequence[str]) -> None:
        """Give out these, as they were seen, as far as they may be."""
        if self.aside:
            return
        self._draft.add(phrases[: self._seen] if self.over else phrases)
        self._seen = 0

    def keep_word(self, dialogue: Dialogue, *, acts: bool) -> None:
        """Who says that it is being done, and neither does it (`acts`) nor asks for anything, has
        left the caller with a promise: he is told that nothing is confirmed (F42)."""
        if self._watch is None or not self._watch.doing or acts or self.over:
            return
        if not asks(" ".join(self._draft.phrases)):
            unconfirmed = dialogue.profile.texts.unconfirmed
            self._draft.add(dialogue.ended(self._draft.phrases, unconfirmed))
            _log.warning("promise_not_kept")

    def refuse(self, dialogue: Dialogue) -> str:
        """The rest of the answer is a refusal. Returns who spoke."""
        if self._guard is not None and self.withheld is not None:
            refusal = self._guard.instead(self.withheld)
            self._draft.add(dialogue.ended(self._draft.phrases, refusal))
            _log.warning("reply_withheld", reason=self.withheld)
        return f"guard:{self.withheld}"
