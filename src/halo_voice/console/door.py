"""Who may come in: sessions kept on the server, tokens of forms, where a request was made."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from urllib.parse import urlsplit

from starlette.requests import Request

from halo_voice.core.desk import Factor, User

IDLE_S = 30 * 60
ABSOLUTE_S = 12 * 3600
AWAITED_S = 5 * 60
PROVED_S = 10 * 60
"""So long does it hold that somebody has shown who it is, before what is `fresh`."""
SESSIONS_MAX = 2_000
COOKIE = "halo_session"
SECURE_COOKIE = "__Host-halo_session"
TOKEN_HEADER = "x-halo-token"  # noqa: S105 - a header's name
TOKEN_FIELD = "token"  # noqa: S105 - a field's name

_LOOPBACK_CLIENTS = frozenset({"127.0.0.1", "::1"})
_LOOPBACK_HOST = re.compile(r"(?i:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?")
_PROXIED = re.compile(r"forwarded|via|x-real-ip|x-forwarded-.+|cf-.+")


class Role(IntEnum):
    """What somebody may do; each may what those below may."""

    NOBODY = 0  # who has not signed in
    VIEWER = 1
    EDITOR = 2
    ADMIN = 3


@dataclass(slots=True)
class Session:
    """One browser. `name` is empty for somebody on this machine who did not have to sign in.

    `stamp`: the user's role, password's hash and second factor as they were at the sign-in.
    `proved_s`: when the user last showed who it is. `awaited`: whose second factor is waited for;
    such a session may do nothing else. `capped`: an admin who may less without a second factor.
    """

    id: str
    token: str
    name: str
    role: Role
    begun_s: float
    used_s: float
    checked_s: float = 0.0
    stamp: tuple[str, str, str] = ("", "", "")
    proved_s: float = 0.0
    awaited: User | None = None
    capped: bool = False


@dataclass
class Sessions:
    """The sessions of this process, in memory: a restart signs everybody out. `now` in seconds."""

    now: Callable[[], float] = time.monotonic
    _known: dict[str, Session] = field(default_factory=dict)

    def begin(self, name: str, role: Role) -> Session:
        now = self.now()
        if len(self._known) >= SESSIONS_MAX:  # strangers go before who has signed in
            self._known.pop(min(self._known.values(), key=lambda s: (bool(s.name), s.used_s)).id)
        session = Session(
            secrets.token_urlsafe(32), secrets.token_urlsafe(32), name, role, now, now, now
        )
        session.proved_s = now
        self._known[session.id] = session
        return session

    def find(self, session_id: str) -> Session | None:
        """The session, used now; None when it is unknown, idle for too long, or too old."""
        session, now = self._known.get(session_id), self.now()
        if session is None:
            return None
        longest_s = AWAITED_S if session.awaited else ABSOLUTE_S
        if now - session.used_s > IDLE_S or now - session.begun_s > longest_s:
            del self._known[session_id]
            return None
        session.used_s = now
        return session

    def end(self, session_id: str) -> None:
        self._known.pop(session_id, None)

    def end_of(self, name: str) -> None:
        """Every session of a user: the password or the role has changed."""
        for session in [each for each in self._known.values() if each.name == name]:
            self.end(session.id)


def stamp_of(user: User, factor: Factor | None) -> tuple[str, str, str]:
    """What ends the user's sessions when it changes."""
    return user.role, user.password_hash, factor.sealed if factor else ""


def secure(request: Request) -> bool:
    """Whether the browser came by https; a proxy on this machine is believed."""
    told = request.headers.get("x-forwarded-proto", "") if local_client(request) else ""
    return (told or request.url.scheme) == "https"


def local_client(request: Request) -> bool:
    return request.client is None or request.client.host in _LOOPBACK_CLIENTS


def from_here(request: Request) -> bool:
    """Asked on this machine, for this machine: not through a proxy that says so, not under another
    host's name, which a page of somebody else may have given this address."""
    proxied = any(_PROXIED.fullmatch(name.lower()) for name in request.headers)
    host = request.headers.get("host", "")
    return local_client(request) and not proxied and bool(_LOOPBACK_HOST.fullmatch(host))


def same_origin(request: Request) -> bool:
    """Whether one of our own pages sent this. A browser tells where a POST came from.

    A form of ours has the origin `null`, because our pages send no referrer: then the browser's
    own word on the site has to be there.
    """
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    site = request.headers.get("sec-fetch-site")
    if origin is None or site not in (None, "same-origin"):
        return False
    if origin == "null":
        return site == "same-origin"
    return urlsplit(origin).netloc.lower() == host.lower()


def token_fits(session: Session, headers: Mapping[str, str], form: Mapping[str, str]) -> bool:
    """Whether the session's own token came along."""
    given = headers.get(TOKEN_HEADER) or form.get(TOKEN_FIELD, "")
    return secrets.compare_digest(given.encode(), session.token.encode())


def cookie_of(request: Request) -> str:
    return request.cookies.get(SECURE_COOKIE if secure(request) else COOKIE, "")
