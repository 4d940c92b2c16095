"""`halo knowledge check` where a server of vectors is: which of the two searches found what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from halo_voice.core.counts import counted
from halo_voice.core.ports import Passage
from halo_voice.core.profile import Profile
from halo_voice.knowledge.briefing import Briefing
from halo_voice.knowledge.index import CompanyTexts
from halo_voice.knowledge.nearness import Nearness
from halo_voice.knowledge.vectors import VectorFile
from halo_voice.llm.embeddings import EmbeddingClient, embeddings_faults

out = Console(highlight=False)


async def check_both(
    settings: Any,
    profile: Profile,
    texts: CompanyTexts,
    asked: Sequence[str | tuple[str, str]],
    explain: Callable[[str], None],
) -> list[str]:
    """Prints it for questions, or counts for questions with their headings. Returns why not."""
    secrets = {n: each.get_secret_value() for n, each in settings.tool_secrets.items()}
    faults = embeddings_faults([profile], secrets=secrets, private=settings.tool_private_hosts)
    if faults:
        return faults
    spec = profile.embeddings
    assert spec is not None, "it is asked of profiles that have a server"
    client = EmbeddingClient(spec, secrets.get(spec.key, ""))
    nearness = Nearness(texts, spec, client, VectorFile(settings.embeddings_file))
    filling = asyncio.create_task(nearness.fill())
    try:
        if not await nearness.tried():
            for each in asked:
                if isinstance(each, str):
                    explain(each)
            return [f"{spec.url}: gives no vectors now ({nearness.fault})"]
        finder = Briefing(texts, nearness=nearness)
        for each in asked:
            if isinstance(each, str):
                explain(each)
                await _show(each, texts, nearness, finder)
        expected = [each for each in asked if not isinstance(each, str)]
        if expected:
            await _count(expected, texts, nearness, finder)
    finally:
        filling.cancel()
        await asyncio.wait([filling])
        await nearness.close()
        await client.close()
    return []


async def _near(question: str, nearness: Nearness) -> list[Passage]:
    """The three nearest, those too that are too far to be told."""
    found = await nearness.vector(question)
    return [] if found is None else nearness.nearest(found, 3, least=-1.0)


async def _show(question: str, texts: CompanyTexts, nearness: Nearness, finder: Briefing) -> None:
    out.print("  [bold]by what is meant:[/bold]")
    near = await _near(question, nearness)
    if not near:
        out.print("  Nothing: the server gave no vector.")
    for number, each in enumerate(near, 1):
        use = "near" if each.score >= nearness.spec.near_min else "too far: told to nobody"
        title = escape(each.title or "—")
        out.print(
            f"  {number}. [bold]{each.score:.2f}[/bold] {title} "
            f"[dim]({escape(each.source)}; {use})[/dim]",
            soft_wrap=True,
        )
    asking = nearness.begin(question)
    if asking is not None:
        await asking
    by_words = {_place(each) for each in Briefing(texts).passages([question])}
    by_sense = {_place(each) for each in near if each.score >= nearness.spec.near_min}
    out.print("  [bold]told to a model:[/bold]")
    told = finder.passages([question])
    if not told:
        out.print("  Nothing.")
    for number, each in enumerate(told, 1):
        ways = (("words", by_words), ("meaning", by_sense))
        by = " and ".join(name for name, found in ways if _place(each) in found)
        out.print(f"  {number}. {escape(each.title or '—')} [dim](by {by})[/dim]", soft_wrap=True)


async def _count(
    asked: Sequence[tuple[str, str]], texts: CompanyTexts, nearness: Nearness, finder: Briefing
) -> None:
    words = meaning = both = 0
    for question, heading in asked:
        asking = nearness.begin(question)
        found = await asking if asking is not None else None
        near = [] if found is None else nearness.nearest(found, 3)
        told = [each.title for each in finder.passages([question])]
        words += heading in [each.title for each in Briefing(texts).passages([question])]
        meaning += heading in [each.title for each in near]
        both += heading in told
        if heading not in told:
            got = told[0] if told else "nothing"
            out.print(f"  ✘ {escape(question)} → {escape(got)}", soft_wrap=True)
    out.print(
        f"{counted(len(asked), 'question')}: the passage is told to a model for {both} "
        f"({both / len(asked):.0%}); by words alone for {words}, by meaning alone for {meaning}."
    )


def _place(passage: Passage) -> tuple[str, str, str]:
    return passage.source, passage.title, passage.text
