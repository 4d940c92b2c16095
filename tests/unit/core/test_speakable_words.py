"""Two texts say the same when their words sound the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.core.speakable import same_words, words


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Когда вы работаете?", "когда вы работаете"),
        ("Ещё чаю", "еще, чаю!"),
        ("Кто-то там", "кто то там"),
        ("замо\u0301к", "замок"),
        ("  раз\n два ", "раз два"),
        ("тёплыи\u0306", "теплый"),
        ("", "…"),
    ],
)
def test_case_punctuation_and_yo_do_not_count(a, b):
    """What a recogniser writes differently from one result to the next is not a difference."""
    assert same_words(a, b)


@pytest.mark.parametrize(("a", "b"), [("да", "нет"), ("не надо", "надо"), ("5 мая", "6 мая")])
def test_other_words_are_a_difference(a, b):
    """A word more, less or changed is another text."""
    assert not same_words(a, b)


@given(st.text(max_size=50))
def test_words_are_stable(text):
    """The words of the words are the words."""
    assert words(" ".join(words(text))) == words(text)
