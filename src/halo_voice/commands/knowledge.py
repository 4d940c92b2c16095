"""`halo knowledge`: what a question finds and why, how well the texts answer, what they lack."""

from __future__ import annotations

import asyncio
import json
import os
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from halo_voice.core.counts import counted

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The company's texts: what a question finds, and what they lack.",
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

GAPS_SHOWN = 20
EXAMPLES = 3


def _stop(*faults: str) -> NoReturn:
    for fault in faults:
        err.print(f"[red]✘[/red] {escape(fault)}", soft_wrap=True)
    raise typer.Exit(2)


def _profile(settings: Any, name: str) -> Any:
    from halo_voice.core.errors import ConfigurationError
    from halo_voice.profiles import load_profiles

    try:
        profiles = load_profiles(settings.assistants)
    except ConfigurationError as error:
        _stop(*error.faults)
    profile = profiles.named(name) if name else profiles.default
    if profile is None:
        _stop(f"There is no profile {name}: {', '.join(each.name for each in profiles)}.")
    return profile


def _settings() -> Any:
    from halo_voice.core.errors import ConfigurationError
    from halo_voice.settings import load_settings

    try:
        return load_settings()
    except ConfigurationError as error:
        _stop(*error.faults)


ProfileName = Annotated[str, typer.Option(help="Whose texts; else the default profile's.")]


@app.command()
def check(
    question: Annotated[
        list[str] | None, typer.Argument(help="What a caller asks; none: the file's questions.")
    ] = None,
    profile: ProfileName = "",
    questions: Annotated[
        Path | None,
        typer.Option(help="TOML with `asked = [[question, heading], …]`; else the profile's."),
    ] = None,
) -> None:
    """Show what a question finds and why; without one, how many of a file's find their passage."""
    from halo_voice.knowledge import CompanyTexts

    settings = _settings()
    found = _profile(settings, profile)
    texts = CompanyTexts(found.documents)
    if found.embeddings is None:
        if question:
            for each in question:
                _explain(texts, each)
        else:
            _score(texts, _questions(settings, found, questions))
        return
    from halo_voice.commands.meant import check_both

    asked = question or _questions(settings, found, questions)
    faults = asyncio.run(check_both(settings, found, texts, asked, partial(_explain, texts)))
    if faults:
        _stop(*faults)


def _questions(settings: Any, profile: Any, path: Path | None) -> list[tuple[str, str]]:
    return _asked(path or settings.assistants / profile.name / "questions.toml")


def _explain(texts: Any, question: str) -> None:
    from halo_voice.knowledge.briefing import FIT_MIN

    why = texts.explain(question)
    out.print(f"\n[bold]{escape(question)}[/bold]")
    for told, words in (
        ("asks nothing by itself", why.left_out),
        ("taken for a name", why.addressed),
        ("in no text", [f"{word} (takes off {part:.0%})" for word, part in why.unknown.items()]),
    ):
        if words:
            out.print(f"  [dim]{told}: {escape(', '.join(words))}[/dim]", soft_wrap=True)
    if not why.reasons:
        out.print("  Nothing is found: no text holds a word of it.")
    for number, (passage, share) in enumerate(why.reasons, 1):
        parts = ", ".join(f"{word} {part:.2f}" for word, part in share.items())
        use = "told to a model" if passage.score >= FIT_MIN else "too little: told to nobody"
        out.print(
            f"  {number}. [bold]{passage.score:.2f}[/bold] {escape(passage.title or '—')} "
            f"[dim]({escape(passage.source)}; {use})[/dim]\n"
            f"     {escape(passage.text)}\n     [dim]by {escape(parts)}[/dim]",
            soft_wrap=True,
        )


def _score(texts: Any, asked: Sequence[tuple[str, str]]) -> None:
    first = third = 0
    for question, heading in asked:
        titles = [passage.title for passage in texts.search(question, 3)]
        first += titles[:1] == [heading]
        third += heading in titles
        if heading not in titles:
            got = titles[0] if titles else "nothing"
            out.print(f"  ✘ {escape(question)} → {escape(got)}", soft_wrap=True)
    count = len(asked)
    out.print(
        f"{counted(count, 'question')}: the passage is among the first three for {third} "
        f"({third / count:.0%}), the first for {first} ({first / count:.0%})."
    )


