"""What making phrases of tokens costs: `python benchmarks/phrases.py`. Best of many runs, in µs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from halo_voice.core.likeness import close_enough, is_echo
from halo_voice.core.patience import patience_ms
from halo_voice.core.phrases import Phraser
from halo_voice.core.speakable import speakable
from halo_voice.speech.spoken import spoken

ANSWER = (
    "Да, доставка по городу бесплатная от трёх тысяч рублей. Курьер приезжает на следующий день "
    "с десяти до восьми вечера. Подсказать вам что-нибудь ещё?"
)
TOKENS = re.findall(r" ?\w{1,4}|\W", ANSWER)
HOSTILE = ("а", "<think>", "<a ", ". ", "```\n", "[", "«", "\n- ")


def best_us(run: Callable[[], object], times: int = 300) -> float:
    took = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        took.append(time.perf_counter() - start)
    return min(took) * 1e6


def whole(written_out: Callable[[str], str]) -> None:
    phraser = Phraser(limit=400, spoken=written_out)
    for token in TOKENS:
        phraser.feed(token)
    phraser.finish()


def feeds_us() -> list[float]:
    """Each token that ends no phrase, the best of 100 runs."""
    best = [1.0] * len(TOKENS)
    for _ in range(100):
        phraser = Phraser(limit=400)
        for place, token in enumerate(TOKENS):
            start = time.perf_counter()
            ended = phraser.feed(token)
            took = time.perf_counter() - start
            best[place] = 0.0 if ended else min(best[place], took)
    return [took * 1e6 for took in best if took]


def hostile_ms(unit: str) -> float:
    text = "<think>" + unit * (1_000_000 // len(unit))
    return (
        best_us(lambda: (Phraser(limit=400).feed(text), Phraser(limit=400).feed(text[7:])), 1) / 1e3
    )


def main() -> None:
    feeds = feeds_us()
    print(f"a token without a phrase   {sum(feeds) / len(feeds):8.2f} µs, at most {max(feeds):.2f}")
    print(f"{len(TOKENS)} tokens, 3 phrases       {best_us(lambda: whole(str)):8.0f} µs")
    print(f"the same, written out      {best_us(lambda: whole(spoken)):8.0f} µs")
    at_once = best_us(lambda: speakable(spoken(speakable(ANSWER))))
    print(f"at once, written out       {at_once:8.0f} µs")
    print(f"a hostile megabyte, worst  {max(map(hostile_ms, HOSTILE)):8.1f} ms")
    asked, final = "подскажите сколько стоит доставка", "сколько стоит доставка пожалуйста"
    print(f"likeness of two questions  {best_us(lambda: close_enough(asked, final)):8.0f} µs")
    print(f"echo in an answer          {best_us(lambda: is_echo(ANSWER[30:70], ANSWER)):8.0f} µs")
    print(f"patience                   {best_us(lambda: patience_ms(ANSWER, asked)):8.0f} µs")


if __name__ == "__main__":
    main()
