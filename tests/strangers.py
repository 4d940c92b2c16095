"""Somebody who is not let in, for tests of the gate: their requests, and every route they may try.

A request is what is on the wire: method, target with its query, header lines, body. `spoilt` gives
the ways in which a signed one can be wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route

from halo_voice.api.direct import Direct
from halo_voice.api.gate import SOCKET_PATH, Gate
from halo_voice.api.signature import sign
from halo_voice.app import Halo

KEYS = {"k1": "1" * 16 + "a" * 16, "k2": "2" * 16 + "b" * 16}
OUTSIDE = ("203.0.113.5", 40_000)
HERE = ("127.0.0.1", 40_000)
SECRET_WORDS = "tel_79161234567"  # must not be found in a log

METHODS = (
    *("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"),
    *("PROPFIND", "BREW", "get", "pOsT"),
)
ODD_PATHS = (
    *("/", "//", "/nowhere", "/docs", "/redoc", "*", "/call/start/", "//call/start", "/CALL/START"),
    *("/call%2Fstart", "/process%5Ftext", "/healthz/../process_text", "/healthz/", "/healthz;/x"),
    *("/healthz%00", "/metrics/x", "/stream/"),
)


@dataclass(frozen=True)
class Asked:
    """A request as it is on the wire."""

    method: str
    target: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    client: tuple[str, int] = OUTSIDE

    def with_headers(self, headers: dict[str, str]) -> Asked:
        return replace(self, headers=(*self.headers, *headers.items()))

    def scope(self, kind: str = "http") -> dict[str, Any]:
        raw, _, query = self.target.partition("?")
        scope = {
            "type": kind,
            "path": unquote(raw),
            "raw_path": raw.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": [(b"host", b"localhost"), *map(encoded, self.headers)],
            "client": self.client,
        }
        return scope | ({"method": self.method} if kind == "http" else {"subprotocols": []})


def encoded(header: tuple[str, str]) -> tuple[bytes, bytes]:
    return header[0].encode("latin-1").lower(), header[1].encode("latin-1")


@dataclass
class Reply:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


async def ask(app: Any, asked: Asked) -> Reply:
    """What the app answers, without a client that would tidy the request up."""
    reply = Reply()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": asked.body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            reply.body += message.get("body", b"")

    await app(asked.scope(), receive, send)
    return reply


async def open_stream(app: Any, asked: Asked) -> list[dict[str, Any]]:
    """What the app sends to a stranger who opens a socket and goes."""
    sent: list[dict[str, Any]] = []
    coming: Iterator[dict[str, Any]] = iter(
        [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}]
    )

    async def receive() -> dict[str, Any]:
        return next(coming)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(asked.scope("websocket"), receive, send)
    return sent


_nonces = iter(range(10**9))


def signed(asked: Asked, key_id: str = "k1", secret: str = "", **changes: Any) -> Asked:
    """The request with the headers of a good signature, or of one made for something else."""
    made = {
        "method": asked.method,
        "path": asked.target,
        "body": asked.body,
        "shift_s": 0,
    } | changes
    nonce = made.pop("nonce", f"m.{next(_nonces)}")
    stamp = int(time.time()) + made.pop("shift_s")
    head = sign(key_id, secret or KEYS[key_id], timestamp=stamp, nonce=nonce, **made)
    return asked.with_headers(head)


def altered(asked: Asked, name: str, change: Callable[[str], str | None]) -> Asked:
    """One header is another, or is gone."""
    lines = []
    for known, value in asked.headers:
        value_then = change(value) if known == name else value
        if value_then is not None:
            lines.append((known, value_then))
    return replace(asked, headers=tuple(lines))


def doubled(asked: Asked, name: str, first: str) -> Asked:
    """The header comes twice, with the good value last."""
    return replace(asked, headers=((name, first), *asked.headers))


PARTS = ("X-Halo-Key", "X-Halo-Timestamp", "X-Halo-Nonce", "X-Halo-Signature")


def spoilt(asked: Asked) -> Iterator[tuple[str, Asked]]:
    """Every way in which this request can be signed wrongly, each with its name."""
    good = signed(asked)
    longer = f"{asked.target}{'&' if '?' in asked.target else '?'}x=1"
    yield "unsigned", asked
    for part in PARTS:
        yield f"{part} missing", altered(good, part, lambda _: None)
        yield f"{part} empty", altered(good, part, lambda _: "")
        yield f"{part} truncated", altered(good, part, lambda value: value[:-1])
        yield f"{part} longer", altered(good, part, lambda value: value + "0")
        yield f"{part} with a blank", altered(good, part, lambda value: f" {value}")
        yield f"{part} doubled", doubled(good, part, dict(good.headers)[part])
        yield f"{part} doubled, otherwise", doubled(good, part, "x")
    yield "key id of the other key", altered(good, "X-Halo-Key", lambda _: "k2")
    yield "key id in capitals", altered(good, "X-Halo-Key", str.upper)
    yield "unknown key", signed(asked, "k3", KEYS["k1"])
    yield "wrong secret", signed(asked, "k1", KEYS["k2"])
    yield "timestamp later", altered(good, "X-Halo-Timestamp", lambda t: str(int(t) + 1))
    yield "timestamp earlier", altered(good, "X-Halo-Timestamp", lambda t: str(int(t) - 1))
    yield "stale", signed(asked, shift_s=-61)
    yield "from the future", signed(asked, shift_s=62)  # the clock may tick meanwhile
    yield "nonce altered", altered(good, "X-Halo-Nonce", lambda n: f"{n}0")
    yield "signature in another version", altered(good, "X-Halo-Signature", lambda s: "v2" + s[2:])
    yield "version in capitals", altered(good, "X-Halo-Signature", lambda s: "V1" + s[2:])
    yield "signature flipped", altered(good, "X-Halo-Signature", flipped)
    yield "signed for another method", signed(asked, method="PUT")
    yield "signed for another path", signed(asked, path="/elsewhere")
    yield (
        "signed for another query",
        signed(asked, path=longer),
    )
    yield (
        "query added",
        replace(good, target=longer),
    )
    yield "signed for another body", signed(asked, body=asked.body + b" ")
    yield "body added", replace(good, body=good.body + b" ")
    if asked.body:
        yield "body gone", replace(good, body=b"")
        yield "body swapped", replace(good, body=asked.body[::-1])
        yield "one byte altered", replace(good, body=bytes([asked.body[0] ^ 1]) + asked.body[1:])
    if "?" in asked.target:
        yield "query gone", replace(good, target=asked.target.partition("?")[0])


def flipped(signature: str) -> str:
    last = signature[-1]
    return signature[:-1] + ("0" if last != "0" else "1")


# ------------------------------------------------------------------------------------- every route


def routes(halo: Halo) -> set[tuple[str, str]]:
    """Method and path of everything that the running app answers, the direct routes and the
    stream included. Fails on a kind of route that it does not know."""
    assert isinstance(halo.web, Gate)
    direct = halo.web._app
    assert isinstance(direct, Direct)
    assert isinstance(direct._app, FastAPI)
    found = {("GET", SOCKET_PATH), *direct._endpoints}
    return found | set(_below(direct._app.routes))


def _below(known: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for route in known:
        inside = getattr(route, "original_router", None)
        if inside is not None:
            yield from _below(inside.routes)
            continue
        assert isinstance(route, Route | APIRoute), f"a new kind of route: {route}"
        for method in route.methods or ():
            yield method, route.path
