"""The text of a PDF, page by page. Loaded only where there is one."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from halo_voice.knowledge.prose import of_lines
from halo_voice.knowledge.unreadable import Unreadable

PAGES_MAX = 2_000
_REPEATED_MIN = 3  # pages with the same line at the edge: a running head


def pages(raw: bytes) -> Iterator[tuple[int, str]]:
    """Each page with text: its number from 1, its Markdown. Raises `Unreadable`."""
    lines = _lines(raw)
    edges = Counter(line for page in lines for line in {*page[:1], *page[-1:]})
    running = {line for line, count in edges.items() if count >= _REPEATED_MIN}
    texts = [of_lines([line for line in page if line not in running]) for page in lines]
    if not any(texts):
        raise Unreadable("holds no text, only pictures of it; recognise it, or write it as *.md")
    yield from ((number, text) for number, text in enumerate(texts, 1) if text)


def _lines(raw: bytes) -> list[list[str]]:
    fault = ""
    try:
        reader = PdfReader(io.BytesIO(raw))
        if reader.is_encrypted and not reader.decrypt(""):
            fault = "is locked with a password; save it without one"
        elif len(reader.pages) > PAGES_MAX:
            fault = f"has {len(reader.pages)} pages; at most {PAGES_MAX}: split it"
        else:
            return [_of_page(page.extract_text()) for page in reader.pages]
    except PyPdfError:
        fault = "is not a PDF that can be read; save it anew"
    except (
        Exception
    ) as error:  # a broken file breaks the reader in many ways: none may end the start
        fault = f"is not a PDF that can be read ({type(error).__name__}); save it anew"
    raise Unreadable(fault)


def _of_page(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]
