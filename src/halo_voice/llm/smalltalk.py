"""What callers say that is no question about the company, told apart without a model.

A message counts only when it holds nothing else: «здравствуйте, сколько стоит доставка» is a
question. Questions about the assistant's nature count anywhere: it never claims to be human.
"""

from __future__ import annotations

import re
from enum import Enum, auto


class Talk(Enum):
    """Why the caller speaks."""

    GREETING = auto()
    CHECK = auto()
    WAIT = auto()
    THANKS = auto()
    FAREWELL = auto()
    NATURE = auto()
    REPEAT = auto()
    YES = auto()
    NO = auto()


_WORD = re.compile(r"[a-zа-я0-9]+")

# Say nothing by themselves and may stand around anything below.
_FILLER_WORDS = """
а и ну вот так же там э эм мм м ой ах ох это как бы в общем значит вам вас вы мне меня я все всем
большое огромное очень пожалуйста уже тогда тоже еще за что на этом дня день утро вечер вечера
дорогая дорогой девушка молодой человек
"""
_FILLERS = frozenset(_FILLER_WORDS.split())

# In this order: «спасибо, до свидания» is a farewell, «да, спасибо» thanks.
_SIGNS: tuple[tuple[Talk, str], ...] = (
    (
        Talk.REPEAT,
        r"повтори\w*|еще раз|не расслышал\w*|не услышал\w*|не понял\w*|плохо слышно|что вы сказали|"
        r"(?:говорите )?(?:по)?(?:громче|медленнее)",
    ),
    (
        Talk.FAREWELL,
        r"до свидан\w+|до связи|до встречи|всего (?:доброго|хорошего|наилучшего)|прощайте|"
        r"пока(?! не)|хорошего (?:дня|вечера)|удачи|больше (?:ничего|(?:нет )?вопросов)(?: нет)?|"
        r"вопросов (?:больше )?нет",
    ),
    (Talk.THANKS, r"спасибо\w*|благодар\w+|спасиб"),
    (
        Talk.WAIT,
        r"(?:подожди|погоди|обожди)(?:те)?|(?:одну )?(?:секунд|минут)(?:у|ку|очку)|(?:один )?момент"
        r"|сейчас(?! не)|щас",
    ),
    (Talk.CHECK, r"ал+[оеё]|слышите|слышно|вы тут|вы здесь|вы там|есть кто|прием|раз два"),
    (Talk.GREETING, r"здравствуй\w*|здрасьте|здрасте|привет\w*|добр(?:ый|ое|ого) \w+|доброго"),
    (Talk.NO, r"(?:пока )?(?:нет|не надо|не нужно|ничего|неа)"),
    (
        Talk.YES,
        r"да|ага|угу|хорошо|ладно|конечно|давай\w*|понятно|понял\w*|ясно|окей|ок|отлично|верно|"
        r"договорились",
    ),
)
_SIGN_PATTERNS = tuple((talk, re.compile(rf"\b(?:{signs})\b")) for talk, signs in _SIGNS)
_ANY_SIGN = re.compile("|".join(pattern.pattern for _, pattern in _SIGN_PATTERNS))

