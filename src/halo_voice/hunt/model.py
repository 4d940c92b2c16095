"""A language model with moods: it answers at its own pace, unless the call's dice say otherwise."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence

from halo_voice.core.errors import ModelBroken, ModelBusy, ModelUnreachable
from halo_voice.core.ports import Message
from halo_voice.simulator.faults import Dice

ANSWER = (
    "Доставка по городу стоит триста рублей. От трёх тысяч мы везём бесплатно. "
    "Курьер приедет завтра с десяти до восемнадцати часов."
)
TOKEN_CHARS = 5
TOKEN_S = 1 / 60
HANGS_S = 60.0
GARBAGE = ("\ud83d", "\x00\x07", "\udc00<b>", "\u202e```", "https://example.com/?a=1&b=2")
MOODS = ("F33", "F34", "F35", "F36", "F37", "F38", "F39")
TOKENS_TORN = 30  # an answer breaks off after so many tokens at most


class MoodyModel:
    """`core.ports.LanguageModel`. `dice` decides its moods; without, it is steady.

    No two answers of it are the same. `asked` has every question with the event loop's time.
    """

    name = "moody"

    def __init__(self, rng: random.Random) -> None:
        self.dice: Dice | None = None
        self.asked: list[tuple[float, list[Message]]] = []
        self._first_s = rng.uniform(0.1, 1.2)

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,  # noqa: ARG002 - who has no end does not count
        deadline_s: float,  # noqa: ARG002 - nor look at the clock
    ) -> AsyncIterator[str]:
        self.asked.append((asyncio.get_running_loop().time(), list(messages)))
        question, number = messages[-1].content, len(self.asked)
        mood = self._mood(question)
        if mood == "F33":
            await asyncio.sleep(0.1)
            raise ModelBusy(retry_after_s=1) if self._shape(mood) < 0.5 else ModelUnreachable
        await asyncio.sleep(HANGS_S if mood == "F34" else self._first_s)
        if mood == "F38":
            raise ModelBroken
        left = int(self._shape(mood) * TOKENS_TORN)
        async for piece in self._pieces(number, endless=mood == "F39"):
            yield piece
            left -= 1
            if mood == "F37" and left % 4 == 0:
                yield GARBAGE[left % len(GARBAGE)]
            if mood == "F35" and left < 0:
                raise ModelBroken
            if mood == "F36" and left < 0:
                await asyncio.sleep(HANGS_S)

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...

    def _mood(self, question: str) -> str:
        if self.dice is None:
            return ""
        return next((mood for mood in MOODS if self.dice.strikes(mood, question[-60:])), "")

    def _shape(self, mood: str) -> float:
        """0..1: the form that the present mood takes."""
        return self.dice.delay_ms(mood, 0, 1) if self.dice is not None and mood else 0.0

    async def _pieces(self, number: int, *, endless: bool) -> AsyncIterator[str]:
        text = f"Справка {number}. {ANSWER}"
        while True:
            for at in range(0, len(text), TOKEN_CHARS):
                if at:
                    await asyncio.sleep(TOKEN_S)
                yield text[at : at + TOKEN_CHARS]
            if not endless:
                return
            text = f" {ANSWER}"
