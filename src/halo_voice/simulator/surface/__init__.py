"""The platform's API surface: what is not in `voxengine.json` does not exist."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import msgspec

# Names that people and language models invent, and what they meant. Lexical nearness would mislead.
# None: nothing on the platform does this.
MEANT: dict[str, str | None] = {
    "ASREvents.SpeechDetected": "ASREvents.CaptureStarted",
    "ASREvents.Error": "ASREvents.ASRError",
    "ASREvents.NoSpeech": "ASREvents.Stopped",
    "ASREvents.Canceled": "ASREvents.Stopped",
    "PlayerEvents.PlaybackError": "PlayerEvents.Error",
    "PlayerEvents.Finished": "PlayerEvents.PlaybackFinished",
    "ASR.start": "VoxEngine.createASR",
    "Call.startASR": "VoxEngine.createASR",
    "Call.transfer": "Call.transferTo",
    "ASRProfileList.Deepgram.ru_RU": "ASRProfileList.Deepgram.ru",
    "ASRProfileList.Tinkoff": "ASRProfileList.TBank",
    "console": "Logger.write",
    "fetch": "Net.httpRequestAsync",
    "btoa": "base64_encode",
    "atob": "base64_decode",
    "TextEncoder": "str2bytes",
    "TextDecoder": "bytes2str",
    "axios": "Net.httpRequestAsync",
    "XMLHttpRequest": "Net.httpRequestAsync",
    "Buffer": "str2bytes",
    "process": "VoxEngine.getSecretValue",
    "crypto": "Crypto",
    "localStorage": "ApplicationStorage",
    "setImmediate": "setTimeout",
    "queueMicrotask": "setTimeout",
    "alert": "Logger.write",
    "JSession": "VoxEngine.terminate",
    "Language": "VoiceList",
    "URL": None,
    "URLSearchParams": None,
    "AbortController": None,
    "structuredClone": None,
    "performance": None,
    "module": None,
    "exports": None,
}


@dataclass(frozen=True)
class Surface:
    """Names, values and parameter lists, as the data file has them."""

    source: str
    date: str
    enums: dict[str, dict[str, dict[str, Any]]]
    functions: dict[str, dict[str, Any]]
    classes: dict[str, dict[str, Any]]
    interfaces: dict[str, dict[str, Any]]
    types: dict[str, str]
    constants: list[str]

    @cached_property
    def names(self) -> frozenset[str]:
        """Every dotted global name with every prefix: `Net`, `Net.httpRequest`, `Crypto.md5`."""
        full = {f"{enum}.{name}" for enum, members in self.enums.items() for name in members}
        full.update(self.enums, self.functions, self.classes, self.constants)
        return frozenset(
            ".".join(parts[:n])
            for parts in (name.split(".") for name in full)
            for n in range(1, len(parts) + 1)
        )

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """The names directly below each dotted name; `""` has the globals."""
        below: dict[str, list[str]] = {}
        for name in sorted(self.names):
            parent, _, leaf = name.rpartition(".")
            below.setdefault(parent, []).append(leaf)
        return below

    def methods(self, class_name: str) -> dict[str, Any]:
        """The methods of a class with those it inherits; empty for an unknown class."""
        spec = self.classes.get(class_name)
        if spec is None:
            return {}
        parents = spec.get("extends") or []
        inherited: dict[str, Any] = {}
        for parent in [parents] if isinstance(parents, str) else parents:
            inherited |= self.methods(parent)
        return inherited | spec["methods"]

    def nearest(self, name: str) -> str | None:
        """The existing name that was probably meant, for a name that does not exist."""
        if name in MEANT:
            return MEANT[name]
        parent, _, leaf = name.rpartition(".")
        if parent in self.classes:
            siblings = list(self.methods(parent))
        elif parent in self.interfaces:
            siblings = list(self.interfaces[parent]["fields"])
        elif parent and parent not in self.names:
            return self.nearest(parent)
        else:
            siblings = self.children.get(parent, [])
        # A bare name may be the scenario's own: only a slip of the pen is worth a guess.
        found = difflib.get_close_matches(leaf, siblings, n=1, cutoff=0.5 if parent else 0.8)
        return (f"{parent}.{found[0]}" if parent else found[0]) if found else None


@cache
def surface() -> Surface:
    """The surface of the data file in this folder; read once."""
    raw = resources.files(__name__).joinpath("voxengine.json").read_bytes()
    return msgspec.convert(msgspec.json.decode(raw), Surface)
