"""The nearness of every profile that has a server of vectors, and the work behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from halo_voice.core.embeddings import Embedder, Embeddings
from halo_voice.core.profile import Profile
from halo_voice.knowledge.index import CompanyTexts

if TYPE_CHECKING:
    from halo_voice.knowledge.nearness import Nearness

_log = structlog.get_logger(__name__)


class Meanings:
    """Holds a client for each server, and fills what is missing in the background."""

    def __init__(self, file: Path | None, client: Callable[[Embeddings], Embedder]) -> None:
        """`file`: where vectors are kept; None: nowhere."""
        self._file = file
        self._client = client
        self._clients: dict[tuple[str, str, str], Embedder] = {}
        self._known: dict[str, tuple[CompanyTexts, Nearness]] = {}
        self._filling: dict[str, asyncio.Task[None]] = {}

    def of(self, profile: Profile, texts: CompanyTexts) -> Nearness | None:
        """Of these texts of the profile; work on older ones of it is given up. None: it has no
        such server, or no texts."""
        spec = profile.embeddings
        before = self._known.get(profile.name)
        if before is not None and before[0] is texts and before[1].spec == spec:
            return before[1]
        filling = self._filling.pop(profile.name, None)
        if filling is not None:
            filling.cancel()
        if spec is None or not len(texts):
            return None
        place = spec.url, spec.key, spec.key_style
        client = self._clients.get(place)
        if client is None:
            client = self._clients[place] = self._client(spec)
        # Arrays take 11 MB: only where vectors are compared.
        from halo_voice.knowledge.nearness import Nearness
        from halo_voice.knowledge.vectors import VectorFile

        kept = VectorFile(self._file) if self._file is not None else None
        nearness = Nearness(texts, spec, client, kept)
        self._known[profile.name] = texts, nearness
        name = f"embeddings-{profile.name}"
        self._filling[profile.name] = asyncio.create_task(_fill(nearness), name=name)
        return nearness

    async def close(self) -> None:
        for task in self._filling.values():
            task.cancel()
        await asyncio.gather(*self._filling.values(), return_exceptions=True)
        for _, nearness in self._known.values():
            await nearness.close()
        for client in self._clients.values():
            await client.close()


async def _fill(nearness: Nearness) -> None:
    await nearness.fill()
    _log.info("embeddings_ready", passages=len(nearness), of=nearness.wanted)