def _asked(path: Path) -> list[tuple[str, str]]:
    try:
        asked = tomllib.loads(path.read_text("utf-8-sig")).get("asked")
    except OSError as error:
        _stop(f"{path}: {error.strerror}. Give a question, or a file with --questions.")
    except ValueError as error:
        _stop(f"{path}: is not TOML in UTF-8: {error}")
    good = isinstance(asked, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
        for pair in asked
    )
    if not good or not asked:
        _stop(f"{path}: must hold asked = [[question, heading], …].")
    return [(question, heading) for question, heading in asked]


@app.command()
def gaps(
    profile: ProfileName = "",
    calls: Annotated[int, typer.Option(min=1, help="So many of its newest calls.")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="All of them, for programs.")] = False,
) -> None:
    """Show what callers asked and the texts do not answer, by subject: чего не хватает."""
    from halo_voice.core.errors import StoreError

    settings = _settings()
    found = _profile(settings, profile)
    try:
        groups = asyncio.run(_gaps(settings, found, calls))
    except StoreError as error:
        _stop(error.message)
    if as_json:
        typer.echo(json.dumps([_told(gap) for gap in groups], ensure_ascii=False))
        return
    if not groups:
        out.print("Nothing is missing: the texts answer what was asked.")
        return
    table = Table(title="Чего не хватает", title_justify="left", show_edge=False)
    for column in ("calls", "asked", "last", "question"):
        table.add_column(column, overflow="fold")
    for gap in groups[:GAPS_SHOWN]:
        others = {question.text for question in gap.questions} - {gap.title}
        text = "\n".join([gap.title, *(f"  {each}" for each in sorted(others)[:EXAMPLES])])
        when = gap.last_at.strftime("%Y-%m-%d")
        table.add_row(str(gap.calls), str(len(gap.questions)), when, escape(text))
    out.print(table)
    if len(groups) > GAPS_SHOWN:
        out.print(f"… and {len(groups) - GAPS_SHOWN} more.")


def _told(gap: Any) -> dict[str, Any]:
    return {
        "title": gap.title,
        "calls": gap.calls,
        "asked": len(gap.questions),
        "last_at": gap.last_at.isoformat(),
        "questions": [[question.text, question.call_id] for question in gap.questions],
    }


async def _gaps(settings: Any, profile: Any, calls: int) -> list[Any]:
    from halo_voice.core.editions import contents_of, numbers_in_force
    from halo_voice.core.history import History, Wanted
    from halo_voice.knowledge import CompanyTexts
    from halo_voice.knowledge.gaps import grouped, unanswered
    from halo_voice.llm.smalltalk import asks_nothing
    from halo_voice.profiles import load_in_force
    from halo_voice.store import open_store

    store = await open_store(settings.store_url, busy_ms=5_000)
    try:
        editions = store.editions  # type: ignore[attr-defined]
        contents = await contents_of(editions, await numbers_in_force(editions))
        profiles = load_in_force(settings.assistants, contents).profiles
        profile = profiles.named(profile.name) or profile
        texts = CompanyTexts(profile.documents)
        unknown = {profile.texts.unknown, profile.texts.unknown_again}
        # Of its own calls so many: a busy profile beside it would leave it none.
        history: History = store  # type: ignore[assignment]
        rows = await history.find_calls(Wanted(profile=profile.name), limit=calls)
        return grouped(
            [
                question
                for row in rows
                for question in unanswered(
                    await store.turns(row.call.call_id), texts, unknown=unknown, chat=asks_nothing
                )
            ]
        )
    finally:
        await store.close()


if __name__ == "__main__":  # for the console, which has it done in a process of its own
    with suppress(OSError):
        os.nice(10)  # live calls come first, on this machine too
    app()
