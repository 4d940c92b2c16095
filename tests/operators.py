"""A profile with people to put a call through to, and telephones that answer, or do not."""

from __future__ import annotations

import json
import re
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from halo_voice.simulator import (
    AsgiNetwork,
    HttpResponse,
    Pickup,
    ScriptedCaller,
    ScriptedNetwork,
    SilentCaller,
)
from tests.halo import ROOT, backend

SALES, SERVICE = "74950000001", "sip:service@halo.test"
OPERATORS = f"""
[operators]
"отдел продаж" = "+7 495 000-00-01"
"мастерская" = {{ sip = "{SERVICE}", brief = true }}
"""


@asynccontextmanager
async def staffed(folder: Path, *, more: str = "", operators: str = OPERATORS, **values: Any):
    """The shipped assistant with operators, who are always there; `more` are further tables."""
    text = (ROOT / "assistants" / "halo.toml").read_text("utf-8")
    text = text.replace('"halo/', f'"{ROOT}/assistants/halo/')
    text = re.sub(r"^(mon|tues|wednes|thurs|fri|satur|sun)day = .*$", "", text, flags=re.M)
    (folder / "halo.toml").write_text(text + operators + more, "utf-8")
    async with backend(assistants=folder, **values) as halo:
        yield halo


def limited(**limits: int):
    """A network whose calls have these limits in their profile, whatever the file allows."""

    def network(web: Any, host: str) -> ScriptedNetwork:
        inner = AsgiNetwork(web, host)

        async def answer(request: Any) -> HttpResponse:
            response = await inner.request(request)
            if not request.url.endswith("/call/start"):
                return response
            content = json.loads(response.body)
            content["profile"]["limits"] |= limits
            return HttpResponse(200, json.dumps(content).encode())

        return ScriptedNetwork(answer)

    return network


class Impatient:
    """Presses keys, and hangs up, whatever they hear: at these ms of the call."""

    def __init__(self, presses: dict[int, str], leaves_ms: int) -> None:
        self._presses, self._leaves_ms, self._begun = presses, leaves_ms, False

    def hear(self, line: Any) -> None:
        if not self._begun:
            self._begun = True
            for ms, key in self._presses.items():
                line.after(ms, lambda key=key: line.press(key))
            line.after(self._leaves_ms, line.hang_up)

    def ended(self, line: Any) -> None: ...


def takes_it(talk_ms: float | None = None, after_ms: float = 5_000, lines: Any = None) -> Pickup:
    """Picks up; hangs up after so long a talk, or never."""
    person = ScriptedCaller(lines, hang_up_after=False) if lines else SilentCaller(talk_ms)
    return Pickup(after_ms, person)


BUSY, SILENT, DECLINES = Pickup(900, code=486), Pickup(60_000), Pickup(4_000, code=603)
