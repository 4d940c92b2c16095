"""Puts the messages of a stream into the order in which they were sent."""

from __future__ import annotations

from typing import Generic, TypeVar

Item = TypeVar("Item")

HELD_MAX = 32


class TooManyHeld(Exception):
    """The gap is too wide to wait for what fills it."""


class Sequence(Generic[Item]):
    """Numbers from 1. Each is given out once, after all before it."""

    def __init__(self) -> None:
        self._next = 1
        self._held: dict[int, Item] = {}

    @property
    def gap(self) -> bool:
        """Something is held because a message before it has not come."""
        return bool(self._held)

    def take(self, number: int, item: Item) -> list[Item]:
        """What can be given out now. Raises `TooManyHeld`."""
        if number == self._next and not self._held:  # the usual case
            self._next += 1
            return [item]
        if number >= self._next:
            self._held.setdefault(number, item)
        ready = []
        while self._next in self._held:
            ready.append(self._held.pop(self._next))
            self._next += 1
        if len(self._held) > HELD_MAX:
            raise TooManyHeld
        return ready
