"""Campaigns in a store, for tests of pages: rows that were called, or will be, or never are."""

from __future__ import annotations

from halo_voice.core.dials import Campaign, Dial, digest_of
from halo_voice.core.ports import CallEnd, CallStart
from halo_voice.store import open_store

ENDS = ["answered", "answered", "busy", "no_answer", "failed"]
BARRED = ["no_consent", "opted_out", "duplicate", "no_clock"]
ROWS = 60
NUMBERS = [f"7916000{n:04}" for n in range(ROWS + 1)]


async def plant(url: str) -> None:
    """One campaign of sixty rows, of which five were called, four never are and six are being
    called; and one with a hostile name and no rows."""
    store = await open_store(url)
    dials = store.dials
    rows = []
    for n in range(1, ROWS + 1):
        barred = BARRED[n - 6] if 6 <= n < 10 else ""
        token = "" if barred else digest_of(f"token-{n}")
        fields = {"campaign": "3f9c0a71", "row": n, "outcome": barred, "attempts_max": 2}
        rows.append(Dial(f"d-{n}", token, NUMBERS[n], "halo", "74950000000", dials.now(), **fields))
    campaign = Campaign("3f9c0a71", "people.csv", "halo", dials.now(), 4711)
    await dials.keep_campaign(campaign, rows)
    await dials.keep_campaign(
        Campaign("b", "<img src=x onerror=alert(1)>", "nobody", dials.now()), []
    )
    for n in [*range(1, 6), *range(10, 16)]:
        await dials.claim(digest_of(f"token-{n}"), f"c-{n}")
        if n <= len(ENDS):
            await dials.settle(f"c-{n}", ENDS[n - 1])
    start = {"caller": NUMBERS[1], "called": "74950000000", "profile": "halo"}
    await store.open_call(CallStart("c-1", direction="outgoing", **start))
    await store.end_call(CallEnd("c-1", "caller_hung_up", 42_000, 0))
    await store.close()
