"""What the scenario sends on the stream is what the backend takes."""

from __future__ import annotations

from collections import Counter

import pytest

from halo_voice.api.wire import BadMessage, decode
from halo_voice.hunt.draw import NEWER_FROM
from halo_voice.hunt.play import one_call
from tests.halo import SCENARIO

CALLS = 150
FROM = (0, 20_000, NEWER_FROM)


@pytest.mark.parametrize("first", FROM)
def test_every_message_of_drawn_calls_can_be_read(first):
    """Whatever struck: a message that is refused ends the stream (F30), and alarms somebody."""
    kinds: Counter[str] = Counter()
    for seed in range(first, first + CALLS):
        call = one_call(seed, scenario=SCENARIO).call
        for line in call.having("message"):
            if line.who != "backend":
                continue
            text = str(line.data["message"])
            try:
                _, message = decode(text)
            except BadMessage as error:
                pytest.fail(f"seed {seed} at {line.ms} ms: {error}: {text}")
            assert message is not None, f"seed {seed}: {text}"
            kinds[type(message).__name__] += 1
    assert len(kinds) > 8, kinds
