"""Numbers as JSON has them."""

from __future__ import annotations

import msgspec
import pytest

from halo_voice.api.shapes import EndRequest, _decoded

REPORT = '{"call_id": "c-1", "reason": "caller_hung_up", "turns": %s}'


@pytest.mark.parametrize("written", ["2", "2.0", "0.2e1"])
def test_an_integer_may_be_written_as_a_float(written):
    """The description says integer, and JSON's integers may have a fraction of zero."""
    assert _decoded((REPORT % written).encode(), EndRequest).turns == 2


def test_a_fraction_is_no_integer():
    with pytest.raises(msgspec.ValidationError):
        _decoded((REPORT % "2.5").encode(), EndRequest)
