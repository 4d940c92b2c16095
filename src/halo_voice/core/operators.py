"""Whom a call may be transferred to, and whether a caller's words ask for it.

A destination is known by its name everywhere but in the backend's answer for one transfer (F71).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

from halo_voice.core.hours import Hours
from halo_voice.core.speakable import words

TRANSFER = "transfer"
"""The name under which a transfer is written down beside the tools' calls."""

Why = Literal["asked", "key", "apologies", "console"]
"""Why a call is transferred: words of the caller or a model's tool, the key, three apologies in a
row, somebody at the console."""

Outcome = Literal[
    "talked", "busy", "no_answer", "declined", "hung_up", "failed", "closed", "caller_left",
    "unreachable", "queue_full", "no_operators",
]  # fmt: skip
"""`hung_up`: while being told of the call; `unreachable`: the backend gave no destination;
`no_answer`: of a queue, nobody in time; `no_operators`: it has none who could take the call."""

Kind = Literal["pstn", "sip", "user", "queue"]


@dataclass(frozen=True, slots=True)
class Handed:
    """A transfer that has ended. `kind`: of who was to take it; `none`: nobody could be called, or
    the profile does not know them any more. `answered_s`: from the wish until somebody had
    answered; None: nobody talked, or it is not known."""

    kind: Kind | Literal["none"]
    outcome: Outcome
    answered_s: float | None = None


WORDS_MAX = 15
"""A longer utterance asks for something else besides: a model has to see to it."""

_PUT_THROUGH = ("соедин", "переключ", "позов", "пригласи", "перевед", "перевест", "перевод")
_TALK = ("поговор", "говорить", "пообща", "связать", "свяж", "разговарива")
_WANT = ("хочу", "хотел", "нужен", "нужна", "нужно", "надо", "дай", "давай", "можно", "требую")
_PERSON = (
    "оператор", "сотрудник", "специалист", "менеджер", "консультант", "диспетчер", "администратор",
    "человек",
)  # fmt: skip
_ALIVE = ("живой", "живым", "живого", "живому", "настоящ", "реальн")
_HUMAN = re.compile(r"\bдайте (?:мне )?(?:живого )?человека\b")
_NOT = ("не", "без", "ни")
_MACHINES = ("робот", "бот", "автоответчик", "машин", "автомат", "компьютер", "программ")
_REFUSED = ("прос", "буд", *_PUT_THROUGH, *_TALK, *_WANT, *_PERSON, *_ALIVE)
"""What is not wanted, right after one of `_NOT`; so is whoever «с» or «на» leads to."""
_STEM = 4


@dataclass(frozen=True, slots=True)
class Operator:
    """A person, or a desk. `address`: a telephone number, a SIP address, a user or a queue of the
    platform, by `kind`. `caller_id`: the number that they see; "": the one that was called.
    `hours`: None: the company's. `brief`: who picks up is told of the call first. Of a queue:
    `wait_ms`, in which somebody must have taken the call, and `priority`, 1 to 100."""

    address: str
    kind: Kind = "pstn"
    caller_id: str = ""
    hours: Hours | None = None
    brief: bool = False
    wait_ms: int = 0
    priority: int = 0

    def there(self, company: Hours, now: datetime) -> bool:
        """Whether they work at this moment."""
        return (self.hours or company).open_at(now)


def wanted(said: str, names: Iterable[str]) -> str | None:
    """Whom these words ask for: a name, "" for anybody; None: nobody.

    Rather misses a wish than takes a question for one: a model, or a second try, will have it.
    """
    heard = _without_machines([word.replace("ё", "е") for word in words(said)])
    if not 0 < len(heard) <= WORDS_MAX or _refuses(heard):
        return None
    person = _any(heard, _PERSON)
    name = next((each for each in names if _named(each, heard)), "")
    # «Вы не понимаете, соедините с оператором» is a wish, «оператор не отвечает» is none.
    plain = not any(word in _NOT for word in heard)
    alone = plain and len(heard) <= 3 and heard[0].startswith("оператор")
    through = _any(heard, _PUT_THROUGH) or (_any(heard, _TALK) and _with(heard))
    somebody = person or name or _any(heard, _ALIVE)
    wish = plain and _any(heard, _WANT) and (_any(heard, _ALIVE) or _any(heard, ("оператор",)))
    human = _HUMAN.search(" ".join(heard)) is not None
    asks = (through and somebody) or alone or human or (wish and person)
    return name if asks else None


def chosen(
    operators: Mapping[str, Operator], name: str, company: Hours, now: datetime
) -> tuple[str, Operator] | None:
    """Who takes the call: the one with this name, or the first who works now; None: nobody does."""
    known = {name: operators[name]} if name in operators else operators
    return next(((n, o) for n, o in known.items() if o.there(company, now)), None)


def _without_machines(heard: list[str]) -> list[str]:
    """Without «не хочу говорить с роботом»: who says so wants a person all the more."""
    for place, word in enumerate(heard):
        before = heard[max(0, place - 5) : place]
        if word.startswith(_MACHINES) and "не" in before:
            start = place - 1 - before[::-1].index("не")
            return heard[:start] + heard[place + 1 :]
    return heard


def _refuses(heard: list[str]) -> bool:
    return any(
        one in _NOT and (two in ("с", "со", "на") or two.startswith(_REFUSED))
        for one, two in pairwise(heard)
    )


def _any(heard: list[str], stems: Iterable[str]) -> bool:
    return any(word.startswith(tuple(stems)) for word in heard)


def _with(heard: list[str]) -> bool:
    return "с" in heard or "со" in heard


def _named(name: str, heard: list[str]) -> bool:
    """Whether every longer word of the name is among these, in whatever case."""
    stems = [
        word[: max(_STEM, len(word) - 3)]
        for each in words(name)
        if len(word := each.replace("ё", "е")) >= _STEM
    ]
    return bool(stems) and all(any(word.startswith(stem) for word in heard) for stem in stems)
