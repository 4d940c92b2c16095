"""A model that writes a dialogue, or goes round in a circle."""

from __future__ import annotations

import pytest

from halo_voice.core.roles import Told, is_others, without_role

PRICE = "Цена зависит от мастера и дня."


@pytest.mark.parametrize(
    ("phrases", "whole"),
    [
        (["Маникюр.", PRICE, "Педикюр.", PRICE, "Стрижка пятьсот рублей."], True),
        (["Да.", "Да.", "Да."], True),
        ([PRICE, PRICE], False),
        (["Есть люстры для большого зала.", PRICE, "Есть люстры для большого зала.", PRICE], False),
    ],
)
def test_one_sentence_may_come_again_and_two_may_not(phrases, whole):
    told = Told()
    assert (not any(told.again(phrase) for phrase in phrases)) is whole


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("Ассистент: Добрый день.", "Добрый день."),
        ("**Голосовой ассистент:** Да.", "Да."),
        ("Ассистент руководителя: добавочный два.", "Ассистент руководителя: добавочный два."),
    ],
)
def test_the_speakers_own_name_is_left_out(raw, said):
    assert without_role(raw) == said


@pytest.mark.parametrize(
    ("phrase", "others"),
    [("Клиент: А завтра?", True), ("**User:** hi", True), ("Клиент платит сам: картой.", False)],
)
def test_what_is_given_to_the_caller_is_known(phrase, others):
    assert is_others(phrase) is others
