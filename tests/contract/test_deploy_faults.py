"""What can stand in the way of a deploy: each is named, with what to do, and no secret in it."""

import time

import pytest
from deploying import KEY, NUMBER, Line, Told, wanted
from voximplant.apiclient import VoximplantAPI

from halo_voice.deploy import client
from halo_voice.deploy.client import ATTEMPTS, Client
from halo_voice.deploy.faults import BUSY, REMEDIES, AccountFault, Unreadable, Unsure
from tests.standins.management_api import ManagementApi


@pytest.fixture
def line(tmp_path, monkeypatch):
    with ManagementApi() as api:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(api.write_authority(tmp_path)))
        api.account.rent(NUMBER)
        yield Line(api, tmp_path)


def fault_of(line, **fields):
    with pytest.raises(AccountFault) as caught:
        line.run(wanted(**fields))
    return caught.value


# Refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(REMEDIES))
def test_every_refusal_says_what_to_do(line, code):
    """Its remedy, the command, the code and the platform's words; what was done stays."""
    line.api.fail("AddRule", refusal=(code, f"said of {KEY}."), times=99)
    told = Told()
    with pytest.raises(AccountFault) as caught:
        line.run(wanted(), told=told)
    # The platform's own faults are looked into, and end with what is still to do.
    words = "\n".join([str(caught.value), *told.repeated])
    assert REMEDIES[code] in words
    assert f"(AddRule, error {code}: said of …)" in words
    assert KEY not in words
    assert line.api.account.script("halo") == wanted().script
    assert line.api.account.rules == {}


def test_an_unknown_refusal_is_told_with_the_platforms_words(line):
    """A code that nobody has seen yet leads to the page of errors."""
    line.api.fail("AddRule", refusal=(999, "Something new"))
    assert "page Errors" in str(fault_of(line))
    line.api.fail("AddRule", refusal=(999, "Something new"))
    assert "(AddRule, error 999: Something new)" in str(fault_of(line))


def test_a_role_that_may_not_is_named(line):
    """A service account without the right role is told which one it takes, and for what."""
    line.api.account.forbidden.add("AddScenario")
    fault = fault_of(line)
    assert (fault.code, "Developer" in str(fault), "AddScenario" in str(fault)) == (104, True, True)


def test_names_that_are_taken_are_said(line):
    """A scenario of ours that lies elsewhere in the account is not overwritten."""
    line.api.account.perform("AddScenario", {"scenario_name": "halo", "scenario_script": "theirs"})
    assert fault_of(line).code == 133
    assert line.api.account.script("halo") == "theirs"


@pytest.mark.parametrize(("limit", "code"), [("applications_max", 108), ("scenarios_max", 418)])
def test_limits_of_the_account_are_said(line, limit, code):
    """Too many applications, too many scenarios."""
    setattr(line.api.account, limit, 0)
    assert fault_of(line).code == code


def test_a_script_over_the_limit_is_refused_in_words(line):
    """Should our own check miss it, the platform's refusal is told as well."""
    assert fault_of(line, script="x" * 128 * 1024).code == 130


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"canceled": True}, "rent it again"),
        ({"deactivated": True}, "top up the account"),
        ({"can_be_used": False, "verification": "IN_PROGRESS"}, "verified (in_progress)"),
    ],
)
def test_a_number_that_takes_no_calls_stops_the_plan(line, fields, words):
    """Nothing is begun for a number that would not ring."""
    line.api.account.rent("78120000000", **fields)
    drawn = line.draw(wanted(numbers=("78120000000",)))
    assert words in drawn.faults[0]


def test_somebody_elses_number_stops_the_plan(line):
    """A number that is not rented here is named before anything is changed."""
    (fault,) = line.draw(wanted(numbers=("79990000000",))).faults
    assert "+79990000000 is not a number of this account" in fault


@pytest.mark.parametrize(("field", "value"), [("frozen", True), ("active", False)])
def test_an_account_that_is_closed_stops_the_plan(line, field, value):
    """Frozen, or never activated."""
    setattr(line.api.account, field, value)
    assert len(line.draw(wanted()).faults) == 1


# Keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"key_id": "a-deleted-one"}, "does not accept the key"),
        ({"account_id": 1}, "does not accept the key"),
        ({"private_key": "not a key"}, "private_key is not an RSA key"),
        ({"key_id": ""}, "has no key_id"),
    ],
)
def test_a_wrong_key_is_said_before_anything_is_asked(line, fields, words):
    """A deleted key, another account's, a torn file: what to do, and not a piece of the key."""
    path = line.api.write_credentials(line.folder, **fields)
    fault = fault_of(line)
    assert words in str(fault)
    assert "PRIVATE" not in str(fault)
    assert line.api.asked == []
    assert path.exists()


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", None])
def test_a_file_that_is_none_is_said(line, content):
    """No file, no JSON, no object: each with how to get the right one."""
    path = line.folder / "credentials.json"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    assert "service account" in str(fault_of(line))


@pytest.mark.parametrize("ahead_s", [-120.0, 120.0])
def test_a_wrong_clock_is_said(line, ahead_s):
    """A token of another time is refused; the fault names the clock, and the skew is known."""
    line.api.clock_s = ahead_s
    account = line.open()
    with pytest.raises(AccountFault, match="clock") as caught:
        account.ask("get_account_info")
    assert caught.value.code == 456
    assert account.skew_s == pytest.approx(-ahead_s, abs=5)
    account.close()


