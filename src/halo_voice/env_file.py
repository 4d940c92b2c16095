"""The file `.env` as people write it: its names, and what cannot be understood in it."""

from __future__ import annotations

import io
from pathlib import Path

from dotenv.parser import parse_stream

from halo_voice.core.errors import ConfigurationError


def read_env_file(path: Path) -> tuple[list[str], list[str]]:
    """The names in the file, and its faults; none of them shows a line, which may hold a secret."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return [], []
    except IsADirectoryError:
        raise ConfigurationError([f"{path}: is a folder; remove it, or make it a file"]) from None
    except OSError as error:
        raise ConfigurationError([f"{path}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigurationError([f"{path}:{line}: is not UTF-8; save it as UTF-8"]) from None
    names, faults = [], []
    for statement in parse_stream(io.StringIO(text)):
        written = statement.original.string
        blank = written[: len(written) - len(written.lstrip())]
        line = statement.original.line + blank.count("\n")
        if statement.error or (statement.key is not None and statement.value is None):
            faults.append(f"{path}:{line}: cannot be understood; write NAME=value")
        elif statement.key is not None:
            names.append(statement.key)
    return names, faults
