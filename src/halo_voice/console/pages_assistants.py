"""The assistants: what they are made of, changed as drafts, tried, published and taken back."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from halo_voice.console.differences import differences
from halo_voice.console.server import Role, Route, Visit
from halo_voice.console.words_of_calls import SOURCES
from halo_voice.core.editions import (
    CONTENT_CHARS_MAX,
    PAPER_CHARS_MAX,
    PAPERS_MAX,
    PROFILE,
    Content,
    Draft,
    Edition,
    Origin,
    numbers_in_force,
)
from halo_voice.core.workshop import Folder, TooMuch

NAME = re.compile(r"(?![.~])[^/\\\x00-\x1f\x7f]{1,95}\.(?:md|txt|csv)", re.IGNORECASE)
QUESTION_CHARS_MAX = 300
TOLD = {
    "saved": "Черновик сохранён.",
    "same": "Ничего не изменилось.",
    "dropped": "Черновик удалён: действует опубликованная версия.",
    "dropped_to_folder": "Черновик удалён: действует папка.",
    "published": "Опубликовано. Новые звонки получат эту версию через несколько секунд, "
    "идущие закончатся со своей.",
    "back": "Прежняя версия опубликована заново.",
    "folder": "Снова действует папка, и её изменения тоже.",
}
FAULTS = {
    "late": "Пока вы правили, черновик изменил другой человек. Ваш текст цел, он ниже и ещё не "
    "сохранён. Сравните его с черновиком; если сохранить, останется ваш.",
    "changed": "Пока страница была открыта, здесь кое-что изменилось. Посмотрите и повторите.",
    "faulty": "Сначала исправьте ошибки: с ними публиковать нельзя.",
    "long": "Текст слишком длинный.",
    "many": "Текстов слишком много.",
    "name": "Имя текста: до 99 знаков, с окончанием .md, .txt или .csv, без косой черты.",
    "key": "Похоже на ключ или пароль. Здесь их прочтут все, у кого есть консоль: задайте его "
    "переменной среды, а здесь назовите её имя. Не сохранено.",
    "busy": "Сейчас отвечают на другой вопрос. Подождите немного.",
    "spent": "Дневной предел на модели почти исчерпан: остаток оставлен звонкам.",
    "question": "Напишите вопрос.",
}
ORIGINS = {"folder": "из папки", "console": "из консоли", "back": "возврат"}


@dataclass(frozen=True, slots=True)
class Work:
    """An assistant as it stands now. `current` is what is in force; `newest` None: no edition was
    published yet, and the folder is."""

    name: str
    folder: Folder
    newest: Edition | None
    current: Content
    draft: Draft | None

    @property
    def number(self) -> int:
        return self.newest.number if self.newest else 0

    @property
    def follows(self) -> bool:
        """The folder is in force, and its changes will be."""
        return self.newest is None or self.newest.origin == "folder"

    @property
    def content(self) -> Content:
        return self.draft.content if self.draft else self.current


async def work_of(visit: Visit, name: str, folders: Any = None) -> Work | None:
    folder = (folders or await visit.look.workshop.folders()).get(name)
    if folder is None:
        return None
    newest = (await visit.look.editions.newest()).get(name)
    current = folder.content
    if newest is not None and newest.origin != "folder":
        current = await visit.look.editions.content(name, newest.number) or current
    return Work(name, folder, newest, current, await visit.look.editions.draft(name))


# ---- reading -------------------------------------------------------------------------------------


async def all_of_them(visit: Visit) -> Response:
    folders = await visit.look.workshop.folders()
    works = [await work_of(visit, name, folders) for name in sorted(folders)]
    return visit.page(
        "assistants.html",
        works=[work for work in works if work is not None],
        profiles=visit.look.calls.profiles,
        origins=ORIGINS,
    )


async def one(visit: Visit) -> Response:
    return await shown(visit, told=TOLD.get(visit.query("said"), ""))


async def shown(
    visit: Visit,
    status: int = 200,
    *,
    told: str = "",
    fault: str = "",
    file: str | None = None,
    text: str | None = None,
    lines: list[int] | None = None,
    **tried: Any,
) -> Response:
    """The page. `file` and `text`: what was sent and could not be kept, so that it is not lost."""
    work = await work_of(visit, visit.path("name"))
    if work is None:
        return visit.sorry(404)
    file = visit.query("file") if file is None else file
    kept = work.content.text(file)
    paper = work.content.paper(file)
    if kept is None and not NAME.fullmatch(file):
        return visit.sorry(404)
    checked = await visit.look.workshop.check(work.name, work.content)
    changed = []
    if work.draft is not None:
        changed = await asyncio.to_thread(differences, work.current, work.draft.content)
    unsaved = []
    if text is not None and fault == "late":
        mine = work.content.with_text(file, text)
        unsaved = await asyncio.to_thread(differences, work.content, mine)
    editions = await visit.look.editions.editions(work.name)
    seen = next((each.version for each in editions if each.origin == "folder"), "")
    return visit.page(
        "assistant.html",
        status,
        work=work,
        file=file,
        text=(kept or "") if text is None else text,
        is_new=kept is None,
        fixed=(paper is not None and paper.as_read) or len(kept or "") > PAPER_CHARS_MAX,
        told=told,
        fault=FAULTS.get(fault, ""),
        fault_lines=lines or [],
        checked=checked,
        changed=changed,
        changed_names={each.name for each in changed},
        unsaved=unsaved,
        editions=editions,
        origins=ORIGINS,
        sources=SOURCES,
        waits=_waits(visit, work),
        left_out=visit.look.workshop.left_out,
        folder_differs=not work.follows and bool(seen) and seen != work.folder.version,
        PROFILE=PROFILE,
        **{"question": "", "heard": None} | tried,
    )


def _waits(visit: Visit, work: Work) -> bool:
    """Whether new calls of this process do not get yet what was published."""
    wanted = 0 if work.follows else work.number
    return visit.look.workshop.standing.get(work.name, 0) != wanted


async def edition(visit: Visit) -> Response:
    """What an edition changed, and how it differs from what is in force."""
    work = await work_of(visit, visit.path("name"))
    number = int(visit.path("number")) if visit.path("number").isdecimal() else 0
    known = await visit.look.editions.editions(visit.path("name"))
    found = next((each for each in known if each.number == number), None)
    content = await visit.look.editions.content(visit.path("name"), number)
    if work is None or found is None or content is None:
        return visit.sorry(404)
    before = await visit.look.editions.content(work.name, number - 1)
    changed = await asyncio.to_thread(differences, before, content) if before else []
    apart = await asyncio.to_thread(differences, content, work.current)
    return visit.page(
        "edition.html",
        work=work,
        edition=found,
        content=content,
        first=before is None,
        changed=changed,
        apart=apart,
        origins=ORIGINS,
        PROFILE=PROFILE,
    )


# ---- drafts --------------------------------------------------------------------------------------


async def save(visit: Visit) -> Response:
    """Keep a text of the draft; refused, it stays on the page."""
    work = await work_of(visit, visit.path("name"))
    if work is None:
        return visit.sorry(404)
    file = visit.form.get("file", "")
    text = visit.form.get("text", "").replace("\r\n", "\n")
    fault, lines = _refusal(visit, work, file, text)
    if fault == "name":
        return await shown(visit, 422, fault=fault, file=PROFILE)
    if fault:
        return await shown(visit, 422, fault=fault, file=file, text=text, lines=lines)
    return await _keep(visit, work, work.content.with_text(file, text), file, text)


async def remove(visit: Visit) -> Response:
    """Leave a text out of the draft."""
    work = await work_of(visit, visit.path("name"))
    file = visit.form.get("file", "")
    if work is None or work.content.paper(file) is None:
        return visit.sorry(404)
    return await _keep(visit, work, work.content.without(file), PROFILE, None)


async def _keep(
    visit: Visit, work: Work, content: Content, file: str, text: str | None
) -> Response:
    seen = visit.form.get("seen", "")
    stale = seen != (work.draft.revision if work.draft else "")
    if content == work.content and not stale:
        return _back(work.name, "same", file)
    kept = None
    if not stale:
        kept = await visit.look.editions.keep_draft(
            work.name, content, by=visit.session.name, base=work.number, seen=seen
        )
    if kept is None:
        return await shown(visit, 409, fault="late", file=file, text=text)
    await visit.note("draft_kept", work.name)
    return _back(work.name, "saved", file)


def _refusal(visit: Visit, work: Work, file: str, text: str) -> tuple[str, list[int]]:
    """Why a text is not kept, and which lines of it are at fault."""
    paper = work.content.paper(file)
    if file != PROFILE and (not NAME.fullmatch(file) or (paper and paper.as_read)):
        return "name", []
    if len(text) > PAPER_CHARS_MAX or len(text) + work.content.chars > CONTENT_CHARS_MAX:
        return "long", []
    if paper is None and file != PROFILE and len(work.content.papers) >= PAPERS_MAX:
        return "many", []
    lines = visit.look.workshop.keys(text)
    return ("key", lines) if lines else ("", [])


async def drop(visit: Visit) -> Response:
    name = visit.path("name")
    if not await visit.look.editions.drop_draft(name, visit.form.get("seen", "")):
        return await shown(visit, 409, fault="changed")
    await visit.note("draft_dropped", name)
    published = name in await numbers_in_force(visit.look.editions)
    return _back(name, "dropped" if published else "dropped_to_folder")


async def ask(visit: Visit) -> Response:
    """One question to what is in force and to the draft."""
    work = await work_of(visit, visit.path("name"))
    if work is None:
        return visit.sorry(404)
    question = visit.form.get("question", "").strip()[:QUESTION_CHARS_MAX]
    if not question:
        return await shown(visit, 422, fault="question")
    contents = [work.current, *([work.draft.content] if work.draft else [])]
    try:
        heard = await visit.look.workshop.ask_both(work.name, contents, question)
    except TooMuch as refused:
        return await shown(visit, 429, fault=refused.why, question=question)
    await visit.note("draft_tried", work.name)
    return await shown(visit, question=question, heard=heard)


# ---- editions ------------------------------------------------------------------------------------


async def publish(visit: Visit) -> Response:
    work = await work_of(visit, visit.path("name"))
    if work is None:
        return visit.sorry(404)
    if work.draft is None or work.draft.revision != visit.form.get("seen", ""):
        return await shown(visit, 409, fault="changed")
    return await _publish(visit, work, work.draft.content, "console", "published")


async def back(visit: Visit) -> Response:
    """An older edition's text as the newest edition."""
    work = await work_of(visit, visit.path("name"))
    number = visit.path("number")
    content = None
    if work is not None and number.isdecimal():
        content = await visit.look.editions.content(work.name, int(number))
    if work is None or content is None:
        return visit.sorry(404)
    return await _publish(visit, work, content, "back", "back", of=int(number))


