"""What is said of the account in Russian, for those who look at it in the console."""

from __future__ import annotations

import re

# In the order in which they are tried; `…` stands for any words, which stay as they are.
_SENTENCES: tuple[tuple[str, str], ...] = (
    # the account
    ("HALO_VOX_CREDENTIALS is empty", "переменная HALO_VOX_CREDENTIALS пуста"),
    ("make a service account with the role Developer in Voximplant's control panel, download its "
     "key, and name the file there or with --credentials",
     "заведите в панели Voximplant сервисный аккаунт с ролью Developer, скачайте его ключ и "
     "укажите файл в этой переменной"),
    ("… is frozen", "… заморожен"),
    ("… is not activated", "… не активирован"),
    ("ask Voximplant's support", "спросите поддержку Voximplant"),
    ("…, the key is accepted", "…, ключ принят"),
    ("the key may not see it", "ключу его не видно"),
    ("top the account up: no call goes through", "пополните счёт: звонки не проходят"),
    ("… s from the platform's", "с часами платформы расходятся на … с"),
    ("set it by NTP: tokens and signatures are good for seconds",
     "включите NTP: токены и подписи действуют секунды"),
    ("others may read …", "… могут прочесть посторонние"),
    ("chmod 600 …", "chmod 600 …"),
    ("see docs/real-line.md", "смотрите docs/real-line.md"),
    # what is wanted of it
    ("correct it: the account can then be compared", "исправьте: тогда счёт можно будет сверить"),
    ("HALO_PUBLIC_URL is empty: set it to the address under which the cloud reaches HALO, "
     "https://…",
     "переменная HALO_PUBLIC_URL пуста: нужен адрес, по которому облако достигает HALO, https://…"),
    ("HALO_PUBLIC_URL …", "HALO_PUBLIC_URL не годится: нужен https:// и имя из общего DNS, без "
     "пути (…)"),
    ("HALO_KEYS is empty: the scenario signs what it sends. Make a key, `openssl rand -hex 32`, "
     "and set HALO_KEYS=k1:<the key>, the same where HALO serves",
     "переменная HALO_KEYS пуста, а сценарий подписывает свои запросы: сделайте ключ "
     "(openssl rand -hex 32) и задайте HALO_KEYS=k1:<ключ>"),
    ("The scenario has … bytes; the platform takes …: shorten it",
     "в сценарии … байт, платформа берёт …: сократите"),
    ("The scenario is empty: name the right file with HALO_SCENARIO",
     "сценарий пуст: укажите верный файл в HALO_SCENARIO"),
    ("…: is not UTF-8 text. Set HALO_SCENARIO", "…: это не текст в UTF-8; проверьте HALO_SCENARIO"),
    ("… cannot be an application's name: …", "… не может быть именем приложения"),
    ("… is no telephone number: write it as +74950000000",
     "… — не телефонный номер: нужно как +74950000000"),
    ("The secret … has more than … characters: the platform takes less",
     "секрет … длиннее … знаков: платформа берёт меньше"),
    # what it holds
    ("… is there", "… на месте"),
    ("… equals the file, … characters", "… совпадает с файлом, знаков: …"),
    ("… starts … alone, and nothing comes before it",
     "… запускает только …, и раньше него не срабатывает ничего"),
    ("… are there and right", "… на месте и верны"),
    ("a deploy would …", "выкладка изменит: …"),
    ("run `halo deploy`", "запустите на сервере halo deploy"),
    ("HALO_VOX_NUMBERS is empty", "переменная HALO_VOX_NUMBERS пуста"),
    ("set HALO_VOX_NUMBERS to the number that you rented",
     "укажите в HALO_VOX_NUMBERS арендованный номер"),
    ("+… is not one of this account", "+… — не номер этого счёта"),
    ("rent it in the control panel, or correct HALO_VOX_NUMBERS",
     "арендуйте его в панели или исправьте HALO_VOX_NUMBERS"),
    ("+… leads to …", "+… ведёт на …"),
    ("+…: its rent was cancelled", "+…: аренда отменена"),
    ("rent it again in the control panel", "арендуйте его в панели заново"),
    ("+…: its rent is frozen", "+…: аренда заморожена"),
    ("top up the account, then activate it in the control panel",
     "пополните счёт, затем включите номер в панели"),
    ("+…: it may not be used before the account is verified (…)",
     "+…: номером нельзя пользоваться, пока счёт не проверен (…)"),
    ("verify the account", "пройдите проверку счёта в панели"),
    # what the platform refuses
    ("The platform does not accept the key", "платформа не принимает ключ"),
    ("Take the file of a service account of this account that was not deleted, and set this "
     "machine's clock: a token is good for seconds only…",
     "возьмите файл действующего сервисного аккаунта этого счёта и выставьте часы: токен "
     "действует секунды…"),
    ("The platform is busy", "платформа занята"),
    ("Run it again in a minute; it carries on where it stopped…", "повторите через минуту…"),
    ("A fault of the platform's own", "неисправность самой платформы"),
    ("Run it again later; it carries on where it stopped…", "повторите позже…"),
    ("The platform does not take what HALO sends: is this the newest HALO? …",
     "платформа не принимает того, что шлёт HALO: не устарел ли он? …"),
    ("The platform does not know this command: is this the newest HALO? …",
     "платформа не знает такой команды: не устарел ли HALO? …"),
    ("The key's role does not allow this", "роль ключа этого не позволяет"),
    ("Give the service account the role Developer or Admin in the control panel…",
     "дайте сервисному аккаунту в панели роль Developer или Admin…"),
    ("The account is not activated: follow the letter that Voximplant sent to its owner…",
     "счёт не активирован: откройте письмо, которое Voximplant прислал владельцу…"),
    ("… cannot be reached (…): check the network, HTTPS_PROXY and HALO_VOX_API",
     "до … не достучаться (…): проверьте сеть, HTTPS_PROXY и HALO_VOX_API"),
    ("The certificate of … is not trusted: name its authority with REQUESTS_CA_BUNDLE, or find "
     "out who stands in between",
     "сертификату … нет доверия: укажите его центр в REQUESTS_CA_BUNDLE или выясните, кто "
     "стоит между вами"),
    ("No answer from the platform (…)", "платформа не ответила (…)"),
    ("Run it again; it carries on where it stopped", "повторите"),
    ("The answer to … is larger than any of the platform's", "ответ на … неправдоподобно велик"),
    ("… does not answer as the Management API (…)", "… отвечает не как Management API (…)"),
    ("Is something between here and there? Correct HALO_VOX_API",
     "нет ли чего-то между вами? Проверьте HALO_VOX_API"),
    ("The platform answers … otherwise than documented (…): is this the newest HALO?",
     "платформа отвечает на … не так, как описано (…): не устарел ли HALO?"),
    ("The platform answers … with something else than an object",
     "платформа отвечает на … не объектом"),
    ("The file of REQUESTS_CA_BUNDLE cannot be read: correct or remove the variable",
     "файл из REQUESTS_CA_BUNDLE не читается: исправьте или уберите переменную"),
    ("Make a service account with the role Developer in the control panel (Settings, Service "
     "accounts) and download its key",
     "заведите в панели (Settings, Service accounts) сервисный аккаунт с ролью Developer и "
     "скачайте его ключ"),
    ("…: is not a file of a service account", "…: это не файл сервисного аккаунта"),
    ("…: is not JSON", "…: это не JSON"),
    ("…: has no …", "…: не хватает …"),
    ("…: private_key is not an RSA key", "…: private_key — не ключ RSA"),
    ("…: No such file or directory", "…: такого файла нет"),
    ("…: No such file or directory. Set HALO_SCENARIO", "…: такого файла нет"),
    ("…: Permission denied", "…: нет права читать"),
)  # fmt: skip
# What a deploy would do, wherever it stands in its sentence.
_STEPS: tuple[tuple[str, str], ...] = (
    (r"make the application (\S+), records and logs ", r"создаст приложение \1, записи и журналы "),
    (r"keep new records and logs ", "новые записи и журналы "),
    (r"for holders of a key only", "только по ключу"),
    (r"open to whoever has their address", "всякому, кто знает адрес"),
    (r"keep the present script as (\S+), ([\d,]+) characters",
     r"прежний текст сохранит как \1 (\2 знаков)"),
    (r"upload the scenario (\S+), ([\d,]+) characters", r"загрузит сценарий \1 (\2 знаков)"),
    (r"replace the scenario (\S+): ([\d,]+) → ([\d,]+) characters",
     r"заменит сценарий \1 (\2 → \3 знаков)"),
    (r"make the rule (\S+): (\S+) starts ", r"создаст правило \1: \2 запускает "),
    (r"set the pattern of the rule (\S+): ", r"исправит шаблон правила \1: "),
    (r"take the scenario (\S+) off the rule ", r"снимет сценарий \1 с правила "),
    (r"bind the scenario (\S+) to the rule ", r"свяжет сценарий \1 с правилом "),
    (r"put the rule (\S+) before (.*), which took its calls",
     r"поставит правило \1 перед \2: звонки забирало оно"),
    (r"change the secret ", "исправит секрет "),
    (r"make the secret ", "создаст секрет "),
    (r"lead (\+\d+) to the rule (\S+) of ", r"направит \1 на правило \2 приложения "),
    (r", away from ", ", уведя из "),
)  # fmt: skip
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_MONEY = re.compile(r"(-?[\d,]+)\.(\d\d) (\w+)")
_SIGNS = {"RUR": "₽", "RUB": "₽"}  # the platform's own name is the older one
_PATTERNS = [
    (re.compile("(.*?)".join(map(re.escape, english.split("…"))), re.DOTALL), russian)
    for english, russian in _SENTENCES
]


def in_russian(words: str) -> str:
    """What was found, or what to do; English where nobody knows it."""
    for pattern, russian in _PATTERNS:
        found = pattern.fullmatch(words)
        if found:
            return _THOUSANDS.sub("\u202f", _steps(_joined(russian, found.groups())))
    money = _MONEY.fullmatch(words)
    if money:
        whole, part, currency = money.groups()
        return f"{_THOUSANDS.sub(chr(0x202F), whole)},{part} {_SIGNS.get(currency, currency)}"
    return words


def _joined(russian: str, words: tuple[str, ...]) -> str:
    """In the place of each `…` what stood there; one that is left over belongs to an address."""
    pieces = russian.split("…")
    held = [*words, *["…"] * (len(pieces) - 1 - len(words)), ""]
    return "".join(a + b for a, b in zip(pieces, held, strict=False))


def _steps(words: str) -> str:
    for english, russian in _STEPS:
        words = re.sub(english, russian, words)
    return words
