"""What became of a campaign's rows: our store and the platform's list, laid side by side. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from halo_voice.core.dials import UNTRIED, Dial, Tried, digest_of, outcome_of

OVER = ("Processed", "Error", "Canceled")


@dataclass(frozen=True, slots=True)
class Task:
    """A row of a call list as the platform has it. `token`: the row's own."""

    token: str
    status: str
    attempts_left: int
    result: str


@dataclass(frozen=True, slots=True)
class Result:
    """`result`: one of `core.dials.OUTCOMES`, or `waiting`, `cancelled`, or `unreported`: the
    platform is done with it, and nobody told us anything. `platform`: its own status."""

    row: int
    number: str
    attempts: int
    result: str
    platform: str

    def cells(self) -> tuple[int, str, int, str, str]:
        return self.row, self.number, self.attempts, self.result, self.platform


def results_of(
    dials: Sequence[Dial], tried: Iterable[Tried], tasks: Sequence[Task] | None
) -> list[Result]:
    """Every row, in its order. `tasks`: None where the platform has no list of it."""
    made: dict[str, list[Tried]] = {}
    for each in tried:
        made.setdefault(each.dial_id, []).append(each)
    of_token = {digest_of(task.token): task for task in tasks or ()}
    return [_result(dial, made.get(dial.dial_id, []), of_token.get(dial.token)) for dial in dials]


def _result(dial: Dial, tried: list[Tried], task: Task | None) -> Result:
    status = "" if task is None else task.status
    return Result(
        row=dial.row,
        number=dial.number,
        attempts=sum(each.outcome not in UNTRIED for each in tried),
        result=_outcome(dial, tried, status),
        platform=status,
    )


def _outcome(dial: Dial, tried: list[Tried], status: str) -> str:
    ours = outcome_of(dial, tried[-1] if tried else None)
    if ours not in ("running", "waiting"):
        return ours
    if status == "Canceled":
        return "cancelled"
    return "unreported" if status in OVER else ours
