"""Decoding of chunks: the fast path and the one that mends."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.llm.chunks import Usage, decode, mended

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "content", "usage", "error", "tool_calls", "text"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_a_chunk_or_a_value_error(found: object) -> None:
    """Whatever a server invents, nothing but `ValueError` comes out, and text is sound text."""
    try:
        chunk = decode(json.dumps(found).encode())
    except ValueError:
        assert not isinstance(found, dict)
        return
    for choice in chunk.choices or ():
        if choice.delta is not None and choice.delta.content is not None:
            choice.delta.content.encode()


@given(st.binary())
def test_any_bytes_are_a_chunk_or_a_value_error(data: bytes) -> None:
    """Bytes that are no JSON are a `ValueError`."""
    try:
        decode(data)
    except ValueError:
        return


def test_deep_nesting_is_a_value_error() -> None:
    """A hostile depth exhausts neither stack nor patience."""
    with pytest.raises(ValueError, match="deep"):
        decode(b'{"choices":' + b"[" * 100_000)


def test_a_strange_field_does_not_cost_the_text() -> None:
    """Fields of unusual types are left out, the text beside them is kept."""
    chunk = decode(
        b'{"choices": [{"delta": {"content": "a", "tool_calls": "x"}, "finish_reason": 7}],'
        b' "usage": {"prompt_tokens": "many", "completion_tokens": 3}}'
    )
    assert chunk.choices[0].delta.content == "a"
    assert chunk.choices[0].delta.tool_calls is None
    assert chunk.choices[0].finish_reason is None
    assert chunk.usage == Usage(0, 3)


@given(st.text(st.characters(codec=None)))
def test_mended_text_can_be_sent(text: str) -> None:
    """Halves of surrogate pairs are replaced one for one, all else stays."""
    whole = mended(text)
    whole.encode()
    if not any("\ud800" <= c <= "\udfff" for c in text):
        assert whole == text
