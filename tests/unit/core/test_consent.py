"""Whether words agree to what was read back."""

from __future__ import annotations

import pytest

from halo_voice.core.consent import agrees

BOOKS = "Записываю вас на завтра, в пятнадцать тридцать. Верно?"
CANCELS = "Отменяю вашу бронь на завтра. Верно?"
MOVES = "Отменяю вторник и записываю вас на среду. Верно?"


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("Да", BOOKS),
        ("Да, всё верно, записывайте", BOOKS),
        ("Ну да, спасибо", BOOKS),
        ("Всё так", BOOKS),
        ("Именно так", BOOKS),
        ("Да, оформляйте", BOOKS),
        ("Отменяйте, пожалуйста", CANCELS),
        ("Записывайте", MOVES),
        ("Да, отменяйте", MOVES),
        ("Да, запишите", BOOKS),
        ("Ага, пишите", BOOKS),
        ("Запиши меня, пожалуйста", BOOKS),
        ("Да, отмените", CANCELS),
        ("Переносите", "Переношу вас на среду. Верно?"),
        ("Да, заказывайте", "Две пиццы и кола, тысяча рублей. Верно?"),
    ],
)
def test_what_is_a_yes_to_a_question(said, question):
    """In any words that change nothing."""
    assert agrees(said, question)


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("Отменяйте", BOOKS),
        ("Да, отменяйте", BOOKS),
        ("Бронируйте тогда", "Отменяю вашу заявку. Верно?"),
        ("Да, оформляйте", CANCELS),
        ("Да, запишите", CANCELS),
        ("Да, отмените", BOOKS),
        ("Да, перенесите", BOOKS),
        ("Не записывайте", BOOKS),
        ("Так", BOOKS),
        ("Ну так", BOOKS),
        ("Да ну", BOOKS),
        ("Спасибо", BOOKS),
        ("Да, но в четыре", BOOKS),
        ("Да?", BOOKS),
        ("", BOOKS),
    ],
)
def test_what_is_no_yes_to_a_question(said, question):
    """Its contrary, a thought that is not over, disbelief, thanks."""
    assert not agrees(said, question)


@pytest.mark.parametrize(
    "said",
    [
        "Да ну!", "Да ну вас!", "Ну да ну", "Да ладно", "да ладно вам", "Да ладно, спасибо",
        "да я уже", "да я", "да это я так", "Да не надо", "Да нет", "Да ладно, не надо",
    ],
)  # fmt: skip
def test_a_refusal_that_begins_with_yes_is_none(said):
    """F42: «да» is a particle there, and no tool runs."""
    assert not agrees(said, BOOKS)
    assert not agrees(said, CANCELS)


@pytest.mark.parametrize(
    "said",
    [
        "Да ладно, записывайте", "Да ну записывайте уже", "Да ладно, давайте", "Ладно, да",
        "Ну да", "Ну да, ладно, верно", "Да, всё, ладно", "Да, пожалуйста, ну вот", "Да, можно",
        "Да, я согласен", "Да, это я", "Да, это так", "Да, всё так, ладно", "Ага, ладно",
        "Хорошо, ладно", "Да-да",
    ],
)  # fmt: skip
def test_a_yes_beside_such_a_word_is_one(said):
    """What agrees by another word, or has such a word elsewhere."""
    assert agrees(said, BOOKS)
