"""HTTP requests: the platform's queue, limits, codes and time."""

from __future__ import annotations

import asyncio
import json

import pytest

from halo_voice.simulator import (
    HttpRequest,
    HttpResponse,
    NetworkError,
    ScriptedNetwork,
    SilentCaller,
    Spread,
)


def replies(*responses: HttpResponse, **options) -> ScriptedNetwork:
    """A backend that gives these replies in turn, the last one for ever."""
    left = list(responses)
    return ScriptedNetwork(lambda request: left.pop(0) if len(left) > 1 else left[0], **options)


GET = 'Net.httpRequestAsync("https://halo.test/a").then((r) => log(r.code, r.text));'


async def test_a_reply_has_code_text_and_headers(connected):
    """The result's fields, with headers as a list of key and value."""
    call = await connected(
        """
        Net.httpRequestAsync("https://halo.test/a").then((r) => {
          log(r.code, r.text, r.headers[0].key, r.headers[0].value, String(r.error));
        });
        """,
        network=replies(HttpResponse(200, "Да".encode(), (("X-A", "1"),), latency_ms=700)),
    )
    assert call.log == ["200 Да X-A 1 undefined"]
    (exchange,) = call.requests
    assert (exchange.code, exchange.text, exchange.done_ms - exchange.sent_ms) == (200, "Да", 700)


