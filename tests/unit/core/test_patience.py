"""Who dictates has time, who has said all has not: tables of replies and of texts so far."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.core.patience import ADDRESS_MS, DICTATED_MS, UNFINISHED_MS, patience_ms
from halo_voice.core.profile import Limits, Texts

NUMBER, PLACE, GOES_ON, NONE = DICTATED_MS, ADDRESS_MS, UNFINISHED_MS, 0

REPLIES = [
    ("Назовите номер заказа.", NUMBER),
    ("Назовите, пожалуйста, номер вашего заказа.", NUMBER),
    ("Хорошо. Продиктуйте ваш телефон.", NUMBER),
    ("Подскажите номер телефона для связи?", NUMBER),
    ("Какой у вас номер телефона?", NUMBER),
    ("Назовите номер заказа. Он из шести цифр.", NUMBER),
    ("Продиктуйте, пожалуйста, адрес электронной почты.", NUMBER),
    ("Скажите последние четыре цифры карты.", NUMBER),
    ("Назовите почтовый индекс.", NUMBER),
    ("Продиктуйте адрес доставки.", PLACE),
    ("По какому адресу доставить?", PLACE),
    ("В какой город доставить?", PLACE),
    ("Как вас зовут?", PLACE),
    ("Как я могу к вам обращаться? Скажите ваше имя.", PLACE),
    ("Как к вам обращаться?", PLACE),
    ("Назовите вашу фамилию, имя и отчество.", PLACE),
    ("На какую дату вас записать?", PLACE),
    ("Назовите дату рождения.", PLACE),
    ("Чем ещё могу помочь?", NONE),
    ("Ваш номер заказа записан. Чем ещё могу помочь?", NONE),
    ("Номер нашего телефона восемь восемьсот.", NONE),
    ("Наш адрес улица Лесная, дом пять.", NONE),
    ("Хотите, я продиктую номер телефона?", NONE),
    ("Назвать вам адрес магазина?", NONE),
    ("Скажите, этот номер верный?", NONE),
    ("Назовите номер заказа. Или вам удобнее завтра?", NONE),
    ("Доставка есть. Что вас интересует?", NONE),
    ("", NONE),
]

NO = "Чем ещё могу помочь?"
ORDER = "Назовите номер заказа."
PHONE = "Продиктуйте номер телефона."
ADDRESS = "Продиктуйте адрес доставки."
NAME = "Как вас зовут?"
HEARD = [
    (ORDER, "сто двадцать", NUMBER),
    (ORDER, "12", NUMBER),
    (ORDER, "номер заказа", NUMBER),
    (ORDER, "сейчас", NUMBER),
    (ORDER, "секундочку", NUMBER),
    (ORDER, "мой номер", NUMBER),
    (ORDER, "не знаю", NONE),
    (ORDER, "а зачем вам это", NONE),
    (ORDER, "у меня нет номера заказа", NONE),
    (ORDER, "сто двадцать это люстра", NONE),
    (PHONE, "восемь девятьсот шестнадцать", NUMBER),
    (PHONE, "8 916 123", NUMBER),
    (PHONE, "плюс семь", NUMBER),
    (PHONE, "8 916 123 45 6", NUMBER),
    (PHONE, "8 916 123-45-67", NONE),
    (PHONE, "+7 (916) 123-45-67", NONE),
    (PHONE, "916 123 45 67", NONE),
    (PHONE, "мой номер 89161234567", NONE),
    (PHONE, "восемь девятьсот шестнадцать сто двадцать три сорок пять шестьдесят семь", NONE),
    (PHONE, "восемь девятьсот шестнадцать сто двадцать три сорок пять", NUMBER),
    (ADDRESS, "улица", PLACE),
    (ADDRESS, "улица Лесная", PLACE),
    (ADDRESS, "улица Лесная дом", PLACE),
    (ADDRESS, "улица Лесная дом пять", PLACE),
    (ADDRESS, "улица Лесная дом пять квартира двадцать", NONE),
    (ADDRESS, "Лесная", PLACE),
    (ADDRESS, "нет, самовывоз", NONE),
    (NAME, "Иванов", PLACE),
    (NAME, "меня зовут", PLACE),
    (NAME, "не скажу", NONE),
    (NO, "Сколько стоит доставка", NONE),
    (NO, "да", NONE),
    (NO, "нет", NONE),
    (NO, "мне нужно пять", GOES_ON),
    (NO, "номер заказа пять пять семь", NUMBER),
    (NO, "мой заказ 123456", NUMBER),
    (NO, "я хочу", GOES_ON),
    (NO, "мой номер", GOES_ON),
    (NO, "доставку и", GOES_ON),
    (NO, "не приехали потому что", GOES_ON),
    (NO, "а ещё", GOES_ON),
    (NO, "люстру или", GOES_ON),
    (NO, "можно ли забрать из", GOES_ON),
    (NO, "меня зовут", GOES_ON),
    (NO, "подождите", GOES_ON),
    (NO, "живу на улице Лесной", PLACE),
    (NO, "какая у вас улица", NONE),
    (NO, "на какой улице магазин", NONE),
    (NO, "и что", NONE),
    (NO, "что", NONE),
    (NO, "а", NONE),
    (NO, "и так", NONE),
    (NO, "вы работаете ещё", NONE),
    (NO, "почта иван собака", NUMBER),
    (NO, "а б в", NUMBER),
    (NO, "спасибо до свидания", NONE),
]


@pytest.mark.parametrize(("reply", "ms"), REPLIES)
def test_who_is_asked_for_a_number_or_an_address_has_time(reply, ms):
    """Only what the last sentences ask for counts, not what they tell."""
    assert patience_ms(reply) == ms


@pytest.mark.parametrize(("reply", "heard", "ms"), HEARD)
def test_what_was_said_so_far_tells_whether_more_comes(reply, heard, ms):
    """Digits and open ends wait; a whole telephone, a refusal and a question do not."""
    assert patience_ms(reply, heard) == ms


@pytest.mark.parametrize(
    "name", ["greeting", "unknown", "noted", "hello", "offer", "thanks", "go_on"]
)
def test_the_assistants_usual_words_ask_for_no_patience(name):
    """An ordinary turn is not made longer."""
    assert patience_ms(getattr(Texts(), name)) == 0


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_gives_one_of_four(reply, heard):
    """Bounded, whatever was recognised; and longer than the usual wait, or it would be none."""
    assert patience_ms(reply, heard) in (NONE, GOES_ON, PLACE, NUMBER)
    assert Limits().close_ms < GOES_ON < PLACE < NUMBER
