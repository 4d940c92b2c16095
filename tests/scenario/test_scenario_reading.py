"""Small pure pieces of the scenario that read foreign values."""

from __future__ import annotations

import pytest

from tests.scenario.table import Table


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        ("0.95", None, 0.95),
        ("95", 100, 0.95),
        ("90", None, 0.9),
        ("0.9", 100, 0.9),
        ("0", 100, 0),
        ("undefined", 100, 0),
        ("'x'", None, 0),
        ("250", 100, 1),
        ("-1", None, 0),
        ("1", 100, 0.01),
        ("1", None, 1),
    ],
)
def test_confidence_is_normalised(value, scale, expected):
    """F09, F10: both scales, clamped; nothing is 0."""
    scale = "null" if scale is None else scale
    assert Table().evaluate(f"normalise({value}, {scale})") == expected


def test_a_strange_profile_leaves_the_defaults():
    """F32: values of a wrong type, blank texts and empty lists do not get through."""
    table = Table()
    merged = table.evaluate(
        'merge(DEFAULTS, {texts: {greeting: "", filler: 5, reprompts: []}, limits: "many", '
        'voice: null, asr: {interim: "yes", phrase_hints: ["да"]}, extra: 1})'
    )
    defaults = table.evaluate("DEFAULTS")
    assert merged["texts"] == defaults["texts"]
    assert merged["limits"] == defaults["limits"]
    assert merged["voice"] == defaults["voice"]
    assert merged["asr"]["interim"] is True
    assert merged["asr"]["phrase_hints"] == ["да"]
    assert "extra" not in merged


def test_long_text_is_cut_at_a_sentence():
    """F22: never over the limit, at a sentence end where there is one."""
    table = Table()
    cut = table.evaluate('speakable("Первое предложение. ".repeat(40), 400)')
    assert len(cut) <= 400
    assert cut.endswith("предложение.")
    assert len(table.evaluate('speakable("а".repeat(5000), 400)')) == 400


def test_markup_and_control_characters_are_not_spoken():
    """F23."""
    assert (
        Table().evaluate(r'speakable(" <speak>\u0000да &\n нет</speak> ", 400)')
        == "speak да нет /speak"
    )
    written = r"# Доставка\n**Курьер** \u202eпривезёт; [цены](https://halo.ru/a) на www.halo.ru"
    assert Table().evaluate(f'speakable("{written}", 400)') == "Доставка Курьер привезёт; цены на"


def test_the_body_is_ascii():
    """The signed bytes must be the same in every encoding."""
    text = Table().evaluate('ascii(JSON.stringify({t: "ё😀~"}))')
    assert text.isascii()
    assert "\\u0451\\ud83d\\ude00~" in text


@pytest.mark.parametrize(
    ("told", "ms"), [("2", 2_000), ("0.5", 500), ("4200", 4_200), ("0", 30_000), ("'x'", 30_000)]
)
def test_durations_come_in_seconds_or_milliseconds(told, ms):
    """F19: of one that is not known the longest is waited for."""
    assert Table().evaluate(f"inMilliseconds({told}, 0)") == ms


def test_a_duration_that_is_missing_is_told_from_the_text():
    """F19: a phrase whose end is not told either is waited for as long as it may take."""
    assert Table().evaluate('inMilliseconds(undefined, "Секунду, пожалуйста.".length)') == 2_400


def test_values_of_a_profile_that_are_none_leave_the_defaults():
    """F32: nothing where a section should be, other things than texts where texts should be."""
    table = Table()
    merged = table.evaluate('merge(DEFAULTS, {limits: null, texts: {reprompts: ["да", 5]}})')
    assert merged["limits"] == table.evaluate("DEFAULTS.limits")
    assert merged["texts"]["reprompts"] == table.evaluate("DEFAULTS.texts.reprompts")


def test_a_name_that_the_platform_has_not_got_is_none():
    """Nor any name, where the platform has not even the list."""
    table = Table()
    assert table.evaluate('lookup({Google: {ru_RU: 1}}, "Google.ru_RU")') == 1
    for listed in ("undefined", "{}", "{Google: {}}"):
        assert table.evaluate(f'lookup({listed}, "Google.ru_RU") === undefined')


@pytest.mark.parametrize(
    ("strange", "ring_ms"),
    [
        ("message: 5, ring_ms: 1e9, detect_ms: -1", 60_000),
        ('ring_ms: "soon", detect_ms: null', 30_000),
    ],
)
def test_strange_values_of_an_order_do_no_harm(strange, ring_ms):
    """F32: no message, no detector, a telephone that rings no longer than the platform lets it."""
    read = Table().evaluate(f'readDial({{to: "7916", caller_id: "7495", {strange}}})')
    assert read["message"] == ""
    assert read["detect_ms"] == 0
    assert read["ring_ms"] == ring_ms


@pytest.mark.parametrize(
    ("given", "wait_ms"), [("1e9", 600_000), ('"soon"', 0), ("null", 0), ("60000", 60_000)]
)
def test_strange_waits_do_no_harm(given, wait_ms):
    """F32: a queue is waited in for ten minutes at most, and not at all where nobody says."""
    to = f'{{kind: "queue", address: "support", wait_ms: {given}}}'
    text = f"JSON.stringify({{to: {to}, brief: 5}})"
    read = Table().evaluate(f"readDestination(1, {{code: 200, text: {text}}})")
    assert read["to"]["wait_ms"] == wait_ms
    assert (read["refused"], read["brief"]) == ("", "")


@pytest.mark.parametrize(
    ("code", "text", "confirmed"),
    [
        (200, '{"call_id":"c-1","profile":{}}', True),
        (200, '{"call_id":"c-2","profile":{}}', False),
        (200, "<html>", False),
        (500, '{"call_id":"c-1","profile":{}}', False),
    ],
)
def test_a_first_answer_that_is_not_of_this_call_is_none(code, text, confirmed):
    """F32, F62: the call is told again with its first turn, and hears it if it is refused."""
    table = Table()
    read = f"readProfile({{ id: 'c-1' }}, {{ code: {code}, text: '{text}' }})"
    assert table.evaluate(read)["confirmed"] is confirmed


def test_a_length_is_whole_milliseconds():
    """The wire takes nothing else: 2.015 s are no 2015.0000000000002 ms."""
    assert Table().evaluate("inMilliseconds(2.015, 10)") == 2015


def test_a_longer_turn_is_given_to_the_backend():
    """A second less than the scenario waits, whatever the profile says."""
    assert Table().evaluate("deadlineOf({ ms: 15000 })") == 14_000
    assert Table().evaluate("deadlineOf({ ms: 900 })") == 200


@pytest.mark.parametrize(
    ("profile", "request_"),
    [
        ("Yandex.ru_RU", {"specification": {"rawResults": True}}),
        ("YandexV3.ru_RU", None),
        ("Google.ru_RU", None),
    ],
)
def test_a_recogniser_tells_numbers_in_one_way(profile, request_):
    """Yandex tells them in words before the end, and in figures then, unless it is asked not to."""
    table = Table(asr__profile=profile)
    table.run(
        "var given, ASRModelList = {}, ASREvents = {}, ASRProfileList = { Yandex: { ru_RU: 1 },"
        " YandexV3: { ru_RU: 2 }, Google: { ru_RU: 3 } };"
        "VoxEngine.createASR = (wish) => { given = wish; return { addEventListener: nothing }; };"
        "createEars({ state });"
    )
    assert table.evaluate("given.request || null") == request_
