"""Russian text to the terms that are compared: stems, and beginnings for words of one root.

A stemmer cuts endings only: «доставка», «доставить» and «доставляете» keep three stems. Their first
four letters agree, so every word counts twice, by stem and by beginning: an exact match weighs
about twice as much as a word of the same root.
"""

from __future__ import annotations

import re
from functools import lru_cache

import Stemmer

BEGINNING_CHARS = 4
TERMS_MAX = 8_192
"""Words whose terms are remembered, half a kilobyte each."""

_WORD = re.compile(r"[a-zа-я0-9]+")
_russian = Stemmer.Stemmer("russian", 0)  # without its cache: `terms_of` has one

# Words that ask, greet, point or fill, and so tell nothing about what is asked for.
_STOP_WORDS = """
а ага алле алло бишь благодарю блин будет будете буду буквально бы бывает бывало бывают был была
были было быстренько быть в вам вами вас ваш ваша ваше вашего вашей вашем вашему ваши вашим вашими
ваших вашу вдруг ведь вечер вечера видите вкратце во возле возможен возможна возможно возможны
вообще вопрос вопросик вот впрочем вроде все всего всем всех вы говорить говорят да давайте давно
даже дай дайте далее дать девушка действительно делаем делаете делают делается делать делаю день
для до доброго доброе
добрый довольно допустим думал думала думаю его ее если есть еще ж же живу за здесь здравствуйте
знаете знать значит и из или им имеется именно имеются ими интересно интересует их к каждый
кажется как какая какие каким какими каких какого какое какой каком какому какую кем ко когда кого
ком кому конечно короче которая которого которой котором которые который которых кстати кто куда
ладно ли либо лучше любой меня минуточку мм мне много мной мною могли могу могут мое моего моей
можем может можете можно мои моим моих мой молодой мочь моя мы на наверное над надеюсь надо
назовите нам нами например нас насколько наш наша наше нашего нашей наши не него нее ней нельзя
нем нему нибудь ним ними них но нормально ну нужен нужна нужно нужны о об объясни объясните
объяснить обычно однако ой около он она они оно опять от очень перед планируем планирую по
побольше под подробнее подробно подскажи подскажите подсказать пожалуй пожалуйста пока покажите
получается получилось получится помогите помочь понимаете понял поняла понятно пор после
посмотрите потом потому почему поэтому правда правильно при привет примерно про продиктуйте просто
прошу прямо пусть раз разве расскажи расскажите рассказать решил решила рядом с сам сама сами само
свое своего своей свои свой своя сейчас секунду сих скажи скажите сказали сказать случае случай
слушайте слышно смогли смогу сможет сможете смотрите снова со собираемся собираюсь собой
собственно совсем спасибо спросить срочно так такая также такие такого такое такой там тебя тем
теперь типа то тобой тогда того тоже той только том тому тот ту тут ты тыс у угу уж уже узнать
успеваю успею уточнить утро хватит хорошо хотел хотела хотели хотелось хотите хоть хотя хочется
хочу чего чей человек чем чему через что чтоб чтобы чье чья э эй эм эта эти этим этих это этого
этой этом этому этот эту я ясно
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())

# Verbs and adjectives by their endings: «посмотреть», «принимаете», «ближайшая».
_NO_SUBJECT = re.compile(
    r"(?:ть|ти|чь|ся|сь|ешь|ишь|ет|ит|ют|ут|ат|ят|ем|им|ал|ил|ел|ла|ло|ли|й|те|жу|шу|ю|"
    r"ая|яя|ое|ее|ые|ие|ого|его|ому|ему|ых|их|ым|ыми|ими|ую)$"
)


def names_subject(word: str) -> bool:
    """Whether the word looks like a noun: an unknown one means that another subject is asked."""
    return not _NO_SUBJECT.search(word)


@lru_cache(maxsize=TERMS_MAX)
def terms_of(word: str) -> tuple[str, ...]:
    """What a word is compared by."""
    if not "а" <= word[0] <= "я":
        return (word,)
    beginning = word[:BEGINNING_CHARS] + "*"  # no stem ends so
    return (_russian.stemWord(word), beginning)


def words(text: str) -> list[str]:
    """The words of the text that carry meaning: lower case, ё as е, without stop words."""
    return [word for word in plain_words(text) if word not in STOP_WORDS]


def plain_words(text: str) -> list[str]:
    """All words of the text: lower case, ё as е."""
    return _WORD.findall(text.lower().replace("ё", "е"))


def terms(text: str) -> list[str]:
    """What is compared: for each word its stem and its beginning; figures and Latin as they are."""
    return [term for word in words(text) for term in terms_of(word)]
