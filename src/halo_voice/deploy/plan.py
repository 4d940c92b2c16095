"""The steps from what is found to what is wanted: a pure difference, in the order of need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from halo_voice.deploy.found import Found, Rule
from halo_voice.deploy.wanted import PATTERN, RULE, Wanted

Topic = Literal["application", "scenario", "rule", "secrets", "number"]

# What stands for any caller's number where none is named.
_SOME_NUMBER = "74950000000"


@dataclass(frozen=True, slots=True)
class AddApplication:
    topic: ClassVar[Topic] = "application"
    name: str
    secure: bool

    def __str__(self) -> str:
        return f"make the application {self.name}, records and logs {_storage(self.secure)}"


@dataclass(frozen=True, slots=True)
class SetStorage:
    topic: ClassVar[Topic] = "application"
    secure: bool

    def __str__(self) -> str:
        return f"keep new records and logs {_storage(self.secure)}"


@dataclass(frozen=True, slots=True)
class PutScenario:
    """Writes a script: into the scenario `number`, or into a new one."""

    topic: ClassVar[Topic] = "scenario"
    name: str
    script: str = field(repr=False)
    number: int | None
    old: str | None = field(repr=False, default=None)
    keeps: bool = False  # the script of before, for going back

    def __str__(self) -> str:
        size = f"{len(self.script):,} characters"
        if self.keeps:
            return f"keep the present script as {self.name}, {size}"
        if self.number is None:
            return f"upload the scenario {self.name}, {size}"
        return f"replace the scenario {self.name}: {len(self.old or ''):,} → {size}"


@dataclass(frozen=True, slots=True)
class AddRule:
    topic: ClassVar[Topic] = "rule"
    scenario: str

    def __str__(self) -> str:
        return f"make the rule {RULE}: {PATTERN} starts {self.scenario}"


@dataclass(frozen=True, slots=True)
class SetRule:
    topic: ClassVar[Topic] = "rule"
    rule: int
    old: str

    def __str__(self) -> str:
        return f"set the pattern of the rule {RULE}: {self.old} → {PATTERN}"


@dataclass(frozen=True, slots=True)
class FreeRule:
    topic: ClassVar[Topic] = "rule"
    rule: int
    number: int
    name: str

    def __str__(self) -> str:
        return f"take the scenario {self.name} off the rule {RULE}"


@dataclass(frozen=True, slots=True)
class BindScenario:
    topic: ClassVar[Topic] = "rule"
    rule: int
    name: str

    def __str__(self) -> str:
        return f"bind the scenario {self.name} to the rule {RULE}"


@dataclass(frozen=True, slots=True)
class LeadRules:
    """Ours first, the others in their order."""

    topic: ClassVar[Topic] = "rule"
    others: tuple[int, ...]
    before: tuple[str, ...]

    def __str__(self) -> str:
        return f"put the rule {RULE} before {', '.join(self.before)}, which took its calls"


@dataclass(frozen=True, slots=True)
class PutSecret:
    topic: ClassVar[Topic] = "secrets"
    name: str
    value: str = field(repr=False)
    exists: bool

    def __str__(self) -> str:
        return f"{'change' if self.exists else 'make'} the secret {self.name}"


@dataclass(frozen=True, slots=True)
class BindNumber:
    topic: ClassVar[Topic] = "number"
    number: str
    application: str
    old: str

    def __str__(self) -> str:
        whence = f", away from {self.old}" if self.old else ""
        return f"lead +{self.number} to the rule {RULE} of {self.application}{whence}"


Step = (
    AddApplication
    | SetStorage
    | PutScenario
    | AddRule
    | SetRule
    | FreeRule
    | BindScenario
    | LeadRules
    | PutSecret
    | BindNumber
)


@dataclass(frozen=True, slots=True)
class Plan:
    """With a fault no step is begun: a person has to do something first."""

    steps: tuple[Step, ...]
    faults: tuple[str, ...] = ()


def plan(wanted: Wanted, found: Found) -> Plan:
    """What is to be done. Empty when the account holds what is wanted."""
    steps = (
        *_application(wanted, found),
        *_secrets(wanted, found),
        *_scenario(wanted, found),
        *_rule(wanted, found),
        *_numbers(wanted, found),
    )
    return Plan(steps, tuple(_faults(wanted, found)))


def plan_rollback(wanted: Wanted, found: Found) -> Plan:
    """Back to the script before the present one; `wanted.script` is not looked at."""
    if found.scenario is None:
        return Plan((), (f"There is no scenario {wanted.scenario} to go back from.",))
    if found.previous is None:
        return Plan(
            (), (f"Nothing is kept to go back to: {wanted.scenario} was never replaced by HALO.",)
        )
    live, kept = found.scenario, found.previous
    if live.script == kept.script:
        return Plan(())
    return Plan((PutScenario(wanted.scenario, kept.script, live.number, live.script),))


def our_rule(found: Found) -> Rule | None:
    return next((rule for rule in found.rules if rule.name == RULE), None)


def _storage(secure: bool) -> str:
    return "for holders of a key only" if secure else "open to whoever has their address"


def _faults(wanted: Wanted, found: Found) -> Iterator[str]:
    if found.owner.frozen:
        yield "The account is frozen by Voximplant: ask its support."
    if not found.owner.active:
        yield "The account is not activated: follow the letter that Voximplant sent to its owner."
    for number in wanted.numbers:
        held = found.numbers.get(number)
        if held is None:
            yield (
                f"+{number} is not a number of this account: rent it in the control panel, or "
                "correct it."
            )
        elif held.fault:
            yield f"+{number}: {held.fault}."


def _application(wanted: Wanted, found: Found) -> Iterator[Step]:
    if found.application is None:
        yield AddApplication(wanted.application, wanted.secure)
    elif found.secure != wanted.secure:
        yield SetStorage(wanted.secure)


def _secrets(wanted: Wanted, found: Found) -> Iterator[Step]:
    for name, value in wanted.secrets.items():
        if found.secrets.get(name) != value:
            yield PutSecret(name, value, exists=name in found.secrets)


def _scenario(wanted: Wanted, found: Found) -> Iterator[Step]:
    live, kept = found.scenario, found.previous
    if live is not None and live.script == wanted.script:
        return
    if live is None:
        yield PutScenario(wanted.scenario, wanted.script, None)
        return
    if kept is None or kept.script != live.script:
        number = kept.number if kept else None
        yield PutScenario(wanted.previous, live.script, number, keeps=True)
    yield PutScenario(wanted.scenario, wanted.script, live.number, live.script)


def _rule(wanted: Wanted, found: Found) -> Iterator[Step]:
    rule = our_rule(found)
    if rule is None:
        yield AddRule(wanted.scenario)
    else:
        if (rule.pattern, rule.exclude) != (PATTERN, ""):
            old = rule.pattern + (f" but {rule.exclude}" if rule.exclude else "")
            yield SetRule(rule.number, old)
        ours = found.scenario.number if found.scenario else None
        bound = [number for number, _ in rule.scenarios]
        yield from (FreeRule(rule.number, n, name) for n, name in rule.scenarios if n != ours)
        if ours is None or ours not in bound:
            yield BindScenario(rule.number, wanted.scenario)
    first = found.rules[: found.rules.index(rule)] if rule else found.rules
    numbers = wanted.numbers or (_SOME_NUMBER,)
    before = tuple(each.name for each in first if any(map(each.takes, numbers)))
    if before:
        others = tuple(each.number for each in found.rules if each is not rule)
        yield LeadRules(others, before)


def _numbers(wanted: Wanted, found: Found) -> Iterator[Step]:
    rule = our_rule(found)
    for number in wanted.numbers:
        held = found.numbers.get(number)
        if held is None:
            continue
        right = rule is not None and (held.application, held.rule) == (
            found.application,
            rule.number,
        )
        if not right:
            elsewhere = held.application is not None and held.application != found.application
            old = (held.application_name or "another application") if elsewhere else ""
            yield BindNumber(number, wanted.application, old)
