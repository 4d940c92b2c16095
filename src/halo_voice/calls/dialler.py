"""Calls that the company makes: a session's token becomes a call, or a refusal.

The session asks with its first request, and only the answer holds a number. Everything is looked at
here once more, whatever was looked at when the call was ordered: the opt-out list, the hours by the
number's own clock, the attempts that are left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from halo_voice.calls.switchboard import Switchboard
from halo_voice.core.dials import OUTCOMES, UNTRIED, Dial, Dials, digest_of
from halo_voice.core.errors import CallRefused, StoreError
from halo_voice.core.ports import CallRecord, CallStart, Store
from halo_voice.core.profile import Profile
from halo_voice.core.refusal import refused
from halo_voice.core.telephones import told_number

LINES = timedelta(minutes=10)
"""After so long all lines need not be busy any more."""

UNTOLD_MAX = 10_000

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ordered:
    """What the session is to do: call `dial`, or nobody, for `barred`. `retry_at`: seconds since
    1970, where another moment may do, with so many attempts; 0: none is known."""

    profile: Profile
    dial: Dial | None = None
    barred: str = ""
    retry_at: int = 0
    attempts_left: int = 0


class Dialler:
    """Of a running HALO. Raises `StoreError`s and what `Switchboard.start` raises."""

    _dials: Dials

    def __init__(
        self,
        switchboard: Switchboard,
        store: Store,
        *,
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`count` is told what came of each attempt, once."""
        self._count = count
        self._switchboard = switchboard
        self._store = store
        self._dials = store.dials  # type: ignore[attr-defined]
        self._untold: dict[str, str] = {}
        self._unread: dict[str, None] = {}  # calls that are over, and what was said in them
        switchboard.when_over = self.over

    async def order(self, start: CallStart, token: str) -> Ordered:
        """The session with this token begins; a session that asks again is told the same."""
        await self._read_back()
        claimed = await self._dials.claim(digest_of(token), start.call_id)
        if claimed is None:
            _log.warning("dial_barred", call_id=start.call_id, why="unknown")
            return Ordered(self._switchboard.profiles.default, barred="unknown")
        dial, why = claimed
        profile = self._profile(dial)
        if why:
            return await self._barred(start, dial, profile, why)
        why = await self._why_not(dial, profile)
        if not why:
            try:
                begun = await self._switchboard.start(_start(start, dial))
                return Ordered(begun.calling(), dial)
            except CallRefused:
                why = "lines"
        if await self._dials.settle(start.call_id, why):
            self._count(why)
        return await self._barred(start, dial, profile, why)

    async def _barred(self, start: CallStart, dial: Dial, profile: Profile, why: str) -> Ordered:
        """Nobody is called, for now or for good."""
        _log.warning("dial_barred", call_id=start.call_id, why=why)
        tried = await self._dials.tried([dial.dial_id])
        left = dial.attempts_max - sum(each.outcome not in UNTRIED for each in tried)
        now, outbound = self._dials.now(), profile.outbound
        again = {
            "lines": now + LINES,
            "closed": outbound.next_open(outbound.zones(dial.number, dial.clock), now),
        }.get(why)
        retry_at = 0 if again is None else int(again.timestamp())
        return Ordered(profile, barred=why, retry_at=retry_at, attempts_left=max(0, left))

    async def missed(self, start: CallStart, token: str) -> None:
        """The session is over and never was told whom to call; that it was there is kept."""
        claimed = await self._dials.claim(digest_of(token), start.call_id)
        if claimed is not None and not claimed[1]:
            await self._switchboard.start(_start(start, claimed[0]), admit=False)

    async def settle(self, call_id: str, outcome: str) -> None:
        """What came of the call, as the session reports it; the first word counts. Never raises: a
        store that is away learns it with the next one, as long as this process lives."""
        known = outcome if outcome in OUTCOMES else "failed"
        if len(self._untold) < UNTOLD_MAX:
            self._untold.setdefault(call_id, known)
        for each, word in list(self._untold.items()):
            try:
                if await self._dials.settle(each, word):
                    _log.info("dialled", call_id=each, outcome=word)
                    self._count(word)
            except StoreError as error:  # the call's end is worth more, and has a spool
                _log.warning("outcome_unwritten", call_id=call_id, code=error.code)
                return
            self._untold.pop(each, None)

    async def over(self, call_id: str) -> None:
        """The call's end is stored, whoever told it: who wants no more calls gets none. Never
        raises: what a store that is away does not tell is read before the next call is made, or
        when the next one ends, as long as this process lives."""
        if len(self._unread) < UNTOLD_MAX:
            self._unread[call_id] = None
        try:
            await self._read_back()
        except StoreError as error:
            _log.warning("wish_unread", call_id=call_id, code=error.code)

    async def _read_back(self) -> None:
        """Raises `StoreError`: nobody is called as long as a wish may be among what is unread."""
        for call_id in list(self._unread):
            await self._read(call_id)
            self._unread.pop(call_id, None)

    async def _read(self, call_id: str) -> None:
        """What was said in a call that is over, what came too late for a turn included."""
        dial, call = await self._dials.dial_of_call(call_id), await self._store.find_call(call_id)
        number = _caller(call) if dial is None else dial.number
        if number:
            turns, late = await self._store.turns(call_id), () if call is None else call.late_texts
            if refused(turns, late, called_us=dial is None):
                await self._dials.opt_out(number, "caller")
                _log.info("opted_out", call_id=call_id)
        if dial is not None:
            await self.settle(call_id, "lost")

    def _profile(self, dial: Dial) -> Profile:
        profiles = self._switchboard.profiles
        return profiles.named(dial.profile) or profiles.default

    async def _why_not(self, dial: Dial, profile: Profile) -> str:
        if await self._dials.opted_out([dial.number]):
            return "opted_out"
        if profile.name != dial.profile:  # another one's voice would call for it
            _log.error("dial_profile_unknown", profile=dial.profile)
            return "failed"
        now, outbound = self._dials.now(), profile.outbound
        zones = outbound.zones(dial.number, dial.clock)
        if outbound.open_at(zones, now):
            return ""
        return "closed"


def _caller(call: CallRecord | None) -> str | None:
    """The number of who called us; None where it is withheld, or we called."""
    called_us = call is not None and call.direction == "incoming"
    return told_number(call.caller) if called_us else None


def _start(start: CallStart, dial: Dial) -> CallStart:
    whom = {"caller": dial.number, "called": dial.caller_id, "profile": dial.profile}
    return replace(start, direction="outgoing", **whom)
