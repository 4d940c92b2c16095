"""A request is served only if it is signed with a live key, unchanged, in time and for once."""

import hashlib
import hmac
import math

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.api.signature import Verifier, check_key, sign
from halo_voice.core.errors import Unauthorised

NOW = 1_800_000_000
KEY, SECRET = "prod-1", "0123456789abcdef0123456789abcdef"
OTHER, OTHER_SECRET = "prod-2", "fedcba9876543210fedcba9876543210"
BODY = b'{"user_text":"\\u041f\\u0440\\u0438\\u0432\\u0435\\u0442"}'
PATH = "/process_text?call_id=a.1&turn=2"


class Nonces:
    """Remembers nonces as the store does, on a clock that the test moves."""

    def __init__(self):
        self.now = float(NOW)
        self.kept = {}
        self.asked = 0

    async def claim(self, nonce, ttl_s):
        self.asked += 1
        if self.kept.get(nonce, -math.inf) > self.now:
            return False
        self.kept[nonce] = self.now + ttl_s
        return True


@pytest.fixture
def nonces():
    return Nonces()


@pytest.fixture
def verifier(nonces):
    keys = {KEY: SECRET, OTHER: OTHER_SECRET}
    return Verifier(keys=keys, claim_nonce=nonces.claim, now=lambda: nonces.now)


def signed(key_id=KEY, secret=SECRET, **changes):
    request = {"timestamp": NOW, "nonce": "session.1", "method": "POST", "path": PATH, "body": BODY}
    return sign(key_id, secret, **(request | changes))


def as_the_scenario(secret, text):
    """The MAC of the string that the scenario builds, computed apart from our code."""
    return hmac.new(secret.encode("ascii"), text.encode("ascii"), hashlib.sha256).hexdigest()


def test_signs_the_string_that_the_scenario_builds():
    """Our headers carry the MAC of the documented message, byte for byte."""
    text = f"v1\n{KEY}\n{NOW}\nsession.1\nPOST\n{PATH}\n{BODY.decode()}"
    assert signed() == {
        "X-Halo-Key": KEY,
        "X-Halo-Timestamp": str(NOW),
        "X-Halo-Nonce": "session.1",
        "X-Halo-Signature": f"v1={as_the_scenario(SECRET, text)}",
    }


def test_known_vector():
    """A fixed request has a fixed signature: it cannot change without this test."""
    headers = sign("k", "s" * 32, timestamp=1, nonce="n", method="GET", path="/", body=b"")
    assert (
        headers["X-Halo-Signature"]
        == "v1=ff4a8d4f64d29366bc6cfb8b85b3435f40da14e76768d784dee6de4d40bcae41"
    )


async def test_accepts_what_is_signed(verifier, nonces):
    """A signed request passes and its nonce is claimed once for three minutes."""
    await verifier.verify("POST", PATH, signed().items(), BODY)
    assert nonces.kept == {f"{KEY}:session.1": NOW + 180.0}


async def test_accepts_both_live_keys(verifier):
    """While a key is rotated, the old and the new one are both served, even with one nonce."""
    await verifier.verify("POST", PATH, signed().items(), BODY)
    await verifier.verify("POST", PATH, signed(OTHER, OTHER_SECRET).items(), BODY)


@pytest.mark.parametrize("case", [str.lower, str.upper])
async def test_accepts_header_names_and_hex_in_either_case(verifier, case):
    """Servers lower header names; the platform's hex case is undocumented."""
    headers = {case(name): value for name, value in signed().items()}
    name = case("X-Halo-Signature")
    headers[name] = "v1=" + case(headers[name][3:])
    await verifier.verify("POST", PATH, headers.items(), BODY)


async def test_accepts_raw_bytes(verifier):
    """The body is signed as bytes, whether or not they are text."""
    await verifier.verify("POST", PATH, signed(body=b"\xff\n\x00").items(), b"\xff\n\x00")


@pytest.mark.parametrize("skew_s", [-60, 60])
async def test_accepts_up_to_a_minute_of_skew(verifier, nonces, skew_s):
    """The window is sixty seconds either way."""
    nonces.now = NOW + skew_s
    await verifier.verify("POST", PATH, signed().items(), BODY)


def without(name):
    return {key: value for key, value in signed().items() if key != name}


