"""The profile as the scenario gets it."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from halo_voice.core.profile import (
    SPOKEN_CHARS_MAX,
    Asr,
    Limits,
    Profile,
    Texts,
    Voice,
    number_digits,
)

HTTP_PAGE = Path(__file__).parents[3] / "docs" / "http.md"


def documented() -> dict:
    """The example of the wire's `profile` in docs/http.md."""
    blocks = re.findall(r"```json\n(.*?)```", HTTP_PAGE.read_text("utf-8"), re.DOTALL)
    return next(block for block in map(json.loads, blocks) if "asr" in block)


def keys(value: object) -> object:
    return {k: keys(v) for k, v in value.items()} if isinstance(value, dict) else None


def test_for_scenario_is_what_the_documentation_says():
    """Every key of docs/http.md is there, no other, and the documented limits are the defaults."""
    told = Profile(audio={"apology": "https://a.example/a.mp3", "goodbye": "https://a.example/b"})

    assert keys(told.for_scenario()) == keys(documented())
    assert told.for_scenario()["limits"] == documented()["limits"]
    assert json.loads(json.dumps(told.for_scenario())) == told.for_scenario()


def test_the_greeting_is_the_one_of_the_first_description():
    """The built-in greeting and persona are the first description's, letter by letter."""
    halo = Profile()

    assert halo.texts.greeting == (
        "Здравствуйте! Я голосовой ассистент компании HALO. Чем могу помочь?"
    )
    assert halo.persona == "Вы - вежливый голосовой ассистент компании HALO."


def test_every_default_text_can_be_spoken():
    """No text is empty, over the limit, or the same as another one."""
    spoken = [
        text
        for field in fields(Texts)
        for value in (getattr(Profile().texts, field.name),)
        for text in ([value] if isinstance(value, str) else value)
    ]

    assert all(1 <= len(text) <= SPOKEN_CHARS_MAX and "{" not in text for text in spoken)
    assert len(set(spoken)) == len(spoken)


def test_every_default_limit_is_within_its_range():
    """The ranges allow the defaults."""
    for field in fields(Limits):
        low, high = field.metadata["range"]
        assert low <= field.default <= high, field.name


def test_the_company_is_named_in_every_text():
    """Another company's assistant never calls itself HALO."""
    other = Profile(company="Ромашка")

    assert "Ромашка" in other.texts.greeting
    assert "HALO" not in json.dumps([*map(str, (other.texts, other.persona))], ensure_ascii=False)


def test_a_recogniser_of_unknown_scale_sends_none():
    """Only Google's scale is known; the wire says null for the others."""
    deepgram = Profile(asr=Asr("deepgram", model="nova3_general", single_utterance=False))

    assert deepgram.for_scenario()["asr"] == {
        "profile": "Deepgram.ru",
        "model": "Deepgram.nova3_general",
        "interim": True,
        "single_utterance": False,
        "confidence_scale": 0,
        "phrase_hints": [],
    }


def test_a_voice_is_progressive_where_its_vendor_can():
    """The voice alone decides when the profile does not."""
    assert Voice.of("Yandex.Neural.ru_RU_jane").progressive
    assert not Voice.of("YandexV3.ru_RU_dasha").progressive


@pytest.mark.parametrize(
    "number",
    ["+7 495 123-45-67", "8 (495) 123-45-67", "74951234567", "sip:84951234567@example.org"],
)
def test_spellings_of_a_number_agree(number):
    """+7 and 8, spaces and SIP addresses are one number."""
    assert number_digits(number) == "74951234567"


def test_numbers_that_differ_stay_different():
    """Short and foreign numbers keep their first 8; a name has no digits."""
    assert number_digits("8800") == "8800"
    assert number_digits("+81312345678") == "81312345678"
    assert number_digits("halo") == ""
