"""The English of the assistants' pages; a part of `texts.EN`."""

from __future__ import annotations

from collections.abc import Mapping

EN_OF_ASSISTANTS: Mapping[str, str] = {
    "Ассистент": "Assistant",
    "Номера": "Numbers",
    "Действует": "In force",
    "Кто и когда": "Who and when",
    "Черновик": "Draft",
    "все остальные номера": "all other numbers",
    "папка": "the folder",
    "версия": "edition",
    "Версия": "Edition",
    "Версии": "Editions",
    "Какие ассистенты есть, говорит папка. Их слова и тексты меняются там или здесь.": (
        "The folder says which assistants there are. Their words and texts are changed there or "
        "here."
    ),
    "Показано не всё: различий слишком много.": "Not all is shown: there are too many differences.",
    "Что изменилось в версии": "What changed in edition",
    "Это первая сохранённая версия: сравнить не с чем.": (
        "This is the first edition that was kept: there is nothing to compare it with."
    ),
    "Тексты те же, что в предыдущей.": "The texts are those of the one before.",
    "Профиль целиком": "The whole profile",
    "О версии": "About this edition",
    "Откуда": "From",
    "Метка в звонках": "Its mark in calls",
    "Она действует сейчас.": "It is in force now.",
    "Чем отличается действующая": "How the one in force differs",
    "Ничем.": "Not at all.",
    "Вернуть эту версию": "Take this edition back",
    "Будет новая версия с этими текстами; черновик останется.": (
        "There will be a new edition with these texts; the draft stays."
    ),
    "Строки:": "Lines:",
    "Ваш текст против черновика": "Your text against the draft",
    "черновик": "draft",
    "действует папка": "the folder is in force",
    "действует версия": "in force: edition",
    "Ошибки": "Faults",
    "Тексты": "Texts",
    "Так этот файл прочитан. Он меняется в папке: здесь правят тексты .md, .txt и .csv до 50 000 знаков.": (
        "This is how the file was read. It is changed in the folder: here one edits texts (.md, "
        ".txt, .csv) of up to 50,000 characters."
    ),
    "Сохранить черновик": "Save the draft",
    "Менять могут редактор и администратор.": "Editors and admins may change it.",
    "Новый текст": "New text",
    "Добавить": "Add",
    "Убрать текст из черновика": "Leave this text out",
    "Черновик против действующей версии": "The draft against what is in force",
    "Различий нет.": "There is no difference.",
    "Папка: её изменения доходят до новых звонков сами.": (
        "The folder: its changes reach new calls by themselves."
    ),
    "Изменения в папке её не трогают.": "Changes of the folder do not touch it.",
    "Опубликованная версия не действует: её текст эта HALO не принимает, звонкам отвечает папка.": (
        "The published edition does not hold: this HALO refuses its text, and the folder answers "
        "the calls."
    ),
    "Вступает в силу: новые звонки этого сервера получат её через несколько секунд.": (
        "About to hold: new calls of this server get it within seconds."
    ),
    "Папка с тех пор изменилась, звонки этого не слышат. Можно перенести изменения сюда или вернуть папку.": (
        "The folder has changed since, and calls do not hear it. Bring its changes here, or go "
        "back to the folder."
    ),
    "Опубликовать черновик": "Publish the draft",
    "Вернуть папку": "Back to the folder",
    "Публикует администратор.": "An admin publishes.",
    "Удалить черновик": "Delete the draft",
    "Как это прозвучит": "How it will sound",
    "голос прочтёт цифры и знаки сам; словами:": (
        "the voice reads figures and signs by itself; in words:"
    ),
    "словами:": "in words:",
    "Голос": "Voice",
    "начинает, не дожидаясь конца фразы": "begins before its phrase is ready",
    "потоковый": "realtime",
    "Распознавание": "Recogniser",
    "слышно по ходу речи": "hears while one speaks",
    "только целыми фразами": "whole phrases only",
    "не больше": "at most",
    "Знает": "Knows",
    "отрывков:": "passages:",
    "Указания модели": "The model's instructions",
    "Остальные фразы": "Other sentences",
    "Пробный вопрос": "A test question",
    "Сколько стоит доставка?": "How much is the delivery?",
    "Спросить": "Ask",
    "Действующая версия": "In force",
    "Не отвечает: в тексте ошибки.": "No answer: its text has faults.",
    "Отвечает та же модель, что и на звонки, без инструментов; звонком это не считается. Деньги за модель засчитываются в дневной предел.": (
        "The model of live calls answers, without tools; it is no call. What it costs counts for "
        "the day's cap."
    ),
    "Пока только папка. Первая публикация сохранит и её, как версию 1.": (
        "Only the folder so far. The first publication keeps that, too, as edition 1."
    ),
    # what was done
    "Черновик сохранён.": "The draft is saved.",
    "Ничего не изменилось.": "Nothing has changed.",
    "Черновик удалён: действует папка.": "The draft is deleted: the folder is in force.",
    "Черновик удалён: действует опубликованная версия.": (
        "The draft is deleted: what was published is in force."
    ),
    "Опубликовано. Новые звонки получат эту версию через несколько секунд, идущие закончатся со своей.": (
        "Published. New calls get this edition within seconds, running ones end with their own."
    ),
    "Прежняя версия опубликована заново.": "The older edition is published anew.",
    "Снова действует папка, и её изменения тоже.": (
        "The folder is in force again, and so will its changes be."
    ),
    # why not
    "Пока вы правили, черновик изменил другой человек. Ваш текст цел, он ниже и ещё не сохранён. Сравните его с черновиком; если сохранить, останется ваш.": (
        "While you were editing, somebody else changed the draft. Your text is whole; it stands "
        "below and is not saved yet. Compare it with the draft; if you save it, yours stays."
    ),
    "Пока страница была открыта, здесь кое-что изменилось. Посмотрите и повторите.": (
        "Something has changed since this page was opened. Look, and do it again."
    ),
    "Сначала исправьте ошибки: с ними публиковать нельзя.": (
        "Mend the faults first: nothing is published with them."
    ),
    "Текст слишком длинный.": "The text is too long.",
    "Текстов слишком много.": "There are too many texts.",
    "Имя текста: до 99 знаков, с окончанием .md, .txt или .csv, без косой черты.": (
        "A text's name: up to 99 characters, ending with .md, .txt or .csv, without a slash."
    ),
    "Похоже на ключ или пароль. Здесь их прочтут все, у кого есть консоль: задайте его переменной среды, а здесь назовите её имя. Не сохранено.": (
        "This looks like a key or a password. Everybody with a console would read it here: set it "
        "as an environment variable, and name that. Not saved."
    ),
    "Сейчас отвечают на другой вопрос. Подождите немного.": (
        "Another question is being answered. Wait a little."
    ),
    "Дневной предел на модели почти исчерпан: остаток оставлен звонкам.": (
        "The day's cap on models is almost used up: the rest is left to the calls."
    ),
    "Напишите вопрос.": "Write a question.",
    # where an edition came from
    "из папки": "from the folder",
    "из консоли": "from the console",
    "возврат": "taken back",
    # the record
    "изменил черновик": "changed a draft",
    "удалил черновик": "deleted a draft",
    "задал пробный вопрос": "asked a test question",
    "опубликовал версию": "published an edition",
    "вернул версию": "took an edition back",
    "вернул папку": "went back to the folder",
}  # fmt: skip
