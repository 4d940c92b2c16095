"""What a seed draws: who calls, which faults may strike and until when, who recognises."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, replace

from halo_voice.simulator import ERRATIC, PROMPT, TARDY, Faults, Recogniser
from halo_voice.simulator.desk import Desk
from halo_voice.simulator.faults import BEHIND, CATALOGUE
from halo_voice.simulator.keypad import Keypad
from halo_voice.simulator.ordered import Order
from halo_voice.simulator.people import Person
from halo_voice.simulator.quirks import Quirks

RECOGNISERS: tuple[Recogniser | None, ...] = (None, None, PROMPT, TARDY)  # None: the profile's
WILD_MS = (8_000, 60_000)  # how long faults may strike, from the session's beginning
RATES = (0.02, 0.5)
ECHO_RATE = 0.6
STAYS = 0.03  # how often a caller never hangs up
TYPES = 0.08  # how often a number is typed
STAFFED = 0.25  # how often somebody can be asked for, and is
QUEUED = 0.4  # how often they are reached by a queue then,
ORDERED = 0.15  # how often nobody calls: the session is to call somebody,
LATER_FROM = 100_000  # both from this seed on: smaller ones draw what they always drew
DISMISSED = 0.05  # how often the backend ends the call, as the console can,
DISMISSED_MS = (2_000, 60_000)  # and when, from the session's beginning
NEWER_FROM = 42_000_000  # from this seed on; there any key may follow a number, too
UNRECORDED = 0.3  # how often the end of a recording is lost, where there is one
# Faults that are drawn apart: subject, fault, in which share of the calls, and its rate there.
SELDOM = (("clock", "F58", 0.05, (0.002, 0.03)), ("noise", "F16", 0.1, RATES))


@dataclass(frozen=True, slots=True)
class Draw:
    """One call before it is played. A person can be played once."""

    person: Person
    faults: Faults
    recogniser: Recogniser | None
    quirks: Quirks
    desk: Desk | None = None
    order: Order | None = None
    keypad: Keypad | None = None
    dismissed_ms: float | None = None

    @property
    def calm_ms(self) -> int:
        return self.person.calm_ms


def classes(*, backend: bool) -> tuple[str, ...]:
    """The fault classes that this kind of call can suffer."""
    return tuple(sorted(CATALOGUE | BEHIND if backend else CATALOGUE))


def drawn(
    seed: int, *, backend: bool, among: Collection[str] | None = None, habit: str = ""
) -> Draw:
    """Each subject has a random stream of its own. `among`: these faults only, and all of them;
    `habit`: the caller's, who may meet an erratic recogniser then.

    With a backend nothing of what a stand-in does seldom is drawn, and no call that we make.
    """
    calm_ms = round(_stream(seed, "calm").uniform(*WILD_MS))
    seldom = _stream(seed, "seldom")
    stays = seldom.random() < STAYS and not backend
    unrecorded = seldom.random() < UNRECORDED and not backend
    chance = _stream(seed, "desk")
    desk = Desk.drawn(chance, calm_ms) if chance.random() < STAFFED else None
    if desk is not None and seed >= LATER_FROM:
        desk = replace(desk, queue=_stream(seed, "queue").random() < QUEUED)
    typing = _stream(seed, "keypad")
    types = typing.random() < TYPES
    keypad = Keypad.drawn(typing, calm_ms, clumsy=seed >= NEWER_FROM) if types else None
    who = _stream(seed, "person")
    person = Person(who, calm_ms, habit, stays=stays, desk=desk, keypad=keypad)
    faults = _faults(_stream(seed, "faults"), classes(backend=backend), among, calm_ms)
    if person.habit == "echoing" and (among is None or "F12" in among):
        faults = Faults({**faults.on, "F12": ECHO_RATE}, calm_ms)
    if unrecorded and among is None:
        faults = Faults({**faults.on, "unrecorded": 1.0}, calm_ms)
    for subject, name, share, rates in SELDOM:
        chance = _stream(seed, subject)
        if chance.random() < share and among is None and not backend:
            faults = Faults({**faults.on, name: chance.uniform(*rates)}, calm_ms)
    quirks = Quirks() if backend else Quirks.drawn(_stream(seed, "quirks"))
    orders = _stream(seed, "order")
    order = None
    if seed >= LATER_FROM and not backend and orders.random() < ORDERED:
        order, quirks = Order.drawn(orders), replace(quirks, refuses=False)
    ears = (*RECOGNISERS, ERRATIC) if habit else RECOGNISERS
    recogniser = _stream(seed, "recogniser").choice(ears)
    ending = _stream(seed, "dismissed")
    dismissed = seed >= NEWER_FROM and not backend and ending.random() < DISMISSED
    dismissed_ms = ending.uniform(*DISMISSED_MS) if dismissed else None
    return Draw(person, faults, recogniser, quirks, desk, order, keypad, dismissed_ms)


def _faults(
    rng: random.Random, known: Collection[str], among: Collection[str] | None, calm_ms: int
) -> Faults:
    if among is None:
        return Faults.drawn(rng, among=known, until_ms=calm_ms)
    return Faults({name: rng.uniform(*RATES) for name in sorted(among)}, calm_ms)


def _stream(seed: int, subject: str) -> random.Random:
    return random.Random(f"{seed}/hunt/{subject}")
