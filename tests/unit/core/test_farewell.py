"""A goodbye ends the call; what only sounds like one does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.core.farewell import says_goodbye
from tests.costs import costs_less

GOODBYES = """
До свидания
до свидания!
До свиданья.
досвидания
Всё, до свидания.
Спасибо, до свидания
До свидания, спасибо большое
Спасибо большое за помощь, всего доброго!
Хорошо, я понял, спасибо, всего доброго
Ладно, тогда до свидания
Всего хорошего
И вам всего хорошего
Всего вам доброго
Всего самого доброго, до свидания
Прощайте
Пока
Ну пока
Пока-пока
Всё, пока
Ладно, пока
Спасибо, пока!
Понятно, спасибо, пока
До завтра
Спасибо, до встречи
До скорого
Счастливо
Хорошего дня
Спасибо, и вам хорошего дня
Хороших выходных!
Спокойной ночи
Больше вопросов нет
Вопросов больше нет, спасибо
У меня больше нет вопросов
Нет, больше вопросов нет
Нет вопросов
Больше ничего не нужно
Нет, спасибо, больше ничего не надо
Больше ничего, спасибо
Мне больше ничего не нужно, спасибо
Спасибо, это всё
Спасибо, это всё!
Нет, это всё
Да, это всё, спасибо
Это всё, что я хотел узнать
Это всё, что я хотела узнать, спасибо
На этом всё
У меня всё
Всё, спасибо
Спасибо, всё
Пока всё, спасибо
Это пока всё
На сегодня всё, спасибо
Кладу трубку
Давайте прощаться
Я перезвоню завтра, до свидания
я подумаю и перезвоню до свидания
Запишите меня на пятницу. До свидания.
Спасибо что помогли до свидания
Ничего не надо, до свидания
я не буду ждать до свидания
мне всё понятно спасибо вам большое всего доброго
Желаю вам всего хорошего
Извините, ошибся номером
Ой, простите, я, кажется, не туда попала
"""

OTHERS = """

Здравствуйте
Да
Нет
Спасибо
Спасибо большое
Нет, спасибо
Хорошо, спасибо
Всё понятно, спасибо
Всё хорошо
Всё
Это всё
Это всё?
Пока не знаю
Пока нет
Нет, пока
Да, пока
Нет пока
Пока да
Пока всё понятно
Пока всё хорошо
Пока думаю
Пока я ехал, магазин закрылся
Подождите, пока я запишу
Пока что нет
Пока не надо
Спасибо, пока не нужно
А до свидания говорить обязательно?
До свидания говорить обязательно
Как по-английски до свидания
Скажите как по-китайски до свидания
Надо ли говорить до свидания
Мне даже не сказали до свидания
Оператор бросил трубку без до свидания
До свидания?
Вы сказали до свидания
Курьер сказал всего доброго
Успеете до завтра
Успеете доставить до завтра?
Сколько осталось до встречи
До встречи два часа, где курьер
Вопросов нет, но есть жалоба
Больше ничего не понял
Больше ничего нет в наличии
Больше ничего нет
У меня всё сломалось
У меня всё ещё нет заказа
На этом всё и закончилось
Это всё стоит сколько
Это всё понятно, а доставка
Всего сколько
Всего хорошего понемногу у вас есть?
Сколько всего
Хорошего дня для доставки не нашлось
Удачного дня для визита
Спасибо, всё понятно, а где вы находитесь
Прощайте долги или нет
До свидания сказали и трубку положили
Не прощаюсь, ещё вопрос
Кладу трубку в карман и не слышу
Вешаю трубку на стену, какой крепёж взять
Счастливо женат, хочу скидку
Чао это ваш магазин на Ленина
Я ошибся номером заказа
Курьер ошибся номером
Извините
"""


@pytest.mark.parametrize("text", [line for line in GOODBYES.splitlines() if line])
def test_hears_a_goodbye(text):
    """Goodbyes with and without thanks, punctuation and capitals, as recognisers write them."""
    assert says_goodbye(text)
    assert says_goodbye(text.upper())
    assert says_goodbye(text.replace(",", "").replace(".", "").replace("!", "").replace("-", " "))


@pytest.mark.parametrize("text", OTHERS.splitlines()[1:])
def test_does_not_end_a_call_too_early(text):
    """Questions, conditions, talk about goodbyes and plain answers keep the call."""
    assert not says_goodbye(text)
    assert not says_goodbye(text.upper())


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("Больше ничего", "Добавил пиццу. Что ещё положить в заказ?"),
        ("Это всё, спасибо", "Какие ещё товары отложить?"),
        ("У меня всё", "Вы всё взяли с собой?"),
        ("Нет, больше ничего не нужно", "Нужны приборы и салфетки?"),
        ("До завтра", "До какого дня отложить товар?"),
        ("Нет вопросов", "Оформляем?"),
    ],
)
def test_who_answers_a_question_does_not_end_the_call(text, reply):
    """Nobody is hung up on amid an order; the model sees what is meant."""
    assert says_goodbye(text)
    assert not says_goodbye(text, reply)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("Больше ничего", "Чем ещё могу помочь?"),
        ("Нет, это всё", "Доставка стоит триста рублей. Остались вопросы?"),
        ("Больше ничего не надо, спасибо", "Подсказать что-нибудь ещё?"),
        ("У меня всё", "Записал вас на завтра."),
        ("До завтра", "Ждём вас завтра в десять."),
        ("Больше ничего, до свидания", "Что ещё положить в заказ?"),
        ("Всё, пока", "Хотите, я запишу вас?"),
    ],
)
def test_a_goodbye_after_an_offer_or_in_so_many_words_ends_it(text, reply):
    """Whoever is asked whether anything else is wanted, and wants nothing, has ended the call."""
    assert says_goodbye(text, reply)


def test_the_tables_are_large_enough():
    """Both ways are held by at least sixty phrases."""
    assert len(set(GOODBYES.split("\n"))) > 60
    assert len(set(OTHERS.split("\n"))) > 60


@given(st.text(max_size=60))
def test_hears_a_final_goodbye_after_anything_neutral(text):
    """Any text can be judged, and a question never is a goodbye."""
    assert says_goodbye(text) in (True, False)
    assert not says_goodbye(text + "?")


@pytest.mark.parametrize("word", ["пока ", "все ", "спасибо ", "до свидания ", "я "])
def test_a_flood_of_words_takes_no_time(word):
    """Only the end of a long text is looked at closely."""
    assert costs_less(lambda: says_goodbye(word * 3000), 0.3)
