"""The assistant without a model, on files that nobody wrote for it: price lists, a FAQ, rules."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from halo_voice.core.ports import Message
from halo_voice.core.profile import Document, Texts
from halo_voice.knowledge import CompanyTexts
from halo_voice.knowledge.briefing import Briefing
from halo_voice.knowledge.reading import read_bytes
from halo_voice.llm.offline import OfflineAssistant

COMPANIES = tomllib.loads((Path(__file__).parent / "plain_questions.toml").read_text("utf-8"))
TEXTS = Texts().of("HALO")
UNKNOWN = (TEXTS.unknown, TEXTS.unknown_again)
KNOWLEDGE = {
    name: CompanyTexts(
        document
        for file, text in company["files"].items()
        for document in read_bytes(file, text.replace("\n", "\r\n").encode())
    )
    for name, company in COMPANIES.items()
}


def called(knowledge: CompanyTexts, *asked: str) -> list[Message]:
    """What is said in a call in which the caller asks this."""
    assistant = OfflineAssistant(knowledge, TEXTS)
    history: list[Message] = [Message("system", "Вы - ассистент.")]
    for question in asked:
        history.append(Message("user", question))
        history.append(Message("assistant", assistant.answer(history)))
    return history


def said(knowledge: CompanyTexts, *asked: str) -> str:
    return called(knowledge, *asked)[-1].content


def texts(content: str) -> CompanyTexts:
    return CompanyTexts([Document("a.md", content)])


def answers(part: str) -> list[tuple[str, str, str]]:
    """Of each question of all companies: what the answer must hold, the answer, what is told."""
    found = []
    for name, company in COMPANIES.items():
        for *asked, expected in company[part]:
            history = called(KNOWLEDGE[name], *asked)
            told = Briefing(KNOWLEDGE[name])(history[:-1])[0].content
            found.append((expected, history[-1].content, told))
    return found


@pytest.mark.parametrize(("part", "right"), [("tune", 0.85), ("test", 0.75)])
def test_files_that_nobody_wrote_for_it_answer_too(part, right):
    """Most questions are answered, few with something else, and a model is told even more."""
    asked = [each for each in answers(part) if each[0]]
    spoken = [answer for expected, answer, _ in asked if expected in answer]
    wrong = [
        answer for expected, answer, _ in asked if expected not in answer and answer not in UNKNOWN
    ]

    assert len(asked) >= 50
    assert len(spoken) >= right * len(asked)
    assert len(wrong) <= 0.05 * len(asked), wrong
    assert sum(expected in told for expected, _, told in asked) >= right * len(asked)
    assert sum(map(len, spoken)) / len(spoken) < 130, "who asks for one price hears one"


@pytest.mark.parametrize("part", ["tune", "test"])
def test_files_that_nobody_wrote_for_it_promise_nothing(part):
    """At least 85 % of what they do not tell is honestly unknown."""
    asked = [answer for expected, answer, _ in answers(part) if not expected]

    assert len(asked) >= 15
    assert sum(answer in UNKNOWN for answer in asked) >= 0.85 * len(asked)


SHOP = texts(
    "## Доставка\nДоставка стоит 200 рублей.\n"
    "## Торты\nТорты печём сами, торт стоит 900 рублей.\n"
    "## Когда вы работаете?\nС девяти до восьми, в субботу до шести.\n"
    "## Вывоз мусора\nВывозим мусор в субботу.\n"
    "## Шум\nШуметь можно до семи, в субботу до пяти.\n"
)


@pytest.mark.parametrize("follow", ["сколько это стоит", "а сколько он стоит", "и почём", "а цена"])
def test_a_price_is_that_of_what_was_spoken_of(follow):
    """Of nothing else: not the first price there is, and none if the texts have none of it."""
    assert "900" in said(SHOP, "торты печёте", follow)
    assert "900" in said(SHOP, "торты печёте", "а когда", follow)
    assert said(SHOP, "торты печёте", "спасибо", follow) == said(SHOP, "торты печёте", follow)
    assert said(SHOP, "виниры ставите", follow) in UNKNOWN


def test_the_question_before_tells_which_saturday_is_meant():
    """A short follow-up fits many passages alike: that of the question before it is meant."""
    assert said(SHOP, "до скольки можно шуметь", "а в субботу") == (
        "Шуметь можно до семи, в субботу до пяти."
    )
    assert said(SHOP, "сколько стоит доставка", "а торты") == said(SHOP, "торты")


def test_two_questions_at_once_get_two_answers():
    """In their order; one that the texts do not answer changes nothing."""
    both = said(SHOP, "сколько стоит доставка и когда вы работаете")

    assert both == "Доставка стоит 200 рублей. С девяти до восьми, в субботу до шести."
    assert said(SHOP, "сколько стоит торт и когда его доставка") == (
        "Торты печём сами, торт стоит 900 рублей. Доставка стоит 200 рублей."
    )
    assert "Доставка" in said(SHOP, "сколько стоит доставка и какая погода")


def test_a_question_is_no_sign_that_one_listens():
    """«Приём» alone is one."""
    assert said(SHOP, "как записаться на прием") in UNKNOWN
    assert said(SHOP, "приём, Ольга") == TEXTS.listening


def test_what_is_asked_for_is_no_name():
    """«Лечите ли вы сколиоз» asks for it, and addresses nobody; «делаете» tells nothing."""
    others = "".join(f"## Кабинет {n}\nЭтаж {n}.\n" for n in range(12))
    clinic = texts(f"## Зубы\nЛечим без боли.\n## Рентген\nБеременным не делаем.\n{others}")

    assert said(clinic, "лечите ли вы зубы") == "Лечим без боли."
    assert said(clinic, "лечите ли вы сколиоз") in UNKNOWN
    assert said(clinic, "делаете ли вы мрт") in UNKNOWN


def test_words_that_only_ask_choose_no_sentence():
    """Of a long text the sentence about it is said, not one that holds «сколько стоит»."""
    filler = "Сколько стоит ожидание, не знает никто, и это длинное предложение ни о чём. " * 6
    long = texts(f"## Прокат\n{filler}Велосипед — 300 рублей в час.")

    assert said(long, "сколько стоит прокат велосипеда") == "Велосипед — 300 рублей в час."
