"""Sentences end at their ends, not at abbreviations, initials, decimals and dates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.core.sentences import sentences, whole_sentences

SPLIT = [
    "Да. | Нет.",
    "Привет! | Чем помочь? | Ждём…",
    "Как?! | Так.",
    "Мы открыты с 9 до 18, т. е. весь день. | Приходите.",
    "Мы рядом, т.е. близко. | Да.",
    "Адрес: г. Москва, ул. Ленина, д. 5, корп. 2, кв. 7. | Ждём.",
    "Просп. Мира, д. 3. | Это рядом.",
    "Стоит 300 руб. 50 коп. за штуку. | Берёте?",
    "Доставка 300 руб. | Завтра привезём.",
    "Стоит 2 тыс. руб. | Дорого?",
    "В 2024 г. мы открылись. | Да.",
    "Мы открылись в 2024 г. | Теперь нас знают.",
    "Чай, кофе и т. д. | Выбирайте.",
    "Чай, кофе и т. д. по списку. | Да.",
    "Звоните А. С. Пушкину. | Он ответит.",
    "Звоните И.И. Иванову. | Да.",
    "Цена 3.5 рубля. | Да.",
    "До 5. мая закрыто. | Да.",
    "1. Доставка есть. | 2. Самовывоз есть.",
    "Мы работаем до 20. | Приходите!",
    "Срок 5. 10. 2025. | Да.",
    "«Что?» — спросил он. | Да.",
    "Он сказал: «Да.» | И ушёл.",
    "Ну… не знаю… | Подумаю.",
    "Тел. 123-45-67, доб. 5. | Звоните.",
    "Через 10 мин. | Ждите.",
    "Рассрочка на 12 мес. без переплаты. | Да.",
    "Группа на 3 чел. | Приходите.",
    "Мы у м. Таганская. | Рядом с. Покровское.",
    "Длина 5 м. | Ширина 2 м. | Берёте?",
    "Сайт halo.ru работает. | Да.",
    "См. раздел 2. | Там всё.",
    "Работаем без выходных",
]


@pytest.mark.parametrize("marked", SPLIT)
def test_splits_at_sentence_ends_only(marked):
    """Every bar, and only a bar, is a place where a sentence ends."""
    assert sentences(marked.replace(" | ", " ")) == marked.split(" | ")


@given(st.text(alphabet="абВГ .!?…—«»()т.д5г\n", max_size=80))
def test_nothing_is_lost(text):
    """The sentences joined by spaces are the text with its white space collapsed."""
    assert " ".join(sentences(text)) == " ".join(text.split())
    assert all(sentences(text))


@pytest.mark.parametrize(
    ("torn", "whole"),
    [
        ("Да. Нет", "Да."),
        ("Да. Нет!", "Да. Нет!"),
        ("Стоит 300 руб", ""),
        ("Он сказал «да».", "Он сказал «да»."),
        ("Адрес: ул. Лесная", ""),
        ("Да. Адрес: ул.", "Да."),
        ("Да. Адрес: ул. .", "Да."),
        ("Есть лампы, бра и т. д. _", "Есть лампы, бра и т. д."),
        ("", ""),
    ],
)
def test_a_torn_text_keeps_its_finished_sentences(torn, whole):
    """F35: nothing half is ever said."""
    assert whole_sentences(torn) == whole
