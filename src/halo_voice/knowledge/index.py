"""Finds the passages that answer a question, with a score that means the same for every question.

The ranking is BM25, as Lucene has it. Its sum over a question's terms has a ceiling, the sum of the
terms' weights (inverse document frequency), which a passage nears when it holds every term. The
score is the share of that ceiling, 0..1. A term that no passage holds raises the ceiling alone: a
question about something else scores low, and "nothing fits" can be decided.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from halo_voice.core.ports import Passage
from halo_voice.core.profile import Document
from halo_voice.knowledge.address import at_edge, capitalised, set_off, subject
from halo_voice.knowledge.passages import Section, sections
from halo_voice.knowledge.sums import Addend, sums_over
from halo_voice.knowledge.words import names_subject, plain_words, terms, terms_of, words

QUESTION_CHARS = 2_000
"""What is longer is searched by its end: the question comes last."""

QUESTION_WORDS = 32

# Set on the "tune" questions of tests/unit/llm/offline_questions.toml. No penalty for length (in
# BM25 b = 0): passages are short by construction, and search words must not make one rank lower.
_K1 = 1.2
_TITLE, _TEXT = 4, 2  # how often a word counts where there are no search words
# What a word weighs that the texts do not hold: a noun is another subject, a verb or adjective is
# often only another wording of the same question.
_UNKNOWN_SUBJECT, _UNKNOWN_WORDING = 1.0, 0.5


class _Enough(NamedTuple):
    """What the rest of a question must reach before one unknown word is taken for a name.

    `fit`: its score; `lead`: over the next passage's; `told`: the sum of its terms' weights.
    """

    fit: float
    lead: float
    told: float


_FOREIGN = 2.0  # «где находится эверест»: surely about that
_NAME = _Enough(0.35, 0.05, 4.0)
_OBJECT = _Enough(0.35, 0.2, 7.0)  # «оформить загранпаспорт»: the verb alone fits well
_NAME_MARKED = _Enough(0.35, 0.05, 6.0)


class Reason(NamedTuple):
    """Why a passage is found. `share`: what each word of the question adds to its score, 0..1."""

    passage: Passage
    share: dict[str, float]


class Explained(NamedTuple):
    """What a question finds, and why. `left_out`: words that tell nothing; `addressed`: a name by
    which the assistant was called; `unknown`: words that no text holds, by what they take off."""

    reasons: list[Reason]
    left_out: list[str]
    addressed: list[str]
    unknown: dict[str, float]


class CompanyTexts:
    """The texts of one profile. Implements `Knowledge`. Ties keep the order of the texts."""

    def __init__(self, documents: Iterable[Document]) -> None:
        read = (section for document in documents for section in sections(document))
        # A copy of a file tells nothing more, and two passages that fit alike are none that leads.
        once: dict[tuple[str, str, str], Section] = {}
        for each in read:
            once.setdefault((each.title, each.text, each.beside), each)
        found = list(once.values())
        # In columns: they take less memory, and travel faster to another process.
        self._texts = [section.text for section in found]
        self._titles = [section.title for section in found]
        self._sources = [section.source for section in found]
        self._weights: dict[str, float] = {}
        self._sums = sums_over(len(found))
        # What a term adds to the sums of the passages that hold it so often.
        self._held: dict[str, list[Addend]] = {}
        held: dict[str, dict[int, array[int]]] = {}
        for number, section in enumerate(found):
            for term, count in _counted(section).items():
                held.setdefault(term, {}).setdefault(count, array("I")).append(number)
        for term, often in held.items():
            weight = self._weights[term] = self._weight(sum(map(len, often.values())))
            self._held[term] = [
                (weight * count / (count + _K1), numbers) for count, numbers in often.items()
            ]

    def __len__(self) -> int:
        """How many passages there are."""
        return len(self._texts)

    def passage(self, number: int, score: float) -> Passage:
        """The passage of this number, in the order of the texts."""
        return Passage(self._texts[number], self._titles[number], self._sources[number], score)

    def passages(self) -> Iterator[Passage]:
        """All of them, in the order of the texts, for nobody's question."""
        return (self.passage(number, 0.0) for number in range(len(self)))

    def search(self, question: str, limit: int = 3) -> list[Passage]:
        """The best passages first; none when the question shares no term with the texts."""
        question = question[-QUESTION_CHARS:]
        scores = self._scores(self._asked(question), subject(question))
        best = self._sums.best(scores, max(limit, 0))
        return [self.passage(number, min(1.0, float(scores[number]))) for number in best]

    def explain(self, question: str, limit: int = 3) -> Explained:
        """As `search`, with the reasons. For people: it takes several times as long."""
        question = question[-QUESTION_CHARS:]
        asked, about = self._asked(question), subject(question)
        weights = {word: self._ceiling(word, about) for word in asked}
        total = sum(weights.values())
        alone = {word: self._scores([word]) for word in asked}
        scores = self._scores(asked, about)
        reasons = []
        best = self._sums.best(scores, max(limit, 0))
        for passage, number in zip(self.search(question, limit), best, strict=True):
            parts = {
                word: float(alone[word][number]) * sum(w for _, w in self._weighed(word)) / total
                for word in asked
            }
            reasons.append(Reason(passage, {word: part for word, part in parts.items() if part}))
        meant = words(question)
        return Explained(
            reasons,
            [word for word in plain_words(question) if word not in meant],
            [word for word in meant if word not in asked],
            {word: weights[word] / total for word in asked if self._holds_none((word,))},
        )

    def _ceiling(self, word: str, about: str) -> float:
        """The most that a passage can have by this word."""
        weight = sum(weight for _, weight in self._weighed(word))
        return weight * _FOREIGN if word == about and self._holds_none((word,)) else weight

    def _asked(self, question: str) -> list[str]:
        """The words of the question, without a name by which the assistant is addressed."""
        asked = list(dict.fromkeys(words(question)))[-QUESTION_WORDS:]
        name = set_off(question)
        if name and self._holds_none(name):
            return _without(asked, name)
        for name, may_be_object in at_edge(question):
            if not self._holds_none(name):
                continue
            rest, capital = _without(asked, name), capitalised(question).issuperset(name)
            enough = (_NAME_MARKED if capital else _OBJECT) if may_be_object else _NAME
            if self._fits_well(rest, enough):
                return rest
        return asked

    def _holds_none(self, name: tuple[str, ...]) -> bool:
        return not any(terms_of(word)[0] in self._weights for word in name)

    def _fits_well(self, asked: list[str], enough: _Enough) -> bool:
        """Whether the words tell enough by themselves, and one passage holds them clearly best."""
        scores = self._scores(asked)
        best = (scores[number] for number in self._sums.best(scores, 2))
        fit, second = (*best, 0.0, 0.0)[:2]
        told = sum(self._weights.get(term, 0.0) for word in asked for term in terms_of(word))
        return fit >= enough.fit and fit - second >= enough.lead and told >= enough.told

    def _scores(self, asked: list[str], subject: str = "") -> Sequence[float]:
        """The score of each passage, in the order of the texts. An unknown subject counts more."""
        weights = {term: weight for word in asked for term, weight in self._weighed(word)}
        if subject in asked and self._holds_none((subject,)):
            weights |= {term: _FOREIGN * weights[term] for term in terms_of(subject)}
        ceiling = sum(weights.values())
        return self._sums.add(
            (adds / ceiling, numbers)
            for term in weights
            for adds, numbers in self._held.get(term, ())
        )

    def _weighed(self, word: str) -> Iterator[tuple[str, float]]:
        for term in terms_of(word):
            known = self._weights.get(term)
            yield term, self._unknown(word) if known is None else known

    def _unknown(self, word: str) -> float:
        return self._weight(0) * (_UNKNOWN_SUBJECT if names_subject(word) else _UNKNOWN_WORDING)

    def _weight(self, frequency: int) -> float:
        """Lucene's inverse document frequency, as the index has it."""
        total = len(self)
        return math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))


def _counted(section: Section) -> Counter[str]:
    """How often the passage holds each term.

    Search words say again what the text says. Where nobody wrote any, the text says it once, and
    would not reach what counts as an answer: so it counts more often, and a heading most.
    """
    counts = Counter(terms(section.beside))
    counts.update(terms(section.title) * (1 if section.searched else _TITLE))
    counts.update(terms(section.text) * (1 if section.searched else _TEXT))
    return counts


def _without(asked: list[str], name: tuple[str, ...]) -> list[str]:
    return [word for word in asked if word not in name]
