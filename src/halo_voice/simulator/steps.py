"""The steps of one turn as the caller feels them, read from a call's trace while it goes on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Steps:
    """When the steps of one turn happened, ms of the call; None while they have not."""

    stopped: int | None = None  # the caller fell silent
    asked: int | None = None  # the backend has the words
    first_token_ms: int | None = None  # after it was asked: the backend says so
    replied: int | None = None  # the answer's first words are here
    streamed: bool = False
    audible: int | None = None
    whole: bool = False  # the answer came to its end
    filled: bool = False  # a filler was heard meanwhile

    def lengths(self) -> dict[str, int]:
        """Each step's length in ms, as far as they are known, in their order."""
        marks = {
            "recognised": (self.stopped, self.asked),
            "first phrase" if self.streamed else "answered": (self.asked, self.replied),
            "voiced": (self.replied, self.audible),
            "the caller waited": (self.stopped, self.audible),
        }
        known = {name: end - begin for name, (begin, end) in marks.items() if begin and end}
        if self.first_token_ms is None:
            return known
        # Before the first phrase, which contains it.
        token = {"first token": self.first_token_ms}
        head = {name: ms for name, ms in known.items() if name == "recognised"}
        return head | token | known
