"""What looks like a key does not get into an assistant's text; what companies write does."""

from __future__ import annotations

from pathlib import Path

import pytest

from halo_voice.profiles.keys import key_lines

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "text",
    [
        "sk-" + "abcdEFGH1234" * 3,
        "-----BEGIN RSA PRIVATE " + "KEY-----",
        "url = 'https://anna:" + "hunter2@example.ru/'",
        'headers = { Authorization = "Bearer ' + 'a1b2c3d4e5f6a7b8c9" }',
        "api_key = " + "'Zx81kQp0Lm5nTr72'",
        "0123456789abcdef" * 3,
    ],
)
def test_a_key_is_found_with_its_line(text):
    """F76: shapes of providers, named values, long strings that look drawn."""
    assert list(key_lines(f'name = "a"\n{text}\n')) == [2]


@pytest.mark.parametrize(
    "text",
    [
        "Доставка стоит 390 рублей, телефон 8 495 123-45-67, почта info@halo.example.ru",
        "https://halo.example.ru/catalog/lamps/nastolnye-svetilniki-dlya-kabineta",
        'headers = { Authorization = "Bearer {SHOP_TOKEN}" }',
        "Пароль от кабинета присылаем в сообщении: запросите его на сайте.",
        "=" * 60,
    ],
)
def test_what_companies_write_is_none(text):
    """A name of a key, an address and a telephone may stand there."""
    assert list(key_lines(text)) == []


def test_the_shipped_assistants_hold_none():
    """Nor do their texts."""
    files = [path for path in (ROOT / "assistants").rglob("*.*") if path.suffix != ".pyc"]
    for path in files:
        assert list(key_lines(path.read_text("utf-8"))) == [], path
