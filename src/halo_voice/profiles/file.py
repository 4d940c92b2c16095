"""One profile file: its text, its faults with their lines, and the profile it describes."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from halo_voice.core.after import After, Outlet, Wanted
from halo_voice.core.editions import Content, Paper
from halo_voice.core.notices import Notices
from halo_voice.core.operators import Kind, Operator
from halo_voice.core.privacy import Privacy
from halo_voice.core.profile import (
    Asr,
    BargeIn,
    Document,
    Hours,
    Keys,
    Limits,
    Profile,
    Recording,
    Stream,
    Texts,
    Tools,
    Voice,
)
from halo_voice.core.telephones import meant_digits
from halo_voice.knowledge.reading import KINDS, plain, read, read_bytes, texts_of
from halo_voice.knowledge.unreadable import Unreadable
from halo_voice.profiles import places
from halo_voice.profiles.deliver import OutletShape
from halo_voice.profiles.embeddings import embeddings_of
from halo_voice.profiles.outbound import outbound_of
from halo_voice.profiles.shape import HoursShape, OperatorShape, ProfileShape
from halo_voice.profiles.strict import nearest
from halo_voice.profiles.tools import sms_of

FOLDERS_OWN = (("name",), ("knowledge",), ("tools",), ("embeddings",), ("after", "deliver"))
"""Keys that an edition cannot change: what HALO calls it, reads from a disk, runs, and where it
sends what was said, with which secrets."""

_STAYS = ("tools", "embeddings")

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

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

    def __init__(
        self, path: Path, content: Content | None = None, origin: ProfileFile | None = None
    ) -> None:
        """`content` is read instead of the file at `path`, which is `origin`: what it runs (its
        tools) stays the file's."""
        self.path = path
        self._content = content
        self._origin = origin
        self.data: dict[str, Any] = {}
        self.faults: list[str] = []
        self.readable = False
        self.documents: tuple[Document, ...] = ()
        self._programs: list[bytes] = []
        self._shape: ProfileShape | None = None
        self._written: dict[str, Any] = {}
        self._text = ""
        self._read()
        if self.readable:
            self._places = places.Places(self._text)
            self._check()
            self._read_knowledge()
            self._read_programs()

    @staticmethod
    def texts_of(path: Path) -> list[Path]:
        """The texts that the profile at `path` names; none as long as it cannot be read."""
        try:
            named = tomllib.loads(path.read_text("utf-8-sig")).get("knowledge")
            return texts_of(path.parent / named) if isinstance(named, str) and named else []
        except (OSError, ValueError, RecursionError):
            return []

    @staticmethod
    def programs_of(path: Path) -> list[Path]:
        """The files with tools that it names; none as long as it cannot be read."""
        try:
            tools = tomllib.loads(path.read_text("utf-8-sig")).get("tools")
            named = tools.get("python") if isinstance(tools, dict) else None
            found = named if isinstance(named, list) else ()
            return [path.parent / name for name in found if isinstance(name, str)]
        except (OSError, ValueError, RecursionError):
            return []

    def kept_apart(self, origin: ProfileFile) -> Iterator[str]:
        """A fault for each key that is the folder's alone and has another value here."""
        for place in FOLDERS_OWN:
            if _at(self._written, place) != _at(origin.data, place):
                told = f"is changed in the folder only ({origin.path.name}): put back what it has"
                yield self.fault(place, told)

    def content(self) -> Content:
        """The file and its texts, as text. Raises `OSError`, `Unreadable`."""
        papers: list[Paper] = []
        for path in self.texts_of(self.path):
            text = plain(path)
            if text is not None:
                papers.append(Paper(path.name, text))
            else:
                papers += [Paper(each.source, each.text, as_read=True) for each in read(path)]
        return Content(self._text, tuple(papers))

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
                if isinstance(entry, str) and (digits := meant_digits(entry)):
                    yield (key, number), digits

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
            languages=tuple(shape.languages),
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
            privacy=Privacy(**_frozen(shape.privacy)),
            after=After(
                shape.after.enabled,
                {name: Wanted(**_frozen(want)) for name, want in shape.after.fields.items()},
                {name: _outlet(each) for name, each in shape.after.deliver.items()},
            ),
            words=shape.speech.words,
            audio=shape.audio.model_dump(exclude_none=True),
            documents=self.documents,
            hours=_hours(shape.hours),
            operators={name: _operator(each) for name, each in shape.operators.items()},
            keys=Keys(**_frozen(shape.keys)),
            notices=Notices(**_frozen(shape.notices)),
            tools=Tools(
                builtin=tuple(shape.tools.builtin),
                python=tuple(str(self.path.parent / name) for name in shape.tools.python),
                http=tuple(each.model_dump(exclude_none=True) for each in shape.tools.http),
                mcp=tuple(each.model_dump(exclude_none=True) for each in shape.tools.mcp),
                sms=sms_of(shape.tools.sms),
            ),
            embeddings=embeddings_of(shape.embeddings),
            outbound=outbound_of(shape.outbound),
            version=self.version,
        )

    def _read(self) -> None:
        try:
            if self._content is not None:
                self._text = self._content.profile
            else:
                raw = self.path.read_bytes()
                self._text = raw.decode("utf-8-sig").replace("\r\n", "\n")
            self.data = self._written = tomllib.loads(self._text)
            if self._origin is not None:
                theirs = self._origin.data
                own = {key: each for key, each in self.data.items() if key not in _STAYS}
                self.data = own | {key: theirs[key] for key in _STAYS if key in theirs}
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

    def _read_papers(self, papers: Iterable[Paper]) -> None:
        documents: list[Document] = []
        for paper in papers:
            if paper.as_read:
                documents.append(Document(paper.name, paper.text))
            else:
                raw = paper.text.encode(errors="replace")
                documents += self._documents(Path(paper.name), partial(read_bytes, paper.name, raw))
        if not documents:
            self.faults.append(self.fault(("knowledge",), "there is no text left; add one"))
        self.documents = tuple(documents)

    def _read_knowledge(self) -> None:
        named = self.data.get("knowledge")
        if not isinstance(named, str) or not named:
            return
        if self._content is not None:
            self._read_papers(self._content.papers)
            return
        folder = self.path.parent / named
        files = texts_of(folder) if folder.is_dir() else []
        if not folder.is_dir():
            self.faults.append(self.fault(("knowledge",), f"there is no folder {folder}"))
        elif not files:
            kinds = ", ".join(f"*{ending}" for ending in KINDS)
            self.faults.append(self.fault(("knowledge",), f"{folder} holds no text ({kinds})"))
        self.documents = tuple(
            document for path in files for document in self._documents(path, partial(read, path))
        )

    def _read_programs(self) -> None:
        """The files with tools: they are run elsewhere, but change the profile's version."""
        tools = self.data.get("tools")
        named = tools.get("python") if isinstance(tools, dict) else None
        for number, name in enumerate(named if isinstance(named, list) else ()):
            try:
                self._programs.append((self.path.parent / str(name)).read_bytes())
            except OSError as error:
                place = ("tools", "python", number)
                self.faults.append(self.fault(place, f"cannot be read: {error.strerror}"))

    def _documents(self, path: Path, reading: Callable[[], list[Document]]) -> list[Document]:
        try:
            return reading()
        except OSError as error:
            self.faults.append(f"{path}: cannot be read: {error.strerror}")
        except Unreadable as fault:
            line = f":{fault.line}" if fault.line else ""
            self.faults.append(f"{path}{line}: {fault}")
        return []

    @property
    def version(self) -> str:
        """What changes with every change of the file, its texts and its programs."""
        digest = hashlib.sha256(self._text.encode())
        for document in self.documents:
            for part in (document.source, document.text):
                digest.update(b"\0" + part.encode())
        for program in self._programs:
            digest.update(b"\0" + program)
        return digest.hexdigest()[:12]


