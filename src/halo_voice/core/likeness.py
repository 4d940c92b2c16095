"""Whether two texts are nearly the same words."""

from __future__ import annotations

from halo_voice.core.speakable import same_words


def close_enough(interim: str, final: str) -> bool:
    """Whether an answer to `interim` answers `final` too."""
    return same_words(interim, final)
