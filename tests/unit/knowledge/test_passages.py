"""Markdown to passages."""

from __future__ import annotations

from halo_voice.core.profile import Document
from halo_voice.knowledge.passages import PASSAGE_CHARS, Section, sections


def split(markdown: str) -> list[Section]:
    return list(sections(Document("a.md", markdown)))


def test_a_heading_with_its_text_is_a_passage():
    """The title is the nearest heading; the headings above help to find it and are not spoken."""
    (hours,) = split("# Магазин\n\n## Во сколько вы работаете?\n\nС девяти\nдо восьми.\n")

    assert (hours.source, hours.title) == ("a.md", "Во сколько вы работаете?")
    assert hours.text == "С девяти до восьми."
    assert "Магазин" in hours.found_by


def test_a_sibling_heading_does_not_lend_its_words():
    """A section is not found by the title of the one before it."""
    _, second = split("# А\n## Б\nодин\n## В\nдва\n")

    assert second.found_by == "А В два."


def test_comments_are_never_spoken():
    """The sample mark is dropped; search words are found by and not spoken, over many lines too."""
    (passage,) = split("<!-- SAMPLE: x -->\n## А\n<!-- ищут: раз\nдва -->\nТекст <!-- нет --> тут.")

    assert passage.text == "Текст тут."
    assert "раз два" in passage.found_by
    assert "SAMPLE" not in passage.found_by + passage.text
    assert "нет" not in passage.found_by


def test_an_unclosed_comment_hides_the_rest():
    """A forgotten --> is not read to a caller."""
    assert split("## А\nТекст.\n<!-- не для всех")[0].text == "Текст."


def test_markup_is_not_spoken():
    """Emphasis, links, quotes and lists become plain sentences."""
    (passage,) = split(
        "## А\n> **Да**, _можно_ `так`: [сайт](https://a.example)\n\n- один\n- два\n"
    )

    assert passage.text == "Да, можно так: сайт. один. два."


def test_a_long_section_is_cut_between_paragraphs():
    """Each piece keeps the title; no paragraph is torn."""
    paragraphs = [f"{letter * (PASSAGE_CHARS // 2)}." for letter in "абв"]
    pieces = split("## А\n" + "\n\n".join(paragraphs))

    assert [piece.text for piece in pieces] == paragraphs
    assert {piece.title for piece in pieces} == {"А"}


def test_text_without_a_heading_counts():
    """A file need not have headings; a heading without text is no passage."""
    assert [(p.title, p.text) for p in split("Просто текст.\n# Пусто\n")] == [("", "Просто текст.")]
    assert split("") == []