def _at(data: Any, place: tuple[str, ...]) -> Any:
    """What stands there; None where nothing does."""
    for key in place:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _outlet(shape: OutletShape) -> Outlet:
    table = shape.model_dump(exclude={"to", "when"}, exclude_none=True)
    return Outlet(shape.to, tuple(shape.when), table)


def _frozen(shape: BaseModel) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in shape.model_dump().items()}


def _hours(shape: HoursShape) -> Hours:
    return Hours(shape.utc_hours, tuple(getattr(shape, day) for day in WEEK))


def _operator(shape: OperatorShape) -> Operator:
    found: dict[Kind, str | None] = {"pstn": shape.number, "sip": shape.sip, "user": shape.user}
    kind, address = next(
        ((k, a) for k, a in found.items() if a is not None), ("queue", shape.queue or "")
    )
    waits = (shape.wait_ms, shape.priority) if kind == "queue" else ()
    return Operator(
        address,
        kind,
        shape.caller_id or "",
        None if shape.hours is None else _hours(shape.hours),
        shape.brief,
        *waits,
    )


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
        if isinstance(part, int) or not hasattr(shape, "model_fields"):
            shape = get_args(shape)[-1]  # of a list, or of a table with names of one's own
        else:
            shape = shape.model_fields[part].annotation
    return list(getattr(shape, "model_fields", ()))


def _written(value: Any) -> str:
    """What the author wrote, by kind: never the value, which may be a secret in a wrong line."""
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    return names.get(type(value), {list: "a list", dict: "a table"}.get(type(value), "a date"))
