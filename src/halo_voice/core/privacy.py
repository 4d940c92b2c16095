"""Masks personal data in what callers say: cards, passports, e-mail, telephones, SNILS, INN.

Theory. A recogniser gives numbers as digits in any groups, or as words. So the text is read as runs
of numbers (`dictation.runs`), and a run is judged by its digits (length, beginning, check digits),
by how it was grouped, and by the word nearest to it that says what it is («карта», «заказ»). What
the assistant asked for stands for that word where there is none. Most utterances hold no number,
and cost a look.

A mask is a Russian word in brackets, so that a model goes on as with a form that was filled in.
Masking what is masked changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from halo_voice.core.addresses import (
    may_hold_email,
    spoken_emails,
    unfinished_email,
    written_emails,
)
from halo_voice.core.dictation import Run, lowered, numbers_in, one_of, runs
from halo_voice.core.identities import Kind, is_date, is_free_of_charge, kind_of
from halo_voice.core.sentences import sentences
from halo_voice.core.speakable import same_words, words

MARKS: dict[Kind, str] = {
    "card": "[номер карты]",
    "card_code": "[код карты]",
    "passport": "[паспорт]",
    "phone": "[телефон]",
    "email": "[почта]",
    "snils": "[СНИЛС]",
    "inn": "[ИНН]",
}
KINDS: tuple[Kind, ...] = ("card", "passport", "phone", "email", "snils", "inn")
KEPT: tuple[Kind, ...] = ("phone", "email", "passport", "snils", "inn")
"""What may be kept where the dialogue needs it; a card's number never is."""

_CONTEXT = re.compile(
    r"(?P<order>\b(?:order|invoice|tracking|заказ|договор|трек|артикул|накладн|квитанц|заявк|обращени|полис|брон[ьи]|тикет"
    r"|серийн|штрих|модел|индекс|чек(?:а|у|е|ом)?\b|лот\b|код\w* товара|счет(?:а|у|ом|е)?\b"
    r"|(?:бонусн|скидочн|клубн|дисконтн|подарочн)\w* карт|карт\w+ лояльности"
    r"|(?:технич|тех)\w* паспорт|паспорт\w* (?:изделия|товара|светильника|люстры)))"
    r"|(?P<card_code>\b(?:cvv|cvc|цвв|цвц|свв|си ви ви|си ви си"
    r"|(?:пин[ -]?)?код\w* (?:от |с )?карты|пин[ -]?код\w*|пин\b"
    r"|(?:код\w*|цифр\w+) (?:с|на) (?:обрат|оборот)\w+(?: сторон\w+)?(?: карты)?))"
    r"|(?P<card>\b(?:карт(?:а|ы|е|у|ой|ою|очк\w+)|visa|виза|мастеркард\w?|mastercard|card)\b)"
    r"|(?P<passport>\b(?:паспорт\w*|сери[яиюей]+|passport)\b)"
    r"|(?P<snils>\bснилс\w{0,2}\b)|(?P<inn>\bинн\b)"
    r"|(?P<phone>\b(?:телефон\w*|мобильн\w+|сотов\w+|перезвон\w+|позвон\w+|звон\w+|набер\w+"
    r"|вотсап\w*|ватсап\w*|телеграм\w*|phone|номер для связи)\b)"
)
_BEFORE_CHARS, _AFTER_CHARS, _NEXT_CHARS = 60, 30, 12
_UNIT = re.compile(
    r"[\s\"»)]*(?:руб|₽|тыс|млн|миллион|процент|%|евро|доллар|штук|шт\b|метр|сантиметр|миллиметр"
    r"|см\b|мм\b|кг\b|килограмм|ватт|вольт|люмен|кельвин|копе|минут|час|градус|год)"
)
# The caller gives it so that he is called back.
_OFFERED = re.compile(
    r"\b(?:перезвон\w+|свяж\w+|связаться|для связи|запиши\w*"
    r"|мо(?:й|его|ему) (?:номер|телефон|мобильн|сотов)\w*"
    r"|меня набр\w+|наберите меня|позвоните мне|звоните мне|мне позвон\w+)"
)
_REQUEST = re.compile(
    r"\?|\b(?:назов|продикту|скаж|подскаж|укаж|сообщ|уточн|напомн|введ|остав|дайте|диктуй|повтор)"
)
_ASKED = re.compile(
    r"(?P<phone>телефон|номер\w* для связи|перезвон|контактн\w+ номер|связаться)"
    r"|(?P<email>почт|e-?mail|имейл)|(?P<order>заказ|договор|артикул|заявк|накладн|чек)"
    r"|(?P<card>карт(?:ы|е|у|ой|а|очк\w+)\b)|(?P<passport>паспорт)|(?P<snils>снилс)|(?P<inn>\bинн\b)"
)
_UNFINISHED_DIGITS = 7  # six digits of a card name its bank only
_STARTS_MAX = 400  # nobody says so many numbers in a row
_STRONG_LENGTHS = (19, 18, 16, 15, 11)  # of what cannot be taken for anything else
_TAIL = re.compile(
    r"[\s.,:—–-]*(?:(?:дальше|потом|затем|тире|дефис|и|а|э+м*|ну|тысяч[аиу]?)\b[\s.,]*)?\Z"
)
# Between the parts of one number, or two numbers.
_AND = re.compile(
    r"[\s,.–—-]*\b(?:и|а)\b(?:\s+(?:дальше|далее|потом|затем|номер|ещ[её]))?[\s,.:–—-]*"
)
_WHOLE = {"card": (13, 15, 16, 18, 19), "passport": (10,), "snils": (11,), "inn": (12,)}
"""How many digits make it one, even then; two telephones or prices are as long as one."""
_MARK = re.compile("|".join(map(re.escape, MARKS.values())))


