"""Reads the company's files as Markdown: Markdown, text, questions in CSV, PDF, DOCX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, takewhile
from pathlib import Path

from halo_voice.core.profile import Document
from halo_voice.knowledge.prose import heading_or_text, of_lines
from halo_voice.knowledge.tables import written
from halo_voice.knowledge.unreadable import Unreadable

FILE_BYTES_MAX = 20_000_000
FILE_CHARS_MAX = 3_000_000
"""A file that is larger is refused: nobody is told anything from a novel."""

CELL_CHARS_MAX = 20_000
_QUESTIONS = ("вопрос", "вопросы", "question")
_ANSWERS = ("ответ", "ответы", "answer", "отвеч")
_SEARCHED = ("ищут", "слова", "синонимы", "keywords")
_DELIMITERS = ";,\t"
_TITLES_MAX = 2  # rows above the names of the columns
_CYRILLIC_MIN = 0.3  # of the letters: what was written in Windows-1251 and read as such has more
_NO_NAME = re.compile(r"[?!]|[.]$|^\d")  # of a column
_PRICE_NAME = re.compile(r"\b(?:цен[аы]|стоимость|прайс|тариф)\b")
_LETTER = re.compile(r"[^\W\d_]")
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)


def texts_of(folder: Path) -> list[Path]:
    """The files of the folder that can be read, by name; an editor's own files are none."""
    found = (path for path in folder.iterdir() if path.suffix.lower() in KINDS)
    return sorted(path for path in found if not path.name.startswith((".", "~$")))


def read(path: Path) -> list[Document]:
    """The file's texts, a PDF's page by page. Raises `Unreadable`, `OSError`."""
    return read_bytes(path.name, path.read_bytes())


def read_bytes(name: str, raw: bytes) -> list[Document]:
    """The same of a file with this name that holds `raw`. Raises `Unreadable`."""
    if len(raw) > FILE_BYTES_MAX:
        raise Unreadable(f"has {len(raw) // 1_000_000} MB; at most {FILE_BYTES_MAX // 1_000_000}")
    documents = list(KINDS[Path(name).suffix.lower()](name, raw))
    chars = sum(len(document.text) for document in documents)
    if chars > FILE_CHARS_MAX:
        raise Unreadable(f"holds {chars:,} characters; at most {FILE_CHARS_MAX:,}: split it")
    return documents


def plain(path: Path) -> str | None:
    """A file that is text, as it stands; None for others. Raises `Unreadable`, `OSError`."""
    return _decoded(path.read_bytes()) if path.suffix.lower() in PLAIN else None


def _markdown(name: str, raw: bytes) -> Iterator[Document]:
    yield Document(name, _utf8(raw))


def _text(name: str, raw: bytes) -> Iterator[Document]:
    yield Document(name, of_lines(_decoded(raw).splitlines()))


def _questions(name: str, raw: bytes) -> Iterator[Document]:
    """One passage for each row: the first question is its title, others in the cell find it.

    A table whose columns have other names, as a price list's, is told row by row with them.
    """
    rows = _rows(_decoded(raw))
    if not rows:
        raise Unreadable("holds no row")
    titles = _titles([row for _, row in rows])
    names = [cell.strip().lower() for cell in rows[titles][1]] if titles < len(rows) else []
    column = {kind: _column(names, known) for kind, known in _COLUMNS.items()}
    headed = column["question"] is not None and column["answer"] is not None
    if not headed and (listed := _list(rows)):
        yield Document(name, listed)
        return
    if not headed:
        column = {"question": 0, "answer": 1, "searched": None}
    blocks = []
    for line, row in rows[titles + 1 :] if headed else rows:
        cells = {
            kind: row[at].strip() if at is not None and at < len(row) else ""
            for kind, at in column.items()
        }
        if not any(cells.values()):
            continue
        if not cells["question"] or not cells["answer"]:
            raise Unreadable("has no question, or no answer, in its row; write both", line)
        blocks.append(_passage(cells["question"], cells["answer"], cells["searched"]))
    yield Document(name, "\n\n".join(blocks))


_COLUMNS = {"question": _QUESTIONS, "answer": _ANSWERS, "searched": _SEARCHED}


