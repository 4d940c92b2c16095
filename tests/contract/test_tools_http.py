"""HTTP tools against a server that answers, hangs, breaks off, redirects or sends ten megabytes."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest

from halo_voice.core.errors import ConfigurationError, ToolError, ToolMisused, ToolUnsure
from halo_voice.core.tools import RESULT_CHARS_MAX, Use
from halo_voice.tools.http import HttpTool
from tests.standins.model_server import ModelServer, Reply, Step, plain

USE = Use(key="k" * 32, call_id="c-1", turn=1, caller="", now=datetime(2026, 11, 27, tzinfo=UTC))
PARAMETERS = {
    "required": ["article"],
    "properties": {"article": {"type": "string", "maxLength": 20}, "city": {"type": "string"}},
}


def tool_at(url: str, **table: object) -> HttpTool:
    given = {
        "name": "stock",
        "description": "Остаток.",
        "method": "GET",
        "url": url,
        "parameters": PARAMETERS,
        **table,
    }
    return HttpTool(given, secrets={"crm": "s3cret"}, private=["127.0.0.1"])


async def used(tool: HttpTool, **arguments: object) -> str:
    return (await tool.run(tool.check(json.dumps(arguments)), USE)).text


async def test_values_stand_escaped_in_the_address():
    """What has no place in it is the query; headers have their secret."""
    async with ModelServer(plain({"left": 5})) as server:
        tool = tool_at(f"{server.url}/stock/{{article}}", headers={"Authorization": "Bearer {crm}"})
        assert json.loads(await used(tool, article="7/../я", city="Омск&x=1")) == {"left": 5}
        [asked] = server.requests
    place = "/v1/stock/7%2F..%2F%D1%8F?city=%D0%9E%D0%BC%D1%81%D0%BA%26x%3D1"
    assert (asked.method, asked.path) == ("GET", place)
    assert asked.headers["authorization"] == "Bearer s3cret"
    assert "idempotency-key" not in asked.headers
    assert tool.spec.effect is False


@pytest.mark.parametrize(
    ("place", "arguments", "path"),
    [
        ("/a/{id}?again={id}", {"id": "5"}, "/a/5?again=5"),
        ("/a/{id}", {"id": True, "also": False}, "/a/true?also=false"),
        ("/a/{id}", {"id": 7, "also": None}, "/a/7"),
        ("/a?b=1", {"also": [1, "я", None]}, "/a?b=1&also=1&also=%D1%8F&also=null"),
        ("/a", {"also": []}, "/a"),
        ("/a", {"also": {"b": "я"}}, "/a?also=%7B%22b%22%3A%20%22%D1%8F%22%7D"),
    ],
)
async def test_values_stand_in_the_address_as_json_has_them(place, arguments, path):
    """However often a place is named; a list is one name said again."""
    async with ModelServer(plain({})) as server:
        parameters = {"properties": {"id": {}, "also": {}}}
        await used(tool_at(server.url + place, parameters=parameters), **arguments)
        assert server.requests[0].path == f"/v1{path}"


@pytest.mark.parametrize("value", [None, [], [1], {"a": 1}])
def test_what_has_no_form_in_a_path_is_refused(value):
    """The model is told of it: no «None» and no list is asked for."""
    tool = tool_at("https://crm.example.ru/a/{id}", parameters={"properties": {"id": {}}})
    with pytest.raises(ToolMisused, match="недопустимое"):
        tool.check(json.dumps({"id": value}))


async def test_an_effect_carries_its_key():
    """F41: the other side can tell a second try; the rest of the arguments is the body."""
    async with ModelServer(plain({"ok": True})) as server:
        tool = tool_at(f"{server.url}/stock/{{article}}", method="POST")
        await used(tool, article="7", city="Омск")
        [asked] = server.requests
    assert asked.headers["idempotency-key"] == USE.key
    assert asked.json() == {"city": "Омск"}
    assert tool.spec.effect is True


@pytest.mark.parametrize(
    ("reply", "read", "effect"),
    [
        (plain({"error": "нет такого"}, status=404), ToolError, ToolError),
        (plain({}, status=429), ToolError, ToolError),
        (plain({}, status=500), ToolError, ToolUnsure),
        (Reply([], status=302, headers={"Location": "http://127.0.0.1:1/"}), ToolError, ToolError),
        (Step.CUT, ToolError, ToolUnsure),
        (Reply([b"abc", Step.CUT]), ToolError, ToolUnsure),
    ],
    ids=["404", "429", "500", "redirect", "cut", "cut in the body"],
)
async def test_what_went_wrong_is_told_as_it_is(reply, read, effect):
    """F42: refused is not done; broken off after an effect was asked for is unknown."""
    async with ModelServer(lambda _: reply) as server:
        for method, kind in (("GET", read), ("POST", effect)):
            with pytest.raises(ToolError) as caught:
                await used(tool_at(f"{server.url}/x", method=method), article="7")
            assert type(caught.value) is kind
            assert server.url not in caught.value.message


async def test_nobody_listens():
    """Nothing was sent: it did not happen."""
    async with ModelServer() as server:
        url = server.url
    with pytest.raises(ToolError) as caught:
        await used(tool_at(f"{url}/x", method="POST"), article="7")
    assert type(caught.value) is ToolError


async def test_a_server_that_hangs_is_given_up():
    """After `longest_s`; an effect is unknown then."""
    async with ModelServer(Reply([Step.HANG])) as server, asyncio.timeout(5):
        with pytest.raises(ToolUnsure):
            await used(tool_at(f"{server.url}/x", method="POST", longest_s=0.3), article="7")


async def test_ten_megabytes_are_read_no_further_than_the_limit():
    """The beginning is told, and the connection closed."""
    large = Reply([b"x" * 100_000] * 100, headers={"Content-Type": "text/plain"})
    async with ModelServer(large) as server:
        text = await used(tool_at(f"{server.url}/x"), article="7")
        await server.idle()
    assert len(text) == RESULT_CHARS_MAX


@pytest.mark.parametrize(
    "arguments",
    ['{"article": "."}', '{"article": ".."}', '{"article": ""}', "{}", '{"article": 7}'],
)
def test_values_that_would_change_the_address_are_refused(arguments):
    """And what the schema does not allow."""
    with pytest.raises(ToolMisused):
        tool_at("https://crm.example.ru/stock/{article}").check(arguments)


async def test_a_host_of_this_network_is_not_asked_unless_it_is_listed():
    """F75: a name that leads to loopback, link-local or a private network; no packet is sent."""
    async with ModelServer() as server:
        port = server.url.rsplit(":", 1)[1].split("/")[0]
        for host in ("localhost", "127.0.0.1"):
            table = {"name": "x", "description": "x", "method": "GET"}
            tool = HttpTool(table | {"url": f"https://{host}:{port}/x"}, secrets={})
            with pytest.raises(ToolError, match="не разрешён"):
                await used(tool)
        assert server.opened == 0


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"url": "http://crm.example.ru/x"}, "must begin with https://"),
        ({"url": "https://{article}.example.ru/x"}, "a host of its own"),
        ({"url": "https://user:p@crm.example.ru/x"}, "a host of its own"),
        ({"url": "https://crm.example.ru/{other}"}, "parameters do not know"),
        ({"headers": {"X-Key": "{other}"}}, "HALO_TOOL_SECRETS has no other"),
        ({"headers": {"X\nKey": "a"}}, "a line of ASCII"),
        ({"parameters": {"type": "array"}}, "schema of an object"),
        ({"parameters": {"properties": {"a": {"type": "nothing"}}}}, "no JSON schema"),
    ],
)
def test_a_wrong_table_is_told_at_the_start(table, fault):
    """With words; a secret is not among them."""
    with pytest.raises(ConfigurationError, match=fault) as caught:
        tool_at("https://crm.example.ru/x") if not table else tool_at(
            **{"url": "https://crm.example.ru/x"} | table
        )
    assert "s3cret" not in str(caught.value)
