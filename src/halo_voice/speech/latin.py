"""Latin names as Russians say them: the company's own words, a dictionary, letters one by one."""

from __future__ import annotations

import re

from rutextnorm import cyrrilize

_NAMES = {
    "iphone": "айфон", "ipad": "айпад", "apple": "эпл", "macbook": "макбук", "airpods": "эйрподс",
    "samsung": "самсунг", "galaxy": "гэлакси", "xiaomi": "сяоми", "huawei": "хуавэй",
    "google": "гугл", "android": "андроид", "windows": "виндоус", "microsoft": "майкрософт",
    "whatsapp": "вотсап", "telegram": "телеграм", "viber": "вайбер", "skype": "скайп",
    "youtube": "ютуб", "instagram": "инстаграм", "facebook": "фейсбук", "zoom": "зум",
    "wi-fi": "вай-фай", "wifi": "вай-фай", "bluetooth": "блютус", "online": "онлайн",
    "e-mail": "имейл", "email": "имейл", "gmail": "джимейл", "sms": "эс эм эс", "vip": "вип",
    "visa": "виза", "mastercard": "мастеркард", "ikea": "икея", "bosch": "бош", "philips": "филипс",
    "siemens": "сименс", "sony": "сони", "lg": "эл джи", "hp": "эйч пи", "canon": "кэнон",
    "lenovo": "леново", "asus": "асус", "acer": "эйсер", "intel": "интел", "nvidia": "энвидиа",
    "tesla": "тесла", "toyota": "тойота", "bmw": "бэ эм вэ", "audi": "ауди", "ford": "форд",
    "mercedes": "мерседес", "volkswagen": "фольксваген", "hyundai": "хёндэ", "kia": "киа",
    "nissan": "ниссан", "mazda": "мазда", "renault": "рено", "skoda": "шкода", "lada": "лада",
    "honda": "хонда", "lexus": "лексус", "porsche": "порше", "volvo": "вольво", "haval": "хавал",
    "ozon": "озон", "wildberries": "вайлдберриз", "yandex": "яндекс", "avito": "авито",
    "aliexpress": "алиэкспресс", "amazon": "амазон", "adidas": "адидас", "nike": "найк",
    "puma": "пума", "zara": "зара", "lego": "лего", "coca-cola": "кока-кола", "pepsi": "пепси",
    "starbucks": "старбакс", "burger king": "бургер кинг", "kfc": "кей эф си", "dhl": "ди эйч эл",
    "ups": "ю пи эс", "pro": "про", "max": "макс", "mini": "мини", "plus": "плюс",
    "ultra": "ультра",
    "premium": "премиум", "smart": "смарт", "led": "лед", "usb": "ю эс би", "type-c": "тайп си",
    "usb-c": "ю эс би си", "hdmi": "эйч ди эм ай", "ok": "окей", "app store": "эп стор",
    "google play": "гугл плей", "rustore": "рустор", "mir pay": "мир пэй", "apple pay": "эпл пэй",
    "chatgpt": "чат джи пи ти", "excel": "эксель", "word": "ворд", "pdf": "пэ дэ эф",
    "qr": "кью ар",
    "qr-код": "кью-ар-код", "it": "ай ти", "hr": "эйч ар", "crm": "си эр эм", "api": "эй пи ай",
    "gps": "джи пи эс", "ssd": "эс эс ди", "cd": "си ди", "dvd": "ди ви ди", "tv": "ти ви",
    "pos": "пос", "pin": "пин", "cvc": "си ви си", "cvv": "си ви ви", "faq": "эф эй кью",
    "leroy merlin": "леруа мерлен", "dyson": "дайсон", "gorenje": "горенье", "tefal": "тефаль",
    "karcher": "керхер", "makita": "макита", "grohe": "грое", "hisense": "хайсенс",
    "haier": "хайер",
    "honor": "хонор", "realme": "риалми", "playstation": "плейстейшен", "xbox": "иксбокс",
    "netflix": "нетфликс", "steam": "стим", "linux": "линукс", "ios": "айос", "usa": "сэ шэ а",
}  # fmt: skip
_WORD = re.compile(
    r"(?<![\w'-])(?:burger king|app store|google play|mir pay|apple pay|leroy merlin|qr-код"
    r"|[A-Za-z]{1,32}(?:-[A-Za-z]{1,24}){0,3})(?![\w'])",
    re.I,
)
LETTERS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        "а би си ди и эф джи эйч ай джей кей эл эм эн оу пи кью ар эс ти ю ви дабл-ю икс уай зед"
        .split(),
        strict=True,
    )
)  # fmt: skip


def latin(text: str, *, russian_only: bool = False) -> str:
    """Known names by the dictionary, acronyms without a vowel by their letters.

    Other words stay as they are, or, `russian_only`, are written in Cyrillic as they look.
    """

    def said(found: re.Match[str]) -> str:
        word = found[0]
        known = _NAMES.get(word.lower())
        if known:
            return known.capitalize() if not found.start() and _named(word) else known
        spelt = len(word) == 1 or (len(word) <= 5 and not set(word) & set("AEIOUY"))
        if word.isupper() and spelt:
            return " ".join(LETTERS.get(char, char) for char in word.lower() if char != "-")
        return cyrrilize(word) if russian_only else word

    return _WORD.sub(said, text)


def _named(word: str) -> bool:
    """Whether a sentence that opens with this word opens with a capital letter."""
    return word[0].isupper() and not word.isupper()
