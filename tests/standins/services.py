"""Stand-ins for Telegram, amoCRM and Bitrix24, each in its own words, and a server of letters.

They keep what they have done in `effects`, and refuse what the services refuse: an unknown token,
a body that is not as their descriptions want it, the same call a second time.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import trustme
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

TELEGRAM_CODE = "123456:TEST-token"
AMO_CODE = "amo.long.lived"
BITRIX_CODE = "b24code"
SECRETS = {"telegram": TELEGRAM_CODE, "amo": AMO_CODE, "bitrix": BITRIX_CODE, "mail": "pa:ss,"}


class Services:
    """`status`: what every request gets instead of an answer, by its number from 0; 0: an answer.
    `lose`: the request has its effect, and the answer is lost."""

    def __init__(self) -> None:
        self.url = ""
        self.status: Callable[[int], int] = lambda _: 0
        self.lose = False
        self.requests: list[str] = []
        self.effects: list[tuple[str, Any]] = []

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._gate])
        app.router.add_post("/bot{token}/sendMessage", self._telegram)
        app.router.add_get("/api/v4/leads", self._amo_leads)
        app.router.add_post("/api/v4/leads/unsorted/sip", self._amo_unsorted)
        app.router.add_post("/rest/1/{code}/{method}.json", self._bitrix)
        return app

    def of(self, kind: str) -> list[Any]:
        return [what for service, what in self.effects if service == kind]

    @web.middleware
    async def _gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        number = len(self.requests)
        self.requests.append(request.path)
        status = self.status(number)
        if status in (301, 302):
            return web.Response(status=status, headers={"location": self.url})
        if status:
            fault = {"error": "QUERY_LIMIT_EXCEEDED", "ok": False}
            rest = {"retry-after": "35"} if status == 429 else None
            return web.json_response(fault, status=status, headers=rest)
        before = len(self.effects)
        answer: web.StreamResponse = await handler(request)
        if self.lose and len(self.effects) > before:
            request.transport.abort()
        return answer

    async def _telegram(self, request: web.Request) -> web.Response:
        body = await request.json()
        if request.match_info["token"] != TELEGRAM_CODE:
            return _telegram_fault(401, "Unauthorized")
        text = body.get("text", "")
        if not text or len(text.encode("utf-16-le")) // 2 > 4096:
            return _telegram_fault(400, "Bad Request: message is too long")
        if body.get("chat_id") != "-1001":
            return _telegram_fault(400, "Bad Request: chat not found")
        self.effects.append(("telegram", body))
        return web.json_response({"ok": True, "result": {"message_id": len(self.effects)}})

    async def _amo_leads(self, request: web.Request) -> web.Response:
        if request.headers.get("authorization") != f"Bearer {AMO_CODE}":
            return _problem(401, "Unauthorized")
        query = request.query.get("query", "")
        found = [one for one in self.of("amocrm") if query in one["_embedded"]["leads"][0]["name"]]
        if not found:
            return web.Response(status=204)
        return web.json_response({"_embedded": {"leads": [{"id": 1}]}})

    async def _amo_unsorted(self, request: web.Request) -> web.Response:
        if request.headers.get("authorization") != f"Bearer {AMO_CODE}":
            return _problem(401, "Unauthorized")
        (unsorted,) = await request.json()
        needed = {"uniq", "duration", "service_code", "phone", "called_at", "from"}
        metadata = unsorted["metadata"]
        good = needed <= set(metadata) and unsorted["source_uid"] and unsorted["source_name"]
        if not good or not isinstance(metadata["duration"], int):
            return _problem(400, "Bad Request")
        if any(one["source_uid"] == unsorted["source_uid"] for one in self.of("amocrm")):
            return _problem(400, "Bad Request")
        self.effects.append(("amocrm", unsorted))
        made = {"uid": "u", "request_id": unsorted["request_id"]}
        return web.json_response({"_total_items": 1, "_embedded": {"unsorted": [made]}})

    async def _bitrix(self, request: web.Request) -> web.Response:
        body = await request.json()
        if request.match_info["code"] != BITRIX_CODE:
            fault = {"error": "INVALID_CREDENTIALS", "error_description": "Invalid request"}
            return web.json_response(fault, status=401)
        if request.match_info["method"] == "crm.lead.list":
            wanted = body["filter"]
            found = [
                {"ID": str(number)}
                for number, one in enumerate(self.of("bitrix24"), 1)
                if all(one.get(name) == value for name, value in wanted.items())
            ]
            return web.json_response({"result": found, "total": len(found)})
        if not body["fields"].get("TITLE"):
            return web.json_response({"error": "", "error_description": "no title"}, status=400)
        self.effects.append(("bitrix24", body["fields"]))
        return web.json_response({"result": len(self.of("bitrix24"))})


def _telegram_fault(status: int, why: str) -> web.Response:
    body = {"ok": False, "error_code": status, "description": why}
    return web.json_response(body, status=status)


def _problem(status: int, title: str) -> web.Response:
    body = {"title": title, "status": status}
    return web.json_response(body, status=status, content_type="application/problem+json")


@contextmanager
def serving(services: Services | None = None) -> Iterator[Services]:
    """They listen on loopback, in a thread of their own."""
    services = services or Services()
    runner = web.AppRunner(services.app())

    async def serve() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()

    with listening() as loop:
        on(loop, serve())
        services.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield services
        on(loop, _cleaned_up(runner))


async def _cleaned_up(runner: web.AppRunner) -> None:
    """A connection that was made and never used may be accepted just now."""
    await asyncio.sleep(0.01)
    await runner.cleanup()
    await _ticks()


async def _ticks() -> None:
    """What closes tells so in the next turn of the loop, TLS in the one after."""
    for _ in range(3):
        await asyncio.sleep(0)


class PostOffice:
    """A mail server on loopback, which wants STARTTLS and a sign-in, in the words of aiosmtpd.

    `refuse`: the answer to a letter's body, or to a recipient, instead of taking it. `goodbye`: the
    answer to QUIT.
    """

    def __init__(self, host: str = "localhost") -> None:
        self.authority = trustme.CA()
        self._certificate = self.authority.issue_cert(host)
        self.letters: list[Envelope] = []
        self.sign_ins: list[tuple[bytes, bytes]] = []
        self.refuse = ""
        self.refuse_recipient = ""
        self.goodbye = "221 Bye"
        self.server = ""

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        if self.refuse:
            return self.refuse
        self.letters.append(envelope)
        return "250 OK"

    async def handle_QUIT(self, server: Any, session: Session, envelope: Envelope) -> str:
        return self.goodbye

    def authenticate(
        self, server: Any, session: Session, envelope: Envelope, how: str, given: Any
    ) -> AuthResult:
        self.sign_ins.append((given.login, given.password))
        return AuthResult(success=given.password == SECRETS["mail"].encode(), handled=False)

    def tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._certificate.configure_cert(context)
        return context


@contextmanager
def post_office(
    office: PostOffice | None = None, *, starttls: bool = True, at_once: bool = False
) -> Iterator[PostOffice]:
    """It listens on loopback. Not `starttls`: it offers no TLS at all, or TLS `at_once`."""
    office = office or PostOffice()
    starttls = starttls and not at_once
    tls = {"tls_context": office.tls(), "require_starttls": True} if starttls else {}
    with listening() as loop:

        def protocol() -> SMTP:
            return SMTP(
                office,
                hostname="localhost",
                authenticator=office.authenticate,
                auth_require_tls=starttls,
                auth_required=starttls,
                loop=loop,
                **tls,
            )

        server = on(
            loop,
            loop.create_server(protocol, "127.0.0.1", 0, ssl=office.tls() if at_once else None),
        )
        office.server = f"localhost:{server.sockets[0].getsockname()[1]}"
        yield office
        on(loop, _let_go(server))


async def _let_go(server: asyncio.Server) -> None:
    """What is still open is closed, in the loop's own thread, so that nothing is left to the
    interpreter."""
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await _ticks()


@contextmanager
def listening() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def on(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run_coroutine_threadsafe(work, loop).result(10)
