"""Takes the markup out of a model's answer: Markdown, HTML, links, code, tables.

Every pattern here is linear: no nested repetition, every repetition possessive, bounded, or over
characters that cannot start the pattern again. A hostile megabyte costs a fraction of a second.
"""

from __future__ import annotations

import html
import re

from halo_voice.core.unspoken import SILENT_TAG, TAG

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,9});")
_WRITTEN_NEWLINE = re.compile(r"\\[nr](?![A-Za-z])")
_SILENT_TAG = re.compile(rf"{SILENT_TAG.pattern}[^<>]{{0,200}}>", re.I)
_FENCE = re.compile(r"[ \t]*+(?:```|~~~)")
_IMAGE = re.compile(r"!\[[^\[\]\n]*+\]\((?:[^()\n]|\([^()\n]{0,200}+\))*\)")
_LINK = re.compile(r"\[([^\[\]\n]++)\]\((?:[^()\n]|\([^()\n]{0,200}+\))*\)")
_REFERENCE = re.compile(r"\[([^\[\]\n]++)\]\[[^\[\]\n]*+\]")
_FOOTNOTE = re.compile(r"\[\^?\d{1,3}\]")
_KEYCAP = re.compile(r"[0-9#*]\ufe0f?\u20e3")
_PRODUCT = re.compile(r"(?<=\d) ?[*×] ?(?=\d)")
_SMILEY = re.compile(r"(?<!\S)[:;=]-?[()]++(?!\S)")
# A formula: «$300$», but not «от $3 до $5»; «\\frac{1}{2}», «\\text{кг}», «5 \\times 3».
_FORMULA = re.compile(
    r"(?<![\w$])(\$\$?)(?=[^\s$])((?:[^$\n,А-яЁё]|,(?! )){0,199}[^$\n\sА-яЁё])\1(?![\w$])"
)
_FRACTION = re.compile(r"\\[dt]?frac\{([^{}\n]{1,40})\}\{([^{}\n]{1,40})\}")
_TIMES = re.compile(r"(?<=\d) ?\\(?:times|cdot) ?(?=\d)")
_COMMAND = re.compile(r"\\[A-Za-z]++")
_UNDERSCORES = re.compile(r"_++")

_MARKER = re.compile(r"(?:[ \t]*+(?:[-*+•‣◦▪·–—>]|#{1,6}|\[[ xX]\])(?=[ \t]))+|[ \t]*+>++")
_NUMBERED = re.compile(r"[ \t]*+\d{1,2}[.)](?=[ \t]+\S)")
_RULE = re.compile(r"[-=_*|:+ \t]++")

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,15}://|(?:javascript|data):", re.I)
_ADDRESS_SCHEME = re.compile(r"(?<![^\W_])(?:mailto|tel|sms):(?=\S)", re.I)
_AFTER_LINK = ".,!?;:…)»"
_HOST = r"[A-Za-z0-9.-]{1,60}\.[A-Za-z]{2,20}"
_HOME = re.compile(rf"(?<![\w/])https?://(?={_HOST}/?[.,!?;:…)»]*+$)", re.I)
_EMAIL = re.compile(r"[A-Za-z0-9._+-]{1,40}@[A-Za-z0-9.-]{1,60}")
_LABELS = r"(?:\.[A-Za-z0-9-]{1,40}+){1,4}"
_DOTTED = re.compile(rf"(?<![\w./-])[A-Za-z0-9-]{{1,40}}+(?=({_LABELS}))\1(?![\w/-])")
_PATH = re.compile(rf"(?<![\w./-])[A-Za-z0-9-]{{1,40}}+{_LABELS}/\S*")
_LEADS_TO_A_LINK = frozenset(["на", "в", "по", "или", "и", "через", "—"])
_SPOKEN_SIGNS = {".": " точка ", "-": " дефис ", "_": " подчёркивание ", "+": " плюс "}
_SPOKEN_ENDINGS = {"ru": "ру", "com": "ком", "net": "нэт", "org": "орг", "su": "су"}


def without_markup(text: str) -> str:
    """The words of `text` on one line, lists and tables as sentences, links as their texts."""
    text = _KEYCAP.sub(" ", text)
    text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    text = _without_silent_parts(_WRITTEN_NEWLINE.sub("\n", text))
    if "\\" in text or "$" in text:
        text = _without_formulas(text)
    text = TAG.sub(" ", text)
    text = _IMAGE.sub(" ", text)
    text = _FOOTNOTE.sub("", _REFERENCE.sub(r"\1", _LINK.sub(r"\1", text)))
    return _signs_as_words(_without_links(_without_emphasis(_joined(text.split("\n")))))


