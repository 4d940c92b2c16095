"""Calls that the company made are told from those that came, wherever they are listed."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import httpx

from halo_voice.core.ports import CallEnd, CallStart
from halo_voice.core.review import Review
from halo_voice.store.archive import open_archive
from halo_voice.workflows.letter import WE_CALLED
from tests.halo import backend

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
THEIRS, OURS = "+79161234567", "+74950000000"


async def test_whom_we_called_is_no_caller_of_ours(tmp_path):
    """In the list, on the call's page and in the file, with the words that letters have for it."""
    url = f"sqlite:///{tmp_path}/halo.sqlite3"
    async with backend(store_url=url, console_mask_numbers=False) as halo:
        archive = open_archive(url)
        for call_id, direction in (("came", "incoming"), ("made", "outgoing")):
            start = CallStart(call_id, THEIRS, OURS, profile="halo", direction=direction)
            await halo.store.open_call(start)
            await halo.store.end_call(CallEnd(call_id, "caller_hung_up", 1_000, 0))
            archive.keep_review(Review(call_id, NOW, "Ничего.", "abandoned"))
        archive.close()
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(halo.front), base_url="http://localhost"
        )
        shown = {}
        for path in ("calls", "calls/came", "calls/made", "calls.csv"):
            shown[path] = (await client.get(f"/console/{path}")).text
        await client.aclose()

    assert shown["calls"].count("мы звонили") == shown["calls"].count(WE_CALLED["abandoned"]) == 1
    assert f"{OURS} → {THEIRS}" in shown["calls/made"]
    assert WE_CALLED["abandoned"] in shown["calls/made"]
    assert f"{THEIRS} → {OURS}" in shown["calls/came"]
    assert "мы звонили" not in shown["calls/came"]
    _, *rows = csv.reader(io.StringIO(shown["calls.csv"].lstrip("\ufeff")), delimiter=";")
    told = {row[0]: (row[10], row[-1]) for row in rows}
    assert told == {
        "made": (WE_CALLED["abandoned"], "мы звонили"),
        "came": ("не дождался", "нам звонили"),
    }