async def test_what_is_sent(connected):
    """Method, query, both forms of headers, body as text or bytes; a GET has no body."""
    seen: list[HttpRequest] = []

    def note(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    await connected(
        """
        Net.httpRequestAsync("https://halo.test/a", { params: { "имя": "а&б" }, postData: "не пошлём" });
        Net.httpRequestAsync("https://halo.test/b?x=1", {
          method: "POST", params: { y: "2" }, headers: { "X-One": "1" }, postData: "тело", timeout: 7, connectionTimeout: 2 });
        Net.httpRequest("https://halo.test/c", (r) => log(r.code), {
          method: "PUT", headers: ["X-Two: 2", "User-Agent: me"], postData: [1, 255], timeout: 500 });
        """,
        network=ScriptedNetwork(note),
    )
    first, second, third = seen
    assert first.url == "https://halo.test/a?%D0%B8%D0%BC%D1%8F=%D0%B0%26%D0%B1"
    assert (first.method, first.body, dict(first.headers)) == (
        "GET",
        b"",
        {"User-Agent": "VoxEngine/1.0"},
    )
    assert second.url == "https://halo.test/b?x=1&y=2"
    assert (second.method, second.body.decode(), second.timeout_ms, second.connect_ms) == (
        "POST",
        "тело",
        7000,
        2000,
    )
    assert dict(second.headers)["X-One"] == "1"
    assert (third.method, third.body, third.timeout_ms) == ("PUT", b"\x01\xff", 90_000)
    assert dict(third.headers) == {"X-Two": "2", "User-Agent": "me"}


async def test_raw_output_gives_bytes(connected):
    """With rawOutput the body is in `data`."""
    call = await connected(
        'Net.httpRequestAsync("https://halo.test/a", { rawOutput: true }).then((r) => log(r.data.join(), r.text));',
        network=replies(HttpResponse(200, b"\x00\xff")),
    )
    assert call.log == ["0,255"]


async def test_three_requests_run_at_a_time(connected):
    """The fourth waits for a free place."""
    call = await connected(
        'for (let i = 0; i < 7; i++) Net.httpRequestAsync("https://halo.test/" + i);',
        network=replies(HttpResponse(200, latency_ms=1000)),
    )
    begun = call.requests[0].sent_ms
    assert [(e.done_ms - begun) // 1000 for e in call.requests] == [1, 1, 1, 2, 2, 2, 3]


async def test_the_queue_holds_thirty_five(connected):
    """One more throws; a scenario can catch it, and when the queue has drained it works again."""
    call = await connected(
        """
        for (let i = 0; i < 35; i++) Net.httpRequest("https://halo.test/" + i, () => 1);
        try { Net.httpRequest("https://halo.test/x", () => 1); } catch (e) { log(e.message); }
        Net.httpRequestAsync("https://halo.test/y").catch((e) => log("async", e.message));
        setTimeout(() => Net.httpRequest("https://halo.test/z", (r) => log(r.code)), 8000);
        """,
        network=replies(HttpResponse(200, latency_ms=300)),
    )
    limit = "Exceeded the HTTP connection count limit!"
    assert call.log == [limit, f"async {limit}", "200"]
    assert call.failures == []


@pytest.mark.parametrize("code", [-3, -4, -6, -7])
async def test_a_network_failure_is_a_code(connected, code):
    """The promise is kept for failures too: only the code tells."""

    def fail(request: HttpRequest) -> HttpResponse:
        raise NetworkError(code)

    call = await connected(
        'Net.httpRequestAsync("https://halo.test/a").then((r) => log(r.code, typeof r.error, r.text));',
        network=ScriptedNetwork(fail),
    )
    assert call.log == [f"{code} string"]


@pytest.mark.parametrize("url", ["halo", "ftp://halo.test/", "http://", "http://halo.test:99999/"])
async def test_a_malformed_address_is_minus_two(connected, url):
    """Nothing is sent."""
    call = await connected(
        f'Net.httpRequestAsync("{url}").then((r) => log(r.code));', network=replies(HttpResponse())
    )
    assert call.log == ["-2"]


async def test_redirects_are_followed_up_to_a_limit(connected):
    """The scenario sees the end of the chain, or -5; a 303 becomes a GET."""
    seen: list[str] = []

    def answer(request: HttpRequest) -> HttpResponse:
        seen.append(f"{request.method} {request.url}")
        if request.url.endswith("/end"):
            return HttpResponse(200, b"there")
        target = "/loop" if request.url.endswith("/loop") else "/end"
        return HttpResponse(303, headers=(("Location", target),), latency_ms=100)

    network = ScriptedNetwork(answer)
    call = await connected(
        'Net.httpRequestAsync("https://halo.test/a", { method: "POST" }).then((r) => log(r.code, r.text));',
        network=network,
    )
    assert call.log == ["200 there"]
    assert seen == ["POST https://halo.test/a", "GET https://halo.test/end"]
    call = await connected(
        'Net.httpRequestAsync("https://halo.test/loop").then((r) => log(r.code));', network=network
    )
    assert call.log == ["-5"]


async def test_two_megabytes_are_the_limit(connected):
    """A greater body is -9 and its text is lost."""
    fits, too_big = HttpResponse(200, b"x" * 2**21), HttpResponse(200, b"x" * (2**21 + 1))
    assert (await connected(GET.replace("r.text", "r.text.length"), network=replies(fits))).log == [
        "200 2097152"
    ]
    assert (await connected(GET, network=replies(too_big))).log == ["-9"]


async def test_a_slow_reply_is_minus_seven(connected):
    """The request's own time limit counts in the session's time, and can only be decreased."""
    slow = replies(HttpResponse(200, b"late", latency_ms=95_000))
    call = await connected(
        """
        const ask = (timeout) => {
          const begun = Date.now();
          Net.httpRequestAsync("https://halo.test/a", { timeout }).then((r) => log(r.code, Date.now() - begun));
        };
        ask(7); ask(200);
        """,
        network=slow,
        caller=SilentCaller(120_000),
    )
    assert call.log == ["-7 7000", "-7 90000"]


async def test_a_backend_that_hangs_is_given_up(connected):
    """A network that never returns costs real time up to the limit, and no more."""

    async def hang(request: HttpRequest) -> HttpResponse:
        await asyncio.Event().wait()
        raise AssertionError

    call = await connected(
        'Net.httpRequestAsync("https://halo.test/a", { timeout: 0.05 }).then((r) => log(r.code));',
        network=ScriptedNetwork(hang),
    )
    assert call.log == ["-7"]


async def test_the_latency_is_drawn_from_the_seed(connected):
    """In virtual time a network's latency repeats with the seed."""

    async def latency(seed: int) -> int:
        network = replies(HttpResponse(200, b"{}"), latency=Spread(400, 0.5))
        call = await connected(GET, network=network, seed=seed)
        return call.requests[0].done_ms - call.requests[0].sent_ms

    assert await latency(1) == await latency(1) != await latency(2)


async def test_without_a_model_the_latency_is_measured(connected):
    """`latency=None`: what it took in real time is what it takes in the session."""

    async def slow(request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0.03)
        return HttpResponse()

    call = await connected(GET, network=ScriptedNetwork(slow, latency=None))
    assert 30 <= call.requests[0].done_ms - call.requests[0].sent_ms < 1000


async def test_a_result_has_no_other_fields(connected):
    """`r.body`, which other platforms have, is a violation."""
    call = await connected(
        'Net.httpRequest("https://halo.test/a", (r) => r.body);', network=replies(HttpResponse())
    )
    assert "Net.HttpRequestResult.body does not exist" in call.failures[0]


async def test_storage_keeps_values_for_their_time(connected):
    """ApplicationStorage: promises, limits, time to live; the store outlives the session."""
    storage: dict = {}
    body = """
    require(Modules.ApplicationStorage);
    (async () => {
      await ApplicationStorage.put("a", "1", 5);
      await ApplicationStorage.put("b", "2", 500);
      log((await ApplicationStorage.get("a")).value, (await ApplicationStorage.keys()).keys.join());
      await ApplicationStorage.put("я".repeat(201), "2", 1).catch((e) => log(e.message));
      setTimeout(async () => {
        log(await ApplicationStorage.get("a"), (await ApplicationStorage.remove("b")).value, await ApplicationStorage.get("b"));
      }, 6000);
    })();
    """
    call = await connected(body, storage=storage)
    assert call.log == ["1 a,b", "ApplicationStorage.put: the key is over 200 characters", "2"]
    assert storage == {}


async def test_a_json_body_arrives_unchanged(connected):
    """What JSON.stringify made is what the backend reads."""
    call = await connected(
        'Net.httpRequestAsync("https://halo.test/a", { method: "POST", postData: JSON.stringify({ t: "ё🙂" }) });',
        network=replies(HttpResponse()),
    )
    assert json.loads(call.requests[0].body) == {"t": "ё🙂"}
