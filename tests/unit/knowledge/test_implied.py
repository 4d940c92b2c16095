"""What a text tells in figures and shortened words is found by the words that callers use."""

from __future__ import annotations

import pytest

from halo_voice.core.profile import Document
from halo_voice.knowledge import CompanyTexts
from halo_voice.knowledge.implied import implied

TEXTS = CompanyTexts(
    [
        Document(
            "a.md",
            "# Клиника\nМы лечим зубы с 2009 года.\n"
            "## Контакты\nТула, ул. Советская, 15. Часы: пн–пт 8:00–21:00, вс — выходной.\n"
            "## Прайс\nЧистка — 4500 ₽.\n\n## Снимок\nСнимок — 300 ₽, делаем за час.\n"
            "## Брекеты\nСтавим металлические, 35 000 руб. за челюсть.\n",
        )
    ]
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("сколько стоит чистка", "4500"),
        ("почём у вас снимок", "300"),
        ("брекеты сколько стоят", "35 000"),
        ("во сколько вы открываетесь", "8:00"),
        ("в среду вы работаете", "8:00"),
        ("где вы находитесь", "Советская"),
    ],
)
def test_the_words_of_a_question_need_not_stand_in_the_text(question, answer):
    """A price, hours, a weekday, a street: the best passage, and sure enough to be said."""
    (best, *_) = TEXTS.search(question)

    assert answer in best.text
    assert best.score >= 0.3


@pytest.mark.parametrize("question", ["сколько стоит бургер", "сколько стоят пластиковые окна"])
def test_a_price_alone_answers_no_question_about_a_price(question):
    """What is asked for decides; that it costs something is said of everything."""
    assert all(passage.score < 0.25 for passage in TEXTS.search(question))


def test_hours_of_something_else_are_no_opening_hours():
    """Nor is a year an hour; a span of days has all of them."""
    assert implied("Шум", "Шуметь можно с 9:00 до 13:00.") == []
    assert implied("", "Мы работаем с 2009 года.") == []
    assert implied("Заезд", "сб–вт")[-4:] == ["понедельник", "вторник", "суббота", "воскресенье"]


def test_search_words_that_somebody_wrote_are_enough():
    """Nothing is added to them: they were tried on the callers' words."""
    written = "## Прайс\n<!-- ищут: почистить -->\nЧистка — 4500 ₽.\n"
    texts = CompanyTexts([Document("a.md", written)])

    assert texts.search("почистить")
    assert texts.search("сколько стоит") == []
