"""docs/profiles.md against the code: what the page tells is what the loader takes."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from halo_voice.core.privacy import Privacy
from halo_voice.core.profile import BargeIn, Limits, Texts
from halo_voice.core.recognisers import RECOGNISERS, RUSSIAN
from halo_voice.core.voices import REALTIME, VOICES
from halo_voice.profiles import load_profiles
from halo_voice.profiles.shape import AsrShape, PrivacyShape, ProfileShape, SpeechShape, VoiceShape

PAGE = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text("utf-8")


@pytest.mark.parametrize("shape", [ProfileShape, AsrShape, VoiceShape, SpeechShape, PrivacyShape])
def test_every_key_is_on_the_page(shape):
    """A key that can be written is documented: as a row or as a table of its own."""
    for key in shape.model_fields:
        assert f"| `{key}` |" in PAGE or f"[{key}]" in PAGE, key


def test_how_one_interrupts_is_told_with_default_and_range():
    """Each number's row is the one that the code gives."""
    for field in fields(BargeIn)[1:]:
        low, high = field.metadata["range"]
        meaning = field.metadata["meaning"]
        row = f"| `barge_in.{field.name}` | {field.default} | {low} to {high} | {meaning} |"
        assert row in PAGE


def test_what_is_masked_is_told_with_its_default():
    """The two lists' rows are those that the code gives."""
    for name, kinds in (("mask", Privacy().mask), ("keep", Privacy().keep)):
        assert f"| `{name}` | `{json.dumps(kinds)}` |" in PAGE


def test_limits_are_told_with_default_and_range():
    """Each limit's row is the one that the code gives."""
    for field in fields(Limits):
        low, high = field.metadata["range"]
        meaning = field.metadata["meaning"]
        assert f"| `{field.name}` | {field.default} | {low} to {high} | {meaning} |" in PAGE


def test_texts_are_told_with_their_defaults():
    """Each text's row has its meaning and what is said by default."""
    for field in fields(Texts):
        several = isinstance(field.default, tuple)
        said = " / ".join(f"«{text}»" for text in (field.default if several else [field.default]))
        assert f"| `{field.name}` | {field.metadata['meaning']} | {said} |" in PAGE


def test_voices_and_recognisers_are_all_listed():
    """The page has exactly the voices and recognisers that can be chosen."""
    listed = {
        f"{group}.ru_RU_{name}"
        for group, names in re.findall(r"^\* `(\S+)\.ru_RU_`: (.*)$", PAGE, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", names)
    }
    listed |= {
        f"VoxTTS.{name}" for name in re.findall(r"^\* `VoxTTS\.`: `(\w+)`, `(\w+)`", PAGE, re.M)[0]
    }
    assert set(REALTIME) <= listed
    yes = {True: "yes", False: "no"}

    assert listed == set(VOICES)
    for vendor in map(RECOGNISERS.get, RUSSIAN):
        models = ", ".join(f"`{model}`" for model in vendor.models)
        can = [yes[c] for c in (vendor.interim, vendor.single_utterance, vendor.phrase_hints)]
        assert f"| `{vendor.name}` | {models} | {' | '.join(can)} |" in PAGE


def test_the_smallest_profile_of_the_page_works(tmp_path):
    """What the page shows first loads as it stands."""
    example = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)[1]
    (tmp_path / "halo.toml").write_text(example, "utf-8")
    (tmp_path / "halo" / "knowledge").mkdir(parents=True)
    sample = re.search(r"```markdown\n(.*?)```", PAGE, re.DOTALL)[1]
    (tmp_path / "halo" / "knowledge" / "a.md").write_text(sample, "utf-8")

    assert load_profiles(tmp_path).default.name == "halo"