@dataclass(frozen=True, slots=True)
class Privacy:
    """What of a caller's words is masked before log, store and model.

    `keep`: kinds that stay where the assistant has just asked for them, or where the caller gives
    them to be called back.
    """

    mask: tuple[Kind, ...] = KINDS
    keep: tuple[Kind, ...] = ("phone",)

    @staticmethod
    def plain(text: str) -> bool:
        """Whether there is nothing to be masked in `text`, nor its beginning: most hold none."""
        low = lowered(text)
        return not (may_hold_email(low) or numbers_in(low))

    def masked(self, text: str, *, reply: str = "") -> str:
        """`text` without what is masked. `reply`: what the assistant said before it."""
        low = lowered(text)
        mail = "email" in self.mask and may_hold_email(low)
        numbers = numbers_in(low)
        if not (mail or numbers) or not self.mask:
            return text
        asked = _asked(reply)
        if mail and not ("email" in self.keep and asked == "email"):
            text = _replaced(text, [(*place, "email") for place in written_emails(low)])
            text = _replaced(text, [(*place, "email") for place in spoken_emails(lowered(text))])
            low = lowered(text)
        return _replaced(text, self._numbers(low, asked)) if numbers else text

    def unfinished(self, masked: str, *, reply: str = "") -> bool:
        """Whether a `masked` text ends in what may be the beginning of something to be masked."""
        low = lowered(masked)
        if "email" in self.mask and unfinished_email(low):
            return True
        if not numbers_in(low):
            return False
        last = next(reversed(runs(low)), None)
        if last is None or not _TAIL.match(low, last.end) or is_date(last):
            return False
        asked = _asked(reply)
        said, count = _said_kinds(low, last)[0] or asked, len(last.digits)
        count += 3 if "тысяч" in low[last.end :] else 0
        if said == "passport":
            return "passport" in self.mask and count >= 4
        telephone = last.plus or (last.digits[0] in "789" and count <= 11)
        if telephone and ("phone" not in self.mask or self._kept("phone", asked, low, last)):
            return False
        return count >= _UNFINISHED_DIGITS and said != "order" and not is_free_of_charge(last)

    def _numbers(self, low: str, asked: str) -> list[tuple[int, int, Kind]]:
        found: list[tuple[int, int, Kind]] = []
        before = end = 0
        for run in _runs(low, asked):
            before, end = end, run.end
            if _UNIT.match(low, run.end):  # the last number counts something
                if len(run.groups) == 1:
                    continue
                run = run.part(0, len(run.groups) - 1)
            for part, kind in _told(low, run, asked, before):
                masked_as: Kind = "card" if kind == "card_code" else kind
                if masked_as in self.mask and not self._kept(masked_as, asked, low, part):
                    found.append((part.start, part.end, kind))
        return found

    def _kept(self, kind: Kind, asked: str, low: str, run: Run) -> bool:
        if kind not in self.keep:
            return False
        offered = kind == "phone" and _OFFERED.search(
            low, max(0, run.start - _BEFORE_CHARS), run.end + _AFTER_CHARS
        )
        return asked == kind or bool(offered)


def _replaced(text: str, found: Sequence[tuple[int, int, Kind]]) -> str:
    """`text` with marks for what was found in it, from left to right."""
    kept, at = [], 0
    for start, end, kind in found:
        kept += [text[at:start], MARKS[kind]]
        at = end
    return "".join([*kept, text[at:]]) if found else text


