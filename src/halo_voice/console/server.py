"""The console as one ASGI application: the door, the pages' table, the same headers on each."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from halo_voice.console import door, proof
from halo_voice.console.door import Role, Session, Sessions
from halo_voice.console.look import Look
from halo_voice.console.phone import Phones
from halo_voice.console.second_factor import SecondFactor
from halo_voice.console.sign_in import SignIn
from halo_voice.console.texts import LANGUAGES
from halo_voice.console.views import Views, as_json, static
from halo_voice.core.errors import HaloError

BODY_BYTES_MAX = 512 * 1024
BODY_S_MAX = 10.0
CHECKED_S = 10.0  # so old may be what is known of a session's user
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "media-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
        "form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "microphone=(self), camera=(), geolocation=()",
    "cache-control": "no-store",
}
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Visit:
    """One request of somebody who was let in. `form` and `told` are what was sent."""

    request: Request
    session: Session
    language: str
    form: dict[str, str]
    told: dict[str, Any]
    console: Console

    @property
    def look(self) -> Look:
        return self.console.look

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "")

    def path(self, name: str) -> str:
        return str(self.request.path_params.get(name, ""))

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A whole page, with what every page shows."""
        common = {
            "path": self.request.url.path,
            "session": self.session,
            "role": self.session.role,
            "Role": Role,
            "theme": self.request.cookies.get("halo_theme", ""),
            "version": self.look.version,
            "pages": self.console.menu(self.session.role),
            "open_here": not self.session.name and self.session.role is Role.ADMIN,
        }
        text = self.console.views.render(template, self.language, **common, **values)
        return HTMLResponse(text, status)

    def sorry(self, status: int) -> Response:
        """A page that says why there is none."""
        return self.console.sorry(self.request, status)

    @property
    def address(self) -> str:
        """Where the browser is, as far as the connection tells."""
        return self.request.client.host if self.request.client else ""

    async def note(self, what: str, of: str = "", *, by: str | None = None) -> None:
        """Keep who did what with which call, profile or user."""
        await self.look.desk.note_act(self.session.name if by is None else by, what, of)


Handler = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """A page or what it asks for. A `path` may end in one name in braces. `title`: in the menu.
    `fresh`: whoever asks has to have shown lately who it is."""

    method: str
    path: str
    handler: Handler
    role: Role = Role.VIEWER
    title: str = ""
    fresh: bool = False


