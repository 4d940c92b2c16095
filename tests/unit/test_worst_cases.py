"""Nothing that a caller or a model can say holds the event loop: all other calls would wait (F45).

Measured is the thread's own processor time: a busy machine, a slow one and a large heap change
nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from halo_voice.core.farewell import says_goodbye
from halo_voice.core.guard import Guard
from halo_voice.core.language import language_of
from halo_voice.core.likeness import close_enough
from halo_voice.core.patience import patience_ms
from halo_voice.core.phrases import Phraser
from halo_voice.core.ports import Message
from halo_voice.core.privacy import Privacy, same_heard
from halo_voice.core.profile import Profile
from halo_voice.core.speakable import same_words, speakable
from halo_voice.knowledge.index import CompanyTexts
from halo_voice.llm.offline import OfflineAssistant
from halo_voice.profiles import load_profiles
from halo_voice.pulse import LAG_S_MAX
from halo_voice.speech.spoken import spoken
from tests.costs import costs_less
from tests.halo import ROOT

HEARD_CHARS = 4_000  # of what a recogniser tells, the most that the scenario takes
LET_IN_CHARS = 16_000  # of a signed request, which no caller can make
LET_IN_S = 1.0
TOLD_CHARS = 2_000  # of a turn, what a model is told at most
SAID_CHARS = 400

HOSTILE = {
    "one letter": "а",
    "spaces": " ",
    "one word": "да ",
    "digits": "4",
    "digits in pairs": "42 ",
    "numbers as words": "девятьсот шестнадцать сто двадцать три ",
    "nearly a card": "4276 3800 1234 567 ",
    "nearly a mail": "a.b-c_d собака ",
    "signs": "@.-+_()[]",
    "brackets": "[[[[",
    "plus": "+7 (9",
    "dots": "точка ру точка ",
    "half escapes": "\\u",
    "accents": "е\u0301",
    "words that differ": "".join(f"слово{n} " for n in range(2_000)),
    "English": "the is are you ",
    "Chinese": "你好",
    "quotes": "«\"'",
    "passport": "паспорт серия номер ",
    "a question": "сколько стоит доставка люстры в область ",
}


def filled(kind: str, characters: int) -> str:
    piece = HOSTILE[kind]
    return (piece * (characters // len(piece) + 1))[:characters]


PROFILE = Profile(default=True)
SHIPPED = load_profiles(ROOT / "assistants").default
GUARD = Guard(PROFILE, canary="жышычыщючяшящяця", secret=["k" * 64])
OFFLINE = OfflineAssistant(CompanyTexts(SHIPPED.documents), SHIPPED.texts)
ASKED = "Назовите, пожалуйста, номер вашего паспорта и телефон."


def phrased(text: str) -> None:
    phraser = Phraser(limit=SAID_CHARS, spoken=lambda each: spoken(each, engine="Yandex"))
    for start in range(0, len(text), 5):
        phraser.feed(text[start : start + 5])
    phraser.finish()


def watched(text: str) -> None:
    watch = GUARD.watch([Message("system", PROFILE.persona), Message("user", text)])
    for start in range(0, SAID_CHARS, 40):
        watch.fault(text[start : start + 40])


HEARD: dict[str, Callable[[str], object]] = {
    "masked": lambda text: Privacy().masked(text, reply=ASKED),
    "unfinished": lambda text: Privacy().unfinished(text, reply=ASKED),
    "same heard": lambda text: same_heard(text, text + " я"),
    "same words": lambda text: same_words(text, text + " я"),
    "close enough": lambda text: close_enough(text, text[::-1]),
    "goodbye": says_goodbye,
    "language": language_of,
    "patience": lambda text: patience_ms(ASKED, text),
}
SAID: dict[str, Callable[[str], object]] = {
    "phrases": phrased,
    "guard": watched,
    "speakable": lambda text: speakable(text, limit=SAID_CHARS),
    "in words": lambda text: spoken(text[:SAID_CHARS], engine="Yandex"),
    "offline": lambda text: OFFLINE.answer([Message("user", text)]),
}


@pytest.mark.parametrize("work", HEARD)
@pytest.mark.parametrize("kind", HOSTILE)
def test_words_of_any_length_are_read_in_no_time(kind, work):
    """F45: the longest that a caller can say, whatever it is made of; four times that costs no
    more than in proportion."""
    HEARD[work](filled(kind, 100))  # what is built once is built before
    assert costs_less(lambda: HEARD[work](filled(kind, HEARD_CHARS)), LAG_S_MAX)
    assert costs_less(lambda: HEARD[work](filled(kind, LET_IN_CHARS)), LET_IN_S)


@pytest.mark.parametrize("work", SAID)
@pytest.mark.parametrize("kind", HOSTILE)
def test_answers_of_any_kind_are_said_in_no_time(kind, work):
    """F45: a whole answer of a model that means ill, or that was told ill words."""
    text = filled(kind, TOLD_CHARS)
    SAID[work](text[:100])
    assert costs_less(lambda: SAID[work](text), LAG_S_MAX)
