"""What must never be shown, found in texts that hold it, right or wrong."""

from __future__ import annotations

import pytest

from halo_voice.core.hidden import header_values


@pytest.mark.parametrize("written", ["[1]", '"Bearer x"', "{", "7"])
def test_headers_that_are_none_are_hidden_as_a_whole(written):
    """They are at fault, and told so; what they hold may be a secret all the same."""
    assert header_values(written) == [written]


def test_a_header_is_hidden_with_and_without_its_scheme():
    """A provider may quote the key alone; what is no text is no secret."""
    written = '{"Authorization": "Bearer abc", "X-Key": "def", "X-Retries": 3}'
    assert header_values(written) == ["Bearer abc", "def", "abc", "def"]
    assert header_values("") == []
