"""Small files of other programs, made here: a PDF and a DOCX with Russian text."""

from __future__ import annotations

import io
from collections.abc import Sequence

import docx


def pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """A PDF of these lines; its font names each letter, as printers' programs do."""
    letters = sorted({letter for page in pages for line in page for letter in line})
    codes = {letter: number for number, letter in enumerate(letters, 33)}
    names = " ".join(f"/uni{ord(letter):04X}" for letter in letters)
    font = (
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
        f"/Encoding << /Type /Encoding /Differences [33 {names}] >> >>"
    )
    kids = [4 + 2 * number for number in range(len(pages))]
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{k} 0 R' for k in kids)}] >>",
        font,
    ]
    for kid, page in zip(kids, pages, strict=True):
        shown = "".join(
            f"<{''.join(f'{codes[letter]:02X}' for letter in line)}> Tj 0 -20 Td\n" for line in page
        )
        content = f"BT /F1 12 Tf 50 800 Td\n{shown}ET"
        objects += [
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {kid + 1} 0 R >>",
            f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        ]
    written = "%PDF-1.4\n"
    places = []
    for number, each in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    written += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n"
    written += f"<< /Size {size} /Root 1 0 R >>\nstartxref\n{written.index('xref')}\n%%EOF\n"
    return written.encode("latin-1")


def word(*blocks: tuple[str, str] | list[list[str]]) -> bytes:
    """A DOCX: each block is a style's name with a text, or the rows of a table."""
    document = docx.Document()
    for block in blocks:
        if isinstance(block, list):
            table = document.add_table(len(block), len(block[0]))
            for at, row in enumerate(block):
                for column, text in enumerate(row):
                    table.cell(at, column).text = text
        else:
            document.add_paragraph(block[1], style=block[0])
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()
