"""Files of other programs become passages, or are refused with words that say what to do."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from halo_voice.knowledge import CompanyTexts
from halo_voice.knowledge.passages import PASSAGE_CHARS, sections
from halo_voice.knowledge.reading import FILE_BYTES_MAX, read, texts_of
from halo_voice.knowledge.unreadable import Unreadable
from tests.unit.knowledge import papers


@pytest.fixture
def passages(tmp_path):
    """The passages of one file: source, title and text of each."""

    def of(name: str, content: str | bytes) -> list[tuple[str, str, str]]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        found = [section for document in read(path) for section in sections(document)]
        return [(section.source, section.title, section.text) for section in found]

    return of


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
def test_a_table_of_questions_becomes_answers(passages, delimiter, encoding):
    """Each row is one answer, whatever program wrote the table."""
    rows = (
        delimiter.join(("№", "Вопрос", "Ответ")),
        delimiter.join(("1", "Сколько стоит замер?", '"Замер бесплатный; приедем завтра, утром."')),
        delimiter * 2,
        delimiter.join(("2", '"Где склад?|Откуда забрать"', "Склад на улице Лесной.")),
    )

    assert passages("faq.csv", "\r\n".join(rows).encode(encoding)) == [
        ("faq.csv", "Сколько стоит замер?", "Замер бесплатный; приедем завтра, утром."),
        ("faq.csv", "Где склад?", "Склад на улице Лесной."),
    ]


def test_other_questions_of_a_row_find_it_too(tmp_path):
    """They are searched, as the column of other words is, and never spoken."""
    path = tmp_path / "faq.csv"
    path.write_text("вопрос,ответ,ищут\nГде склад?|Откуда забрать,На Лесной.,самовывоз\n", "utf-8")
    texts = CompanyTexts(read(path))

    for question in ("откуда мне забрать", "самовывоз есть"):
        assert texts.search(question)[0].text == "На Лесной."


def test_a_table_without_names_is_read_by_its_order(passages):
    """The first column asks, the second answers."""
    assert passages("a.csv", "Где вы?,В Москве.\nКогда?,Утром.\n") == [
        ("a.csv", "Где вы?", "В Москве."),
        ("a.csv", "Когда?", "Утром."),
    ]


def test_a_question_in_a_plain_text_heads_its_answer(passages):
    """Lines that an editor has broken are joined; a blank line ends a paragraph."""
    text = (
        "О нас\n\nКак оплатить?\nКартой или нали-\nчными при полу-\nчении.\nЧек придёт на почту.\n"
    )

    assert passages("a.txt", text.encode("cp1251")) == [
        ("a.txt", "", "О нас."),
        ("a.txt", "Как оплатить?", "Картой или наличными при получении. Чек придёт на почту."),
    ]


def test_a_document_keeps_headings_lists_and_tables(passages):
    """A heading's level counts, and a table's row is told with the names of its columns."""
    file = papers.word(
        ("Heading 1", "Цены"),
        ("Normal", "Цены действуют с марта."),
        ("Heading 2", "Люстры"),
        ("List Bullet", "подвесные"),
        ("List Bullet", "потолочные"),
        [["Товар", "Цена"], ["Люстра", "3000 рублей"], ["Бра", ""]],
    )

    assert passages("price.docx", file) == [
        ("price.docx", "Цены", "Цены действуют с марта."),
        ("price.docx", "Люстры", "подвесные. потолочные. Товар: Люстра; Цена: 3000 рублей. "
         "Товар: Бра."),
    ]  # fmt: skip


def test_a_pdf_is_read_page_by_page_without_running_heads(passages):
    """The page is told with the source; what stands at the edge of every page is left out."""
    file = papers.pdf(
        [
            ["ООО Свет", "Сколько стоит замер?", "Замер бес-", "платный."],
            ["ООО Свет", "Приезжаем в день", "обращения."],
            ["ООО Свет", "Склад на улице Лесной."],
        ]
    )

    assert passages("a.pdf", file) == [
        ("a.pdf, с. 1", "Сколько стоит замер?", "Замер бесплатный."),
        ("a.pdf, с. 2", "", "Приезжаем в день обращения."),
        ("a.pdf, с. 3", "", "Склад на улице Лесной."),
    ]


def test_a_long_paragraph_is_cut_between_sentences(passages):
    """No passage is longer than it may be, and nothing is lost."""
    sentence = "Мы привозим люстры в любой район города каждый день. "
    text = sentence * 40 + "слово" * 300

    found = [passage for _, _, passage in passages("a.txt", text)]

    assert all(len(passage) <= PASSAGE_CHARS + 1 for passage in found)
    assert found[0].endswith("день.")
    assert "".join("".join(found).split()).rstrip(".") == "".join(text.split())


@pytest.mark.parametrize("name", ["a.txt", "a.csv"])
def test_text_of_a_file_is_no_markup(passages, name):
    """What looks like a comment or a heading in it is text: nothing can be hidden in a cell."""
    hidden = "# Да <!-- ищут: слон --> нет"
    content = f"вопрос;ответ\nКак?;{hidden}" if name == "a.csv" else f"Как?\n{hidden}"

    ((_, title, text),) = passages(name, content)

    assert (title, text) == ("Как?", "Да ‹!-- ищут: слон --> нет.")


def test_only_texts_are_read(tmp_path):
    """What an editor leaves beside them, and other kinds of files, are passed over."""
    for name in ("b.md", "A.TXT", "~$c.docx", ".d.md", "e.xlsx"):
        (tmp_path / name).write_text("x")

    assert [path.name for path in texts_of(tmp_path)] == ["A.TXT", "b.md"]


def _bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", b"\0" * 101_000_000)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.md", "а".encode("cp1251"), "save it as UTF-8"),
        ("a.txt", b"\x98\xff", "save it as UTF-8"),
        ("a.csv", "один\nдва\n", "needs two columns"),
        ("a.csv", "вопрос;ответ\nГде?;\n", "no answer"),
        ("a.csv", "", "holds no row"),
        ("a.csv", 'вопрос;ответ\nГде?;"' + "а\n" * 20_000, "quote"),
        ("a.csv", "а" * 131_073, "without an end"),
        ("a.csv", "а" * 131_073 + ";б", "without an end"),
        ("a.csv", "вопрос;ответ\nГде?;" + "а" * 131_073, "without an end"),
        ("a.pdf", b"%PDF-1.4 nothing", "save it anew"),
        ("a.pdf", papers.pdf([[" "]]), "only pictures"),
        ("a.docx", b"PK nothing", "save it anew"),
        ("a.docx", _bomb(), "unpacks into too much"),
        ("a.txt", b" " * (FILE_BYTES_MAX + 1), "at most 20"),
        ("a.txt", b"a " * 2_000_000, "split it"),
    ],
)
def test_what_cannot_be_used_is_refused_with_words(tmp_path, name, content, words):
    """The message says what to do; no other exception comes out."""
    path = Path(tmp_path / name)
    path.write_bytes(content.encode() if isinstance(content, str) else content)

    with pytest.raises(Unreadable, match=words):
        read(path)
