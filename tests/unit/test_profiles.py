"""Loading profiles: what a good folder gives, and every fault with its file and line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from halo_voice.core.after import Outlet, Wanted
from halo_voice.core.errors import ConfigurationError
from halo_voice.core.operators import Operator
from halo_voice.core.profile import Texts
from halo_voice.profiles import load_profiles

SHIPPED = Path(__file__).parents[2] / "assistants"
GOOD = 'name = "halo"\ncompany = "HALO"\ndefault = true\n'
MAIL = "[after.deliver.a]\nto = 'email'\nsender = 'a@b.ru'\nrecipients = ['c@d.ru']\nserver = "


@pytest.fixture
def folder(tmp_path):
    """Writes files into a folder of assistants and gives the folder."""

    def write(**files: str | bytes) -> Path:
        for name, content in files.items():
            path = tmp_path / f"{name}.toml"
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return write


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_profiles(folder)
    return [fault.removeprefix(f"{folder}/") for fault in caught.value.faults]


def test_the_shipped_profiles_load():
    """The folder of the project has no fault, and HALO is the default with its own texts."""
    profiles = load_profiles(SHIPPED)

    assert profiles.default.name == "halo"
    assert len(profiles.default.documents) >= 5
    assert profiles.default.texts.greeting == Texts().of("HALO").greeting
    assert len(profiles) == 2


def test_the_called_number_chooses_the_profile(folder):
    """+7 and 8 are one number; every other number is answered by the default."""
    profiles = load_profiles(
        folder(a=GOOD, b='name = "b"\ncompany = "Б"\nnumbers = ["+7 495 123-45-67"]\n')
    )

    assert profiles.of_number("84951234567").name == "b"
    assert profiles.of_number("74951234567").name == "b"
    assert profiles.of_number("").name == "halo"
    assert profiles.of_number("+7 495 765-43-21") is profiles.default
    assert profiles.named("b").texts.greeting.count("компании Б") == 1
    assert profiles.named("c") is None


def test_a_number_without_its_country_is_russian(folder):
    """Who is put through to, what is shown and what is answered; a short number stays one."""
    profile = load_profiles(
        folder(
            a=f"{GOOD}numbers = ['(495) 123-45-67']\n[operators]\nsales = '812 123-45-67'\n"
            "desk = '101'\n[outbound]\ncaller_id = '(495) 123-45-67'\n"
        )
    ).default
    assert profile.numbers == ("74951234567",)
    assert [each.address for each in profile.operators.values()] == ["78121234567", "101"]
    assert profile.outbound.caller_id == "74951234567"


def test_how_the_company_speaks_and_is_interrupted_is_read(folder):
    """What a file says of stream, interrupting, words and voice is in the profile."""
    profile = load_profiles(
        folder(
            a=f"{GOOD}[voice]\nname = 'VoxTTS.Anna'\n[stream]\nenabled = false\n"
            "[barge_in]\nmode = 'vad'\nmin_words = 1\n"
            "[speech]\nwords = { HALO = 'Хало', 'замок' = 'зам+ок', 'ключ' = 'клю\u0301ч' }\n"
        )
    ).default
    told = profile.for_scenario()

    assert told["stream"] is False
    assert told["barge_in"] == {"mode": "vad", "min_ms": 300, "min_words": 1, "resume_ms": 1200}
    assert (told["voice"], told["realtime_voice"], told["progressive"]) == (
        "VoxTTS.Anna",
        True,
        False,
    )
    assert profile.words == {"HALO": "Хало", "замок": "зам+ок", "ключ": "клю\u0301ч"}


def test_what_is_looked_for_after_a_call_is_read(folder):
    """Each value with its kind; without the table calls are reviewed, and nothing is looked for."""
    profile = load_profiles(
        folder(
            a=f"{GOOD}[after.fields.order]\nabout = 'номер заказа'\n"
            "[after.fields.subject]\nabout = 'о чём'\nkind = 'choice'\nchoices = ['а', 'б']\n"
        )
    ).default

    assert profile.after.enabled
    assert dict(profile.after.fields) == {
        "order": Wanted("номер заказа"),
        "subject": Wanted("о чём", "choice", ("а", "б")),
    }


def test_a_minimal_profile_has_defaults_that_fit_its_voice_and_recogniser(folder):
    """Without a word about it, nothing is asked of a vendor that cannot do it."""
    profile = load_profiles(
        folder(a=f'{GOOD}[asr]\nrecogniser = "yandexv3"\n[voice]\nname = "YandexV3.ru_RU_dasha"\n')
    ).default
    told = profile.for_scenario()

    assert told["asr"]["profile"] == "YandexV3.ru_RU"
    assert told["asr"]["single_utterance"] is False
    assert told["progressive"] is False


def test_the_version_changes_with_the_file_and_with_the_texts(folder, tmp_path):
    """The same bytes give the same version, any change another one."""
    (tmp_path / "kb").mkdir()
    text = tmp_path / "kb" / "a.md"

    def version(profile: str, knowledge: str) -> str:
        text.write_text(knowledge, "utf-8")
        return load_profiles(folder(a=profile + 'knowledge = "kb"\n')).default.version

    first = version(GOOD, "# А\n\nб")
    assert re.fullmatch(r"[0-9a-f]{12}", first)
    assert version(GOOD, "# А\n\nб") == first
    assert version(GOOD, "# А\n\nв") != first
    assert version(GOOD + "# note\n", "# А\n\nб") != first


def test_where_reviews_go_is_read(folder):
    """Each delivery under its name, with the keys of its kind."""
    profiles = load_profiles(
        folder(
            a=f"{GOOD}[after.deliver.crm]\nto = 'bitrix24'\nwhen = ['callback']\n"
            "url = 'https://example.bitrix24.ru/rest/1/{bitrix}'\n"
        )
    )
    (outlet,) = profiles.default.after.deliver.values()
    assert outlet == Outlet(
        "bitrix24", ("callback",), {"url": "https://example.bitrix24.ru/rest/1/{bitrix}"}
    )


# Line 4 is the first after GOOD.
@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("[asr]\nrecogniser = 'amazon'", "a.toml:5: asr.recogniser: Amazon does not speak Russian"),
        (
            "[asr]\nrecogniser = 'gogle'",
            'a.toml:5: asr.recogniser: there is no recogniser "gogle"; did you mean "google"?',
        ),
        (
            "[asr]\nmodel = 'phonecall'",
            'a.toml:5: asr.model: Google has no Russian model "phonecall"; did you mean',
        ),
        (
            "[asr]\nrecogniser = 'microsoft'\ninterim = true",
            "a.toml:6: asr.interim: Microsoft gives no interim results",
        ),
        (
            "[asr]\nrecogniser = 'deepgram'\nsingle_utterance = true",
            "a.toml:6: asr.single_utterance: Deepgram does not know it",
        ),
        (
            "[asr]\nrecogniser = 'tbank'\nphrase_hints = ['а']",
            "a.toml:6: asr.phrase_hints: T-Bank takes no phrase hints",
        ),
        (
            "[voice]\nname = 'alena'",
            '"alena"; did you mean "Yandex.Neural.ru_RU_alena"?',
        ),
        (
            "[voice]\nname = 'TBank.ru_RU_Alyona'",
            'there is no Russian voice "TBank.ru_RU_Alyona"; did you mean',
        ),
        (
            "[voice]\nname = 'YandexV3.ru_RU_dasha'\nprogressive = true",
            "a.toml:6: voice.progressive: YandexV3 does not know it",
        ),
        (
            "[after.deliver.a]\nto = 'telegram'\nchat = '1'\nfield = 1",
            'a.toml:4: after.deliver.a.token: is missing; to = "telegram" needs it',
        ),
        (
            "[after.deliver.a]\nto = 'bitrix24'\nurl = 'https://a.ru'\nchat = '1'",
            'a.toml:7: after.deliver.a.chat: belongs to another kind than "bitrix24"; remove it',
        ),
        (f"{MAIL}'m.ru:99999'", "after.deliver.a.server: has the port 99999"),
        (f"{MAIL}'m.ru:0'", "after.deliver.a.server: has the port 0"),
        (f"{MAIL}'m..ru:25'", "after.deliver.a.server: names no host"),
        (
            "[after.deliver.a]\nto = 'bitrix24'\nurl = 'https://a..ru/rest'",
            "after.deliver.a.url: names no host",
        ),
        (
            "[after.deliver.a]\nto = 'bitrix24'\nurl = 'https://a.ru:99999/rest'",
            "after.deliver.a.url: must be an https:// address, with a port",
        ),
        ("[after.deliver.a]\nto = 'fax'", 'a.toml:5: after.deliver.a.to: there is no "fax"'),
        (
            "[after.deliver.webhook]\nto = 'bitrix24'\nurl = 'https://a.ru'",
            "after.deliver.webhook",
        ),
        ("[after.fields.a]\nkind = 'text'", "a.toml:4: after.fields.a.about: is missing"),
        (
            "[after.fields.a]\nabout = 'а'\nkind = 'dat'",
            'a.toml:6: after.fields.a.kind: there is no "dat"; did you mean "date"?',
        ),
        (
            "[after.fields.a]\nabout = 'а'\nkind = 'choice'\nchoices = []",
            'a.toml:7: after.fields.a.choices: belong to kind = "choice"',
        ),
        (
            "[after.fields.a]\nabout = 'а'\nkind = 'choice'",
            'after.fields.a.choices: belong to kind = "choice"',
        ),
        (
            "[after.fields.a]\nabout = 'а'\nabuot = 'а'",
            'a.toml:6: after.fields.a.abuot: there is no such key; did you mean "about"?',
        ),
        (
            "[after.fields.a]\nabout = 'а'\nchoices = ['б']",
            'a.toml:6: after.fields.a.choices: belong to kind = "choice"',
        ),
        ("[texts]\n\nfiller = ' '", "a.toml:6: texts.filler: is empty"),
        (
            f"[texts]\nfiller = '{'а' * 401}'",
            "a.toml:5: texts.filler: has 401 characters; at most 400",
        ),
        (
            "[texts]\nfiler = 'а'",
            'a.toml:5: texts.filer: there is no such key; did you mean "filler"?',
        ),
        (
            "[texts]\nreprompts = []",
            "a.toml:5: texts.reprompts: has 0 entries; must have at least 1",
        ),
        ("[limits]\nturns = 0", "a.toml:5: limits.turns: is 0; must be at least 1"),
        ("[limits]\nturns = '12'", "a.toml:5: limits.turns: must be a whole number, not text"),
        (
            "[limits]\nturns = true",
            "a.toml:5: limits.turns: must be a whole number, not true or false",
        ),
        ("[limits]\nconfidence = 30", "a.toml:5: limits.confidence: is 30; must be at most 1.0"),
        ("[limits]\nfiller_ms = 8000", "a.toml:4: limits.turn_ms: must be more than filler_ms"),
        ("[limits]\nclose_ms = 0", "a.toml:5: limits.close_ms: is 0; must be at least 200"),
        (
            "[barge_in]\nmode = 'word'",
            'a.toml:5: barge_in.mode: there is no mode "word"; choose one of asr, vad, off',
        ),
        ("[barge_in]\nmin_words = 0", "a.toml:5: barge_in.min_words: is 0; must be at least 1"),
        (
            "[privacy]\nmask = ['cards']",
            'a.toml:5: privacy.mask[0]: there is no "cards"; did you mean "card"?; choose from',
        ),
        (
            "[privacy]\nkeep = ['phone', 'card']",
            "a.toml:5: privacy.keep[1]: a card's number is never kept",
        ),
        ("[stream]\nenabled = 1", "a.toml:5: stream.enabled: must be true or false"),
        ("[speech]\nwords = 1", "a.toml:5: speech.words: must be a table, not a whole number"),
        ("[speech]\nwords = { HALO = '<b>' }", "a.toml:5: speech.words.HALO: must be 1 to 100"),
        ("[speech]\nwords = { HALO = '' }", "a.toml:5: speech.words.HALO: must be 1 to 100"),
        ("[speech.words]\n\nHALO = 1", "a.toml:6: speech.words.HALO: must be text in quotes"),
        ("[limit]\nturns = 3", 'a.toml:4: limit: there is no such key; did you mean "limits"?'),
        ("limits = 3", "a.toml:4: limits: must be a table, not a whole number"),
        (
            "[audio]\napology = 'http://a.example/a.mp3'",
            "a.toml:5: audio.apology: must be an https:// address",
        ),
        (
            "[operators]\nx = { queue = 'a', user = 'b' }",
            "a.toml:5: operators.x: needs one of number, sip, user and queue",
        ),
        ("[operators]\nx = { queue = '' }", "operators.x.queue: must be the name of a queue"),
        (
            "[operators]\nx = { user = 'b', wait_ms = 60000 }",
            "a.toml:5: operators.x: has wait_ms or priority, which only a queue has",
        ),
        (
            "[operators]\nx = { queue = 'a', caller_id = '+7 495 123-45-60' }",
            "a.toml:5: operators.x: has caller_id, which a queue does not show",
        ),
        ("[operators]\nx = { queue = 'a', priority = 0 }", "x.priority: is 0; must be at least 1"),
        ("[operators]\nx = { queue = 'a', wait_ms = 1 }", "x.wait_ms: is 1; must be at least"),
        ("numbers = ['ноль']", "a.toml:4: numbers[0]: is not a telephone number"),
        ("knowledge = 'nowhere'", "a.toml:4: knowledge: there is no folder"),
        ("knowledge = 'empty'", "holds no text (*.md, *.txt, *.csv, *.pdf, *.docx)"),
        ("title = ''", "a.toml:4: title: must be one line"),
        ("title = 'a", "a.toml:4: is not TOML"),
        ("title =", "a.toml:4: is not TOML"),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_to_do(folder, tmp_path, lines, fault):
    """Each kind of fault names file, line and key, and the way out."""
    (tmp_path / "empty").mkdir()

    assert any(fault in told for told in faults_of(folder(a=f"{GOOD}{lines}\n")))


def test_a_queue_is_read(folder):
    """With its own wait and priority, which no other destination has."""
    lines = "[operators]\nx = { queue = 'первая линия', wait_ms = 60000 }\ny = { user = 'duty' }\n"
    operators = load_profiles(folder(a=f"{GOOD}{lines}")).default.operators
    assert operators["x"] == Operator("первая линия", "queue", wait_ms=60_000, priority=50)
    assert operators["y"] == Operator("duty", "user")


def test_the_order_of_the_limits_is_checked(folder):
    """A filler that comes after the answer's deadline would never be heard."""
    bad = f"{GOOD}[limits]\nfiller_ms = 8000\nturn_ms = 8000\n"

    assert faults_of(folder(a=bad)) == [
        "a.toml:6: limits.turn_ms: must be more than filler_ms, which is 8000"
    ]


