"""The loader's faults in Russian, for those who edit an assistant in the console."""

from __future__ import annotations

import re

# In the order in which they are tried; `…` stands for any words, which stay as they are.
_SENTENCES: tuple[tuple[str, str], ...] = (
    ("is empty; write what the caller shall hear, or remove the line",
     "пусто: напишите, что услышит абонент, или удалите строку"),
    ("has … characters; at most … can be spoken at once",
     "символов … , за один раз можно произнести не больше …"),
    ("must be one line of 1 to 100 characters", "нужна одна строка от 1 до 100 символов"),
    ("is not a telephone number; write 2 to 15 digits, like +7 495 123-45-67",
     "это не номер телефона: нужно от 2 до 15 цифр, например +7 495 123-45-67"),
    ('there is no language "…"; choose from …', "нет языка «…»; есть …"),
    ('must have "ru": the voice and the recogniser are Russian',
     "нужен «ru»: голос и распознавание русские"),
    ("must be an https:// address of an mp3, ogg, flac or wav file",
     "нужен адрес https:// файла mp3, ogg, flac или wav"),
    ("must be 1 to … letters and digits, with a stress if need be",
     "нужно от 1 до … букв и цифр, можно с ударением"),
    ("must be 1 to 400 characters that can be spoken, without markup",
     "нужно от 1 до 400 символов, которые можно произнести, без разметки"),
    ("… gives no interim results; set it to false or choose one of …",
     "… не даёт промежуточных результатов: поставьте false или выберите из: …"),
    ("… takes no phrase hints, only google does; remove the line",
     "… не принимает подсказок, их принимает только google: удалите строку"),
    ("… does not know it; remove the line", "… этого не умеет: удалите строку"),
    ("… does not speak Russian; choose one of …", "… не говорит по-русски; выберите из: …"),
    ('… has no Russian model "…"…; choose one of …', "у … нет русской модели «…»…; выберите из: …"),
    ('there is no Russian voice "…"… (docs/profiles.md has the list)',
     "нет русского голоса «…»…; список в docs/profiles.md"),
    ('there is no … "…"…; choose one of …', "нет такого значения ( … ): «…»…; выберите из: …"),
    ('there is no … "…"…; choose from …', "нет такого значения ( … ): «…»…; выберите из: …"),
    ('there is no "…"…; choose from …', "нет «…»…; выберите из: …"),
    ("a card's number is never kept; take it out of this list",
     "номер карты не хранится никогда: уберите его из списка"),
    ('belong to kind = "choice", which needs them',
     "нужны там, где kind = \"choice\", и только там"),
    ("must be one of 0-9, * and #, or empty for none", "нужно одно из 0-9, * и #, или пусто"),
    ("has one key for two things", "одна клавиша на два дела: назначьте разные"),
    ("needs one of number, sip, user and queue", "нужно одно из: number, sip, user, queue"),
    ("has wait_ms or priority, which only a queue has; remove them",
     "wait_ms и priority бывают только у queue: удалите их"),
    ("has caller_id, which a queue does not show; remove it",
     "очередь не показывает номер: удалите caller_id"),
    ("must be the name of a queue of the platform, 1 to … characters",
     "нужно имя очереди платформы, от 1 до … символов"),
    ("must be like 9:00-21:00, or empty for a day off",
     "нужно как 9:00-21:00, или пусто в выходной"),
    ("must begin at 7:00 or later and end at 22:00 or earlier: nobody is called at night",
     "начало не раньше 7:00, конец не позже 22:00: ночью никому не звонят"),
    ("must be the beginning of a number: digits with the country's code, like 7916",
     "нужно начало номера: цифры с кодом страны, например 7916"),
    ("has no day on which people may be called; leave one",
     "не осталось дня, в который можно звонить: оставьте хотя бы один"),
    ("must be more than filler_ms, which is …", "должно быть больше filler_ms, а там …"),
    ("must have each of its fields in curly brackets, and no other brackets",
     "нужно каждое из полей в фигурных скобках, и никаких других скобок"),
    ('"…" must be one kind of field everywhere, not "template"',
     "поле «…» должно быть всюду одного вида и называться не template"),
    ("there is a command already; give one of the two", "уже есть command: оставьте одно из двух"),
    ("is changed in the folder only (…): put back what it has",
     "меняется только в папке ( … ): верните, как там"),
    ("there is no text left; add one", "не осталось ни одного текста: добавьте хотя бы один"),
    ("there is no folder …", "нет папки …"),
    ("… holds no text (…)", "в … нет ни одного текста ( … )"),
    ("cannot be read: …", "не читается: …"),
    ("is not UTF-8; save it as UTF-8", "это не UTF-8: сохраните в UTF-8"),
    ("its brackets are nested too deeply", "скобки вложены слишком глубоко"),
    ("there is no such key…", "нет такого ключа…"),
    ("is missing; add it", "не хватает: добавьте"),
    ("must be …, not …", "нужно: …; написано: …"),
    ("is …; must be at least …", "сейчас … , нужно не меньше …"),
    ("is …; must be at most …", "сейчас … , нужно не больше …"),
    ("must be 1 to 32 of a-z, 0-9 and -, the first not -",
     "нужно от 1 до 32 знаков a-z, 0-9 и -, первый не -"),
    ("is empty; write it or remove the line", "пусто: напишите или удалите строку"),
    ("has … characters; at most …", "символов … , можно не больше …"),
    ("has … entries; must have at least …", "записей … , нужно не меньше …"),
    ("has … entries; must have at most …", "записей … , можно не больше …"),
    ("… has it too; each must have its own", "то же есть в …; у каждого должно быть своё"),
    ("no profile has `default = true`; one must answer all other numbers",
     "ни у одного профиля нет default = true: кто-то должен отвечать на все прочие номера"),
    ("… is the default already; keep one", "default = true уже есть в …: оставьте один"),
    ("has … MB; at most …", "размер … МБ, можно не больше …"),
    ("holds … characters; at most …: split it", "символов … , можно не больше …: разделите"),
    ("holds no row", "нет ни одной строки"),
    ("has no question, or no answer, in its row; write both",
     "в строке нет вопроса или ответа: нужны оба"),
    ("is not CSV: a quote is not closed", "это не CSV: не закрыта кавычка"),
    ("has a cell without an end: is a quote not closed?",
     "у ячейки нет конца: не забыта ли кавычка?"),
    ("needs two columns at least: the question and the answer",
     "нужны хотя бы два столбца: вопрос и ответ"),
    ("is not TOML: Expected '=' after a key in a key/value pair",
     "это не TOML: после ключа нужен знак ="),
    ("is not TOML: Invalid value", "это не TOML: такого значения нет; текст пишется в кавычках"),
    ("is not TOML: Invalid statement", "это не TOML: здесь нужен ключ или [таблица]"),
    ("is not TOML: Cannot overwrite a value", "это не TOML: этот ключ уже есть"),
    ("is not TOML: Cannot declare … twice", "это не TOML: таблица … уже есть"),
    ("is not TOML: Unterminated string", "это не TOML: не закрыта кавычка"),
    ("is not TOML: Illegal character …", "это не TOML: лишний знак … (кавычка?)"),
    ("is not TOML: Unclosed array", "это не TOML: не закрыта скобка ]"),
    ("is not TOML: Expected newline or end of document after a statement",
     "это не TOML: после значения должна кончаться строка"),
    ("is not TOML: …", "это не TOML: …"),
)  # fmt: skip
_KINDS = {
    "text in quotes": "текст в кавычках",
    "true or false": "true или false",
    "a whole number": "целое число",
    "a number": "число",
    "a list in square brackets": "список в квадратных скобках",
    "a list": "список",
    "a table": "таблица",
    "a date": "дата",
    "text": "текст",
}
_MEANT = re.compile(r'; did you mean "([^"]*)"\?')
_PATTERNS = [
    (re.compile("(.*?)".join(map(re.escape, english.split("…"))), re.DOTALL), russian)
    for english, russian in _SENTENCES
]


def in_russian(message: str) -> str:
    """What is wrong and what to do, without file, line and key; English where nobody knows it."""
    for pattern, russian in _PATTERNS:
        found = pattern.fullmatch(message)
        if found:
            words = [_MEANT.sub(r" (может быть, «\1»?)", _KINDS.get(w, w)) for w in found.groups()]
            pieces = russian.split("…")
            told = "".join(a + b for a, b in zip(pieces, [*words, ""], strict=True))
            return told.replace("( ", "(").replace(" )", ")").replace(" , ", ", ")
    return message
