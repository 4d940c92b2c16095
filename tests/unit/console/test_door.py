"""Who may come in to the console: sessions, tokens, and where a request was made."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from halo_voice.console import door
from halo_voice.console.door import Role, Sessions


def request(client: str = "127.0.0.1", scheme: str = "http", **headers: str) -> Request:
    """A request with these headers; a name's underscores are hyphens."""
    given = {"host": "127.0.0.1:8080", **headers}
    raw = [(k.replace("_", "-").encode(), v.encode()) for k, v in given.items()]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": raw}
    return Request(
        {**scope, "scheme": scheme, "client": (client, 1), "server": ("127.0.0.1", 8080)}
    )


@pytest.mark.parametrize(
    "asked",
    [
        request(client="10.0.0.7"),
        request(host="halo.example"),
        request(host="127.0.0.1.example:8080"),
        request(x_forwarded_for="10.0.0.7"),
        request(x_forwarded_proto="https"),
        request(forwarded="for=10.0.0.7"),
        request(via="1.1 proxy"),
    ],
)
def test_a_request_from_elsewhere_is_told_from_one_made_here(asked):
    """Another machine, another name for this one, a proxy: none of them is here."""
    assert not door.from_here(asked)


def test_here_is_here():
    """By address or by name, with any port."""
    assert door.from_here(request())
    assert door.from_here(request(host="localhost:80"))
    assert door.from_here(request(host="[::1]:8080", client="::1"))


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"origin": "http://127.0.0.1:8080"}, True),
        ({"origin": "http://127.0.0.1:8080", "sec_fetch_site": "same-origin"}, True),
        ({"origin": "http://127.0.0.1:8080", "sec_fetch_site": "cross-site"}, False),
        ({"origin": "http://127.0.0.1:8081"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "null", "sec_fetch_site": "same-origin"}, True),
        ({"origin": "null", "sec_fetch_site": "same-site"}, False),
        ({"origin": "https://evil.example", "sec_fetch_site": "same-origin"}, False),
        ({}, False),
    ],
)
def test_what_another_page_sends_is_noticed(headers, ours):
    """F83: a form of another page comes from another origin, or says none."""
    assert door.same_origin(request(**headers)) is ours


def test_a_session_ends_when_nobody_uses_it_or_when_it_is_old():
    """F83: half an hour idle, twelve hours at most."""
    now = 0.0
    sessions = Sessions(now=lambda: now)
    idle = sessions.begin("anna", Role.VIEWER)
    used = sessions.begin("boris", Role.ADMIN)
    while now < door.ABSOLUTE_S:
        now += door.IDLE_S - 1
        assert (sessions.find(used.id) is None) is (now > door.ABSOLUTE_S)
    assert sessions.find(idle.id) is None


def test_every_session_of_a_user_can_be_ended():
    """A changed password leaves nobody in."""
    sessions = Sessions()
    gone, stays = sessions.begin("anna", Role.VIEWER), sessions.begin("boris", Role.VIEWER)
    sessions.end_of("anna")
    assert sessions.find(gone.id) is None
    assert sessions.find(stays.id) is stays


def test_sessions_are_bounded():
    """Who opens thousands of them ends the oldest."""
    sessions = Sessions()
    first = sessions.begin("", Role.ADMIN)
    for _ in range(door.SESSIONS_MAX):
        sessions.begin("", Role.ADMIN)
    assert sessions.find(first.id) is None


def test_strangers_sign_nobody_out():
    """F83: thousands of requests without a cookie end one another's sessions only."""
    sessions = Sessions()
    signed_in = sessions.begin("anna", Role.VIEWER)
    for _ in range(door.SESSIONS_MAX + 1):
        sessions.begin("", Role.NOBODY)
    assert sessions.find(signed_in.id) is signed_in


def test_a_token_fits_its_own_session_only():
    """By header or by field; another session's, a part of it, or none does not."""
    sessions = Sessions()
    ours, other = sessions.begin("", Role.ADMIN), sessions.begin("", Role.ADMIN)
    assert door.token_fits(ours, {door.TOKEN_HEADER: ours.token}, {})
    assert door.token_fits(ours, {}, {door.TOKEN_FIELD: ours.token})
    for wrong in (other.token, ours.token[:-1], "", "я"):
        assert not door.token_fits(ours, {door.TOKEN_HEADER: wrong}, {})
    assert not door.token_fits(ours, {}, {})
