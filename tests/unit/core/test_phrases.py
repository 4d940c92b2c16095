"""Phrases come as soon as they are certain, and are the same however the text was cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.core.phrases import RAW_PER_SPOKEN, Phraser
from halo_voice.core.sentences import whole_sentences
from halo_voice.core.speakable import speakable
from halo_voice.speech.spoken import spoken

SIGNS = "аеБя zA19.,!?…:;()«»—–-_*`#~|[]<>&/\\@'\"+=%\n\t ё\u0301\u200b"
PIECES = [
    *("https://halo.ru/?a=b", "www.", "```", "\n```\n", "<think>", "</think>", "&lt;", "т. д. "),
    *(
        "1. ",
        "\n- ",
        "\n2. ",
        "\n\n",
        "](",
        "[сайт](",
        "Доставка ",
        "бесплатная",
        "Что?!",
        " руб. ",
    ),
    *("\n# Часы\n", "| Чай | 5 |", "**", " — ", "5.", " г. ", "Москва", "хорошо...", "<b>"),
    *('{"a": ', "{", "}", '"б}"', '\\"', "<tool_call>", "</tool_call>", "<мысли>", "</мысли>"),
]
TEXT = st.lists(
    st.one_of(st.sampled_from(list(SIGNS)), st.sampled_from(PIECES), st.characters(codec=None)),
    max_size=60,
).map("".join)


def phrases(pieces, limit=400, *, torn=False, said=str):
    """All phrases of the pieces."""
    phraser = Phraser(limit=limit, spoken=said)
    found = [phrase for piece in pieces for phrase in phraser.feed(piece)]
    found += phraser.finish(torn=torn)
    assert phraser.chars == len(" ".join(found)) <= limit
    return found


SPLIT = [
    "Да, конечно. | Доставка бесплатная от трёх тысяч рублей. | Вам подсказать адрес?",
    "Доставка по городу бесплатная, | привезём завтра, после обеда. | Вам удобно?",
    "Доставка по городу; | всё остальное, как всегда, платно.",
    "Мы предлагаем вам следующее: | доставку и самовывоз.",
    "Мы открываемся с новой датой: 7.11. | Приходите!",
    "Мы открыты до 21:00, 22:00 и 3,5 часа в выходные дни.",
    "Адрес магазина г. Москва, | ул. Ленина, д. 5, корп. 2, кв. 7. | Ждём.",
    "Рассрочка без переплаты есть на три, шесть и двенадцать месяцев. | Оформить?",
    "И этого я, к сожалению, не знаю. | Спросите ещё.",
    "Мы уже работаем опять, | приезжайте. | Ждём.",
    "Это т. е. весь день (с 9, до 18, без обеда), | приходите. | Ждём.",
    "Звоните А. С. Пушкину. | Он ответит.",
    "Цена 3.5 рубля. | Да.",
    "До 5. мая закрыто. | Приходите!",
    "В 2024 г. мы открылись. | Да.",
    "Стоит 300 руб. 50 коп. за штуку. | Берёте?",
    "Доставка 300 руб. | Завтра привезём.",
    "Он сказал: «Хорошо. Да!» | И ушёл.",
    "Ну… не знаю. | Подумаю.",
    "Всё это (у нас. Тут. Да!) есть. | Да.",
]


@pytest.mark.parametrize("marked", SPLIT)
def test_a_phrase_ends_where_a_sentence_or_the_first_clause_ends(marked):
    """Every bar, and only a bar, is the end of a phrase, for any cut of the text."""
    text = marked.replace(" | ", " ")
    assert phrases([text]) == marked.split(" | ")
    assert phrases(text) == marked.split(" | ")


@pytest.mark.parametrize(
    ("pieces", "certain"),
    [
        (["Да", ",", " ", "конечно", "!"], "Да, конечно!"),
        (["Перезво", "ню."], "Перезвоню."),
        (["Какой", " у вас", " адрес?"], "Какой у вас адрес?"),
        (["Сейчас", " посмотрю…"], "Сейчас посмотрю…"),
        (["Доставка по городу", ","], "Доставка по городу,"),
    ],
)
def test_what_is_certain_does_not_wait_for_the_next_token(pieces, certain):
    """The last token gives the phrase out by itself."""
    phraser = Phraser(limit=400)
    assert [phraser.feed(piece) for piece in pieces] == [[]] * (len(pieces) - 1) + [[certain]]


@pytest.mark.parametrize(
    "text",
    ["Адрес: ул.", "Стоит 5.", "Это «Да!", "В 2024 г.", "Всё и т. д.", "Сайт halo.", "(Да!", "А."],
)
def test_what_is_not_certain_waits(text):
    """A stop that may shorten a word, or that stands in quotes, gives nothing out yet."""
    assert Phraser(limit=400).feed(text) == []


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (["Что?", "!", " Да."], ["Что?", "Да."]),
        (["Хорошо.", "..", " Давайте."], ["Хорошо.", "Давайте."]),
        (["«Да", "!", "»", " Вот", "."], ["«Да!»", "Вот."]),
        (["**Да", "!", "**", " Вот", "."], ["Да!", "Вот."]),
        (["Да!", ")", "»", "…"], ["Да!"]),
        (["!", "?", " ", "…"], []),
    ],
)
def test_a_lone_sign_is_never_spoken(pieces, said):
    """What follows a certain end by a token more is dropped."""
    assert phrases(pieces) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("У нас есть:\n1. Доставка\n2. Самовывоз\n", ["У нас есть:", "Доставка.", "Самовывоз"]),
        ("1. Доставка есть.\n2. Самовывоз.", ["Доставка есть.", "Самовывоз."]),
        ("* один;\n* два.\n", ["один;", "два."]),
        ("# Часы\n- Пн: 9\n- Сб: 10\n\nЖдём!", ["Часы.", "Пн: 9.", "Сб: 10.", "Ждём!"]),
        ("HALO — это\nлучший сервис", ["HALO — это лучший сервис"]),
        ("| Товар | Цена |\n|---|---:|\n| Чай | 100 ₽ |", ["Товар, Цена.", "Чай, 100 ₽"]),
        ("Вот.\n```py\nprint(1). Да!\n```\nГотово.", ["Вот.", "Готово."]),
        ("<think>Хм. Да!\n\nНу.</think>Сто рублей.", ["Сто рублей."]),
        ("Да! <think>и не закрыл. Нет!", ["Да!"]),
        ("Okay, the user asks. I should say 100.\n</think>\n\nСто рублей.", ["Сто рублей."]),
        ("Да, есть «Stay with me». The user likes it.", ["Да, есть «Stay with me»."]),
        ("Смотрите [наш. Сайт!](https://halo.ru/a_(b)?q=1. Да). Ну.",
         ["Смотрите наш. Сайт!", "Ну."]),
        ("Смотрите https://halo.ru/x?y=1, там. Ещё?", ["Смотрите, там.", "Ещё?"]),
        ("<b>Да!</b> Вот.", ["Да!", "Вот."]),
    ],
)  # fmt: skip
def test_markup_that_spans_tokens_is_no_speech(text, said):
    """Lists, links, code, reasoning: as in the whole text, in tokens of one letter too."""
    assert phrases([text]) == phrases(text) == said


@given(TEXT, st.data())
def test_the_cuts_do_not_matter(text, data):
    """The same text gives the same phrases, whole, by letters, or cut anywhere."""
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    cuts = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    for limit in (40, 400):
        for torn in (False, True):
            whole = phrases([text], limit, torn=torn)
            assert phrases(cuts, limit, torn=torn) == whole
            assert phrases(text, limit, torn=torn) == whole


@given(TEXT)
def test_every_phrase_is_speakable(text):
    """Nothing but words and plain punctuation leaves, and never a sign alone."""
    for phrase in phrases([text]):
        assert any(char.isalnum() for char in phrase)
        assert speakable(phrase, limit=1000) == phrase


def test_phrases_are_written_out():
    """Numbers are words in what is given out, and count as such."""
    assert phrases(["Это стоит 5 руб. Берёте?"], said=spoken) == [
        "Это стоит пять рублей.",
        "Берёте?",
    ]


@pytest.mark.parametrize(
    ("text", "limit", "said"),
    [
        ("Раз два. Три четыре. Пять.", 20, ["Раз два.", "Три четыре."]),
        ("Раз два. Три четыре. Пять.", 19, ["Раз два."]),
        ("Раз два три, четыре пять шесть семь.", 20, ["Раз два три."]),
        ("Мы привезём вам заказ завтра, после обеда или вечером, как скажете.", 50,
         ["Мы привезём вам заказ завтра,", "после обеда."]),
    ],
)  # fmt: skip
def test_the_reply_ends_with_the_last_sentence_that_fits(text, limit, said):
    """F22: never over the limit; a sentence that was begun is cut, a later one left out."""
    assert phrases(text, limit) == said
    phraser = Phraser(limit=limit)
    for letter in text:
        phraser.feed(letter)
    phraser.finish()
    assert phraser.full
    assert phraser.feed("Ещё. ") == phraser.finish() == []


CALL = '{"name": "book", "arguments": {"day": "завтра", "at": "15:00", "note": "\\"}{. Да!"}}'


@pytest.mark.parametrize(
    "text",
    [
        f"Секунду. {CALL} Готово.",
        f"Секунду. <tool_call>{CALL}</tool_call> Готово.",
        f"Секунду. [{CALL}, {CALL}] Готово.",
        f"Секунду. <function=book>{CALL}</function> Готово.",
        "Секунду. <размышление>Надо ответить. Сейчас!</размышление>Готово.",
        "Секунду. <thought>Надо ответить. Сейчас!</thought>Готово.",
        "Секунду. <reflection>Так. Хм!</reflection>Готово.",
    ],
)
def test_what_is_for_programs_is_not_spoken(text):
    """A call of a tool that was written instead of made, thoughts by whatever name: however cut."""
    assert phrases([text]) == ["Секунду.", "Готово."]
    for size in range(1, 8):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert phrases(pieces) == ["Секунду.", "Готово."]


@pytest.mark.parametrize("text", [CALL, f"{CALL[:-1]} Да. Нет.", "<мысли>Так. Хм."])
def test_an_answer_for_programs_alone_says_nothing(text):
    """Then somebody else has to answer; what is not closed reaches to the end."""
    assert phrases([text]) == phrases(text) == []


@pytest.mark.parametrize("word", ["不", "没有", "ない", "아니", "לא", "ليس"])
def test_a_sentence_with_a_word_in_letters_that_no_voice_knows_is_left_out(word):
    """A model that slips into another language: without the word it might say the contrary."""
    text = f"Мы открыты. Доставка {word} бесплатная. Приходите!"
    assert phrases([text]) == phrases(text) == ["Мы открыты.", "Приходите!"]
    assert phrases([f"Угол α, 20 °C, «Schön», {chr(0x0662)} и 2²."])


def test_braces_around_words_are_words():
    """Only an object hides what is in it."""
    assert phrases("Это {просто} скобки. Да.") == ["Это просто скобки.", "Да."]


@given(TEXT)
def test_a_torn_text_ends_with_a_whole_sentence(text):
    """F35: nothing is given out at a torn end but finished sentences."""
    phraser = Phraser(limit=400)
    phraser.feed(f"{text} И вот ещё что")
    for phrase in phraser.finish(torn=True):
        assert whole_sentences(phrase)


@pytest.mark.parametrize(
    "text",
    [
        "а" * 1_000_000, "<" * 1_000_000, "<think>" * 150_000, "<think></think>" * 70_000,
        "[" * 1_000_000, "`" * 1_000_000, "```\n" * 250_000, ". " * 500_000, "\n" * 1_000_000,
        "- \n" * 300_000, "«" * 1_000_000, "<think>" + "<a " * 300_000,
        "```" + "а" * 1_000_000, "1.\n" * 300_000, '{"' * 500_000, "{ " * 500_000,
    ],
    ids=lambda text: repr(text[:18]),
)  # fmt: skip
def test_a_hostile_megabyte_ends(text):
    """However long the piece, what is held stays small (time is bounded by it)."""
    phraser = Phraser(limit=400)
    phraser.feed(text)
    assert len(phraser._held) <= 400 * RAW_PER_SPOKEN
    assert len(getattr(phraser._skip, "_tail", "")) <= 400
    phraser.finish()
