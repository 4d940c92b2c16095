"""Hears whether the caller says goodbye, and rather misses one than ends a call too early.

Two ways to be sure: every word of the utterance belongs to a goodbye («ну всё, спасибо, пока»), or
it ends in words that mean nothing else («… я перезвоню, до свидания») and that are not talked
about («как по-английски до свидания»). «Больше ничего» is one unless it answers a question («Что
ещё добавить в заказ?»).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from halo_voice.core.sentences import sentences
from halo_voice.core.speakable import words

_WORDS_MAX = 15  # a goodbye is short; of a longer text only the end counts


def _phrases(*lines: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(phrase.split()) for line in lines for phrase in line.split(", "))


# Mean a goodbye wherever they end an utterance. Written as `words` gives them: «е» for «ё».
_PLAIN = _phrases(
    "до свидания, досвидания, до свиданья, досвиданья, до свидание, всего доброго, всего хорошего",
    "всего вам доброго, всего вам хорошего, всего наилучшего, всего вам наилучшего",
    "всего самого доброго, всего самого хорошего, прощайте",
)
# Mean a goodbye where nothing else is said.
_WHOLE = _phrases(
    "до встречи, до скорого, до связи, счастливо, бывайте, чао, бай бай, гудбай, покеда",
    "хорошего дня, хорошего вам дня, хорошего вечера, хорошего вам вечера, хороших выходных",
    "удачного дня, приятного дня, доброго вам дня, спокойной ночи, удачи, удачи вам, вам удачи",
    "кладу трубку, вешаю трубку, давайте прощаться, будем прощаться, давайте заканчивать",
)
# As above, but other words after them turn the meaning: «пока не знаю», «пока всё понятно».
_LAST = _phrases("пока, пока пока, все пока")
# The same two, where they are not the answer to a question.
_WHOLE_UNASKED = _phrases(
    "больше вопросов нет, вопросов больше нет, больше нет вопросов, нет больше вопросов",
    "вопросов нет, нет вопросов, вопросов не осталось, больше вопросов не осталось",
    "больше вопросов не имею, вопросов больше не имею, больше вопросов не будет",
    "вопросов больше не осталось, до завтра, ошибся номером, ошиблась номером",
    "не туда попал, не туда попала, не туда позвонил, не туда позвонила, не туда звоню",
    "больше ничего не нужно, больше ничего не надо, ничего больше не нужно, ничего больше не надо",
    "больше ничего не интересует, ничего больше не интересует, ничего не нужно, ничего не надо",
    "это все что я хотел узнать, это все что я хотела узнать, это все что хотел узнать",
    "это все что хотела узнать, это все что мне нужно, это все что мне нужно было",
    "это все что я хотел спросить, это все что я хотела спросить",
)
_LAST_UNASKED = _phrases(
    "это все, это пока все, на этом все, у меня все, пока все, все спасибо",
    "спасибо все, спасибо большое все, все благодарю, больше ничего, вот и все",
    "на сегодня все, все на сегодня, пока что все, у меня пока все",
)
# A question that offers help is no other question.
_OFFERS = re.compile("помо[чг]|вопрос|подска|интерес|полезн|рассказ")
_POLITE = _phrases(
    "спасибо, большое, огромное, благодарю, вам, вас, за помощь, за информацию, за ответ",
    "за консультацию, за внимание, за все, за звонок, и, девушка, взаимно, очень, всем",
)
_FILLING = _POLITE | _phrases(
    "ну, так, вот, хорошо, ладно, ок, окей, понятно, ясно, понял, поняла, поняли, я, тогда, все",
    "все понятно, все ясно, все понял, все поняла, отлично, прекрасно, замечательно, супер",
    "извините, простите, ой, наверное, кажется, видимо",
    "да, нет, угу, ага, а, у меня, мне, вы, вы мне, помогли, вы очень помогли, тоже, и вам",
    "договорились, давай, давайте, принято, жду, буду ждать, перезвоню, я перезвоню, подумаю",
    "я подумаю, все узнал, все узнала, что помогли, дорогая, дорогой",
    "уважаемая, уважаемый, молодой человек, алло, не за что",
)
_ANY = _PLAIN | _WHOLE | _WHOLE_UNASKED | _LAST | _LAST_UNASKED
_BEGINNINGS = frozenset(phrase[0] for phrase in _ANY)
_LONGEST = max(len(phrase) for phrase in _ANY | _FILLING)

# Before a goodbye they mean that it is talked about.
_RIGHT_BEFORE = frozenset(["не", "без", "вместо", "после", "слово", "слова", "фраза", "фразу"])
_SHORTLY_BEFORE = frozenset(
    word
    for line in (
        "говорить говорит говорят говорил говорила говорили говорите скажи скажите скажет сказать",
        "сказал сказала сказали написать пишут означает значит перевести переведите английски",
        "как зачем почему ли обязательно можно надо нужно нельзя",
    )
    for word in line.split()
)


def says_goodbye(text: str, reply: str = "") -> bool:
    """Whether the caller ends the conversation with `text`, after the assistant's `reply`.

    A mere «спасибо» or «нет» does not: what they mean depends on what was asked.
    """
    if text.rstrip().endswith("?"):
        return False
    said = words(text)
    if _BEGINNINGS.isdisjoint(said):  # nearly every utterance
        return False
    if said == ["это", "все"]:  # as likely a question that lost its mark
        return False
    return _is_all_goodbye(said, asked=_asks(reply)) or _ends_in_goodbye(said)


def _asks(reply: str) -> bool:
    """Whether the reply ends in a question, other than whether anything else is wanted of us."""
    last = sentences(reply)[-1:]
    return any(each.endswith("?") and not _OFFERS.search(each.lower()) for each in last)


def _is_all_goodbye(said: list[str], *, asked: bool) -> bool:
    if not said or len(said) > _WORDS_MAX:
        return False
    last = _LAST if asked else _LAST | _LAST_UNASKED
    whole = _PLAIN | _WHOLE if asked else _PLAIN | _WHOLE | _WHOLE_UNASKED
    return any(
        _consists(said[:start], _FILLING | _ANY)
        and (
            (phrase in last and _consists(said[end:], _POLITE | _PLAIN) and _meant(said, start))
            or (phrase in whole and _consists(said[end:], _FILLING | whole))
        )
        for start, end, phrase in _runs(said)
    )


def _meant(said: list[str], start: int) -> bool:
    """«Нет, пока» is as often «not yet» as «no, bye»."""
    return not (said[start] == "пока" and start and said[start - 1] in ("нет", "да", "и", "а"))


def _ends_in_goodbye(said: list[str]) -> bool:
    said = said[-_WORDS_MAX:]
    return any(
        phrase in _PLAIN
        and _consists(said[end:], _FILLING)
        and not (start and said[start - 1] in _RIGHT_BEFORE)
        and _SHORTLY_BEFORE.isdisjoint(said[max(0, start - 4) : start])
        for start, end, phrase in _runs(said)
    )


def _runs(said: list[str]) -> Iterable[tuple[int, int, tuple[str, ...]]]:
    """Every run of words that is short enough to be a phrase: its start, its end, its words."""
    for start in range(len(said)):
        for end in range(start + 1, min(start + _LONGEST, len(said)) + 1):
            yield start, end, tuple(said[start:end])


def _consists(said: list[str], phrases: frozenset[tuple[str, ...]]) -> bool:
    """Whether `said` can be laid out with `phrases`, without a word over."""
    reached = {0}
    for start, end, phrase in _runs(said):
        if start in reached and phrase in phrases:
            reached.add(end)
    return len(said) in reached
