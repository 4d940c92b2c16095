"""The session's HTTP requests: three at a time, the platform's codes, redirects and time limits."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from halo_voice.simulator.chance import Spread
from halo_voice.simulator.network import (
    BODY_BYTES_MAX,
    HttpRequest,
    HttpResponse,
    Network,
    NetworkError,
)
from halo_voice.simulator.stage import Stage

ACTIVE_MAX = 3
REDIRECTS_MAX = 10  # inferred: the platform names the error, not the number
REDIRECTS = {301, 302, 303, 307, 308}
FAILURE = Spread(60, 0.6)  # how long a refusal takes
TEXTS = {
    -2: "Malformed URL",
    -3: "Host not found",
    -4: "Connection error",
    -5: "Too many redirects",
    -6: "Network error",
    -7: "Timeout",
    -9: "The response is over 2 MB",
}


@dataclass(slots=True)
class Exchange:
    """One request of the scenario and what came of it. `code` is None while it is under way."""

    number: int
    url: str
    method: str
    headers: dict[str, str]
    body: str
    sent_ms: int
    done_ms: int | None = None
    code: int | None = None
    text: str = ""
    fault: str = ""
    raw: bool = field(default=False, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer or a failure, and how long it took in the session's time."""

    code: int
    latency_ms: float
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class Asker(Stage, Protocol):
    """Who has a way to the backend and wants its answers."""

    network: Network

    def http_done(self, number: int, result: dict[str, Any]) -> None:
        """A request has come to its end."""