def _without_formulas(text: str) -> str:
    """The numbers and words of what was written for a printer."""
    text = _FRACTION.sub(r"\1/\2", _FORMULA.sub(r"\2", text))
    return _COMMAND.sub(" ", _TIMES.sub("×", text))


def _without_silent_parts(text: str) -> str:
    """Drop the model's reasoning, scripts and styles; an unclosed part reaches to the end."""
    kept, start, silent = [], 0, False
    for tag in _SILENT_TAG.finditer(text):
        if not silent:
            kept.append(text[start : tag.start()])
        silent, start = not tag[1], tag.end()
    if not silent:
        kept.append(text[start:])
    return " ".join(kept)


def _joined(lines: list[str]) -> str:
    """One line of many: what stood on a line of its own becomes a sentence of its own."""
    numbered = sum(bool(line.strip()) for line in lines) > 1
    said: list[str] = []
    fenced = item_before = False
    for line in lines:
        if _FENCE.match(line):
            fenced = not fenced
            continue
        if fenced or _RULE.fullmatch(line):
            continue
        words, item = _unmarked(line, numbered)
        if not words:
            item_before = item_before or not line.strip()
            continue
        if said and said[-1][-1] not in ".!?…:;,-—–" and (item or item_before or _starts(words)):
            said[-1] += "."
        said.append(words)
        item_before = item
    return " ".join(said)


def _unmarked(line: str, numbered: bool) -> tuple[str, bool]:
    """The line without its list marker, heading or table bars; true if it had one."""
    marker = _MARKER.match(line)
    rest = line[marker.end() :] if marker else line
    number = _NUMBERED.match(rest) if numbered else None
    rest = (rest[number.end() :] if number else rest).strip()
    cells = [cell.strip() for cell in rest.split("|")]
    if len(cells) > 2 or rest.startswith("|"):
        return ", ".join(cell for cell in cells if cell), True
    return rest.rstrip("#").rstrip(), bool(marker or number)


def _starts(words: str) -> bool:
    first = words.lstrip("*_«(\"'")[:1]
    return first.isupper() or first.isdigit()


def _without_emphasis(text: str) -> str:
    text = _PRODUCT.sub(" умножить на ", text)
    return text.replace("`", "").replace("*", "").replace("~~", "")


def _without_links(text: str) -> str:
    """Links go; a host name, of a home page too, and an e-mail address are written as said."""
    words = _ADDRESS_SCHEME.sub(" ", text).split()
    for place, word in enumerate(words):
        if ":" in word and _HOME.search(word):
            word = _HOME.sub("", word).replace("/", "")
        if ":" in word and _SCHEME.search(word):
            words[place] = _without_link(word)
            if place and words[place - 1].lower() in _LEADS_TO_A_LINK:
                words[place - 1] = ""
        elif "@" in word or "." in word:
            word = _UNDERSCORES.sub(" ", _EMAIL.sub(_spoken_email, word)).replace("@", " ")
            words[place] = _DOTTED.sub(_spoken_host, _PATH.sub(_nothing, word))
    return " ".join(words)


def _without_link(word: str) -> str:
    found = _SCHEME.search(word)
    if not found:
        return word
    link = word[found.start() :]
    end = link[len(link.rstrip(_AFTER_LINK)) :]
    return word[: found.start()] + (" " if end[:1] in ")»" else "") + end


def _nothing(found: re.Match[str]) -> str:
    return found[0][len(found[0].rstrip(_AFTER_LINK)) :]


def _spoken_email(found: re.Match[str]) -> str:
    address = found[0].rstrip(".-")
    name, _, host = address.partition("@")
    if "." not in host.strip(".-"):
        return " "
    return f" {_spelt(name)} собака {_spelt(host)}" + found[0][len(address) :]


def _spoken_host(found: re.Match[str]) -> str:
    """A host name or a file name; a number (3.5) and a missing space («OK.Yes») stay."""
    last = found[0].rpartition(".")[2]
    if len(last) < 2 or not last.isalpha() or not (last.islower() or last.isupper()):
        return found[0]
    return f" {_spelt(found[0].removeprefix('www.'))} "


def _spelt(name: str) -> str:
    head, dot, ending = name.strip(".-_").rpartition(".")
    said = head + dot + _SPOKEN_ENDINGS.get(ending.lower(), ending)
    return "".join(_SPOKEN_SIGNS.get(sign, sign) for sign in said)


def _signs_as_words(text: str) -> str:
    text = _SMILEY.sub(" ", _UNDERSCORES.sub(" ", text))
    text = re.sub(r"~ ?(?=\d)", " около ", text)
    text = re.sub(r"< ?(?=\d)", " меньше ", text)
    text = re.sub(r"> ?(?=\d)", " больше ", text)
    return text.replace("&", " и ")
