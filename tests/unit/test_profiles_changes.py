"""When profiles are read anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from halo_voice.profiles import Changes

OLD, NEW, NEWER = ({Path("shop.toml"): (time, 1)} for time in (1, 2, 3))


@pytest.mark.parametrize(
    ("looks", "editions", "due"),
    [
        ([OLD, OLD], {}, False),
        ([NEW], {}, False),
        ([NEW, NEW], {}, True),
        ([NEW, NEWER], {}, False),
        ([NEW, NEWER, NEWER], {}, True),
        ([NEW, OLD, OLD], {}, False),
        ([{}, {}], {}, True),
        ([OLD], {"shop": 1}, True),
        ([NEW], {"shop": 1}, True),
    ],
)
def test_files_are_read_when_they_have_changed_and_stand_still(looks, editions, due):
    """What was published is whole as it comes, and need not stand still."""
    changes = Changes(OLD, {})
    for files in looks:
        changes.see(files)
    assert changes.due(editions) is due


def test_what_was_read_is_not_read_again_before_it_changes():
    changes = Changes(OLD, {})
    for _ in range(2):
        changes.see(NEW)
    changes.taken({"shop": 1})
    changes.see(NEW)
    assert not changes.due({"shop": 1})
    assert changes.due({})
