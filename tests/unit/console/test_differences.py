"""What has changed between two texts of an assistant."""

from __future__ import annotations

import time

from halo_voice.console.differences import SHOWN_MAX, Line, differences
from halo_voice.core.editions import PROFILE, Content, Paper

OLD = Content("\n".join(f"key{n} = {n}" for n in range(20)), (Paper("a.md", "## А\n\nб"),))


def test_only_what_differs_is_shown_with_two_lines_around_it():
    """Each line with its number; what lies between is a gap."""
    new = OLD.with_text(PROFILE, OLD.profile.replace("key3 = 3", "key3 = 4").replace("key15", "k"))
    (changed,) = differences(OLD, new)
    assert (changed.name, changed.gone, changed.new, changed.more) == (PROFILE, 2, 2, False)
    assert changed.lines[2:4] == (Line("gone", 4, "key3 = 3"), Line("new", 4, "key3 = 4"))
    assert [line.kind for line in changed.lines] == [
        *("same", "same", "gone", "new", "same", "same"),
        "gap",
        *("same", "same", "gone", "new", "same", "same"),
    ]


def test_texts_come_and_go_and_equal_ones_are_left_out():
    """An empty new text, too."""
    new = OLD.without("a.md").with_text("b.md", "в").with_text("c.md", "")
    found = {each.name: (each.gone, each.new) for each in differences(OLD, new)}
    assert found == {"a.md": (3, 0), "b.md": (0, 1), "c.md": (0, 0)}
    assert differences(OLD, OLD) == []


def test_a_huge_difference_is_bounded():
    """In time and in lines, however the texts are made."""
    one = Content("\n".join("ab"[n % 2] for n in range(25_000)))
    two = Content("\n".join("ba"[n % 3 % 2] for n in range(25_000)))
    begun = time.process_time()
    (changed,) = differences(one, two)
    assert time.process_time() - begun < 5
    assert (len(changed.lines), changed.more) == (SHOWN_MAX, True)
