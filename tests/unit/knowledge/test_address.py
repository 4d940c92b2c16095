"""The name by which a caller addresses the assistant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.knowledge.address import at_edge, capitalised, set_off, subject


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("До скольки вы работаете, Аристарх?", ("аристарх",)),
        ("Тамара Николаевна, где находится магазин", ("тамара", "николаевна")),
        ("сколько стоят люстры, диваны", ()),
        ("Аристарх", ()),
    ],
)
def test_commas_set_a_name_off(question, name):
    """One word, or a name with its patronymic; nothing that has no name's shape."""
    assert set_off(question) == name


def test_an_object_is_told_from_a_name():
    """After a verb that takes one the last word may be it; after «работаете» it cannot."""
    assert (("мебель",), True) in at_edge("в москве продаете мебель")
    assert (("аристарх",), False) in at_edge("до скольки вы работаете аристарх")
    assert ("магадан",) not in dict(at_edge("доставка в магадан"))


def test_capitals_count_inside_the_sentence_only():
    """The first word has one anyway."""
    assert capitalised("Где вы находитесь Аристарх") == {"аристарх"}


@given(st.text(max_size=200))
def test_any_text_can_be_looked_through(question):
    """Whatever a recogniser writes, nothing is raised, and a name is one or two words."""
    names = [set_off(question), *dict(at_edge(question))]

    assert all(len(name) <= 2 for name in names)
    assert subject(question) in question.lower().replace("ё", "е")