# The way there --------------------------------------------------------------------------------


def test_asks_as_the_official_client_does(line):
    """The same bytes and the same head fields as the library's own transport, token aside."""
    credentials = line.api.write_credentials(line.folder)
    ours = Client(credentials, line.api.endpoint)
    official = VoximplantAPI(str(credentials), endpoint=line.api.endpoint)
    script = "// «ё» 100 % +&=;\r\n"
    for asking in (official, ours):
        line.api.account.applications.clear()
        line.api.account.scenarios.clear()
        asking.add_application("halo", secure_record_storage=True)
        asking.add_scenario("halo", script)
        asking.get_applications(application_name="halo", with_rules=False, count=5)
    ours.close()
    heads, bodies = zip(*line.api.raw, strict=True)
    assert bodies[:3] == bodies[3:]
    for head in heads:
        assert head.pop("authorization").startswith("Bearer ey")
    # Ours keeps the connection, as the library's does not.
    assert heads[:3] == heads[3:]


@pytest.mark.parametrize(
    "trouble",
    [
        *({"refusal": (code, "later")} for code in sorted(BUSY)),
        {"status": 429},
        {"status": 503},
        {"status": 502},
        {"cut": "before"},
        {"cut": "after"},
        {"answer": b"{"},
    ],
    ids=str,
)
def test_what_passes_is_waited_for(line, trouble):
    """A question is asked again, each time after twice the pause, and nobody notices."""
    line.api.fail("GetApplications", times=ATTEMPTS - 1, **trouble)
    line.run(wanted())
    assert line.pauses[: ATTEMPTS - 1] == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize("trouble", [{"refusal": (340, "later")}, {"status": 503}], ids=str)
def test_what_does_not_pass_ends_the_run(line, trouble):
    """After the last attempt: run it again, it carries on."""
    line.api.fail("GetApplications", times=ATTEMPTS, **trouble)
    assert "carries on" in str(fault_of(line))


def test_what_may_not_be_sent_twice_is_not(line):
    """A call is begun once: after a lost answer nobody dials again by himself."""
    line.run(wanted())
    line.api.fail("StartScenarios", cut="after")
    (rule,) = line.api.account.rules
    account = line.open()
    with pytest.raises(Unsure):
        account.ask("start_scenarios", rule_id=rule)
    account.close()
    assert len(line.api.account.started) == 1


@pytest.mark.parametrize("trouble", [{"hang": True}, {"drip_s": 0.05}], ids=str)
def test_no_answer_is_waited_for_longer_than_its_deadline(line, trouble):
    """Silence, and a trickle that never ends: the official client would wait for ever."""
    line.api.fail("GetAccountInfo", times=9, **trouble)
    began = time.monotonic()
    account = line.open(request_s=0.3, total_s=0.5)
    with pytest.raises(Unsure, match="No answer from the platform"):
        account.ask("get_account_info")
    account.close()
    assert time.monotonic() - began < 30
    assert line.pauses == [], "no time is left for another attempt"


def test_a_platform_that_is_not_there_is_said(line):
    """Nobody listens: what to check."""
    line.api.write_credentials(line.folder)
    line.api.endpoint = "127.0.0.1:1"
    assert "cannot be reached" in str(fault_of(line))


def test_a_certificate_that_is_not_trusted_is_said_and_nothing_sent(line, monkeypatch):
    """Whoever stands in between gets no token; it is not tried again either."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    assert "is not trusted" in str(fault_of(line))
    assert line.api.raw == []
    assert line.pauses == []


@pytest.mark.parametrize(
    "answer",
    [b"[]", b"null", b"{}", b'{"result": {}}', b'{"result": [1]}', b'{"result": {"created": 1}}'],
)
def test_an_answer_of_another_shape_is_said(line, answer):
    """The platform may change: then it is said, not a trace of ours shown."""
    line.api.fail("GetAccountInfo", answer=answer)
    with pytest.raises(Unreadable):
        line.run(wanted())


def test_a_page_instead_of_an_answer_is_said(line):
    """Something between here and there answers with HTTP 403 and HTML."""
    line.api.fail("GetAccountInfo", status=403)
    assert "HTTP 403" in str(fault_of(line))


def test_a_token_is_not_carried_elsewhere(line):
    """A redirect is an answer that is not the platform's: it is told, and not followed."""
    with ManagementApi() as other:
        away = f"https://{other.endpoint}/platform_api"
        line.api.fail("GetAccountInfo", status=307, location=away)
        assert "HTTP 307" in str(fault_of(line))
        assert other.raw == []


def test_an_endless_answer_is_not_kept(line, monkeypatch):
    """What is larger than any answer of the platform's ends the command."""
    monkeypatch.setattr(client, "ANSWER_BYTES_MAX", 65_536)
    line.api.fail("GetAccountInfo", answer=b" " * 200_000 + b"{}")
    with pytest.raises(Unreadable, match="is larger"):
        line.run(wanted())


def test_the_library_still_has_the_one_way_out_that_is_replaced():
    """A newer library that asks in another way would go round our deadlines."""
    assert "_perform_request" in vars(VoximplantAPI)
    assert Client._perform_request is not VoximplantAPI._perform_request
