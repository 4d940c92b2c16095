"""Loads the assistants of a folder, with the company's texts, or tells all their faults at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from halo_voice.core.editions import Content
from halo_voice.core.errors import ConfigurationError
from halo_voice.core.profile import Profiles
from halo_voice.knowledge.unreadable import Unreadable
from halo_voice.profiles.changes import Changes, Files
from halo_voice.profiles.file import ProfileFile

__all__ = [
    "Changes",
    "Files",
    "InForce",
    "Origin",
    "Profiles",
    "files_of",
    "load_in_force",
    "load_profiles",
    "origins_of",
]

Contents = Mapping[str, Content]
"""By the names of profiles, what is read instead of their files and texts."""


def load_profiles(folder: Path, contents: Contents | None = None, *, draft: str = "") -> Profiles:
    """Read every `*.toml` of the folder. Raises one `ConfigurationError` with all faults of all.

    The folder says which profiles there are; `contents` stand for theirs. `draft`: the name of the
    one that must not change what is the folder's alone.
    """
    origins = [ProfileFile(path) for path in sorted(folder.glob("*.toml"))]
    if not origins:
        raise ConfigurationError([f"{folder}: there is no profile (*.toml); see docs/profiles.md"])
    files = [_standing(origin, contents or {}) for origin in origins]
    faults = [fault for file in files for fault in file.faults]
    for origin, file in zip(origins, files, strict=True):
        if draft and origin.data.get("name") == draft and file.readable:
            faults += file.kept_apart(origin)
    faults += [*_twice(files, "name"), *_twice(files, "numbers"), *_default_faults(folder, files)]
    if faults:
        raise ConfigurationError(faults)
    return Profiles([file.profile() for file in files])


class InForce(NamedTuple):
    """`held`: of whose contents the profiles were made; `faults`: why not of the others'."""

    profiles: Profiles
    held: frozenset[str]
    faults: Sequence[str]


def load_in_force(folder: Path, contents: Contents) -> InForce:
    """The same without those contents that cannot be read, or all of them where they contradict
    each other: the files stand then.
    """
    try:
        return InForce(load_profiles(folder, contents), frozenset(contents), ())
    except ConfigurationError as error:
        faults = error.faults
    sound = {}
    for origin in map(ProfileFile, sorted(folder.glob("*.toml"))):
        name = origin.data.get("name", "")
        if name in contents and not _standing(origin, contents).faults:
            sound[name] = contents[name]
    try:
        return InForce(load_profiles(folder, sound), frozenset(sound), faults)
    except ConfigurationError:
        return InForce(load_profiles(folder), frozenset(), faults)


def _standing(origin: ProfileFile, contents: Contents) -> ProfileFile:
    """What is read of a profile: its content, or its file."""
    content = contents.get(str(origin.data.get("name", "")))
    return origin if content is None else ProfileFile(origin.path, content, origin)


class Origin(NamedTuple):
    """What the folder has of a profile. `file`: its name."""

    file: str
    content: Content
    version: str


def origins_of(folder: Path) -> dict[str, Origin]:
    """By their names, the profiles of a folder's files that can be read."""
    found: dict[str, Origin] = {}
    for file in map(ProfileFile, sorted(folder.glob("*.toml"))):
        name = file.data.get("name")
        with contextlib.suppress(OSError, Unreadable):
            if file.readable and isinstance(name, str):
                found[name] = Origin(file.path.name, file.content(), file.version)
    return found


def files_of(folder: Path) -> Files:
    """Never raises: what is not there now may be there the next time."""
    found: Files = {}
    for path in sorted(folder.glob("*.toml")):
        _add(found, path)
        for named in (*ProfileFile.texts_of(path), *ProfileFile.programs_of(path)):
            _add(found, named)
    return found


def _add(found: Files, path: Path) -> None:
    with contextlib.suppress(OSError):
        known = path.stat()
        found[path] = known.st_mtime_ns, known.st_size


def _twice(files: list[ProfileFile], key: str) -> Iterator[str]:
    """Names and numbers that two profiles claim."""
    owners: dict[str, ProfileFile] = {}
    for file in files:
        for place, value in file.claims(key):
            other = owners.setdefault(value, file)
            if other is not file:
                yield file.fault(place, f"{other.path} has it too; each must have its own")


def _default_faults(folder: Path, files: list[ProfileFile]) -> Iterator[str]:
    defaults = [file for file in files if file.data.get("default") is True]
    if not defaults and all(file.readable for file in files):
        yield f"{folder}: no profile has `default = true`; one must answer all other numbers"
    for file in defaults[1:]:
        yield file.fault(("default",), f"{defaults[0].path} is the default already; keep one")
