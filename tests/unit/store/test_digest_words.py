"""The words of a call as a list of calls searches them."""

from __future__ import annotations

from halo_voice.store.digest import stems

LEXEME_BYTES_MAX = 2_046  # PostgreSQL's


def test_no_word_is_longer_than_any_database_takes():
    """What is looked for is cut as what is kept, so that it is found."""
    (kept,) = stems("Ё" * 5_000)
    assert len(kept.encode()) <= LEXEME_BYTES_MAX
    assert stems("ё" * 1_100) == [kept]
    assert stems("в доме") == ["в", "дом"]
