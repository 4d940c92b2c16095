"""Headings of Markdown, whatever way they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.core.profile import Document
from halo_voice.knowledge.blocks import Heading, blocks
from halo_voice.knowledge.passages import sections


def split(markdown: str) -> list[tuple[str, str]]:
    return [(each.title, each.text) for each in sections(Document("a.md", markdown))]


@pytest.mark.parametrize(
    "asked",
    [
        "**Есть ли рассрочка?**\nДа, на год.",
        "**Есть ли рассрочка?**\n\nДа, на год.",
        "**Есть ли рассрочка?** Да, на год.",
        "__Есть ли рассрочка?__\r\nДа, на год.",
        "3. **Есть ли рассрочка?**\nДа, на год.",
        "**Вопрос:** Есть ли рассрочка?\n**Ответ:** Да, на год.",
        "Вопрос 3: Есть ли рассрочка?\nОтвет: Да, на год.",
        "В: Есть ли рассрочка?\n\nО: Да, на год.",
        "Есть ли рассрочка?\n------\nДа, на год.",
    ],
)
def test_a_question_heads_its_answer_however_it_is_marked(asked):
    """Each of a FAQ's answers is a passage of its own, and neither asks nor says «ответ»."""
    before = "## Вопросы\n\n**Больно ли это?**\nНет, совсем не больно.\n\n"

    assert split(f"{before}{asked}\n\n## Адрес\nМира, 5.") == [
        ("Больно ли это?", "Нет, совсем не больно."),
        ("Есть ли рассрочка?", "Да, на год."),
        ("Адрес", "Мира, 5."),
    ]


def test_a_bold_line_that_may_tell_something_is_spoken_too():
    """«Парковка бесплатная» in bold heads what follows, and nobody misses it."""
    assert split("**Парковка бесплатная**\nВъезд со двора.") == [
        ("Парковка бесплатная", "Парковка бесплатная. Въезд со двора.")
    ]
    assert split("**Адрес:** Мира, 5\n**Телефон:** 12-34\nзвоните днём\n**Важно!** Не ночью.") == [
        ("", "Адрес: Мира, 5. Телефон: 12-34 звоните днём Важно! Не ночью.")
    ]


def test_rules_and_underlines_are_never_spoken():
    """Neither is what a site's program wants to know of the page."""
    text = "---\nlayout: page\n---\nКлиника\n=======\nРаботаем.\n\n---\n\nПриходите.\n\n* * *"

    assert split(text) == [("Клиника", "Работаем. Приходите.")]


def test_a_heading_that_says_all_is_an_answer():
    """«Часы работы: 9:00–21:00» needs no text below; a mere name, or what heads others, is none."""
    text = "# Клиника: отделения\n## Часы работы: 9:00–21:00\n## Врачи\n## Сколько стоит 1 шов?\n"

    assert split(text) == [("Часы работы: 9:00–21:00", "Часы работы: 9:00–21:00.")]


@given(st.text(alphabet="*_#-=|?: \nвоВопросответ1.\0<!>", max_size=120))
def test_any_text_can_be_cut(markdown):
    """Whatever a file holds, nothing is raised, and no block is empty."""
    for block in blocks(markdown):
        assert block.text is not None if isinstance(block, Heading) else block.strip()
