"""A stand-in for an OpenAI-compatible server of embeddings, over a real connection.

Its vectors have a meaning of sorts: each axis is a subject, and a text lies along those whose words
it holds. So «привезёте» is near «доставка», though no letter of the one is in the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.standins.model_server import ModelServer, Reply, Request, Step, plain

SUBJECTS: Mapping[str, Sequence[str]] = {
    "delivery": ("достав", "привез", "курьер", "довез"),
    "hours": ("работа", "открыт", "график", "часов", "закрыва"),
    "money": ("стоит", "цен", "почём", "рубл", "скидк"),
    "return": ("верн", "возврат", "обмен", "сломал"),
}


def vector_of(text: str) -> list[float]:
    """The last axis is of texts about nothing of that."""
    low = text.lower()
    axes = [float(sum(low.count(word) for word in words)) for words in SUBJECTS.values()]
    return [*axes, 0.0 if any(axes) else 1.0]


@dataclass
class EmbeddingServer:
    """`async with EmbeddingServer() as server:` serves `server.url`. `texts`: what it was asked, in
    order. `hangs`: it answers nothing; `status`: it refuses with that. `key`: what it wants."""

    key: str = ""
    hangs: bool = False
    status: int = 200
    texts: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)

    async def __aenter__(self) -> EmbeddingServer:
        self._server = ModelServer(self._reply)
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.__aexit__(*_)

    @property
    def url(self) -> str:
        return self._server.url

    async def asked(self, text: str) -> None:
        """Wait until this text was asked for."""
        count = len(self._server.requests)
        while text not in self.texts:
            count += 1
            await self._server.received(count)
            await asyncio.sleep(0)

    def _reply(self, request: Request) -> Reply | Step:
        asked = request.json()
        self.texts += asked["input"]
        self.models.append(asked["model"])
        assert (request.method, request.path) == ("POST", "/v1/embeddings")
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return plain({"error": {"code": "invalid_api_key"}}, status=401)
        if self.status != 200:
            return plain({"error": {"code": "unavailable"}}, status=self.status)
        if self.hangs:
            return Reply([Step.HANG])
        rows = [
            {"object": "embedding", "index": number, "embedding": vector_of(text)}
            for number, text in enumerate(asked["input"])
        ]
        rows.reverse()  # their order is not promised
        return plain({"object": "list", "data": rows, "model": asked["model"]})
