"""Server-sent events: bytes in, the data of whole events out.

Only what a model's stream needs of the format: `data` lines, however they are cut, ended by LF,
CR LF or CR, several lines to one event. Comments (`:`) and other fields are passed over; an event
that the end of the stream cuts off is dropped, as the format demands.
"""

from __future__ import annotations

_BOM = b"\xef\xbb\xbf"
_CR = 13  # `in` looks for a number ten times as fast as for bytes


class EventTooLarge(ValueError):
    """One event holds more bytes than the limit."""


class EventReader:
    """Feed it what the connection gives; it returns the events that this made whole.

    `begun`: something other than white space has been fed.
    """

    __slots__ = ("_after_cr", "_bom", "_data", "_limit", "_size", "_tail", "begun")

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._tail = b""
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._bom = _BOM  # may stand before the first line
        self.begun = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of every event that ends in `chunk`. Raises `EventTooLarge`."""
        line, _, rest = chunk.partition(b"\n")
        if (  # one whole event: nearly always
            rest == b"\n"
            and line[:6] == b"data: "
            and _CR not in line
            and not (self._tail or self._data or self._after_cr)
            and len(chunk) <= self._limit
        ):
            self.begun = True
            return [line[6:]]
        return self._feed(chunk)

    def _feed(self, chunk: bytes) -> list[bytes]:
        if not self.begun:
            self.begun = bool(chunk.strip())
        if self._after_cr or _CR in chunk:
            chunk = self._with_plain_ends(chunk)
        events: list[bytes] = []
        for line in self._lines(chunk):
            if not line:
                if self._data:
                    events.append(b"\n".join(self._data))
                    self._data.clear()
                    self._size = 0
            elif line.startswith(b"data:"):
                self._keep(line[6:] if line.startswith(b"data: ") else line[5:])
            elif line == b"data":
                self._keep(b"")
        if self._size + len(self._tail) > self._limit:
            raise EventTooLarge
        return events

    def _lines(self, chunk: bytes) -> list[bytes]:
        """Those that end in `chunk`; what is left waits for its end."""
        *lines, self._tail = (self._tail + chunk).split(b"\n")
        if self._bom and lines:
            lines[0] = lines[0].removeprefix(self._bom)
            self._bom = b""
        return lines

    def _keep(self, value: bytes) -> None:
        self._data.append(value)
        self._size += len(value) + 1

    def _with_plain_ends(self, chunk: bytes) -> bytes:
        """The chunk with LF for every line end, where a CR LF may be cut in two."""
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._after_cr = False
        if chunk:
            self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
