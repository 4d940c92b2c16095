"""The report of a call's end never comes: the shipped scenario, the real app, on one clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from halo_voice.calls.budget import utc_now
from halo_voice.calls.reconciler import Reconciler
from halo_voice.simulator import Faults, When
from tests.halo import HOST, HttpOnly, TalkingModel, backend, call_to, client_of, virtually

WORDS = ["до скольки вы работаете", "сколько стоит доставка"]


@virtually
async def test_a_lost_report_leaves_no_call_open():
    """F59: the call is closed from here, its turns are whole, and `/readyz` warns."""
    # Nothing of the report arrives, its second attempt included.
    faults = Faults({"F28": When(probability=1, where="/call/end")})
    async with backend(model=TalkingModel()) as halo:
        call = await call_to(halo.web)(
            list(WORDS), network=HttpOnly(halo.web, HOST), faults=faults, session_id=7,
            real_time=True, seed=3,
        )  # fmt: skip
        assert call.struck == {"F28": call.struck["F28"]}
        left = await halo.store.find_call("7")
        assert "reconciler" in {task.get_name() for task in asyncio.all_tasks()}
        # The app's own looks at the wall clock, which stands still here.
        begun = asyncio.get_running_loop().time()
        reconciler = Reconciler(
            halo.switchboard,
            halo.store,
            now=lambda: utc_now() + timedelta(seconds=asyncio.get_running_loop().time() - begun),
        )
        reconciler.start()
        await asyncio.sleep(20 * 60)
        await reconciler.close()
        closed = await halo.store.find_call("7")
        turns = await halo.store.turns("7")
        async with client_of(halo) as client:
            warnings = (await client.get("/readyz")).json()["warnings"]
    assert left.open
    assert (closed.end_reason, closed.turns_reported) == ("lost", 2)
    assert [turn.user_text for turn in turns] == WORDS
    assert [each["warning"] for each in warnings] == ["call_lost"]
