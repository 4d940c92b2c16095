"""Before what cannot be taken back unseen: whoever asks shows once more who it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import structlog
from starlette.responses import Response

from halo_voice.console.door import PROVED_S, TOKEN_FIELD
from halo_voice.console.second_factor import Sealed

if TYPE_CHECKING:
    from halo_voice.console.server import Visit

FIELD = "proof"
CONFIRM = "/console/confirm"
_log = structlog.get_logger(__name__)


async def asked(visit: Visit) -> Response | None:
    """The page that asks, with all that was sent in its form; None where it was shown lately.

    Somebody who did not have to sign in has nothing to show.
    """
    session, now = visit.session, visit.console.sessions.now()
    given = visit.form.pop(FIELD, None)
    if not session.name or now - session.proved_s <= PROVED_S:
        return None
    by_code = await visit.console.second.find(session.name) is not None
    fault, wait = "", 0
    if given is not None:
        fault, wait = await _fault(visit, given, by_code=by_code)
        if not fault:
            session.proved_s = now
            await visit.note("confirmed")
            return None
        await visit.note("confirm_failed")
    url = visit.request.url
    here = url.path + (f"?{url.query}" if url.query else "")
    sent = {name: value for name, value in visit.form.items() if name != TOKEN_FIELD}
    get = visit.request.method == "GET"
    return visit.page(
        "confirm.html",
        429 if wait else 403,
        action=CONFIRM if get else here,
        sent={"to": here} if get else sent,
        by_code=by_code,
        fault=fault,
        wait=wait,
    )


async def _fault(visit: Visit, given: str, *, by_code: bool) -> tuple[str, int]:
    """What is wrong with what was shown, and for how many seconds nothing is looked at."""
    name = visit.session.name
    if not by_code:
        user, wait_s = await visit.console.sign_in.check(name, given, visit.address)
        return ("" if user else "wrong"), math.ceil(wait_s)
    fine, wait, sealed = await code_fits(visit, name, given)
    return ("" if fine else "sealed" if sealed else "wrong"), wait


async def code_fits(visit: Visit, name: str, given: str) -> tuple[bool, int, bool]:
    """Whether a code is right; how many seconds no other is looked at; whether none can be."""
    try:
        fits, wait_s = await visit.console.second.check(name, given)
    except Sealed:
        _log.error("second_factor_sealed", cure="set the HALO_CONSOLE_KEY that it was made with")
        return False, 0, True
    return fits, math.ceil(wait_s), False
