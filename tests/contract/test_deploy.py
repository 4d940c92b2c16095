"""`halo deploy` on the stand-in account: whatever is there, wherever it stops, it gets there."""

import pytest
from deploying import KEY, NUMBER, URL, Line, Told, wanted

from halo_voice.deploy.faults import AccountFault
from halo_voice.deploy.plan import plan_rollback
from tests.halo import SCENARIO
from tests.standins.management_api import ManagementApi
from tests.standins.voximplant_parts import Scenario


@pytest.fixture
def line(tmp_path, monkeypatch):
    with ManagementApi() as api:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(api.write_authority(tmp_path)))
        api.account.rent(NUMBER)
        yield Line(api, tmp_path)


def stands(account, script):
    """The line as it should be: everything there, and the bytes those of the file."""
    assert account.script("halo").encode() == script.encode()
    assert account.bound(NUMBER) == ("halo", ["halo"])
    assert account.secret("HALO_URL") == URL
    assert (account.secret("HALO_KEY_ID"), account.secret("HALO_KEY")) == ("k1", KEY)
    assert [each.secure for each in account.applications.values()] == [True]
    (rule,) = account.rules.values()
    assert (rule.name, rule.pattern, rule.exclude) == ("halo", ".*", "")


def test_the_first_deploy_makes_everything(line):
    """From an empty account: each thing once, the number last, and the file's very bytes."""
    told = line.run(wanted())
    assert line.api.writes == [
        "AddApplication",
        *["AddSecret"] * 3,
        "AddScenario",
        "AddRule",
        "BindPhoneNumberToApplication",
    ]
    assert told.finished == told.begun
    assert told.repeated == []
    assert line.api.account.script("halo").encode() == SCENARIO.read_bytes()
    stands(line.api.account, wanted().script)


def test_the_second_deploy_changes_nothing(line):
    """A plan without steps, and not one command that changes anything."""
    line.run(wanted())
    line.api.forget()
    assert line.draw(wanted()).steps == ()
    assert line.run(wanted()).begun == []
    assert line.api.writes == []


def test_a_changed_scenario_is_replaced_and_the_old_one_kept(line):
    """The rule keeps its scenario, the new bytes are there, the old ones are kept beside them."""
    line.run(wanted(script="old();\n"))
    line.api.forget()
    line.run(wanted())
    assert line.api.writes == ["AddScenario", "SetScenarioInfo"]
    assert line.api.account.script("halo-previous") == "old();\n"
    stands(line.api.account, wanted().script)
    line.api.forget()
    line.run(wanted(script="newest();\n"))
    assert line.api.writes == ["SetScenarioInfo", "SetScenarioInfo"]
    assert line.api.account.script("halo-previous") == wanted().script


def test_a_changed_number_is_led_here(line):
    """From another application as well, and the plan says from which."""
    line.run(wanted())
    other = line.api.account.perform("AddApplication", {"application_name": "shop"})
    line.api.account.rent("78120000000", application=other["application_id"])
    line.api.forget()
    (step,) = line.draw(wanted(numbers=("78120000000",))).steps
    assert str(step) == "lead +78120000000 to the rule halo of halo, away from shop"
    line.run(wanted(numbers=("78120000000",)))
    assert line.api.writes == ["BindPhoneNumberToApplication"]
    assert line.api.account.bound("78120000000") == ("halo", ["halo"])
    assert line.api.account.bound(NUMBER) == ("halo", ["halo"]), "the first number stays"


