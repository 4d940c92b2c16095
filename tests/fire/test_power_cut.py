"""The power fails: only what was synced to the disk is there afterwards (F57).

`strace` writes down, in their order, what a process writes into the store's files, when it syncs
them, and when it acknowledges. The power is cut after each acknowledgement: the files are put
together again from synced writes alone, with none of the others and with some of them, and opened.
"""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fire.power_victim import TURNS
from tests.halo import ROOT

CALLS = "openat,close,write,pwrite64,fsync,fdatasync,unlink,unlinkat"
_LINE = re.compile(r"(?:\d+\s+)?(\w+)\((.*)\)\s+= (-?\d+)(?: .*)?$")
_DATA = re.compile(r'^(\d+), "((?:\\x[0-9a-f]{2})*)", (\d+)(?:, (\d+))?$')


@dataclass
class Disk:
    """The store's files as they are, and as they would be without power. By their names."""

    synced: dict[str, bytearray] = field(default_factory=dict)
    loose: list[tuple[str, int, bytes]] = field(default_factory=list)  # written, not synced
    syncs: int = 0

    def write(self, name: str, at: int, data: bytes) -> None:
        self.loose.append((name, at, data))

    def sync(self, name: str) -> None:
        self.syncs += 1
        for _, at, data in (each for each in self.loose if each[0] == name):
            _put(self.synced.setdefault(name, bytearray()), at, data)
        self.loose = [each for each in self.loose if each[0] != name]

    def remove(self, name: str) -> None:
        """A folder's entries are synced by the database itself."""
        self.synced.pop(name, None)
        self.loose = [each for each in self.loose if each[0] != name]

    def left(self, rng: random.Random | None) -> dict[str, bytes]:
        """What a power cut leaves: `rng` chooses which of the loose writes got to the disk."""
        files = {name: bytearray(content) for name, content in self.synced.items()}
        for name, at, data in self.loose if rng else ():
            if rng.random() < 0.5:
                _put(files.setdefault(name, bytearray()), at, data)
        return {name: bytes(content) for name, content in files.items()}


def _put(file: bytearray, at: int, data: bytes) -> None:
    file.extend(b"\0" * (at + len(data) - len(file)))
    file[at : at + len(data)] = data


def traced(folder: Path) -> list[str]:
    """The system calls of a process that keeps a call, or a skip where nobody may watch."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace (Linux): when does the store sync?")
    log = folder / "calls"
    url = f"sqlite:///{folder}/halo.sqlite3"
    command = [
        "strace", "-f", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o", str(log),
        sys.executable, "-m", "tests.fire.power_victim", url,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    if done.returncode and "ptrace" in done.stderr.lower():
        pytest.skip("strace may not watch here")
    assert done.returncode == 0, done.stderr[-2000:]
    return _whole(log.read_text("latin-1").splitlines())


def _whole(lines: list[str]) -> list[str]:
    """Calls that another thread interrupted, in one line each, where they ended."""
    begun: dict[str, str] = {}
    found = []
    for line in lines:
        thread, _, rest = line.partition(" ")
        rest = rest.strip()
        if rest.endswith("<unfinished ...>"):
            begun[thread] = rest.removesuffix("<unfinished ...>")
        elif rest.startswith("<..."):
            found.append(begun.pop(thread, "") + rest.partition("resumed>")[2])
        else:
            found.append(rest)
    return found


def cuts(lines: list[str], folder: Path) -> list[tuple[str, Disk]]:
    """Each acknowledgement, with the disk as it was in that moment."""
    disk, names, found = Disk(), {}, []
    for line in lines:
        match = _LINE.match(line)
        if match is None or match[3].startswith("-"):
            continue
        call, arguments, result = match[1], match[2], int(match[3])
        path = re.search(r'"((?:\\x..)*)"', arguments)
        if call in ("openat", "unlink", "unlinkat") and path:
            name = bytes.fromhex(path[1].replace("\\x", "")).decode()
            if call == "openat":
                names[result] = name
            else:
                disk.remove(Path(name).name)
        elif call == "close":
            names.pop(int(arguments), None)
        elif call in ("fsync", "fdatasync"):
            disk.sync(Path(names.get(int(arguments), "")).name)
        elif call in ("write", "pwrite64"):
            written = _DATA.match(arguments)
            assert written, line[:200]
            data = bytes.fromhex(written[2].replace("\\x", ""))
            name = names.get(int(written[1]), "")
            if data.startswith(b"ACK "):
                told = data.decode().split(" ", 1)[1].strip()
                found.append((told, Disk({k: bytearray(v) for k, v in disk.synced.items()},
                                         list(disk.loose), disk.syncs)))  # fmt: skip
            elif name.startswith(str(folder)) and not name.endswith("-shm"):
                assert call == "pwrite64", "a place is known"
                disk.write(Path(name).name, int(written[4]), data)
    return found


def kept(files: dict[str, bytes], folder: Path) -> tuple[list[tuple[int, str]], bool]:
    """The turns that a store on these files has, and whether the call has ended."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with sqlite3.connect(folder / "halo.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        turns = database.execute("SELECT turn, reply FROM turns ORDER BY turn").fetchall()
        ended = database.execute("SELECT ended_at FROM calls").fetchone()[0] is not None
    database.close()
    return turns, ended


def test_what_is_acknowledged_is_there_after_a_power_cut(tmp_path):
    """F57, invariant 8: accepted, settled and ended, after each acknowledgement, whatever of the
    unsynced writes got to the disk."""
    moments = cuts(traced(tmp_path), tmp_path)
    assert len(moments) == 2 * TURNS + 2
    assert moments[-1][1].syncs >= TURNS, "somebody syncs"
    for place, (told, disk) in enumerate(moments):
        what, number = told.split()
        for chance in (None, random.Random(place), random.Random(-place)):
            turns, ended = kept(disk.left(chance), tmp_path / "after")
            assert [turn for turn, _ in turns][: int(number)] == list(range(1, int(number) + 1))
            if what == "settled":
                assert turns[int(number) - 1][1] == f"ответ {number}"
            assert ended or what != "ended"
