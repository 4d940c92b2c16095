"""The browser phone: its page, its commands, and the stream of what happens in its call."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import JSONResponse, Response, StreamingResponse

from halo_voice.console.faulty import DOWN, IN_CALL, SILENT_MODEL
from halo_voice.console.phone import RECOGNISERS, PhoneCall, Wish
from halo_voice.console.server import Role, Route, Visit, as_json
from halo_voice.console.texts import PHONE_WORDS, translator

FAULTS = {
    SILENT_MODEL: "Модель молчит",
    DOWN: "Бэкенд недоступен",
    "cut": "Поток обрывается",
    "F28": "Бэкенд иногда не отвечает",
    "F03": "Результат распознавания теряется",
    "F05": "Результат приходит дважды",
    "F12": "Ассистент слышит сам себя",
    "F13": "Абонент кашляет",
}
RECOGNISER_NAMES = {
    "profile": "Как в профиле",
    "heard": "Без задержек (для микрофона)",
    "fast": "Быстрый",
    "slow": "Поздний результат",
    "noisy": "С ошибками",
    "yandex": "Как Yandex",
    "blind": "Без промежуточных результатов",
}
KEYS = "123456789*0#"
PACE = (20.0, 200.0)  # ms per character: nobody speaks faster, or slower
BEAT_S = 15.0


async def page(visit: Visit) -> Response:
    profiles = visit.look.calls.profiles
    reachable = [p for p in profiles if p is profiles.default or p.numbers]
    words = {key: translator(visit.language)(text) for key, text in PHONE_WORDS.items()}
    return visit.page(
        "phone.html",
        profiles=reachable,
        default=profiles.default.name,
        recognisers=RECOGNISER_NAMES,
        faults=FAULTS,
        keys=KEYS,
        words=as_json(words),
    )


async def place(visit: Visit) -> Response:
    """Begin a call."""
    told = visit.told
    chosen = told.get("faults")
    faults = {f for f in chosen if f in FAULTS} if isinstance(chosen, list) else set()
    pace = told.get("ms_per_character")
    wish = Wish(
        profile=str(told.get("profile", ""))[:100],
        recogniser=str(told.get("recogniser", "profile")),
        faults=frozenset(faults),
        ms_per_character=min(max(float(pace), PACE[0]), PACE[1])
        if isinstance(pace, int | float)
        else 65.0,
    )
    if wish.recogniser not in RECOGNISERS:
        return JSONResponse({"error": "no such recogniser"}, 400)
    call = visit.console.phones.place(wish)
    if call is None:
        return JSONResponse({"error": "busy"}, 429)
    await visit.note("phone_used", call.call_id)
    return JSONResponse({"id": call.id, "call_id": call.call_id})


async def command(visit: Visit) -> Response:
    """What the page does in its call."""
    call = visit.console.phones.find(visit.path("id"))
    if call is None:
        return JSONResponse({"error": "no such call"}, 404)
    _obey(call, visit.told)
    return JSONResponse({"over": call.over})


def _obey(call: PhoneCall, told: dict[str, Any]) -> None:
    text, key, down = told.get("text"), told.get("key"), told.get("down")
    kind = told.get("do")
    if kind == "say" and isinstance(text, str) and text.strip():
        call.say(text.strip())
    elif kind == "hear" and isinstance(text, str):
        call.hear(text.strip(), over=told.get("over") is True)
    elif kind == "press" and isinstance(key, str):
        call.press(key)
    elif kind == "break" and isinstance(down, bool):
        call.break_backend(down=down)
    elif kind == "hang_up":
        call.hang_up()


async def events(visit: Visit) -> Response:
    """Server-sent events of a call, from the one after `Last-Event-ID` on."""
    call = visit.console.phones.find(visit.path("id"))
    if call is None:
        return JSONResponse({"error": "no such call"}, 404)
    last = visit.request.headers.get("last-event-id", "0")
    after = int(last) if last.isascii() and last.isdigit() and len(last) < 10 else 0
    stream = until(_lines(call, after), visit.console.leaving)
    return StreamingResponse(stream, media_type="text/event-stream")


async def _lines(call: PhoneCall, after: int) -> AsyncIterator[str]:
    async for number, event in call.follow(after):
        yield f"id: {number}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"


async def until(
    lines: AsyncIterator[str], leaving: asyncio.Event, beat: str = ": here\n\n"
) -> AsyncIterator[str]:
    """The lines, with `beat` where nothing happens for long, until the process leaves."""
    gone = asyncio.create_task(leaving.wait())
    following: asyncio.Task[str] | None = None
    try:
        while not leaving.is_set():
            following = following or asyncio.ensure_future(anext(lines))  # type: ignore[arg-type]
            await asyncio.wait(
                {following, gone}, timeout=BEAT_S, return_when=asyncio.FIRST_COMPLETED
            )
            if not following.done():
                yield beat
                continue
            try:
                line = following.result()
            except StopAsyncIteration:
                return
            following = None
            yield line
    finally:
        for task in (gone, following):
            if task is not None:
                task.cancel()
        with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
            if following is not None:
                await following


assert set(FAULTS) == {SILENT_MODEL, DOWN, *IN_CALL}

ROUTES = [
    Route("GET", "/console/phone", page, Role.EDITOR, title="Телефон"),
    Route("POST", "/console/phone/calls", place, Role.EDITOR),
    Route("POST", "/console/phone/calls/{id}", command, Role.EDITOR),
    Route("GET", "/console/phone/calls/{id}/events", events, Role.EDITOR),
]