FORGED = {
    "unsigned": ("POST", PATH, {}, BODY),
    "no key": ("POST", PATH, without("X-Halo-Key"), BODY),
    "no timestamp": ("POST", PATH, without("X-Halo-Timestamp"), BODY),
    "no nonce": ("POST", PATH, without("X-Halo-Nonce"), BODY),
    "no signature": ("POST", PATH, without("X-Halo-Signature"), BODY),
    "body altered": ("POST", PATH, signed(), BODY + b" "),
    "body gone": ("POST", PATH, signed(), b""),
    "path altered": ("POST", "/process_audio", signed(), BODY),
    "query altered": ("POST", PATH.replace("turn=2", "turn=3"), signed(), BODY),
    "query gone": ("POST", "/process_text", signed(), BODY),
    "method altered": ("GET", PATH, signed(), BODY),
    "timestamp altered": ("POST", PATH, signed() | {"X-Halo-Timestamp": str(NOW + 1)}, BODY),
    "nonce altered": ("POST", PATH, signed() | {"X-Halo-Nonce": "session.2"}, BODY),
    "key id altered": ("POST", PATH, signed() | {"X-Halo-Key": OTHER}, BODY),
    "unknown key": ("POST", PATH, signed("prod-9"), BODY),
    "wrong secret": ("POST", PATH, signed(secret=OTHER_SECRET), BODY),
    "empty secret": ("POST", PATH, signed(secret=""), BODY),
    "stale": ("POST", PATH, signed(timestamp=NOW - 61), BODY),
    "future": ("POST", PATH, signed(timestamp=NOW + 61), BODY),
    "no version": ("POST", PATH, signed() | {"X-Halo-Signature": "0" * 64}, BODY),
    "other version": ("POST", PATH, signed() | {"X-Halo-Signature": "v2=" + "0" * 64}, BODY),
    "zero signature": ("POST", PATH, signed() | {"X-Halo-Signature": "v1=" + "0" * 64}, BODY),
    "short signature": ("POST", PATH, signed() | {"X-Halo-Signature": "v1=00"}, BODY),
    "empty signature": ("POST", PATH, signed() | {"X-Halo-Signature": "v1="}, BODY),
    "not hex": ("POST", PATH, signed() | {"X-Halo-Signature": "v1=" + "ж" * 64}, BODY),
    "timestamp words": ("POST", PATH, signed() | {"X-Halo-Timestamp": "now"}, BODY),
    "timestamp digits": ("POST", PATH, signed() | {"X-Halo-Timestamp": "٣"}, BODY),
    "timestamp huge": ("POST", PATH, signed(timestamp=10**400), BODY),
    "timestamp signed": ("POST", PATH, signed(timestamp=-NOW), BODY),
    "path with LF": ("POST", f"{PATH}\n", signed(body=b"\n"), b""),
    "nonce with LF": ("POST", PATH, signed(nonce="a\nb"), BODY),
    "nonce empty": ("POST", PATH, signed(nonce=""), BODY),
    "nonce long": ("POST", PATH, signed(nonce="n" * 129), BODY),
    "header doubled": ("POST", PATH, signed() | {"x-halo-key": KEY}, BODY),
    "parts shifted": ("POST", PATH, signed() | {"X-Halo-Nonce": "session.1\nPOST"}, BODY),
}


@pytest.mark.parametrize("request_", FORGED.values(), ids=FORGED.keys())
async def test_refuses_what_is_not_ours(verifier, nonces, request_):
    """Every forgery gets the same answer and touches no nonce (F72, F74, invariant 16)."""
    method, path, headers, body = request_
    with pytest.raises(Unauthorised) as refusal:
        await verifier.verify(method, path, headers.items(), body)
    assert refusal.value.message == Unauthorised().message
    assert refusal.value.status == 401
    assert nonces.asked == 0


async def test_refuses_a_replay_while_it_could_still_be_in_time(verifier, nonces):
    """The same request again is refused as long as its timestamp is good (F73)."""
    nonces.now = NOW - 60
    await verifier.verify("POST", PATH, signed().items(), BODY)
    for later in (0, 60, 120):
        nonces.now = NOW - 60 + later
        with pytest.raises(Unauthorised):
            await verifier.verify("POST", PATH, signed().items(), BODY)


async def test_no_key_opens_nothing(nonces):
    """A verifier without keys refuses everything."""
    empty = Verifier(keys={}, claim_nonce=nonces.claim, now=lambda: NOW)
    with pytest.raises(Unauthorised):
        await empty.verify("POST", PATH, signed().items(), BODY)


