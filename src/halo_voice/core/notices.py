"""What a caller is told before anything else: that no human speaks, and that the call is recorded.

The law wants both at the call's beginning. A greeting that says so itself is left as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from halo_voice.core.sentences import sentences
from halo_voice.core.texts import Texts

_AUTOMATIC = re.compile(
    r"\b(?:автоматическ\w+|автоответчик\w*|робот\w*|чат-?бот\w*|нейросет\w+"
    r"|искусственн\w+ интеллект\w*"
    r"|(?:голосов|виртуальн|электронн|цифров)\w+ (?:ассистент|помощни|секретар)\w*)\b",
    re.IGNORECASE,
)
_RECORDED = re.compile(r"\bзапис(?:ыва|ь|и)\w*", re.IGNORECASE)
_SALUTATION_WORDS = 3  # «Здравствуйте!», «Добрый день!»


@dataclass(frozen=True, slots=True)
class Notices:
    """Whether a greeting is seen to. `assistant`: it says that an automatic assistant speaks;
    `recording`: and, where calls are recorded, that they are."""

    assistant: bool = True
    recording: bool = True


def opening(texts: Texts, notices: Notices, *, recorded: bool) -> str:
    """The greeting with what it has to say."""
    said = sentences(texts.greeting) or [texts.greeting]
    after_salutation = 1 if len(said[0].split()) <= _SALUTATION_WORDS and len(said) > 1 else 0
    place = next((n + 1 for n, each in enumerate(said) if _AUTOMATIC.search(each)), 0)
    # Later than in the first sentence of its own it would not be the beginning.
    if notices.assistant and not 0 < place <= after_salutation + 1:
        said.insert(after_salutation, texts.notice)
        place = after_salutation + 1
    if recorded and notices.recording and not _RECORDED.search(texts.greeting):
        said.insert(place or after_salutation, texts.notice_recorded)
    return " ".join(said)
