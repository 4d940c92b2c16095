"""Signing in and out, and what was done in the console."""

from __future__ import annotations

import math

from starlette.responses import RedirectResponse, Response

from halo_voice.console import door
from halo_voice.console.door import Role
from halo_voice.console.server import Route, Visit

ACTS = {
    "signed_in": "вошёл",
    "signed_out": "вышел",
    "sign_in_failed": "не смог войти",
    "call_viewed": "открыл звонок",
    "calls_exported": "выгрузил звонки",
    "call_replayed": "повторил звонок",
    "call_ended": "завершил звонок",
    "call_put_through": "соединил звонок с оператором",
    "recording_heard": "слушал запись",
    "delivery_resent": "отправил доставку заново",
    "phone_used": "позвонил из браузера",
    "draft_kept": "изменил черновик",
    "draft_dropped": "удалил черновик",
    "draft_tried": "задал пробный вопрос",
    "edition_published": "опубликовал версию",
    "edition_restored": "вернул версию",
    "folder_restored": "вернул папку",
}
ACTS_SHOWN = 200


async def form(visit: Visit) -> Response:
    return visit.page("login.html", to=_inside(visit.query("to")), fault="", wait=0, name="")


async def sign_in(visit: Visit) -> Response:
    """Check, and give the browser a session of its own."""
    name, to = visit.form.get("name", ""), _inside(visit.form.get("to", ""))
    address = visit.request.client.host if visit.request.client else ""
    user, wait_s = await visit.console.sign_in.check(name, visit.form.get("password", ""), address)
    if user is None:
        await visit.note("sign_in_failed", name[:64], by="")
        wait = math.ceil(wait_s)
        status = 429 if wait else 401
        return visit.page("login.html", status, to=to, fault="wrong", wait=wait, name=name[:64])
    sessions = visit.console.sessions
    sessions.end(visit.session.id)
    session = sessions.begin(user.name, Role[user.role.upper()])
    session.stamp = (user.role, user.password_hash)
    visit.session = session
    await visit.note("signed_in")
    response = RedirectResponse(to, 303)
    visit.console.keep(visit.request, response, session)
    return response


async def sign_out(visit: Visit) -> Response:
    await visit.note("signed_out")
    visit.console.sessions.end(visit.session.id)
    response = RedirectResponse("/console/login", 303)
    secure = door.secure(visit.request)
    response.delete_cookie(door.SECURE_COOKIE if secure else door.COOKIE, secure=secure)
    return response


async def acts(visit: Visit) -> Response:
    shown = await visit.look.desk.acts(ACTS_SHOWN)
    return visit.page("acts.html", acts=shown, names=ACTS)


def _inside(path: str) -> str:
    """Where to go afterwards: a page of ours, and nothing else."""
    fine = path.startswith("/console/") and "//" not in path and "\\" not in path
    return path[:500] if fine and path.isprintable() and path.isascii() else "/console/phone"


ROUTES = [
    Route("GET", "/console/login", form, Role.NOBODY),
    Route("POST", "/console/login", sign_in, Role.NOBODY),
    Route("POST", "/console/logout", sign_out),
]
AUDIT = [Route("GET", "/console/acts", acts, Role.ADMIN, title="Журнал")]
