"""Which sentences claim that something was done, or is being done."""

from __future__ import annotations

import pytest

from halo_voice.core.actions import claimed

DOING = [
    "Хорошо, записываю вас на завтра в три.",
    "Записываю на пятницу.",
    "Я вам бронирую столик на четверых.",
    "Отлично! Оформляю вам доставку.",
    "Хорошо, отменяю ваш заказ.",
    "Переношу визит на среду.",
    "Отправляю вам смс.",
    "Подтверждаю вашу бронь.",
]
HARMLESS = [
    "Записываю, диктуйте.",
    "Записываю ваш номер, диктуйте.",
    "Записываю вас на завтра, верно?",
    "Если я записываю вас на завтра, вы придёте?",
    "Подтверждаю, мы работаем до девяти.",
    "Мы отправляем заказы по будням.",
    "Я передам ваш вопрос менеджеру.",
    "Хорошо, я вас запишу. На какой день?",
    "Могу записать вас на завтра.",
    "Запись на завтра открыта.",
]


@pytest.mark.parametrize("said", DOING)
def test_what_is_said_to_be_done_now_is_a_claim_of_who_cannot(said):
    """F42: «записываю вас» is heard as a booking; who has tools may be about to use one."""
    assert claimed(said.lower()) is not None
    assert claimed(said.lower(), can_act=True) is None


@pytest.mark.parametrize("said", HARMLESS)
def test_what_claims_nothing(said):
    """Questions, offers, promises, what the company does as a rule."""
    assert claimed(said.lower()) is None


def test_what_was_done_is_a_claim_of_everybody():
    """F42: also behind what is being done."""
    assert claimed("записываю вас. готово, вы записаны.", can_act=True) is not None
