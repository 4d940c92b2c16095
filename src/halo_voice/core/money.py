"""What a call costs: tokens, prices and sums of money. Pure.

Money is a whole number of micros, millionths of a rouble, wherever it is added up or stored: sums
are the same in every order and in every database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Protocol

MICROS = 1_000_000
"""In a rouble."""

CHARS_PER_TOKEN = 3
"""Characters of text to a token, where the server does not count. Sber's documentation of GigaChat
(«Подсчёт токенов») gives three to four in Russian, spaces included; the lower end overestimates."""

TOKENS_PER_MESSAGE = 4
"""A message's role and its marks, as the chat templates of the usual models write them."""


class Sized(Protocol):
    """A message to a model, as far as it costs."""

    @property
    def content(self) -> str: ...


def micros(roubles: float) -> int:
    return round(roubles * MICROS)


def tokens_of(characters: int) -> int:
    """An estimate, rounded up: see `CHARS_PER_TOKEN`."""
    return -(-characters // CHARS_PER_TOKEN)


def tokens_asked(messages: Iterable[Sized]) -> int:
    """An estimate of what a model reads before it answers."""
    tokens = 0
    for message in messages:
        tokens += TOKENS_PER_MESSAGE + tokens_of(len(message.content))
    return tokens


@dataclass(frozen=True, slots=True)
class Tokens:
    """What one question to one model took: read and written, wherever the answer went."""

    model: str
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens, and micros by part. What a turn, a call or a day came to."""

    tokens_in: int = 0
    tokens_out: int = 0
    model_micros: int = 0
    asr_micros: int = 0
    tts_micros: int = 0
    line_micros: int = 0

    # Written out: several of them are a part of every turn.
    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.model_micros + other.model_micros,
            self.asr_micros + other.asr_micros,
            self.tts_micros + other.tts_micros,
            self.line_micros + other.line_micros,
        )

    def __sub__(self, other: Cost) -> Cost:
        return Cost(
            self.tokens_in - other.tokens_in,
            self.tokens_out - other.tokens_out,
            self.model_micros - other.model_micros,
            self.asr_micros - other.asr_micros,
            self.tts_micros - other.tts_micros,
            self.line_micros - other.line_micros,
        )

    def values(self) -> tuple[int, ...]:
        """In the order of the fields."""
        return (
            self.tokens_in,
            self.tokens_out,
            self.model_micros,
            self.asr_micros,
            self.tts_micros,
            self.line_micros,
        )

    @property
    def tokens(self) -> int:
        return self.tokens_in + self.tokens_out

    def micros(self) -> dict[str, int]:
        """By part."""
        return {part: getattr(self, f"{part}_micros") for part in PARTS}

    def roubles(self) -> dict[str, float]:
        """By part, and their sum as `total`."""
        by_part = {part: amount / MICROS for part, amount in self.micros().items()}
        return {"total": sum(self.micros().values()) / MICROS, **by_part}


PARTS = tuple(f.name.removesuffix("_micros") for f in fields(Cost) if f.name.endswith("_micros"))
"""Model, recogniser, voice, telephone line."""


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """Roubles for 1,000 tokens."""

    tokens_in: float = 0.0
    tokens_out: float = 0.0

    def micros(self, tokens_in: int, tokens_out: int) -> int:
        return micros((tokens_in * self.tokens_in + tokens_out * self.tokens_out) / 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """A tariff, in roubles. `models`: by name, in the order in which they are asked; a model that
    is not among them costs what the first does. `tts`: for 1,000 characters."""

    models: Mapping[str, ModelPrice] = field(default_factory=dict)
    asr_minute: float = 0.0
    tts: float = 0.0
    line_minute: float = 0.0

    def of_model(self, name: str) -> ModelPrice:
        known = self.models.get(name)
        return known or next(iter(self.models.values()), ModelPrice())

    def of_tokens(self, spent: Iterable[Tokens]) -> Cost:
        """What these questions came to."""
        tokens_in = tokens_out = money = 0
        for each in spent:
            tokens_in += each.tokens_in
            tokens_out += each.tokens_out
            money += self.of_model(each.model).micros(each.tokens_in, each.tokens_out)
        return Cost(tokens_in, tokens_out, money)

    def at_most(self, messages: Sequence[Sized], max_tokens: int) -> Cost:
        """What one answer can come to: two models are asked at most (invariant 10), each reads the
        question and writes as much as it may."""
        asked = tokens_asked(messages)
        names = list(self.models)[:2] or [""]
        return self.of_tokens([Tokens(name, asked, max_tokens) for name in names])

    def of_line(self, duration_ms: int, characters: int) -> Cost:
        """Everything of a call but its models: the ears are open and billed as long as the line."""
        minutes = duration_ms / 60_000
        return Cost(
            asr_micros=micros(minutes * self.asr_minute),
            tts_micros=micros(characters / 1000 * self.tts),
            line_micros=micros(minutes * self.line_minute),
        )


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that a call, or a day, may take of the models; 0: as much as it likes."""

    micros: int = 0
    tokens: int = 0

    def allows(self, *spent: Cost) -> bool:
        """Whether so much together is within it."""
        micros = tokens = 0
        for each in spent:
            micros += each.model_micros
            tokens += each.tokens_in + each.tokens_out
        return not (
            (self.micros and micros > self.micros) or (self.tokens and tokens > self.tokens)
        )

    def share(self, spent: Cost) -> float:
        """How much of it is used up, 0..1 and more."""
        return max(
            spent.model_micros / self.micros if self.micros else 0.0,
            spent.tokens / self.tokens if self.tokens else 0.0,
        )
