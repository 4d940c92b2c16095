"""An assistant as text: its draft and its numbered editions, and who keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol

PAPER_CHARS_MAX = 50_000
"""The longest text that is changed in the console; a longer one is changed in the folder."""

CONTENT_CHARS_MAX = 3_000_000
PAPERS_MAX = 200
EDITIONS_KEPT = 100
"""Of one assistant; with a newer one the oldest is forgotten."""

PROFILE = ""
"""Instead of a paper's name: the profile's own text."""

Origin = Literal["folder", "console", "back"]
"""Where an edition came from: the folder, which is then followed; a draft; an older edition."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One of the company's texts. `as_read`: of a file that is no text (PDF, DOCX), what was read
    from it; such a one is not changed here."""

    name: str
    text: str
    as_read: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """An assistant as text: `profile` is its file (TOML), `papers` are the company's texts."""

    profile: str
    papers: tuple[Paper, ...] = ()

    def paper(self, name: str) -> Paper | None:
        return next((paper for paper in self.papers if paper.name == name), None)

    def text(self, name: str) -> str | None:
        """Of a paper, or of the profile (`PROFILE`)."""
        if name == PROFILE:
            return self.profile
        paper = self.paper(name)
        return None if paper is None else paper.text

    def with_text(self, name: str, text: str) -> Content:
        """The same with this text changed, or added in the order of the names."""
        if name == PROFILE:
            return replace(self, profile=text)
        others = [paper for paper in self.papers if paper.name != name]
        papers = sorted([*others, Paper(name, text)], key=lambda paper: paper.name)
        return replace(self, papers=tuple(papers))

    def without(self, name: str) -> Content:
        return replace(self, papers=tuple(p for p in self.papers if p.name != name))

    @property
    def chars(self) -> int:
        return len(self.profile) + sum(len(paper.text) for paper in self.papers)


@dataclass(frozen=True, slots=True)
class Edition:
    """A numbered state of an assistant that was, or is, in force. `version`: as calls keep it;
    `of`: the number of the edition that was gone back to, or 0. `at` is UTC."""

    profile: str
    number: int
    at: datetime
    by: str
    origin: Origin
    of: int
    version: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody works on. `revision` changes with each change of it; `base` is the edition
    that it was begun from. `at` (UTC) and `by`: of the last change."""

    profile: str
    revision: str
    base: int
    at: datetime
    by: str
    content: Content


class Editions(Protocol):
    """Editions and drafts of all assistants. Raises `StoreError`s only."""

    async def newest(self) -> Mapping[str, Edition]:
        """By the assistant's name."""
        ...

    async def editions(self, profile: str) -> list[Edition]:
        """The newest first."""
        ...

    async def content(self, profile: str, number: int) -> Content | None: ...

    async def publish(
        self,
        profile: str,
        number: int,
        content: Content,
        *,
        by: str,
        origin: Origin,
        version: str,
        of: int = 0,
        draft: str | None = None,
    ) -> bool:
        """Add the edition; False when there is one of this number. With `draft`, a revision, the
        draft is gone then; False when it has another by now."""
        ...

    async def draft(self, profile: str) -> Draft | None: ...

    async def keep_draft(
        self, profile: str, content: Content, *, by: str, base: int, seen: str
    ) -> Draft | None:
        """Keep what was made of the draft of revision `seen` (`""`: of none). None: it has changed
        since, and stays as it is."""
        ...

    async def drop_draft(self, profile: str, seen: str) -> bool:
        """False when the draft has another revision."""
        ...


async def numbers_in_force(editions: Editions) -> dict[str, int]:
    """By the assistant's name, the edition that holds; an assistant that follows its folder has
    none. Raises `StoreError`."""
    newest = await editions.newest()
    return {name: each.number for name, each in newest.items() if each.origin != "folder"}


async def contents_of(editions: Editions, numbers: Mapping[str, int]) -> dict[str, Content]:
    """What these editions hold. Raises `StoreError`."""
    found = {name: await editions.content(name, number) for name, number in numbers.items()}
    return {name: content for name, content in found.items() if content is not None}
