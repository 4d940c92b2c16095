"""Performs a plan step by step, then looks again: done is what can be seen to be done."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, Protocol

from halo_voice.deploy.account import Account, reading
from halo_voice.deploy.faults import AccountFault, Unsure
from halo_voice.deploy.found import Found, look
from halo_voice.deploy.plan import (
    AddApplication,
    AddRule,
    BindNumber,
    BindScenario,
    FreeRule,
    LeadRules,
    Plan,
    PutScenario,
    PutSecret,
    SetRule,
    SetStorage,
    Step,
    our_rule,
)
from halo_voice.deploy.wanted import PATTERN, RULE, Wanted

ROUNDS = 3
SETTLE_S = 1.0

Planner = Callable[[Wanted, Found], Plan]


class Progress(Protocol):
    """Is told what happens; `again`: an answer was lost, or was not true."""

    def begin(self, step: Step) -> None: ...
    def done(self, step: Step) -> None: ...
    def again(self, why: str) -> None: ...


@dataclass(slots=True)
class _Places:
    """The platform's numbers of what is there by now; 0: not yet."""

    application: int
    scenario: int
    rule: int

    @classmethod
    def of(cls, found: Found) -> _Places:
        rule = our_rule(found)
        return cls(
            found.application or 0,
            found.scenario.number if found.scenario else 0,
            rule.number if rule else 0,
        )


def carry_out(
    account: Account,
    wanted: Wanted,
    planner: Planner,
    found: Found,
    progress: Progress,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Found:
    """Make `found` what `planner` wants; the account as it is seen afterwards.

    Raises `AccountFault`: what was done until then stays, and the next run carries on from it.
    """
    steps = planner(wanted, found).steps
    for chance in range(ROUNDS):
        if chance:
            pause(SETTLE_S * chance)
        lost = _perform_all(account, steps, _Places.of(found), progress)
        found = look(account, wanted)
        steps = planner(wanted, found).steps
        if not steps:
            return found
        progress.again(str(lost) if lost else _not_kept(steps))
    raise AccountFault(_not_kept(steps))


def _perform_all(
    account: Account, steps: tuple[Step, ...], places: _Places, progress: Progress
) -> Unsure | None:
    """None when every step was acknowledged, else the answer that was lost."""
    for step in steps:
        progress.begin(step)
        try:
            with reading(type(step).__name__):
                _perform(step, account, places)
        except Unsure as lost:
            return lost
        progress.done(step)
    return None


def _not_kept(steps: tuple[Step, ...]) -> str:
    left = "; ".join(map(str, steps))
    return f"The platform took it, but what it gives back differs. Still to do: {left}."


@singledispatch
def _perform(step: Any, account: Account, places: _Places) -> None:
    raise NotImplementedError(type(step).__name__)


@_perform.register
def _(step: AddApplication, account: Account, places: _Places) -> None:
    made = account.ask(
        "add_application", application_name=step.name, secure_record_storage=step.secure
    )
    places.application = int(made["application_id"])


@_perform.register
def _(step: SetStorage, account: Account, places: _Places) -> None:
    account.ask(
        "set_application_info",
        application_id=places.application,
        secure_record_storage=step.secure,
    )


@_perform.register
def _(step: PutScenario, account: Account, places: _Places) -> None:
    if step.number is not None:
        account.ask("set_scenario_info", scenario_id=step.number, scenario_script=step.script)
        return
    made = account.ask(
        "add_scenario",
        scenario_name=step.name,
        scenario_script=step.script,
        application_id=places.application,
    )
    if not step.keeps:
        places.scenario = int(made["scenario_id"])


@_perform.register
def _(_: AddRule, account: Account, places: _Places) -> None:
    made = account.ask(
        "add_rule",
        rule_name=RULE,
        rule_pattern=PATTERN,
        application_id=places.application,
        scenario_id=places.scenario,
    )
    places.rule = int(made["rule_id"])


@_perform.register
def _(step: SetRule, account: Account, _: _Places) -> None:
    account.ask("set_rule_info", rule_id=step.rule, rule_pattern=PATTERN, rule_pattern_exclude="")


@_perform.register
def _(step: FreeRule, account: Account, places: _Places) -> None:
    account.ask(
        "bind_scenario",
        scenario_id=step.number,
        rule_id=step.rule,
        application_id=places.application,
        bind=False,
    )


@_perform.register
def _(step: BindScenario, account: Account, places: _Places) -> None:
    account.ask(
        "bind_scenario",
        scenario_id=places.scenario,
        rule_id=step.rule,
        application_id=places.application,
        bind=True,
    )


@_perform.register
def _(step: LeadRules, account: Account, places: _Places) -> None:
    account.ask("reorder_rules", rule_id=[places.rule, *step.others])


@_perform.register
def _(step: PutSecret, account: Account, places: _Places) -> None:
    account.ask(
        "set_secret_info" if step.exists else "add_secret",
        application_id=places.application,
        secret_name=step.name,
        secret_value=step.value,
    )


@_perform.register
def _(step: BindNumber, account: Account, places: _Places) -> None:
    account.ask(
        "bind_phone_number_to_application",
        phone_number=step.number,
        application_id=places.application,
        rule_id=places.rule,
        bind=True,
    )