class Console:
    """ASGI, below `/console` and at `/`."""

    def __init__(self, look: Look, routes: list[Route]) -> None:
        self.look = look
        self.views = Views(look.utc_hours, mask_numbers=look.mask_numbers)
        self.phones = Phones(look)
        self.sessions = Sessions()
        self.sign_in = SignIn(look.desk)
        self.second = SecondFactor(look.desk, look.key)
        self.heard: set[tuple[str, str]] = set()  # whose session has listened to which call
        self._users_seen = False
        self.leaving = asyncio.Event()
        self._routes = routes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except HaloError as error:
            response = self.sorry(request, 503, error.message)
        except Exception as error:  # the top of a page: one line in the log, no words of a caller
            _log.error("page_failed", path=scope["path"], **_where(error))
            response = self.sorry(request, 500)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if door.secure(request):
            response.headers["strict-transport-security"] = "max-age=31536000"
        await response(scope, receive, send)

    def let_go(self) -> None:
        """End every open event stream. May be called from outside the console's loop tasks."""
        self.leaving.set()

    async def close(self) -> None:
        self.let_go()
        await self.phones.close()
        if self.look.line is not None:
            await self.look.line.close()
        if self.look.afterwards is not None:
            self.look.afterwards.close()

    def menu(self, role: Role) -> list[tuple[str, str]]:
        """Address and title of each page that this role may see."""
        return [(r.path, r.title) for r in self._routes if r.title and r.role <= role]

    def home(self, role: Role) -> str:
        """Where this role begins: not everybody may use what stands first."""
        return next((address for address, _ in self.menu(role)), "/console/login")

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        if path.startswith("/console/static/"):
            return _static(path.removeprefix("/console/static/"), request.query_params.get("v"))
        here = door.from_here(request)
        # A password may travel within this machine, or encrypted.
        if not (here or (self.look.outside and door.secure(request))):
            return self.sorry(request, 403)
        session = await self._known(door.cookie_of(request))
        begun = session is None
        if session is None:
            free = self.look.open_here and here and not await self.any_users()
            session = self.sessions.begin("", Role.ADMIN if free else Role.NOBODY)
        response = await self._route(request, session)
        if begun and "set-cookie" not in response.headers:
            self.keep(request, response, session)
        return response

    async def _known(self, session_id: str) -> Session | None:
        """The session, as long as its user still is who signed in."""
        session = self.sessions.find(session_id)
        now = self.sessions.now()
        if session is None or now - session.checked_s < CHECKED_S:
            return session
        session.checked_s = now
        if session.name:
            user = await self.look.desk.find_user(session.name)
            factor = await self.second.find(session.name)
            fine = user is not None and door.stamp_of(user, factor) == session.stamp
        else:  # open as long as there is no user, and closed as long as there was none
            free = self.look.open_here and not await self.any_users()
            fine = (session.role is Role.ADMIN) is free
        if fine:
            return session
        self.sessions.end(session.id)
        return None

    async def any_users(self) -> bool:
        """Once there is one, it is known; until then it is asked."""
        self._users_seen = self._users_seen or bool(await self.look.desk.users())
        return self._users_seen

    def keep(self, request: Request, response: Response, session: Session) -> None:
        """Give the browser the session's cookie."""
        https = door.secure(request)
        response.set_cookie(
            door.SECURE_COOKIE if https else door.COOKIE,
            session.id,
            path="/",
            secure=https,
            httponly=True,
            samesite="lax",
        )

    async def _route(self, request: Request, session: Session) -> Response:
        if request.url.path in ("/", "/console", "/console/"):
            return RedirectResponse(self.home(session.role), 303)
        language = _language(request)
        wanted = request.query_params.get("lang", "")
        if wanted in LANGUAGES and request.method == "GET":
            response: Response = RedirectResponse(quote(request.url.path), 303)
            response.set_cookie("halo_lang", wanted, path="/console", samesite="lax")
            return response
        route, names, methods = self._find(request)
        if route is None:
            return self.sorry(request, 405 if methods else 404)
        if session.role < route.role:
            return self._turned_away(request, session)
        visit = Visit(request, session, language, {}, {}, self)
        if route.method == "POST":
            fault = await _take_body(visit)
            if fault:
                return self.sorry(request, fault)
        request.scope["path_params"] = names
        asked = await proof.asked(visit) if route.fresh else None
        return asked or await route.handler(visit)

    def _turned_away(self, request: Request, session: Session) -> Response:
        page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if session.role is not Role.NOBODY or not page:
            return self.sorry(request, 403)
        to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/console/login?{urlencode({'to': to})}", 303)

    def _find(self, request: Request) -> tuple[Route | None, dict[str, str], set[str]]:
        methods = set()
        for route in self._routes:
            names = _matched(route.path, request.url.path)
            if names is None:
                continue
            methods.add(route.method)
            if route.method == request.method:
                return route, names, methods
        return None, {}, methods

    def sorry(self, request: Request, status: int, message: str = "") -> Response:
        if "text/html" not in request.headers.get("accept", ""):
            return JSONResponse({"error": message or str(status)}, status)
        text = self.views.render(
            "sorry.html",
            _language(request),
            status=status,
            message=message,
            theme=request.cookies.get("halo_theme", ""),
        )
        return HTMLResponse(text, status)


async def _take_body(visit: Visit) -> int:
    """Read what was sent, and check that our own page sent it; 0, or a refusal's status."""
    request = visit.request
    if not door.same_origin(request):
        return 403
    body = b""
    try:
        async with asyncio.timeout(BODY_S_MAX):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES_MAX:
                    return 413
    except TimeoutError:
        return 408
    try:
        text = body.decode()
        if request.headers.get("content-type", "").startswith("application/json"):
            told = json.loads(text or "{}")
            visit.told = told if isinstance(told, dict) else {}
        else:
            visit.form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=100))
    except (ValueError, RecursionError):
        return 400
    return 0 if door.token_fits(visit.session, request.headers, visit.form) else 403


def _matched(pattern: str, path: str) -> dict[str, str] | None:
    """The named parts of a path that fits; None when it does not."""
    wanted, given = pattern.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    names = {}
    for part, value in zip(wanted, given, strict=True):
        if part.startswith("{") and value:
            names[part[1:-1]] = value
        elif part != value:
            return None
    return names


def _static(name: str, version: str | None) -> Response:
    """A file of the pages; one that is asked for by its version never changes."""
    found = static(name)
    if found is None:
        return Response(status_code=404)
    body, kind = found
    kept = "public, max-age=31536000, immutable" if version else "no-cache"
    return Response(body, 200, {"cache-control": kept}, media_type=kind)


def _language(request: Request) -> str:
    chosen = request.cookies.get("halo_lang", "")
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def _where(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    at = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return {"fault": type(error).__name__, "at": at}


__all__ = ["Console", "Handler", "Role", "Route", "Visit", "as_json"]
