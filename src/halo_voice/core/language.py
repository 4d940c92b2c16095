"""Hears that a caller speaks another language, and rather misses it than takes a brand for one.

A recogniser for Russian gives foreign words in their own letters, or as they sound to a Russian
(«ду ю спик инглиш»). A script that Russian does not know is certain at once. In Latin letters there
are brands and models too («Philips Hue», «iPhone 15»): only words that a sentence of the language
cannot do without count, two at least, and no Russian word may stand beside them.

A model that was asked in Russian and says something in English thinks aloud: `is_english`.
"""

from __future__ import annotations

import re
import unicodedata

LANGUAGES = ("ru", "en", "de", "fr", "es", "it", "tr", "uk", "be", "kk", "hy", "ka", "he", "ar",
             "zh", "ja", "ko", "th", "hi", "el")  # fmt: skip
"""What can be told apart, by ISO 639-1; "ru" is what nothing speaks against."""

_ENOUGH = 2  # words that only this language has
_FOREIGN_LETTERS = 2  # of a script that Russian does not know

# Of each script's commonest language.
_SCRIPTS = {
    "ARMENIAN": "hy", "GEORGIAN": "ka", "HEBREW": "he", "ARABIC": "ar", "CJK": "zh",
    "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "THAI": "th", "DEVANAGARI": "hi",
    "GREEK": "el",
}  # fmt: skip
_CYRILLIC = {"uk": set("іїєґ"), "be": set("ў"), "kk": set("әғқңөұүһ")}
_WORDS = {
    "en": "the is are am was do does did have has you your my me we they this that what where when "
    "how why who can could would like want need help please hello speak english and with for from "
    "not i to of in it",
    "de": "der die das ist sind ich sie wir haben bitte guten nicht und mit wie wo kann möchte "
    "sprechen deutsch hallo",
    "fr": "le la les est sont je vous nous avez bonjour merci pas et avec comment où peux parlez "
    "français",
    "es": "el los las es son yo usted hola gracias por favor cómo dónde puedo quiero habla español "
    "buenos",
    "it": "il gli sono io lei buongiorno grazie prego come dove posso vorrei parla italiano",
    # English as it sounds to a Russian: none of these is a Russian word.
    "sounds": "ду ю спик инглиш плиз хеллоу хэллоу хелло хэлло вонт хау сенкью сэнкью хелп зис иф "
    "айм кэн андерстэнд андерстенд рашн",
    "tr": "ve bir bu için ben sen siz merhaba nasıl nerede istiyorum var mı türkçe lütfen",
}
_THOUGHTS = "okay ok let's lets so should be will about if answer user asks asked respond sorry"
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_LATIN = re.compile("[a-zà-ÿğışœ']+")
_RUSSIAN = re.compile("[а-яё]+")
_ONLY_RUSSIAN = re.compile("[а-яё0-9 ,.!?:-]*+")


def language_of(text: str) -> str:
    """The language of what was heard, one of `LANGUAGES`; "ru" unless it is certainly another."""
    # What is masked stands in brackets, and is ours.
    plain = re.sub(r"\[[^\[\]]*\]", " ", text.lower())
    words = _WORD.findall(plain)
    if _ONLY_RUSSIAN.fullmatch(plain) and _KNOWN["sounds"].isdisjoint(words):  # nearly always
        return "ru"
    for language, letters in _CYRILLIC.items():
        if sum(not letters.isdisjoint(word) for word in words) >= _ENOUGH:
            return language
    script = _script(plain)
    if script:
        return script
    if sum(word in _KNOWN["sounds"] for word in words) >= max(_ENOUGH, len(words) / 2):
        return "en"
    if any(map(_RUSSIAN.fullmatch, words)):
        return "ru"
    latin = [word for word in words if _LATIN.fullmatch(word)]
    counts = {name: sum(w in known for w in latin) for name, known in _KNOWN.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] >= _ENOUGH else "ru"


_KNOWN = {name: frozenset(words.split()) for name, words in _WORDS.items()}


def is_english(phrase: str) -> bool:
    """Whether a model's phrase is English, such as a thought that it says aloud. What stands in
    quotes, names and brands («Made in Italy») are no reason: two words have to be no names."""
    if _PLAIN_LATIN.search(phrase) is None:  # nearly always
        return False
    own = _QUOTED.sub(" ", phrase)
    if _RUSSIAN.search(own.lower()) or len(set(_PLAIN_LATIN.findall(own))) < _ENOUGH:
        return False
    return not _ENGLISH.isdisjoint(_WORD.findall(own.lower()))


_ENGLISH = _KNOWN["en"] | frozenset(_THOUGHTS.split())
_PLAIN_LATIN = re.compile(r"(?<![^\s(])[a-z]{2,}(?:'[a-z]{1,2})?(?![^\s.,!?…:;)])")
_QUOTED = re.compile(r"«[^»]{0,300}»|“[^”]{0,300}”|\"[^\"]{0,300}\"|(?<!\w)'[^']{0,300}'(?!\w)")


def _script(text: str) -> str:
    """The language of a script that Russian has nothing to do with, "" if there is none."""
    found: dict[str, int] = {}
    for letter in text:
        if letter > "\u036f" and letter.isalpha() and not "\u0400" <= letter <= "\u052f":
            language = _SCRIPTS.get(unicodedata.name(letter, "").partition(" ")[0])
            if language:
                found[language] = found.get(language, 0) + 1
    best = max(found, key=lambda name: found[name], default="")
    if "ja" in found:  # its words have Chinese letters too
        best = "ja"
    return best if sum(found.values()) >= _FOREIGN_LETTERS else ""
