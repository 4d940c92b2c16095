"""The text of a DOCX as Markdown: headings, paragraphs, lists, tables. Loaded only where needed."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

import docx
from docx.table import Table
from docx.text.paragraph import Paragraph

from halo_voice.knowledge.prose import heading_or_text
from halo_voice.knowledge.tables import written
from halo_voice.knowledge.unreadable import Unreadable

UNPACKED_BYTES_MAX = 100_000_000
"""A small file may unpack into a huge one."""

_HEADING = re.compile(r"heading (\d)$", re.IGNORECASE)


def markdown(raw: bytes) -> str:
    """The whole text. Raises `Unreadable`."""
    fault = ""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
        if size <= UNPACKED_BYTES_MAX:
            document = docx.Document(io.BytesIO(raw))
            return "\n\n".join(filter(None, _blocks(document)))
        fault = "unpacks into too much; save it without pictures"
    except (
        Exception
    ) as error:  # a broken file breaks the reader in many ways: none may end the start
        fault = f"is not a DOCX that can be read ({type(error).__name__}); save it anew"
    raise Unreadable(fault)


def _blocks(document: docx.document.Document) -> Iterator[str]:
    for block in document.iter_inner_content():
        if isinstance(block, Paragraph):
            yield _paragraph(block)
        else:
            yield _table(block)


def _paragraph(paragraph: Paragraph) -> str:
    text = heading_or_text(paragraph.text)
    style = (paragraph.style.name or "") if paragraph.style is not None else ""
    heading = _HEADING.match(style)
    if not text or text.startswith("## "):
        return text
    if heading or style == "Title":
        return f"{'#' * min(int(heading[1]), 6) if heading else '#'} {text}"
    if style.startswith("List"):
        return f"- {text}"
    return f"**{text}**" if _is_bold(paragraph) else text


def _is_bold(paragraph: Paragraph) -> bool:
    runs = [run for run in paragraph.runs if run.text.strip()]
    return bool(runs) and all(run.bold for run in runs)


def _table(table: Table) -> str:
    rows = [
        [heading_or_text(cell.text, headings=False) for cell in row.cells] for row in table.rows
    ]
    return written(rows)
