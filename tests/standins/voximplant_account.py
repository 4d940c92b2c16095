"""A stand-in for a Voximplant account: what the Management API keeps, and what it refuses.

Every command takes the form's fields as text, as they come over the wire, and gives the answer's
fields. What the documentation leaves open is guessed towards the stricter side.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.standins.call_lists import CallList, list_of
from tests.standins.voximplant_parts import (
    Application,
    Form,
    Held,
    Number,
    Record,
    Refusal,
    Rule,
    Scenario,
    Secret,
    checked,
    known,
    need,
    page,
    pattern,
    truth,
)

CUSTOM_DATA_BYTES_MAX = 200
SMS_CHARS_MAX = 765
HISTORY_IDS_MAX = 1000
WHEN = "2026-11-01 10:00:00"


@dataclass
class VoximplantAccount:
    """The account. Dictionaries are by id; the order of `rules` is the order they are tried in."""

    account_id: int = 4711
    name: str = "romashka"
    balance: float = 100.0
    currency: str = "RUR"
    active: bool = True
    frozen: bool = False
    applications_max: int = 100
    scenarios_max: int = 100
    forbidden: set[str] = field(default_factory=set)  # the key's role does not allow these commands
    applications: dict[int, Application] = field(default_factory=dict)
    scenarios: dict[int, Scenario] = field(default_factory=dict)
    rules: dict[int, Rule] = field(default_factory=dict)
    numbers: dict[int, Number] = field(default_factory=dict)
    secrets: dict[int, Secret] = field(default_factory=dict)
    started: list[Form] = field(default_factory=list)
    messages: list[tuple[str, str, str]] = field(default_factory=list)  # source, destination, text
    lists: dict[int, CallList] = field(default_factory=dict)
    on_start: Callable[[str], None] | None = None  # runs a session; it is given the custom data
    storage: dict[str, tuple[str, int]] = field(default_factory=dict)  # of all applications
    finish_reason: str = "Normal termination"  # of every session
    _ids: int = 100

    sessions: dict[int, Held] = field(default_factory=dict)
    records: dict[int, Record] = field(default_factory=dict)

    # What tests prepare and look at -----------------------------------------------------------

    def rent(self, number: str, **fields: Any) -> int:
        """A number of the account, digits only, as the platform writes it."""
        return self._keep(self.numbers, Number(number, **fields))

    def hold(self, session: int, number: str, *urls: str, **fields: Any) -> None:
        """A session of the history, with its recordings."""
        made = [self._keep(self.records, Record(url)) for url in urls]
        self.sessions[session] = Held(session, number, records=made, **fields)

    def script(self, name: str) -> str | None:
        return next((each.script for each in self.scenarios.values() if each.name == name), None)

    def secret(self, name: str) -> str | None:
        return next((each.value for each in self.secrets.values() if each.name == name), None)

    def bound(self, number: str) -> tuple[str, list[str]] | None:
        """The application a number leads to, and the scenarios of the rule it is bound to."""
        found = next(each for each in self.numbers.values() if each.number == number)
        if found.application is None:
            return None
        rule = self.rules.get(found.rule or 0)
        names = [self.scenarios[each].name for each in rule.scenarios] if rule else []
        return self.applications[found.application].name, names

    # The commands -----------------------------------------------------------------------------

    def perform(self, command: str, form: Form) -> dict[str, Any]:
        do = COMMANDS.get(command)
        if do is None:
            raise Refusal(103, "Unknown command.")
        if command in self.forbidden:
            raise Refusal(104, "Forbidden command.")
        return do(self, form)

    def get_account_info(self, form: Form) -> dict[str, Any]:
        info = {
            "account_id": self.account_id,
            "account_name": self.name,
            "account_email": "owner@example.com",
            "api_key": "an-api-key-that-nobody-may-see",
            "active": self.active,
            "frozen": self.frozen,
            "balance": self.balance,
            "currency": self.currency,
            "created": WHEN,
        }
        return {"result": info, "api_address": "api.voximplant.com"}

    def get_applications(self, form: Form) -> dict[str, Any]:
        wanted = form.get("application_name", "").lower()
        rows = [
            {
                "application_id": number,
                "application_name": self._full(each.name),
                "secure_record_storage": each.secure,
                "modified": WHEN,
            }
            for number, each in self.applications.items()
            if wanted in self._full(each.name)
        ]
        return page(rows, form)

    def add_application(self, form: Form) -> dict[str, Any]:
        name = need(form, "application_name")
        if not re.fullmatch(r"[a-z][a-z0-9-]{1,64}", name):
            raise Refusal(107, "Invalid application name.")
        if name in [each.name for each in self.applications.values()]:
            raise Refusal(129, "The application name isn't unique.")
        if len(self.applications) >= self.applications_max:
            raise Refusal(108, "Exceeded the application count limit per account.")
        made = Application(name, truth(form.get("secure_record_storage", "False")))
        return {
            "result": 1,
            "application_id": self._keep(self.applications, made),
            "application_name": self._full(name),
            "secure_record_storage": made.secure,
        }

    def set_application_info(self, form: Form) -> dict[str, Any]:
        application = self.applications[self._application(form)]
        if "secure_record_storage" in form:
            application.secure = truth(form["secure_record_storage"])
        return {"result": 1}

    def get_scenarios(self, form: Form) -> dict[str, Any]:
        wanted = form.get("scenario_name", "").lower()
        rows = []
        for number, each in self.scenarios.items():
            apart = "scenario_id" in form and str(number) != form["scenario_id"]
            foreign = "application_id" in form and str(each.application) != form["application_id"]
            if apart or foreign or wanted not in each.name.lower():
                continue
            row = {"scenario_id": number, "scenario_name": each.name, "modified": WHEN}
            if truth(form.get("with_script", "False")) and "scenario_id" in form:
                row["scenario_script"] = each.script
            rows.append(row | {"parent": False})
        return page(rows, form)

    def add_scenario(self, form: Form) -> dict[str, Any]:
        name = need(form, "scenario_name")
        if len(name) >= 30 or not re.fullmatch(r"[\w -]+", name):
            raise Refusal(168, "The 'scenario_name' parameter is invalid.")
        if name in [each.name for each in self.scenarios.values()]:
            raise Refusal(133, "The scenario name isn't unique.")
        if len(self.scenarios) >= self.scenarios_max:
            raise Refusal(418, "The scenario count limit is exceeded.")
        application = self._application(form) if "application_id" in form else None
        script = checked(form.get("scenario_script", ""))
        return {
            "result": 1,
            "scenario_id": self._keep(self.scenarios, Scenario(name, script, application)),
        }

    def set_scenario_info(self, form: Form) -> dict[str, Any]:
        scenario = self.scenarios[known(self.scenarios, form, "scenario_id", 132)]
        if "scenario_script" in form:
            scenario.script = checked(form["scenario_script"])
        return {"result": 1}

    def get_rules(self, form: Form) -> dict[str, Any]:
        application = self._application(form)
        with_scenarios = truth(form.get("with_scenarios", "False"))
        rows = []
        for number, each in self.rules.items():
            if each.application != application:
                continue
            row = {
                "rule_id": number,
                "application_id": each.application,
                "rule_name": each.name,
                "rule_pattern": each.pattern,
                "video_conference": False,
                "modified": WHEN,
            }
            if each.exclude:
                row["rule_pattern_exclude"] = each.exclude
            if with_scenarios:
                row["scenarios"] = [
                    {"scenario_id": s, "scenario_name": self.scenarios[s].name, "modified": WHEN}
                    for s in each.scenarios
                ]
            rows.append(row)
        return page(rows, form)

    def add_rule(self, form: Form) -> dict[str, Any]:
        application = self._application(form)
        name = need(form, "rule_name")
        if len(name) >= 100:
            raise Refusal(156, "The 'rule_name' parameter is invalid.")
        siblings = [each for each in self.rules.values() if each.application == application]
        if name in [each.name for each in siblings]:
            raise Refusal(175, "The 'rule_name' isn't unique.")
        scenarios = [
            known(self.scenarios, {"scenario_id": each}, "scenario_id", 132)
            for each in need(form, "scenario_id").split(";")
        ]
        made = Rule(name, pattern(need(form, "rule_pattern")), application, scenarios=scenarios)
        return {"result": 1, "rule_id": self._keep(self.rules, made)}

    def set_rule_info(self, form: Form) -> dict[str, Any]:
        rule = self.rules[known(self.rules, form, "rule_id", 147)]
        if "rule_pattern" in form:
            rule.pattern = pattern(form["rule_pattern"])
        if "rule_pattern_exclude" in form:
            rule.exclude = form["rule_pattern_exclude"]
        return {"result": 1}

    def reorder_rules(self, form: Form) -> dict[str, Any]:
        wanted = [
            known(self.rules, {"rule_id": each}, "rule_id", 147)
            for each in need(form, "rule_id").split(";")
        ]
        rest = [each for each in self.rules if each not in wanted]
        self.rules = {each: self.rules[each] for each in (*wanted, *rest)}
        return {"result": 1}

    def bind_scenario(self, form: Form) -> dict[str, Any]:
        rule = self.rules[known(self.rules, form, "rule_id", 147)]
        binds = truth(form.get("bind", "True"))
        for each in need(form, "scenario_id").split(";"):
            number = known(self.scenarios, {"scenario_id": each}, "scenario_id", 132)
            if self.scenarios[number].application not in (None, rule.application):
                raise Refusal(101, "The rule and the scenario are of different applications.")
            if number in rule.scenarios:
                rule.scenarios.remove(number)
            if binds:
                rule.scenarios.append(number)
        return {"result": 1}

    def get_phone_numbers(self, form: Form) -> dict[str, Any]:
        wanted = set(filter(None, form.get("phone_number", "").split(";")))
        return page([self._row(*each) for each in self._owned(wanted)], form)

    def bind_phone_number_to_application(self, form: Form) -> dict[str, Any]:
        application = self._application(form)
        rule = known(self.rules, form, "rule_id", 147) if "rule_id" in form else None
        if rule is not None and self.rules[rule].application != application:
            raise Refusal(147, "The 'rule_id' parameter is invalid.")
        owned = list(self._owned({need(form, "phone_number")}))
        if not owned:
            raise Refusal(121, "Invalid phone number.")
        binds = truth(form.get("bind", "True"))
        for _, number in owned:
            number.application = application if binds else None
            number.rule = rule if binds else None
        return {"result": 1}

    def get_secrets(self, form: Form) -> dict[str, Any]:
        application = self._application(form)
        rows = [
            {"secret_id": number, "secret_name": each.name, "created": WHEN, "modified": WHEN}
            for number, each in self.secrets.items()
            if each.application == application
        ]
        return page(rows, form)

    def get_secret_value(self, form: Form) -> dict[str, Any]:
        number, secret = self._secret(form)
        value = {"secret_id": number, "secret_name": secret.name, "secret_value": secret.value}
        return {"result": [value | {"created": WHEN, "modified": WHEN}]}

    def add_secret(self, form: Form) -> dict[str, Any]:
        application = self._application(form)
        name = need(form, "secret_name")
        if not re.fullmatch(r"[A-Za-z]\w{0,63}", name) or len(form["secret_value"]) > 8192:
            raise Refusal(101, "Invalid arguments.")
        if name in [s.name for s in self.secrets.values() if s.application == application]:
            raise Refusal(101, "The secret name isn't unique.")
        made = Secret(name, need(form, "secret_value"), application)
        return {"result": [{"secret_id": self._keep(self.secrets, made)}]}

    def set_secret_info(self, form: Form) -> dict[str, Any]:
        _, secret = self._secret(form)
        secret.value = need(form, "secret_value")
        return {"result": 1}

    def start_scenarios(self, form: Form) -> dict[str, Any]:
        rule = self.rules[known(self.rules, form, "rule_id", 147)]
        if not rule.scenarios:
            raise Refusal(375, "No scenario is bound to the rule.")
        if len(form.get("script_custom_data", "").encode()) > CUSTOM_DATA_BYTES_MAX:
            raise Refusal(101, "Invalid arguments.")
        if self.balance <= 0:
            raise Refusal(127, "Insufficient money.")
        self.started.append(form)
        if self.on_start is not None:
            self.on_start(form.get("script_custom_data", ""))
        session = 3_000_000 + len(self.started)
        control = f"www-ru-1.voximplant.com/request?token=control-{session}"
        return {
            "result": 1,
            "media_session_access_url": f"http://{control}",
            "media_session_access_secure_url": f"https://{control}",
            "call_session_history_id": session,
        }

    def get_call_history(self, form: Form) -> dict[str, Any]:
        begins, ends = (datetime.fromisoformat(need(form, key)) for key in ("from_date", "to_date"))
        ids = set(filter(None, form.get("call_session_history_id", "").split(";")))
        numbers = set(filter(None, form.get("remote_number", "").split(";")))
        if len(ids) > HISTORY_IDS_MAX:
            raise Refusal(101, "Invalid arguments.")
        rows = []
        for each in self.sessions.values():
            far = not begins <= datetime.fromisoformat(each.began) <= ends
            if far or (ids and str(each.session) not in ids):
                continue
            if numbers and each.number not in numbers:
                continue
            row = each.row()
            row |= {"calls": [each.call()]} if truth(form.get("with_calls", "False")) else {}
            if truth(form.get("with_records", "False")):
                row["records"] = [self.records[i].row(i) for i in each.records if i in self.records]
            rows.append(row)
        for session in map(int, ids - {str(held) for held in self.sessions}):
            if 0 < session - 3_000_000 <= len(self.started):
                rows.append(
                    {"call_session_history_id": session, "finish_reason": self.finish_reason}
                )
        return page(rows, form) | {"timezone": "Etc/UTC"}

    def delete_record(self, form: Form) -> dict[str, Any]:
        known(self.records, form, "record_id", 101)
        del self.records[int(form["record_id"])]
        return {"result": 1}

    def send_sms_message(self, form: Form) -> dict[str, Any]:
        owned = list(self._owned({need(form, "source")}))
        if not owned or not owned[0][1].sms:
            raise Refusal(121, "Invalid phone number.")
        if not re.fullmatch(r"\d{10,15}", need(form, "destination")):
            raise Refusal(101, "Invalid arguments.")
        if not 0 < len(form.get("sms_body", "")) <= SMS_CHARS_MAX:
            raise Refusal(101, "Invalid arguments.")
        if self.balance <= 0:
            raise Refusal(127, "Insufficient money.")
        self.messages.append((form["source"], form["destination"], form["sms_body"]))
        fragments = -(-len(form["sms_body"]) // 70)
        return {"result": 1, "message_id": len(self.messages), "fragments_count": fragments}

    def get_key_value_items(self, form: Form) -> dict[str, Any]:
        self._application(form)
        beginning = need(form, "key")
        known = [(key, value) for key, (value, _) in self.storage.items()]
        rows = [{"key": k, "value": v} for k, v in known if k.startswith(beginning)]
        return page(rows, form)

    def get_resource_price(self, form: Form) -> dict[str, Any]:
        return {"result": [{"resource_type": "ASR", "price_groups": []}] * 3}

    def create_call_list(self, form: Form) -> dict[str, Any]:
        rule = known(self.rules, form, "rule_id", 147)
        if self.balance < 1:
            raise Refusal(127, "Insufficient money.")
        made = list_of(form, rule)
        return {"result": 1, "list_id": self._keep(self.lists, made), "count": len(made.tasks)}

    def get_call_lists(self, form: Form) -> dict[str, Any]:
        named = [(n, e) for n, e in self.lists.items() if form.get("name", "") in e.name]
        rows = [{"list_id": n, "list_name": e.name, "status": e.status} for n, e in named]
        return page(rows, form)

    def get_call_list_details(self, form: Form) -> dict[str, Any]:
        number = known(self.lists, form, "list_id", 251)
        return page([task.row(number) for task in self.lists[number].tasks], form)

    def stop_call_list_processing(self, form: Form) -> dict[str, Any]:
        self.lists[known(self.lists, form, "list_id", 251)].stop()
        return {"result": 1}

    # ------------------------------------------------------------------------------------------

    def _full(self, name: str) -> str:
        return f"{name}.{self.name}.voximplant.com"

    def _keep(self, kind: dict[int, Any], made: Any) -> int:
        self._ids += 1
        kind[self._ids] = made
        return self._ids

    def _application(self, form: Form) -> int:
        return known(self.applications, form, "application_id", 116)

    def _owned(self, wanted: set[str]) -> Iterable[tuple[int, Number]]:
        return (
            (n, each) for n, each in self.numbers.items() if not wanted or each.number in wanted
        )

    def _secret(self, form: Form) -> tuple[int, Secret]:
        application = self._application(form)
        for number, each in self.secrets.items():
            if each.application == application and each.name == form.get("secret_name"):
                return number, each
        raise Refusal(101, "Invalid arguments.")

    def _row(self, number: int, each: Number) -> dict[str, Any]:
        row = {
            "phone_id": number,
            "phone_number": each.number,
            "phone_price": 100,
            "phone_country_code": "RU",
            "phone_next_renewal": "2026-12-20",
            "phone_purchase_date": WHEN,
            "deactivated": each.deactivated,
            "canceled": each.canceled,
            "auto_charge": True,
            "can_be_used": each.can_be_used,
            "verification_status": each.verification,
            "modified": WHEN,
        }
        if each.application is not None:
            row["application_id"] = each.application
            row["application_name"] = self.applications[each.application].name
        if each.rule is not None:
            row["rule_id"] = each.rule
        return row


COMMANDS: dict[str, Callable[[VoximplantAccount, Form], dict[str, Any]]] = {
    "".join(word.title() for word in name.split("_")): value
    for name, value in vars(VoximplantAccount).items()
    if name.partition("_")[0]
    in ["get", "add", "set", "bind", "reorder", "start", "create", "stop", "send", "delete"]
}
