"""What a stand-in for the backend does seldom, or what our own never would."""

from __future__ import annotations

import random
from dataclasses import dataclass

SENTENCES = (
    "Доставка по городу стоит триста рублей.",
    "От трёх тысяч рублей мы везём бесплатно.",
    "Курьер приедет завтра с десяти до восемнадцати часов.",
    "Назовите, пожалуйста, номер вашего заказа.",
    "Это есть в наличии на складе в Химках.",
    "Хотите, я запишу вас на завтра?",
)
LONG_CHARS = (380, 3_000)  # beyond a phrase's 400, and beyond the platform's 1,500
PAUSE_S = (0.5, 7.0)
MARKUP = (
    "**{}**",
    "<speak>{}</speak>",
    "# {} [ссылка](https://halo.test)",
    "{} \U0001f600 \u202e\x07",
    "{} & co.",
    "- {}\n- ещё",
)
QUIRKY = 0.05  # how often a stand-in has a quirk, each by itself


@dataclass(frozen=True, slots=True)
class Quirks:
    """What a stand-in does beside answering in good time and in good sentences.

    `refuses`: the call may not begin. `rambles`: some phrases are far too long; `marks_up`: some
    hold what cannot be spoken; `pauses`: between two phrases, for seconds; `patient`: the profile's
    recogniser gives no interim results.
    """

    refuses: bool = False
    rambles: bool = False
    marks_up: bool = False
    pauses: bool = False
    patient: bool = False

    @classmethod
    def drawn(cls, rng: random.Random) -> Quirks:
        """Each by itself, seldom."""
        return cls(*(rng.random() < QUIRKY for _ in range(5)))

    def said(self, part: str, rng: random.Random) -> str:
        """A phrase, as a backend without our care may give it out."""
        if self.rambles and rng.random() < 0.4:
            least = rng.uniform(*LONG_CHARS)
            while len(part) < least:
                part = f"{part} {rng.choice(SENTENCES)}"
        return rng.choice(MARKUP).format(part) if self.marks_up and rng.random() < 0.5 else part

    def pause_s(self, usual_s: float, rng: random.Random) -> float:
        """How long the next phrase is waited for, in seconds."""
        return rng.uniform(*PAUSE_S) if self.pauses and rng.random() < 0.5 else usual_s

    @property
    def names(self) -> list[str]:
        """Those that it has."""
        return [name for name in self.__slots__ if getattr(self, name)]
