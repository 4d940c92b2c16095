"""What a call's marks are called on a page: reasons of its end, outcomes of its turns, stages."""

from __future__ import annotations

from collections.abc import Mapping

from halo_voice.core.aside import FOREIGN
from halo_voice.core.aside import SOURCE as ASIDE
from halo_voice.core.history import OPEN
from halo_voice.core.language import LANGUAGES
from halo_voice.core.ports import CallRecord

ENDS: Mapping[str, str] = {
    OPEN: "идёт",
    "caller_hung_up": "абонент положил трубку",
    "assistant_hung_up": "ассистент попрощался",
    "turn_limit": "предел реплик",
    "time_limit": "предел времени",
    "no_input": "абонент молчал",
    "backend_down": "бэкенд недоступен",
    "recogniser_down": "распознавание отказало",
    "voice_down": "голос отказал",
    "scenario_error": "ошибка сценария",
    "not_connected": "не соединилось",
    "terminated": "сеанс прерван",
    "busy": "линии заняты",
    "transferred": "соединён с сотрудником",
    "lost": "о конце не сообщили",
    "unreported": "закончился, отчёт потерян",
    "no_funds": "нет средств на счёте платформы",
    "platform_ended": "прерван платформой",
}
"""By the reason that the scenario reports; where it did not, what the platform tells of it."""

BAD_ENDS = frozenset(
    {"backend_down", "recogniser_down", "voice_down", "scenario_error", "terminated", "busy"}
    | {"lost", "no_funds", "platform_ended"}
)

OUTCOMES: Mapping[str, str] = {
    "pending": "без ответа",
    "answered": "отвечено",
    "apologised": "извинение",
    "superseded": "перекрыто следующей",
    "caller_gone": "абонент ушёл",
}

STAGES: Mapping[str, str] = {
    "asr_ms": "распознано",
    "first_token_ms": "первое слово модели",
    "first_phrase_ms": "первая фраза",
    "voice_ms": "голос",
    "audible_ms": "от слов до ответа",
}

PARTS: Mapping[str, str] = {
    "model": "модель",
    "asr": "распознавание",
    "tts": "голос",
    "line": "линия",
}
"""Of a call's cost."""

RESULTS: Mapping[str, str] = {
    "answered": "на всё отвечено",
    "partly": "отвечено отчасти",
    "unanswered": "не отвечено",
    "callback": "ждёт звонка",
    "transferred": "передан сотруднику",
    "abandoned": "не дождался",
    "silent": "ни о чём не спросил",
    "other": "другое",
}
"""How a call ended for its caller, by its review."""

RESULTS_OF_OURS: Mapping[str, str] = {
    **RESULTS,
    "abandoned": "разговор не состоялся",
    "silent": "в трубке молчали",
}
"""The same of a call that the company made, as its letters tell it."""


def results_of(call: CallRecord) -> Mapping[str, str]:
    """What the outcomes of this call's review are called."""
    return RESULTS_OF_OURS if call.direction == "outgoing" else RESULTS


GOOD_RESULTS = frozenset({"answered"})
BAD_RESULTS = frozenset({"unanswered", "abandoned"})

MARKS: Mapping[str, str] = {
    "answered": "отвечено",
    "unanswered": "не знал ответа",
    "apologised": "извинялся",
    "withheld": "остановлено проверкой",
    "talked_over": "перебит",
    "repeated": "повторился",
    "rude": "грубость",
    "promised": "обещал",
}
"""Of a review, in the order in which they are shown."""

SENT: Mapping[str, str] = {
    "waiting": "в пути",
    "delivered": "доставлено",
    "dead": "не доставлено",
    "again": "отправляется заново",
}
"""States of a delivery."""

