"""Figures of transfers and of calls out, after whole calls: what `/metrics` tells of them."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from halo_voice.core.dials import Campaign, Dial, digest_of, new_token
from halo_voice.simulator import AsgiNetwork, Press, Queued, SilentCaller
from tests.halo import HOST, backend, call_to, client_of
from tests.operators import BUSY, OPERATORS, staffed, takes_it

QUEUE = '\n[operators]\n"первая линия" = { queue = "support" }\n'


async def figures(halo):
    async with client_of(halo) as client:
        reply = await client.get("/metrics")
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


async def play(halo, lines, answer, **how):
    network = AsgiNetwork(halo.web, HOST)
    return await call_to(halo.web)(lines, network=network, answers=lambda _: answer, **how)


async def test_a_transfer_is_counted_by_who_takes_it_and_how_it_ends(tmp_path):
    """Once each, though it is told twice; the time until somebody answered is of talks alone."""
    async with staffed(tmp_path, operators=OPERATORS) as halo:
        before = await figures(halo)
        await play(halo, [Press("0"), "спасибо до свидания"], BUSY, session_id=7)
        lines = ["соедините с мастерской"]
        await play(halo, lines, takes_it(30_000), session_id=8)
        seen = await figures(halo)
    assert seen["halo_transfers_total pstn busy"] == 1
    assert seen["halo_transfers_total sip talked"] == 1
    assert sum(value for name, value in seen.items() if name.startswith("halo_transfers_")) == 2
    assert seen["halo_transfer_answer_seconds_count pstn"] == 0
    assert seen["halo_transfer_answer_seconds_count sip"] == 1
    assert set(seen) == set(before), "a call makes no series"


async def test_a_transfer_to_a_queue_is_counted_as_one(tmp_path):
    """No room, and nobody who could be called at all, are ends of their own."""
    closed = '[operators."ночная смена"]\nuser = "n"\n[operators."ночная смена".hours]\n'
    full = Queued(2_000, status=1005)
    async with staffed(tmp_path, operators=QUEUE + closed + 'sunday = "0:00-0:01"\n') as halo:
        await play(halo, [Press("0"), "спасибо до свидания"], full, session_id=7)
        night = ["соедините с ночной сменой", "спасибо до свидания"]
        await play(halo, night, full, session_id=8)
        seen = await figures(halo)
    assert seen["halo_transfers_total queue queue_full"] == 1
    assert seen["halo_transfers_total user closed"] == 1


async def test_calls_out_are_counted_by_their_end_and_rows_by_their_state():
    """What came of each attempt, and how the campaign stands then."""
    async with backend() as halo:
        dials, tokens = halo.store.dials, [new_token() for _ in range(3)]
        rows = [
            Dial(f"d-{n}", digest_of(token), "74951234567", "halo", "74950000000", dials.now(),
                 clock=3.0, campaign="a", row=n)
            for n, token in enumerate(tokens)
        ]  # fmt: skip
        rows.append(Dial("d-9", "", "1", "halo", "", dials.now(), campaign="a", row=9,
                         outcome="no_consent"))  # fmt: skip
        await dials.keep_campaign(Campaign("a", "people.csv", "halo", dials.now()), rows)
        await dials.opt_out("74951234567", "somebody")
        await call_to(halo.web)(
            SilentCaller(), network=AsgiNetwork(halo.web, HOST), custom_data=tokens[0], session_id=7
        )
        seen = await figures(halo)
    assert seen["halo_dialled_total opted_out"] == 1
    assert seen["halo_dialled_total answered"] == 0
    assert [seen[f"halo_campaign_rows {state}"] for state in ("waiting", "barred")] == [2, 2]