def test_all_faults_of_all_files_come_at_once(folder, tmp_path):
    """One start shows everything that must be mended."""
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb" / "a.md").write_bytes(b"# A\n\n\xff")
    faults = faults_of(
        folder(
            a=f"{GOOD}colour = 1\nknowledge = 'kb'\n[limits]\nturns = 0\n[asr]\nmodel = 'x'\n",
            b="name = 'b'\n",
            c="name = \n",
            d=b"name = 'd'\n\xff\n",
        )
    )

    assert [fault.split(": ")[0] for fault in faults] == [
        "a.toml:4", "a.toml:7", "a.toml:9", "kb/a.md:3", "b.toml:1", "c.toml:1", "d.toml:2",
    ]  # fmt: skip


def test_names_numbers_and_the_default_are_one_profiles_own(folder):
    """What two profiles claim is a fault of the second one."""
    faults = faults_of(
        folder(
            a=f"{GOOD}numbers = ['+7 495 123-45-67']\n",
            b=f"{GOOD}numbers = ['112', '84951234567']\n",
        )
    )

    assert [fault.split(": ")[:2] for fault in faults] == [
        ["b.toml:1", "name"],
        ["b.toml:4", "numbers[1]"],
        ["b.toml:3", "default"],
    ]


def test_one_default_is_needed(folder):
    """A number that nobody claims must be answered by somebody."""
    (fault,) = faults_of(folder(a="name = 'a'\ncompany = 'A'\n"))
    assert "no profile has `default = true`" in fault


def test_a_folder_without_profiles_is_a_fault(tmp_path):
    """An empty or missing folder says where profiles are expected."""
    assert "there is no profile (*.toml)" in faults_of(tmp_path)[0]
    assert "there is no profile (*.toml)" in faults_of(tmp_path / "nowhere")[0]


def test_a_profile_without_a_bottom_is_a_fault(folder):
    """Thousands of brackets: the file is named, and the faults of the others are told too."""
    faults = faults_of(folder(a=f"x = {'[' * 5000}{']' * 5000}\n", b="title ="))

    assert faults[0] == "a.toml: its brackets are nested too deeply"
    assert faults[1].startswith("b.toml:1: is not TOML")


def test_a_fault_never_shows_a_mistyped_value(folder):
    """A key pasted into the wrong line does not reach the log."""
    faults = faults_of(folder(a=f"{GOOD}[limits]\nturns = 'sk-secret'\n"))

    assert "sk-secret" not in "".join(faults)
