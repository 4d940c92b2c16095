"""What a seed draws: everybody and everything in time, and faults that stop."""

from __future__ import annotations

import re

from halo_voice.hunt.draw import LATER_FROM, WILD_MS, classes, drawn
from halo_voice.hunt.play import one_call
from halo_voice.simulator.faults import APART, BEHIND, CATALOGUE, RECORDING
from halo_voice.simulator.people import HABITS
from halo_voice.simulator.turns import END, path
from halo_voice.simulator.wire import fields


def test_every_habit_and_every_class_is_drawn():
    """In a few hundred seeds; a third of the classes in each."""
    draws = [drawn(seed, backend=True) for seed in range(300)]
    assert {draw.person.habit for draw in draws} == set(HABITS)
    assert {name for draw in draws for name in draw.faults.on} == {*CATALOGUE, *BEHIND}
    few = round(len(classes(backend=True)) / 3)
    assert {len(draw.faults.on) for draw in draws} <= {few, few + 1}


def test_without_a_backend_nothing_behind_it_is_drawn():
    """Model, store and process are the real backend's; what is drawn apart is drawn seldom."""
    names = {name for seed in range(200) for name in drawn(seed, backend=False).faults.on}
    assert names == {*CATALOGUE, *APART}


def test_a_list_of_faults_is_switched_on_whole():
    """Each at a rate of its own, for every seed."""
    for seed in range(20):
        assert set(drawn(seed, backend=False, among=("F03", "late")).faults.on) == {"F03", "late"}


def test_faults_stop_and_the_caller_is_calm_from_then_on():
    """Nothing strikes in the second phase, in which questions are asked and answered."""
    asked = 0
    for seed in range(30):
        outcome = one_call(seed)
        calm_ms = outcome.faults.until_ms
        assert WILD_MS[0] <= calm_ms <= WILD_MS[1]
        strikes = [each for each in outcome.strikes if each.fault not in RECORDING]
        assert all(strike.ms < calm_ms for strike in strikes)
        asked += sum(span.started_ms > calm_ms + 1_000 for span in outcome.call.speech)
    assert asked > 20


def test_one_seed_is_one_call():
    """The same trace again; another one for the next seed."""
    assert one_call(5).hash == one_call(5).hash
    assert one_call(5).hash != one_call(6).hash


def test_queues_are_drawn_from_a_seed_on():
    """Below it lie the kept seeds, which stay what they are."""
    early = [drawn(seed, backend=False).desk for seed in range(400)]
    late = [drawn(seed, backend=False).desk for seed in range(LATER_FROM, LATER_FROM + 400)]
    assert not any(desk is not None and desk.queue for desk in early)
    assert {desk.queue for desk in late if desk is not None} == {True, False}


def test_the_queues_that_are_drawn_are_waited_in():
    """With the stand-in and with the real backend: somebody takes the call, or nobody does."""
    ends = set()
    seeds = (s for s in range(LATER_FROM, LATER_FROM + 200) if _queued(s))
    for number, seed in zip(range(24), seeds, strict=False):
        outcome = one_call(seed, backend=number % 4 == 0, faults=("F10",))
        ends |= {line.data["event"] for line in outcome.call.trace if "event" in line.data}
    assert {"SmartQueue.OperatorReached", "SmartQueue.TaskCanceled", "SmartQueue.Waiting"} <= ends


def _queued(seed):
    desk = drawn(seed, backend=False).desk
    return desk is not None and desk.queue


def test_callers_who_type_a_number_are_drawn():
    """Some of them where a number is wanted: what they type is asked; also over the voice."""
    asked, cut, typing = "", 0, 0
    for seed in range(600):
        if drawn(seed, backend=False).keypad is None:
            continue
        outcome = one_call(seed, faults=("F10",))
        assert [str(breach) for breach in outcome.breaches] == []
        typing += 1
        turns = [fields(line.data["message"]) for line in outcome.call.having("message")]
        asked += " ".join(str(turn["text"]) for turn in turns if turn.get("type") == "final")
        keys = {line.ms for line in outcome.call.having("tone")}
        cut += sum(span.ended_ms in keys for span in outcome.call.playbacks)
    assert 30 < typing < 70
    assert re.search("[0-9]{3}", asked)
    assert cut > 0


def test_calls_out_are_drawn_from_a_seed_on():
    """With the stand-in alone; each kind of answer comes, and the session's data is ours mostly."""
    drawn_from = lambda first, **how: [  # noqa: E731
        drawn(seed, **how).order for seed in range(first, first + 1_000)
    ]
    assert not any(drawn_from(0, backend=False))
    assert not any(drawn_from(LATER_FROM, backend=True))
    orders = [order for order in drawn_from(LATER_FROM, backend=False) if order is not None]
    assert 100 < len(orders) < 200
    assert {"dial", "barred"} < {key for order in orders for key in order.told}
    assert {bool(order.machine) for order in orders} == {True, False}
    assert sum(len(order.custom_data) >= 43 for order in orders) > 0.9 * len(orders)


def test_the_calls_out_that_are_drawn_reach_somebody():
    """Persons who talk, machines, telephones that nobody answers; invariant 23 is judged."""
    told, verdicts, turns = set(), set(), 0
    seeds = (s for s in range(LATER_FROM, LATER_FROM + 600) if drawn(s, backend=False).order)
    for _, seed in zip(range(60), seeds, strict=False):
        outcome = one_call(seed, faults=("F10",))
        assert [str(breach) for breach in outcome.breaches] == []
        turns += outcome.turns
        verdicts |= {each.data.get("verdict") for each in outcome.call.trace}
        told |= {fields(r.body).get("dialled") for r in outcome.call.requests if path(r) == END}
    assert {"answered", "busy", "no_answer"} <= told
    assert {"HUMAN", "VOICEMAIL"} <= verdicts
    assert turns > 10
