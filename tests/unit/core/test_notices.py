"""What a caller is told first: that no human speaks, and that the call is recorded."""

from __future__ import annotations

import pytest

from halo_voice.core.notices import Notices
from halo_voice.core.profile import Profile, Recording, Texts

TOLD = "Вас слушает автоматический голосовой ассистент."
RECORDED = "Разговор записывается."


def greeting(text: str, *, recorded: bool = False, **notices: bool) -> str:
    profile = Profile(
        texts=Texts(greeting=text),
        recording=Recording(enabled=recorded),
        notices=Notices(**notices),
    )
    return profile.for_scenario()["texts"]["greeting"]


def test_a_greeting_that_says_so_is_left_as_it_is():
    """The shipped one does, also where calls are recorded and it says that, too."""
    assert greeting(Texts().greeting) == Texts().greeting.replace("{company}", "HALO")
    whole = "Добрый день! Говорит робот, разговор записывается. Чем помочь?"
    assert greeting(whole, recorded=True) == whole


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Добрый день! Чем могу помочь?", f"Добрый день! {TOLD} Чем могу помочь?"),
        ("Чем могу помочь?", f"{TOLD} Чем могу помочь?"),
        ("Компания HALO, меня зовут Анна.", f"{TOLD} Компания HALO, меня зовут Анна."),
        (
            "Добрый день! Компания HALO. Чем помочь? Я робот.",
            f"Добрый день! {TOLD} Компания HALO. Чем помочь? Я робот.",
        ),
    ],
)
def test_one_that_does_not_is_made_to(text, wanted):
    """At its beginning, after the salutation, not at its end."""
    assert greeting(text) == wanted


def test_a_recorded_call_says_so():
    """Right after who speaks; and only where calls are recorded."""
    shipped = "Здравствуйте! Я голосовой ассистент компании HALO. Чем могу помочь?"
    said = f"Здравствуйте! Я голосовой ассистент компании HALO. {RECORDED} Чем могу помочь?"
    assert greeting(shipped, recorded=True) == said
    assert greeting("Добрый день!", recorded=True) == f"{TOLD} {RECORDED} Добрый день!"
    assert RECORDED not in greeting(shipped)


def test_a_company_may_see_to_it_itself():
    """Each notice can be switched off."""
    assert greeting("Алло!", assistant=False) == "Алло!"
    assert greeting("Алло!", recorded=True, assistant=False, recording=False) == "Алло!"