async def folder(visit: Visit) -> Response:
    """The folder again, and what will be changed in it."""
    work = await work_of(visit, visit.path("name"))
    if work is None:
        return visit.sorry(404)
    return await _publish(visit, work, work.folder.content, "folder", "folder")


_ACTS = {"console": "edition_published", "back": "edition_restored", "folder": "folder_restored"}


async def _publish(
    visit: Visit, work: Work, content: Content, origin: Origin, said: str, *, of: int = 0
) -> Response:
    if visit.form.get("newest", "") != str(work.number):
        return await shown(visit, 409, fault="changed", file=PROFILE)
    workshop, by = visit.look.workshop, visit.session.name
    if (await workshop.check(work.name, content)).faults:
        return await shown(visit, 409, fault="faulty", file=PROFILE)
    number = work.number + 1
    unknown = work.newest is None or work.newest.version != work.folder.version
    if work.follows and unknown and origin != "folder":
        # What was in force until now can be gone back to.
        text = work.folder.content
        await workshop.publish(work.name, number, text, by="", origin="folder")
        number += 1
    draft = work.draft.revision if work.draft and origin == "console" else None
    published = await workshop.publish(
        work.name, number, content, by=by, origin=origin, of=of, draft=draft
    )
    if not published:
        return await shown(visit, 409, fault="changed", file=PROFILE)
    await visit.note(_ACTS[origin], f"{work.name} {number}")
    return _back(work.name, said)


def _back(name: str, said: str, file: str = PROFILE) -> Response:
    of = f"&file={quote(file, safe='')}" if file else ""
    return RedirectResponse(f"/console/assistants/{quote(name, safe='')}?said={said}{of}", 303)


ONE = "/console/assistants/{name}"
ROUTES = [
    Route("GET", "/console/assistants", all_of_them, title="Ассистент"),
    Route("GET", ONE, one),
    Route("POST", f"{ONE}/save", save, Role.EDITOR),
    Route("POST", f"{ONE}/remove", remove, Role.EDITOR),
    Route("POST", f"{ONE}/drop", drop, Role.EDITOR),
    Route("POST", f"{ONE}/try", ask, Role.EDITOR),
    Route("POST", f"{ONE}/publish", publish, Role.ADMIN, fresh=True),
    Route("POST", f"{ONE}/folder", folder, Role.ADMIN, fresh=True),
    Route("GET", f"{ONE}/editions/{{number}}", edition),
    Route("POST", f"{ONE}/editions/{{number}}/back", back, Role.ADMIN, fresh=True),
]
