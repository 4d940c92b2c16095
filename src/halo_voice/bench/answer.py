"""What the stand-in model says, cut into tokens, and which token ends which phrase."""

from __future__ import annotations

import re
from itertools import accumulate

SENTENCES = (
    "Доставка по всему городу бесплатная, если заказ на сумму от пяти тысяч рублей.",
    "Курьер привезёт светильник завтра вечером и позвонит за час.",
    "Хотите оформить заказ?",
    "Самовывоз возможен в любой день недели со склада на северной окраине города.",
    "Гарантия на все товары составляет два года, возврат принимаем без лишних вопросов.",
)
TOKENS_MIN = 16  # the first sentence, word by word
LETTERS_A_TOKEN = 3.6  # what tokenizers of 2024 and later make of Russian
_PIECE = re.compile(r" ?\w+|[^\w\s]")


class ScriptedAnswer:
    """One answer in `tokens` pieces. It holds no digits, so that a voice's spelling keeps its
    letters and a phrase can be found in it by counting them. A mark is a token of its own."""

    def __init__(self, tokens: int) -> None:
        self.tokens = _cut(_pieces(tokens), tokens)
        self.text = "".join(self.tokens)
        self.first_sentence = next(n for n, piece in enumerate(self.tokens) if piece in ".!?")
        self._letters = list(accumulate(map(letters, self.tokens)))

    def ends(self, phrase: str) -> int | None:
        """The token, from 0, that ends this beginning of the answer; None if it is none.

        A mark after the last letter belongs to it: before, nobody knows that the clause has ended.
        """
        count = letters(phrase)
        if not 0 < count <= self._letters[-1]:
            return None
        end = next(n for n, told in enumerate(self._letters) if told >= count)
        marked = end + 1 < len(self.tokens) and not letters(self.tokens[end + 1])
        return end + marked


def letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _pieces(tokens: int) -> list[str]:
    """Words and marks of whole sentences: no more than `tokens`, about as long as so many are."""
    pieces: list[str] = []
    number = 0
    while sum(map(len, pieces)) < tokens * LETTERS_A_TOKEN:
        sentence = SENTENCES[number % len(SENTENCES)]
        more = _PIECE.findall(f" {sentence}" if pieces else sentence)
        if pieces and len(pieces) + len(more) > tokens:
            break
        pieces += more
        number += 1
    return pieces


def _cut(pieces: list[str], count: int) -> list[str]:
    """The longest piece is halved until there are `count`."""
    while len(pieces) < count:
        longest = max(range(len(pieces)), key=lambda n: len(pieces[n]))
        piece = pieces[longest]
        half = (len(piece) + 1) // 2
        pieces[longest : longest + 1] = [piece[:half], piece[half:]]
    return pieces
