"""Questions that nobody answered, and what they have in common."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from halo_voice.core.ports import Outcome, TurnRecord
from halo_voice.core.profile import Document
from halo_voice.knowledge import CompanyTexts
from halo_voice.knowledge.gaps import Question, grouped, unanswered
from halo_voice.llm.smalltalk import asks_nothing

TEXTS = CompanyTexts([Document("a.md", "## Сколько стоит доставка?\nДоставка стоит триста.")])
UNKNOWN = "Точного ответа у меня нет."
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def turn(text: str, reply: str, source: str = "gpt", number: int = 1, **more) -> TurnRecord:
    known = {"outcome": Outcome.ANSWERED, "reply": reply, "source": source} | more
    return TurnRecord("c-1", number, text, 0.9, NOON + timedelta(minutes=number), **known)


def why(*turns: TurnRecord) -> list[str]:
    found = unanswered(turns, TEXTS, unknown={UNKNOWN}, chat=asks_nothing)
    return [question.why for question in found]


@pytest.mark.parametrize(
    ("words", "reply", "source", "expected"),
    [
        ("вывозите ли старую мебель", UNKNOWN, "offline", ["unknown"]),
        ("вывозите ли старую мебель", "К сожалению, не знаю.", "gpt", ["admitted"]),
        ("сколько стоит доставка", "У меня нет точных данных об этом.", "gpt", ["admitted"]),
        ("вывозите ли старую мебель", "Да, вывозим.", "gpt", ["unfound"]),
        ("сколько стоит доставка", "Триста рублей.", "gpt", []),
        ("сколько стоит доставка", UNKNOWN, "offline", []),  # the texts were mended since
        ("спасибо большое", "Пожалуйста!", "gpt", []),
        ("перезвоните мне пожалуйста", "Хорошо.", "gpt", []),
        ("мебель", "Что именно?", "gpt", []),  # one word may be anything
        ("до свидания", "До свидания!", "farewell", []),
    ],
)
def test_what_the_texts_do_not_answer_is_found(words, reply, source, expected):
    """Said by the assistant itself, admitted by a model, or answered by it from nowhere."""
    assert why(turn(words, reply, source)) == expected


def test_a_question_that_leans_on_the_one_before_is_answered_with_it():
    """«А как везти» after the price of delivery is no gap; nor is what nobody waited for."""
    assert (
        why(turn("сколько стоит доставка", "Триста."), turn("а как везти", UNKNOWN, number=2)) == []
    )
    gone = turn("вывозите ли старую мебель", "", outcome=Outcome.CALLER_GONE)
    assert why(gone) == []


def test_what_the_recogniser_understood_later_counts():
    """The revised words are those that were asked."""
    heard = turn("выводите ли мебель", UNKNOWN, "offline", revised_text="вывозите ли мебель")
    (found,) = unanswered([heard], TEXTS, unknown={UNKNOWN}, chat=asks_nothing)
    assert found.text == "вывозите ли мебель"


def test_questions_about_one_subject_are_one_gap():
    """Other endings and other words around it do not matter; the most asked stands first."""

    def asked(call: str, text: str) -> Question:
        return Question(call, NOON, text, "unknown")

    gaps = grouped(
        [
            asked("1", "вывозите ли вы старую мебель"),
            asked("2", "а есть ли у вас трейд ин"),
            asked("3", "можете вывезти старую мебель"),
            asked("4", "вывоз старой мебели делаете"),
            asked("4", "мебель старую вывезете"),
            asked("5", "трейд ин есть"),
            asked("6", "у вас кофе наливают"),
        ]
    )

    assert [(gap.calls, len(gap.questions)) for gap in gaps] == [(3, 4), (2, 2), (1, 1)]
    assert gaps[0].title == "мебель старую вывезете"
    assert gaps[1].title == "трейд ин есть"
    assert grouped([]) == []