def test_what_somebody_changed_by_hand_is_put_right(line):
    """Secrets, storage, pattern, a second scenario on the rule, a rule before it, a number."""
    line.run(wanted())
    account = line.api.account
    (application,) = account.applications
    (ours,) = account.rules
    other = account.perform(
        "AddScenario",
        {"scenario_name": "intruder", "scenario_script": "x", "application_id": str(application)},
    )["scenario_id"]
    form = {"rule_name": "old", "rule_pattern": "7.*", "scenario_id": str(other)}
    first = account.perform("AddRule", {**form, "application_id": str(application)})["rule_id"]
    account.perform("ReorderRules", {"rule_id": f"{first};{ours}"})
    account.rules[ours].pattern = "7999.*"
    account.rules[ours].exclude = "7495.*"
    account.rules[ours].scenarios = [other]
    account.applications[application].secure = False
    next(s for s in account.secrets.values() if s.name == "HALO_KEY").value = "another"
    next(n for n in account.numbers.values()).rule = first
    line.api.forget()
    line.run(wanted())
    assert sorted(line.api.writes) == [
        "BindPhoneNumberToApplication",
        "BindScenario",
        "BindScenario",
        "ReorderRules",
        "SetApplicationInfo",
        "SetRuleInfo",
        "SetSecretInfo",
    ]
    assert list(account.rules) == [ours, first]
    del account.rules[first]
    stands(account, wanted().script)


def test_names_that_only_resemble_ours_are_left_alone(line):
    """The platform's filters take a part of a name: a longer one that holds ours is not ours."""
    account = line.api.account
    other = account.perform("AddApplication", {"application_name": "my-halo"})["application_id"]
    form = {"scenario_name": "halo-old", "scenario_script": "theirs();"}
    account.perform("AddScenario", {**form, "application_id": str(other)})
    line.run(wanted())
    (ours,) = (n for n, each in account.applications.items() if each.name == "halo")
    form = {"scenario_name": "a-halo", "scenario_script": "theirs();"}
    account.perform("AddScenario", {**form, "application_id": str(ours)})
    account.scenarios = dict(sorted(account.scenarios.items(), key=lambda each: each[1].name))
    line.run(wanted(script="newer();"))
    assert account.script("halo") == "newer();"
    assert account.script("halo-old") == account.script("a-halo") == "theirs();"
    assert account.applications[other].secure is False


@pytest.mark.parametrize("name", ["halo.bak", "halo.", "halo-previous.bak", "Halo"])
def test_a_copy_of_ours_by_another_hand_is_left_alone(line, name):
    """Ours is written and rolled back, though the other is listed before it."""
    account = line.api.account
    line.run(wanted(script="first();"))
    (ours,) = (n for n, each in account.applications.items() if each.name == "halo")
    account.scenarios = {777: Scenario(name, "theirs();", ours), **account.scenarios}
    line.run(wanted(script="second();"))
    assert account.script("halo") == "second();"
    line.run(wanted(script="whatever();"), plan_rollback)
    assert account.script("halo") == "first();"
    assert account.script(name) == "theirs();"


def test_the_application_is_known_by_its_whole_name(line):
    """The platform lists «halo.romashka.voximplant.com»; and a second run finds it."""
    line.run(wanted())
    assert line.draw(wanted()).steps == ()
    assert len(line.api.account.applications) == 1


def test_a_copy_alone_is_not_taken_for_ours(line):
    """Where the owner removed ours, it is added beside the copy."""
    account = line.api.account
    line.run(wanted())
    (ours,) = (n for n, each in account.applications.items() if each.name == "halo")
    account.scenarios = {777: Scenario("halo.bak", "theirs();", ours)}
    account.rules.clear()
    line.run(wanted(script="new();"))
    assert (account.script("halo"), account.script("halo.bak")) == ("new();", "theirs();")


def test_long_lists_are_read_to_their_end(line, monkeypatch):
    """What we look for may be on any page."""
    monkeypatch.setattr("halo_voice.deploy.account.PAGE", 2)
    for number in range(5):
        line.api.account.perform("AddApplication", {"application_name": f"halo-{number}"})
    line.run(wanted())
    line.api.forget()
    line.run(wanted())
    assert line.api.writes == []
    pages = [form["offset"] for command, form in line.api.asked if command == "GetApplications"]
    assert pages[:3] == ["0", "2", "4"]


# Where a run stops ----------------------------------------------------------------------------

WRITES = [
    *(("AddSecret", n) for n in range(3)),
    *((c, 0) for c in ("AddApplication", "AddScenario", "AddRule", "BindPhoneNumberToApplication")),
]
CHANGES = [("AddScenario", 0), ("SetScenarioInfo", 0)]


class Killed(BaseException):
    """The process is gone: nothing is caught, nothing is tidied up."""