def _passage(question: str, answer: str, searched: str) -> str:
    title, *others = [line for line in re.split(r"[\n|]+", question) if line.strip()] or [""]
    words = " ".join(" ".join((*others, searched)).replace("-->", " ").split())
    found_by = f"<!-- ищут: {words} -->\n\n" if words else ""
    text = "\n\n".join(heading_or_text(line, headings=False) for line in answer.splitlines())
    return f"## {' '.join(title.split())}\n\n{found_by}{text}"


def _titles(table: Sequence[Sequence[str]]) -> int:
    """How many rows with one cell stand above the names of the columns."""
    return sum(1 for _ in takewhile(lambda row: sum(map(bool, map(str.strip, row))) == 1, table))


def _list(rows: Sequence[tuple[int, list[str]]]) -> str:
    """A price list, or another list whose columns have names, in Markdown; "" if it is none."""
    table = [[heading_or_text(cell, headings=False) for cell in row] for _, row in rows]
    titles = _titles(table)
    rest = table[titles:]
    names = [cell.lower() for cell in rest[0]] if rest else []
    named = len(names) > 1 and not any(map(_NO_NAME.search, names)) and bool(names[1])
    if not named or (len(names) < 3 and not _PRICE_NAME.search(names[1])):
        return ""
    return "\n\n".join([*(f"# {next(filter(None, row))}" for row in table[:titles]), written(rest)])


def _column(names: Sequence[str], known: Sequence[str]) -> int | None:
    """Where a column has such a name, or one that holds it: «Что отвечать оператору»."""
    exact = (at for at, name in enumerate(names) if name in known)
    holds = (at for at, name in enumerate(names) if any(word in name for word in known))
    return next(exact, next(holds, None))


def _endless(line: int) -> Unreadable:
    return Unreadable("has a cell without an end: is a quote not closed?", line)


def _columns_of(line: str, mark: str) -> int:
    """How many columns it has with this delimiter; 0: none that can be read."""
    try:
        return len(next(csv.reader([line], delimiter=mark), []))
    except csv.Error:  # a cell that is longer than the library reads
        return 0


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The rows with their lines, by the delimiter that makes the most columns of the first."""
    lines = list(islice(filter(str.strip, text.splitlines()), _TITLES_MAX + 1))
    delimiter, columns = _DELIMITERS[0], 0
    for line in lines:  # a title has one column, whatever divides those below it
        if columns < 2:
            delimiter = max(_DELIMITERS, key=lambda mark: _columns_of(line, mark))
            columns = _columns_of(line, delimiter)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        if "field larger" in str(error):
            raise _endless(reader.line_num) from None
        raise Unreadable("is not CSV: a quote is not closed", reader.line_num) from None
    rows = [(line, row) for line, row in rows if any(cell.strip() for cell in row)]
    for line, row in rows:
        if any(len(cell) > CELL_CHARS_MAX for cell in row):
            raise _endless(line)
    if rows and max(len(row) for _, row in rows) < 2:
        raise Unreadable("needs two columns at least: the question and the answer", rows[0][0])
    return rows


def _pdf(name: str, raw: bytes) -> Iterator[Document]:
    from halo_voice.knowledge.pdf import pages

    for number, text in pages(raw):
        yield Document(f"{name}, с. {number}", text)


def _docx(name: str, raw: bytes) -> Iterator[Document]:
    from halo_voice.knowledge.docx import markdown

    yield Document(name, markdown(raw))


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
    raise Unreadable("is not UTF-8; save it as UTF-8", line)


def _decoded(raw: bytes) -> str:
    """UTF-8, or what Excel and Notepad write on a Russian Windows."""
    try:
        return _utf8(raw)
    except Unreadable as fault:
        refused = fault
    text = raw.decode("cp1251", errors="replace")
    letters = len(_LETTER.findall(text))
    if "\ufffd" in text or len(_CYRILLIC.findall(text)) < letters * _CYRILLIC_MIN:
        raise refused
    return text


KINDS: dict[str, Callable[[str, bytes], Iterator[Document]]] = {
    ".md": _markdown,
    ".txt": _text,
    ".csv": _questions,
    ".pdf": _pdf,
    ".docx": _docx,
}
"""What can be read, by the ending of the file's name."""

PLAIN = (".md", ".txt", ".csv")
"""Those that are text."""
