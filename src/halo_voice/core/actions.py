"""Whether a sentence claims that something was done: «записала вас», «заявка оформлена»."""

from __future__ import annotations

import re
from collections.abc import Iterator

# First the stem that a tool's success may allow, then how it is said of oneself in the past.
_ACTIVE = (
    r"запис|забронир|брониров|зарезервир|оформ|переоформ|отмен|аннулир|перен[её]с|отправ|выс[ыл]|"
    r"переда|созда|измен|помен|добав|удал|зарегистр|подтверд|заказа|оплат|зафиксир|вн[её]с|"
    r"постав|остав|верн|назнач|сдела|выполн|подключ|отключ|заблокир|начисл|списа|вызва|"
    r"возвра[тщ]|зачисл|перечисл|"
    r"приня(?=л[аи]? (?:у вас )?(?:ваш\w* )?(?:заказ|заявк|запис|брон|запрос|обращени))|"
    r"(?:(?<=заказ )|(?<=заявку )|(?<=запись ))приня"
)
_PAST = r"(?:\w{0,4}л(?:а|и)?|(?<=[её]с))"
# What is done for one caller, and beside it what is said of goods and of the company, too.
_DEED = (
    r"запис|заброниров|зарезервиров|оформл|переоформл|отмен|аннулиров|перенес|отправл|высла|"
    r"переда|зарегистриров|подтвержд|оплач|назнач|приня|возвращ|зачисл|начисл|списа"
)
_PASSIVE = _DEED + r"|созда|измен|добавл|удал|зафиксиров|внес|оставл|сдела|выполн"
_IS = r"(?:[еёа]?н|(?<=приня)т)[аоы]?\b"
_MATTER = (
    r"(?:запись|бронь|бронирование|заявк\w|заказ|визит|сообщение|смс|sms|письмо|звонок|запрос|"
    r"обращение|столик|возврат|встреча|деньги|средства|плат[её]ж|оплата|бонусы)"
)
_COMPANY = r"(?:услуга|доставка|номер|время|данные|адрес|при[её]м)"
_THING = rf"(?:{_MATTER}|{_COMPANY})"
# A word between a thing and what was done to it; none of these, with which it is another's.
_BETWEEN = (
    r" (?!(?:не|ни|но|а|что|как|где|кто|кому|то|вс[её]|он|она|оно|они|котор\w+|чь\w+)\b)"
    r"(?:[^\s.!?…]|\.(?=\d))+"
)
_INSERTED = r"(?<=,) как [^.!?…,]{1,40},"  # «заказ на завтра, как вы и просили, оформлен»
_DOING = (
    r"записываю (?:вас|на)|(?:бронирую|резервирую|оформляю|переоформляю|отменяю|аннулирую|переношу|"
    r"отправляю|высылаю|подтверждаю|заказываю|регистрирую) "
    r"(?:вас|вам|ваш\w*|на|эту|этот|столик|запись|бронь|визит|встречу|смс|сообщение|письмо|"
    r"заказ\w*|заявк\w|доставк\w|возврат\w?)"
    r"|записываем вас на"
    r"|(?:бронируем|оформляем|отменяем|переносим|подтверждаем) (?:ваш\w*|эту|этот)"
    r"|(?:соединяю|переключаю|перевожу)(?: (?:вас|сейчас|звонок)){0,2} (?:с|со|на|к) (?:\w+ )?"
    r"(?:оператор|специалист|менеджер|сотрудник|консультант|мастер|администратор|коллег|отдел)\w*"
)
# What is said to one caller of what was done for him, whoever did it and whatever stands before.
_FOR_YOU = (
    r"запис|заброниров|зарезервиров|оформ|переоформ|отмен|аннулиров|перен[её]с|отправ|высла|переда|"
    r"зарегистриров|подтверд|заказа|вызва|верн|зачисл|перечисл"
)
_YOU = r"(?:вас|вам|для вас|ваш\w*|на ваш\w*)"
_ALONE = (
    r"записано|забронировано|зарезервировано|оформлено|отменено|аннулировано|перенесено|отправлено|"
    r"подтверждено|зарегистрировано|сделано|выполнено"
)
_OF_IT = r"(?:(?:он|она|оно|они) )?(?:уже |успешно )*"
# No two of these begin alike and end alike: each word is read in one way only.
_LEAD = (
    r"(?:(?:я|мы|вс[её]|готово|да|хорошо|отлично|конечно|уже|ну|вот|так|это|вас|вам|его|е[её]|их|"
    r"ваш\w*|для|на|ради|теперь|успешно|только что|сейчас|эту|этот|тогда|значит|итак|прекрасно|"
    r"замечательно|спасибо|понял|поняла|ясно|договорились|ладно|ок|окей|супер|пожалуйста|"
    r"минутку|секунду|"
    rf"{_THING}|заказ\w+|записи|заявк\w\w+)[ ,.!—-]+)"
)
DOING = "doing"
"""The kind of a claim that is made while it is done: true of who has the tools for it."""

