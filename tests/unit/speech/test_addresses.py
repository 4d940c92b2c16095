"""Only https addresses on the listed hosts, spelled plainly, and only public addresses."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.core.errors import RecordingRefused
from halo_voice.outgoing.public import is_public
from halo_voice.speech.addresses import (
    RECORDING_HOSTS,
    host_and_target,
    host_fault,
)
from tests.unit.speech.hostile_urls import GOOD, HOSTILE, HOSTS


@pytest.mark.parametrize("url", GOOD)
def test_accepts_recordings_of_listed_hosts(url):
    """The platform's own addresses pass, and come out in their two parts unchanged."""
    host, target = host_and_target(url, HOSTS)
    assert f"https://{host}{target}" == url
    assert host in HOSTS


@pytest.mark.parametrize("url", HOSTILE)
def test_refuses_hostile_addresses(url):
    """Whatever could be read in two ways, or leads elsewhere, is refused (F75)."""
    with pytest.raises(RecordingRefused) as refusal:
        host_and_target(url, HOSTS)
    assert refusal.value.code == "recording_refused"
    assert refusal.value.message == RecordingRefused().message


def test_the_corpus_is_large_enough():
    """The scorecard asks for sixty different hostile addresses."""
    assert len(set(HOSTILE)) >= 60


@given(st.text(max_size=40), st.sampled_from(["", "https://", "https://" + HOSTS[0]]))
def test_whatever_passes_names_a_listed_host(noise, start):
    """No text makes the check name a host that is not on the list."""
    try:
        host, target = host_and_target(start + noise, HOSTS)
    except RecordingRefused:
        return
    assert host in HOSTS
    assert start + noise == f"https://{host}{target}"
    assert all(" " < char < "\x7f" for char in target)


def test_the_default_hosts_are_usable():
    """Each of the platform's hosts passes the check of the configuration."""
    assert [host_fault(host) for host in RECORDING_HOSTS] == [""] * len(RECORDING_HOSTS)


@pytest.mark.parametrize(
    "host",
    ["", "*", "*.voximplant.com", "localhost", "Storage.example.com", "a.example.com.", "a_b.com",
     "127.0.0.1", "1.2.3", "0x7f.1", "[::1]", "a.example.com:443", "https://a.example.com",
     "a..com", "-a.com", "a-.com", "стор.рф", "a.c0m1", "a@b.com", "a/b.com", "a.com\n",
     "a" * 64 + ".com",
     "a." * 126 + "com"],
)  # fmt: skip
def test_a_host_that_is_not_a_plain_name_is_a_fault(host):
    """Wildcards, ports, addresses and odd spellings cannot be put on the list."""
    assert host_fault(host)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2001:4860:4860::8888", "2a02:6b8::1", "1.1.1.1"]
)
def test_public_addresses_are_public(address):
    """Ordinary hosts of the internet can be reached."""
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254",
     "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.9", "192.0.0.170", "192.0.2.1",
     "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
     "239.255.255.255", "240.0.0.1", "255.255.255.255",
     "::", "::1", "::7f00:1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
     "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a9fe:a9fe", "100::1",
     "2001::1", "2001:0:7f00:1::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1",
     "2002:7f00:1::1", "2002:a9fe:a9fe::", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1",
     "fd12:3456::1", "fe80::1", "fe80::1%eth0", "2a02:6b8::1%1", "fec0::1", "ff02::1", "ff0e::1"],
)  # fmt: skip
def test_no_other_address_is_public(address):
    """Private, local, reserved, multicast and every address that carries another one is refused."""
    assert not is_public(ip_address(address))