async def test_a_broken_clock_fails_closed(nonces):
    """A clock that gives no number lets nobody in (F58)."""
    broken = Verifier(keys={KEY: SECRET}, claim_nonce=nonces.claim, now=lambda: math.nan)
    with pytest.raises(Unauthorised):
        await broken.verify("POST", PATH, signed().items(), BODY)


@given(st.binary(max_size=64), st.integers(0, 255), st.data())
async def test_no_changed_byte_passes(body, byte, data):
    """Whichever byte of a body is changed, the request is refused."""
    place = data.draw(st.integers(0, len(body)))
    altered = body[:place] + bytes([byte]) + body[place + 1 :]
    memory = Nonces()
    verifier = Verifier(keys={KEY: SECRET}, claim_nonce=memory.claim, now=lambda: NOW)
    if altered != body:
        with pytest.raises(Unauthorised):
            await verifier.verify("POST", PATH, signed(body=body).items(), altered)
    await verifier.verify("POST", PATH, signed(body=body).items(), body)


@pytest.mark.parametrize("request_", FORGED.values(), ids=FORGED.keys())
async def test_a_refusal_is_logged_once_without_secrets(verifier, request_):
    """One log line says why; it holds no secret, no signature and nothing that was sent."""
    method, path, headers, body = request_
    with structlog.testing.capture_logs() as lines, pytest.raises(Unauthorised):
        await verifier.verify(method, path, headers.items(), body)
    assert len(lines) == 1
    assert set(lines[0]) <= {"event", "log_level", "reason", "skew_s", "alarm"}
    assert SECRET not in str(lines)


@pytest.mark.parametrize(("skew_s", "alarms"), [(0, 0), (-10, 0), (10, 0), (11, 1), (-11, 1)])
async def test_alarms_on_a_skewed_clock(verifier, nonces, skew_s, alarms):
    """More than ten seconds between the clocks is an alarm long before requests fail (F58)."""
    nonces.now = NOW + skew_s
    with structlog.testing.capture_logs() as lines:
        await verifier.verify("POST", PATH, signed().items(), BODY)
    assert [line["alarm"] for line in lines] == [True] * alarms


@pytest.mark.parametrize("name", ["X-Halo-Key", "X-Halo-Timestamp", "X-Halo-Signature"])
async def test_a_header_that_came_twice_is_refused(verifier, nonces, name):
    """F72: nobody chooses which of two equal headers is the one that counts."""
    headers = [*signed().items(), (name.lower(), signed()[name])]
    with pytest.raises(Unauthorised):
        await verifier.verify("POST", PATH, headers, BODY)
    assert nonces.asked == 0


@pytest.mark.parametrize(("secret", "alarms"), [(SECRET, True), (OTHER_SECRET, False)])
async def test_only_our_own_stale_requests_alarm(verifier, nonces, secret, alarms):
    """F58: a clock that has jumped is an alarm, and no stranger can raise one."""
    nonces.now = NOW + 3600
    headers = signed(secret=secret).items()
    with structlog.testing.capture_logs() as lines, pytest.raises(Unauthorised):
        await verifier.verify("POST", PATH, headers, BODY)
    assert [(line["reason"], line.get("alarm", False)) for line in lines] == [("stale", alarms)]


def test_the_secret_is_not_printed(verifier):
    """A verifier that ends up in a traceback or a log shows no key."""
    assert SECRET not in repr(verifier)


@pytest.mark.parametrize(
    ("key_id", "secret", "words"),
    [
        ("prod-1", "x" * 32, []),
        ("prod-1", "x" * 31, ["31 bytes"]),
        ("prod-1", "", ["0 bytes"]),
        ("prod-1", "ж" * 32, ["ASCII"]),
        ("prod-1", "x" * 32 + "\n", ["ASCII"]),
        ("", "x" * 32, ["key id"]),
        ("a b", "x" * 32, ["key id"]),
        ("a\nb", "short", ["key id", "5 bytes"]),
    ],
)
def test_a_weak_key_is_a_fault_of_the_configuration(key_id, secret, words):
    """A secret under 32 bytes or an unusable id is named, and never shown."""
    faults = check_key(key_id, secret)
    assert len(faults) == len(words)
    assert all(word in fault for word, fault in zip(words, faults, strict=True))
    assert not secret or all(secret not in fault for fault in faults)
