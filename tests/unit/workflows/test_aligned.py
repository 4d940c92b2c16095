"""A recording's words beside the call's own, turn by turn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from halo_voice.workflows.aligned import by_turns, likeness
from halo_voice.workflows.recorded import beside
from halo_voice.workflows.sound import channels
from tests.sounds import LOUD, SOFT, loudness, stereo
from tests.told import TURN

TOLD = ["где мой заказ", "а когда привезут", "спасибо"]


@pytest.mark.parametrize(
    ("heard", "pieces"),
    [
        (
            "Здравствуйте, где мой заказ? А когда его привезут? Спасибо, до свидания.",
            ["Здравствуйте, где мой заказ?", "А когда его привезут?", "Спасибо, до свидания."],
        ),
        ("где заказ спасибо", ["где заказ", "", "спасибо"]),
        ("совсем другое", ["совсем другое", "", ""]),
        ("", ["", "", ""]),
    ],
)
def test_each_word_belongs_to_a_turn(heard, pieces):
    """Words between those that agree go with the ones before them; none is lost."""
    assert by_turns(TOLD, heard) == pieces


def test_a_call_without_turns_has_no_pieces():
    """What was said to nobody is in the whole text only."""
    assert by_turns([], "алло") == []


def test_likeness_tells_whose_words_they_are():
    """Of the words that were told, how many are there."""
    assert likeness(TOLD, "где мой заказ а когда привезут спасибо") == 1.0
    assert likeness(TOLD, "добрый день слушаю вас") == 0.0


@pytest.mark.parametrize("crossed", [False, True])
def test_whose_channel_it_is_is_told_by_the_words(crossed):
    """The platform's descriptions disagree on it: either way round it is the same."""
    turn = replace(TURN, user_text="где мой заказ", reply="Завтра привезём.", heard=None)
    heard = ["где мой заказ", "Завтра привезём."]
    said, text = beside(heard[::-1] if crossed else heard, [turn])

    assert said["turns"] == [[1, "где мой заказ", "Завтра привезём."]]
    assert text == "Абонент: где мой заказ\nАссистент: Завтра привезём."


def test_a_stereo_recording_has_two_channels():
    """Each as a file of its own, as loud as it was; mono has one, what is no sound has none."""
    left, right = channels(stereo(SOFT, LOUD))
    assert loudness(left) < 10_000 < loudness(right)
    assert len(channels(stereo(LOUD, LOUD))) == 1
    assert channels(b"no sound at all") == []
