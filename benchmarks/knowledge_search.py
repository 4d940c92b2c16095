"""Processor time of a search among many passages: `python -m benchmarks.knowledge_search`."""

from __future__ import annotations

import random
import re
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

from halo_voice.core.ports import Message
from halo_voice.core.profile import Document
from halo_voice.knowledge import CompanyTexts
from halo_voice.knowledge.briefing import Briefing

SAMPLE = Path("assistants/halo")
ROUNDS = 20


def texts(passages: int, words: list[str]) -> CompanyTexts:
    """Passages of 60 words of the sample's, drawn: as common and as rare as they are there."""
    draw = random.Random(1)
    sections = [
        f"## {' '.join(draw.choices(words, k=6))}\n\n{' '.join(draw.choices(words, k=60))}."
        for _ in range(passages)
    ]
    return CompanyTexts(
        Document(f"{number}.md", "\n\n".join(sections[number::20])) for number in range(20)
    )


def told(made: CompanyTexts) -> Callable[[str], object]:
    briefing, system = Briefing(made), Message("system", "")
    return lambda question: briefing([system, Message("user", question)])


def main() -> None:
    files = sorted((SAMPLE / "knowledge").glob("*.md"))
    text = " ".join(re.sub(r"[#<>!-]+", " ", path.read_text("utf-8")) for path in files)
    words = text.replace(".", " ").split()
    asked = tomllib.loads((SAMPLE / "questions.toml").read_text("utf-8"))["asked"]
    questions = [question for question, _ in asked]
    for passages in (60, 1_000, 10_000):
        began = time.perf_counter()
        made = texts(passages, words)
        indexed_s = time.perf_counter() - began
        for name, run in (("search", made.search), ("told to a model", told(made))):
            took = []
            for question in questions * ROUNDS:
                start = time.thread_time()
                run(question)
                took.append((time.thread_time() - start) * 1e3)
            took.sort()
            p50, p99 = took[len(took) // 2], took[len(took) * 99 // 100]
            print(
                f"{len(made):>6} passages, {name:<16} p50 {p50:.2f}  p99 {p99:.2f}  "
                f"longest {took[-1]:.2f}  (indexed in {indexed_s:.1f} s)"
            )


if __name__ == "__main__":
    main()
