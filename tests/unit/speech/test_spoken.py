"""Text in words: case, gender and reading of numbers, addresses, names; never slow or undone."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from halo_voice.core.speakable import is_plain
from halo_voice.speech import spoken as module
from halo_voice.speech.acronyms import ACRONYMS
from halo_voice.speech.nouns import PLACES, UNITS
from halo_voice.speech.shortened import _PLAIN, _TITLES, is_whole
from halo_voice.speech.spoken import READ_MAX, _written_out, by_the_rules, spoken
from halo_voice.speech.weekdays import DAYS
from tests.costs import cost_s, costs_less

HERE = Path(__file__).parent
GOLDEN_MIN = 500
RIGHT_SHARE = 0.97
RIGHT_SHARE_OF_A_CLASS = 0.92


def phrases(name: str) -> list[tuple[str, str, str]]:
    """(class, written, spoken) of every line of the file."""
    classes = tomllib.loads((HERE / name).read_text(encoding="utf-8"))
    return [(kind, *pair) for kind, lines in classes.items() for pair in lines.items()]


def judged(name: str) -> tuple[dict[str, float], float]:
    """The share of right answers in each class and overall; prints both and what is wrong."""
    total: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for kind, written, expected in phrases(name):
        total[kind] += 1
        said = spoken(written)
        if said != expected:
            wrong[kind] += 1
            print(f"[{kind}] {written}\n    said     {said}\n    expected {expected}")
    for kind, number in total.items():
        print(f"{kind:<14}{wrong[kind]:>3} of {number:>3} wrong, {wrong[kind] / number:.1%}")
    overall = 1 - wrong.total() / total.total()
    print(f"{name}: {wrong.total()} of {total.total()} wrong, {1 - overall:.1%}")
    return {kind: 1 - wrong[kind] / number for kind, number in total.items()}, overall


def test_golden_phrases_are_spoken_as_expected():
    """At least 97 % of the golden phrases, and 92 % of each class, are exactly right."""
    assert len(phrases("spoken_golden.toml")) >= GOLDEN_MIN
    shares, overall = judged("spoken_golden.toml")
    assert overall >= RIGHT_SHARE
    assert all(share >= RIGHT_SHARE_OF_A_CLASS for share in shares.values()), shares


def test_held_out_phrases_are_mostly_right():
    """Phrases that the rules were not made from: the rate that a user may expect."""
    _, overall = judged("spoken_held_out.toml")
    assert overall >= 0.85


@pytest.mark.parametrize("name", ["spoken_golden.toml", "spoken_held_out.toml"])
def test_what_is_in_words_stays(name):
    """Speaking the result again changes nothing."""
    for _, written, _ in phrases(name):
        said = spoken(written)
        assert spoken(said) == said


@given(st.text(max_size=300))
def test_hostile_text_is_spoken_without_digits(text):
    """Whatever comes, no ASCII digit is left to guess at, and the result is stable."""
    said = by_the_rules(text)
    assert not set(said) & set("0123456789%№")
    assert by_the_rules(said) == said


PIECES = st.sampled_from(
    [
        "5",
        "12",
        "1",
        "000",
        "2,5",
        "7:30",
        "05.05.2026",
        "мая",
        "₽",
        "%",
        "руб.",
        "тыс.",
        "кг",
        "кв.",
        "м",
        "№",
        "код",
        "заказ",
        "ул.",
        "д.",
        "с",
        "до",
        "к",
        "в",
        "от",
        "по",
        "и",
        "–",
        "-",
        "/",
        "+",
        "(",
        ")",
        ".",
        ",",
        "XIX",
        "век",
        "8(495)",
        "123-45-67",
        "-й",
        "-х",
        "А5",
        "iPhone",
        "г.",
        "часов",
        "минуты",
    ]
)


@given(st.lists(PIECES, max_size=14).map(" ".join), st.lists(PIECES, max_size=14).map("".join))
def test_pieces_in_any_order_leave_no_digit(spaced, tight):
    """However the pieces of numbers meet, all becomes words; between spaces once and for all."""
    for text in (spaced, tight):
        assert not set(by_the_rules(text)) & set("0123456789%№")
    said = by_the_rules(spaced)
    assert by_the_rules(said) == said


def test_small_words_keep_the_short_way():
    """No abbreviation of several words makes each phrase with one of these go through all rules."""
    small = "и а в на с к по за от до из у о для не что как это"
    assert [word for word in small.split() if not is_whole(word)] == []


def test_a_rule_that_fails_costs_no_answer(monkeypatch):
    """The text is said as it is, and the log has the fault."""

    def broken(text: str) -> str:
        raise KeyError(text)

    monkeypatch.setattr(module, "acronyms", broken)
    with capture_logs() as lines:
        assert spoken("Осталось 5 ламп.") == "Осталось 5 ламп."
    assert [(line["event"], line["fault"]) for line in lines] == [("spoken_failed", "KeyError")]


HOSTILE = ["7", "1 ", "5-", "1,", "№", "1/", "12:", "+7 ", "ул. ", "I", "a-", "1 000 ", "с 1 по ",
           "B-", "9.30 ", "кв. м ", "сб ", "5 мая ", "тел. 8 ", "%", "код ", "заказ № ",
           "e\u0301", "\u202e", "\U0001f600"]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_the_time_is_linear_and_bounded(piece):
    """Twice the text costs about twice the time; beyond what is read it costs the same."""

    def cost(length: int) -> float:
        text = piece * (length // len(piece))
        return cost_s(lambda: spoken(text), tries=3)

    assert costs_less(lambda: spoken(piece * (READ_MAX // len(piece))), 1.5)
    whole = cost(READ_MAX)
    assert whole < 8 * max(cost(READ_MAX // 2), 0.002)
    assert cost(1_000_000) < 8 * max(whole, 0.002)


def test_the_companys_own_words_win():
    """A word of the company is said its way, before the dictionary and with letter case kept."""
    words = {"HALO": "Хало", "Bosch": "Бошш"}
    assert spoken("Компания HALO и Bosch", words=words) == "Компания Хало и Бошш"
    assert spoken("HALOGEN", words=words) == "HALOGEN"


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        ("Yandex", "Нужен зам+ок?"),
        ("YandexV3", "Нужен зам+ок?"),
        ("VoxTTS", "Нужен замо\u0301к?"),
        ("SaluteSpeech", "Нужен замок?"),
        ("", "Нужен замок?"),
    ],
)
@pytest.mark.parametrize("written", ["замо\u0301к", "зам+ок"])
def test_stress_is_written_as_the_engine_wants_it(engine, said, written):
    """One dictionary, in either way of writing, for every engine."""
    assert spoken("Нужен замок?", engine=engine, words={"замок": written}) == said


def test_a_voice_that_speaks_russian_only_gets_no_latin():
    """VoxTTS has no Latin letters: unknown names are written as they look."""
    assert spoken("Салон Brand", engine="VoxTTS") == "Салон бранд"
    assert spoken("Салон Brand") == "Салон Brand"


SHORT = [*_PLAIN, *PLACES, *UNITS, *ACRONYMS, *_TITLES, *DAYS, "Х", "ХХ", "еще", "тел", "гг"]
WHOLE = ["Москва", "доставка", "веке", "Лесная", "в", "на", "и", "с", "до", "улица", "о", "дом"]


@given(
    st.lists(st.sampled_from([short.strip(" .") for short in SHORT] + WHOLE * 6), min_size=1),
    st.sampled_from([" ", " ", ", ", "-"]),
    st.sampled_from(["", ".", "?", ","]),
    st.booleans(),
)
def test_no_rule_misses_a_text(parts: list[str], gap: str, end: str, capital: bool) -> None:
    """What is taken for words alone would not be changed by any rule."""
    text = gap.join(parts).replace(".", "") + end
    text = text[0].upper() + text[1:] if capital else text
    if is_plain(text):
        assert spoken(text) == _written_out(text, "")


def test_no_rule_misses_a_golden_text() -> None:
    """They are said the same, whether or not they are taken for words alone."""
    texts = [text for _, *pair in phrases("spoken_golden.toml") for text in pair if is_plain(text)]
    assert len(texts) > GOLDEN_MIN / 2
    assert [spoken(text) for text in texts] == [_written_out(text, "") for text in texts]
