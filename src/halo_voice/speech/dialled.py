"""Numbers that name instead of count: telephones in groups, orders and codes digit by digit."""

from __future__ import annotations

import re

from halo_voice.speech.latin import LETTERS
from halo_voice.speech.numerals import cardinal, digits, group

_GAP = r" ?[-–‑]? ?"
_PHONE = re.compile(
    rf"(?<![\w.,])(?P<country>\+7|8|7(?=[ -]?\())?{_GAP}\(?(?P<area>\d{{3}})\)?{_GAP}"
    rf"(?P<a>\d{{3}}){_GAP}(?P<b>\d{{2}}){_GAP}(?P<c>\d{{2}})(?!\d)(?![.,]\d)"
)
_AREA_LONG = re.compile(
    r"(?<![\w.,])(?P<country>\+7"
    r"|8)[ -]?\((?P<area>\d{4,5})\) ?(?P<rest>\d{1,3}(?:-\d{2}){2})(?!\d)"
)
_LOCAL = re.compile(
    r"(?<![\w.,])(?<!\d-)(?P<a>\d{2,3})-(?P<b>\d{2})-(?P<c>\d{2})(?![\d-])(?![.,]\d)"
)
_ABROAD = re.compile(r"(?<!\w)\+(?P<rest>\d{1,3}(?:[ -]?\(?\d{2,4}\)?){2,5})(?!\d)")
_NAMED = re.compile(
    r"(?P<name>(?<![а-яё])(?:заказ|договор|трек|артикул|накладн|квитанци|заявк|обращени|счёт"
    r"|счет|карт|полис|бронь|брони|телефон|номер|чек|тикет|лот|серийн|инн|огрн|кпп|снилс"
    r"|паспорт)[а-яё]{0,5}(?:[ -](?:номер[а-яё]{0,2}|код"
    r"|телефон[а-яё]{0,2}))?[:,]? (?:№ ?)?(?:— )?)(?P<number>\d[\d-]{3,40}\d"
    r"|\d{5,})(?![\d,:]|\.\d| ?(?:₽|%|руб|тыс|млн))",
    re.I,
)
_SECRET = re.compile(
    r"(?P<name>(?<![а-яё])(?:(?:пин-?|промо|смс-)?код|пароль|пин|индекс|домофон|cvc|cvv"
    r"|pin)(?:а|у|ом|е)?(?: (?:доступа|подтверждения|активации|домофона|товара|заказа"
    r"|двери|подъезда|из (?:смс|сообщения|письма)))?[:,]? (?:— |- "
    r"|№ ?)?)"
    r"(?P<number>(?-i:(?=[A-ZА-ЯЁ\d]{3,24}(?!\w))[A-ZА-ЯЁ]{0,3}\d+[A-ZА-ЯЁ]{1,3}[A-ZА-ЯЁ\d]*)"
    r"|\d[\d -]{0,30}\d|\d)(?![\d:%]| ?(?:₽|%|руб))",
    re.I,
)
_SIGN = re.compile(
    r"№№? ?(?P<number>[A-Za-zА-Яа-яЁё]{0,4}-?\d[\d/-]{0,40}(?:[а-яА-Я]\d{0,2}(?!\w))?)?"
)
# «А 123 ВС 177», a car's number; «ВС» is no Sunday.
_PLATE = re.compile(r"(?<![\w])[АВЕКМНОРСТУХ] ?\d{3} ?[АВЕКМНОРСТУХ]{2} ?\d{2,3}(?!\w)")
_MIXED = re.compile(
    r"(?<![\w.,/-])(?=[A-ZА-ЯЁ\d-]{2,24}(?![\w]))(?=[\d-]*[A-ZА-ЯЁ])[A-ZА-ЯЁ]{1,3}-?\d{1,12}(?:-?[A-ZА-ЯЁ]{1,3}\d{0,4})?(?![\w-])"
)
_LETTERS_RU = dict(
    zip(
        "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁ",
        "а бэ вэ гэ дэ е жэ зэ и ий ка эль эм эн о пэ эр эс тэ у эф ха цэ че ша ща твёрдый_знак ы "
        "мягкий_знак э ю я ё".split(),
        strict=True,
    )
)
_TOP = re.compile(r"(?<!\w)(?P<top>[Тт]оп|ТОП|T[Oo][Pp]|top)[- ](?=\d{1,4}(?!\w))")
_LONG = re.compile(r"(?<![\w.,])\d{10,}(?![\d]|[.,]\d| ?(?:₽|%|руб|млн|тыс))")


