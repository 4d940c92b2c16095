"""What the account holds of what we care for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from halo_voice.deploy.account import Account, reading
from halo_voice.deploy.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Owner:
    """Of the account itself. `balance` is None where the key may not see it."""

    name: str
    number: int
    active: bool = True
    frozen: bool = False
    balance: float | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    number: int
    script: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """`scenarios`: their numbers and names, in the order in which they run."""

    number: int
    name: str
    pattern: str
    exclude: str = ""
    scenarios: tuple[tuple[int, str], ...] = ()

    def takes(self, number: str) -> bool:
        """It would take a call to this number; a pattern that we cannot read may."""
        try:
            excluded = bool(self.exclude) and re.fullmatch(self.exclude, number) is not None
            return re.fullmatch(self.pattern, number) is not None and not excluded
        except re.error:
            return True


@dataclass(frozen=True, slots=True)
class Number:
    """`fault`: why no call comes in by it, whatever it is bound to; "" if one does."""

    application: int | None = None
    application_name: str = ""
    rule: int | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """`rules`: in the order in which they are tried. What is missing is None, or is not there."""

    owner: Owner
    application: int | None = None
    secure: bool = False
    scenario: Scenario | None = None
    previous: Scenario | None = None
    rules: tuple[Rule, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    numbers: Mapping[str, Number] = field(default_factory=dict)


def look(account: Account, wanted: Wanted) -> Found:
    """Ask for all of it. Changes nothing. Raises `AccountFault`."""
    with reading("the account's state"):
        owner = owner_of(account)
        numbers = {
            number: row
            for number in wanted.numbers
            for row in [_number(account, number)]
            if row is not None
        }
        row = _application(account, wanted.application)
        if row is None:
            return Found(owner, numbers=numbers)
        application = int(row["application_id"])
        return Found(
            owner,
            application=application,
            secure=bool(row.get("secure_record_storage")),
            scenario=_scenario(account, application, wanted.scenario),
            previous=_scenario(account, application, wanted.previous),
            rules=rules_of(account, application),
            secrets=_secrets(account, application, wanted.secrets),
            numbers=numbers,
        )


def owner_of(account: Account) -> Owner:
    """Raises `AccountFault`."""
    info = account.ask("get_account_info", return_live_balance=True)["result"]
    balance = info.get("balance")
    return Owner(
        name=str(info["account_name"]),
        number=int(info["account_id"]),
        active=bool(info.get("active", True)),
        frozen=bool(info.get("frozen", False)),
        balance=None if balance is None else float(balance),
        currency=str(info.get("currency", "")),
    )


def _scenario(account: Account, application: int, name: str) -> Scenario | None:
    """The platform's filter takes a part of a name: «halo.bak» is its owner's, not ours."""
    rows = account.rows("get_scenarios", application_id=application, scenario_name=name)
    row = next((row for row in rows if str(row["scenario_name"]) == name), None)
    if row is None:
        return None
    number = int(row["scenario_id"])
    whole = account.ask("get_scenarios", scenario_id=number, with_script=True)["result"][0]
    return Scenario(number, str(whole.get("scenario_script") or ""))


def application_of(account: Account, name: str) -> int | None:
    """Its number; None if there is none of this name."""
    row = _application(account, name)
    return None if row is None else int(row["application_id"])


def _application(account: Account, name: str) -> dict[str, Any] | None:
    """Listed with its whole name, «halo.romashka.voximplant.com»."""
    rows = account.rows("get_applications", application_name=name)
    return next((r for r in rows if str(r["application_name"]).partition(".")[0] == name), None)


def rules_of(account: Account, application: int) -> tuple[Rule, ...]:
    """In the order in which they are tried."""
    rows = account.rows("get_rules", application_id=application, with_scenarios=True)
    return tuple(
        Rule(
            number=int(row["rule_id"]),
            name=str(row["rule_name"]),
            pattern=str(row["rule_pattern"]),
            exclude=str(row.get("rule_pattern_exclude") or ""),
            scenarios=tuple(
                (int(each["scenario_id"]), str(each["scenario_name"]))
                for each in row.get("scenarios") or ()
            ),
        )
        for row in rows
    )


def _secrets(account: Account, application: int, names: Mapping[str, str]) -> dict[str, str]:
    there = {row["secret_name"] for row in account.rows("get_secrets", application_id=application)}
    return {
        name: _value(account.ask("get_secret_value", application_id=application, secret_name=name))
        for name in names
        if name in there
    }


def _value(answer: dict[str, Any]) -> str:
    result = answer["result"]
    held = result[0] if isinstance(result, list) else result
    return str(held["secret_value"])


def _number(account: Account, number: str) -> Number | None:
    rows = account.rows("get_phone_numbers", phone_number=number)
    row = next((each for each in rows if str(each["phone_number"]).lstrip("+") == number), None)
    if row is None:
        return None
    application, rule = row.get("application_id"), row.get("rule_id")
    return Number(
        application=int(application) if application else None,
        application_name=str(row.get("application_name") or ""),
        rule=int(rule) if rule else None,
        fault=_number_fault(row),
    )


def _number_fault(row: dict[str, Any]) -> str:
    if row.get("canceled"):
        return "its rent was cancelled: rent it again in the control panel"
    if row.get("deactivated"):
        return "its rent is frozen: top up the account, then activate it in the control panel"
    if row.get("can_be_used") is False:
        state = str(row.get("verification_status") or "")
        return f"it may not be used before the account is verified ({state.lower() or 'required'})"
    return ""
