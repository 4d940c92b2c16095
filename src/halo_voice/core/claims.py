"""Whether a sentence claims that a human being is speaking; callers must never be told so."""

from __future__ import annotations

import re

_LIVING = r"(?:жив\w+|настоящ\w+|реальн\w+)"
_PERSON = r"(?:человек\w*|людьми|оператор\w*|сотрудни\w+|менеджер\w*|консультант\w*|специалист\w*)"
_NOT = r"(?:(?!\bне\b)[^.!?]){0,30}?"
_CLAIM = re.compile(
    # «я и правда живой человек», «я такой же человек, как вы»
    rf"\bя\b[ ,—-]*(?:(?:это|же|ведь|да|и|есть|правда|действительно|такой|такая|самый|самая|тоже"
    rf"|конечно|точно|обычн\w+|просто\w?|вообще|на самом деле|{_LIVING})[ ,—-]+)*"
    rf"(?:человек\b|женщина|мужчина|девушка|парень|{_LIVING}(?: {_PERSON}|\b(?! голос))"
    rf"|оператор\b(?! связи)|из плоти"
    # «я не робот»
    rf"|не (?:робот|бот|автомат|машина|программа|нейросет|компьютер|искусственн|ассистент\b))"
    rf"|\b(?:с вами|вам) (?:говорит|общается|разговаривает|отвечает){_NOT}\b{_LIVING} {_PERSON}"
    rf"|\bвы (?:говорите|общаетесь|разговариваете){_NOT}\bс {_LIVING} {_PERSON}"
    rf"|^(?:да|конечно|разумеется|именно)[,.]? (?:конечно,? )?(?:{_LIVING} )?человек\b"
    r"|\bi(?:'m| am) (?:not (?:a |an )?(?:ro)?bot|(?:a |an |really |actually |real |live )*"
    r"(?:human|person))\b|\b(?:ай эм|айм) (?:э )?(?:риал |лайв )?(?:хьюман|пёрсон|персон)"
)


# One of these stands in every claim; most sentences have none.
_HINT = re.compile(
    r"челов|оператор|жив|настоящ|реальн|робот|бот|автомат|машин|программ|нейросет|компьют|искусств"
    r"|ассистент|женщин|мужчин|девушк|парень|плоти|human|bot|person|хьюман|персон"
)


def claims_humanity(low: str) -> bool:
    """Whether the lowered text says «я человек», «я не робот» or the like."""
    return _HINT.search(low) is not None and _CLAIM.search(low) is not None
