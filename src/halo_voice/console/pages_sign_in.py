"""Signing in and out, and what was done in the console."""

from __future__ import annotations

import math
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from halo_voice.console import door, proof
from halo_voice.console.door import Role
from halo_voice.console.proof import code_fits
from halo_voice.console.server import Route, Visit
from halo_voice.core.desk import Factor, User

ACTS = {
    "signed_in": "вошёл",
    "signed_out": "вышел",
    "signed_in_twice": "вошёл с кодом; запасных кодов осталось",
    "sign_in_failed": "не смог войти",
    "code_failed": "не смог войти: неверный код",
    "confirmed": "подтвердил, что это он",
    "confirm_failed": "не смог подтвердить, что это он",
    "call_viewed": "открыл звонок",
    "campaign_viewed": "открыл кампанию",
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
    to, nobody = _inside(visit.query("to")), not await visit.console.any_users()
    return visit.page("login.html", to=to, fault="", wait=0, name="", nobody=nobody)


async def sign_in(visit: Visit) -> Response:
    """Check, and give the browser a session of its own."""
    name, to = visit.form.get("name", ""), _inside(visit.form.get("to", ""))
    password = visit.form.get("password", "")
    user, wait_s = await visit.console.sign_in.check(name, password, visit.address)
    if user is None:
        await visit.note("sign_in_failed", name[:64], by="")
        wait = math.ceil(wait_s)
        status = 429 if wait else 401
        told = {"fault": "wrong", "wait": wait, "name": name[:64], "nobody": False}
        return visit.page("login.html", status, to=to, **told)
    if await visit.console.second.find(user.name) is None:
        return await _let_in(visit, user, None, to)
    # Not signed in yet, but no longer anybody: only the second factor is missing.
    sessions = visit.console.sessions
    sessions.end(visit.session.id)
    session = sessions.begin("", Role.NOBODY)
    session.awaited = user
    response = RedirectResponse(f"/console/code?{urlencode({'to': to})}", 303)
    visit.console.keep(visit.request, response, session)
    return response


async def code_form(visit: Visit) -> Response:
    to = _inside(visit.query("to"))
    if visit.session.awaited is None:
        return RedirectResponse(f"/console/login?{urlencode({'to': to})}", 303)
    return visit.page("code.html", to=to, fault="", wait=0)


async def code(visit: Visit) -> Response:
    """The second factor of whoever has shown the first."""
    to, user = _inside(visit.form.get("to", "")), visit.session.awaited
    if user is None:
        return RedirectResponse(f"/console/login?{urlencode({'to': to})}", 303)
    fits, wait, sealed = await code_fits(visit, user.name, visit.form.get("code", ""))
    if not fits:
        await visit.note("code_failed", user.name, by="")
        fault = "sealed" if sealed else "wrong"
        return visit.page("code.html", 429 if wait else 401, to=to, fault=fault, wait=wait)
    factor = await visit.console.second.find(user.name)
    if factor is None or await visit.look.desk.find_user(user.name) != user:
        return visit.sorry(403)  # changed in these minutes: from the beginning
    return await _let_in(visit, user, factor, to)


async def _let_in(visit: Visit, user: User, factor: Factor | None, to: str) -> Response:
    """A session of its own, under a name that nobody saw before. From outside, an admin without a
    second factor is an editor."""
    role = Role[user.role.upper()]
    capped = role is Role.ADMIN and factor is None and not door.from_here(visit.request)
    sessions = visit.console.sessions
    sessions.end(visit.session.id)
    session = sessions.begin(user.name, Role.EDITOR if capped else role)
    session.stamp, session.capped = door.stamp_of(user, factor), capped
    visit.session = session
    left = f"{len(factor.marks)}" if factor else ""
    await visit.note("signed_in_twice" if factor else "signed_in", left)
    response = RedirectResponse(to, 303)
    visit.console.keep(visit.request, response, session)
    return response


async def confirmed(visit: Visit) -> Response:
    """Back to what was asked for by its address."""
    return RedirectResponse(_inside(visit.form.get("to", "")), 303)


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
    """Where to go afterwards: a page of ours, and nothing else; `/` leads to what one may see."""
    fine = path.startswith("/console/") and "//" not in path and "\\" not in path
    return path[:500] if fine and path.isprintable() and path.isascii() else "/"


ROUTES = [
    Route("GET", "/console/login", form, Role.NOBODY),
    Route("POST", "/console/login", sign_in, Role.NOBODY),
    Route("GET", "/console/code", code_form, Role.NOBODY),
    Route("POST", "/console/code", code, Role.NOBODY),
    Route("POST", proof.CONFIRM, confirmed, fresh=True),
    Route("POST", "/console/logout", sign_out),
]
AUDIT = [Route("GET", "/console/acts", acts, Role.ADMIN, title="Журнал")]
