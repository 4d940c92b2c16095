"""A call said again by the console, in virtual time, where calls have to be signed."""

from __future__ import annotations

import httpx

from tests.halo import backend

SAID = [*["Сколько стоит доставка?"] * 8, "Спасибо, до свидания!"]


async def test_a_repeated_call_outruns_no_signature():
    """It lasts longer than a signature holds, and no alarm is raised about anybody's clock."""
    async with backend(keys={"k1": "k" * 32}) as halo:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(halo.front), base_url="http://localhost"
        ) as browser:
            await browser.get("/console/login")
        phones = halo.front._made().phones
        call = await halo.store.find_call(await phones.replay(SAID, called=""))
        turns = await halo.store.turns(call.call_id)
        assert call.duration_ms > 60_000
        assert call.end_reason == "assistant_hung_up"
        assert [turn.user_text for turn in turns] == SAID
        assert halo.switchboard.alarms.recent() == []
