"""English of what pages say of a call after it has ended."""

from __future__ import annotations

from collections.abc import Mapping

EN_AFTER: Mapping[str, str] = {
    # the review
    "Суть": "Summary",
    "Чем кончился для абонента": "How it ended for the caller",
    "Чем кончилось для абонента": "How they ended for callers",
    "Слова этого звонка уже удалены.": "The words of this call have been removed.",
    "Составил:": "Written by:",
    "правила, без модели": "rules, without a model",
    "Звонок ещё не разобран: этим занят отдельный процесс": "The call is not reviewed yet: a process of its own does that,",
    "на всё отвечено": "all answered",
    "отвечено отчасти": "partly answered",
    "не отвечено": "not answered",
    "ждёт звонка": "waits for a call back",
    "передан сотруднику": "passed to a person",
    "не дождался": "gave up",
    "ни о чём не спросил": "asked nothing",
    "другое": "other",
    "не знал ответа": "did not know",
    "извинялся": "apologised",
    "остановлено проверкой": "withheld",
    "повторился": "repeated itself",
    "грубость": "rudeness",
    "обещал": "promised",
    "да": "yes",
    "нет": "no",
    "решено без оператора": "resolved without a person",
    "Решено без оператора: из разобранных звонков, в которых о чём-то спросили, те, где на всё ответил ассистент и звонка сотрудника никто не ждёт.": (
        "Resolved without a person: of the reviewed calls in which anything was asked, those in which "
        "the assistant answered everything and nobody waits to be called back."
    ),
    # tools and deliveries
    "Инструменты": "Tools",
    "реплика": "turn",
    "меняет данные": "changes data",
    "Аргументы": "Arguments",
    "Ответ": "Result",
    "ждёт подтверждения": "waits for a yes",
    "выполняется": "running",
    "неизвестно, чем кончилось": "end unknown",
    "выполнено": "done",
    "не вышло": "failed",
    "абонент отказался": "declined",
    "Доставка": "Deliveries",
    "в пути": "under way",
    "доставлено": "delivered",
    "не доставлено": "given up",
    "отправляется заново": "being sent again",
    "Отправить заново": "Send again",
    "Попыток": "Attempts",
    "принято": "taken",
    "отправил доставку заново": "sent a delivery again",
    # the recording
    "Запись": "Recording",
    "Записи нет: её не удалось забрать.": "There is no recording: it could not be fetched.",
    "Запись ещё забирают.": "The recording is being fetched.",
    "По записи, рядом с разговором": "By the recording, beside the conversation",
    "слушал запись": "listened to a recording",
    # gaps
    "Чего не хватает": "What is missing",
    "Вопросы настоящих звонков, на которые тексты компании не отвечают, по темам. Допишите текст, и тема отсюда исчезнет.": (
        "Questions of real calls that the company's texts do not answer, by subject. Add a text, and "
        "the subject is gone from here."
    ),
    "Сейчас посмотреть не получилось. Попробуйте позже.": "Looking did not work now. Try later.",
    "Звонков": "Calls",
    "О чём спрашивали": "What was asked",
    "В последний раз": "Last time",
    "И ещё тем:": "More subjects:",
    "Всего хватает: на то, о чём спрашивали, тексты отвечают.": "Nothing is missing: the texts answer what was asked.",
    "По последней тысяче звонков, на": "Of the last thousand calls, as of",
}
