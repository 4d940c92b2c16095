"""Texts without markup: what their writer showed by blank lines, capitals and line breaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.core.profile import Document
from halo_voice.knowledge.passages import sections
from halo_voice.knowledge.prose import of_lines


def split(text: str) -> list[tuple[str, str]]:
    found = sections(Document("a.txt", of_lines(text.splitlines())))
    return [(each.title, each.text) for each in found]


@pytest.mark.parametrize(
    ("hours", "parking", "spoken"),
    [
        ("РЕЖИМ РАБОТЫ\n", "\nПАРКОВКА\n", ("", "")),
        ("1. Режим работы\n\n", "\n2. Парковка\n\n", ("", "")),
        ("Режим работы\n\n", "\nПарковка\n\n", ("Режим работы. ", "Парковка. ")),
        ("Режим работы:\n", "\nПарковка:\n", ("Режим работы. ", "Парковка. ")),
    ],
)
def test_what_looks_like_a_heading_heads(hours, parking, spoken):
    """Capitals, a number, a line alone, a colon; the last two may tell something, so are said."""
    title, other = hours.strip("\n:1. "), parking.strip("\n:2. ")

    assert split(f"{hours}Ежедневно с 9 до 20.\n{parking}Во дворе, бесплатно.\n") == [
        (title, f"{spoken[0]}Ежедневно с 9 до 20."),
        (other, f"{spoken[1]}Во дворе, бесплатно."),
    ]


def test_nothing_is_lost_where_nothing_follows():
    """Lines that only look like headings are said."""
    text = "Работаем без выходных\n\nПарковка бесплатная\n\nТЕЛЕФОН 12-34\nЗвоните\n\nООО СВЕТ"

    assert " ".join(said for _, said in split(text)) == (
        "Работаем без выходных. Парковка бесплатная. ТЕЛЕФОН 12-34. Звоните. ООО СВЕТ."
    )


def test_who_presses_enter_early_begins_anew():
    """A line with room for the next word was ended by its writer; a full line was not."""
    wide = "Мы ставим окна по всей области и в соседних областях, а замер делает наш старший мастер"

    assert split("Работаем без выходных\nПарковка бесплатная\nПочта: a@a.ru") == [
        ("", "Работаем без выходных. Парковка бесплатная. Почта: a@a.ru.")
    ]
    assert split(f"{wide}\nСергей Петров.\nЦена — 38 рублей\nза метр, и 14 рублей за вывоз.") == [
        ("", f"{wide} Сергей Петров. Цена — 38 рублей за метр, и 14 рублей за вывоз.")
    ]


def test_bullets_of_any_shape_are_no_words():
    """They end what stands before them, and are not spoken."""
    assert split("Запчасти:\n• можно свои\n• можем заказать\n– предоплата 50%") == [
        ("Запчасти", "Запчасти. можно свои. можем заказать. предоплата 50%.")
    ]


def test_a_line_above_a_list_heads_it():
    """It is no last word of what stands before it."""
    prices = "Замер - 0 р.\nВывоз - 500 р.\nМонтаж - 700 р."

    assert split(f"Приезжаем за час.\n\nЦены\n{prices}") == [
        ("", "Приезжаем за час."),
        ("Цены", "Цены."),
        ("Цены", "Замер - 0 р."),
        ("Цены", "Вывоз - 500 р."),
        ("Цены", "Монтаж - 700 р."),
    ]


def test_an_item_of_a_list_heads_nothing():
    """Though it stands alone after a blank line."""
    assert split("Правила\n\n1) не курить\n2) не шуметь") == [
        ("Правила", "Правила. не курить. не шуметь.")
    ]


@pytest.mark.parametrize("mark", ["1. ", "- ", "Вопрос: ", "В: ", "Вопрос 12: "])
def test_a_question_may_bear_a_mark(mark):
    """A numbered FAQ is one as well; the mark is no part of the question."""
    assert split(f"{mark}Есть ли гарантия?\nДа, год.\n\n{mark}Где вы?\nНа Мира, 5.") == [
        ("Есть ли гарантия?", "Да, год."),
        ("Где вы?", "На Мира, 5."),
    ]


@given(st.text(alphabet="аБВГ 19.?!:-—•#\n\t", max_size=150))
def test_no_letter_of_a_text_is_lost(text):
    """Whatever its lines look like, each letter is said, or heads what is said."""

    def letters(text: str) -> set[str]:
        return {letter for letter in text if letter.isalpha()}

    assert letters(" ".join(of_lines(text.splitlines()).split())) == letters(text)
