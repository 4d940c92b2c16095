"""Finds the passages that answer a question, with a score that means the same for every question.

The ranking is BM25. Its sum over a question's terms has a ceiling, the sum of the terms' weights
(inverse document frequency), which a passage nears when it holds every term. The score is the share
of that ceiling, 0..1. A term that no passage holds raises the ceiling alone: a question about
something else scores low, and "nothing fits" can be decided.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import bm25s

from halo_voice.core.ports import Passage
from halo_voice.core.profile import Document
from halo_voice.knowledge.passages import sections
from halo_voice.knowledge.words import names_subject, terms, terms_of, words

QUESTION_CHARS = 2_000
"""What is longer is searched by its end: the question comes last."""

QUESTION_WORDS = 32

# Set on the "tune" questions of tests/unit/llm/offline_questions.toml. No penalty for length:
# passages are short by construction, and search words must not make one rank lower.
_K1, _B = 1.2, 0.0
# What a word weighs that the texts do not hold: a noun is another subject, a verb or adjective is
# often only another wording of the same question.
_UNKNOWN_SUBJECT, _UNKNOWN_WORDING = 1.0, 0.5


class CompanyTexts:
    """The texts of one profile. Implements `Knowledge`. Ties keep the order of the texts."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._sections = [section for document in documents for section in sections(document)]
        self._weights: dict[str, float] = {}
        self._index: bm25s.BM25 | None = None
        corpus = [terms(section.found_by) for section in self._sections]
        if any(corpus):
            # Backends are named: "auto" would take numba, whose compiler delays the start.
            self._index = bm25s.BM25(
                k1=_K1, b=_B, method="lucene", backend="numpy", csc_backend="numpy"
            )
            self._index.index(corpus, create_empty_token=False, show_progress=False)
            starts = self._index.scores["indptr"]
            self._weights = {
                term: self._weight(int(starts[number + 1] - starts[number]))
                for term, number in self._index.vocab_dict.items()
            }

    def __len__(self) -> int:
        """How many passages there are."""
        return len(self._sections)

    def search(self, question: str, limit: int = 3) -> list[Passage]:
        """The best passages first; none when the question shares no term with the texts."""
        asked = list(dict.fromkeys(words(question[-QUESTION_CHARS:])))[-QUESTION_WORDS:]
        weights = {term: weight for word in asked for term, weight in self._weighed(word)}
        known = [term for term in weights if term in self._weights]
        if self._index is None or not known:
            return []
        ceiling = sum(weights.values())
        scores = self._index.get_scores(known)
        best = (-scores).argsort(kind="stable")[: max(limit, 0)]
        return [
            Passage(section.text, section.title, section.source, min(1.0, score / ceiling))
            for number in best
            if (score := float(scores[number])) > 0
            for section in (self._sections[number],)
        ]

    def _weighed(self, word: str) -> Iterator[tuple[str, float]]:
        unknown = self._weight(0) * (_UNKNOWN_SUBJECT if names_subject(word) else _UNKNOWN_WORDING)
        for term in terms_of(word):
            yield term, self._weights.get(term, unknown)

    def _weight(self, frequency: int) -> float:
        """Lucene's inverse document frequency, as the index has it."""
        total = len(self._sections)
        return math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
