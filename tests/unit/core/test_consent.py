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
