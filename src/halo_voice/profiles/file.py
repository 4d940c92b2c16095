"""One profile file: its text, its faults with their lines, and the profile it describes."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from halo_voice.core.profile import (
    Asr,
    BargeIn,
    Document,
    Limits,
    Profile,
    Recording,
    Stream,
    Texts,
    Voice,
    number_digits,
)
from halo_voice.profiles import places
from halo_voice.profiles.shape import ProfileShape, nearest

_SYNTAX_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")

_KINDS = {
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list in square brackets",
    "model_type": "a table",
    "dict_type": "a table",
}


class ProfileFile:
    """Reads and checks; never raises. `faults` are ready to print; `profile()` needs none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data: dict[str, Any] = {}
        self.faults: list[str] = []
        self.readable = False
        self.documents: tuple[Document, ...] = ()
        self._shape: ProfileShape | None = None
        self._text = ""
        self._read()
        if self.readable:
            self._places = places.Places(self._text)
            self._check()
            self._read_knowledge()

    def fault(self, place: places.Path, message: str) -> str:
        """`assistants/halo.toml:12: asr.recogniser: what is wrong and what to do`."""
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
        return f"{self.path}:{self._places.line(place)}: {key.lstrip('.')}: {message}"

    def claims(self, key: str) -> Iterator[tuple[places.Path, str]]:
        """What no other profile may have under the key, as far as it can be read."""
        value = self.data.get(key)
        if isinstance(value, str):
            yield (key,), value
        elif isinstance(value, list):
            for number, entry in enumerate(value):
                if isinstance(entry, str) and number_digits(entry):
                    yield (key, number), number_digits(entry)

    def profile(self) -> Profile:
        """The profile of a file without faults."""
        shape = self._shape
        if shape is None:
            raise ValueError(f"{self.path} has faults")
        asr = Asr(recogniser=shape.asr.recogniser).capabilities
        single = shape.asr.single_utterance
        progressive = shape.voice.progressive
        given = {"persona": shape.persona} if shape.persona else {}
        return Profile(
            name=shape.name,
            title=shape.title or shape.company,
            company=shape.company,
            **given,
            numbers=tuple(shape.numbers),
            default=shape.default,
            asr=Asr(
                recogniser=asr.name,
                model=shape.asr.model,
                interim=asr.interim if shape.asr.interim is None else shape.asr.interim,
                single_utterance=asr.single_utterance if single is None else single,
                phrase_hints=tuple(shape.asr.phrase_hints),
            ),
            voice=Voice.of(shape.voice.name)
            if progressive is None
            else Voice(shape.voice.name, progressive),
            texts=Texts(**_frozen(shape.texts)),
            limits=Limits(**_frozen(shape.limits)),
            recording=Recording(**_frozen(shape.recording)),
            stream=Stream(**_frozen(shape.stream)),
            barge_in=BargeIn(**_frozen(shape.barge_in)),
            words=shape.speech.words,
            audio=shape.audio.model_dump(exclude_none=True),
            documents=self.documents,
            version=self._version(),
        )

    def _read(self) -> None:
        try:
            raw = self.path.read_bytes()
            self._text = raw.decode("utf-8-sig").replace("\r\n", "\n")
            self.data = tomllib.loads(self._text)
            self.readable = True
        except OSError as error:
            self.faults.append(f"{self.path}: cannot be read: {error.strerror}")
        except UnicodeDecodeError as error:
            self.faults.append(f"{self.path}:{_line_of(error)}: is not UTF-8; save it as UTF-8")
        except tomllib.TOMLDecodeError as error:
            place = _SYNTAX_PLACE.search(str(error))
            line = (place and place[1]) or max(1, len(self._text.splitlines()))
            message = _SYNTAX_PLACE.sub("", str(error))
            self.faults.append(f"{self.path}:{line}: is not TOML: {message}")
        except RecursionError:
            self.faults.append(f"{self.path}: its brackets are nested too deeply")

    def _check(self) -> None:
        try:
            self._shape = ProfileShape.model_validate(self.data)
        except ValidationError as errors:
            found = [
                (self._places.line(error["loc"]), self.fault(error["loc"], _message(error)))
                for error in errors.errors(include_url=False)
            ]
            self.faults += [fault for _, fault in sorted(found)]

    def _read_knowledge(self) -> None:
        named = self.data.get("knowledge")
        if not isinstance(named, str) or not named:
            return
        folder = self.path.parent / named
        files = sorted(folder.glob("*.md"))
        if not folder.is_dir():
            self.faults.append(self.fault(("knowledge",), f"there is no folder {folder}"))
        elif not files:
            self.faults.append(self.fault(("knowledge",), f"{folder} holds no text (*.md)"))
        self.documents = tuple(filter(None, map(self._document, files)))

    def _document(self, path: Path) -> Document | None:
        try:
            return Document(path.name, path.read_bytes().decode("utf-8-sig"))
        except OSError as error:
            self.faults.append(f"{path}: cannot be read: {error.strerror}")
        except UnicodeDecodeError as error:
            self.faults.append(f"{path}:{_line_of(error)}: is not UTF-8; save it as UTF-8")
        return None

    def _version(self) -> str:
        digest = hashlib.sha256(self._text.encode())
        for document in self.documents:
            for part in (document.source, document.text):
                digest.update(b"\0" + part.encode())
        return digest.hexdigest()[:12]


def _frozen(shape: BaseModel) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in shape.model_dump().items()}


def _line_of(error: UnicodeDecodeError) -> int:
    return error.object[: error.start].count(b"\n") + 1


def _message(error: Any) -> str:
    """A pydantic error in our words: what is wrong and what to do."""
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return f"there is no such key{nearest(str(error['loc'][-1]), _siblings(error['loc']))}"
    if kind == "missing":
        return "is missing; add it"
    if kind in _KINDS:
        return f"must be {_KINDS[kind]}, not {_written(given)}"
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = "at least" if kind.startswith("greater") else "at most"
        return f"is {given}; must be {bound} {context.get('ge', context.get('le'))}"
    if kind == "string_pattern_mismatch":
        return "must be 1 to 32 of a-z, 0-9 and -, the first not -"
    if kind == "string_too_short":
        return "is empty; write it or remove the line"
    if kind == "string_too_long":
        return f"has {len(given)} characters; at most {context['max_length']}"
    if kind in ("too_short", "too_long"):
        bound, count = (
            ("at least", "min_length") if kind == "too_short" else ("at most", "max_length")
        )
        return f"has {len(given)} entries; must have {bound} {context[count]}"
    return error["msg"]


def _siblings(place: places.Path) -> list[str]:
    """The keys that the table of an unknown key may hold."""
    shape: Any = ProfileShape
    for part in place[:-1]:
        shape = shape.model_fields[part].annotation
    return list(shape.model_fields)


def _written(value: Any) -> str:
    """What the author wrote, by kind: never the value, which may be a secret in a wrong line."""
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    return names.get(type(value), {list: "a list", dict: "a table"}.get(type(value), "a date"))