ROWS: Mapping[str, str] = {
    "waiting": "ждёт звонка",
    "running": "звоним",
    "answered": "поговорили",
    "message": "оставлено сообщение",
    "machine": "автоответчик",
    "busy": "занято",
    "no_answer": "не отвечает",
    "unavailable": "недоступен",
    "declined": "сбросил",
    "invalid": "нет такого номера",
    "hung_up": "положил трубку сразу",
    "no_money": "нет денег на счёте",
    "failed": "звонок не удался",
    "closed": "не тот час",
    "lines": "все линии заняты",
    "opted_out": "просил не звонить",
    "spent": "попытки кончились",
    "unknown": "неизвестный ключ",
    "unsure": "платформа не ответила, заказ отозван",
    "refused": "платформа отказала",
    "lost": "итог не пришёл",
    "no_consent": "нет согласия",
    "no_clock": "неизвестен часовой пояс",
    "duplicate": "номер уже есть выше",
    "cancelled": "обзвон остановлен",
}
"""What came of a campaign's row: `core.dials.OUTCOMES`, or that it waits."""

GOOD_ROWS = frozenset({"answered", "message"})
BAD_ROWS = frozenset({"no_money", "failed", "unknown", "unsure", "refused", "lost"})

DAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")

TOOL_STATES: Mapping[str, str] = {
    "proposed": "ждёт подтверждения",
    "running": "выполняется",
    "unknown": "неизвестно, чем кончилось",
    "done": "выполнено",
    "failed": "не вышло",
    "declined": "абонент отказался",
}

LINE = {
    "account": "Счёт Voximplant",
    "balance": "Баланс",
    "clock": "Часы",
    "key file": "Файл ключа",
    "application": "Приложение",
    "scenario": "Сценарий",
    "rule": "Правило",
    "secrets": "Секреты",
    "number": "Номер",
    "line": "Настройки",
}
"""What is looked at in the account, by the doctor's names."""

SOURCES: Mapping[str, str] = {
    "offline": "автономный ассистент",
    "farewell": "прощание",
    "dismissed": "завершено из консоли",
    "limit": "предел реплик",
    "operator": "соединение с сотрудником",
    "opted_out": "просит не звонить",
    "no_number": "просит не звонить, номер скрыт",
    "apology": "извинение",
    "late": "не успел договорить",
    ASIDE: "сказано не ассистенту",
    **{f"{FOREIGN}{each}": "на другом языке" for each in LANGUAGES},
}
BAD_SOURCES = frozenset({"apology", "late"})
"""Who found a turn's words, where it was no model: models have names of their own."""

WAYS: Mapping[str, str] = {
    "final": "распознано",
    "stable": "слова не менялись",
    "http": "без потока",
}
"""How a turn of the trace came to be asked."""

BREAKERS: Mapping[str, str] = {
    "closed": "отвечает",
    "open": "отдыхает после отказов",
    "half_open": "пробуем снова",
}

WARNINGS: Mapping[str, str] = {
    "voice_down": "Абоненты не слышали голоса: проверьте его поставщика.",
    "recogniser_down": "Абонентов не было слышно: проверьте распознавание.",
    "backend_down": "С абонентами прощались, потому что ответа не было: смотрите журнал сервера.",
    "scenario_error": "Сценарий сбоил: смотрите журнал сеанса на платформе.",
    "scenario_version": "Звонки идут из сценария не этой версии: выложите его заново.",
    "request_refused": "Отклонены запросы, подписанные нашим ключом: сверьте HALO_KEY и часы.",
    "request_unusable": "Запросы сценария не разобрать: сценарий и сервер разных версий.",
    "money": "Дневной предел на модели почти исчерпан или исчерпан.",
    "balance_low": "На счёте платформы кончаются деньги: пополните его, иначе звонки прекратятся.",
    "tokens_low": "Купленные токены модели кончаются: докупите их, иначе она замолчит.",
    "call_lost": "О конце звонков не сообщили: они закрыты отсюда.",
}
"""What alarms of the last quarter of an hour mean, and what to do."""
