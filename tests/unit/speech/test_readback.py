"""What callers say, as values with words to read back; None whenever it is not certain."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.speech.readback import day, quantity, telephone, time_of_day
from halo_voice.speech.spoken import spoken

TODAY = date(2026, 11, 22)  # a Sunday

PHONES = {
    "восемь девятьсот шестнадцать сто двадцать три сорок пять шестьдесят семь": "+79161234567",
    "плюс семь девятьсот шестнадцать сто двадцать три сорок пять шестьдесят семь": "+79161234567",
    "мой номер восемь девять один шесть один два три четыре пять шесть семь": "+79161234567",
    "девятьсот шестнадцать сто двадцать три сорок пять шестьдесят семь": "+79161234567",
    "8 916 сто двадцать три 45-67": "+79161234567",
    "8 (916) 123-45-67": "+79161234567",
    "+7 916 123 45 67": "+79161234567",
    "восемь восемьсот пятьсот пятьдесят пять тридцать пять тридцать пять": "+78005553535",
    "восемь девятьсот три ноль ноль семь ноль восемь ноль девять": "+79030070809",
    "восемь девятьсот пять два нуля семь десять двадцать": "+79050071020",
    "восемь девятьсот пять три девятки десять двадцать": "+79059991020",
    "восемь четыреста девяносто пять сто сорок сорок": "",
    "записывайте, восемь, девятьсот двадцать, триста, двадцать, тридцать": "+79203002030",
    "сто двадцать три сорок пять шестьдесят семь": "",
    "восемь девятьсот шестнадцать сто двадцать три сорок пять": "",
    "восемь девятьсот шестнадцать сто двадцать три сорок пять шестьдесят семь восемь": "",
    "нет, не семь, а восемь": "",
    "плюс восемь девятьсот шестнадцать сто двадцать три сорок пять шестьдесят семь": "",
    "двести двадцать рублей": "",
    "": "",
}
DAYS = {
    "сегодня": date(2026, 11, 22),
    "на завтра": date(2026, 11, 23),
    "послезавтра": date(2026, 11, 24),
    "пятого мая": date(2027, 5, 5),
    "на пятое мая": date(2027, 5, 5),
    "5 мая": date(2027, 5, 5),
    "двадцать пятого декабря": date(2026, 12, 25),
    "тридцать первого декабря": date(2026, 12, 31),
    "двадцать второго ноября": date(2026, 11, 22),
    "к двадцать третьему ноября": date(2026, 11, 23),
    "пятое мая две тысячи двадцать восьмого года": date(2028, 5, 5),
    "5 мая 2028 года": date(2028, 5, 5),
    "давайте двадцать пятого числа": date(2026, 11, 25),
    "пятого числа": date(2026, 12, 5),
    "в пятницу": date(2026, 11, 27),
    "на среду пожалуйста": date(2026, 11, 25),
    "через два дня": date(2026, 11, 24),
    "через неделю": date(2026, 11, 29),
    "через две недели": date(2026, 12, 6),
    "в воскресенье": None,
    "тридцать первого июня": None,
    "тридцать второго мая": None,
    "двадцать девятого февраля": None,
    "мая": None,
    "пятого или шестого мая": None,
    "в следующую пятницу": None,
    "вчера": None,
    "когда-нибудь": None,
    "": None,
}
TIMES = {
    "в половине шестого": time(17, 30),
    "в половине шестого утра": time(5, 30),
    "полшестого": time(17, 30),
    "в пол десятого": time(9, 30),
    "в половине первого": time(12, 30),
    "в девять тридцать вечера": time(21, 30),
    "в девять тридцать": time(9, 30),
    "в девять": time(9, 0),
    "в девять часов": time(9, 0),
    "в девять вечера": time(21, 0),
    "в пять": time(17, 0),
    "в пять утра": time(5, 0),
    "в час": time(13, 0),
    "в час дня": time(13, 0),
    "в два часа дня": time(14, 0),
    "в два часа ночи": time(2, 0),
    "в двенадцать ночи": time(0, 0),
    "в двенадцать дня": time(12, 0),
    "в полдень": time(12, 0),
    "в полночь": time(0, 0),
    "в пятнадцать тридцать": time(15, 30),
    "в двадцать один сорок пять": time(21, 45),
    "в двадцать тридцать": time(20, 30),
    "в двадцать один час": time(21, 0),
    "двадцать два ноль ноль": time(22, 0),
    "в девять ноль пять": time(9, 5),
    "в девять часов пять минут": time(9, 5),
    "без пятнадцати шесть": time(17, 45),
    "без четверти час": time(12, 45),
    "без десяти минут девять": time(8, 50),
    "четверть шестого": time(17, 15),
    "пятнадцать минут десятого": time(9, 15),
    "в 9:30": time(9, 30),
    "15 30": time(15, 30),
    "в двадцать пять": None,
    "в девять шестьдесят": None,
    "в десять утра или в одиннадцать": None,
    "после девяти": None,
    "пятнадцать вечера": None,
    "как можно раньше": None,
    "": None,
}
QUANTITIES = {
    "два с половиной килограмма": ("2.5", "два с половиной килограмма"),
    "двести пятьдесят": ("250", "двести пятьдесят"),
    "двести пятьдесят рублей": ("250", "двести пятьдесят рублей"),
    "полтора литра": ("1.5", "полтора литра"),
    "полторы тонны": ("1.5", "полторы тонны"),
    "две штуки": ("2", "две штуки"),
    "одну лампу": ("1", "одну лампу"),
    "мне нужно три люстры": ("3", "три люстры"),
    "тысяча двести": ("1200", "тысяча двести"),
    "две тысячи пятьсот рублей": ("2500", "две тысячи пятьсот рублей"),
    "миллион двести тысяч": ("1200000", "один миллион двести тысяч"),
    "двадцать один": ("21", "двадцать один"),
    "2,5 кг": ("2.5", "два с половиной кг"),
    "15 штук": ("15", "пятнадцать штук"),
    "полкило": ("0.5", "полкило"),
    "десяток": ("10", "десять"),
    "пять шесть штук": None,
    "двадцать тридцать": None,
    "много": None,
    "три люстры и две лампы": None,
    "": None,
}


@pytest.mark.parametrize("said", PHONES)
def test_a_dictated_telephone(said):
    """All of a Russian number with its area, or nothing."""
    found = telephone(said)
    assert (found.value if found else "") == PHONES[said]


@given(st.from_regex(r"[3489][0-9]{9}", fullmatch=True))
def test_a_telephone_that_is_read_back_is_understood_again(digits):
    """What we say, a caller may repeat: the value stays the same."""
    found = telephone("+7" + digits)
    assert found is not None
    assert found.value == "+7" + digits
    assert telephone(found.text) == found
    assert found.text == spoken("+7" + digits)


@pytest.mark.parametrize("said", DAYS)
def test_a_day(said):
    """A day that exists and is not past, or nothing."""
    found = day(said, TODAY)
    assert (found.value if found else None) == DAYS[said]


def test_a_day_is_read_back_with_its_weekday():
    """The weekday lets the caller notice a mistake; another year is said."""
    assert day("послезавтра", TODAY).text == "вторник, двадцать четвёртое ноября"
    words = "среда, пятое мая две тысячи двадцать седьмого года"
    assert day("пятого мая", TODAY).text == words


@pytest.mark.parametrize("said", TIMES)
def test_a_time(said):
    """A time of the day, or nothing."""
    found = time_of_day(said)
    assert (found.value if found else None) == TIMES[said]


def test_a_time_is_read_back_on_the_clock():
    """The read-back leaves no doubt about morning and evening."""
    assert time_of_day("в половине шестого").text == "семнадцать тридцать"
    assert time_of_day("в девять вечера").text == "двадцать один час"


@given(st.times())
def test_a_time_that_is_read_back_is_understood_again(moment):
    """Every minute of the day, said on the clock, comes back."""
    said = spoken(f"{moment.hour}:{moment.minute:02d}")
    found = time_of_day(said, earliest_hour=0)
    assert found is not None
    assert (found.value.hour, found.value.minute) == (moment.hour, moment.minute)


@pytest.mark.parametrize("said", QUANTITIES)
def test_a_quantity(said):
    """A number with at most one word for what is counted, or nothing."""
    found = quantity(said)
    expected = QUANTITIES[said]
    assert (found and (str(found.value), found.text)) == expected


@given(st.integers(1, 999_999))
def test_every_number_in_words_is_understood(number):
    """What `spoken` says is heard as the same number."""
    found = quantity(spoken(str(number)) if number < 1000 else spoken(f"{number} рублей"))
    assert found is not None
    assert found.value == Decimal(number)


@given(st.text(max_size=200))
def test_no_utterance_breaks_it(text):
    """Hostile text is answered with a value or None, never with an exception."""
    telephone(text)
    day(text, TODAY)
    time_of_day(text)
    quantity(text)
