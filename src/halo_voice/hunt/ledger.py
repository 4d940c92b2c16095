"""A hunt of many hours in several sittings: what has been played is written down as it goes on."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import msgspec

from halo_voice.hunt.crew import Hunt
from halo_voice.hunt.play import one_call
from halo_voice.hunt.tally import Tally

WRITE_S = 10.0  # between two times it is written: so much is played again after a crash


class LedgerFault(Exception):
    """The file is of another hunt, or no ledger at all, or cannot be read or written."""


class _Page(msgspec.Struct, forbid_unknown_fields=True):
    """The file, as JSON. `scenario` is the SHA-256 of its text, `seconds` those of all sittings;
    `acquitted`: the seeds of calls that an earlier judge held against the same scenario."""

    scenario: str
    first: int
    backend: bool
    faults: tuple[str, ...] | None
    habit: str = ""
    sittings: int = 0
    seconds: float = 0.0
    tally: Tally = msgspec.field(default_factory=Tally)
    acquitted: list[int] = []

    @property
    def hunt(self) -> tuple[object, ...]:
        """What two sittings of one hunt have in common."""
        return self.scenario, self.first, self.backend, self.faults, self.habit


class Ledger:
    """What has been played of a hunt: always its first calls, without a gap."""

    def __init__(self, path: Path | None, hunt: Hunt) -> None:
        """A file that is not there yet is a new ledger; None: nothing is written down.

        Raises `LedgerFault`.
        """
        digest = f"sha256:{hashlib.sha256(hunt.scenario.read_bytes()).hexdigest()}"
        page = _Page(digest, hunt.first, hunt.backend, hunt.faults, hunt.habit)
        if path is not None and path.exists():
            found = _read(path)
            if found.hunt != page.hunt:
                raise LedgerFault("it is of another scenario, seed, way, habit or choice of faults")
            page = found
        self._path, self._page, self._hunt = path, page, hunt
        self._before_s, self._sat_down = page.seconds, time.monotonic()
        page.sittings += 1
        self.write()  # what cannot be written is told before anything is played

    @property
    def tally(self) -> Tally:
        return self._page.tally

    @property
    def seconds(self) -> float:
        """Of all sittings, this one until now."""
        return self._before_s + time.monotonic() - self._sat_down

    def rest(self) -> Hunt:
        """What is still to be played."""
        done = min(self.tally.calls, self._hunt.calls)
        return replace(self._hunt, first=self._hunt.first + done, calls=self._hunt.calls - done)

    def judge_again(self) -> list[int]:
        """Play the broken calls anew. The scenario is the same, so one that is whole now was the
        judge's fault: it counts as broken no more, and its seed is kept. Those seeds."""
        tally = self.tally
        played = [one_call(each.seed, **self._hunt.how) for each in tally.failures]
        whole = [each.seed for each in played if not each.breaches]
        if whole:
            tally.failures = [each for each in tally.failures if each.seed not in whole]
            tally.broken = Counter(number for each in played for number in each.invariants)
            self._page.acquitted = sorted([*self._page.acquitted, *whole])
            self.write()
        return whole

    def add(self, tally: Tally) -> None:
        """The next calls are played. A file that cannot be written now is tried again."""
        self.tally.add(tally)
        if time.monotonic() - self._written_at >= WRITE_S:
            with suppress(LedgerFault):
                self.write()

    def write(self) -> None:
        """Whole or not at all. Raises `LedgerFault`."""
        self._written_at = time.monotonic()
        if self._path is None:
            return
        self._page.seconds = round(self.seconds, 1)
        new = self._path.with_name(self._path.name + ".new")
        try:
            new.write_bytes(msgspec.json.format(msgspec.json.encode(self._page), indent=1) + b"\n")
            new.replace(self._path)
        except OSError as error:
            raise LedgerFault(error.strerror) from None


def _read(path: Path) -> _Page:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Page, dec_hook=_counter)
    except OSError as error:
        raise LedgerFault(error.strerror) from None
    except msgspec.DecodeError as error:
        raise LedgerFault(f"it is no ledger of a hunt ({error})") from None


def _counter(kind: Any, value: dict[str, int]) -> Counter[Any]:
    """The keys of JSON are texts; those of a `Counter[int]` were numbers."""
    (key,) = get_args(kind)
    return Counter({key(name): count for name, count in value.items()})
