"""Questions that name nothing by themselves, and two questions in one."""

from __future__ import annotations

import pytest

from halo_voice.core.leaning import halves, names_nothing, points_back, subject_before


@pytest.mark.parametrize(
    "question",
    ["сколько это стоит", "а сколько она будет стоить?", "Почём?", "а когда", "и как долго это"],
)
def test_a_price_or_a_time_of_nothing_leans(question):
    """It asks, but of what it does not name."""
    assert names_nothing(question)


@pytest.mark.parametrize(
    "question", ["сколько стоит доставка", "а где вы", "", "да", "это", "а в субботу"]
)
def test_what_names_something_or_asks_nothing_does_not(question):
    """«А где вы» is about the company."""
    assert not names_nothing(question)


def test_the_subject_is_the_newest_that_was_named():
    """Over other questions that name nothing, but not for ever."""
    assert subject_before(["имплант ставите", "а сколько стоит", "а когда"]) == "имплант ставите"
    assert subject_before(["имплант", "почём", "почём", "почём", "почём"]) == ""
    assert subject_before(["почём"]) == ""


def test_a_pronoun_points_back():
    """In any letters."""
    assert points_back("А как Её отменить")
    assert not points_back("как отменить заказ")


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("сколько стоит люстра и когда её привезут", ("сколько стоит люстра", "когда её привезут")),
        ("вы открыты, а ещё какой адрес", ("вы открыты", "какой адрес")),
        ("пицца и роллы сколько стоят", None),
        ("а когда", None),
        ("скажите и как дела и где вы и сколько это стоит", None),
    ],
)
def test_two_questions_in_one_are_told_apart(question, parts):
    """Where a word that asks opens the second; «пицца и роллы» are one."""
    assert halves(question) == parts
