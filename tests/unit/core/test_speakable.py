"""What may be spoken: markup, links and invisible characters never, whole sentences if they fit."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.core.speakable import sentences, speakable
from tests.costs import costs_less

SPOKEN = [
    # markdown
    ("**Привет!** Мы работаем с *9:00* до 21:00.", "Привет! Мы работаем с 9:00 до 21:00."),
    ("__Важно:__ _завтра_ выходной", "Важно: завтра выходной"),
    ("~~Вчера~~ `сегодня`", "Вчера сегодня"),
    ("# Часы\n- Пн–Пт: 9–18\n- Сб: 10–16\n\nЖдём вас!", "Часы. Пн-Пт: 9-18. Сб: 10-16. Ждём вас!"),
    ("У нас есть:\n1. Доставка\n2. Самовывоз", "У нас есть: Доставка. Самовывоз"),
    ("* один;\n* два.\n", "один; два."),
    ("- [ ] дело\n- [x] сделано", "дело. сделано"),
    ("**Адрес:**ул. Ленина", "Адрес: ул. Ленина"),
    ("> цитата\n>> ещё", "цитата. ещё"),
    ("HALO — это\nлучший сервис", "HALO — это лучший сервис"),
    ("Первое\n\nВторое", "Первое. Второе"),
    ("```py\nprint(1)\n```\nГотово.", "Готово."),
    ("Вот так:\n```\nнезакрыто", "Вот так:"),
    ("| Товар | Цена |\n|---|---:|\n| Чай | 100 ₽ |", "Товар, Цена. Чай, 100 ₽"),
    ("Да\n---\nНет", "Да. Нет"),
    ("1️⃣ Доставка 2️⃣ Самовывоз", "Доставка Самовывоз"),
    # keys of a telephone
    ("Нажмите 1 или #", "Нажмите 1 или решётку"),
    ("Нажмите * или #.", "Нажмите звёздочку или решётку."),
    ("Введите номер и нажмите «#».", "Введите номер и нажмите решётку."),
    ("Позвоните на *123#", "Позвоните на звёздочка 123 решётка"),
    ("Нажмите *1* для **связи**", "Нажмите 1 для связи"),
    ("# Кнопки\n* Нажмите 1", "Кнопки. Нажмите 1"),
    ("300 ₽ / час, да / нет", "300 ₽/час, да/нет"),
    # formulas
    (
        "Итого $300$, то есть $$150 \\times 2$$ рублей.",
        "Итого 300, то есть 150 умножить на 2 рублей.",
    ),
    ("Это \\(\\frac{1}{2}\\) цены, \\textbf{300} рублей.", "Это (1/2) цены, 300 рублей."),
    ("От $3 до $5, 6$, 7$ и US$8.", "От $3 до $5, 6$, 7$ и US$8."),
    # links
    ("Смотрите [наш сайт](https://halo.ru/a_(b)?q=1).", "Смотрите наш сайт."),
    ("![схема](https://halo.ru/a.png) Проезд простой.", "Проезд простой."),
    ("Подробности на https://halo.ru/x?y=1. Ещё вопросы?", "Подробности. Ещё вопросы?"),
    ("Зайдите на сайт https://halo.ru и оформите.", "Зайдите на сайт halo точка ру и оформите."),
    ("Всё есть на https://www.halo.ru/.", "Всё есть на halo точка ру."),
    ("Сайт (HTTP://my-halo.ru). Там всё.", "Сайт (my дефис halo точка ру). Там всё."),
    ("(см. http://halo.ru/x) Да.", "(см.) Да."),
    ("Файл на halo.ru/price.pdf, там всё.", "Файл на, там всё."),
    ("ftp://a.b javascript:alert(1) data:text/html,x Да", "Да"),
    ("Наш сайт www.halo.ru.", "Наш сайт halo точка ру."),
    ("Пишите на info@halo.ru, ответим.", "Пишите на info собака halo точка ру, ответим."),
    ("a_b-c@mail.com", "a подчёркивание b дефис c собака mail точка ком"),
    ("Звоните tel:+74951234567, mailto:a@b.ru", "Звоните +74951234567, a собака b точка ру"),
    ("слово[1] и [ссылка][a].", "слово и ссылка."),
    # HTML, SSML, model's own tags
    ("<speak>Привет<break time='1s'/> & пока</speak>", "Привет и пока"),
    ("&lt;b&gt;жирный&lt;/b&gt;&nbsp;&amp; да", "жирный и да"),
    ("5 < 7, 8 > 3", "5 меньше 7, 8 больше 3"),
    ("<think>Клиент хочет\nцену.</think>Сто рублей.", "Сто рублей."),
    ("<think>и не закрыл", ""),
    ("<script>alert(1)</script>Да<|im_end|>", "Да"),
    ("<speak", "speak"),
    # what cannot be seen
    ("\u202eпри\u200bвет\ufeff ми\u00adр\ud800!", "привет мир!"),
    ("да\x00нет\x07\x1b[31m", "да нет 31m"),
    ("раз\r\nдва\u2028три", "раз два три"),
    ("З\u0300\u0316\u0301а\u0489лго", "Залго"),
    ("замо\u0301к, тёплыи\u0306", "замо\u0301к, тёплый"),
    ("٣ штуки", "3 штуки"),
    ("Готово ✅ Спасибо 😊!", "Готово Спасибо!"),
    ("你好 мир", "мир"),
    # punctuation
    ("Ура!!!! Что??? Как?! Ну....", "Ура! Что? Как?! Ну…"),
    ("Хорошо))) Жаль :(", "Хорошо Жаль"),
    ("“Чай” и „кофе“, 'сок'", "Чай и кофе, сок"),
    ("«Да!» — сказал он .", "«Да!» — сказал он."),
    ("( ) «» текст ()", "текст"),
    ("Цена (с доставкой «всё», да» и ещё) вот", "Цена (с доставкой «всё», да и ещё) вот"),
    ("Цена (с доставкой", "Цена с доставкой"),
    ("Да.Нет,может", "Да. Нет, может"),
    (" , — текст", "текст"),
    ("и т. д., а также", "и т. д., а также"),
    # numbers and signs stay for the next stage
    ("8 (495) 123-45-67, +7 900 000-00-00", "8 (495) 123-45-67, +7 900 000-00-00"),
    ("3.5 %, 1 000,50 ₽, №5, 24/7, -5 °C, 10 м²", "3.5 %, 1 000,50 ₽, №5, 24/7, -5 °C, 10 м²"),
    ("2*3=6, ~5 минут", "2 умножить на 3=6, около 5 минут"),
    ("C++ и O'Кей", "C++ и O'Кей"),
    ("5. Мая", "5. Мая"),
]

SILENT = ["", " \n\t", "😀👍🏽", "***", "---", "|---|---|", "# ", "```\nx\n```", "<br/>", "(«…»)",
          "https://halo.ru/x", "!?.,", "\u200b\u202e", "\ud83d", "₽ %", "你好"]  # fmt: skip


@pytest.mark.parametrize(("text", "spoken"), SPOKEN)
def test_says_the_words_and_not_the_markup(text, spoken):
    """Each kind of markup becomes what a person would say, and saying it again changes nothing."""
    assert speakable(text) == spoken
    assert speakable(spoken) == spoken


@pytest.mark.parametrize("text", SILENT)
def test_nothing_speakable_is_the_empty_string(text):
    """A text without a word or a digit is "", so that the caller gets a canned phrase (F23)."""
    assert speakable(text) == ""


@pytest.mark.parametrize(
    ("text", "limit", "spoken"),
    [
        ("Раз два. Три четыре. Пять.", 20, "Раз два. Три четыре."),
        ("Раз два. Три четыре. Пять.", 19, "Раз два."),
        ("Раз два три, четыре пять шесть семь.", 20, "Раз два три."),
        ("Раз два три четыре и пять шесть", 22, "Раз два три четыре."),
        ("Мы в доме на ул. Ленина и ещё много слов.", 17, "Мы в доме на ул."),
        ("Стоит 3.5 рубля (или больше) всегда", 22, "Стоит 3.5 рубля."),
        ("Сверхдлинноесловобезконца да", 10, ""),
        ("Ровно двадцать букв!", 20, "Ровно двадцать букв!"),
    ],
)
def test_cuts_where_a_sentence_a_clause_or_a_word_ends(text, limit, spoken):
    """A text over the limit ends cleanly, never inside a word (F22)."""
    assert speakable(text, limit=limit) == spoken


SIGNS = "аеБя zA19.,!?…:;()«»—–-_*`#~|[]<>&/\\@'\"+=%\n\t ёи\u0301\u0300\u200b"
PIECES = "https:// ru.com www. ``` <think> </think> &lt; т. д. 1. - > 😀 \ud800 ](a) mailto: //"
HOSTILE = st.lists(
    st.one_of(
        st.sampled_from(list(SIGNS)), st.sampled_from(PIECES.split(" ")), st.characters(codec=None)
    ),
    max_size=60,
).map("".join)
LIMITS = st.integers(1, 60)


@given(HOSTILE, LIMITS)
def test_the_result_is_stable_short_and_of_the_alphabet(text, limit):
    """Whatever the model says: within the limit, only known characters, and idempotent."""
    spoken = speakable(text, limit=limit)
    assert len(spoken) <= limit
    assert spoken == speakable(spoken, limit=limit)
    assert spoken == spoken.strip()
    assert "  " not in spoken
    assert "://" not in spoken
    assert all(
        char in " .,!?…:;()«»—-'+%№/=₽$€£°²³\u0301"
        or (char.isascii() and char.isdigit())
        or unicodedata.name(char).split()[0] in ("LATIN", "CYRILLIC")
        for char in spoken
    )


@given(HOSTILE.map(speakable), LIMITS)
def test_a_cut_keeps_whole_words(text, limit):
    """What is left of a text that was cut is a row of its words from the start."""
    spoken = speakable(text, limit=limit)
    strip = ".,!?…:;()«»—"
    said = [word for word in (raw.strip(strip) for raw in spoken.split()) if word]
    given_words = [word for word in (raw.strip(strip) for raw in text.split()) if word]
    assert said == given_words[: len(said)]


@pytest.mark.parametrize(
    "unit",
    ["[", "[a](b", "[a]((x)", "<", "<a", "(", "(«", ".", ".a", "a@b.", "_a", "* ", "\n", "# ", "&",
     "&#9", "a://", "1. ", "1. x\n", " ", "А. ", "|", "`", "```\n", "<think>", "![a](b", "- ", "9",
     "\u0300\u0316", "😀", "1*", "~ ", "x.y/"],
)  # fmt: skip
def test_a_hostile_megabyte_takes_linear_time(unit):
    """No input makes the cleaning explode: a megabyte is done within two seconds of CPU."""
    text = unit * (1_000_000 // len(unit))
    assert costs_less(lambda: (speakable(text), sentences(text)), 2.0)


@given(
    st.lists(st.sampled_from([*"аБё-.!?:;…", "да", "слово", ", ", " "]), max_size=12).map("".join)
)
def test_plain_words_are_left_alone(text):
    """What is spoken of a text does not change with a sign in it that nobody sees."""
    assert speakable(text) == speakable(f"\u200b{text}")