def dialled(text: str) -> str:
    """Telephones, order numbers, codes and serial numbers of `text` in words."""
    text = _TOP.sub(lambda m: "Топ " if not m.start() else "топ ", text)
    text = _NAMED.sub(_named_unless_phone, _SECRET.sub(_secret, text))
    text = _AREA_LONG.sub(_area_long, _PHONE.sub(_phone, text))
    text = _LOCAL.sub(lambda m: ", ".join(map(group, m.groups())), _ABROAD.sub(_abroad, text))
    text = _SIGN.sub(_sign, _NAMED.sub(_named, text))
    text = _MIXED.sub(lambda m: spelt(m[0]), _PLATE.sub(lambda m: spelt(m[0]), text))
    return _LONG.sub(lambda m: digits(m[0]), text)


def spelt(token: str, *, each: bool = False) -> str:
    """Letters by their names, digits in numbers of up to three: «АБ-120» is «а бэ сто двадцать».

    With `each`, all digits one by one.
    """
    said = []
    for part in re.findall(r"\d+|[^\W\d_]+", token):
        if part.isdigit():
            said.append(group(part) if len(part) < 4 and not each else digits(part))
        else:
            said += [_letter(char) for char in part.upper()]
    return " ".join(said)


def _letter(char: str) -> str:
    return (_LETTERS_RU.get(char) or LETTERS.get(char.lower()) or char.lower()).replace("_", " ")


def _country(written: str | None) -> list[str]:
    return [{"+7": "плюс семь", "8": "восемь", "7": "семь"}[written]] if written else []


def _phone(found: re.Match[str]) -> str:
    parts = [*_country(found["country"]), group(found["area"])]
    return _opening(found) + ", ".join([*parts, *(group(found[part]) for part in "abc")])


def _opening(found: re.Match[str]) -> str:
    """A gap that the optional country code left in front."""
    return " " if found[0][:1] == " " else ""


def _area_long(found: re.Match[str]) -> str:
    area = found["area"]
    halves = [area[:2], area[2:]] if len(area) == 4 else [area[:3], area[3:]]
    groups = [*map(group, halves), *map(group, found["rest"].split("-"))]
    return ", ".join([*_country(found["country"]), *groups])


def _abroad(found: re.Match[str]) -> str:
    parts = re.findall(r"\d+", found["rest"])
    said = [group(part) if len(part) < 4 else digits(part) for part in parts]
    return "плюс " + ", ".join(said)


def _named(found: re.Match[str]) -> str:
    """An order number: words up to four digits, digit by digit beyond."""
    number = found["number"]
    plain = number.replace("-", "")
    if len(plain) < 5 and not plain.startswith("0"):
        return found[0]
    name = found["name"].replace("№", "номер ").replace("  ", " ")
    parts = number.split("-")
    if len(parts) > 1:
        return name + ", ".join(group(p) if len(p) < 4 else digits(p) for p in parts if p)
    return name + digits(plain)


def _named_unless_phone(found: re.Match[str]) -> str:
    telephone = found["name"].lower().startswith(("телефон", "номер"))
    return found[0] if telephone else _named(found)


def _secret(found: re.Match[str]) -> str:
    name = found["name"].replace("№", "номер ").replace("  ", " ")
    if not set(found["number"]) <= set("0123456789 -"):
        return name + spelt(found["number"], each=True)
    number = found["number"].replace("-", " ").split()
    return name + ", ".join(map(digits, number))


def _sign(found: re.Match[str]) -> str:
    number = found["number"]
    if not number:
        return "номер "
    end = "".join(re.findall(r"[/-]+\Z", number))
    number = number.removesuffix(end)
    if not number.isdigit():
        parts = number.split("/")
        said = " дробь ".join(map(_number_or_spelt, parts))
        return f"номер {said}{end}"
    return f"номер {_number_or_spelt(number)}{end}"


def _number_or_spelt(part: str) -> str:
    if part.isdigit():
        return cardinal(int(part)) if len(part) < 5 and part[0] != "0" else digits(part)
    return spelt(part)
