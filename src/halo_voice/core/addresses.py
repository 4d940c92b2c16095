"""Finds e-mail addresses in what was said: written («a@b.ru») or spoken («а собака б точка ру»)."""

from __future__ import annotations

import re
from collections.abc import Sequence


def _set(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_TOKEN = re.compile(r"[^\W_]+|[@._-]")
_WRITTEN = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_AT = _set("@ собака собачка собакой at эт")
_SURE_AT = _set("@ собака собачка")
_DOT = _set(". точка dot")
_BETWEEN = _DOT | _set("- _ тире дефис минус подчеркивание подчерк underscore dash нижнее плюс")
_HOSTS = _set(
    "яндекс yandex ya mail мейл мэйл майл маил gmail джимейл гмейл гмаил жмейл рамблер rambler bk",
    "бк list лист inbox инбокс icloud айклауд hotmail хотмейл outlook аутлук proton протон",
)
_ENDINGS = _set(
    "ру ru рф ком com нет нэт net орг org су su инфо info онлайн online про pro биз biz кз kz бай",
    "by io ми me юа ua уа де de",
)
_LETTERS = _set(
    "бэ вэ гэ дэ жэ зэ ка эль эм эн пэ эр эс тэ эф ха цэ че ша ща эй би си ди джи эйч ай джей кей",
    "кью ар ти ви икс уай зед",
)
_LOCAL_TOKENS_MAX = 24
_LABELS_MAX = 4


def may_hold_email(low: str) -> bool:
    """Whether a lowered text is worth a closer look."""
    return "@" in low or "собак" in low or "собач" in low or " at " in low or " эт " in low


def written_emails(low: str) -> list[tuple[int, int]]:
    """Where a lowered text has addresses as they are written, from left to right."""
    return [found.span() for found in _WRITTEN.finditer(low)] if "@" in low else []


def spoken_emails(low: str) -> list[tuple[int, int]]:
    """Where a lowered text has addresses as they are said, from left to right."""
    tokens = list(_TOKEN.finditer(low))
    names = [token[0] for token in tokens]
    found: list[tuple[int, int]] = []
    taken = 0  # tokens that belong to an address already
    for place, name in enumerate(names):
        if name not in _AT or place <= taken:
            continue
        end = _host_end(names, place + 1)
        if end is not None:
            first = max(taken, _local_start(names, place))
            found.append((tokens[first].start(), tokens[end - 1].end()))
            taken = end
    return found


def unfinished_email(low: str) -> bool:
    """Whether the text ends soon after a «собака», before the address is whole."""
    if "@" not in low and "собак" not in low and "собач" not in low:
        return False
    names = _TOKEN.findall(low)
    return any(name in _SURE_AT for name in names[-4:])


def _host_end(names: Sequence[str], start: int) -> int | None:
    """The place after the host that begins at `start`; None if there is none."""
    if start >= len(names) or names[start] in _BETWEEN:
        return None
    end, sure = start + 1, names[start] in _HOSTS
    while end + 1 < len(names) and end - start < 2 * _LABELS_MAX:
        if names[end] in _BETWEEN and names[end + 1] not in _BETWEEN:
            dotted = names[end] in _DOT
            end += 2
            if dotted and names[end - 1] in _ENDINGS:
                return end
        else:
            break
    if end == start + 1 and end < len(names) and names[end] in _ENDINGS and sure:
        return end + 1
    return end if sure and end == start + 1 else None


def _local_start(names: Sequence[str], at: int) -> int:
    """Where the part before «собака» begins, which is at `at`."""
    start, latin = at - 1, names[at] != "at"
    while start > 0 and at - start < _LOCAL_TOKENS_MAX:
        name, before = names[start], names[start - 1]
        if (
            name in _BETWEEN
            or before in _BETWEEN
            or _spelt(before, latin)
            or _spelt_on(name, before)
        ):
            start -= 1
        else:
            break
    return start


def _spelt(name: str, latin: bool) -> bool:
    """A letter, its name, digits, or, among Russian words, one in Latin letters."""
    if len(name) == 1 and name.isalpha():
        return name not in "ивкосуя"
    return name in _LETTERS or name.isdigit() or (latin and name.isascii() and name.isalpha())


def _spelt_on(name: str, before: str) -> bool:
    """«п е т р»: single letters go on to the left, the small words among them too."""
    return len(name) == 1 and name.isalpha() and len(before) == 1 and before.isalpha()
