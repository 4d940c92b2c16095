"""The file of calls for spreadsheets: all that was asked for, or a word that it is not."""

from __future__ import annotations

import csv
import io

import httpx
import pytest

from halo_voice.console import pages_calls
from halo_voice.core.ports import CallEnd, CallStart
from tests.halo import backend

CALLS = 5


@pytest.mark.parametrize(("most", "rows", "cut"), [(3, 3, True), (5, 5, False), (99, 5, False)])
async def test_a_file_that_lacks_calls_says_so(monkeypatch, most, rows, cut):
    """In its last row: nobody takes the newest ones for all of a month."""
    monkeypatch.setattr(pages_calls, "EXPORT_MAX", most)
    monkeypatch.setattr(pages_calls, "PAGE", 2)
    async with backend() as halo:
        for number in range(CALLS):
            await halo.store.open_call(CallStart(f"c-{number}", profile="halo"))
            await halo.store.end_call(CallEnd(f"c-{number}", "no_input", 1_000, 0))
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(halo.front), base_url="http://localhost"
        )
        file = await client.get("/console/calls.csv")
        await client.aclose()

    assert file.status_code == 200
    _, *told = csv.reader(io.StringIO(file.text.lstrip("\ufeff")), delimiter=";")
    assert [len(row) > 1 for row in told] == [True] * rows + [False] * cut
    if cut:
        assert told[-1] == [f"{pages_calls.CUT} {most}"]
