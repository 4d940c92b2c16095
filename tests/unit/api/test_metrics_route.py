"""`/metrics`: who may read it, and what of a call shows in it."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from halo_voice.core.errors import StoreBusy
from halo_voice.store import SpooledStore
from halo_voice.store.memory import MemoryStore
from tests.halo import TalkingModel, backend, client_of

KEYS = {"k1": "0123456789abcdef0123456789abcdef"}
TURN = {"call_id": "c-1", "turn": 1, "user_text": "МАРКЕР-слово", "deadline_ms": 5000}


def series(reply: httpx.Response) -> dict[str, float]:
    """Each series by name and label values."""
    found = {}
    for family in text_string_to_metric_families(reply.text):
        for sample in family.samples:
            found[" ".join([sample.name, *sample.labels.values()])] = sample.value
    return found


async def test_a_turn_shows_and_the_caller_does_not(
    client: httpx.AsyncClient, call_id: str
) -> None:
    """The turn is counted, the call is live; no word, number or call identifier is told."""
    before = series(await client.get("/metrics"))
    assert (await client.post("/process_text", json=TURN)).status_code == 200
    reply = await client.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    seen = series(reply)
    assert seen["halo_turns_total answered"] == before["halo_turns_total answered"] + 1
    assert seen["halo_live_calls"] == 1
    assert seen["halo_store_up"] == 1
    assert set(seen) == set(before)  # a call makes no series
    for told in ("МАРКЕР", "79161234567", "74950000000", call_id):
        assert told not in reply.text


async def test_many_calls_make_no_series(client: httpx.AsyncClient) -> None:
    """The number of series does not depend on how many call, or what they say."""
    before = set(series(await client.get("/metrics")))
    for number in range(5):
        start = {
            "call_id": f"call-{number}",
            "caller": f"+7916{number}",
            "called": f"+7495{number}",
        }
        assert (await client.post("/call/start", json=start)).status_code == 200
        turn = TURN | {"call_id": f"call-{number}", "user_text": f"слово {number}"}
        assert (await client.post("/process_text", json=turn)).status_code == 200
    assert set(series(await client.get("/metrics"))) == before


async def test_the_model_is_named_as_configured(client: httpx.AsyncClient) -> None:
    """Its breaker is a series for each state."""
    seen = series(await client.get("/metrics"))
    assert seen[f"halo_model_breaker {TalkingModel.name} closed"] == 1
    assert seen[f"halo_model_breaker {TalkingModel.name} open"] == 0


async def test_a_store_that_is_away_shows() -> None:
    """What waits in the spool is a figure, before anybody asks /readyz."""
    behind = MemoryStore()
    async with (
        backend(store=SpooledStore(behind, None)) as halo,
        client_of(halo) as asking,
    ):
        behind.fault = StoreBusy()
        start = {"call_id": "c-2", "caller": "", "called": ""}
        assert (await asking.post("/call/start", json=start)).status_code == 200
        seen = series(await asking.get("/metrics"))
        assert (seen["halo_store_up"], seen["halo_spooled_writes"]) == (0, 1)
        behind.fault = None


@pytest.mark.parametrize(
    ("client_address", "status"), [(("127.0.0.1", 1), 200), (("203.0.113.5", 1), 401)]
)
async def test_from_outside_the_figures_are_signed(
    client_address: tuple[str, int], status: int
) -> None:
    """A supervisor on this machine has no key; everybody else needs one."""
    async with backend(keys=KEYS) as halo, client_of(halo, client=client_address) as asking:
        assert (await asking.get("/metrics")).status_code == status
