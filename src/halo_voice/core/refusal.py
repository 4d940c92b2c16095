"""Hears whether somebody wants never to be called again; an opt-out too many is the safe error.

A recogniser often gives no punctuation, so words alone have to do. What turns a refusal into
something else («после девяти не звоните», «почему вы мне не звоните») counts only right beside it,
with little words in between: «почему вы всё время звоните не звоните мне больше» is a refusal. With
«больше» or «никогда» beside it, no hour counts at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from halo_voice.core.ports import TurnRecord
from halo_voice.core.speakable import words


def _one(*lines: str) -> str:
    return f"(?:{'|'.join(' '.join(lines).split())})"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?<!\bне ){text}")


_END = re.compile(r"[.!?;…]+(?!\d)")
_POLITE = re.compile(
    r"\b(?:пожалуйста|будьте (?:добры|любезны)|ради бога|слышите|до (?:свидан\w+|встречи|связи)"
    r"|если (?:вам )?(?:можно|возможно|не ?трудно|не ?сложно|не затруднит)) "
)
_JOINED = re.compile(r"\bне(?=звон(?:ите|и|ить) )")

_LITTLE = (
    "мне меня нам нас вы вас больше никогда навсегда впредь никто сюда на мой наш этот эти этому"
    " моему номер номера номеру телефон телефону по с домой уже же ну вот вообще просто совсем и а"
    " да очень прошу просим просил просила говорю просьба чтобы чтоб тебя ты надо нужно лучше"
    " тогда еще раз"
)
_BESIDE = rf"(?:{_one(_LITTLE)} )*"
_BEFORE = rf"(?:{_one(_LITTLE, 'я мы')} )*"
_FEW = r"(?:\w+ ){0,4}?"

_TO_CALL = _one(
    "звонить трезвонить тревожить беспокоить",
    "перезванивать названивать обзванивать набирать дергать доставать",
)
_CALL = _one(
    "звоните звони трезвоньте трезвонь тревожьте тревожь беспокойте беспокой",
    r"(?:перезванива|названива|обзванива|набира|дерга|достава)(?:йте|й)",
    _TO_CALL,
)
_CALLED = r"(?:звони|трезвони|тревожи|беспокои|перезванива|названива|набира|дерга|достава)л"
_NEED = _one("надо нужно стоит следует смей смейте вздумай вздумайте пытайтесь думайте")
_STOP = _one(
    "перестаньте перестань перестать перестанете прекратите прекрати прекращайте прекратить хватит",
    "кончайте заканчивайте завязывайте бросьте бросайте",
)
_ENOUGH = _one("довольно достаточно хорош харе")
_STRIKE = _one(
    "удалите удали удалить удаляйте вычеркните вычеркни вычеркнуть уберите убери убрать исключите",
    "исключи исключить сотрите сотри стереть забудьте забудь потеряйте выкиньте выпишите",
)
_OURS = r"(?:базы?|базах|списк\w+|рассыл\w+|обзвон\w*|систем\w+|контакт\w+|отовсюду)"

_PLAIN = tuple(
    map(
        _pattern,
        (
            rf"(?P<core>не (?:{_NEED} )?{_BESIDE}{_CALL} )",
            rf"(?P<core>{_TO_CALL} {_BESIDE}не {_NEED} )",
            rf"(?P<core>{_STOP} {_FEW}{_TO_CALL} )",
            rf"(?P<core>{_ENOUGH} {_BESIDE}{_TO_CALL} )",
            rf"(?P<core>не (?:будете|станете) {_BESIDE}{_TO_CALL} )",
            rf"чтобы? (?:(?!вам |тебе )\w+ ){{0,6}}?(?P<core>не {_BESIDE}{_CALLED}и )",
            rf"чтобы? {_FEW}никто {_FEW}(?P<core>не {_BESIDE}{_CALLED} )",
            rf"пусть {_FEW}(?P<core>не {_BESIDE}(?:звон|тревож|беспоко|назван|перезван)\w*[ая]т )",
            rf"не (?:хочу|желаю|надо|нужно|хотел\w*(?: бы)?) (?:больше )?чтобы? {_FEW}"
            rf"(?P<core>{_CALLED}и? )",
        ),
    )
)
"""An hour beside it may limit it."""
_FIRM = tuple(
    map(
        _pattern,
        (
            rf"{_STOP} (?:(?!одного |двух |трех )\w+ ){{0,4}}?"
            r"(?:звонк|обзвон|рассыл|названивани)\w* ",
            rf"чтобы? {_FEW}звонков {_FEW}не было ",
            rf"не (?:донимай|надоедай|доставай|мучай)(?:те)? {_FEW}звонками ",
            rf"(?:(?:мой|этот|наш) (?:номер|телефон)|(?:номер|телефон) (?:мой|этот|наш)) "
            rf"{_FEW}{_STRIKE} ",
            rf"(?:меня|нас|номер|телефон) из {_FEW}{_OURS} {_FEW}{_STRIKE} ",
            rf"{_STRIKE} (?:номер|телефон) (?:мой|наш) ",
            rf"(?:номер|телефон) {_STRIKE} (?:мой|наш) ",
            rf"{_STRIKE} (?:\w+ ){{0,2}}?(?:мой|мои|этот|наш|данный) (?:\w+ ){{0,2}}?"
            r"(?:номер\w*|телефон\w*|контакт\w*|данные) ",
            rf"{_STRIKE} {_FEW}(?:номер|телефон|меня|нас) {_FEW}(?:из )?{_FEW}{_OURS} ",
            rf"{_STRIKE} (?:номер|телефон) (?:\. |$)",
            rf"(?:внес|занес|добав|постав|включ)\w+ {_FEW}(?:черн\w+ список|стоп\W?(?:лист|спис))",
            rf"(?:отказыва(?:юсь|емся)|отказал\w+|отпишите|снимите) {_FEW}(?:звонк|обзвон|рассыл)",
            rf"(?:отзываю|отзываем|отозвать|отменяю) {_FEW}согласи\w+ ",
            rf"(?:не (?:даю|давал\w*|соглас\w+|хочу|желаю|надо|нужно|нужны)(?! ли )|против) {_FEW}"
            r"(?:звонков|звонки|обзвон\w*) ",
            rf"(?:звонков|звонки) {_FEW}не (?:надо|нужно|нужны|хочу|желаю) ",
            r"(?:больше никаких|никаких больше) (?:\w+ )?звонков |никаких (?:\w+ )?звонков больше ",
            rf"запреща(?:ю|ем) {_FEW}(?:{_TO_CALL}|звонки) ",
            rf"оставьте (?:меня|нас) {_FEW}в покое ",
            r"(?:отстаньте|отвяжитесь|отцепитесь) ",
        ),
    )
)
_TIME = _one(
    r"\d+ час\w* утра вечера ночи дня обед\w* полудня полуночи половин\w+ работы завтра выходн\w+",
    r"праздник\w* понедельник\w* вторник\w* среду среды четверг\w* пятниц\w+ суббот\w+",
    r"воскресен\w+",
    "одного двух трех четырех пяти шести семи восьми девяти десяти двадцати числа недели месяца",
    r"(?:один|две|три|четыр|пят|шест|сем|восем|девят)надцати два три четыре пять шесть семь восемь",
    r"девять десять одиннадцать двенадцать\w* лета осени зимы весны (?:янв|февр|апр|сент|окт)\w+",
    r"(?:перв|втор|пят|шест|седьм|восьм|девят|\w*десят|\w*дцат)ого третьего четвертого",
    r"(?:ноябр|декабр|июн|июл|август|март)\w* мая",
)
_LONG = _one(r"день дня дней недел\w+ месяц\w* год года лет сутки давно")
_HOUR = (
    rf"(?:(?:после|до|раньше|позже|позднее|с|к|во?|через) (?:{_TIME} )+"
    r"|(?:утром|вечером|ночью|днем|раньше|позже|позднее|пока|временно) "
    r"|(?:утрами|вечерами|ночами|летом|зимой|осенью|весной|каждый раз) "
    r"|в течение (?:\w+ ){1,2}|(?:сейчас|сегодня|завтра|послезавтра) "
    r"|(?:(?:так|слишком|очень|столь|уже) )*(?:поздно|рано|часто) "
    r"|по (?:выходным|ночам|утрам|вечерам|дням|будням|праздникам|субботам|воскресеньям) "
    r"|по (?:понедельникам|вторникам|средам|четвергам|пятницам) "
    r"|(?:чем )?(?:одного|двух|трех|пяти|\d+) раза? "
    r"|по (?:сто|пять|десять|два|три|\d+|несколько|много|скольку) раз\w* "
    r"|во? (?:\w+ ){0,2}(?:время|часы|выходные|праздники) |на (?:\w+ )?(?:неделе|выходных) "
    rf"|(?:(?:уже|вот|весь|всю|кажд\w+|цел\w+|\w+[ыи]й|втор\w+|\d+|две|три) )*{_LONG} )"
)
_HOUR_AFTER = re.compile(rf"{_BESIDE}(?:{_HOUR}|если |когда (?!же ))")
_HOUR_BEFORE = re.compile(rf"(?:^|(?<= )){_HOUR}{_BEFORE}$")
_WHEN_BEFORE = re.compile(rf"\b(?:если |когда (?!же ))(?:\w+ ){{0,4}}{_BEFORE}$")
_OF_ANOTHER_CALL = re.compile(r"\w*звон\w* (?:\w+ ){0,4}$")
"""«Вы звоните слишком часто не звоните мне»: what comes before belongs to the other call."""
_QUESTION = re.compile(
    r"\b(?:почему|отчего|зачем|чего|что (?:же|ж|то)|что то) (?:до сих пор |"
    + _one("вы ты мне меня нам сюда же так больше никто никогда опять еще все совсем вообще долго")
    + r" )*$"
)
_COMPLAINT = re.compile(
    rf"\b(?:(?:вы|ты) (?:\w+ )?никогда (?:мне |нам )?|(?:сами|так и|до сих пор|все еще) {_BEFORE}"
    r"|обеща\w+ (?:\w+ ){0,6})$"
)
_TO_OTHERS = re.compile(
    rf"(?<!говорю )(?<!сказано )\b(?:вам|тебе|никуда|никому|туда|чтобы) {_BEFORE}$"
)
_TO_OTHERS_AFTER = re.compile(r"(?:вам|тебе) ")
_AT_A_DOOR = re.compile(r"(?:\w+ )?в (?:дверь|домофон|звонок|квартиру|калитку) |курьеру ")
_ELSE = re.compile(
    r"(?:\w+ )?из (?:\w+ )?(?:заказ|заяв|запис|брон|договор|анкет|карточк|профил)"
    r"|(?:\w+ ){0,4}(?:запиши|впиши|укажи|замени|поменя|новый|другой)"
)
"""«Удалите мой номер из заказа», «… и запишите другой»."""
_LITTLE_BEFORE, _LITTLE_AFTER = re.compile(rf"(?:^|(?<= )){_BEFORE}$"), re.compile(_BESIDE)
_INFINITIVE, _NEEDED = re.compile(rf"\b{_TO_CALL} "), re.compile(rf"\b{_NEED} ")
_STOPS = re.compile(rf"(?:{_STOP}|{_ENOUGH}) ")
_FOR_GOOD = re.compile(
    r"\b(?:больше (?!чем |одного |двух |трех |\w+ раза? )|никогда |навсегда |впредь )"
)
_US = re.compile(r"\b(?:мне|меня|нам|нас|сюда|больше|никогда|прошу|просим|просьба|номер|лучше) ")
_STEMS = re.compile(
    "звон|званива|набира|беспоко|тревож|дерга|достава|обзвон|рассыл|номер|телефон|контакт|данные|баз|спис"
    "|согласи|поко|отста|отвя|отцеп|стоп",
    re.IGNORECASE,
)
"""No refusal is without one."""
_NEAR = 160
"""Characters before a refusal that are looked at."""
_MANY = 16
"""So many refusals of one form: words without end cost no time without end."""


def refused(turns: Iterable[TurnRecord], late: Iterable[str], *, called_us: bool) -> bool:
    """Whether somebody has asked for it in a call that is over, in its turns or too late for one.
    `called_us`: see below."""
    said = (each for turn in turns for each in (turn.user_text, turn.revised_text))
    return any(wants_no_calls(each, called_us=called_us) for each in (*said, *late))


def wants_no_calls(said: str, *, called_us: bool = False) -> bool:
    """Whether these words ask never to be called again: «не звоните мне больше». «Не звоните
    сейчас» and «до девяти не звоните» do not. Who `called_us` may well mean one call («не надо
    звонить, я сам подъеду»): then «больше», «перестаньте», «удалите мой номер» has to be there."""
    if not _STEMS.search(said):  # nearly every utterance
        return False
    text = _plain(said)
    if any(not _ELSE.match(text, m.end()) for each in _FIRM for m in each.finditer(text)):
        return True
    refusals = (m.span("core") for each in _PLAIN for m in islice(each.finditer(text), _MANY))
    return any(_refuses(text, *span, called_us=called_us) for span in refusals)


def _plain(said: str) -> str:
    """Its words, a space after each; sentences, where they are known, end in a point."""
    told = (" ".join([*found, ""]) for each in _END.split(said) if (found := words(each)))
    return _JOINED.sub("не ", _POLITE.sub("", ". ".join(told)))


def _refuses(text: str, start: int, end: int, *, called_us: bool) -> bool:
    """Whether the refusal that stands there is one for good."""
    before = text[max(0, start - _NEAR) : start].rpartition(". ")[2]
    if _QUESTION.search(before) or _AT_A_DOOR.match(text, end) or _of_others(text, start, end):
        return False
    first, last = _around(text, before, start, end)
    complains = _COMPLAINT.search(before) is not None
    if any(m.start() < last for m in _FOR_GOOD.finditer(text, first)):
        return not complains or "больше " in text[first:last]
    one_call = called_us and not _STOPS.match(text[start:end])
    if one_call or complains or _HOUR_AFTER.match(text, end) or _WHEN_BEFORE.search(before):
        return False
    hour = _HOUR_BEFORE.search(before)
    return hour is None or _OF_ANOTHER_CALL.search(before[: hour.start()]) is not None


def _of_others(text: str, start: int, end: int) -> bool:
    """«Не звонить» tells not whose telephone would ring: «чтобы вам каждый раз не звонить»."""
    refusal = text[start:end]
    if not _INFINITIVE.search(refusal) or _STOPS.match(refusal):
        return False
    before = text[max(0, start - _NEAR) : start].rpartition(". ")[2]
    if _TO_OTHERS.search(before) or _TO_OTHERS_AFTER.match(text, end):
        return True
    first, last = _around(text, before, start, end)
    return not _NEEDED.search(refusal) and not _US.search(text, first, last)


def _around(text: str, before: str, start: int, end: int) -> tuple[int, int]:
    """From where to where the refusal goes with the little words beside it."""
    ahead, behind = _LITTLE_BEFORE.search(before), _LITTLE_AFTER.match(text, end)
    first = start - len(ahead.group()) if ahead else start
    return first, behind.end() if behind else end
