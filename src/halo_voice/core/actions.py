"""Whether a sentence claims that something was done: «записала вас», «заявка оформлена»."""

from __future__ import annotations

import re

# First the stem that a tool's success may allow, then how it is said of oneself in the past.
_ACTIVE = (
    r"запис|забронир|брониров|зарезервир|оформ|переоформ|отмен|аннулир|перен[её]с|отправ|выс[ыл]|"
    r"переда|созда|измен|помен|добав|удал|зарегистр|подтверд|заказа|оплат|зафиксир|вн[её]с|"
    r"постав|остав|верн|назнач|сдела|выполн|подключ|отключ|заблокир|начисл|списа|вызва|"
    r"приня(?=л[аи]? (?:у вас )?(?:ваш\w* )?(?:заказ|заявк|запис|брон|запрос|обращени))|"
    r"(?:(?<=заказ )|(?<=заявку )|(?<=запись ))приня"
)
_PAST = r"(?:\w{0,4}л(?:а|и)?|(?<=[её]с))"
# What is done for one caller, and beside it what is said of goods and of the company, too.
_DEED = (
    r"запис|заброниров|зарезервиров|оформл|переоформл|отмен|аннулиров|перенес|отправл|высла|"
    r"переда|зарегистриров|подтвержд|оплач|назнач|приня"
)
_PASSIVE = _DEED + r"|созда|измен|добавл|удал|зафиксиров|внес|оставл|сдела|выполн"
_IS = r"(?:[еёа]?н|(?<=приня)т)[аоы]?\b"
_MATTER = (
    r"(?:запись|бронь|бронирование|заявк\w|заказ|визит|сообщение|смс|sms|письмо|звонок|запрос|"
    r"обращение|столик|возврат|встреча)"
)
_COMPANY = r"(?:услуга|доставка|номер|время|данные|адрес|при[её]м)"
_THING = rf"(?:{_MATTER}|{_COMPANY})"
# A word between a thing and what was done to it; none of these, with which it is another's.
_BETWEEN = (
    r" (?!(?:не|ни|но|а|что|как|где|кто|кому|то|вс[её]|он|она|оно|они|котор\w+|чь\w+)\b)"
    r"(?:[^\s.!?…]|\.(?=\d))+"
)
_DOING = (
    r"записываю (?:вас|на)|(?:бронирую|резервирую|оформляю|переоформляю|отменяю|аннулирую|переношу|"
    r"отправляю|высылаю|подтверждаю|заказываю|регистрирую) "
    r"(?:вас|вам|ваш\w*|на|эту|этот|столик|запись|бронь|визит|встречу|смс|сообщение|письмо|"
    r"заказ\w*|заявк\w|доставк\w|возврат\w?)"
)
# No two of these begin alike and end alike: each word is read in one way only.
_LEAD = (
    r"(?:(?:я|мы|вс[её]|готово|да|хорошо|отлично|конечно|уже|ну|вот|так|это|вас|вам|его|е[её]|их|"
    r"ваш\w*|для|на|ради|теперь|успешно|только что|сейчас|эту|этот|"
    rf"{_THING}|заказ\w+|записи|заявк\w\w+)[ ,.!—-]+)"
)
DOING = "doing"
"""The kind of a claim that is made while it is done: true of who has the tools for it."""

_CLAIM = re.compile(
    # «я вас записала», «всё, оформил вашу заявку»
    rf"(?:^|[.!?…] ){_LEAD}{{0,12}}(?P<active>{_ACTIVE}){_PAST}\b"
    rf"|\b(?:я|мы)\b[^.!?]{{0,30}}?\b(?P<mine>{_ACTIVE}){_PAST}\b"
    # «вы записаны», «запись создана», «создана запись»
    rf"|\bвы (?:уже |успешно |теперь )*(?P<you>запис|зарегистриров)\w*[нт]ы\b"
    rf"|\b{_THING}(?: \w+)? (?P<thing>{_PASSIVE}){_IS}"
    rf"|(?:^|[.!?…] )(?:уже |успешно )*(?P<front>{_PASSIVE}){_IS} (?:\w+ )?{_THING}"
    # «запись на вторник, пятое мая, подтверждена», «вам на завтра назначен приём»
    rf"|\b(?:{_MATTER}|(?:(?<=ваш )|(?<=ваш[аеи] )){_COMPANY}),?(?:{_BETWEEN}){{1,7}}?"
    rf" (?P<far>{_DEED}){_IS}"
    # of a cancellation, whatever its verb is
    rf"|\b(?P<off>отмен)а(?:{_BETWEEN}){{0,7}}? (?:{_PASSIVE}){_IS}"
    rf"|\b(?<!\bкотор\w\w )(?<!\bчто )(?<!\bкак )(?:для вас|вам|на ваше имя)"
    rf"(?:{_BETWEEN}){{0,3}}? (?P<yours>{_DEED}){_IS}"
    r"|(?:^|[.!?…] )(?:вс[её] )?(?P<ready>готово|сделано|выполнено)\b"
    # «хорошо, записываю вас на завтра»
    rf"|(?:^|[.!?…] ){_LEAD}{{0,12}}(?P<{DOING}>{_DOING})\b"
)
_UNREAL = re.compile(
    r"\b(?:не|ни|если|когда|чтобы|пока|как только|после того|перед тем|прежде|ли|бы|будет|будут|"
    r"можно|могу|можем|может|могут|нужно|надо|должн\w+|должен|как(?:ой|ая|ое|ие|ую|ого|ому|ом))\b"
)
_HINT = re.compile(
    r"о(?:форм|тмен|тправ|пла[тч]|став)|п(?:ере[дн]|омен|одтвер|остав|риня)|в(?:ыс[ыл]|ызва|н[её]с|ерн|ыполн)"
    r"|за(?:пис|каз)|с(?:озда|дела|писа)|на(?:знач|числ)|б(?:рон|локир)|резерв|регистр|аннул|измен"
    r"|добав|удал|фиксир|ключ|готово"
)
READ_KINDS = frozenset(("thing", "front", "far", "off", "yours"))
"""What a tool that only reads may have told: the state of a thing."""


def claimed(low: str, *, can_act: bool = False) -> tuple[str, str] | None:
    """The kind and the verb of the first claim in a lowered text; None if there is none.
    `can_act`: who speaks has tools that change something, and may be about to use one."""
    if _HINT.search(low) is None:
        return None
    for found in _CLAIM.finditer(low):
        start = max(low.rfind(sign, 0, found.start() + 1) for sign in ".!?…") + 1
        kind = next(name for name, value in found.groupdict().items() if value is not None)
        if kind == DOING and can_act:
            continue
        if not _UNREAL.search(low, start, found.end()) and "?" not in _rest(low, found.end()):
            return kind, found[kind]
    return None


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
