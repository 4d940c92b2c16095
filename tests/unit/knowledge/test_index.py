"""Search in the company's texts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.core.profile import Document
from halo_voice.knowledge import CompanyTexts, sums
from halo_voice.knowledge.words import terms, words
from tests.costs import cost_s

TEXTS = CompanyTexts(
    [
        Document(
            "shop.md",
            "## Во сколько вы работаете?\nМагазин открыт с девяти утра, а в субботу с десяти.\n"
            "## Сколько стоит доставка?\nДоставка стоит триста рублей.\n"
            "## Есть ли парковка?\nДа, перед магазином. Ёлки там нет.\n",
        )
    ]
)


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("до скольки работает магазин", "Во сколько вы работаете?"),
        ("А В СУББОТУ?", "Во сколько вы работаете?"),
        ("можете доставить", "Сколько стоит доставка?"),
        ("где парковаться", "Есть ли парковка?"),
        ("елка", "Есть ли парковка?"),
    ],
)
def test_other_forms_of_the_word_are_found(question, title):
    """Case, ending, ё, and words of one root do not matter."""
    assert TEXTS.search(question)[0].title == title


def test_scores_compare_between_questions():
    """All of a question found scores near one; each foreign noun beside it lowers the score."""
    full = TEXTS.search("сколько стоит доставка")[0].score
    half = TEXTS.search("доставка слона")[0].score
    little = TEXTS.search("доставка слона бегемота жирафа")[0].score

    assert 0 < little < half < full <= 1


@pytest.mark.parametrize("question", ["", "   ", "а вы это как", "жираф", "?!", "\0\ud800"])
def test_what_fits_nothing_finds_nothing(question):
    """Blank, stop words only and foreign words give an empty list, not an error."""
    assert TEXTS.search(question) == []


def test_no_texts_find_nothing():
    """A profile without knowledge is searched in vain, without an error."""
    assert CompanyTexts([]).search("доставка") == []
    assert CompanyTexts([Document("a.md", "## А\nи в на")]).search("доставка") == []


def test_the_limit_and_the_order_hold():
    """The best come first, no more than asked for; ties keep the order of the texts."""
    same = CompanyTexts([Document("a.md", "## А\nслон\n## Б\nслон\n## В\nслон\nслон")])

    assert [p.title for p in same.search("слон", limit=2)] == [
        p.title for p in same.search("слон", limit=3)
    ][:2]
    assert [p.title for p in same.search("слон")][-2:] == ["А", "Б"]
    assert same.search("слон", limit=0) == []


def test_many_passages_are_searched_as_few_are(monkeypatch):
    """Lists or arrays: the same passages, in the same order, with the same scores."""
    draw = random.Random(1)
    stock = ["доставка", "курьер", "слон", "жираф", "люстра", "свет", "заказ", "гарантия"]
    text = "\n".join(f"## {n}\n{' '.join(draw.choices(stock, k=5))}" for n in range(300))
    documents = [Document("a.md", text)]
    few = CompanyTexts(documents)
    monkeypatch.setattr(sums, "ARRAYS_FROM", 0)
    many = CompanyTexts(documents)
    for _ in range(200):
        question = " ".join(draw.choices([*stock, "бегемот"], k=3))
        found, expected = many.search(question, 5), few.search(question, 5)
        assert [p.title for p in found] == [p.title for p in expected]
        assert [p.score for p in found] == pytest.approx([p.score for p in expected])
        assert many.explain(question) == few.explain(question)
    assert (many.search("бегемот"), many.search("слон", 0)) == ([], [])


@given(st.text(max_size=300), st.integers(0, 5))
def test_any_question_gives_scores_between_zero_and_one(question, limit):
    """Whatever a recogniser writes, search answers in order within the bounds."""
    scores = [passage.score for passage in TEXTS.search(question, limit)]

    assert len(scores) <= limit
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def test_an_enormous_question_costs_no_more():
    """Sixteen kibibytes of text are searched by their end only."""
    assert TEXTS.search("слон " * 4_000 + " сколько стоит доставка")[0].title.endswith("доставка?")


def test_a_search_does_not_go_through_all_passages():
    """Among 10,000 passages it costs less of the processor than to count the words of each once."""
    draw = random.Random(1)
    vocabulary = [f"{a}{b}{c}о" for a in "бвгдзклмн" for b in "аоуие" for c in "прстфхцчш"]
    titles = [" ".join(draw.choices(vocabulary, k=20)) for _ in range(10_000)]
    large = CompanyTexts(
        Document(f"{n}.md", "\n".join(f"## {title}\nда слон" for title in titles[n::20]))
        for n in range(20)
    )
    assert len(large) == 10_000

    def search() -> None:
        assert large.search(" ".join(draw.choices(vocabulary, k=12)))

    counting = cost_s(lambda: [len(title.split()) for title in titles], tries=30)
    assert cost_s(search, tries=30) < counting


def test_words_drop_what_tells_nothing():
    """Polite and empty words do not count, figures and Latin do."""
    assert words("Скажите, пожалуйста, а у вас есть iPhone 15?") == ["iphone", "15"]
    assert terms("iPhone") == ["iphone"]
    assert set(terms("доставка")) & set(terms("доставить"))


def test_a_copy_of_a_file_changes_nothing():
    """Its passages are found once, and a name beside the question is still seen as one."""
    hours = "## Когда вы работаете?\nС девяти до восьми.\n## Парковка\nВо дворе.\n"
    once = CompanyTexts([Document("a.md", hours)])
    twice = CompanyTexts([Document("a.md", hours), Document("a - копия.md", hours)])

    assert len(twice) == len(once) == 2
    assert twice.search("аристарх когда работаете") == once.search("аристарх когда работаете")


def test_what_a_plain_text_says_once_is_enough():
    """Without search words each word stands once or twice; that is an answer all the same."""
    plain = CompanyTexts([Document("a.md", "## Условия\nПитомцев пускаем.\n## Вход\nСо двора.\n")])

    assert plain.search("питомцев пускаете в зал")[0].score >= 0.3
    assert plain.search("вход")[0].score > plain.search("двора")[0].score
