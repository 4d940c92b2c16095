"""Recordings that are kept: their rows in the store, their sound in files of a folder."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Executable, Select, delete, insert, select, update

from halo_voice.core.errors import StoreUnavailable
from halo_voice.core.recording import Objects, Recording
from halo_voice.store.schema import calls, recordings

FAULT_CHARS = 300
_NAME = re.compile(r"[0-9a-f]{40}\.audio")


class Shelf:
    """Of an `Archive`, with its connections. Raises `StoreError`s only."""

    def __init__(
        self,
        rows: Callable[[Select[Any]], Sequence[Any]],
        write: Callable[[Callable[[Connection], Any]], Any],
        now: Callable[[], datetime],
        bucket: Objects | None = None,
    ) -> None:
        """`bucket`: where recordings lie that lie in no folder."""
        self.bucket = bucket
        self._rows = rows
        self._write = write
        self._now = now

    def find(self, call_id: str) -> Recording | None:
        rows = self._rows(select(*recordings.c).where(recordings.c.call_id == call_id))
        return Recording(*rows[0]) if rows else None

    def wanted(self, limit: int = 100) -> list[str]:
        """Calls whose recording is to be fetched, the oldest first."""
        query = select(recordings.c.call_id).where(recordings.c.state == "wanted")
        ordered = query.order_by(recordings.c.noted_at, recordings.c.call_id)
        return [row[0] for row in self._rows(ordered.limit(limit))]

    def want(self, call_id: str, url: str) -> None:
        """Note where the recording of a call is; the first address is kept."""
        known = select(recordings.c.call_id).where(recordings.c.call_id == call_id)
        values = {"call_id": call_id, "url": url, "noted_at": self._now(), "said": {}}

        def want(connection: Connection) -> None:
            if connection.execute(known).first() is None:
                connection.execute(insert(recordings).values(values))

        self._write(want)

    def keep(self, call_id: str, audio: bytes, content_type: str, objects: Objects) -> bool:
        """Keep the sound, whole or not at all. False if the call was erased meanwhile."""
        name = f"{hashlib.sha256(call_id.encode()).hexdigest()[:40]}.audio"
        file = objects.put(name, audio, content_type)
        values = {"file": file, "content_type": content_type, "bytes": len(audio)}
        if self._changed(call_id, state="kept", url="", **values):
            return True
        objects.delete(file)
        return False

    def lose(self, call_id: str, fault: str) -> None:
        """It will not be fetched any more."""
        self._changed(call_id, state="lost", url="", fault=fault[:FAULT_CHARS])

    def fail(self, call_id: str, fault: str) -> None:
        """It is kept, and will not be transcribed."""
        self._changed(call_id, fault=fault[:FAULT_CHARS])

    def say(self, call_id: str, said: Mapping[str, Any], text: str) -> None:
        """Keep what was heard in it, and the whole of it with the call."""
        which = calls.c.call_id == call_id
        self._change(
            update(recordings)
            .where(recordings.c.call_id == call_id)
            .values(said=dict(said), fault=""),
            update(calls).where(which).values(recording_text=text),
        )

    def forget(self, call_ids: Sequence[str]) -> None:
        """Remove the sound and the rows: the sound first, so that none is left without a row."""
        of_these = recordings.c.call_id.in_(call_ids)
        for (file,) in self._rows(select(recordings.c.file).where(of_these)):
            if self.bucket is not None and self.bucket.holds(file):
                self.bucket.delete(file)
            elif "://" in file:
                raise StoreUnavailable(
                    "A recording lies in a bucket that is not set here: set HALO_RECORDINGS and "
                    "its key as they were."
                )
            else:
                remove(file)
        self._change(delete(recordings).where(of_these))

    def _changed(self, call_id: str, **values: Any) -> bool:
        change = update(recordings).where(recordings.c.call_id == call_id).values(values)
        return bool(self._write(lambda connection: connection.execute(change).rowcount))

    def _change(self, *statements: Executable) -> None:
        def change(connection: Connection) -> None:
            for statement in statements:
                connection.execute(statement)

        self._write(change)


class Folder:
    """`Objects` as files of a folder that only HALO's user may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def put(self, name: str, audio: bytes, content_type: str) -> str:
        del content_type  # the row has it
        path = self._folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            written = path.with_suffix(".part")
            with os.fdopen(
                os.open(written, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb"
            ) as f:
                f.write(audio)
                f.flush()
                os.fsync(f.fileno())
            written.replace(path)
        except OSError as error:
            fault = error.strerror or type(error).__name__
            raise StoreUnavailable(f"The folder of recordings takes no file: {fault}.") from None
        return str(path)

    def holds(self, file: str) -> bool:
        path = Path(file)
        return path.parent == self._folder and bool(_NAME.fullmatch(path.name)) and path.is_file()

    def read(self, file: str, part: str = "") -> tuple[bytes, str] | None:
        """All of it, whatever `part` asks for."""
        del part
        try:
            return Path(file).read_bytes(), ""
        except FileNotFoundError:
            return None

    def delete(self, file: str) -> None:
        remove(file)


def remove(file: str) -> None:
    """Remove the file of a recording; whatever a row says, nothing else is removed."""
    path = Path(file)
    if not _NAME.fullmatch(path.name):
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        fault = error.strerror or type(error).__name__
        raise StoreUnavailable(f"A recording cannot be removed: {fault}.") from None


def playable(recording: Recording | None, objects: Objects | None) -> str:
    """The file of a recording that is kept there; "" if there is none."""
    if recording is None or objects is None or recording.state != "kept":
        return ""
    return recording.file if objects.holds(recording.file) else ""