class Dying(Told):
    """Dies when the n-th step has begun, or is done."""

    def __init__(self, when, step):
        super().__init__()
        self.when, self.step = when, step

    def begin(self, step):
        super().begin(step)
        if self.when == "begin" and len(self.begun) == self.step:
            raise Killed

    def done(self, step):
        super().done(step)
        if self.when == "done" and len(self.finished) == self.step:
            raise Killed


@pytest.mark.parametrize("when", ["begin", "done"])
@pytest.mark.parametrize("step", range(1, 8))
def test_a_run_that_is_killed_at_any_step_is_carried_on(line, when, step):
    """Before or after each step: the next run makes what is missing, and nothing twice."""
    with pytest.raises(Killed):
        line.run(wanted(), told=Dying(when, step))
    line.run(wanted())
    stands(line.api.account, wanted().script)
    assert len(line.api.writes) == 7


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize(("command", "after"), WRITES)
def test_an_answer_that_is_lost_at_any_step_is_looked_up(line, command, after, cut):
    """Performed or not: the run itself looks again and goes on; nothing is made twice."""
    line.api.fail(command, cut=cut, after=after)
    line.run(wanted())
    stands(line.api.account, wanted().script)
    assert len(line.api.account.secrets) == 3
    assert len(line.api.account.scenarios) == 1


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize(("command", "after"), CHANGES)
def test_a_replacement_that_is_lost_keeps_the_way_back(line, command, after, cut):
    """Whatever answer is lost while a script is replaced, the one before it is kept."""
    line.run(wanted(script="old();"))
    line.api.fail(command, cut=cut, after=after)
    line.run(wanted())
    assert line.api.account.script("halo-previous") == "old();"
    stands(line.api.account, wanted().script)


def test_a_platform_that_is_gone_for_good_ends_the_run_with_words(line):
    """The run gives up after three rounds, says so, and the next one carries on."""
    line.api.fail("AddRule", cut="before", times=3)
    with pytest.raises(AccountFault, match="Still to do: make the rule halo"):
        line.run(wanted())
    line.run(wanted())
    stands(line.api.account, wanted().script)


def test_an_upload_that_is_not_kept_is_noticed(line):
    """The platform says yes and keeps the old script: the run looks, tries again, then says so."""
    line.run(wanted(script="old();"))
    line.api.fail("SetScenarioInfo", ignored=True, times=3)
    with pytest.raises(AccountFault, match="what it gives back differs"):
        line.run(wanted())
    assert line.api.account.script("halo") == "old();"
    line.api.fail("SetScenarioInfo", ignored=True)
    told = line.run(wanted())
    assert len(told.repeated) == 1
    stands(line.api.account, wanted().script)


# Going back -----------------------------------------------------------------------------------


def test_going_back_puts_the_script_before_in_place(line):
    """Only the script changes; a second time nothing is to be done; a deploy goes forward."""
    line.run(wanted(script="good();"))
    line.run(wanted(script="bad();"))
    line.api.forget()
    line.run(wanted(script="whatever"), plan_rollback)
    assert line.api.writes == ["SetScenarioInfo"]
    assert line.api.account.script("halo") == "good();"
    assert line.draw(wanted(), plan_rollback).steps == ()
    line.run(wanted(script="better();"))
    assert line.api.account.script("halo-previous") == "good();"


@pytest.mark.parametrize("cut", ["before", "after"])
def test_going_back_survives_a_lost_answer(line, cut):
    """On a bad line, too, one is back at the script before."""
    line.run(wanted(script="good();"))
    line.run(wanted(script="bad();"))
    line.api.fail("SetScenarioInfo", cut=cut, times=2)
    line.run(wanted(), plan_rollback)
    assert line.api.account.script("halo") == "good();"


def test_going_back_to_nothing_is_said(line):
    """No scenario, or none that was ever replaced, is a fault with words and no step."""
    assert "no scenario halo" in line.draw(wanted(), plan_rollback).faults[0]
    line.run(wanted())
    drawn = line.draw(wanted(), plan_rollback)
    assert drawn.steps == ()
    assert "Nothing is kept" in drawn.faults[0]
