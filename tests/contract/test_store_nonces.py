"""What a durable store promises about the nonces that it keeps: no more than needed."""

from __future__ import annotations

from sqlalchemy import create_engine, func, select
from store_place import Place

from halo_voice.store.address import read_url
from halo_voice.store.schema import nonces


async def test_expired_nonces_are_forgotten(durable: Place) -> None:
    """However many nonces come, only those of the last while stay in the table."""
    store = await durable.open()
    for number in range(300):
        assert await store.claim_nonce(f"n-{number}", 1)
        durable.clock.advance(0.1)
    engine = create_engine(read_url(durable.url))
    with engine.connect() as connection:
        kept = connection.execute(select(func.count()).select_from(nonces)).scalar_one()
    engine.dispose()
    assert 10 <= kept < 100
