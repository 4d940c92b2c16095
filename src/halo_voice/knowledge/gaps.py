"""What the company's texts lack: questions of real calls that they do not answer, by subject."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from halo_voice.core.ports import Knowledge, Outcome, TurnRecord
from halo_voice.knowledge.words import terms, words

ANSWERED_MIN = 0.3
"""What the texts answer now, with this score or a better one, is no gap any more."""

ALIKE_MIN = 0.4
"""Questions whose words agree so far are about the same, 0..1."""

_ADMITTED = re.compile(
    r"\b(?:(?:точно |этого |об этом |к сожалению,? )*не (?:знаю|располагаю|обладаю|уверена?)"
    r"|нет (?:такой |точной |этой |у меня )*информации"
    r"|у меня нет (?:точн\w+ )?(?:ответ|данн|сведени)"
    r"|не могу (?:сказать|ответить|подсказать|уточнить)|затрудняюсь)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Question:
    """A caller's question that was not answered. `why`: `unknown` the assistant said so by itself,
    `admitted` the model did, `unfound` the model answered though no text fits."""

    call_id: str
    at: datetime
    text: str
    why: str


@dataclass(slots=True)
class Gap:
    """Questions about one subject, the newest last."""

    questions: list[Question] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The plainest of its questions."""
        return min((question.text for question in self.questions), key=len)

    @property
    def calls(self) -> int:
        return len({question.call_id for question in self.questions})

    @property
    def last_at(self) -> datetime:
        return max(question.at for question in self.questions)


def unanswered(
    turns: Sequence[TurnRecord],
    texts: Knowledge,
    *,
    unknown: Collection[str],
    chat: Callable[[str], bool],
) -> list[Question]:
    """The questions of one call that the texts, as they are now, do not answer.

    `unknown`: what the assistant says when it does not know. `chat`: whether words ask nothing.
    """
    found = []
    before = ""
    for turn in turns:
        text, told = turn.revised_text or turn.user_text, before
        before = text
        if turn.outcome is not Outcome.ANSWERED or not words(text) or chat(text):
            continue
        fits = any(_answered(texts, asked) for asked in (text, f"{told} {text}"))
        why = "unfound"
        if turn.reply in unknown:
            why = "unknown"
        elif _ADMITTED.search(turn.reply):
            why = "admitted"
        elif turn.source in ("offline", "limit", "farewell", "dismissed") or len(words(text)) < 2:
            continue
        if why == "admitted" or not fits:
            found.append(Question(turn.call_id, turn.accepted_at, " ".join(text.split()), why))
    return found


def _answered(texts: Knowledge, question: str) -> bool:
    best = next(iter(texts.search(question, limit=1)), None)
    return best is not None and best.score >= ANSWERED_MIN


def grouped(questions: Iterable[Question]) -> list[Gap]:
    """By subject: those that most calls asked first.

    A question joins the group whose words it shares most of, rare words counting more than common
    ones; so the order in which they came does not matter much.
    """
    ordered = sorted(questions, key=lambda question: question.at)
    bags = [frozenset(terms(question.text)) for question in ordered]
    seen = Counter(term for bag in bags for term in bag)
    weight = {term: math.log(1 + len(bags) / count) for term, count in seen.items()}
    gaps: list[tuple[Gap, list[frozenset[str]]]] = []
    for question, bag in zip(ordered, bags, strict=True):
        near = max(gaps, key=lambda gap: _alike(bag, gap[1], weight), default=None)
        if near is None or _alike(bag, near[1], weight) < ALIKE_MIN:
            near = (Gap(), [])
            gaps.append(near)
        near[0].questions.append(question)
        near[1].append(bag)
    return sorted((gap for gap, _ in gaps), key=lambda gap: (-gap.calls, -len(gap.questions)))


def _alike(bag: frozenset[str], group: Sequence[frozenset[str]], weight: dict[str, float]) -> float:
    """How much of the words the question shares with the one of the group that is nearest."""

    def of(terms: Iterable[str]) -> float:
        return sum(weight[term] for term in terms)

    shares = ((2 * of(bag & other)) / (of(bag) + of(other) or 1) for other in group[-20:])
    return max(shares, default=0.0)
