"""Whatever is not signed by us is refused, on every route there is, and nothing comes of it."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

import pytest
import structlog

from halo_voice.api.gate import BODY_BYTES_MAX, HEADERS_MAX, QUERY_BYTES_MAX, UNSIGNED_ON_LOOPBACK
from halo_voice.store.memory import MemoryStore
from tests.halo import TalkingModel, backend
from tests.strangers import (
    HERE,
    KEYS,
    METHODS,
    ODD_PATHS,
    OUTSIDE,
    SECRET_WORDS,
    Asked,
    altered,
    ask,
    doubled,
    open_stream,
    routes,
    signed,
    spoilt,
)

REFUSED = (
    b'{"code":"unauthorised","message":"The request is not signed with a live key, or its '
    b'signature is stale, wrong or used."}'
)
BODIES = {
    "/call/start": b'{"call_id":"new","caller":"%s"}' % SECRET_WORDS.encode(),
    "/call/hangup": b'{"call_id":"c-1"}',
    "/call/transfer": b'{"call_id":"c-1","transfer":1,"why":"key"}',
    "/call/transferred": b'{"call_id":"c-1","transfer":1,"outcome":"busy"}',
    "/call/end": b'{"call_id":"c-1","reason":"no_input"}',
    "/process_text": b'{"user_text":"%s","call_id":"c-1","turn":1}' % SECRET_WORDS.encode(),
    "/process_audio": b'{"call_id":"c-1","url":"https://storage.voximplant.com/%s"}'
    % SECRET_WORDS.encode(),
}
"""What would change something, were it let in."""

TARGETS = {"/process_text": f"/process_text?user_text={SECRET_WORDS}&call_id=c-1&turn=1"}


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def model():
    return TalkingModel()


@pytest.fixture
async def halo(store, model):
    """A running HALO with two live keys and a call in progress."""
    async with backend(model=model, store=store, keys=KEYS) as whole:
        start = Asked("POST", "/call/start", b'{"call_id":"c-1"}')
        assert (await ask(whole.web, signed(start))).status == 200
        yield whole


def state(store: MemoryStore) -> dict[str, str]:
    """All that the store holds, nonces included, to compare."""
    return {name: repr(value) for name, value in vars(store).items()}


def request(method: str, path: str, **changes) -> Asked:
    if method in ("POST", "PUT", "PATCH"):
        asked = Asked(method, path, BODIES.get(path, b"{}"))
    else:
        asked = Asked(method, TARGETS.get(path, path))
    return replace(asked, **changes)


def everything(halo) -> set[tuple[str, str]]:
    """Every method on every path, known ones and others."""
    paths = {path for _, path in routes(halo)} | set(ODD_PATHS)
    return {(method, path) for method in METHODS for path in paths}


async def test_the_list_of_routes_is_whole(halo):
    """F78: what the tests below try is what the app answers, and no route has come by unseen."""
    known = {path for _, path in routes(halo)}
    assert known == {*BODIES, *UNSIGNED_ON_LOOPBACK, "/openapi.json", "/stream"}


async def test_from_outside_nothing_unsigned_is_answered(halo, store, model):
    """F72, F78, invariant 16: any method, any path; one and the same 401, no state, no model."""
    before = state(store)
    for method, path in sorted(everything(halo)):
        reply = await ask(halo.web, request(method, path))
        assert (reply.status, reply.body) == (401, REFUSED), (method, path)
        assert set(reply.headers) == {"content-type", "content-length"}
    assert state(store) == before
    assert model.asked == []


async def test_on_this_machine_only_the_three_of_a_supervisor_are_open(halo, store, model):
    """F78: with a key, loopback is a stranger as well, except for health and figures."""
    before = state(store)
    for method, path in sorted(everything(halo)):
        reply = await ask(halo.web, request(method, path, client=HERE))
        if path in UNSIGNED_ON_LOOPBACK:
            assert reply.status == (200 if method == "GET" else 405), (method, path)
        else:
            assert (reply.status, reply.body) == (401, REFUSED), (method, path)
    assert state(store) == before
    assert model.asked == []


async def test_on_every_route_every_forgery_is_refused(halo, store, model):
    """F72, F73, F74, invariant 16: unsigned, altered in each part, stale, with another's key,
    with another's body: one and the same 401, nothing written, nobody asked."""
    before = state(store)
    tried = 0
    for method, path in sorted(routes(halo)):
        for how, forged in spoilt(request(method, path)):
            reply = await ask(halo.web, forged)
            assert (reply.status, reply.body) == (401, REFUSED), (method, path, how)
            tried += 1
    assert state(store) == before
    assert model.asked == []
    assert tried > 400


async def test_the_stream_is_opened_to_no_forgery(halo, store):
    """F72, F73, F74: a socket is closed before it is accepted, whatever is wrong."""
    before = state(store)
    for how, forged in spoilt(Asked("GET", "/stream")):
        if how == "body added":
            continue  # a handshake has none
        sent = await open_stream(halo.web, forged)
        assert sent == [{"type": "websocket.close", "code": 1008}], how
    for path in ODD_PATHS:
        sent = await open_stream(halo.web, signed(Asked("GET", path)))
        assert sent == [{"type": "websocket.close", "code": 1008}], path
    assert state(store) == before
    good = signed(Asked("GET", "/stream"))
    assert (await open_stream(halo.web, good))[0]["type"] == "websocket.accept"
    assert await open_stream(halo.web, good) == [{"type": "websocket.close", "code": 1008}]


