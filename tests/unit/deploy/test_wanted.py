"""What can be said against a deploy before anybody is asked."""

import pytest

from halo_voice.deploy.wanted import SCRIPT_BYTES_MAX, Wanted, digits, faults_of, url_fault


def test_a_script_may_have_just_less_than_128_kb():
    """The limit counts bytes, and the message says how many there are."""
    assert faults_of(Wanted("halo", "x" * SCRIPT_BYTES_MAX, {})) == []
    (fault,) = faults_of(Wanted("halo", "я" * 65_536, {}))
    assert "131072 bytes" in fault


@pytest.mark.parametrize("name", ["h", "Halo", "7halo", "halo_1", "h" * 66, "", "халло"])
def test_names_of_applications_are_the_platforms(name):
    """A small letter, then small letters, digits and hyphens."""
    assert len(faults_of(Wanted(name, "x", {}))) == 1


@pytest.mark.parametrize("name", ["ha", "halo-2", "a" * 65, "a" * 19 + "-" * 10])
def test_names_of_scenarios_fit_the_platforms_limit(name):
    """Less than 30 characters, both names, whatever the application is called."""
    wanted = Wanted(name, "x", {})
    assert faults_of(wanted) == []
    assert len(wanted.previous) < 30
    assert wanted.scenario.strip("-") == wanted.scenario


def test_empty_scripts_and_long_secrets_are_said():
    """And the secret's value is not."""
    faults = faults_of(Wanted("halo", " \n", {"HALO_KEY": "k" * 8193}))
    assert len(faults) == 2
    assert "kkk" not in "".join(faults)


@pytest.mark.parametrize("written", ["+7 (495) 000-00-00", "74950000000", "+74950000000"])
def test_numbers_are_read_as_people_write_them(written):
    """The platform has them without anything but digits."""
    assert digits(written) == "74950000000"


@pytest.mark.parametrize(
    "url", ["https://halo.example.ru", "https://halo.example.ru:8443", "https://хало.рф"]
)
def test_an_address_of_the_public_dns_is_taken(url):
    """With a port, if need be."""
    assert url_fault(url) == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "is empty"),
        ("halo.example.ru", "begin with https://"),
        ("http://halo.example.ru", "begin with https://"),
        ("https://", "begin with https://"),
        ("https://halo.example.ru/halo", "a host alone"),
        ("https://halo.example.ru?x=1", "a host alone"),
        ("https://me@halo.example.ru", "a host alone"),
        ("https://203.0.113.7", "no IP address"),
        ("https://[2001:db8::1]", "no IP address"),
        ("https://localhost", "cannot find"),
        ("https://halo", "cannot find"),
        ("https://halo.example.ru:port", "cannot be read"),
        ("https://[", "cannot be read"),
        ("https://halo..example.ru", "names no host"),
        (f"https://{'h' * 64}.example.ru", "names no host"),
    ],
)
def test_an_address_that_the_cloud_cannot_use_is_said(url, words):
    """Each with its reason: no TLS, a path that is signed, a name that nobody finds."""
    assert words in url_fault(url)
