"""What the guard around the models costs an answer in processor time, around a model that is free.

python benchmarks/guarded_model.py [--answers 3000] [--tokens 45]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence

from halo_voice.core.ports import LanguageModel, Message
from halo_voice.llm.guarded import GuardedModel

ASKED = [Message("user", "А в субботу?")]


class Free:
    """Says its pieces at once."""

    def __init__(self, name: str, tokens: int) -> None:
        self.name = name
        self._pieces = [f"слово{n} " for n in range(tokens)]

    async def stream(
        self,
        messages: Sequence[Message],  # noqa: ARG002
        *,
        max_tokens: int,  # noqa: ARG002
        deadline_s: float,  # noqa: ARG002
    ) -> AsyncIterator[str]:
        for piece in self._pieces:
            yield piece

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


async def measure(model: LanguageModel, answers: int) -> float:
    """Microseconds of processor time per answer."""
    begun = time.process_time()
    for _ in range(answers):
        answer = model.stream(ASKED, max_tokens=300, deadline_s=5.0)
        async for _ in answer:
            pass
        await answer.aclose()  # type: ignore[attr-defined]
    return (time.process_time() - begun) / answers * 1e6


async def compare(answers: int, tokens: int) -> None:
    bare, net = Free("bare", tokens), Free("offline", tokens)
    chains = {
        "bare": bare,
        "one model and the net": GuardedModel([bare, net]),
        "two models and the net": GuardedModel([bare, Free("second", tokens), net]),
    }
    rounds = [[await measure(m, answers) for m in chains.values()] for _ in range(7)]
    for name, column in zip(chains, zip(*rounds, strict=True), strict=True):
        print(f"{name:24}{statistics.median(column):8.1f} µs an answer of {tokens} tokens")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=3000)
    parser.add_argument("--tokens", type=int, default=45)
    arguments = parser.parse_args()
    asyncio.run(compare(arguments.answers, arguments.tokens))


if __name__ == "__main__":
    main()