async def test_on_every_route_a_replay_is_refused(halo, store, model):
    """F73, invariant 16: what was good once is good once, and its copy changes nothing."""
    for method, path in sorted(routes(halo)):
        if path == "/stream":
            continue
        good = signed(request(method, path))
        assert (await ask(halo.web, good)).status != 401, (method, path)
        before, asked = state(store), len(model.asked)
        for client in (OUTSIDE, HERE):
            again = replace(good, client=client)
            if client == HERE and path in UNSIGNED_ON_LOOPBACK:
                continue
            reply = await ask(halo.web, again)
            assert (reply.status, reply.body) == (401, REFUSED), (method, path)
        assert (state(store), len(model.asked)) == (before, asked)


async def test_both_live_keys_open_and_only_good_requests_use_up_a_nonce(halo, store):
    """Invariant 16: a nonce is written by whoever signs it, and by nobody else."""
    for number, key_id in enumerate(KEYS):
        asked = signed(Asked("GET", "/healthz"), key_id, nonce="the.same")
        refused = altered(asked, "X-Halo-Signature", lambda s: s[:-1])
        assert (await ask(halo.web, refused)).status == 401
        assert len([n for n in store._nonces if n.endswith("the.same")]) == number
        assert (await ask(halo.web, asked)).status == 200
        assert len([n for n in store._nonces if n.endswith("the.same")]) == number + 1


@pytest.mark.parametrize(
    "flood",
    [
        {"body": b"a" * (BODY_BYTES_MAX + 1)},
        {"headers": (("content-length", str(BODY_BYTES_MAX + 1)),)},
        {"headers": (("content-length", "-1"),)},
        {"headers": (("x-a", "b"),) * HEADERS_MAX},
        {"headers": (("x-a", "b" * 40_000),)},
        {"target": "/process_text?user_text=" + "a" * QUERY_BYTES_MAX},
    ],
    ids=["body", "length", "no length", "lines", "long line", "query"],
)
@pytest.mark.parametrize("good", [False, True])
async def test_size_comes_before_everything(halo, store, model, flood, good):
    """F63, F72: 413 for whoever sends too much, before a signature is looked at."""
    asked = replace(request("POST", "/process_text"), **flood)
    before = state(store)
    reply = await ask(halo.web, signed(asked) if good else asked)
    assert reply.status == 413
    assert reply.headers["connection"] == "close"
    assert state(store) == before
    assert model.asked == []


async def test_each_refusal_is_one_line_that_holds_nothing_of_the_request(halo):
    """F76, invariant 16: logged once, with a reason, without words, numbers, addresses, keys."""
    refused = [each for _, each in spoilt(request("POST", "/process_text"))]
    refused += [request("GET", path) for path in ODD_PATHS]
    refused += [replace(request("POST", "/call/start"), body=b"a" * 20_000)]
    for asked in refused:
        with structlog.testing.capture_logs() as lines:
            await ask(halo.web, asked)
        [line] = lines
        assert line["event"] == "request_refused"
        assert set(line) <= {"event", "log_level", "reason", "skew_s", "alarm"}
        told = str(line)
        for secret in (SECRET_WORDS, OUTSIDE[0], *KEYS.values(), *dict(asked.headers).values()):
            assert len(secret) < 3 or secret not in told
    for path in ("/stream", "/elsewhere"):
        with structlog.testing.capture_logs() as lines:
            await open_stream(halo.web, Asked("GET", path))
        assert [line["event"] for line in lines] == ["request_refused"]


async def test_without_a_key_a_stranger_is_refused_with_one_line(store, model):
    """F72: nothing is answered from outside while no key is set, and the log says that it was."""
    async with backend(model=model, store=store) as halo:
        for method, path in sorted(everything(halo)):
            with structlog.testing.capture_logs() as lines:
                reply = await ask(halo.web, signed(request(method, path)))
            assert (reply.status, reply.body) == (401, REFUSED)
            assert [line["reason"] for line in lines] == ["not_from_here"]
    assert model.asked == []


async def test_a_store_that_knows_no_nonce_lets_nobody_in(halo, store, model):
    """F73: a replay could not be told from a first request, so it is a clean 503."""
    from halo_voice.core.errors import StoreBusy

    store.fault = StoreBusy()
    asked = signed(request("POST", "/process_text"))
    reply = await ask(halo.web, asked)
    assert (reply.status, b"store_busy" in reply.body) == (503, True)
    assert model.asked == []
    sent = await open_stream(halo.web, signed(Asked("GET", "/stream")))
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_a_refusal_costs_no_more_than_an_answer(halo):
    """Invariant 16: nobody gets more work out of us by being refused; times in benchmarks."""

    async def median_s(asked_of) -> float:
        times = []
        for number in range(200):
            asked = asked_of(number)
            began = time.thread_time()
            await ask(halo.web, asked)
            times.append(time.thread_time() - began)
        return statistics.median(times)

    body = b'{"user_text":"a"}'
    served = await median_s(lambda _: signed(Asked("POST", "/process_text", body)))
    forged = [each for _, each in spoilt(Asked("POST", "/process_text", body))]
    refused = await median_s(lambda number: forged[number % len(forged)])
    assert refused < served


async def test_which_of_two_equal_headers_counts_is_not_asked(halo, model):
    """F72: a proxy and we may each look at another one, so a doubled one is refused."""
    good = signed(request("POST", "/process_text"))
    for name, value in good.headers:
        reply = await ask(halo.web, doubled(good, name, value))
        assert (reply.status, reply.body) == (401, REFUSED), name
    assert model.asked == []
