"""Random changes of good requests: whatever changes what was signed is refused.

`HALO_TEST_MUTATIONS` is their number, 2,000 if it is not set; a million take some minutes:

    HALO_TEST_MUTATIONS=1000000 .venv/bin/python -m pytest tests/fuzz/test_mutated_requests.py -s
"""

from __future__ import annotations

import logging
import os
import random
from dataclasses import replace

import pytest
import structlog

from halo_voice.store.memory import MemoryStore
from tests.halo import TalkingModel, backend
from tests.strangers import KEYS, PARTS, Asked, ask, signed

MUTATIONS = int(os.environ.get("HALO_TEST_MUTATIONS", "2000"))
BATCH = 250  # of one good request, which has to be fresh

FORM = "application/x-www-form-urlencoded"
GOOD = (
    Asked("POST", "/process_text", b'{"user_text": "\\u0414\\u0430", "deadline_ms": 6000}'),
    Asked("POST", "/process_text", b"user_text=%D0%94%D0%B0", (("content-type", FORM),)),
    Asked("GET", "/process_text?user_text=%D0%94%D0%B0&deadline_ms=6000"),
    Asked("POST", "/process_text?x=1", b'{"user_text":"a"}'),
)
ALPHABET = "".join(map(chr, range(1, 256)))


@pytest.fixture
def quiet():
    """A million lines of refusals help nobody."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


def changed(text: str, rng: random.Random) -> str:
    """A character is altered, put in, taken out or doubled, two change places, a part is gone."""
    at = rng.randrange(len(text) + 1)
    how = rng.randrange(7)
    if how == 0 or not text:
        return text[:at] + rng.choice(ALPHABET) + text[at:]
    at = min(at, len(text) - 1)
    match how:
        case 1:
            return text[:at] + rng.choice(ALPHABET) + text[at + 1 :]
        case 2:
            return text[:at] + text[at + 1 :]
        case 3:
            return text[:at] + text[at] + text[at:]
        case 4:
            return text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]
        case 5:
            return text[:at]
    other = text[at].swapcase() if text[at].isascii() else "?"
    return text[:at] + other + text[at + 1 :]


def mutated(asked: Asked, rng: random.Random) -> Asked:
    """One to three changes anywhere in the request."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        headers = list(asked.headers)
        at = rng.randrange(len(headers)) if headers else 0
        name, value = headers[at] if headers else ("x", "y")
        match rng.randrange(9):
            case 0:
                asked = replace(asked, method=changed(asked.method, rng) or "GET")
            case 1 | 2:
                asked = replace(asked, target=changed(asked.target, rng))
            case 3 | 4:
                body = changed(asked.body.decode("latin-1"), rng)
                asked = replace(asked, body=body.encode("latin-1"))
            case 5 | 6:
                headers[at : at + 1] = [(name, changed(value, rng))]
            case 7:
                headers[at : at + 1] = [(changed(name, rng), value)]
            case 8:
                more = rng.choice(([], [(name, value)] * 2, [(name, value), ("x-a", "b")]))
                headers[at : at + 1] = more
        asked = replace(asked, headers=tuple(headers))
    return asked


def meaning(asked: Asked) -> tuple[object, ...]:
    """What a signature is about. Names know no case, nor does the hex of the MAC; the order of
    headers and headers of others mean nothing."""
    names = [part.lower() for part in PARTS]
    ours = sorted((n.lower(), v) for n, v in asked.headers if n.lower() in names)
    ours = [(n, v[:3] + v[3:].lower() if n == "x-halo-signature" else v) for n, v in ours]
    # An empty query is no query.
    return asked.method, asked.target.removesuffix("?"), asked.body, tuple(ours)


@pytest.mark.timeout(0)
async def test_no_mutation_of_a_good_request_gets_in(quiet):
    """F72, F73, F74, invariant 16: nothing is written, nobody asked; the good one is served."""
    model, store, rng, same = TalkingModel(), MemoryStore(), random.Random(16), 0
    async with backend(model=model, store=store, keys=KEYS) as halo:
        for batch in range(-(-MUTATIONS // BATCH)):
            good = signed(rng.choice(GOOD), rng.choice(tuple(KEYS)))
            nonces = dict(store._nonces)
            for _ in range(min(BATCH, MUTATIONS - batch * BATCH)):
                bad = mutated(good, rng)
                if meaning(bad) == meaning(good):
                    same += 1
                    continue
                assert (await ask(halo.web, bad)).status in (401, 413), repr(bad)
                assert len(store._nonces) == len(nonces), bad
            assert (await ask(halo.web, good)).status == 200, good
            assert len(model.asked) == batch + 1
    print(f"{MUTATIONS - same} requests changed at random, {MUTATIONS - same} refused")
    assert same < MUTATIONS * 0.2
