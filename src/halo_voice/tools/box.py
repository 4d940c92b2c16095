"""All tools of one profile behind the port `Toolbox`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import structlog

from halo_voice.core.clock import Clock
from halo_voice.core.errors import ToolMisused
from halo_voice.core.tools import Offer, Tool, ToolSpec

TOOLS_MAX = 64
"""A model is offered no more; each costs tokens in every turn."""

RULES = (
    "Если для ответа нужны данные или действие, вызовите инструмент. О том, что сделано, говорите "
    "только по его результату. Личные данные и номера для инструмента берите только из слов "
    "собеседника."
)
"""What code enforces anyway, so that a model need not find out by refusals."""

Reader = Callable[[str, datetime], str | None]
"""The value of an argument in words, as of this moment; None if it is no such value."""

_log = structlog.get_logger(__name__)


class Source(Protocol):
    """Tools that come and go, as those of an MCP server. `version` changes with them."""

    @property
    def version(self) -> int: ...

    @property
    def tools(self) -> Sequence[Tool]: ...


class Box:
    """`readers`: by the kinds that `ToolSpec.spoken` names."""

    def __init__(
        self,
        tools: Iterable[Tool],
        clock: Clock,
        readers: Mapping[str, Reader],
        sources: Sequence[Source] = (),
        *,
        data: Path = Path("var"),
    ) -> None:
        self.data = data
        self._own = tuple(tools)
        self._clock = clock
        self._readers = readers
        self._sources = tuple(sources)
        self._seen: tuple[int, ...] | None = None
        self._by_name: dict[str, Tool] = {}
        self._offer: Offer | None = None

    def offer(self) -> Offer | None:
        self._look()
        return self._offer

    def find(self, name: str) -> Tool | None:
        self._look()
        return self._by_name.get(name)

    def now(self) -> datetime:
        return self._clock.now()

    def briefing(self) -> str:
        return RULES

    def readback(self, spec: ToolSpec, arguments: Mapping[str, Any]) -> str:
        words = {name: self._said(spec, name, value) for name, value in arguments.items()}
        return spec.confirm.format_map(words)

    def _said(self, spec: ToolSpec, name: str, value: Any) -> str:
        if value is None:
            return spec.absent.get(name, "")
        reader = self._readers.get(spec.spoken.get(name, ""))
        said = str(value) if reader is None else reader(str(value), self.now())
        if said is None:
            raise ToolMisused(f"{name}: не понял значение, уточните у собеседника.")
        return said

    def _look(self) -> None:
        """Offer anew what the sources have, if that has changed."""
        versions = tuple(source.version for source in self._sources)
        if versions == self._seen:
            return
        self._seen = versions
        every = [*self._own, *(tool for source in self._sources for tool in source.tools)]
        by_name: dict[str, Tool] = {}
        for each in every:
            if len(by_name) < TOOLS_MAX and each.spec.name not in by_name:
                by_name[each.spec.name] = each
            else:
                _log.warning("tool_left_out", tool=each.spec.name, most=TOOLS_MAX)
        self._by_name = by_name
        specs = [each.spec for each in by_name.values()]
        self._offer = Offer(specs) if specs else None