def dictated(text: str) -> list[tuple[Kind, str]]:
    """The numbers of `text` that belong to somebody: what each is, and its digits.

    A telephone that is free of charge is one of them here.
    """
    low = lowered(text)
    found: list[tuple[Kind, str]] = []
    before = end = 0
    for run in _runs(low, "") if numbers_in(low) else ():
        before, end = end, run.end
        if is_free_of_charge(run):
            found.append(("phone", run.digits))
        elif len(run.groups) > 1 or not _UNIT.match(low, run.end):
            found += [(kind, part.digits) for part, kind in _told(low, run, "", before)]
    return found


def same_heard(stored: str, said: str) -> bool:
    """Whether a `stored`, perhaps masked, text is what was `said`: a mark stands for any words."""
    if same_words(stored, said):
        return True
    parts = _MARK.split(stored)
    if len(parts) < 2:
        return False
    rest = words(_MARK.sub(" № ", said)) if _MARK.search(said) else words(said)
    first, *middle, last = (words(part) for part in parts)
    if rest[: len(first)] != first or len(first) + len(last) > len(rest):
        return False
    if last and rest[-len(last) :] != last:
        return False
    rest = rest[len(first) : len(rest) - len(last)]
    for part in middle:
        place = next(
            (n for n in range(len(rest)) if rest[n : n + len(part)] == part), None if part else 0
        )
        if place is None:
            return False
        rest = rest[place + len(part) :]
    return True


def _runs(low: str, asked: str) -> Iterator[Run]:
    """The numbers of a text; those as one that «и» or «а» part, if together they are as long as
    what they are called: «карта 2200 7001 и 2345 и 6781», but not «в 10:15 и 12:30»."""
    found = runs(low)
    at = 0
    while at < len(found):
        after = _whole_until(low, found, at, asked)
        yield one_of(found[at:after]) if after - at > 1 else found[at]
        at = after


def _whole_until(low: str, found: Sequence[Run], at: int, asked: str) -> int:
    """Up to which of the numbers `found` the one at `at` goes."""
    until, count = at + 1, len(found[at].digits)
    lengths: tuple[int, ...] = ()
    for place in range(at + 1, len(found)):
        if not _AND.fullmatch(low, found[place - 1].end, found[place].start):
            break
        lengths = lengths or _WHOLE.get(_said_kinds(low, found[at])[0] or asked, (0,))
        count += len(found[place].digits)
        if count > lengths[-1]:
            break
        if count in lengths:
            until = place + 1
    return until


def _told(low: str, run: Run, asked: str, before: int) -> list[tuple[Run, Kind]]:
    """What the run is. `before`: where the number before it ended; a name that stands before that
    one is less than what the run shows by itself."""
    near, far = _said_kinds(low, run, before)
    if len(run.groups) == 1 and "тысяч" in low[run.start : run.end]:  # as sums are said
        return _judged(run, "passport") if (near or asked) == "passport" else []
    if near or far == "order":
        return _judged(run, near or far)
    return _judged(run, asked) or _judged(run, far)


def _judged(run: Run, said: str) -> list[tuple[Run, Kind]]:
    """What the run is: as a whole, or those of its parts that are something by themselves."""
    whole = kind_of(run, said)
    if whole is not None:
        return [(run, whole)]
    if len(run.digits) <= min(_STRONG_LENGTHS):
        return []
    ends = list(accumulate(map(len, run.groups), initial=0))
    place_of = {end: place for place, end in enumerate(ends)}
    found: list[tuple[Run, Kind]] = []
    taken = 0
    for first, start in enumerate(ends[: min(len(run.groups), _STARTS_MAX)]):
        for length in _STRONG_LENGTHS if first >= taken else ():
            last = place_of.get(start + length)
            part = run.part(first, last) if last else None
            kind = kind_of(part, "", alone=False) if part else None
            if part and kind:
                found.append((part, kind))
                taken = last
                break
    return found


def _said_kinds(low: str, run: Run, since: int = 0) -> tuple[str, str]:
    """What the caller calls the number: by the nearest word between `since` and the number, else
    by the next one after it; and by the nearest of all, where there is none of those."""
    start = max(0, run.start - _BEFORE_CHARS)
    before = list(_CONTEXT.finditer(low, start, run.start))
    if before and before[-1].start() >= since:
        return before[-1].lastgroup or "", ""
    after = _CONTEXT.search(low, run.end, run.end + _AFTER_CHARS)
    if after and (after.lastgroup != "order" or after.start() <= run.end + _NEXT_CHARS):
        return after.lastgroup or "", ""
    return "", (before[-1].lastgroup or "") if before else ""


@lru_cache(1024)
def _asked(reply: str) -> str:
    """What the assistant's last sentences ask for; "" for nothing."""
    for sentence in reversed(sentences(reply)[-2:]):
        low = lowered(sentence)
        found = _ASKED.search(low) if _REQUEST.search(low) else None
        if found:
            return found.lastgroup or ""
    return ""
