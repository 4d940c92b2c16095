"""What an assistant says by itself, without a language model."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

COMPANY_MARK = "{company}"
"""Stands for the company's name in the persona and in every text."""

SPOKEN_CHARS_MAX = 400
"""The longest text that is spoken in one go, in characters."""


def _text(default: str, meaning: str, *, to_scenario: bool = False) -> Any:
    return field(default=default, metadata={"meaning": meaning, "to_scenario": to_scenario})


@dataclass(frozen=True, slots=True)
class Texts:
    """What the assistant says by itself, without a language model. Each at most 400 characters."""

    greeting: str = _text(
        "Здравствуйте! Я голосовой ассистент компании {company}. Чем могу помочь?",
        "opens the call; says that an automatic assistant speaks",
        to_scenario=True,
    )
    notice: str = _text(
        "Вас слушает автоматический голосовой ассистент.",
        "joins a greeting that does not say that an automatic assistant speaks",
    )
    notice_recorded: str = _text(
        "Разговор записывается.", "joins a greeting that does not say so, where calls are recorded"
    )
    filler: str = _text(
        "Секунду, пожалуйста.", "covers the wait for a slow answer", to_scenario=True
    )
    repeat: str = _text(
        "Простите, плохо слышно. Повторите, пожалуйста.",
        "what was heard is empty or not sure enough",
        to_scenario=True,
    )
    apology: str = _text(
        "Извините, сейчас не получилось ответить. Повторите, пожалуйста, ваш вопрос.",
        "the backend gave no answer",
        to_scenario=True,
    )
    reprompts: tuple[str, ...] = field(
        default=(
            "Вы меня слышите? Скажите, пожалуйста, чем я могу помочь.",
            "Я вас не слышу. Говорите, пожалуйста, чуть громче.",
        ),
        metadata={"meaning": "the caller is silent; one after the other", "to_scenario": True},
    )
    resumed: str = _text(
        "Да, я вас слушаю.",
        "a noise stopped the assistant in a phrase that cannot be taken up again",
        to_scenario=True,
    )
    too_long: str = _text(
        "Минутку, я отвечу на то, что вы уже сказали.",
        "the caller speaks for longer than `utterance_ms`",
        to_scenario=True,
    )
    keys: str = _text(
        "Скажите, пожалуйста, вслух, чем я могу помочь. Звёздочка повторит мой ответ, решётка "
        "закончит разговор.",
        "the caller presses a key that means nothing here",
        to_scenario=True,
    )
    transfer: str = _text(
        "Минутку, я соединю вас с сотрудником. Пожалуйста, оставайтесь на линии.",
        "the call is about to be transferred",
        to_scenario=True,
    )
    transfer_busy: str = _text(
        "К сожалению, линия сейчас занята. Хотите, я попрошу вам перезвонить?",
        "nobody took the call: busy",
        to_scenario=True,
    )
    transfer_silent: str = _text(
        "К сожалению, никто пока не отвечает. Хотите, я попрошу вам перезвонить?",
        "nobody took the call: no answer",
        to_scenario=True,
    )
    transfer_declined: str = _text(
        "К сожалению, сотрудник сейчас не может ответить. Хотите, я попрошу вам перезвонить?",
        "the call was declined",
        to_scenario=True,
    )
    transfer_failed: str = _text(
        "К сожалению, соединить сейчас не получилось. Хотите, я попрошу вам перезвонить?",
        "nobody took the call, for any other reason",
        to_scenario=True,
    )
    transfer_closed: str = _text(
        "К сожалению, сотрудники сейчас не работают. Хотите, я попрошу вам перезвонить?",
        "outside the hours of whoever is wanted",
        to_scenario=True,
    )
    brief: str = _text(
        "Клиента соединяет с вами автоматический ассистент.",
        "what the person who picks up hears first, if the destination wants a brief",
    )
    bye_key: str = _text(
        "Спасибо, что позвонили. До свидания!",
        "the caller ends the call by a key",
        to_scenario=True,
    )
    bye_turns: str = _text(
        "К сожалению, время нашего разговора подошло к концу. Спасибо за звонок, до свидания!",
        "the last turn is over",
        to_scenario=True,
    )
    bye_silence: str = _text(
        "Я вас не слышу. Перезвоните нам, пожалуйста, ещё раз. До свидания!",
        "the caller stayed silent",
        to_scenario=True,
    )
    bye_failure: str = _text(
        "Извините, у нас технические неполадки. Перезвоните нам, пожалуйста, чуть позже. До "
        "свидания!",
        "too many apologies in a row",
        to_scenario=True,
    )
    bye_time: str = _text(
        "Извините, разговор длится слишком долго, мне придётся его завершить. До свидания!",
        "the call reached its longest duration",
        to_scenario=True,
    )
    bye_busy: str = _text(
        "Здравствуйте! Сейчас все линии заняты. Перезвоните нам, пожалуйста, чуть позже. До "
        "свидания!",
        "all lines are busy, or this number calls too often; instead of the greeting",
        to_scenario=True,
    )
    bye_idle: str = _text(
        "К сожалению, у нас не получается поговорить. Позвоните нам, пожалуйста, ещё раз. "
        "До свидания!",
        "`idle_turns` in a row were not meant for the assistant, or in another language",
    )
    foreign: str = _text(
        "Извините, я говорю только по-русски. Скажите, пожалуйста, по-русски, чем могу помочь?",
        "the caller speaks another language",
    )
    unknown: str = _text(
        "К сожалению, точного ответа у меня нет. Ваш вопрос сохранён, "
        "сотрудники компании смогут его прочитать. Чем ещё могу помочь?",
        "the company's texts do not answer the question",
    )
    unknown_again: str = _text(
        "И этого я, к сожалению, не знаю. Спросите меня о том, чем занимается компания.",
        "the same twice in a row",
    )
    noted: str = _text(
        "Хорошо, ваши слова сохранены, сотрудники компании смогут их прочитать. "
        "Подсказать что-нибудь ещё?",
        "the caller wants the question passed on, a message written down or a call back",
    )
    hello: str = _text("Здравствуйте! Слушаю вас.", "the caller greets")
    listening: str = _text("Да, я вас слышу. Чем могу помочь?", "«алло», «вы меня слышите?»")
    waiting: str = _text("Хорошо, не торопитесь, я на линии.", "the caller asks to wait")
    about: str = _text(
        "Я не человек, а автоматический голосовой ассистент компании {company}. Отвечаю на вопросы "
        "о компании. Чем могу помочь?",
        "the caller asks who or what is speaking",
    )
    thanks: str = _text("Пожалуйста! Подсказать что-нибудь ещё?", "the caller thanks")
    offer: str = _text("Хорошо. Чем ещё могу помочь?", "a bare yes or no")
    farewell: str = _text("Спасибо за звонок. До свидания!", "the caller says goodbye")
    no_calls: str = _text(
        "Хорошо, больше мы вам звонить не будем. Извините за беспокойство. До свидания!",
        "somebody wants no more calls of the company; the number goes on the opt-out list",
    )
    no_number: str = _text(
        "Ваш номер, к сожалению, не определился. Позвоните, пожалуйста, с того телефона, на "
        "который вам звонят, и попросите об этом: больше мы вас не побеспокоим.",
        "the same of a caller whose number is withheld",
    )
    go_on: str = _text("Продолжить?", "an answer broke off, or has no end")
    unconfirmed: str = _text(
        "Сделать это пока не получилось: подтверждения нет. Хотите, вам перезвонит сотрудник?",
        "the model claims what no tool has done, or a tool failed and no model finds words",
    )
    refusal: str = _text(
        "Об этом я рассказать не могу. Чем ещё могу помочь?",
        "the model's answer holds what must not be said",
    )

    def of(self, company: str) -> Texts:
        """The same texts with the company's name in them."""

        def named(value: Any) -> Any:
            if isinstance(value, tuple):
                return tuple(map(named, value))
            return value.replace(COMPANY_MARK, company)

        return Texts(**{f.name: named(getattr(self, f.name)) for f in fields(self)})
