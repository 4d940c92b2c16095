"""Tables and price lists: who asks for one price hears that one, with its name."""

from __future__ import annotations

import pytest

from halo_voice.core.profile import Document
from halo_voice.knowledge import CompanyTexts
from halo_voice.knowledge.passages import sections
from halo_voice.knowledge.reading import read_bytes

PRICES = """## Цены

| Услуга | Цена, руб. | Примечание |
|---|---:|---|
| Гигиена (чистка) | 4500 | |
| Имплант под ключ | 45000 | с коронкой |
| Коронка из циркония | 24000 | — |
| Отбеливание | ~~20000~~ 16000 | |

Снимок 6*4 см входит в цену.
"""


def said(name: str, content: str) -> list[tuple[str, str]]:
    documents = read_bytes(name, content.encode())
    return [(each.title, each.text) for document in documents for each in sections(document)]


def test_each_row_of_a_price_list_is_an_answer():
    """With the names of its columns, without the price that was, and without bars."""
    assert [text for _, text in said("a.md", PRICES)] == [
        "Услуга: Гигиена (чистка); Цена, руб.: 4500.",
        "Услуга: Имплант под ключ; Цена, руб.: 45000; Примечание: с коронкой.",
        "Услуга: Коронка из циркония; Цена, руб.: 24000.",
        "Услуга: Отбеливание; Цена, руб.: 16000.",
        "Снимок 6*4 см входит в цену.",
    ]


def test_the_row_that_is_about_it_comes_before_the_row_that_mentions_it():
    """The crown is asked for, not the implant with a crown."""
    texts = CompanyTexts([Document("a.md", PRICES)])

    assert texts.search("сколько стоит коронка")[0].text.startswith("Услуга: Коронка")


def test_a_table_of_hours_is_one_answer():
    """It has no prices, and whoever asks for the hours wants all days."""
    assert said("a.md", "День | Часы\n--- | ---\nПн | 9–18\nВт | 9–20\n") == [
        ("", "День: Пн; Часы: 9–18. День: Вт; Часы: 9–20.")
    ]


@pytest.mark.parametrize(
    "lines",
    [
        "- Замер — 500 ₽\n- Доставка — 300 руб.\n- Монтаж — от 2000 рублей\n- Вывоз — в подарок",
        "Замер — 500 ₽\nДоставка — 300 руб.\nМонтаж — от 2000 рублей\n- Вывоз — в подарок",
    ],
)
@pytest.mark.parametrize("name", ["a.md", "a.txt"])
def test_a_list_of_prices_is_a_price_list(name, lines):
    """With bullets or without, in Markdown or in plain text; a gift among them does not matter."""
    assert [text for _, text in said(name, lines)] == [
        "Замер — 500 ₽.",
        "Доставка — 300 руб.",
        "Монтаж — от 2000 рублей.",
        "Вывоз — в подарок.",
    ]


def test_a_price_list_in_csv_is_told_with_its_columns():
    """A title above it heads it; a row with one cell names those below."""
    content = (
        "Прайс-лист 2026;;\r\nУслуга;Длина;Цена\r\nСтрижки;;\r\nМужская;любая;800\r\n"
        "Женская;до плеч;1500\r\nОкраска;;\r\nЖенская;до плеч;3000\r\n"
    )
    assert said("price.csv", content) == [
        ("Прайс-лист 2026", "Стрижки: Услуга: Мужская; Длина: любая; Цена: 800."),
        ("Прайс-лист 2026", "Стрижки: Услуга: Женская; Длина: до плеч; Цена: 1500."),
        ("Прайс-лист 2026", "Окраска: Услуга: Женская; Длина: до плеч; Цена: 3000."),
    ]
    assert said("a.csv", "Услуга,Цена\nМаникюр,1500\n") == [("", "Услуга: Маникюр; Цена: 1500.")]


def test_questions_in_csv_stay_questions():
    """A title above the names, other words in them, or no names at all make no list of it."""
    for names in ("Частые вопросы\nВопрос;Ответ\n", "Вопрос клиента;Что отвечать\n", ""):
        assert said("faq.csv", f"{names}Где вы?;На Мира, 5.\n") == [("Где вы?", "На Мира, 5.")]
