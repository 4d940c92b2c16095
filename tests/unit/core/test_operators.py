"""Who asks for a person, who is there, and which number is nobody's to know."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from halo_voice.core.hours import Hours
from halo_voice.core.operators import Operator, chosen, wanted

NAMES = ("отдел продаж", "мастерская", "бухгалтерия")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("соедините с оператором", ""),
        ("Переключите меня на человека, пожалуйста!", ""),
        ("позовите оператора", ""),
        ("оператор", ""),
        ("Оператора, пожалуйста", ""),
        ("хочу поговорить с живым человеком", ""),
        ("мне нужен оператор", ""),
        ("свяжите меня с менеджером", ""),
        ("соедините с отделом продаж", "отдел продаж"),
        ("переведите меня на мастерскую", "мастерская"),
        ("можно поговорить с бухгалтерией", "бухгалтерия"),
        ("Я не хочу говорить с роботом, соедините с оператором!", ""),
        ("не с роботом, а с живым человеком хочу поговорить", ""),
        ("вы меня не понимаете позовите человека", ""),
        ("ничего не понял, переключите на отдел продаж", "отдел продаж"),
        ("вы не можете соединить меня с оператором", ""),
        ("переключите на живого", ""),
        ("дайте мне человека", ""),
    ],
)
def test_who_asks_for_a_person_gets_one(said, name):
    """By a name of the profile where one is said, in whatever case."""
    assert wanted(said, NAMES) == name


@pytest.mark.parametrize(
    "said",
    [
        "",
        "сколько стоит доставка",
        "не надо оператора",
        "не соединяйте меня ни с кем",
        "не просил соединять с оператором",
        "соедините не с мастерской, а с отделом продаж",
        "оператор не отвечает",
        "дайте два места на четыре человека",
        "оператор мне не нужен",
        "почему меня не соединили с оператором",
        "хотел узнать, почему оператор не перезвонил",
        "не хочу говорить с роботом",
        "машина не приехала, позовите",
        "какой у вас оператор связи",
        "а мастерская где находится",
        "переведите на английский",
        "я говорил с оператором вчера и он обещал что курьер приедет утром а его всё нет и нет",
        "можно оплатить картой",
        "человек восемь нас будет",
    ],
)
def test_whoever_does_not_is_answered(said):
    """A wish that is missed is the model's to see; a question must not end in a ringing tone."""
    assert wanted(said, NAMES) is None


def test_the_hours_of_a_destination_hold():
    """Its own, else the company's; through midnight; always, where nothing is told."""
    company = Hours(3.0, ("9:00–21:00",) * 5 + ("", ""))
    night = Operator("1", hours=Hours(3.0, ("22:00–6:00",) + ("",) * 6))
    day = Operator("2")
    people = {"ночью": night, "днём": day}
    monday_noon = datetime(2026, 11, 30, 9, tzinfo=UTC)  # 12:00 in Moscow
    tuesday_night = datetime(2026, 12, 1, 2, tzinfo=UTC)  # 5:00
    sunday = datetime(2026, 11, 29, 9, tzinfo=UTC)
    assert chosen(people, "", company, monday_noon) == ("днём", day)
    assert chosen(people, "ночью", company, monday_noon) is None
    assert chosen(people, "", company, tuesday_night) == ("ночью", night)
    assert chosen(people, "", company, sunday) is None
    assert chosen(people, "днём", Hours(), sunday) == ("днём", day)
