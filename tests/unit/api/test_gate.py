"""Who is let in: loopback without a key, signed requests with one."""

from __future__ import annotations

import asyncio
import time

import pytest

from halo_voice.api import gate
from halo_voice.api.signature import sign
from tests.halo import backend, client_of

KEY = "k" * 32
ROUTES = [
    ("POST", "/call/start"),
    ("POST", "/call/end"),
    ("POST", "/call/transfer"),
    ("POST", "/call/transferred"),
    ("POST", "/call/hangup"),
    ("GET", "/process_text?user_text=a"),
    ("POST", "/process_text"),
    ("POST", "/process_audio"),
    ("GET", "/openapi.json"),
    ("GET", "/nowhere"),
]


@pytest.fixture
async def keyed(model):
    async with backend(model=model, keys={"k1": KEY}) as halo:
        yield halo


async def test_without_a_key_only_loopback_is_answered(halo):
    """A client from elsewhere, or one behind a proxy, gets 401."""
    async with client_of(halo, client=("203.0.113.5", 1)) as stranger:
        assert (await stranger.get("/process_text?user_text=a")).status_code == 401
        assert (await stranger.get("/healthz")).status_code == 401
    async with client_of(halo) as proxied:
        head = {"x-forwarded-for": "203.0.113.5"}
        assert (await proxied.get("/healthz", headers=head)).status_code == 401


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_with_a_key_nothing_unsigned_is_answered(keyed, model, method, path):
    """F72: on loopback too, since a proxy on the same machine looks like it."""
    async with client_of(keyed) as client:
        reply = await client.request(method, path)
    assert (reply.status_code, reply.json()["code"]) == (401, "unauthorised")
    assert model.asked == []


async def test_a_signed_request_is_answered_once(keyed):
    """F73: its replay is refused."""
    async with client_of(keyed) as client:
        body = b'{"call_id": "c-1"}'
        head = sign(
            "k1",
            KEY,
            timestamp=int(time.time()),
            nonce="c-1.1",
            method="POST",
            path="/call/start",
            body=body,
        )
        first = await client.post("/call/start", content=body, headers=head)
        again = await client.post("/call/start", content=body, headers=head)
    assert first.status_code == 200
    assert again.status_code == 401


async def test_health_is_asked_without_a_key_from_the_same_machine_only(keyed):
    """A supervisor on this machine has no key; whoever comes through a proxy has no business."""
    async with client_of(keyed) as client:
        assert (await client.get("/healthz")).status_code == 200
        head = {"forwarded": "for=203.0.113.5"}
        assert (await client.get("/healthz", headers=head)).status_code == 401


async def test_every_route_is_behind_the_gate(halo):
    """F78: the list above is whole."""
    async with client_of(halo) as client:
        described = (await client.get("/openapi.json")).json()["paths"]
    listed = {(method, path.partition("?")[0]) for method, path in ROUTES}
    listed |= {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}
    for path, methods in described.items():
        for method in methods:
            assert (method.upper(), path) in listed


SOCKET = {
    "type": "websocket",
    "path": "/stream",
    "query_string": b"",
    "headers": [(b"host", b"localhost")],
    "client": ("127.0.0.1", 1),
    "subprotocols": [],
}


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/"},
        {"path": "/process_text"},
        {"client": ("203.0.113.5", 1)},
        {"headers": [(b"host", b"evil.example")]},
        {"headers": [(b"host", b"localhost"), (b"origin", b"https://evil.example")]},
        {"headers": [(b"x", b"")] * 101},
        {"headers": [(b"x", b"a" * 40_000)]},
    ],
    ids=str,
)
async def test_a_socket_passes_the_same_checks_before_it_opens(halo, other):
    """Another path, a stranger, a foreign page, an endless head: refused, not left open."""
    sent = []

    async def send(message):
        sent.append(message)

    await halo.web({**SOCKET, **other}, None, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def asked_raw(app, *messages, **scope):
    """What the app sends to a POST whose body arrives as these messages."""
    sent, coming = [], iter(messages)

    async def receive():
        return next(coming)

    async def send(message):
        sent.append(message)

    head = {"type": "http", "method": "POST", "path": "/process_text", "query_string": b""}
    form = [(b"content-type", b"application/x-www-form-urlencoded")]
    await app({**head, "headers": form, "client": ("127.0.0.1", 1), **scope}, receive, send)
    return sent


async def test_half_a_body_is_no_turn(halo, model):
    """A client that goes in mid-sentence has said nothing: no reply, no question to the model."""
    half = {"type": "http.request", "body": "user_text=Не отме".encode(), "more_body": True}
    assert await asked_raw(halo.web, half, {"type": "http.disconnect"}) == []
    assert model.asked == []


async def test_after_a_flood_the_connection_is_closed(halo):
    """F63: what follows the first 16 KiB is not even read."""
    flood = {"type": "http.request", "body": b"a" * 20_000, "more_body": True}
    start, _ = await asked_raw(halo.web, flood)
    assert start["status"] == 413
    assert (b"connection", b"close") in start["headers"]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"via": "1.1 proxy"},
        {"x-forwarded-proto": "https"},
        {"x-real-ip": "203.0.113.5"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    ],
    ids=str,
)
async def test_without_a_key_a_proxy_or_a_foreign_page_gets_nothing(halo, model, headers):
    """DNS rebinding, a page of somebody else in a browser here, a proxy: 401 and no model call."""
    async with client_of(halo) as client:
        reply = await client.get("/process_text?user_text=a", headers=headers)
    assert reply.status_code == 401
    assert model.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "127.0.0.1:8080"},
        {"host": "localhost"},
        {"host": "[::1]:8080", "origin": "http://[::1]:8080", "sec-fetch-site": "same-origin"},
    ],
    ids=str,
)
async def test_this_machine_is_answered_under_its_own_names(halo, headers):
    """A browser's page of our own, a terminal, a script."""
    async with client_of(halo) as client:
        reply = await client.get("/process_text?user_text=a", headers=headers)
    assert reply.status_code == 200


async def test_a_body_that_does_not_come_is_given_up(halo, monkeypatch):
    """408: a half request holds nothing for long."""
    monkeypatch.setattr(gate, "BODY_S_MAX", 0.01)

    async def never():
        await asyncio.Event().wait()

    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/process_text", "headers": []}
    await halo.web({**scope, "query_string": b""}, never, send)
    assert sent[0]["status"] == 408


async def test_no_path_is_redirected(halo):
    """A foreign Host must not turn into a Location."""
    async with client_of(halo) as client:
        assert (await client.get("/process_text/?user_text=a")).status_code == 404