_NATURE = re.compile(
    r"\b(?:(?:ты|вы)(?: это| что| точно| правда| сейчас| случайно| ведь| не)* "
    r"(?:робот|человек|бот|машина|живой|живая|компьютер|нейросеть|программа|автоответчик|кто|"
    r"искусственн\w+ интеллект\w*|настоящ\w+)|"
    r"(?:кто|что)(?: это)?(?: же)? (?:ты|вы)(?: так(?:ой|ая|ие|ое))?$|"
    r"с кем я (?:говорю|разговариваю)|^(?:\w+ )?кто это$|куда я (?:попал|дозвонил|звоню)\w*|"
    r"что (?:вы|ты) умее(?:те|шь)|кто (?:это )?(?:говорит|у телефона)|"
    r"я (?:говорю|разговариваю) с (?:робот\w*|человеком|бот\w*|машин\w*|компьютер\w*)|"
    r"это (?:робот|бот|автоответчик|живой человек)|как (?:вас|тебя) зовут|ваше имя)\b"
)
# «Как записаться на приём» is neither addressed to anybody nor a sign that one listens.
_NO_NAME = re.compile(r"(?:ть|ти|чь|ешь|ете|ите|ишь|ет|ит|ут|ют)(?:ся|сь)?$")
# Alone, they ask for what was said once more.
_WHAT = frozenset(("что", "чего", "как", "а", "а что", "что что", "не слышно", "ничего не слышно"))
# Words to be kept or acted on by people: «запишите сообщение …», «перезвоните мне».
_REQUEST = re.compile(
    r"^(?:(?:да|ну|а|и|тогда|хорошо|ладно|конечно|пожалуйста|можете|можно|прошу|вас|вы|нет|ага|угу|"
    r"давайте|хочу|хотел|хотела|бы|нужно|надо|мне|пусть|чтобы|они|я) )*"
    r"(?:запиш\w+|записать|переда\w+|перезвон\w+|сообщите|сообщить|оставить|оставьте|"
    r"отправ(?:ьте|ить) (?:им|сотрудник\w+|вопрос|сообщение)|свяжитесь|"
    r"свяжутся|связались|позвонят|позвонили|позвонит|позвоните мне|скажите (?:им|сотрудник\w+))\b"
)
_TO_PEOPLE = re.compile(
    r"\b(?:сообщени\w+|мой (?:вопрос|номер|телефон)|сотрудник\w+|менеджер\w*|оператор\w*|"
    r"(?:перезвон\w+|позвон(?:ите|ят)|свяжитесь|свяжутся) (?:со )?(?:мне|мной)|"
    r"мне (?:перезвон|позвон)\w+)\b"
)
# «Подождите, я возьму ручку»; whoever asks something besides does not wait.
_WAITS = re.compile(
    r"^(?:(?:а|ну|ой|да|так|хорошо|пожалуйста) )*(?:(?:подожди|погоди|обожди)(?:те)?"
    r"|(?:одну )?(?:секунд|минут)(?:у|ку|очку)|(?:один )?момент)\b"
    r"(?!.*\b(?:где|как|какой|какая|какие|когда|сколько|почему|зачем|кто|что|чем|ли|есть|можно)\b)"
)
_WORDS_MAX = 12


def recognise(text: str, *, names: int = 0) -> Talk | None:
    """The kind of small talk, or None for whatever may be a question.

    `names`: how many other words may stand beside it, as in «здравствуйте, Аристарх».
    """
    found = _WORD.findall(text.lower().replace("ё", "е"))
    if not found or len(found) > _WORDS_MAX:
        return None
    plain = " ".join(found)
    if plain in _WHAT:
        return Talk.REPEAT
    if _NATURE.search(plain):
        return Talk.NATURE
    if names and _WAITS.match(plain):
        return Talk.WAIT
    rest = _ANY_SIGN.sub(" ", plain).split()
    others = [word for word in rest if word not in _FILLERS]
    if len(others) > names or any(map(_NO_NAME.search, others)):
        return None
    return next((talk for talk, signs in _SIGN_PATTERNS if signs.search(plain)), None)


def leaves_message(text: str, *, offered: bool) -> bool:
    """Whether the caller wants words passed on, written down, or a call back.

    `offered`: the assistant has just told that words are kept, so less must be said.
    """
    plain = " ".join(_WORD.findall(text.lower().replace("ё", "е")))
    return bool(_REQUEST.match(plain)) and (offered or bool(_TO_PEOPLE.search(plain)))


def asks_nothing(text: str) -> bool:
    """Whether the words are small talk, or are for people, not for the company's texts."""
    return recognise(text, names=1) is not None or leaves_message(text, offered=True)