_CLAIM = re.compile(
    # «я вас записала», «всё, оформил вашу заявку»
    rf"(?:^|[.!?…] ){_LEAD}{{0,12}}(?P<active>{_ACTIVE}){_PAST}\b"
    rf"|\b(?:я|мы)\b[^.!?]{{0,30}}?\b(?P<mine>{_ACTIVE}){_PAST}\b"
    # «вы записаны», «запись создана», «создана запись»
    rf"|\bвы\b,?(?:{_BETWEEN}){{0,6}}? (?P<you>запис|зарегистриров)\w*[нт]ы\b"
    rf"|\b{_THING}(?: \w+)? (?P<thing>{_PASSIVE}){_IS}"
    rf"|(?:^|[.!?…] )(?:уже |успешно )*(?P<front>{_PASSIVE}){_IS} (?:\w+ )?{_THING}"
    # «запись на вторник, пятое мая, подтверждена», «вам на завтра назначен приём»
    rf"|\b(?:{_MATTER}|(?:(?<=ваш )|(?<=ваш[аеи] )){_COMPANY}),?(?:{_BETWEEN}|{_INSERTED}){{1,8}}?"
    rf" (?P<far>{_DEED}){_IS}"
    # of a cancellation, whatever its verb is
    rf"|\b(?P<off>отмен)а(?:{_BETWEEN}){{0,7}}? (?:{_PASSIVE}){_IS}"
    rf"|\b(?<!\bкотор\w\w )(?<!\bчто )(?<!\bкак )(?:для вас|вам|на ваше имя)"
    rf"(?:{_BETWEEN}){{0,3}}? (?P<yours>{_DEED}){_IS}"
    rf"|(?:^|[.!?…] )(?:(?:вс[её]|уже|ну|вот|и),? ){{0,3}}"
    rf"(?P<ready>готово\b|(?:{_ALONE})(?=[.,!…]|$| —))"
    # «на завтра в три записала вас», «мастер вас записал»
    rf"|\b(?<!\bвы )(?<!\bвы сами )(?<!\bвы уже )(?P<near>{_FOR_YOU}){_PAST} {_YOU}\b"
    rf"|\b{_YOU}(?:{_BETWEEN})?? (?P<near_you>{_FOR_YOU}){_PAST}\b"
    # in two sentences: «ваш заказ на люстру. Он оформлен»
    rf"|\bваш\w* {_MATTER}\b[^.!?…]{{0,80}}[.!…] {_OF_IT}(?P<apart>{_DEED}){_IS}"
    # «хорошо, записываю вас на завтра»
    rf"|(?:(?:^|[.!?…] ){_LEAD}{{0,12}}|\b(?=\w{{6,14}}[юу] (?:вас|вам|ваш\w*|эту|этот)\b))"
    rf"(?P<{DOING}>{_DOING})\b"
)
_UNREAL = re.compile(
    r"\b(?:не|ни|если|когда|чтобы|пока|как только|после того|перед тем|прежде|ли|бы|будет|будут|"
    r"будете|можно|могу|можем|может|могут|можете|нужно|надо|должн\w+|должен|как(?:ой|ая|ое|ие|ую|ого|ому|ом))\b"
)
# The beginning of a word in every claim; most phrases have none.
_HINT = re.compile(
    r"\b(?:за|пере|под|от)?(?:о(?:форм|тмен|тправ|пла[тч]|став)|п(?:ере[вдкнч]|о(?:мен|став|дтвер)|риня)"
    r"|в(?:ыс[ыл]|ызва|н[её]с|ерн|ыполн|озвра)|за(?:пис|каз|числ)|с(?:озда|дела|писа|оедин)"
    r"|на(?:знач|числ)|б(?:рон|локир)|резерв|регистр|аннул|измен|добав|удал|фиксир|ключ|готово)"
)
_TO_COME = re.compile(r" (?:не )?(?:будет|будут|может|могут)\b")
_OF_ANOTHER = re.compile(r"\b(?:котор\w+|кто|кого|кому|кем|ком|что|чего|чему|где|куда|как)\b")
_NEAR = frozenset(("near", "near_you"))
_ASKS = re.compile(
    r"\?|\b(?:назов|назв|скаж|уточн|подскаж|продикт|диктуй|повтор|укаж|сообщ|подтверд|выбер|напомн)"
    r"\w*(?:ите|йте)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(rf"{_OF_IT}(?:{_DEED}){_IS}")
READ_KINDS = frozenset(("thing", "front", "far", "off", "yours", "apart"))
"""What a tool that only reads may have told: the state of a thing."""


def claimed(low: str, *, can_act: bool = False) -> tuple[str, str] | None:
    """The first claim in a lowered text; None if there is none. `can_act`: who speaks has tools
    that change something, and may be about to use one."""
    return next((each for each in claims(low) if not (can_act and each[0] == DOING)), None)


def claims(low: str) -> Iterator[tuple[str, str]]:
    """The kind and the verb of each claim in a lowered text."""
    if _HINT.search(low) is None:
        return
    for found in _CLAIM.finditer(low):
        start = max(low.rfind(sign, 0, found.start() + 1) for sign in ".!?…") + 1
        kind = next(name for name, value in found.groupdict().items() if value is not None)
        if kind in _NEAR and _OF_ANOTHER.search(low, start, found.start()):
            continue
        if _TO_COME.match(low, found.end()):
            continue
        if not _UNREAL.search(low, start, found.end()) and "?" not in _rest(low, found.end()):
            yield kind, found[kind]


def asks(text: str) -> bool:
    """Whether a text wants to know something, with or without a question mark."""
    return _ASKS.search(text) is not None


def goes_on(low: str) -> bool:
    """Whether a sentence says only what was done, and the one before it to what."""
    return _GOES_ON.match(low) is not None


def _rest(low: str, at: int) -> str:
    """The text up to the end of its sentence, with the sign."""
    end = re.compile(r"[.!?…]").search(low, at)
    return low[at : end.end()] if end else low[at:]


def allowed(claim: tuple[str, str], confirms: tuple[tuple[str, ...], ...], *, read: bool) -> bool:
    """Whether successes allow the claim. `confirms`: of each, the stems that it allows, none: any.
    `read`: a tool that reads has told something."""
    kind, verb = claim
    if read and kind in READ_KINDS:
        return True
    return any(not stems or verb.startswith(stems) for stems in confirms)
