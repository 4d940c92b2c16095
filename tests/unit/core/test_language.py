"""Which language was heard: another one only where it is certain."""

from __future__ import annotations

import re

import pytest

from halo_voice.core.language import LANGUAGES, is_english, language_of

FOREIGN = {
    "Hello, do you speak English?": "en",
    "i would like to know where is my order": "en",
    "what is this": "en",
    "ду ю спик инглиш": "en",
    "хеллоу ду ю спик инглиш плиз": "en",
    "Guten Tag, sprechen Sie Deutsch?": "de",
    "bonjour, vous parlez français ?": "fr",
    "hola, ¿usted habla español?": "es",
    "buongiorno, dove sono gli orari": "it",
    "merhaba nasıl bir sipariş": "tr",
    "скажіть будь ласка коли відкриється магазин і що є": "uk",
    "сәлеметсіз бе қайда орналасқан": "kk",
    "你好": "zh",
    "こんにちは": "ja",
    "안녕하세요": "ko",
    "שלום מה שלומך": "he",
    "مرحبا كيف حالك": "ar",
    "გამარჯობა": "ka",
    "բարև ձեզ": "hy",
}
RUSSIAN = [
    "",
    "  ",
    "1 2 3",
    "алло",
    "сколько стоит доставка",
    "Philips Hue",
    "iPhone 15 Pro Max",
    "OK Google",
    "Samsung Galaxy S 21 Ultra",
    "мне нужен the best of the best",
    "хочу купить is do it yourself",
    "do",
    "[номер карты] [телефон]",
    "вот из этого ми бемоль",
    "ай больно",
    "как по-английски hello how are you",
    "кофе эспрессо и капучино",
    "ё",
    "π",
]
ENGLISH = [
    "Okay, the user is asking about",
    "Okay, let's see.",
    "The delivery is free.",
    "The user asks «сколько стоит доставка».",
    'I should answer "Доставка бесплатная".',
    "We need to answer in Russian.",
    "Sorry, I can't help with that.",
    "So the price is 390 rubles.",
    "According to the company's texts, the delivery costs 390.",
    "(the caller wants a refund)",
    "is free, but only",
]
SAYABLE = [
    "",
    "Доставка бесплатная.",
    "Made in Italy.",
    "Harry and David, The North Face, Marks and Spencer.",
    "Samsung Galaxy Watch Ultra.",
    "iPhone 15 Pro Max.",
    "halo guest welcome",
    "info@halo.ru, the.halo.ru",
    "«All you need is love».",
    "Это «All you need is love».",
    "Это значит what is this in the shop.",
    "OK.",
    "Hello!",
    "Wi-Fi, Bluetooth и NFC.",
    "The 1975.",
]


@pytest.mark.parametrize(("heard", "language"), FOREIGN.items())
def test_a_sentence_of_another_language_is_known(heard, language):
    """F17: by its script, its letters, its words, or how they sound to a Russian recogniser."""
    assert language_of(heard) == language
    assert language in LANGUAGES


@pytest.mark.parametrize("heard", RUSSIAN)
def test_brands_and_single_words_are_no_other_language(heard):
    """F17: who names a model, quotes or is not understood is not sent away."""
    assert language_of(heard) == "ru"


def test_no_question_to_the_company_is_taken_for_another_language(pytestconfig):
    """F17: nothing of what the shipped texts speak of."""
    files = (pytestconfig.rootpath / "assistants" / "halo" / "knowledge").glob("*.md")
    texts = [re.sub("<!--.*?-->", "", path.read_text("utf-8"), flags=re.DOTALL) for path in files]
    sentences = re.split(r"[.\n]", "\n".join(texts))
    assert len(sentences) > 50
    assert [s for s in sentences if language_of(s) != "ru"] == []
    assert [s for s in sentences if is_english(s)] == []


@pytest.mark.parametrize("phrase", ENGLISH)
def test_a_model_that_thinks_aloud_in_english_is_known(phrase):
    """A Russian voice would read it out: «Зе юзер из аскинг»."""
    assert is_english(phrase)


@pytest.mark.parametrize("phrase", SAYABLE)
def test_a_name_or_a_quotation_is_no_english(phrase):
    """What a company sells has English names, and they are answers."""
    assert not is_english(phrase)