class Exchanges:
    """The queue of one session. Without real time the clock stands while the network works."""

    def __init__(self, asker: Asker) -> None:
        self.all: list[Exchange] = []
        self._asker = asker
        self._waiting: deque[tuple[Exchange, HttpRequest]] = deque()
        self._active = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def idle(self) -> bool:
        return self._active == 0

    def add(self, command: dict[str, Any]) -> None:
        exchange, request = _prepare(command, self._asker.clock.now)
        self.all.append(exchange)
        self._asker.write("backend", f"→ {exchange.method} {exchange.url}", sent=exchange.number)
        self._waiting.append((exchange, request))
        self._start_next()

    def drop_waiting(self) -> None:
        """What has not been sent when the session ends is never sent."""
        self._waiting.clear()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start_next(self) -> None:
        while self._waiting and self._active < ACTIVE_MAX:
            exchange, request = self._waiting.popleft()
            self._active += 1
            self._asker.after(0, lambda e=exchange, r=request: self._start(e, r))

    def _start(self, exchange: Exchange, request: HttpRequest) -> Any:
        work = self._run(exchange, request)
        if not self._asker.real_time:
            return work  # the session's loop awaits it
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ran)
        return None

    def _ran(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            self._asker.after(0, task.result)  # raised where the session is played

    async def _run(self, exchange: Exchange, request: HttpRequest) -> None:
        began = _now_s()
        reply = self._faulty(exchange, request) or await self._follow(request)
        if reply.code > 0 and len(reply.body) > BODY_BYTES_MAX:
            reply = Reply(-9, reply.latency_ms)
        if reply.latency_ms > request.timeout_ms:
            reply = Reply(-7, request.timeout_ms)
        passed = (_now_s() - began) * 1000 if self._asker.real_time else 0
        self._asker.after(reply.latency_ms - passed, lambda: self._done(exchange, reply))

    def _done(self, exchange: Exchange, reply: Reply) -> None:
        self._active -= 1
        now = exchange.done_ms = self._asker.clock.now
        exchange.code = reply.code
        exchange.text = reply.body.decode("utf-8", "replace")
        self._asker.write(
            "backend",
            f"← {reply.code} {TEXTS.get(reply.code, '')}".rstrip()
            + f" in {now - exchange.sent_ms} ms",
            request=exchange.number,
            code=reply.code,
        )
        self._asker.http_done(exchange.number, _result(exchange, reply))
        self._start_next()

    # ---- one exchange ----------------------------------------------------------------------------

    async def _follow(self, request: HttpRequest) -> Reply:
        """Follows redirects as the platform does; the times add up."""
        passed = 0.0
        for _ in range(REDIRECTS_MAX + 1):
            reply = await self._once(request)
            passed += reply.latency_ms
            location = next((v for k, v in reply.headers if k.lower() == "location"), None)
            if reply.code not in REDIRECTS or location is None:
                return Reply(reply.code, passed, reply.body, reply.headers)
            request = _redirected(request, reply.code, location)
        return Reply(-5, passed)

    async def _once(self, request: HttpRequest) -> Reply:
        asker = self._asker
        if not _well_formed(request.url):
            return Reply(-2, 0)
        began = _now_s()
        code, body, headers, latency = 0, b"", (), None
        drawn = (
            None
            if asker.network.latency is None
            else asker.chance.draw("network", asker.network.latency)
        )
        try:
            async with asyncio.timeout(request.timeout_ms / 1000):
                response = await self._travel(request, drawn)
            code, body, headers = response.status, response.body, response.headers
            latency = response.latency_ms
        except NetworkError as error:
            code, latency = error.code, error.latency_ms
        except TimeoutError:
            code, latency = -7, request.timeout_ms
        if latency is None:
            latency = (_now_s() - began) * 1000 if drawn is None or asker.real_time else drawn
        return Reply(code, latency, body, headers)

    async def _travel(self, request: HttpRequest, latency_ms: float | None) -> HttpResponse:
        """Where time runs meanwhile, half the latency is the way there, half the way back."""
        one_way_s = (latency_ms or 0) / 2000 if self._asker.real_time else 0
        if not one_way_s:
            return await self._send(request)
        await asyncio.sleep(one_way_s)
        response = await self._send(request)
        await asyncio.sleep(one_way_s)
        return response

    async def _send(self, request: HttpRequest) -> HttpResponse:
        ask = self._asker.network.request
        if not self._asker.dice.strikes("F51", request.url):
            return await ask(request)
        if self._asker.real_time:
            first, again = await asyncio.gather(ask(request), ask(request))
        else:
            first, again = await ask(request), await ask(request)
        if first.body != again.body:
            codes = [first.status, again.status]
            told = {"url": request.url, "codes": codes, "first": first.body, "again": again.body}
            self._asker.write("backend", "the same request has two different replies", **told)
        return first

    # ---- faults ----------------------------------------------------------------------------------

    def _faulty(self, exchange: Exchange, request: HttpRequest) -> Reply | None:
        """What the caller of the backend gets instead of its answer, when a fault strikes."""
        dice = self._asker.dice
        for name in ("F27", "F28", "F29", "F30", "F31", "F32"):
            if dice.strikes(name, request.url):
                exchange.fault = name
                return self._fault(name, request)
        return None

    def _fault(self, name: str, request: HttpRequest) -> Reply:
        dice, latency = self._asker.dice, self._asker.chance.draw("network", FAILURE)
        if name == "F27":
            return dice.choice(
                "F27", [Reply(-3, latency), Reply(-4, latency), Reply(-4, request.connect_ms)]
            )
        if name == "F28":
            return Reply(-7, request.timeout_ms)
        if name == "F29":
            return Reply(
                dice.choice("F29", [500, 502, 503, 504]), latency, b"<html>Bad gateway</html>"
            )
        if name == "F30":
            return Reply(dice.choice("F30", [401, 403, 422]), latency, b'{"code":"unusable_text"}')
        if name == "F31":
            retry = str(dice.choice("F31", [1, 3, 30]))
            return Reply(429, latency, b"", (("Retry-After", retry),))
        return dice.choice(
            "F32",
            [
                Reply(200, latency, b"<html>hello</html>", (("Content-Type", "text/html"),)),
                Reply(200, latency, b'{"answer": 42}'),
                Reply(200, latency, b'{"user_text": "x", "ai_text": null}'),
                Reply(200, latency, b"null"),
                Reply(200, latency, b""),
                Reply(-9, latency),
                Reply(-5, latency),
            ],
        )


def _prepare(command: dict[str, Any], now: int) -> tuple[Exchange, HttpRequest]:
    body = command.get("body")
    raw_body = bytes(b & 255 for b in body) if isinstance(body, list) else (body or "").encode()
    if command["method"] not in ("POST", "PUT", "PATCH"):
        raw_body = b""
    headers = [(name, value) for name, value in command["headers"]]
    if not any(name.lower() == "user-agent" for name, _ in headers):
        headers.append(("User-Agent", "VoxEngine/1.0"))
    request = HttpRequest(
        command["url"],
        command["method"],
        tuple(headers),
        raw_body,
        timeout_ms=round(command["timeout_s"] * 1000),
        connect_ms=round(command["connect_s"] * 1000),
    )
    exchange = Exchange(
        command["request"],
        request.url,
        request.method,
        dict(headers),
        raw_body.decode("utf-8", "replace"),
        now,
        raw=command["raw"],
    )
    return exchange, request


def _result(exchange: Exchange, reply: Reply) -> dict[str, Any]:
    """The platform's HttpRequestResult."""
    result: dict[str, Any] = {
        "code": reply.code,
        "headers": [{"key": k, "value": v} for k, v in reply.headers],
        "raw_headers": "".join(f"{k}: {v}\r\n" for k, v in reply.headers),
    }
    if reply.code <= 0:
        result["error"] = TEXTS.get(reply.code, "Unknown error")
    elif exchange.raw:
        result["data"] = list(reply.body)
    else:
        result["text"] = exchange.text
    return result


def _redirected(request: HttpRequest, code: int, location: str) -> HttpRequest:
    keeps_body = code in (307, 308)
    return HttpRequest(
        urljoin(request.url, location),
        request.method if keeps_body or request.method == "HEAD" else "GET",
        request.headers,
        request.body if keeps_body else b"",
        request.timeout_ms,
        request.connect_ms,
    )


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _well_formed(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
