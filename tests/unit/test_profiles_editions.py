"""Texts that stand for a profile's file: what they may change, and when the file stands again."""

from __future__ import annotations

from pathlib import Path

import pytest

from halo_voice.core.editions import PROFILE, Content
from halo_voice.core.errors import ConfigurationError
from halo_voice.profiles import load_in_force, load_profiles, origins_of

SHOP = 'name = "shop"\ncompany = "Лавка"\ndefault = true\nknowledge = "texts"\n'
OTHER = 'name = "other"\ncompany = "Склад"\nnumbers = ["101"]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.md").write_text("## А\n\nб\n", "utf-8")
    (tmp_path / "texts" / "b.txt").write_bytes("Где вы?\nНа Лесной улице.\n".encode("cp1251"))
    (tmp_path / "shop.toml").write_text(SHOP, "utf-8")
    (tmp_path / "other.toml").write_text(OTHER, "utf-8")
    return tmp_path


def shop(folder: Path) -> Content:
    return origins_of(folder)["shop"].content


def test_a_folder_read_as_text_is_the_same_profile(folder):
    """To the version, whatever the files are written in."""
    origins = origins_of(folder)
    again = load_profiles(folder, {name: each.content for name, each in origins.items()})
    versions = {profile.name: profile.version for profile in load_profiles(folder)}
    assert {profile.name: profile.version for profile in again} == versions
    assert {name: each.version for name, each in origins.items()} == versions
    assert "Лесной" in shop(folder).text("b.txt")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("name", SHOP.replace('"shop"', '"shop2"')),
        ("knowledge", SHOP.replace('"texts"', '"/etc"')),
        ("knowledge", SHOP.replace('knowledge = "texts"\n', "")),
        ("tools", SHOP + '[tools]\npython = ["evil.py"]\n'),
        (
            "after.deliver",
            SHOP + '[after.deliver.a]\nto = "bitrix24"\nurl = "https://evil.example/{bitrix}"\n',
        ),
        ("tools", SHOP + '[[tools.mcp]]\nname = "a"\ncommand = ["sh"]\n'),
    ],
)
def test_a_draft_changes_nothing_that_is_the_folders_alone(folder, key, text):
    """F83: neither what is read from a disk nor what is run; told at its key."""
    with pytest.raises(ConfigurationError) as caught:
        load_profiles(folder, {"shop": shop(folder).with_text(PROFILE, text)}, draft="shop")
    (told,) = caught.value.faults
    assert f": {key}: is changed in the folder only" in told


def test_whatever_stands_in_an_edition_the_folders_tools_run(folder):
    """F83: also one that nobody held against the folder."""
    text = SHOP + '[[tools.mcp]]\nname = "a"\ncommand = ["sh"]\n'
    found = load_in_force(folder, {"shop": shop(folder).with_text(PROFILE, text)})
    assert found.held == {"shop"}
    assert not found.profiles.named("shop").tools


def test_one_that_cannot_be_read_gives_way_and_the_others_hold(folder):
    """F65: its file stands, and it is told why."""
    contents = {
        "shop": shop(folder).with_text(PROFILE, SHOP + "new_key = 1\n"),
        "other": Content(OTHER.replace("Склад", "Склад два")),
    }
    found = load_in_force(folder, contents)
    assert found.held == {"other"}
    assert found.profiles.named("shop").company == "Лавка"
    assert found.profiles.named("other").company == "Склад два"
    assert "new_key" in found.faults[0]


def test_where_they_contradict_each_other_the_folder_stands(folder):
    """F65: two that answer one number, or none that answers all others."""
    text = SHOP + 'numbers = ["101"]\n'
    found = load_in_force(folder, {"shop": shop(folder).with_text(PROFILE, text)})
    assert (found.held, len(found.faults)) == (frozenset(), 1)
    assert found.profiles.named("shop").numbers == ()


def test_texts_of_an_edition_may_not_all_go(folder):
    """A profile that names texts has some."""
    content = shop(folder).without("a.md").without("b.txt")
    with pytest.raises(ConfigurationError, match="there is no text left"):
        load_profiles(folder, {"shop": content})
