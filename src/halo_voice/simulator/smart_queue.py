"""A place in a queue for operators (SmartQueue): somebody takes the call, or nobody does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from halo_voice.simulator.caller import Caller, Pickup, Queued
from halo_voice.simulator.engine import Command
from halo_voice.simulator.leg import Leg, Switchboard

WAITING_MS = 12_000  # documented: each 10 to 15 s
ENQUEUED_MS = 100
RING_MS = 3_000  # of the operator who is chosen
REACHED_MS = 100  # from their answer until the scenario knows
NORMAL, TIMEOUT_REACHED = 1000, 1001
UNKNOWN = 500  # inferred: what a name gives that no queue has
PROMPT = "SmartQueue.OperatorReached"  # before it there is no call that could tell anything


Answers = Callable[[str], Caller | int | Pickup | Queued]
"""What comes of a number that is called, or of a queue that is waited in, by its name."""


def fate(answers: Answers | None, name: str) -> Queued:
    """A person alone takes the call; a telephone answers no queue."""
    found = answers(name) if answers else None
    if isinstance(found, Queued):
        return found
    if found is None or isinstance(found, int | Pickup):
        return Queued(ENQUEUED_MS, status=UNKNOWN, error=True)
    return Queued(person=found)


class Session(Switchboard, Protocol):
    """Where the operator's call is known."""

    legs: dict[str, Leg]


class Task:
    """Ends by the operator's answer, the queue's refusal, its timeout, or `end`; not by itself when
    the client hangs up: the scenario has to say so. Who is reached after that has answered nobody.
    """

    def __init__(self, session: Session, command: Command, fate: Queued) -> None:
        self._session = session
        self._unit, self._leg, self._fate = command["task"], command["leg"], fate
        self._position, self._over = fate.position, False
        self._operator: Leg | None = None
        session.legs[command["call"]].when_over(self._client_left)
        if not fate.told:
            return
        self._later(ENQUEUED_MS, lambda: self._tell("EnqueueSuccess"))
        self._later(WAITING_MS, self._move)
        if fate.person is None:
            self._later(fate.after_ms, lambda: self._refuse(fate.status, error=fate.error))
        else:
            self._later(max(0, fate.after_ms - RING_MS), self._ring)
        if command["timeout_s"]:
            self._later(command["timeout_s"] * 1000, lambda: self._refuse(TIMEOUT_REACHED))

    def end(self) -> None:
        """Nobody waits any more; an operator whose telephone rings is let go, one who has answered
        is not."""
        if self._over:
            return
        self._leave("ended")
        if self._operator is not None:
            self._operator.end(tell=False)

    def _later(self, ms: float, act: Any) -> None:
        self._session.after(ms, lambda: None if self._over else act())

    def _move(self) -> None:
        data = {"ewt": 1000 * self._position * 30, "position": self._position}
        self._tell("Waiting", **data, code=200, message="")
        self._position = max(1, self._position - 1)
        self._later(WAITING_MS, self._move)

    def _ring(self) -> None:
        """The operator's telephone, until they answer."""
        assert self._fate.person is not None
        self._tell("TaskDistributed", "DistributeTask", operatorId=1, operatorName="operator")
        leg = Leg(self._session, self._leg, self._fate.person, incoming=False)
        self._operator = self._session.legs[self._leg] = leg
        leg.when_up(self._reached)
        leg.when_over(self._served)
        self._session.after(RING_MS, leg.answer)

    def _reached(self) -> None:
        if not self._over:
            self._leave("reached")
            self._session.after(REACHED_MS, lambda: self._tell("OperatorReached"))

    def _served(self) -> None:
        """Inferred: the queue tells of the end, before the operator's line does."""
        if self._operator is not None and self._operator.connected_ms is not None:
            self._tell("TaskCanceled", status=NORMAL, description="")

    def _refuse(self, status: int, *, error: bool = False) -> None:
        self._leave("refused")
        if self._operator is not None:
            self._operator.end(tell=False)
        key = "type" if error else "status"
        self._tell("Error" if error else "TaskCanceled", **{key: status, "description": ""})

    def _client_left(self) -> None:
        if not self._over:
            self._tell("ClientDisconnected")

    def _leave(self, how: str) -> None:
        self._over = True
        self._session.write("cloud", f"{self._unit} {how}", left_queue=self._unit)

    def _tell(self, name: str, value: str = "", **data: Any) -> None:
        event = f"SmartQueue.{value or name}"
        self._session.report(self._unit, event, data, who="cloud", what=f"{self._unit} {name}")
