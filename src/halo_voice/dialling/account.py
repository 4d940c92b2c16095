"""What calling people asks of the account: the rule that is to run, a session, a call list."""

from __future__ import annotations

import json

from halo_voice.deploy.account import Account, reading
from halo_voice.deploy.faults import AccountFault
from halo_voice.deploy.found import application_of, rules_of
from halo_voice.deploy.wanted import RULE
from halo_voice.dialling.results import Task

PRIORITY = 1
TASKS_PAGE = 1_000


def rule_id(account: Account, application: str) -> int:
    """The rule that `halo deploy` has made. Raises `AccountFault`."""
    with reading("the account's rules"):
        number = application_of(account, application)
        rules = [] if number is None else rules_of(account, number)
    found = next((rule.number for rule in rules if rule.name == RULE and rule.scenarios), None)
    if found is None:
        raise AccountFault(f"The application {application} is not deployed: run `halo deploy`.")
    return found


def start(account: Account, rule: int, token: str) -> int:
    """Begins a session with this token; its number. Raises `AccountFault`, `Unsure`."""
    answer = account.ask("start_scenarios", rule_id=rule, script_custom_data=token)
    with reading("StartScenarios"):
        return int(answer["call_session_history_id"])


def create_list(
    account: Account, rule: int, name: str, csv: str, *, together: int, attempts: int, pause_s: int
) -> int:
    """The platform calls by it at once. Its number. Raises `AccountFault`, `Unsure`."""
    answer = account.ask(
        "create_call_list",
        rule_id=rule,
        priority=PRIORITY,
        max_simultaneous=together,
        num_attempts=attempts,
        name=name,
        file_content=csv,
        interval_seconds=pause_s,
        encoding="UTF-8",
        delimiter=";",
    )
    with reading("CreateCallList"):
        return int(answer["list_id"])


def lists_of(account: Account, name: str) -> list[int]:
    """Those of this name: whether one was made whose answer was lost."""
    with reading("GetCallLists"):
        rows = account.rows("get_call_lists", name=name)
        return [int(row["list_id"]) for row in rows if str(row["list_name"]) == name]


def stop_list(account: Account, number: int) -> None:
    """Calls that are under way go on; no other is begun."""
    account.ask("stop_call_list_processing", list_id=number)


def tasks_of(account: Account, number: int) -> list[Task]:
    """Every row, whatever became of it."""
    with reading("GetCallListDetails"):
        rows = account.rows("get_call_list_details", list_id=number, output="json")
        return [
            Task(
                token=str(json.loads(row["custom_data"]).get("dial", "")),
                status=str(row["status"]),
                attempts_left=int(row.get("attempts_left") or 0),
                result=str(row.get("result_data") or ""),
            )
            for row in rows
        ]
