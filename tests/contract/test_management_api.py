"""That the stand-in of the Management API speaks as the official client expects it."""

import jwt
import pytest
from voximplant.apiclient import VoximplantAPI, VoximplantException

from tests.standins.management_api import KEY_ID, ManagementApi
from tests.standins.voximplant_account import VoximplantAccount


@pytest.fixture
def api():
    with ManagementApi() as standing:
        yield standing


@pytest.fixture
def official(api, tmp_path, monkeypatch):
    """The library as it comes, its own transport included."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(api.write_authority(tmp_path)))
    return VoximplantAPI(str(api.write_credentials(tmp_path)), endpoint=api.endpoint)


def test_keeps_what_the_official_client_sends(official, api):
    """An application with scenario, rule, number and secret comes back as it was made."""
    api.account.rent("74950000000")
    application = official.add_application("halo", secure_record_storage=True)["application_id"]
    script = "// Проверка: «ё», 100 % + &\r\nrequire(Modules.ASR);\n"
    scenario = official.add_scenario("halo", script, application_id=application)["scenario_id"]
    rule = official.add_rule("halo", ".*", application, scenario_id=[scenario])["rule_id"]
    official.bind_phone_number_to_application(
        phone_number="74950000000", application_id=application, rule_id=rule
    )
    official.add_secret("HALO_URL", "https://halo.example.ru", application)

    shown = official.get_scenarios(scenario_id=scenario, with_script=True)["result"][0]
    assert shown["scenario_script"] == script == api.account.script("halo")
    (found,) = official.get_applications(application_name="halo")["result"]
    assert found["application_name"] == "halo.romashka.voximplant.com"
    assert found["secure_record_storage"] is True
    (held,) = official.get_rules(application, with_scenarios=True)["result"]
    assert [each["scenario_name"] for each in held["scenarios"]] == ["halo"]
    (number,) = official.get_phone_numbers(phone_number="74950000000")["result"]
    assert (number["application_id"], number["rule_id"]) == (application, rule)
    value = official.get_secret_value(application, secret_name="HALO_URL")["result"][0]
    assert value["secret_value"] == "https://halo.example.ru"


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda a: a.add_application("Halo"), 107),
        (lambda a: a.add_scenario("s", "x" * 131_072), 130),
        (lambda a: a.add_scenario("n" * 30, ""), 168),
        (lambda a: a.get_rules(application_id=1), 116),
        (lambda a: a.set_scenario_info(scenario_id=5, scenario_script=""), 132),
        (lambda a: a.set_rule_info(rule_id=5), 147),
        (lambda a: a.get_currency_rate("USD"), 103),
        (lambda a: a.start_scenarios(rule_id=5), 147),
    ],
)
def test_refuses_as_the_platform_does(official, ask, code):
    """A refusal is HTTP 200 with `error`, and the client makes an exception with its code of it."""
    with pytest.raises(VoximplantException) as caught:
        ask(official)
    assert caught.value.code == code


def test_names_are_taken_once(official):
    """Applications and scenarios have unique names in the account, rules in their application."""
    application = official.add_application("halo")["application_id"]
    scenario = official.add_scenario("halo", "", application_id=application)["scenario_id"]
    official.add_rule("halo", ".*", application, scenario_id=scenario)
    again = [
        (lambda: official.add_application("halo"), 129),
        (lambda: official.add_scenario("halo", ""), 133),
        (lambda: official.add_rule("halo", ".*", application, scenario_id=scenario), 175),
    ]
    for ask, code in again:
        with pytest.raises(VoximplantException) as caught:
            ask()
        assert caught.value.code == code


def test_a_list_comes_in_pages(official):
    """Twenty rows unless asked for more, with the number of all."""
    for number in range(25):
        official.add_application(f"app-{number}")
    first = official.get_applications()
    assert (len(first["result"]), first["count"], first["total_count"]) == (20, 20, 25)
    assert len(official.get_applications(offset=20)["result"]) == 5


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"account_id": 1}, 100), ({"key_id": "another"}, 100)],
)
def test_lets_only_its_own_key_in(official, api, fields, code):
    """A token of another account, or with an unknown key, is refused and reaches no command."""
    for name, value in fields.items():
        official.credentials[name] = value
        official.account_id = official.credentials["account_id"]
    with pytest.raises(VoximplantException) as caught:
        official.get_account_info()
    assert caught.value.code == code
    assert api.asked == []


def test_a_token_must_be_signed_with_the_key_and_fresh(official, api):
    """Another key's signature, a stale token and no token at all are each refused."""
    genuine = official.build_auth_header()
    with ManagementApi(VoximplantAccount(account_id=4712)) as other:
        forged = jwt.encode(
            {"iss": "4711", "iat": 0, "exp": 9}, other.key, "RS256", {"kid": KEY_ID}
        )
    for header, code in ((f"Bearer {forged}", 100), ("Bearer x", 447), (genuine, 456)):
        official.build_auth_header = lambda header=header: header
        api.clock_s = 120 if header is genuine else 0
        with pytest.raises(VoximplantException) as caught:
            official.get_account_info()
        assert caught.value.code == code
    assert api.asked == []
