"""Loads the assistants of a folder, with the company's texts, or tells all their faults at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from halo_voice.core.errors import ConfigurationError
from halo_voice.core.profile import Profiles
from halo_voice.profiles.file import ProfileFile

__all__ = ["Profiles", "load_profiles"]


def load_profiles(folder: Path) -> Profiles:
    """Read every `*.toml` of the folder. Raises one `ConfigurationError` with all faults of all."""
    files = [ProfileFile(path) for path in sorted(folder.glob("*.toml"))]
    if not files:
        raise ConfigurationError([f"{folder}: there is no profile (*.toml); see docs/profiles.md"])
    faults = [fault for file in files for fault in file.faults]
    faults += [*_twice(files, "name"), *_twice(files, "numbers"), *_default_faults(folder, files)]
    if faults:
        raise ConfigurationError(faults)
    return Profiles([file.profile() for file in files])


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
