"""Calls that the company makes: `core.dials.Dials` in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from halo_voice.core.dials import FINAL, Campaign, Dial, OptOut, Standing, Tried, outcome_of
from halo_voice.store.dials import judged


class MemoryDials:
    """Forgets with the process. `check` raises while the store is to fail."""

    def __init__(self, now: Callable[[], datetime], check: Callable[[], None]) -> None:
        self._now = now
        self._check = check
        self._campaigns: dict[str, Campaign] = {}
        self._dials: dict[str, Dial] = {}
        self._tries: dict[str, list[Tried]] = {}
        self._out: dict[str, OptOut] = {}

    def now(self) -> datetime:
        return self._now()

    async def keep_campaign(self, campaign: Campaign, dials: Sequence[Dial]) -> None:
        self._check()
        self._campaigns[campaign.campaign] = campaign
        self._dials |= {dial.dial_id: dial for dial in dials}

    async def set_list(self, campaign: str, list_id: int) -> None:
        self._check()
        if campaign in self._campaigns:
            self._campaigns[campaign] = replace(self._campaigns[campaign], list_id=list_id)

    async def find_campaign(self, campaign: str) -> Campaign | None:
        self._check()
        return self._campaigns.get(campaign)

    async def campaigns(self, limit: int) -> list[Campaign]:
        self._check()
        newest = sorted(self._campaigns.values(), key=lambda each: each.campaign)
        return sorted(newest, key=lambda each: each.made_at, reverse=True)[:limit]

    async def keep_dial(self, dial: Dial) -> None:
        self._check()
        self._dials[dial.dial_id] = dial

    async def set_outcome(self, dial_id: str, outcome: str) -> None:
        self._check()
        if dial_id in self._dials:
            self._dials[dial_id] = replace(self._dials[dial_id], outcome=outcome)

    async def call_off(self, campaign: str, outcome: str) -> int:
        self._check()
        off = [
            dial
            for dial in await self.dials_of(campaign)
            if not dial.outcome
            and not any(each.outcome in FINAL for each in self._tries.get(dial.dial_id, ()))
        ]
        self._dials |= {dial.dial_id: replace(dial, outcome=outcome) for dial in off}
        return len(off)

    async def find_dial(self, dial_id: str) -> Dial | None:
        self._check()
        return self._dials.get(dial_id)

    async def dials_of(self, campaign: str) -> list[Dial]:
        self._check()
        found = [dial for dial in self._dials.values() if dial.campaign == campaign]
        return sorted(found, key=lambda dial: dial.row)

    async def standing(self, campaigns: Sequence[str]) -> list[Standing]:
        self._check()
        found: dict[tuple[str, str], list[Tried | None]] = {}
        for dial in self._dials.values():
            if dial.campaign and dial.campaign in campaigns:
                last = self._tries.get(dial.dial_id, [None])[-1]
                found.setdefault((dial.campaign, outcome_of(dial, last)), []).append(last)
        return [
            Standing(
                *key, len(rows), max((r.ended_at for r in rows if r and r.ended_at), default=None)
            )
            for key, rows in sorted(found.items())
        ]

    async def tried(self, dial_ids: Sequence[str]) -> list[Tried]:
        self._check()
        return [each for dial_id in sorted(dial_ids) for each in self._tries.get(dial_id, [])]

    async def claim(self, token: str, call_id: str) -> tuple[Dial, str] | None:
        self._check()
        dial = next((each for each in self._dials.values() if each.token == token), None)
        if dial is None or not token:
            return None
        made = self._tries.setdefault(dial.dial_id, [])
        now = self._now()
        why = judged(dial, made, call_id, now)
        if not why and not (made and made[-1].call_id == call_id):
            made.append(Tried(dial.dial_id, len(made) + 1, call_id, now))
        return dial, why

    async def dial_of_call(self, call_id: str) -> Dial | None:
        self._check()
        for dial_id, made in self._tries.items():
            if any(each.call_id == call_id for each in made):
                return self._dials[dial_id]
        return None

    async def settle(self, call_id: str, outcome: str) -> bool:
        self._check()
        for made in self._tries.values():
            for at, each in enumerate(made):
                if each.call_id == call_id and not each.outcome:
                    made[at] = replace(each, outcome=outcome, ended_at=self._now())
                    return True
        return False

    async def opt_out(self, number: str, by: str) -> None:
        self._check()
        self._out.setdefault(number, OptOut(number, self._now(), by))

    async def opt_in(self, number: str) -> bool:
        self._check()
        return self._out.pop(number, None) is not None

    async def opted_out(self, numbers: Sequence[str]) -> set[str]:
        self._check()
        return {number for number in numbers if number in self._out}

    async def opt_outs(self, limit: int) -> list[OptOut]:
        self._check()
        named = sorted(self._out.values(), key=lambda each: each.number)
        return sorted(named, key=lambda each: each.at, reverse=True)[:limit]
