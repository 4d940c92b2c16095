"""The assistant without a model: answers from the company's own texts, or says that it cannot.

It is the embedded default and the last fallback. Nothing of what the caller says is ever spoken
back: every word is the company's, the profile's, or of the assistant's own last answer.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence

from halo_voice.core.leaning import (
    ASKING,
    halves,
    names_nothing,
    plain_words,
    points_back,
    subject_before,
)
from halo_voice.core.ports import Knowledge, Message, Passage
from halo_voice.core.profile import SPOKEN_CHARS_MAX, Texts
from halo_voice.core.sentences import sentences
from halo_voice.llm.smalltalk import Talk, leaves_message, recognise

FIT_MIN = 0.3
"""A passage below this score does not answer the question. Set on the "tune" questions."""

_FOLLOW_UP_WORDS = 3
_POINTING_WORDS = 5  # «а как его отменить»
_HOLDING = 5
_LEANING = 0.7
"""So many passages that fit a short follow-up, so well beside the best of them, may be meant: «а в
субботу» finds every Saturday there is, and the question before it tells which."""
_BARE_WORDS = 2  # «а почему», «а когда»
_FOLLOW_UP = re.compile(r"\s*(?:ну\s+)?(?:а|и|или|тогда)\b", re.IGNORECASE)
_ROOT_CHARS = 4
# Russian text costs a tokeniser at least one token for three characters.
_CHARS_PER_TOKEN = 3


class OfflineAssistant:
    """Implements `LanguageModel`. Deterministic, no network; raises nothing."""

    name = "offline"

    def __init__(self, knowledge: Knowledge, texts: Texts, *, fit_min: float = FIT_MIN) -> None:
        self._knowledge = knowledge
        self._texts = texts
        self._fit_min = fit_min

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,  # noqa: ARG002
    ) -> AsyncIterator[str]:
        """Yield the answer sentence by sentence. The deadline is met by doing no I/O."""
        answer = self.answer(messages)
        said = 0
        for number, sentence in enumerate(sentences(answer)):
            if number and said + len(sentence) > max_tokens * _CHARS_PER_TOKEN:
                return
            said += len(sentence)
            yield f" {sentence}" if number else sentence

    async def warm_up(self) -> None:
        """Answer one question, so that nothing is loaded during the first call."""
        self.answer([Message("user", "Сколько стоит доставка?")])

    async def close(self) -> None: ...

    def answer(self, messages: Sequence[Message]) -> str:
        """The whole answer, 1 to 400 characters, to the last message of the caller."""
        asked = [message.content for message in messages if message.role == "user"]
        said = [message.content for message in messages if message.role == "assistant"]
        if not asked:
            return self._texts.hello
        last_said = said[-1].strip() if said else ""
        talk = recognise(asked[-1])
        if talk is None and last_said and leaves_message(asked[-1], offered=self._kept(last_said)):
            return self._texts.noted
        if talk is not None:
            return self._small_talk(talk, last_said)
        if both := self._both(asked):
            return both
        passage = self._passage(asked)
        if passage is None or passage.score < self._fit_min:
            talk = recognise(asked[-1], names=1)
            return self._small_talk(talk, last_said) if talk else self._unknown(last_said)
        reply = relevant(passage.text, asked[-1])
        if reply == last_said:
            # «А в субботу?»: the whole was just said, so only what is asked for.
            reply = _from_best(sentences(passage.text), asked[-1])
        return reply or self._unknown(last_said)

    def _both(self, asked: list[str]) -> str:
        """The answers to two questions that were asked at once; "" unless the texts have both."""
        if (parts := halves(asked[-1])) is None:
            return ""
        first, second = self._passage([*asked[:-1], parts[0]]), self._passage([*asked[:-1], *parts])
        if first is None or second is None or min(first.score, second.score) < self._fit_min:
            return ""
        said = relevant(first.text, parts[0]), relevant(second.text, parts[1])
        together = " ".join(dict.fromkeys(said))
        return together if len(together) <= SPOKEN_CHARS_MAX else ""

    def _passage(self, asked: list[str]) -> Passage | None:
        """The best passage for the last question, or for the last two where one leans on the other.

        «А в область» after a question on delivery is about delivery; «а где вы находитесь» stands
        well alone; «какая погода», of which the texts do not speak, is another subject. «Сколько
        это стоит» alone would find the first price there is.
        """
        question = asked[-1]
        told = [each for each in asked[:-1] if not recognise(each)]
        before = subject_before([*told, question])
        if before and names_nothing(question):
            return self._best(f"{before} {question}")
        found = self._knowledge.search(question, limit=_HOLDING)
        alone = found[0] if found else None
        known = alone is not None and alone.score >= self._fit_min
        if len(asked) > 1 and _continues(question, known=known) and not recognise(asked[-2]):
            together = self._best(f"{asked[-2]} {question}")
            if together and (not alone or together.score >= alone.score):
                return together
            if together and alone and self._adds(question, together, found):
                return together
        return alone

    def _adds(self, question: str, together: Passage, found: Sequence[Passage]) -> bool:
        """Whether what a short follow-up alone finds holds the best passage for both questions."""
        least = _LEANING * found[0].score
        held = any(each.text == together.text and each.score >= least for each in found)
        short = len(question.split()) <= _FOLLOW_UP_WORDS
        return short and held and together.score >= self._fit_min

    def _best(self, question: str) -> Passage | None:
        return next(iter(self._knowledge.search(question, limit=1)), None)

    def _small_talk(self, talk: Talk, last_said: str) -> str:
        texts = self._texts
        if talk is Talk.REPEAT:
            return _fitting(sentences(last_said)) if last_said else texts.listening
        if talk is Talk.YES and self._unanswered(last_said):
            return texts.noted
        if talk is Talk.YES and not last_said:
            return texts.listening  # nothing was asked, so there is nothing to agree to
        return {
            Talk.GREETING: texts.hello,
            Talk.CHECK: texts.listening,
            Talk.WAIT: texts.waiting,
            Talk.THANKS: texts.thanks,
            Talk.FAREWELL: texts.farewell,
            Talk.NATURE: texts.about,
            Talk.YES: texts.offer,
            Talk.NO: texts.offer,
        }[talk]

    def _unanswered(self, last_said: str) -> bool:
        return last_said in (self._texts.unknown, self._texts.unknown_again)

    def _kept(self, last_said: str) -> bool:
        """Whether what was just said is about words that are kept for the company."""
        return self._unanswered(last_said) or last_said == self._texts.noted

    def _unknown(self, last_said: str) -> str:
        again = last_said == self._texts.unknown
        return self._texts.unknown_again if again else self._texts.unknown


def relevant(text: str, question: str) -> str:
    """The sentences of the text that answer the question, at most 400 characters, never cut."""
    said = sentences(text)
    if len(text) <= SPOKEN_CHARS_MAX:
        return _fitting(said)
    return _from_best(said, question)


def _from_best(said: Sequence[str], question: str) -> str:
    """From the sentence on that shares the most words with the question."""
    roots = _roots(question)
    shared = [len(roots & _roots(sentence)) for sentence in said]
    return _fitting(said[shared.index(max(shared)) :]) if said else ""


def _fitting(said: Sequence[str]) -> str:
    """As many whole sentences as can be spoken; the first is cut at a word if it is too long."""
    spoken = ""
    for sentence in said:
        longer = f"{spoken} {sentence}".strip()
        if len(longer) > SPOKEN_CHARS_MAX:
            break
        spoken = longer
    if spoken or not said:
        return spoken
    return said[0][: SPOKEN_CHARS_MAX - 1].rpartition(" ")[0] + "…"


def _continues(question: str, *, known: bool) -> bool:
    """Whether the message may lean on the one before it. `known`: the texts speak of it."""
    count = len(question.split())
    if _FOLLOW_UP.match(question):
        return known or count <= _BARE_WORDS
    if points_back(question) and count <= _POINTING_WORDS:
        return known
    return known and count <= _FOLLOW_UP_WORDS


def _roots(text: str) -> set[str]:
    """Beginnings of the longer words: enough to see which sentence speaks of the same."""
    words = (word for word in plain_words(text) if word not in ASKING)
    return {word[:_ROOT_CHARS] for word in words if len(word) >= _ROOT_CHARS}
